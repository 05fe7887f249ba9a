"""Run options: model names, checks before a run and precedence."""

from __future__ import annotations

import pytest

from pytest_hiddenlayer.engine.validate import check_options
from pytest_hiddenlayer.errors import UnknownNameError, UsageError
from pytest_hiddenlayer.model_names import name_models, parse_model
from pytest_hiddenlayer.options import RunOptions, first
from pytest_hiddenlayer.registry import providers
from pytest_hiddenlayer.strategies.bind import parse_strategy
from pytest_hiddenlayer.types import ModelName


def test_model_needs_exactly_one_provider_without_a_model():
    """--model needs exactly one --provider that names no model; the message says so."""
    assert name_models(("mlx",), "x/y", providers.get) == (ModelName(provider="mlx", model="x/y"),)
    for given in (("mlx", "scripted"), ("mlx:a",)):
        with pytest.raises(UsageError, match="needs exactly one --provider without a model"):
            name_models(given, "x", providers.get)


def test_model_applies_to_the_provider_without_a_model():
    """--model applies to the --provider that names no model, and the order of providers is kept."""
    named = ModelName(provider="recorded", model="old")
    assert name_models(("recorded:old", "mlx"), "x", providers.get) == (named, ModelName(provider="mlx", model="x"))


def test_a_provider_is_split_at_the_first_colon():
    """Model names may contain colons."""
    assert parse_model("mlx:llama:latest") == ModelName(provider="mlx", model="llama:latest")
    for wrong in ("mlx:", ":x", ""):
        with pytest.raises(UsageError, match="write PROVIDER"):
            parse_model(wrong)


def test_the_same_model_twice_is_refused():
    """Two equal models are refused, because their items would be equal."""
    with pytest.raises(UsageError, match="given twice"):
        name_models(("mlx", "mlx"), None, providers.get)


def test_invalid_models_are_refused():
    """An empty --model, a --model without --provider and an unregistered provider are usage errors."""
    with pytest.raises(UsageError, match="--model is empty"):
        name_models(("mlx",), "", providers.get)
    with pytest.raises(UsageError, match="found no --provider"):
        name_models((), "x", providers.get)
    with pytest.raises(UnknownNameError, match="did you mean 'scripted'"):
        name_models(("script",), None, providers.get)


def test_check_refuses_unknown_strategies_and_missing_folders():
    """An unknown strategy and a missing model folder are refused before the run starts."""
    with pytest.raises(UsageError, match="did you mean 'debate'"):
        check_options(RunOptions(strategies=(parse_strategy("debat"),)))
    with pytest.raises(UsageError, match="no such folder"):
        check_options(RunOptions(providers=(ModelName(provider="mlx", model="./nowhere"),)))


def test_the_same_strategy_twice_is_refused():
    """Two strategies with the same label are refused, because their items would be equal."""
    with pytest.raises(UsageError, match="--strategy debate was given twice"):
        check_options(RunOptions(strategies=(parse_strategy("debate"), parse_strategy("debate:n_agents=3"))))


def test_first_returns_the_first_value_that_is_set():
    """0 and False are set values; None is not."""
    assert (first(None, 0, 5), first(None, False, True), first(None, None)) == (0, False, None)
