# Everything a stranger types. Needs Python >= 3.11 and make; the rest is set up in .venv.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
SANDBOX_TESTS ?= tests/sandbox
BROWSER_TESTS ?= tests/browser
PROFILES ?= light network platform trust mesh kubeadm
NICE   := $(shell command -v nice >/dev/null 2>&1 && echo nice -n 5)

.PHONY: lab test check sandbox-build sandbox-test browser-test proof golden bench wheel screenshots clean
.DEFAULT_GOAL := help

help: ## Say what can be done
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

$(VENV)/.lab: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "opskit needs Python 3.11 or newer; $(PYTHON) is older. Next: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 2; }
	@echo "Setting up $(VENV), once (about two minutes) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
	@$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/.test: $(VENV)/.lab
	@$(BIN)/python -m pip install --quiet --group test
	@touch $@

$(VENV)/.dev: $(VENV)/.test
	@$(BIN)/python -m pip install --quiet --group dev
	@if [ -d .git ]; then git config filter.nbstripout.clean '$(BIN)/nbstripout --keep-id' && git config filter.nbstripout.smudge cat; fi
	@touch $@

lab: $(VENV)/.lab ## Open JupyterLab at the runbook catalogue, on the built-in demo cluster
	$(BIN)/opskit lab

test: $(VENV)/.test ## Run the tests that need no servers
	$(BIN)/python -m pytest tests/unit tests/notebooks -m "not proof" -n 2 --dist loadfile -q

golden: $(VENV)/.test ## Make golden notebooks anew, all or BOOKS="rook/health ..."; look at the difference before you commit it
	$(BIN)/python tests/notebooks/regolden.py $(BOOKS)

check: $(VENV)/.dev ## Lint, strict types, import rules, stripped notebooks
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/lint-imports
	$(BIN)/nbstripout --keep-id --verify runbooks/*/*.ipynb notebooks/*.ipynb

sandbox-build: $(VENV)/.test ## Prepare the real servers of all profiles, or of PROFILES="light" (cold: half an hour; then seconds)
	@failed=; for profile in $(PROFILES); do $(NICE) $(BIN)/opskit sandbox build --profile $$profile || failed="$$failed $$profile"; done; \
	  [ -z "$$failed" ] || { echo "Not ready:$$failed. What each lacks is said above; the other profiles are ready."; exit 2; }

sandbox-test: sandbox-build ## Run the tests that need real servers
	$(BIN)/python -m pytest $(SANDBOX_TESTS) -m "not proof" -q

browser-test: sandbox-build ## Drive JupyterLab in a real Chromium
	$(BIN)/python -m pytest $(BROWSER_TESTS) -m "browser and not proof" -q

proof: $(VENV)/.dev sandbox-build ## The proofs that take minutes: kill matrix, repeated faults, a kubeadm upgrade, kind on Docker and podman; figures go to docs/proofs.md
	$(BIN)/python -m pytest tests/unit tests/sandbox tests/browser -m proof -q

bench: $(VENV)/.test ## Measure against named peers, side by side, and write docs/benchmarks.md
	$(BIN)/python -m benchmarks --write docs/benchmarks.md

wheel: $(VENV)/.dev ## Build the one wheel
	$(BIN)/python -m build --wheel

screenshots: sandbox-build ## Remake the pictures of the docs from the real thing
	$(BIN)/python docs/make_screenshots.py

clean: ## Remove what make set up here
	rm -rf $(VENV) dist build
