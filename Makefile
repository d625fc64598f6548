# Two commands do everything on a machine with Python 3.11+: `make play` and `make test`.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help play test check lint fmt lock bench clean

help:  ## Show this help
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

# Each environment is made again when its lock or the project's metadata changes.
$(VENV)/.run: requirements/run.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Meeple needs Python 3.11 or newer; give one with PYTHON=")'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/run.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

$(VENV)/.dev: $(VENV)/.run requirements/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	touch $@

tests/js/node_modules/.package-lock.json: tests/js/package.json tests/js/package-lock.json $(VENV)/.dev
	PATH="$$PATH:$(CURDIR)/$(BIN)" npm --prefix tests/js ci --no-audit --no-fund --loglevel=error
	touch $@

play: $(VENV)/.run  ## Set up and serve: open the address that it prints, twice
	$(BIN)/meeple serve

test: $(VENV)/.dev tests/js/node_modules/.package-lock.json  ## Set up and run the tests
	$(BIN)/python -m pytest -n auto

lint: $(VENV)/.dev  ## Format check, lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test  ## Everything that must hold before a commit

fmt: $(VENV)/.dev  ## Format and mend what can be mended by itself
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(VENV)/.dev  ## Measure durable actions a second, CPU per action, memory per connection
	$(BIN)/python -m benchmarks

lock:  ## Pin every dependency, with hashes and no addresses (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet pyproject.toml requirements/build.in -o requirements/run.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet --group dev pyproject.toml requirements/build.in -c requirements/run.txt -o requirements/dev.txt

clean:  ## Remove what was set up
	rm -rf $(VENV) tests/js/node_modules .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
