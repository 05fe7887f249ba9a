# Commands for contributors; `make help` lists them. Each target installs what it needs first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
TRAINABLE := $(VENV)/.trainable
RUN := training/runs/nano
MODEL := $(RUN)/model

.DEFAULT_GOAL := help
.PHONY: help setup evals evals-smollm2 replay cassettes baselines sample-report test test-all test-trust fuzz mutants test-ray \
  test-plugins test-lowest audit sbom simulate coverage lint check docs web web-check web-lock wheel trainable \
  train-model eval-model bench-strategies notebooks clean

help:                      ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY)            ## install the project and its development tools into .venv

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(READY)

evals: $(READY) web        ## run the main job: debates of the bundled model
	$(BIN)/pytest evals -k debate --provider mlx

evals-smollm2: $(READY) web ## fetch SmolLM2 once and run evals that need a pretrained model
	@$(BIN)/hiddenlayer models get smollm2 && $(BIN)/pytest evals-smollm2 --model smollm2 || \
	  echo "SmolLM2 could not be fetched or asked: nothing else needs it"

replay: $(READY) web       ## run all evals from the committed cassettes, without a model
	$(BIN)/pytest evals --provider mlx --replay fixtures/cassettes -q

cassettes: $(READY)        ## record the committed cassettes again with the bundled model
	rm -rf fixtures/cassettes
	$(BIN)/pytest evals --provider mlx --record fixtures/cassettes -q

SAMPLE := evals -k "hard_sums or facts or products or refrains" --provider mlx -q --hl-reports build/sample

sample-report: $(READY) web  ## write reports/sample/report.html: the bundled model at temperature 2 against its recorded answers
	rm -rf build/sample
	$(BIN)/pytest $(SAMPLE) --replay fixtures/cassettes
	$(BIN)/pytest $(SAMPLE) --hl-temperature 2 --baseline last || [ $$? = 1 ]
	cp "$$($(BIN)/hiddenlayer open --no-browser "$$(ls -d build/sample/runs/* | tail -n 1)")" reports/sample/report.html

baselines: $(READY)        ## write snapshots/ again with the bundled model
	$(BIN)/pytest evals --provider mlx --snapshot-update

test: $(READY) web         ## run the tests except the slow ones
	$(BIN)/pytest -n 2 -m "not slow"

test-all: $(READY) web     ## run all tests
	$(BIN)/pytest -n 2

test-trust: $(READY) web   ## run the tests of docs/security.md with its numbers (long)
	HIDDENLAYER_TRUST=full $(BIN)/pytest -n 2 tests/trust

FUZZ_SECONDS := 60

fuzz: $(READY)             ## install atheris and fuzz each reader of files and texts for FUZZ_SECONDS=60 (20 minutes)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt atheris
	PYTHONPATH=tests $(BIN)/python -m support.fuzzing.guided --seconds $(FUZZ_SECONDS)

mutants: $(READY)          ## put 600 faults into scorers, statistics and gates and count which the tests notice (an hour)
	$(BIN)/python benchmarks/mutants.py

test-ray: $(READY) web     ## install Ray (240 MB) and run the tests of --engine ray on a cluster of two nodes here
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[ray]'
	$(BIN)/pytest tests/ray_engine

test-plugins:              ## install 35 other plugins of pytest into build/plugins and run evals with each
	$(PYTHON) -m venv build/plugins
	build/plugins/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[apis,xdist]' \
	  -r supply/plugins.txt
	PYTEST_DISABLE_PLUGIN_AUTOLOAD=1 build/plugins/bin/python -m pytest -p hiddenlayer tests/trust/test_other_plugins.py

test-lowest:               ## install the lowest versions that pyproject.toml allows into build/lowest and run tests
	$(PYTHON) -m venv build/lowest
	build/lowest/bin/python -m pip install --quiet --disable-pip-version-check uv
	build/lowest/bin/uv pip install --quiet --python build/lowest/bin/python --resolution lowest-direct \
	  -e '.[apis,xdist,math,plots,parquet,frames,zstd]' hypothesis
	build/lowest/bin/python -m pytest -m "not slow" tests/scorers tests/taskfile tests/engine tests/io tests/calls \
	  tests/results/log tests/plugin/test_outcomes.py tests/plugin/test_gate.py tests/plugin/test_workers.py tests/providers

audit:                     ## ask vulnerability services about the pinned versions of Python and npm packages
	$(PYTHON) -m venv build/audit
	build/audit/bin/python -m pip install --quiet --disable-pip-version-check pip-audit
	build/audit/bin/pip-audit --strict --no-deps --disable-pip -r constraints.txt
	cd web && npm audit --package-lock-only --omit=dev

sbom:                      ## write what the package consists of as CycloneDX files into build/sbom
	$(PYTHON) -m venv build/sbom/env
	build/sbom/env/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt \
	  '.[apis,xdist,math,plots,parquet,frames]'
	$(PYTHON) -m venv build/sbom/tool
	build/sbom/tool/bin/python -m pip install --quiet --disable-pip-version-check cyclonedx-bom
	build/sbom/tool/bin/python supply/sbom.py build/sbom build/sbom/env/bin/python

simulate: $(READY)         ## measure the error rates and coverages of docs/statistics.md (about a quarter of an hour)
	$(BIN)/python -m simulations

coverage: $(READY) web     ## run the tests except the slow ones, and report which lines they reach
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n 2 -m "not slow"
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage html --quiet
	$(BIN)/coverage report

web: $(READY)              ## bundle the report page's program from web/, if its sources changed
	@$(BIN)/python web/build.py || { [ $$? = 3 ] && echo "building with Node from the package index" && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps -e .; }

web-check: $(READY)        ## check the types of web/
	@$(BIN)/python web/build.py --check || { [ $$? = 3 ] && [ -z "$$CI" ] && echo "the types of web/ are not checked"; }

web-lock: $(READY)         ## write web/package-lock.json again after a change of web/package.json
	@$(BIN)/python web/build.py --lock

lint: $(READY) web-check   ## check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

check: lint test           ## run all checks that must pass before a commit

docs: $(READY)             ## build the documents and the reference as a site into build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict --quiet

wheel: $(READY)            ## build the wheel into dist/
	$(BIN)/python -m build --wheel

$(TRAINABLE): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[train]'
	@touch $(TRAINABLE)

trainable: $(TRAINABLE)    ## install torch for training and its tests

train-model: $(TRAINABLE)  ## train the bundled model (hours on two cores; continues after an interruption)
	$(BIN)/python -m training.nano.train --folder $(RUN) --tokens 95000000
	$(BIN)/python -m training.nano.train --folder $(RUN) --decay 18000000
	$(BIN)/python -m training.nano.export $(RUN)/decayed.pt $(MODEL)
	$(BIN)/python -m training.nano.plot_loss $(RUN)

eval-model: $(TRAINABLE)   ## measure the trained model on held-out problems and write its card
	$(BIN)/python -m training.nano.evaluate $(MODEL) --out $(RUN)
	$(BIN)/python -m training.nano.card $(RUN) $(MODEL)

bench-strategies: $(READY) ## measure all strategies on the local models and write docs/strategies.md (half an hour or more)
	$(BIN)/python benchmarks/strategy_table.py

notebooks: $(READY)        ## execute the notebooks with the bundled model and write their outputs back
	$(BIN)/python notebooks/execute.py

clean:                     ## remove .venv and everything that was built
	rm -rf $(VENV) build dist web/node_modules pytest_hiddenlayer/report/page/bundle .coverage .coverage.* .pytest_cache .mypy_cache .ruff_cache .hypothesis
