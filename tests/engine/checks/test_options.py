"""Checks of the options before a run."""

from __future__ import annotations

import pytest

from pytest_hiddenlayer.engine.checks.options import check_options
from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.options import RunOptions
from pytest_hiddenlayer.strategies.bind import parse_strategy
from pytest_hiddenlayer.types import ModelName


def test_check_refuses_unknown_strategies_and_missing_folders():
    """An unknown strategy and a missing model folder are refused before the run starts."""
    with pytest.raises(UsageError, match="did you mean 'debate'"):
        check_options(RunOptions(strategies=(parse_strategy("debat"),)))
    with pytest.raises(UsageError, match="no such folder"):
        check_options(RunOptions(providers=(ModelName(provider="mlx", model="./nowhere"),)))


def test_the_same_strategy_twice_is_refused():
    """Two strategies with the same label are refused, because their items would be equal."""
    with pytest.raises(UsageError, match="--hl-strategy debate was given twice"):
        check_options(RunOptions(strategies=(parse_strategy("debate"), parse_strategy("debate:n_agents=3"))))
