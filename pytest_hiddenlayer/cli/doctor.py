"""`hiddenlayer doctor`: which providers work here, and why not."""

from __future__ import annotations

import argparse
import asyncio
import platform
import time
from importlib.metadata import PackageNotFoundError, version

from ..errors import HiddenLayerError
from ..models import BUNDLED
from ..protocols import Provider, capabilities_of, close_provider
from ..registry import providers
from ..types import GenerationConfig, Message, Request
from .argument_types import current_project

HELP = "check which providers work here, and why not"
QUESTION = "What is 37+58?"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments."""


def run(arguments: argparse.Namespace) -> int:
    """Print versions and one line per provider. Returns 1 if no provider that runs a model works."""
    print(f"python {platform.python_version()} on {platform.system()} {platform.machine()}")
    for name in ("pytest-hiddenlayer", "pytest", "pytest-html", "pytest-xdist", "syrupy", "mlx", "mlx-lm"):
        print(f"  {name} {_version(name)}")
    working = [name for name in providers.names() if _check(name)]
    for text in _batches():
        print(text)
    return 0 if set(working) - {"recorded", "scripted"} else 1


def _check(name: str) -> bool:
    if name in ("recorded", "scripted"):
        what = "scores a task's `outputs`" if name == "recorded" else "answers by rules from a file, for tests"
        print(f"{name}: works ({what}; needs no model)")
        return True
    began = time.perf_counter()
    try:
        provider = providers.get(name)(None)
        if capabilities_of(provider).price_list is not None:
            print(f"{name}: ready, with {provider.model} unless you name another (not asked: that would cost)")
            return True
        reply = asyncio.run(_ask(provider))
    except HiddenLayerError as error:
        print(f"{name}: does not work: {error}")
        return False
    print(f"{name}: works: {QUESTION!r} → {reply!r} in {time.perf_counter() - began:.1f} s{_bundled(name)}")
    return True


def _batches() -> list[str]:
    """One line per batch that was sent from this project and is not collected yet."""
    from ..calls.batch.entries import read_entries
    from ..calls.batch.messages import describe_pending

    try:
        pending = describe_pending(read_entries(current_project().reports / "batches"), time.time())
    except HiddenLayerError as error:
        return [f"batches: {error}"]
    return [f"batches: {text}; run the same command again to collect it" for text in pending]


async def _ask(provider: Provider) -> str:
    message = Message(role="user", content=QUESTION)
    try:
        completion = await provider.complete(
            Request(messages=(message,), params=GenerationConfig(max_tokens=32), seed=0)
        )
        return completion.text
    finally:
        await close_provider(provider)


def _bundled(name: str) -> str:
    if name != "mlx":
        return ""
    from ..providers.mlx.blas import fast_blas

    return f" (bundled model {BUNDLED}; BLAS: {fast_blas()})"


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"
