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
from ..terminal_escape import json_text
from ..types import GenerationConfig, Message, Request
from .argument_types import current_project

HELP = "check which providers work here, and why not"
EPILOG = """examples:
  hiddenlayer doctor         versions, and one line per provider
  hiddenlayer doctor --json

exit status: 0 a provider with a model works; 1 none does
"""
QUESTION = "What is 37+58?"
PACKAGES = ("pytest-hiddenlayer", "pytest", "pytest-html", "pytest-xdist", "syrupy", "mlx", "mlx-lm")
WITHOUT_MODEL = ("recorded", "scripted")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """How the result is printed."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> int:
    """Print versions and one line per provider. Returns 1 if no provider that runs a model works."""
    packages = {name: _version(name) for name in PACKAGES}
    if not arguments.json:
        print(f"python {platform.python_version()} on {platform.system()} {platform.machine()}")
        for name, found in packages.items():
            print(f"  {name} {found or 'not installed'}")
    works = {}
    results = []
    for name in providers.names():
        works[name], text = _check(name)
        results.append({"provider": name, "works": works[name], "text": text})
        if not arguments.json:
            print(f"{name}: {text}")
    batches = _batches()
    if arguments.json:
        python = {"version": platform.python_version(), "platform": f"{platform.system()} {platform.machine()}"}
        print(json_text({"python": python, "packages": packages, "providers": results, "batches": batches}))
    else:
        print(*batches, sep="\n", end="\n" if batches else "")
    return 0 if any(ok for name, ok in works.items() if name not in WITHOUT_MODEL) else 1


def _check(name: str) -> tuple[bool, str]:
    """Whether a provider works, and a description of it."""
    if name in WITHOUT_MODEL:
        what = "scores a task's `outputs`" if name == "recorded" else "answers by rules from a file, for tests"
        return True, f"works ({what}; needs no model)"
    began = time.perf_counter()
    try:
        provider = providers.get(name)(None)
        if capabilities_of(provider).price_list is not None:
            return True, f"ready, with {provider.model} unless you name another (not asked: that would cost)"
        reply = asyncio.run(_ask(provider))
    except HiddenLayerError as error:
        return False, f"does not work: {error}"
    return True, f"works: {QUESTION!r} → {reply!r} in {time.perf_counter() - began:.1f} s{_bundled(name)}"


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


def _version(name: str) -> str | None:
    """The installed version; None if the package is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None
