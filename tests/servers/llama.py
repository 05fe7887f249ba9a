"""llama.cpp's `llama-server`: OpenAI's and Anthropic's APIs over one GGUF file."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .process import Server, free_port, served

MODEL = "tiny"
ROOT = Path(__file__).resolve().parents[2]
SLOTS, CONTEXT = 4, 512  # concurrent requests, tokens per request


@contextmanager
def llama_server(gguf: Path, **flags: str | int | bool) -> Iterator[Server]:
    """Run a llama-server for `gguf`; `threads_http=8` becomes `--threads-http 8`, True a bare flag, False no flag.

    By default it listens on loopback only, downloads nothing, has threads for many clients, and does not
    reuse prompts of earlier calls, so that token counts do not depend on the order of calls.
    """
    port = free_port()
    options: dict[str, str | int | bool] = {
        "model": str(gguf),
        "alias": MODEL,
        "host": "127.0.0.1",
        "port": port,
        "parallel": SLOTS,
        "ctx_size": SLOTS * CONTEXT,
        "threads": 1,
        "threads_http": 80,
        "no_cache_prompt": True,
        "no_webui": True,
        "offline": True,
        **flags,
    }
    with served([program(), *_arguments(options)], port=port, model=str(options["alias"])) as server:
        yield server


def program() -> str:
    """Return the llama-server on PATH or of `.ci/servers`. Skips the test if neither exists."""
    folder = Path(os.environ.get("HIDDENLAYER_SERVERS") or ROOT / ".servers")
    installed = folder / "bin" / "llama-server"
    path = shutil.which("llama-server") or shutil.which(str(installed))
    if path is None:
        missing = folder / "llama-server.missing"
        reason = missing.read_text(encoding="utf-8").strip() if missing.is_file() else "run `bash .ci/servers` for it"
        pytest.skip(f"no llama-server on this machine: {reason}")
    return path


def _arguments(options: dict[str, str | int | bool]) -> Iterator[str]:
    for name, value in options.items():
        if value is not False:
            yield f"--{name.replace('_', '-')}"
            if value is not True:
                yield str(value)
