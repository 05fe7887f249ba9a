"""Fixtures of the engine's tests."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from support.cases import first_case

from pytest_hiddenlayer.engine.cases import Case


@pytest.fixture
def case(tmp_path: Path) -> Callable[..., Case]:
    """A function that returns the first case of a small task under the given options."""
    return partial(first_case, tmp_path)
