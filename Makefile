# `make run` and `make test` work in a fresh checkout; nothing else need be done by hand.
.PHONY: run init test lint bench simulate crash week install uninstall ib_async pictures lock clean help
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
SUITABLE := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
PYTHON ?= $(shell for name in python3 python3.13 python3.12 python3.11; do \
	$$name -c '$(SUITABLE)' >/dev/null 2>&1 && { echo $$name; break; }; done)
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet install --require-hashes

run: $(VENV)/run.stamp  ## Run Kelpie; add to it by ARGS="..."
	@exec $(BIN)/python supervisor.py run $(ARGS)

init: $(VENV)/run.stamp  ## Answer ten questions, and have .env written; add to it by ARGS="..."
	@exec $(BIN)/python supervisor.py init $(ARGS)

test: $(VENV)/dev.stamp $(VENV)/ib_async/stamp  ## Run the tests; add to them by ARGS="..."
	@exec $(BIN)/python -m pytest -n auto $(ARGS)

lint: $(VENV)/dev.stamp  ## Check style, types, and which room imports which
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy . .ci
	$(BIN)/lint-imports

bench: $(VENV)/dev.stamp  ## Measure; add to it by ARGS="..."
	@exec $(BIN)/python -m benchmarks $(ARGS)

simulate: $(VENV)/dev.stamp  ## Live through 300 simulated days: SEEDS=... DAYS=..., or SEED=... alone, more by ARGS="..."
	@exec $(BIN)/python -m rehearsal.simulate $(if $(SEED),--seed $(SEED)) \
	$(if $(SEEDS),--seeds $(SEEDS)) $(if $(DAYS),--days $(DAYS)) \
	$(if $(REPORT),--report $(REPORT)) $(ARGS)

crash: $(VENV)/dev.stamp  ## Kill it 200 times: KILLS=... SEED=... REPORT=file, more by ARGS="..."
	@exec $(BIN)/python -m rehearsal.crash $(if $(KILLS),--kills $(KILLS)) \
	$(if $(SEED),--seed $(SEED)) $(if $(REPORT),--report $(REPORT)) $(ARGS)

week: $(VENV)/dev.stamp  ## Live through five trading days, and hold Kelpie's account to the broker's: ARGS="--days 2"
	@exec $(BIN)/python -m rehearsal.week $(ARGS)

install:  ## Install Kelpie as a service (sudo); try it with ARGS="--root DIR"
	@$(NEEDS_PYTHON)
	@exec $(PYTHON) -B -m console.install install $(ARGS)

uninstall:  ## Take the service out again (sudo); settings, state and logs stay
	@$(NEEDS_PYTHON)
	@exec $(PYTHON) -B -m console.install uninstall $(ARGS)

define NEEDS_PYTHON
test -n "$(PYTHON)" || { echo "Kelpie needs Python 3.11, 3.12 or 3.13, and none was found:" \
"install one, or name it: make PYTHON=/path/to/python3.12" >&2; exit 1; }; \
$(PYTHON) -c '$(SUITABLE)' || { echo "Kelpie needs Python 3.11, 3.12 or 3.13;" \
"$(PYTHON) is another." >&2; exit 1; }
endef

# A change of the locked libraries makes the environment anew, so that nothing old stays in it.
$(VENV)/run.stamp: requirements/run.txt
	@$(NEEDS_PYTHON)
	@test ! -L $(VENV) || { echo "$(VENV) is a link to $$(readlink $(VENV)), and to make it anew would" \
	"empty that folder: remove the link (rm $(VENV)) and call make again." >&2; exit 1; }
	@echo "Making the environment $(VENV) (a minute or two, once) ..."
	@$(PYTHON) -m venv --clear $(VENV)
	@$(PIP) -r requirements/run.txt
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp requirements/dev.txt
	@echo "Adding what tests and linters need ..."
	@$(PIP) -r requirements/dev.txt
	@touch $@

ib_async: $(VENV)/ib_async/stamp  ## Make the environment in which IB_LIBRARY=ib_async works
	@echo "Now: IB_LIBRARY=ib_async $(VENV)/ib_async/bin/python supervisor.py run"

$(VENV)/ib_async/stamp: $(VENV)/run.stamp requirements/ib_async.txt
	@echo "Making the environment $(VENV)/ib_async ..."
	@$(BIN)/python -m venv --clear $(VENV)/ib_async
	@$(VENV)/ib_async/bin/python -m pip --disable-pip-version-check --quiet install \
	--require-hashes -r requirements/ib_async.txt
	@touch $@

PIP_COMPILE := build/lock/bin/pip-compile --quiet --generate-hashes --allow-unsafe \
	--strip-extras --no-header --no-emit-index-url --no-emit-find-links --no-emit-trusted-host

pictures: $(VENV)/dev.stamp  ## Make the docs' pictures of the pages anew (with Debian's Chromium)
	@exec $(BIN)/python -m tests.browser.pictures $(ARGS)

lock:  ## Choose the versions anew, after a change of requirements/*.in (with Python 3.11)
	@python3.11 -m venv --clear build/lock
	@build/lock/bin/python -m pip --quiet install pip-tools==7.6.2
	@$(PIP_COMPILE) -o requirements/run.txt requirements/run.in
	@$(PIP_COMPILE) -o requirements/dev.txt requirements/dev.in
	@$(PIP_COMPILE) -o requirements/ib_async.txt requirements/ib_async.in

clean:  ## Remove what was made here, but never the state and the logs
	@rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache \
	.import_linter_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

help:  ## Show this list
	@sed -n 's/^\([a-z_]*\):.*##  *\(.*\)/make \1|\2/p' $(MAKEFILE_LIST) | \
	while IFS='|' read -r name text; do printf '%-16s%s\n' "$$name" "$$text"; done
