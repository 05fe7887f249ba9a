"""What a provider declares about itself."""

from __future__ import annotations

from pytest_hiddenlayer.protocols import (
    FactoryTraits,
    ProviderCapabilities,
    StreamingProvider,
    capabilities_of,
    traits_of,
)
from pytest_hiddenlayer.providers.mlx.provider import MlxProvider
from pytest_hiddenlayer.providers.openai import OpenAIProvider
from pytest_hiddenlayer.providers.recorded import RecordedProvider
from pytest_hiddenlayer.providers.scripted import ScriptedProvider


def test_a_provider_without_capabilities_has_the_defaults():
    """As one that a conftest registers."""
    assert capabilities_of(RecordedProvider()) == ProviderCapabilities()


def test_a_provider_declares_its_capabilities():
    """They are returned unchanged."""
    provider = ScriptedProvider(script={"rules": [{"reply": "x", "structured": {}}]})
    assert capabilities_of(provider) is provider.capabilities
    assert provider.capabilities.supports_json_schema


def test_a_factory_without_class_attributes_has_the_default_traits():
    """A function may be a factory: it checks nothing, loads nothing, and has no default model."""
    traits = traits_of(lambda model: RecordedProvider(model))
    assert traits == FactoryTraits()
    assert traits.check("any") is None
    assert not traits.loads_files("any")


def test_traits_are_read_without_opening_the_model():
    """Default model, strategy restriction and the origin of files."""
    assert traits_of(RecordedProvider).single_only
    assert traits_of(OpenAIProvider).default_model == OpenAIProvider.default_model
    assert traits_of(MlxProvider).loads_files("owner/name")


def test_a_provider_that_can_stream_has_a_switch():
    """`--hl-stream` sets it."""
    assert hasattr(OpenAIProvider, "stream")
    assert not isinstance(RecordedProvider(), StreamingProvider)
