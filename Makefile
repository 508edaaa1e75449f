# Leukowatch: `make help` lists the targets. Set-up is done once, by whichever target needs it first.
# Arguments pass through:  make run ARGS="--home /srv/smears"   make test ARGS="-k stability -x"

BIN := .venv/bin
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run test slow chaos fuzz check format wheel lock audit sbom install-service uninstall-service clean

help:  ## list the targets
	@grep -hE '^[a-z-]+:.*  ## ' $(MAKEFILE_LIST) | sed -E 's/:.*  ## /\t/' | expand -t 20

run: .venv/.run-ready  ## start the daemon (sets up first where needed)
	$(BIN)/leukowatch run $(ARGS)

test: .venv/.test-ready  ## the quick tests (sets up first where needed)
	$(BIN)/pytest -q -n 2 --dist loadfile $(ARGS)

slow: .venv/.test-ready  ## the tests that take minutes
	$(BIN)/pytest -q -n 2 --dist loadfile -m slow $(ARGS)

chaos: .venv/.test-ready  ## a service under SIGKILLs, pauses and full disks; as root: ARGS="--seed N --minutes M --kills K --files F"
	PYTHONPATH=tests $(BIN)/python -m chaos $(ARGS)

fuzz: .venv/.test-ready  ## mutated images, settings, bundles, networks, sidecars: ARGS="--cases N --minutes M --seed N"
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

install-service:  ## install as a system service, or upgrade it; as root (see tools/install-service.sh)
	ROOT="$(ROOT)" WHEEL="$(WHEEL)" tools/install-service.sh

uninstall-service:  ## take the service away, and keep data and settings; as root
	ROOT="$(ROOT)" tools/uninstall-service.sh

lock: .venv/.test-ready  ## pin what the service is installed with, by version and hash, in requirements.lock
	CUSTOM_COMPILE_COMMAND="make lock" $(BIN)/pip-compile --quiet --extra review --generate-hashes --strip-extras \
	    --allow-unsafe --no-emit-index-url --no-emit-find-links --no-emit-trusted-host \
	    --output-file requirements.lock pyproject.toml

audit: .venv/.test-ready  ## ask the public advisories about what is pinned (needs the network)
	$(BIN)/pip-audit --strict --require-hashes --disable-pip -r requirements.lock

sbom: .venv/.test-ready  ## list what the service is made of in dist/leukowatch.cdx.json (CycloneDX)
	tools/sbom.sh $(BIN)

clean:  ## remove what can be made again (.venv and leukowatch-home stay)
	rm -rf dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find daemon model migrations tests bench -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.run-ready: pyproject.toml tools/setup.sh
	tools/setup.sh run

.venv/.test-ready: pyproject.toml tools/setup.sh
	tools/setup.sh test
