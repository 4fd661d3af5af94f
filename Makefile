# Everything below sets up what it needs by itself: Python 3.11 or newer, git and make are enough.

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
PYTHON ?= python3
# Where `python3` is too old, a newer one often stands beside it. A PYTHON given by the caller stands alone.
FALLBACKS := $(if $(filter file,$(origin PYTHON)),python3.13 python3.12 python3.11)
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))

.PHONY: help install demo test test-unit test-faults check bench stubs

help:
	@echo "make install      .venv with everything a developer needs"
	@echo "make demo         the main job on embedded data, about a minute"
	@echo "make test         all tests"
	@echo "make test-unit    the tests without Ray"
	@echo "make test-faults  killed, stopped and poisoned workers: every case, with a summary"
	@echo "make check        ruff, mypy --strict, import contracts, file and function sizes"
	@echo "make stubs        augflow/ops.pyi from the catalog"
	@echo "make bench        augflow and its peers side by side"

install: $(INSTALLED)

# The stamp makes this a no-op until one of the two files changes.
$(INSTALLED): pyproject.toml constraints.txt
	@found=; broken=; if ! $(BIN)/python -m pip --version >/dev/null 2>&1; then \
		for python in $(PYTHON) $(FALLBACKS); do \
			if "$$python" -c '$(NEW_ENOUGH)' 2>/dev/null; then found=$$python; break; fi; \
		done; \
		if [ -z "$$found" ]; then \
			echo "augflow needs Python 3.11 or newer; $(PYTHON) is: $$($(PYTHON) --version 2>&1)." >&2; \
			echo "Install one, or name it: make PYTHON=/path/to/python3.11 ..." >&2; \
			exit 1; \
		fi; \
		echo "making $(VENV) with $$found ($$("$$found" --version))"; \
		$(BIN)/python -c '' 2>/dev/null || broken=--clear; \
		"$$found" -m venv $$broken $(VENV) || exit 1; \
	fi
	$(BIN)/python -m pip install --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

demo: install
	$(BIN)/augflow demo

# In two parts: tests side by side on all cores, then those that no other may disturb. Failed tests of the first
# part (status 1) do not keep the second from running; whatever else ended it does.
test: install
	$(BIN)/python -m pytest -n logical --maxprocesses 4 --dist loadfile --no-loadscope-reorder \
		-m "not long and not alone"; first=$$?; test $$first -le 1 || exit $$first; \
	$(BIN)/python -m pytest -m "not long and alone" || exit $$?; exit $$first

test-unit: install
	$(BIN)/python -m pytest tests/unit

test-faults: install
	$(BIN)/python -m pytest -m "long or not long" tests/faults

# tests/test_architecture.py runs the import contracts and measures files and functions.
check: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_architecture.py

stubs: install
	$(BIN)/python -m augflow.stubs > augflow/ops.pyi.new
	mv augflow/ops.pyi.new augflow/ops.pyi

bench: install
	$(BIN)/python -m benchmarks.run
