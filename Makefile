# Everything a newcomer types. Each target sets up what it needs first.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: setup evals replay cassettes test test-all check lint wheel baselines trainable train-model eval-model clean

setup: $(READY)

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; $(PYTHON) is $$($(PYTHON) --version). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $(READY)

evals: $(READY)            ## the main job: real debates of the bundled model
	$(BIN)/pytest evals -k debate --provider mlx

replay: $(READY)           ## all evals from the committed cassettes: no model is asked
	$(BIN)/pytest evals --provider mlx --replay fixtures/cassettes -q

cassettes: $(READY)        ## record them anew with the bundled model
	rm -rf fixtures/cassettes
	$(BIN)/pytest evals --provider mlx --record fixtures/cassettes -q

test: $(READY)             ## the project's tests, under ten minutes
	$(BIN)/pytest -n 2 -m "not slow"

test-all: $(READY)         ## and the slow ones
	$(BIN)/pytest -n 2

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

check: lint test           ## what must hold before a commit

wheel: $(READY)
	$(BIN)/python -m build --wheel

baselines: $(READY)        ## write snapshots/ anew from the bundled model
	$(BIN)/pytest evals --provider mlx --snapshot-update

TRAINABLE := $(VENV)/.trainable
RUN := training/runs/nano
MODEL := $(RUN)/model

$(TRAINABLE): $(READY)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[train]'
	@touch $(TRAINABLE)

trainable: $(TRAINABLE)    ## what training and its tests need: torch

train-model: $(TRAINABLE)  ## the bundled model from nothing, for hours on two cores; stopped, it goes on
	$(BIN)/python -m training.nano.train --folder $(RUN) --tokens 95000000
	$(BIN)/python -m training.nano.train --folder $(RUN) --decay 18000000
	$(BIN)/python -m training.nano.export $(RUN)/decayed.pt $(MODEL)
	$(BIN)/python -m training.nano.plot_loss $(RUN)

eval-model: $(TRAINABLE)   ## its figures on held-out problems, and its card
	$(BIN)/python -m training.nano.evaluate $(MODEL) --out $(RUN)
	$(BIN)/python -m training.nano.card $(RUN) $(MODEL)

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache
