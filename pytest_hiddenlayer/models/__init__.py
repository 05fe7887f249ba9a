"""The model that ships with the package. Imports no other package of the project."""

from __future__ import annotations

from pathlib import Path

BUNDLED = "nano-2"
"""Name of the bundled model; the number increases with every retraining."""


def bundled_path() -> Path:
    """Return the folder of the bundled model, in the form that `mlx_lm.load` accepts."""
    return Path(__file__).parent / BUNDLED
