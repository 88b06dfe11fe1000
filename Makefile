# hisbundle: every command a developer or an administrator needs.
# `make help` prints this list.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9
INSTALL = $(BIN)/uv pip install --quiet --python $(BIN)/python

.DEFAULT_GOAL := help
.PHONY: help demo test check bench lock clean

help:  ## print this help
	@awk 'BEGIN {FS = ":.*##"} /^[a-z-]+:.*##/ {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/uv:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(VENV)/.runtime: requirements/runtime.lock pyproject.toml | $(BIN)/uv
	$(INSTALL) --no-deps --require-hashes -r requirements/runtime.lock
	$(INSTALL) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: requirements/dev.lock $(VENV)/.runtime
	$(INSTALL) --no-deps --require-hashes -r requirements/dev.lock
	@touch $@

demo: $(VENV)/.runtime  ## set everything up, start the service and three simulated patients
	@$(BIN)/hisbundle demo

test: $(VENV)/.dev  ## set everything up and run all tests
	@scripts/test-servers
	$(BIN)/python -m pytest

check: $(VENV)/.dev  ## lint, format, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.dev  ## measure speed against named baselines (see BENCHMARKS.md)
	$(BIN)/python -m benchmarks

lock: | $(BIN)/uv  ## resolve the dependencies anew into requirements/*.lock
	scripts/lock

clean:  ## remove the environment and the embedded data
	rm -rf $(VENV) .hisbundle build *.egg-info
