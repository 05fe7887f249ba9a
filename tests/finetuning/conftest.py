"""A tiny model, and examples that it learns within seconds."""

from __future__ import annotations

import pytest
from support.finetuning import example, write_tiny_model


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory):
    """The folder of a tiny model with random weights."""
    return write_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(scope="session")
def colours():
    """Thirty examples of different lengths."""
    names = ("red", "green", "blue", "dark blue", "a very light yellow")
    return tuple(example(f"Colour of thing {n}?", names[n % 5] + "!" * (n % 3)) for n in range(30))
