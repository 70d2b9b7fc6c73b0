# make demo      play 16 bars with no hardware, and leave the take
# make check     format, lint, types and the tests that need neither ports nor minutes
# make test      format, lint, types and all tests
# make coverage  how much of the code the tests of `make check` run
# make soak      the tests that take longer
# make format    format and fix what can be fixed
# make clean     remove what was built and cached (not .venv, never a take)
#
# Each makes the environment in .venv first, and again when pyproject.toml or constraints.txt
# change. PYTHON names another interpreter, PIP_ARGS goes to pip; on Linux, torch without CUDA:
#   make test PIP_ARGS="--extra-index-url https://download.pytorch.org/whl/cpu"

VENV ?= .venv
PIP_ARGS ?=
PYTEST_ARGS ?=
# Tests start hundreds of programs; each would compile the whole package again.
unexport PYTHONDONTWRITEBYTECODE
# How many processes test side by side: one has JACK to itself.
WORKERS ?= 2
BIN := $(VENV)/bin
PYTEST := $(BIN)/pytest --numprocesses $(WORKERS) --dist loadgroup --no-loadscope-reorder
PIP := $(BIN)/python -m pip install --constraint constraints.txt $(PIP_ARGS)

# The first that is 3.11 to 3.13 and can make an environment; 3.11 and 3.12 have every wheel.
ifeq ($(origin PYTHON), undefined)
PYTHON := $(shell for python in python3.11 python3.12 python3 python3.13; do \
	"$$python" -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' \
	2>/dev/null && command -v "$$python" && break; done)
endif

.PHONY: demo lint check test coverage soak format clean

QUICK := -m "not (slow or soak or jack or browser)"

# Tests, with the types beside them: $(call tests,OPTIONS). nice: some tests have to be in time.
define tests
	nice -n 19 $(BIN)/mypy & types=$$!; \
	$(PYTEST) $(1) $(PYTEST_ARGS); tests=$$?; \
	wait $$types || { echo "mypy: see above" >&2; exit 1; }; exit $$tests
endef

demo: $(VENV)/.installed-play
	$(BIN)/nesvae-live demo

lint: $(VENV)/.installed-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

check: lint
	$(call tests,$(QUICK))

test: lint
	$(call tests,--durations 20)

coverage: $(VENV)/.installed-dev
	$(PYTEST) --cov $(QUICK) $(PYTEST_ARGS)

soak: $(VENV)/.installed-dev
	$(BIN)/pytest -m soak --timeout 14400 $(PYTEST_ARGS)

format: $(VENV)/.installed-dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf build dist .coverage .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find nesvae_live tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	$(if $(PYTHON),,$(error no Python 3.11 to 3.13 with venv on the PATH: install one \
	(Debian: apt install python3-venv; macOS: brew install python@3.12) or name it: make PYTHON=...))
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed-play: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) --editable .
	touch $@

$(VENV)/.installed-dev: pyproject.toml constraints.txt | $(BIN)/python
	$(PIP) --editable '.[train,dev,link]'
	touch $@ $(VENV)/.installed-play
