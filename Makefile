# Everything starts here; `make help` lists it. Needs Python 3.11 to 3.13, make, and on the first
# run a Python package registry and a Maven repository. Each target does its own set-up.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
	&& { command -v $$p; break; }; done)
UV := $(or $(shell command -v uv 2>/dev/null),.tools/bin/uv)
BIN := .venv/bin
SETUP := .venv/.complete
ARGS ?=
export UV_PYTHON_DOWNLOADS := never
export UV_PROJECT_ENVIRONMENT := .venv

.DEFAULT_GOAL := help
.PHONY: help setup run demo test check audit licences format bench soak bench-poll quality chaos train screenshots clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | sort | expand -t 12

setup: $(SETUP) ## make the environment (.venv) and nothing else

$(SETUP): pyproject.toml uv.lock
	@test -n "$(PYTHON)" || { echo "newsmon needs Python 3.11, 3.12 or 3.13 on the PATH" >&2; exit 2; }
	@command -v $(UV) >/dev/null || { echo "getting uv" \
		&& $(PYTHON) -m venv .tools && .tools/bin/python -m pip install --quiet uv; }
	@echo "making the environment from the lock"
	@$(UV) sync --frozen --python "$(PYTHON)"
	@touch $@

run: setup ## poll the real feeds and show the live table; Ctrl-C ends it (ARGS="--headless")
	@$(BIN)/newsmon up $(ARGS)

demo: setup ## the whole flow in a minute, on invented feeds, without internet
	@$(BIN)/newsmon demo $(ARGS)

test: setup ## all tests, with a real Kafka that they start themselves (ARGS="-k name")
	@$(BIN)/newsmon kafka fetch
	@$(BIN)/python -m pytest $(ARGS)

check: setup ## lint, format, types, import rules, the contract, the licences
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/newsmon schema --check docs/contract
	@$(BIN)/python .ci/licences.py

audit: setup ## known vulnerabilities of packages and jars (asks api.osv.dev)
	@$(BIN)/python .ci/audit.py

licences: setup ## write docs/licences.md anew
	@$(BIN)/python .ci/licences.py --write

format: setup ## put the code into its standard form
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

bench: setup ## all that is measured, into bench/RESULTS.md (ARGS="pipeline" for one)
	@$(BIN)/newsmon kafka fetch
	@$(BIN)/python -m bench --write $(ARGS)

soak: setup ## hours under load: does anything grow? (ARGS="--hours 4 --rate 50")
	@$(BIN)/newsmon kafka fetch
	@$(BIN)/python -m bench soak --write $(ARGS)

quality: setup ## detection figures on the labelled sentences (NEWSMON_SHARED=folder)
	@$(BIN)/python -m tests.quality.report $(ARGS)

screenshots: setup ## the pictures in docs/ from a real demo run (needs chromium)
	@$(UV) sync --frozen --group browser && $(BIN)/python -m docs.pictures

bench-poll: setup ## what a poll costs, beside other readers
	@$(BIN)/python -m bench poll && $(BIN)/python -m bench schedules && $(BIN)/python -m bench hour

chaos: setup ## 100 blows under load, nothing may be lost (ARGS="--blows 20 --part worker")
	@$(BIN)/newsmon kafka fetch
	@$(BIN)/python -m tests.chaos $(ARGS)

train: setup ## make the detector's weights anew, or go on from them (LABELS=folder FEEDS=captures TEXTS=public texts MORE=1)
	@sh training/run.sh "$(LABELS)" build/training "$(FEEDS)" "$(TEXTS)"

clean: ## remove the environment and all caches of this checkout
	@rm -rf .venv .tools .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
