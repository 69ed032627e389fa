# ExoTracker. `make run` and `make test` do all their own set-up; the machine needs Python 3.11 or newer, no more.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PY := .venv/bin/python
TESTS ?= tests
ARGS ?=
# Two cores are common; `make test WORKERS=8` where there are more.
WORKERS ?= 2

# The first Python that is new enough, whatever it is called here. PYTHON=/path/to/python overrides.
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11 python3.14 python; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$name" && break; done)

.PHONY: help install dev run test bench lint format check openapi doctor lock browser clean

help:     ## show this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install:  ## make the environment in .venv from pinned, hashed requirements
	@$(call set_up,base)

dev:      ## the same with what building and checking needs
	@$(call set_up,dev)

run: install  ## start everything and print the address; Ctrl-C stops all of it
	@exec $(PY) -m config.run

test: dev browser  ## run the tests (TESTS=tests/sync to run some, ARGS='-k late' for pytest)
	@exec $(PY) -m pytest -n $(WORKERS) $(ARGS) $(TESTS)

bench: dev  ## measure the sync beside its limit
	@exec $(PY) -m tests.benchmarks

lint: dev ## style, types, imports, migrations
	@$(PY) -m ruff check .
	@$(PY) -m ruff format --check .
	@.venv/bin/lint-imports
	@$(PY) -m mypy tracker config
	@$(PY) manage.py makemigrations --check --dry-run

format: dev  ## put the code in its format
	@$(PY) -m ruff check --fix-only --quiet . && $(PY) -m ruff format .

openapi: dev  ## write docs/openapi.yaml anew
	@$(PY) manage.py spectacular --validate --fail-on-warn --file docs/openapi.yaml

doctor: install  ## check this installation and the stored evidence, and say how to mend what is wrong
	@$(PY) manage.py doctor

browser: dev  ## fetch a browser for the tests, where the machine has no Chromium of its own
	@$(PY) -m tests.browser_here

lock: dev  ## pin the requirements anew
	@for set in base dev; do .venv/bin/uv pip compile --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-annotate --custom-compile-command 'make lock' $(ARGS) \
	  --quiet requirements/$$set.in --output-file requirements/$$set.txt; done

clean:    ## remove what was made here; the data folder stays
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Install requirements/$(1).txt unless exactly that was installed before.
define set_up
	set -e; \
	if [ -z "$(PYTHON)" ]; then \
	  echo "ExoTracker needs Python 3.11 or newer and found none: install it, or say where it is with PYTHON=/path/to/python." >&2; \
	  exit 1; fi; \
	"$(PYTHON)" config/install.py $(1)
endef
