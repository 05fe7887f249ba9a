"""GGUF files are loaded after the fast BLAS is installed."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.skipif(sys.platform != "linux", reason="mlx needs another BLAS on Linux only")
def test_mlx_is_not_imported_before_the_fast_blas(tmp_path):
    """The folder of a GGUF file is made after the BLAS was chosen: mlx would keep its slow one otherwise."""
    code = f"""
import sys
from pathlib import Path
from pytest_hiddenlayer.providers.mlx import blas, model_files
sys.path[:0] = {sys.path!r}
from support.gguf_models import write_gguf
path = write_gguf(Path({str(tmp_path)!r}) / "m.gguf")
model_files.model_folder(str(path))
assert "mlx.core" in sys.modules
print(blas.fast_blas())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "imported before" not in done.stdout
