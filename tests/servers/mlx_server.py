"""mlx-lm's own server: OpenAI's chat completions over a model folder."""

from __future__ import annotations

import importlib.util
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from support.sshd import descendants

from pytest_hiddenlayer.models import bundled_path

from .process import Server, free_port, served

MODEL = "default_model"  # the server's name for the model on its command line


@contextmanager
def mlx_server(folder: Path | None = None, *, processes: int = 1) -> Iterator[Server]:
    """Run `mlx_lm.server` for a model folder, by default the bundled one, without hub and with an empty cache.

    Several `processes` hold a part of each layer each, and talk over loopback, as several machines would.
    """
    if importlib.util.find_spec("mlx_lm") is None:
        pytest.skip("needs mlx-lm for its server: pip install mlx-lm (on Linux also 'mlx[cpu]')")
    port = free_port()
    programs = Path(sys.executable).parent
    command = [sys.executable, "-m", "mlx_lm.server", "--model", str(folder or bundled_path())]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    if processes > 1:
        launch = [str(programs / "mlx.launch"), "--verbose", "-n", str(processes), "--backend", "ring"]
        launch += ["--starting-port", str(free_port()), "--python", sys.executable, "--"]
        command = [sys.executable, *launch, str(programs / "mlx_lm.server"), *command[3:]]
    with tempfile.TemporaryDirectory(prefix="hiddenlayer-hub-") as hub:
        environment = {"HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": hub}
        with served(command, port=port, model=MODEL, environment=environment) as server:
            try:
                yield server
            finally:
                for pid in descendants(server.pid)[1:]:  # mlx.launch leaves them behind
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
