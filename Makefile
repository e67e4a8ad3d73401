# Two commands to start with: `make demo` and `make test`. They need make and Python 3.11 to 3.14;
# everything else is installed into .venv, at the versions and hashes of requirements/.

FLAGSHIP := topologies/aws-us-east-1-2025-10-20.yaml
SCHEMA := topologies/schema.json
REFERENCE := docs/reference.md
RULES := docs/rules.md
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check install
CANDIDATES := python3.14 python3.13 python3.12 python3.11 python3 python

# Where HOME cannot be written to, Matplotlib keeps its font list here.
ifneq ($(shell test -n "$$HOME" -a -w "$$HOME" && echo writable),writable)
export MPLCONFIGDIR ?= $(CURDIR)/build/matplotlib
endif

.PHONY: help demo test explore check lint bench docs notebooks gallery quality pages stale agreement lock install clean
.DELETE_ON_ERROR:

help:
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/make \1	\2/p' Makefile | expand -t 20

demo: $(VENV)/.run ## the blast-radius report of the flagship outage, and its timeline.png
	$(BIN)/cascade blast-radius $(FLAGSHIP) --scenario outage --plot timeline.png

test: $(VENV)/.test ## all tests
	$(BIN)/python -m pytest

explore: $(VENV)/.test ## the properties of the engine on topologies that nobody has seen
	$(BIN)/python -m pytest tests/engine/test_properties.py --hypothesis-seed=random

check: lint stale test ## what CI asks: format, lint, types, layers, generated files, tests

lint: $(VENV)/.test build/names/cascade_cli
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports

bench: $(VENV)/.test ## speed, against the budgets of tests/benchmarks
	$(BIN)/python -m pytest tests/benchmarks -p no:randomly -s

docs: $(VENV)/.run ## write the generated files again
	$(BIN)/cascade schema -o $(SCHEMA)
	$(BIN)/python docs/generate.py $(REFERENCE)
	$(BIN)/python docs/generate_rules.py $(RULES)

notebooks: $(VENV)/.test ## run the notebooks and draw the pictures of the README again
	$(BIN)/python notebooks/refresh.py
	$(BIN)/cascade replay $(FLAGSHIP) --quiet --plot docs/images/us-east-1.png

gallery: $(VENV)/.test ## draw the pictures of the pages about figures again
	$(BIN)/python -m tests.gallery

quality: $(VENV)/.test ## write the table of how well importers read real files again
	$(BIN)/python -m tests.importers.quality

pages: $(VENV)/.test ## run the commands of the how-to pages and write what they print
	$(BIN)/python -m tests.how_to

stale: $(VENV)/.run # fails when a generated file is not what the program writes now
	@mkdir -p build
	$(BIN)/cascade schema -o build/schema.json
	$(BIN)/python docs/generate.py build/reference.md
	$(BIN)/python docs/generate_rules.py build/rules.md
	diff -u $(SCHEMA) build/schema.json
	diff -u $(REFERENCE) build/reference.md
	diff -u $(RULES) build/rules.md

agreement: $(VENV)/.test ## write the table of the comparison with the event-by-event simulator again
	$(BIN)/python -m tests.reference.agreement

install: $(VENV)/.test ## the environment for working on Cascade

clean: ## remove all that make made
	rm -rf $(VENV) build timeline.png

# Stamps: a second call finds nothing to do until a pinned version or the list of packages changes.

$(BIN)/python:
	@for python in $${PYTHON:-$(CANDIDATES)}; do \
	    if $$python -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null; then \
	        echo "Making $(VENV) with $$($$python --version)"; \
	        $$python -m venv --clear $(VENV) && exit 0; \
	        rm -rf $(VENV); \
	        echo "$$python cannot make a virtual environment; on Debian install python3-venv." >&2; \
	        exit 1; \
	    fi; \
	done; \
	echo "Cascade needs Python 3.11 to 3.14, and found none; name yours: make PYTHON=/path/to/python3" >&2; \
	exit 1

$(VENV)/.run: pyproject.toml requirements/build.txt requirements/run.txt | $(BIN)/python
	@echo "Installing what Cascade needs (a minute or two, once)"
	@$(PIP) --require-hashes --only-binary :all: -r requirements/build.txt -r requirements/run.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.test: requirements/test.txt $(VENV)/.run
	@echo "Installing what the tests need"
	@$(PIP) --require-hashes --only-binary :all: -r requirements/test.txt
	@touch $@

# cli/ is imported as cascade_cli; type checkers read folders, so they need one of that name.
build/names/cascade_cli:
	@mkdir -p $(@D)
	@ln -sfn ../../cli $@

# For maintainers, after a change of the dependencies in pyproject.toml. Needs uv.
COMPILE := UV_CUSTOM_COMPILE_COMMAND="make lock" uv pip compile --quiet --universal --python-version 3.11 \
    --fork-strategy fewest --generate-hashes --no-emit-index-url --no-annotate

lock:
	$(COMPILE) requirements/build.in -o requirements/build.txt
	$(COMPILE) pyproject.toml -o requirements/run.txt
	$(COMPILE) pyproject.toml --extra test --constraint requirements/run.txt -o requirements/test.txt
