# hisbundle: every command a developer or an administrator needs.
# `make help` prints this list.

VENV := .venv
BIN := $(VENV)/bin
ELSEWHERE := .hisbundle/postgres-elsewhere
UV_VERSION := 0.13.9
# pip where uv does not get through: it reads pip's own settings (mirrors, certificates).
define install
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps $(1) \
		|| $(BIN)/pip install --quiet --disable-pip-version-check --no-deps \
			--ignore-requires-python $(1)
endef

# Many processes are started, by the tests above all: each would compile every module anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test check bench firmware firmware-report lock clean

help:  ## print this help
	@awk 'BEGIN {FS = ":.*##"} /^[a-z-]+:.*##/ {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/uv:
	@echo "making the environment in $(VENV) …"
	@python="$$(scripts/find-python)" && "$$python" -m venv $(VENV)
	@$(BIN)/pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)

$(VENV)/.runtime: requirements/runtime.lock pyproject.toml | $(BIN)/uv
	$(call install,--require-hashes -r requirements/runtime.lock)
	$(call install,--no-build-isolation -e .)
	@touch $@

$(VENV)/.dev: requirements/dev.lock $(VENV)/.runtime
	$(call install,--require-hashes -r requirements/dev.lock)
	@touch $@

demo: $(VENV)/.runtime  ## set everything up, start the service and three simulated patients
	@$(BIN)/hisbundle demo --with-parent

test: $(VENV)/.dev  ## set everything up and run all tests
	@scripts/test-servers
	$(BIN)/python -m pytest -n auto --dist loadfile

check: $(VENV)/.dev  ## lint, format, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.dev  ## measure speed against named baselines (see BENCHMARKS.md)
	$(BIN)/python -m benchmarks

firmware:  ## the firmware's own tests, plain and under the sanitizers (firmware/README.md)
	@$(MAKE) --no-print-directory -C firmware test asan

firmware-report:  ## the firmware's sizes, and instructions by kind of work
	@$(MAKE) --no-print-directory -C firmware report rv32-device

lock: | $(BIN)/uv  ## resolve the dependencies anew into requirements/*.lock
	scripts/lock

clean:  ## remove the environment and the embedded data
	@[ ! -f $(ELSEWHERE) ] || rm -rf -- "$$(cat $(ELSEWHERE))"
	rm -rf $(VENV) .hisbundle build *.egg-info
