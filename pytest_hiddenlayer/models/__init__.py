"""Models that ship in the package."""

from __future__ import annotations

from pathlib import Path

BUNDLED = "nano-2"
"""Name of the bundled model; raised whenever it is retrained."""


def bundled_path() -> Path:
    """The folder of the bundled model, as `mlx_lm.load` accepts it."""
    return Path(__file__).parent / BUNDLED
