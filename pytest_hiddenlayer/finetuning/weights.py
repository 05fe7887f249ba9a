"""Arrays by name: of a model or an optimizer, and in safetensors files."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import UsageError


def named_arrays(tree: Any) -> dict[str, Any]:
    """Return the arrays of a tree of modules or dictionaries by their dotted names."""
    from mlx.utils import tree_flatten

    flat: Any = tree_flatten(tree)
    return dict(flat)


def write_weights(path: Path, weights: Mapping[str, Any]) -> None:
    """Replace a safetensors file in one step; its data is on disk before it replaces an earlier file."""
    import mlx.core as mx

    temporary = path.with_name(f".{secrets.token_hex(4)}.part.safetensors")
    try:
        mx.save_safetensors(str(temporary), dict(weights), metadata={"format": "mlx"})
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def read_weights(path: Path) -> dict[str, Any]:
    """Return the arrays of a safetensors file by name. Raises UsageError for an unreadable one."""
    import mlx.core as mx

    try:
        arrays: Any = mx.load(str(path))
    except (RuntimeError, OSError, ValueError) as error:
        raise UsageError(f"{path}: the weights cannot be read ({error}); train again, or resume") from error
    return dict(arrays)
