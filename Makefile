# Everything a developer or a visitor needs. `make` alone lists it.
.DEFAULT_GOAL := help
.PHONY: help run test cover bar fuzz bench check fix lock messages install browser clean

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
FUZZ := .venv-fuzz
WORKERS ?= $(shell nproc 2>/dev/null || echo 2)
# Day of the trial's shifted clock, e.g. make run TODAY=2025-12-20
TODAY ?=

help: ## This list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

run: install ## Serve the trial with everything it needs (TODAY=2025-12-20 another day, PORT=, RESET=1 start over)
	@exec $(BIN)/python -m config.run

test: install browser ## Run every test against real PostgreSQL and Valkey
	$(BIN)/python -m pytest tests/domain -n $(WORKERS) --dist worksteal --cov=kpi/domain --cov-report=
	@echo "branch coverage of the domain core by its own tests, which must be complete:"
	@$(BIN)/coverage report --fail-under=100
	$(BIN)/python -m pytest --ignore=tests/domain -n $(WORKERS) --dist worksteal

cover: install browser ## Branch coverage of everything; each line is traced, so it takes half as long again
	$(BIN)/python -m pytest -n $(WORKERS) --dist worksteal --cov --cov-report=
	@$(BIN)/coverage report --format=total | sed 's/^/branch coverage of everything, in per cent: /'

bar: install ## Fault tests at full size with their negative controls, one by one, and a table of figures (minutes)
	@$(BIN)/python -m pytest -n0 -m "" -p no:randomly tests/faults tests/notifications/test_far_ends.py

fuzz: install $(FUZZ)/.installed ## schemathesis over the whole API as each role, in a trial of its own; a table, red on any finding (EXAMPLES=, SEEDS=, ROLES=)
	@SCHEMATHESIS=$(abspath $(FUZZ)/bin/schemathesis) $(BIN)/python -m tests.fuzzing

# Its own environment: nothing of it comes with the product or its tests.
$(FUZZ)/.installed: requirements/fuzz.txt
	@test -x $(FUZZ)/bin/python || $(PYTHON) -m venv $(FUZZ)
	@$(FUZZ)/bin/python -m pip install --disable-pip-version-check --quiet --require-hashes --no-deps -r requirements/fuzz.txt
	@touch $@

bench: install ## What the leader pages cost at 400 indicators and 12 months, the workbooks at 1,000, how well reports are read, owners and predecessors proposed, the audit trail at 100,000 entries: figures, not tests (COUNT=0 the demo as it is, ROUNDS=)
	@$(BIN)/python -m benchmarks
	@COUNT=1000 $(BIN)/python -m benchmarks exports
	@$(BIN)/python -m benchmarks extraction
	@$(BIN)/python -m benchmarks proposals
	@$(BIN)/python -m benchmarks audit

check: install ## What CI runs: format, lint, types, import contracts, translations, deployment, documents, tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m config.messages check
	$(BIN)/python deploy/check.py
	$(BIN)/python docs/build_rules.py --check
	$(BIN)/python docs/build_problems.py --check
	@$(MAKE) --no-print-directory test

fix: install ## Format, and mend what the linter can mend
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

messages: install ## Collect translatable strings into locale/
	$(BIN)/python -m config.messages collect

lock: ## Pin requirements/*.in with hashes (needs uv)
	for name in base dev fuzz; do uv pip compile requirements/$$name.in -o requirements/$$name.txt --generate-hashes \
	  --universal --python-version 3.11 --no-header --no-emit-index-url --no-annotate; done

install: $(STAMP) ## Create .venv from the locked requirements

# --no-deps: the lock names every package, and pip would otherwise ask the index for a newer "coverage[toml]"
# and refuse it for want of a hash. `pip check` proves that nothing is missing.
$(STAMP): requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name it with PYTHON=/path/to/python3.11"; exit 1; }
	@echo "setting up $(VENV) from requirements/dev.txt (once, about a minute)"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
	  { echo "no venv module: install it (Debian: apt install python3-venv) and try again"; exit 1; }
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --progress-bar on --require-hashes --no-deps \
	  -r requirements/dev.txt || { echo "the packages could not be installed; is a package index reachable?"; exit 1; }
	@$(BIN)/python -m pip check --disable-pip-version-check
	@touch $@

browser: install ## Install Chromium, what its driver needs and a Chinese font where the system allows it (root on Debian)
	@if { command -v chromium || command -v chromium-browser; } >/dev/null && $(BIN)/playwright --version >/dev/null 2>&1; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	  echo "installing chromium for the browser tests (once)"; \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	    chromium fonts-noto-cjk libatomic1 >/dev/null; \
	else echo "no chromium: browser tests will be skipped (Debian: apt install chromium fonts-noto-cjk libatomic1)"; fi

clean: ## Remove the trial's data and everything generated (the trial must be stopped)
	rm -rf .run .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache .coverage staticfiles
