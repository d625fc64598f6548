# Two commands do everything on a machine with Python 3.11+: `make play` and `make test`.

PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help page play test check lint fmt types lock bench soak chaos openspiel screenshots clean

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

# A Node that is new enough, or else one from PyPI.
NODE_FITS := $(shell node -e 'const [a, b] = process.versions.node.split("."); process.exit(+a > 22 || (+a == 22 && +b >= 12) || (+a == 20 && +b >= 19) ? 0 : 1)' 2>/dev/null && echo yes)
ifeq ($(NODE_FITS),yes)
NPM := npm
else
NPM := PATH="$(CURDIR)/$(BIN):$$PATH" npm
NODE := $(VENV)/.node
endif

$(VENV)/.node: $(VENV)/.run requirements/node.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/node.txt
	touch $@

%/node_modules/.package-lock.json: %/package.json %/package-lock.json $(NODE)
	$(NPM) --prefix $* ci --no-audit --no-fund --loglevel=error $(OMIT)
	touch $@

PAGE := src/meeple/web/index.html
JS := clients/js
PAGE_SOURCES := $(shell find web -path web/node_modules -prune -o -type f -print) $(wildcard $(JS)/src/*.ts)

$(PAGE): $(PAGE_SOURCES) web/node_modules/.package-lock.json
	$(NPM) --prefix web run --silent build
	touch $@

page: $(PAGE)  ## Build the page that the server shows

$(JS)/dist/index.js: $(wildcard $(JS)/src/*.ts) $(JS)/package.json $(JS)/tsconfig.json $(JS)/tsconfig.build.json $(JS)/node_modules/.package-lock.json
	$(NPM) --prefix $(JS) run --silent build
	touch $@

play: $(VENV)/.run $(PAGE)  ## Set up and serve: open the address that it prints, twice
	$(BIN)/meeple serve

# What the tests of the page need, with a Chromium where the machine has none.
BROWSER := tests/browser/node_modules/.package-lock.json
ifneq ($(shell command -v chromium || command -v chromium-browser || command -v google-chrome),)
$(BROWSER): OMIT := --omit=optional
endif

# A system's package, and the only thing that the tests need beyond what is set up here.
NGINX := $(shell PATH="$$PATH:/usr/sbin" command -v nginx)

test: $(VENV)/.dev $(BROWSER) tests/js/node_modules/.package-lock.json $(JS)/dist/index.js $(PAGE)  ## Set up and run the tests
	@$(if $(NGINX),:,echo "nginx is not here: tests/deploy/test_nginx.py IS LEFT OUT (apt-get install nginx-light)")
	$(BIN)/python -m pytest -n auto --dist worksteal $(if $(NGINX),,--ignore=tests/deploy/test_nginx.py)

lint: $(VENV)/.dev $(JS)/node_modules/.package-lock.json web/node_modules/.package-lock.json  ## Format check, lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python $(JS)/generate.py --check
	$(NPM) --prefix $(JS) run --silent check
	$(NPM) --prefix web run --silent check

check: lint test  ## Everything that must hold before a commit

fmt: $(VENV)/.dev $(JS)/node_modules/.package-lock.json  ## Format and mend what can be mended by itself
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .
	$(NPM) --prefix $(JS) run --silent format

types: $(VENV)/.dev  ## Write the types of the TypeScript client from the server's schemas
	$(BIN)/python $(JS)/generate.py

bench: $(VENV)/.dev benchmarks/peers/node_modules/.package-lock.json  ## Measure Meeple beside its peers; writes docs/benchmarks.md
	$(BIN)/python -m benchmarks
	$(BIN)/python -m benchmarks.workers

soak: $(VENV)/.dev  ## Play for ten minutes and look for leaks; writes docs/soak.md
	$(BIN)/python -m benchmarks.soak

chaos: $(VENV)/.dev  ## Kill, freeze and cut everything for two minutes each, and compare with the log
	MEEPLE_CHAOS_GAMES=500 MEEPLE_CHAOS_SECONDS=120 MEEPLE_CHAOS_MATCHES=30 MEEPLE_CHAOS_KILLS=100 $(BIN)/python -m pytest -s tests/chaos tests/durability/test_kill.py

openspiel: $(VENV)/.dev $(BROWSER) $(PAGE)  ## Play and check every game of OpenSpiel; writes docs/games/openspiel.md
	$(BIN)/python -m tests.openspiel.table
	$(BIN)/python -m tests.openspiel.corners
	$(BIN)/meeple check --games 3 'openspiel:*'
	$(BIN)/python -m tests.openspiel.playthrough
	$(BIN)/python -m tests.browser.every_game

screenshots: $(VENV)/.dev $(BROWSER) $(PAGE)  ## Make pictures of the page in docs/images
	$(BIN)/python -m tests.browser.screenshots

lock:  ## Pin every dependency, with hashes and no addresses (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet --extra openspiel pyproject.toml requirements/build.in -o requirements/run.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet --extra openspiel --group dev pyproject.toml requirements/build.in -c requirements/run.txt -o requirements/dev.txt
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet requirements/node.in -o requirements/node.txt

clean:  ## Remove what was set up
	rm -rf $(VENV) */node_modules */*/node_modules $(JS)/dist src/meeple/web .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
