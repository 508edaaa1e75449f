# Leukowatch: `make help` lists the targets. Set-up is done once, by whichever target needs it first.
# Arguments pass through:  make run ARGS="--home /srv/smears"   make test ARGS="-k stability -x"

BIN := .venv/bin
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run test slow chaos fuzz check format wheel clean

help:  ## list the targets
	@grep -hE '^[a-z]+:.*  ## ' $(MAKEFILE_LIST) | sed -E 's/:.*  ## /\t/' | expand -t 10

run: .venv/.run-ready  ## start the daemon (sets up first where needed)
	$(BIN)/leukowatch run $(ARGS)

test: .venv/.test-ready  ## the quick tests (sets up first where needed)
	$(BIN)/pytest -q $(ARGS)

slow: .venv/.test-ready  ## the tests that take minutes
	$(BIN)/pytest -q -m slow $(ARGS)

chaos: .venv/.test-ready  ## a service under SIGKILLs, pauses and full disks; as root: ARGS="--seed N --minutes M --kills K --files F"
	PYTHONPATH=tests $(BIN)/python -m chaos $(ARGS)

fuzz: .venv/.test-ready  ## mutated images, settings, sidecars and bundles: ARGS="--cases N --seed N"
	PYTHONPATH=tests $(BIN)/python -m fuzz $(ARGS)

check: .venv/.test-ready  ## format, lint and types, changing nothing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

format: .venv/.test-ready  ## rewrite the code in the project's format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

wheel: .venv/.test-ready  ## build dist/leukowatch-*.whl
	$(BIN)/python -m build --wheel

clean:  ## remove what can be made again (.venv and leukowatch-home stay)
	rm -rf dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find daemon model migrations tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.run-ready: pyproject.toml tools/setup.sh
	tools/setup.sh run

.venv/.test-ready: pyproject.toml tools/setup.sh
	tools/setup.sh test
