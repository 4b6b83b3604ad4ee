# The house's commands. `make demo` and `make test` work on a fresh Debian 12 machine with Python 3.11, git and make.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
STAMPS := $(VENV)/stamps
PIP := $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation
# The lock files are whole, so pip resolves nothing: asked to, it takes a newer release of what a package wants with an
# extra (coverage[toml]) for unpinned, and the lock of last week fails this week.
LOCKED := --require-hashes --no-deps --only-binary=:all:
# Published as source only: forbiddenfruit, which blockbuster needs in tests, and pyscard. setuptools comes from the
# build lock, the compiler, swig and the headers from the Debian packages of the tests.
LOCKED_DEV := $(LOCKED) --no-binary=forbiddenfruit,pyscard --use-pep517

ARGS ?=
PYTEST_ARGS ?=
# Most tests wait for something outside: more of them at once than there are cores. They begin as the folders are
# named, so the long ones first and the many short ones of tests/unit last: nobody waits for a long file that came last.
WORKERS ?= 4
MINUTES ?=
KILLS ?=
# Every part of the campaign, each for a moment only.
QUICK ?=

.PHONY: help
help: ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# ------------------------------------------------------------------------------------------------------- running

.PHONY: demo
demo: system-demo $(STAMPS)/runtime ## run a station with simulated printers (ARGS="--speed 10 --printers 4")
	@$(VENV)/bin/stationd demo $(ARGS)

.PHONY: city-demo
city-demo: system-demo $(STAMPS)/dev ## run a genuine city of 18 stations and let it break (ARGS="--once"), or its days under Prometheus (ARGS="--day 5")
	@$(VENV)/bin/stationd city-demo $(ARGS)

.PHONY: test
test: system-test $(STAMPS)/dev ## run every test (PYTEST_ARGS="-k receipt", WORKERS=0 one by one)
	$(VENV)/bin/pytest -m "not campaign" -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(PYTEST_ARGS)

.PHONY: check
check: $(STAMPS)/dev ## run formatter, linters, types, import contracts, and see that generated docs are current
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/python docs/generate.py --check

.PHONY: cover
cover: $(STAMPS)/dev ## measure how much of the domain the unit tests walk; less than all of it fails
	$(VENV)/bin/pytest -q tests/unit --cov=stationd.domain --cov-branch --cov-fail-under=100

.PHONY: bench
bench: system-test $(STAMPS)/dev ## measure speed and memory, as ratios of one run
	$(VENV)/bin/python -m tests.bench $(ARGS)

BENCH_PEERS := .cache/bench-peers

.PHONY: bench-peers
bench-peers: system-test $(STAMPS)/dev $(BENCH_PEERS)/installed ## measure the station beside other queues, installed apart from it
	@.ci/install-packages .ci/packages-bench.txt
	$(VENV)/bin/python -m tests.bench peers $(ARGS)

.PHONY: bench-full
bench-full: system-test $(STAMPS)/dev $(BENCH_PEERS)/installed ## measure everything, other queues and a history of five million jobs included; an hour
	@.ci/install-packages .ci/packages-bench.txt
	STATIOND_BENCH_FULL=1 $(VENV)/bin/python -m tests.bench $(ARGS)

$(BENCH_PEERS)/installed: tests/bench/peers/requirements.txt
	.ci/make-venv $(BENCH_PEERS)
	$(BENCH_PEERS)/bin/python -m pip install --quiet --disable-pip-version-check -r $<
	@touch $@

.PHONY: campaign
campaign: system-test $(STAMPS)/dev ## kill the daemon (KILLS=200 or MINUTES=30), cut its power, fill its disk, run a day, a machine, a kernel; hours, or minutes with QUICK=1
	@.ci/install-packages .ci/packages-campaign.txt
	$(VENV)/bin/python -m tests.campaign.kernel
	$(VENV)/bin/python -m tests.campaign.powercuts $(if $(QUICK),20)
	$(VENV)/bin/python -m tests.campaign.blockcuts $(if $(QUICK),20)
	$(VENV)/bin/python -m tests.campaign.hardtimes $(if $(QUICK),32)
	$(VENV)/bin/python -m tests.campaign.soak $(if $(QUICK),300)
	$(VENV)/bin/python -m tests.campaign.day $(if $(QUICK),3)
	$(VENV)/bin/python -m tests.campaign.notices $(if $(QUICK),--days 2 --a-day 5)
	$(VENV)/bin/python -m tests.campaign.agent
	$(VENV)/bin/python -m tests.campaign.cuts $(if $(QUICK),--short 5 --long 30)
	$(VENV)/bin/python -m tests.campaign.city $(if $(QUICK),--day 2)
	$(VENV)/bin/python -m tests.campaign.machine
	$(VENV)/bin/python -m tests.campaign.citymachine
	$(VENV)/bin/pytest -m campaign tests/integration/test_genuine_city_demo.py
	$(VENV)/bin/python -m tests.campaign.link --seconds $(if $(QUICK),20,600)
	$(VENV)/bin/python -m tests.simulation --seeds $(if $(QUICK),100,10000) --workers $$(nproc)
	$(VENV)/bin/python -m tests.campaign --printer office --jobs $(if $(QUICK),20,500)
	$(VENV)/bin/python -m tests.campaign.contract $(if $(QUICK),--minutes 0.5)
	$(VENV)/bin/python -m tests.campaign.crowd $(if $(QUICK),--connections 500)
	$(VENV)/bin/python -m tests.campaign $(if $(MINUTES),--minutes $(MINUTES)) $(if $(KILLS)$(QUICK),--kills $(or $(KILLS),10)) $(ARGS)

AUDIT := .cache/audit
PIP_AUDIT_VERSION := 2.10.1

.PHONY: audit
audit: $(AUDIT)/pip-audit-$(PIP_AUDIT_VERSION) ## ask a database of known holes about every locked package; needs the internet, and fails without it
	for lock in requirements-deb.lock requirements-city.lock requirements-build.lock; do \
		$(AUDIT)/bin/pip-audit --strict --require-hashes --disable-pip -r $$lock; \
	done

$(AUDIT)/pip-audit-$(PIP_AUDIT_VERSION):
	.ci/make-venv $(AUDIT)
	$(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check pip-audit==$(PIP_AUDIT_VERSION)
	@touch $@

.PHONY: deb
deb: $(STAMPS)/dev ## build the Debian packages of station and city, each with its own virtual environment, in dist/
	systemd/build-deb dist
	systemd/build-deb-city dist

.PHONY: docs
docs: $(STAMPS)/dev ## write the generated parts of the documentation
	$(VENV)/bin/python docs/generate.py

# ------------------------------------------------------------------------------------------------------- setting up

.PHONY: setup
setup: $(STAMPS)/dev ## make the environment with everything locked (PYTHON=python3.12)

.PHONY: system
system: system-demo system-test ## install the Debian packages that are missing

.PHONY: system-demo system-test
system-demo:
	@.ci/install-packages .ci/packages-demo.txt

system-test:
	@.ci/install-packages .ci/packages-demo.txt .ci/packages-test.txt

$(VENV)/bin/python:
	.ci/make-venv $(VENV)

$(STAMPS)/build: requirements-build.lock | $(VENV)/bin/python
	@mkdir -p $(STAMPS)
	$(PIP) $(LOCKED) -r requirements-build.lock
	@touch $@

$(STAMPS)/runtime: requirements.lock pyproject.toml $(STAMPS)/build
	$(PIP) $(LOCKED) -r requirements.lock
	$(PIP) --no-deps --editable .
	@touch $@

$(STAMPS)/dev: requirements-dev.lock $(STAMPS)/runtime | system-test
	$(PIP) $(LOCKED_DEV) -r requirements-dev.lock
	@touch $@

# ------------------------------------------------------------------------------------------------------- locking

LOCK_TOOL := .cache/lock
UV_VERSION := 0.13.9
COMPILE = $(LOCK_TOOL)/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links $(if $(UPGRADE),--upgrade)

.PHONY: lock
lock: $(LOCK_TOOL)/uv-$(UV_VERSION) ## pin the dependencies of pyproject.toml with hashes (UPGRADE=1 takes the newest)
	$(COMPILE) pyproject.toml --output-file requirements.lock
	$(COMPILE) --extra city --extra escpos --extra pcsc --extra sms pyproject.toml --constraint requirements.lock --output-file requirements-deb.lock
	$(COMPILE) --extra books pyproject.toml --constraint requirements.lock --output-file requirements-city.lock
	$(COMPILE) --group build --constraint requirements.lock --output-file requirements-build.lock
	$(COMPILE) pyproject.toml --group dev --constraint requirements.lock --constraint requirements-build.lock \
		--output-file requirements-dev.lock

$(LOCK_TOOL)/uv-$(UV_VERSION):
	.ci/make-venv $(LOCK_TOOL)
	$(LOCK_TOOL)/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@touch $@

.PHONY: clean
clean: ## remove the environment, caches and everything built
	rm -rf $(VENV) .cache build dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
