# Two commands: `make run` and `make test`. Each sets up all that it needs in .venv.

PYTHON ?= $(shell for p in python3.11 python3.12 python3.13 python3 python; do \
	if command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' 2>/dev/null; \
	then echo $$p; break; fi; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
RUNTIME := $(VENV)/.runtime
TESTING := $(VENV)/.testing
BENCHING := $(VENV)/.benching
CODE := $(shell find sufficiency -name '*.py' -o -name '*.j2' -o -name '*.typ' -o -name '*.js' -o -name '*.css' 2>/dev/null)

.PHONY: run test setup check-python lint docs lock bench clean

run: $(RUNTIME)
	@$(BIN)/sufficiency warm
	@$(BIN)/sufficiency run

test: $(TESTING)
	@$(BIN)/ruff check sufficiency tests
	@$(BIN)/ruff format --check sufficiency tests
	@# what is compiled once is compiled on one core while types and imports are checked on another
	@$(BIN)/sufficiency warm >/dev/null & warm=$$!; \
	$(BIN)/mypy && $(BIN)/lint-imports; status=$$?; wait $$warm && exit $$status
	@# files go to the workers whole, the longest first: see tests/conftest.py
	@$(BIN)/python -m pytest -q -p no:benchmark -n auto --dist loadfile --no-loadscope-reorder $(PYTEST)

setup: $(TESTING)

check-python:
	@if [ -z "$(PYTHON)" ]; then \
		echo "sufficiency needs Python 3.11, 3.12 or 3.13, and none was found: install one, or say make PYTHON=/path/to/python3.11"; exit 1; fi

$(BIN)/python: | check-python
	@echo "Setting up $(VENV) with $(PYTHON)"
	@$(PYTHON) -m venv $(VENV)

$(RUNTIME): requirements.lock.txt pyproject.toml | $(BIN)/python
	@echo "Installing the locked packages (about a minute the first time)"
	@$(PIP) --require-hashes --only-binary :all: -r requirements.lock.txt
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(TESTING): requirements-test.lock.txt requirements.lock.txt pyproject.toml | $(BIN)/python
	@echo "Installing the locked packages and the test tools (a minute or two the first time)"
	@$(PIP) --require-hashes --only-binary :all: -r requirements-test.lock.txt
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $(RUNTIME) $@

$(BENCHING): requirements-bench.lock.txt $(TESTING)
	@echo "Installing the locked peers of the benchmarks"
	@$(PIP) --require-hashes --only-binary :all: -r requirements-bench.lock.txt
	@touch $@

docs: $(TESTING)
	@$(BIN)/python -m sufficiency docs docs

bench: $(BENCHING)
	@$(BIN)/python -m pytest tests/bench --benchmark-only -q

lock:
	@uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
		--no-header --group build -o requirements.lock.txt -q
	@uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
		--no-header --group build --group test -c requirements.lock.txt -o requirements-test.lock.txt -q
	@uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-annotate \
		--no-header --group build --group test --group bench -c requirements-test.lock.txt -o requirements-bench.lock.txt -q

clean:
	@rm -rf $(VENV) .cache reports build dist
