"""A provider that cannot be used says what it lacks before anything is asked."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_hiddenlayer.calls.event_loop import EventLoopThread
from pytest_hiddenlayer.calls.pool import ModelPool
from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.options import RunOptions
from pytest_hiddenlayer.registry import providers
from pytest_hiddenlayer.types import ModelName


class NoArguments:
    model = "grey"

    async def complete(self, request: Any) -> Any: ...


class NoModel:
    def __init__(self, model: str | None = None) -> None: ...

    async def complete(self, request: Any) -> Any: ...


class NoComplete:
    def __init__(self, model: str | None = None) -> None:
        self.model = "grey"


class Raises:
    def __init__(self, model: str | None = None) -> None:
        raise RuntimeError("no device")


def no_arguments() -> NoComplete:
    return NoComplete()


@pytest.mark.parametrize(
    ("factory", "says"),
    [
        (NoArguments, r"NoArguments cannot be opened with the name of a model .*`def __init__\(self, model=None\)`"),
        (no_arguments, r"no_arguments cannot be opened with the name of a model"),
        (NoModel, "attribute `model` of NoModel is None: set it to the name of the model that answers"),
        (NoComplete, r"NoComplete has no method `complete`: write `async def complete\(self, request\)`"),
        (Raises, r"opening it raised RuntimeError: no device \(.*test_factory\.py:\d+\)"),
    ],
)
def test_what_a_provider_lacks_is_said(monkeypatch: pytest.MonkeyPatch, factory: Any, says: str):
    """The message names the option, the class, what it lacks and what to write."""
    monkeypatch.setattr(providers, "_registered", {"own": factory})
    with pytest.raises(UsageError, match=f"^--provider own: .*{says}"):
        ModelPool(RunOptions(), EventLoopThread()).provider(ModelName(provider="own"))
