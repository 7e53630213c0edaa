# Everything runs from here: `make help` lists it. Nothing needs an AWS account.
SHELL := /bin/bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes
LAMBDA_VENV := $(VENV)/lambda-runtime
AWS_CLI_VENV := $(VENV)/aws-cli
NEWMAN := $(VENV)/newman
SYSTEM_CAS := /etc/ssl/certs/ca-certificates.crt# what Debian trusts, and Node alone does not
# Tests start hundreds of processes: what they import is compiled once.
unexport PYTHONDONTWRITEBYTECODE
AS_ROOT := $(if $(filter-out 0,$(shell id -u)),sudo -n)

.PHONY: help
help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | awk -F ':.*## ' '{printf "  %-17s %s\n", $$1, $$2}'

$(VENV)/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "testgate needs Python 3.11 or newer, $(PYTHON) is $$($(PYTHON) --version 2>&1). Name another: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "Python's venv module is missing. On Debian and Ubuntu: sudo apt-get install python3-venv" >&2; exit 1; }
	@rm -rf $(VENV)
	@echo "Creating $(VENV) …"
	@$(PYTHON) -m venv $(VENV)
	@touch $@

$(VENV)/.app: requirements/app.txt pyproject.toml $(VENV)/.created
	@echo "Installing what testgate needs (pinned, with hashes) …"
	@$(PIP_INSTALL) -r requirements/app.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(LAMBDA_VENV)/.installed: requirements/lambda.txt $(VENV)/.created
	@echo "Installing the local Lambda runtime (boto3 and AWS's runtime client) …"
	@rm -rf $(LAMBDA_VENV)
	@$(BIN)/python -m venv --without-pip $(LAMBDA_VENV)
	@$(BIN)/python -m pip --python $(LAMBDA_VENV)/bin/python install --quiet --disable-pip-version-check --require-hashes -r requirements/lambda.txt
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.app
	@echo "Installing the developers' tools …"
	@$(PIP_INSTALL) -r requirements/dev.txt
	@touch $@

$(AWS_CLI_VENV)/.installed: requirements/awscli.txt $(VENV)/.created
	@echo "Installing the AWS CLI in an environment of its own …"
	@rm -rf $(AWS_CLI_VENV)
	@$(BIN)/python -m venv --without-pip $(AWS_CLI_VENV)
	@$(BIN)/python -m pip --python $(AWS_CLI_VENV)/bin/python install --quiet --disable-pip-version-check --require-hashes -r requirements/awscli.txt
	@touch $@


.PHONY: chromium
chromium:
	@test -x /usr/bin/chromium || $(AS_ROOT) sh -c 'apt-get -qq update && apt-get -qq install --no-install-recommends chromium' >/dev/null || { \
	  echo "Tests of pages need Debian's Chromium as /usr/bin/chromium: apt-get install chromium" >&2; exit 1; }

.PHONY: setup
setup: $(VENV)/.app $(LAMBDA_VENV)/.installed ## Make .venv with all that the demo needs

.PHONY: aws-cli
aws-cli: $(AWS_CLI_VENV)/.installed ## Put the AWS CLI into .venv/aws-cli, for the tests and the walkthrough

.PHONY: bundle
bundle: setup ## Build the three Lambda bundles for this machine into build/
	@$(BIN)/python infra/bundle.py --out build

.PHONY: demo
demo: bundle ## Gate deployments on this machine: created, promoted, refused in many ways
	@$(BIN)/testgate demo

.PHONY: walkthrough
walkthrough: bundle aws-cli ## AWS's walkthrough of lifecycle hooks, command by command
	@$(BIN)/python examples/walkthrough.py $(if $(WRITE),--write)

SLOW := tests/repository/test_quick_start.py tests/repository/test_readme.py

.PHONY: test
test: bundle aws-cli $(VENV)/.dev ## Run every test but most whole deployments
	@$(BIN)/python -m pytest tests/deployments/test_promises.py tests --numprocesses 2 --dist loadfile --quiet \
	  --ignore-glob='tests/deployments/test_[!p]*' --ignore-glob='tests/deployments/test_pro[!m]*' \
	  --ignore=tests/large --ignore=tests/walkthrough --ignore=tests/recipes --ignore=tests/pages $(SLOW:%=--ignore=%)

.PHONY: test-deployments
test-deployments: bundle aws-cli $(VENV)/.dev ## Run every whole deployment, and check that each right is used
	@$(BIN)/python -m pytest tests/deployments --numprocesses 2 --dist load --quiet
	@$(BIN)/python -m pytest tests/walkthrough $(SLOW) --numprocesses 2 --dist loadfile --quiet

.PHONY: test-large
test-large: bundle $(VENV)/.dev ## Run 10,000 tests in 64 shards and print what of AWS's limits is used
	@$(BIN)/python -m pytest --quiet tests/large

$(NEWMAN)/.installed:
	@command -v npm >/dev/null || { echo "newman needs Node.js and npm. On Debian and Ubuntu: sudo apt-get install nodejs npm" >&2; exit 1; }
	@echo "Installing newman into $(NEWMAN) …"
	@mkdir -p $(NEWMAN)
	@$(if $(wildcard $(SYSTEM_CAS)),NODE_EXTRA_CA_CERTS="$${NODE_EXTRA_CA_CERTS:-$(SYSTEM_CAS)}" )npm install --silent --no-audit --no-fund --no-save --prefix $(NEWMAN) newman@6.2.2
	@touch $@

.PHONY: test-frameworks
test-frameworks: bundle $(VENV)/.dev $(NEWMAN)/.installed chromium ## Run the recipe of each framework: good, faulty, broken, nothing there
	@PATH="$(CURDIR)/$(NEWMAN)/node_modules/.bin:$$PATH" $(BIN)/python -m pytest tests/recipes --numprocesses 2 --dist loadgroup --quiet

.PHONY: test-pages
test-pages: chromium $(VENV)/.dev ## Open report pages and the dashboard in Debian's Chromium, which is installed if it is missing
	@$(BIN)/python -m pytest tests/pages --numprocesses 2 --dist load --quiet

.PHONY: lint
lint: $(VENV)/.dev ## Check style, format and the template
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/cfn-lint infra/*.yaml

.PHONY: format
format: $(VENV)/.dev ## Format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

.PHONY: types
types: $(VENV)/.dev ## Check types strictly
	@$(BIN)/mypy

.PHONY: mutate
mutate: setup $(VENV)/.dev ## Take each guard of the gate away in a copy: a named test must notice
	@$(BIN)/python -m tests.mutations
	@$(BIN)/python -m tests.schedules.mutants

.PHONY: soak
soak: setup $(VENV)/.dev ## Try 10,000 schedules of faults, repeats and races in virtual time
	@$(BIN)/python -m tests.schedules --count 10000 --sweep

EXAMPLES ?= 1000

.PHONY: search
search: setup $(VENV)/.dev ## Try EXAMPLES new examples (1000) in each property test, which take the same ones elsewhere
	@TESTGATE_SEARCH=$(EXAMPLES) $(BIN)/python -m pytest tests -m hypothesis --numprocesses 2 --dist load --quiet

.PHONY: rights
rights: bundle $(VENV)/.dev ## Run whole deployments: how often each right of infra/gate.yaml was used
	@$(BIN)/python -m pytest tests/deployments --numprocesses 2 --dist load --quiet --rights

.PHONY: bench
bench: bundle ## Measure cold start and local deployment time, as ratios
	@$(BIN)/python -m benchmarks

.PHONY: requirements
requirements: $(VENV)/.created ## Pin the dependencies anew, with hashes
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@cd requirements && for set in app awscli dev lambda runner; do \
	  ../$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --upgrade \
	    --custom-compile-command 'make requirements' $$set.in -o $$set.txt || exit 1; done
	@for suite in examples/recipes/*/suite; do test ! -f $$suite/requirements.in || \
	  $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --emit-build-options --upgrade \
	    $$suite/requirements.in -o $$suite/requirements.txt || exit 1; done

.PHONY: clean
clean: ## Remove what was built, and .venv
	@rm -rf $(VENV) build .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
