"""The weights of the bundled model in the file formats of servers, always in single precision.

The mlx provider computes in single precision on the CPU. A server with half precision would occasionally
prefer another of two nearly equally likely tokens.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest
from support.requirements import NEEDS_MLX

from pytest_hiddenlayer.models import bundled_path

TRAINING = Path(__file__).resolve().parents[2] / "training"


def write_bundled_gguf(path: Path) -> None:
    """Write a GGUF file. Skips the test if `gguf` is not installed."""
    pytest.importorskip("gguf", reason="needs gguf: pip install gguf")
    sys.path.insert(0, str(TRAINING))  # training/ is not a package
    try:
        from to_gguf import to_gguf
    finally:
        sys.path.remove(str(TRAINING))
    to_gguf(bundled_path(), path)


def write_bundled_folder(folder: Path) -> None:
    """Write a folder that mlx-lm loads. Skips the test if mlx cannot be imported."""
    mx = pytest.importorskip("mlx.core", reason=NEEDS_MLX)
    shutil.copytree(bundled_path(), folder)
    weights = mx.load(str(bundled_path() / "model.safetensors"))
    float32 = {name: values.astype(mx.float32) for name, values in weights.items()}
    mx.save_safetensors(str(folder / "model.safetensors"), float32, metadata={"format": "mlx"})
