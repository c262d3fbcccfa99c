# What people and CI call. Needs Python 3.11 or newer and make; everything else goes into .venv/.
# PYTHON=python3.13 chooses another interpreter, PYTEST="-k dates" narrows the tests, ARGS passes options on.

PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	command -v $$p >/dev/null && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$p && break; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
PYTEST ?=
ARGS ?=

.DEFAULT_GOAL := publish
.PHONY: publish test check bench golden soak lock clean

publish: $(VENV)/.runtime ## Publish entries/ into out/, and mail the digest to the one subscriber, into mail/
	@test -e .feeder/mail.db || $(BIN)/feeder subscribers add reader@example.org --list weekly --confirmed-by "whoever runs make here"
	$(BIN)/publish $(ARGS)
	@$(BIN)/feeder digest send weekly
	@echo "open out/index.html, or serve the folder: $(BIN)/python -m http.server -d out 8000"
	@echo "the digest is a mail in mail/new/; as a page: $(BIN)/feeder digest preview weekly"
	@echo "to write: $(BIN)/feeder preview; to let it run by itself: $(BIN)/feeder run"

test: $(VENV)/.dev ## Run all tests
	$(BIN)/python -m pytest $(PYTEST)

check: $(VENV)/.dev ## Style, types, layers; then wheel and sdist, tried out in a clean venv
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	.ci/wheel $(BIN)/python

golden: $(VENV)/.dev ## Rewrite tests/golden/ with what the code gives now; read the diff before committing it
	$(BIN)/python -m pytest --golden $(PYTEST)

soak: $(VENV)/.dev ## The tests with the full counts: kills, readers, hostile input
	FEEDER_SOAK=1 $(BIN)/python -m pytest $(PYTEST)

bench: $(VENV)/.bench ## Measure, beside Hugo, and write bench/RESULTS.md (about an hour)
	$(BIN)/python bench/run.py $(ARGS)

lock: ## Choose the newest allowed versions and write them into requirements*.lock
	.ci/lock $(PYTHON)

clean: ## Remove what make has made, and nothing that was published
	rm -rf $(VENV) dist build

$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed; say where it is: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "python -m venv failed; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }

$(VENV)/.runtime: requirements.lock requirements-dev.lock pyproject.toml | $(BIN)/python
	$(PIP) install -r requirements.lock
	$(PIP) install -c requirements-dev.lock hatchling editables
	$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime
	$(PIP) install -r requirements-dev.lock
	@touch $@

$(VENV)/.bench: requirements-bench.lock $(VENV)/.runtime
	$(PIP) install -r requirements-bench.lock
	@touch $@
