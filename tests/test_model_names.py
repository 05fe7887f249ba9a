"""Model names: parsing, assignment of --model and slugs."""

from __future__ import annotations

import pytest

from pytest_hiddenlayer.errors import UnknownNameError, UsageError
from pytest_hiddenlayer.model_names import model_slugs, name_models, parse_model
from pytest_hiddenlayer.registry import providers
from pytest_hiddenlayer.types import ModelName


def test_model_needs_exactly_one_provider_without_a_model():
    """--model needs exactly one --provider that names no model; the message says so."""
    assert name_models(("mlx",), "x/y", providers.get) == (ModelName(provider="mlx", model="x/y"),)
    for given in (("mlx", "scripted"), ("mlx:a",)):
        with pytest.raises(UsageError, match="needs exactly one --hl-provider without a model"):
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
    with pytest.raises(UsageError, match="--hl-model is empty"):
        name_models(("mlx",), "", providers.get)
    with pytest.raises(UsageError, match="found no --hl-provider"):
        name_models((), "x", providers.get)
    with pytest.raises(UnknownNameError, match="did you mean 'scripted'"):
        name_models(("script",), None, providers.get)


def test_models_of_one_run_have_distinct_slugs():
    """Models whose names end alike get distinct slugs; other slugs do not change."""
    names = [ModelName(provider="recorded", model=model) for model in ("a/m", "b/m", "n")]
    slugs = model_slugs(names)
    assert slugs[names[2]] == "n"
    assert len(set(slugs.values())) == 3
