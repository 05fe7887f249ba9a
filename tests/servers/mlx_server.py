"""mlx-lm's own server: OpenAI's chat completions over a model folder."""

from __future__ import annotations

import importlib.util
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pytest_hiddenlayer.models import bundled_path

from .process import Server, free_port, served

MODEL = "default_model"  # the server's name for the model on its command line


@contextmanager
def mlx_server(folder: Path | None = None) -> Iterator[Server]:
    """Run `mlx_lm.server` for a model folder, by default the bundled one, without hub and with an empty cache."""
    if importlib.util.find_spec("mlx_lm") is None:
        pytest.skip("needs mlx-lm for its server: pip install mlx-lm (on Linux also 'mlx[cpu]')")
    port = free_port()
    command = [sys.executable, "-m", "mlx_lm.server", "--model", str(folder or bundled_path())]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    with tempfile.TemporaryDirectory(prefix="hiddenlayer-hub-") as hub:
        environment = {"HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": hub}
        with served(command, port=port, model=MODEL, environment=environment) as server:
            yield server
