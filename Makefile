# Everything starts here; `make` alone lists the targets. Needs Python ≥ 3.11 and no root.
# Each environment is stamped with its lock file: the second run installs nothing and needs no network.

.DEFAULT_GOAL := help
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
# Two workers: the tests start real servers and databases, more of them only wait for each other.
JOBS ?= 2
PYTEST_ARGS ?=

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: demo
demo: $(VENV)/.base ## the whole loop on bundled sample listings, offline, into ./demo
	@$(BIN)/python -m digest demo --dir demo
	@echo "Here, 'digest' is '$(BIN)/python -m digest --config demo/digest.toml'."

.PHONY: test
test: lint ## everything a release needs: linters, types, import contracts, all tests
	$(BIN)/pytest -n $(JOBS) --dist loadgroup --ignore tests/torture $(PYTEST_ARGS)

.PHONY: check
check: lint ## every day, under two minutes: the same without slow and browser tests
	$(BIN)/pytest -n $(JOBS) --dist loadgroup --ignore tests/torture -m "not slow and not browser" $(PYTEST_ARGS)

.PHONY: torture
torture: $(VENV)/.dev ## kills by the hundred and soaks; takes long
	$(BIN)/pytest tests/torture $(PYTEST_ARGS)

.PHONY: bench
bench: $(VENV)/.dev ## figures: catalog, ranking, rendering
	@for each in tests/benchmarks/bench_*.py; do \
	  $(BIN)/python -m "$$(echo "$${each%.py}" | tr / .)" || exit 1; done

.PHONY: pictures
pictures: $(VENV)/.dev ## what the documents show of mails and pages, into docs/images (needs chromium)
	$(BIN)/python -m tests.browser.pictures

.PHONY: lint
lint: $(VENV)/.dev ## ruff, mypy and the import contracts
	$(BIN)/ruff check --quiet .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

.PHONY: format
format: $(VENV)/.dev ## let ruff format and sort
	$(BIN)/ruff check --fix --quiet .
	$(BIN)/ruff format .

.PHONY: dev
dev: $(VENV)/.dev ## an environment to work in: .venv with the program installed editable
	@echo "ready: $(BIN)/digest, or '. $(BIN)/activate'"

.PHONY: build
build: $(VENV)/.dev ## a wheel and a source archive into ./dist
	$(BIN)/python -m build --no-isolation

.PHONY: lock
lock: ## pin all dependencies with hashes (needs uv; UV_ARGS=--upgrade for newer ones)
	@command -v uv >/dev/null || { echo "make lock needs the program uv on the PATH" >&2; exit 1; }
	$(call pin,base,pyproject.toml)
	$(call pin,all,pyproject.toml --extra all)
	$(call pin,dev,pyproject.toml --extra dev)
	echo 'hatchling>=1.27' | $(call pin,build,-)

pin = uv pip compile $(2) --universal --python-version 3.11 --generate-hashes $(UV_ARGS) \
	--no-emit-index-url --no-emit-find-links --no-annotate --no-header --quiet -o requirements/$(1).txt

.PHONY: clean
clean: ## remove the environment, caches and everything built
	rm -rf $(VENV) build dist demo docs/_build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ── environments ──────────────────────────────────────────────────────────────────────────────────

# The demo runs from the checkout, so it needs the dependencies alone and no build tool.
$(VENV)/.base: requirements/base.txt | $(BIN)/python
	@echo "installing what the program needs (once) …"
	@$(PIP) install --require-hashes -r requirements/base.txt
	@touch $@

$(VENV)/.dev: requirements/dev.txt pyproject.toml | $(BIN)/python
	@echo "installing what the tests need (once) …"
	@$(PIP) install --require-hashes -r requirements/dev.txt
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $(VENV)/.base $@

$(BIN)/python:
	@for python in $(PYTHON) python3 python3.13 python3.12 python3.11 python3.14 python; do \
	  "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1 || continue; \
	  "$$python" -c 'import ensurepip, venv' >/dev/null 2>&1 || { lacking=$$python; continue; }; \
	  "$$python" -m venv $(VENV) && exit 0; \
	done; \
	if [ -n "$$lacking" ]; then echo "$$lacking cannot make environments: install its venv package (Debian, Ubuntu: python3-venv)" >&2; \
	else echo "no Python 3.11 or newer found: install one, or name it with 'make PYTHON=/path/to/python3.12 …'" >&2; fi; \
	exit 1
