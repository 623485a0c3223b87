# Tsunagu: `make run` to try it, `make test` to prove it. `make help` lists the rest.
.DEFAULT_GOAL := help
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# The first Python on the PATH that is new enough.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
  $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)

# The tests start the application many times over: it is compiled once.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help run test check bench soak fuzz mutants format css lock clean

help: ## this list
	@awk -F ':.*## ' '/^run:/ {print "Use it:"} /^check:/ {print "Work on it:"} \
	  /^[a-z]+:.*## / && $$1 != "help" {printf "  make %-8s %s\n", $$1, $$2}' Makefile

$(VENV)/.made:
	@python=$$(command -v '$(PYTHON)') || python=; found=$${python:-python3}; \
	if [ -z "$$python" ] || ! "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then \
	  echo "Tsunagu needs Python 3.11 or newer (found: $$("$$found" --version 2>&1 || :)); install it, or name it: make run PYTHON=/path/to/python3." >&2; exit 2; fi; \
	if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
	  echo "$$python has no venv module; on Debian or Ubuntu: apt install python3-venv." >&2; exit 2; fi; \
	"$$python" -m venv --clear $(VENV)
	@touch $@

$(VENV)/.run: $(VENV)/.made requirements.lock pyproject.toml
	@echo 'Installing the locked dependencies (once) …'
	@$(PIP) --no-deps --use-pep517 --require-hashes -r requirements.lock
	@$(PIP) --no-build-isolation --no-deps --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.run requirements-dev.lock
	@echo 'Installing what checks and tests need (once) …'
	@$(PIP) --no-deps --use-pep517 --require-hashes -r requirements-dev.lock
	@touch $@

run: $(VENV)/.run ## start the demo at http://localhost:8000
	@exec $(BIN)/python -m api.cli demo

test: $(VENV)/.dev ## every test, against real PostgreSQL and a real browser
	@$(BIN)/python -m tests.checks.browser
	@$(BIN)/python -m tests.checks.node
	@$(BIN)/python -m pytest $(or $(ARGS),-n 3 --dist loadfile --no-loadscope-reorder)

check: $(VENV)/.dev ## format, lint, types, floors, translations, CSS, migrations
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m tests.checks.translations
	@$(BIN)/python -m tests.checks.css
	@$(BIN)/python -m tests.checks.migrations

format: $(VENV)/.dev ## put the code in its one form
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

css: $(VENV)/.dev ## build web_portal/static/app.css anew
	@$(BIN)/python -m tests.checks.css --build

bench: $(VENV)/.dev ## one benchmark: make bench NAME=read_path
	@test -n "$(NAME)" || { echo 'Which one? make bench NAME=read_path' >&2; exit 2; }
	@$(BIN)/python -m benchmarks.$(NAME)

soak: $(VENV)/.dev ## kill application and database 200 times under load; NAME=notices: 100,000 notices
	@if [ "$(NAME)" = notices ]; then $(BIN)/python -m tests.notifications.fault_run; \
	else $(BIN)/python -m tests.faults.soak --rounds $(or $(ROUNDS),200); fi

fuzz: $(VENV)/.dev ## try every operation, kind of message and rule of disclosure far more often
	@SCHEMA_EXAMPLES=50 FILTER_TIMES=10 $(BIN)/python -m pytest tests/attacks/test_schema.py tests/records/test_filter_is_core.py tests/records/ssmix2/test_fuzz.py tests/records/test_fuzzed_doors.py

mutants: $(VENV)/.dev ## bend the decision core a thousand ways and see that its tests notice
	@LAW_EXAMPLES=60 $(BIN)/mutmut run --max-children 2; $(BIN)/mutmut results

lock: $(VENV)/.dev ## resolve the dependencies anew and lock them with hashes
	@$(PIP) uv
	@printf 'hatchling\neditables\n' > $(VENV)/build.in
	@for extra in '' dev; do \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	    --no-annotate --no-emit-index-url $${extra:+--extra $$extra} pyproject.toml $(VENV)/build.in \
	    --output-file requirements$${extra:+-$$extra}.lock; done

clean: ## remove what was built here; the demo's data in .tsunagu stays
	@rm -rf $(VENV) mutants node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .test-output
