"""SmolLM2 for slow tests: fetched once into the user's cache; without it they skip."""

from __future__ import annotations

import pytest

from pytest_hiddenlayer.models.fetch import FetchError, fetch
from pytest_hiddenlayer.models.known import KNOWN

from .requirements import NEEDS_MLX

NAME = "smollm2"


def require_smollm2() -> str:
    """Return the model's name once its file is in the user's cache; skip if mlx or gguf or the network is missing."""
    pytest.importorskip("mlx.core", reason=NEEDS_MLX)
    pytest.importorskip("gguf", reason="needs gguf: pip install gguf")
    try:
        fetch(KNOWN[NAME])
    except FetchError as error:
        pytest.skip(str(error))
    return NAME
