"""What Alembic runs: the migrations, on the connection and in the transaction it is given.

Without a connection they are written down, for whoever has one (`postgres_script`).
"""

from alembic import context

if context.is_offline_mode():
    context.configure(dialect_name="postgresql", transactional_ddl=False)
else:
    context.configure(connection=context.config.attributes["connection"])
with context.begin_transaction():
    context.run_migrations()
