"""The bus between nodes, on Redis or Valkey. It may lose messages; nothing depends on it."""
