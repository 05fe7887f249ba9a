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
SLOTS, CONTEXT = 4, 512  # requests at once, positions each


@contextmanager
def llama_server(gguf: Path, **flags: str | int | bool) -> Iterator[Server]:
    """A llama-server for `gguf`; `threads_http=8` becomes `--threads-http 8`, True a bare flag, False none.

    By default it answers nobody outside this machine, fetches nothing, keeps connections of many clients
    apart, and reuses no prompt of an earlier call, so that token counts are the same in any order.
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
    """The llama-server on PATH, or the one that `.ci/servers` installed; skips where there is none."""
    folder = Path(os.environ.get("HIDDENLAYER_SERVERS") or ROOT / ".servers")
    installed = folder / "bin" / "llama-server"
    found = shutil.which("llama-server") or shutil.which(str(installed))
    if found is None:
        missing = folder / "llama-server.missing"
        why = missing.read_text(encoding="utf-8").strip() if missing.is_file() else "run `bash .ci/servers` for it"
        pytest.skip(f"no llama-server on this machine: {why}")
    return found


def _arguments(options: dict[str, str | int | bool]) -> Iterator[str]:
    for name, value in options.items():
        if value is not False:
            yield f"--{name.replace('_', '-')}"
            if value is not True:
                yield str(value)
