"""Imports of the controller while its workers start: the workers' first calls would wait for them."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import suppress
from importlib import import_module

from ...options import RunOptions
from ...providers.http.base_provider import BaseHTTPProvider
from ...registry import providers


def modules_for(options: RunOptions) -> tuple[str, ...]:
    """Return the modules that the providers of a run import when they are opened, as far as they say so."""
    factories = [providers.get(name.provider) for name in options.providers if name.provider in providers.names()]
    named = [f.modules for f in factories if isinstance(f, type) and issubclass(f, BaseHTTPProvider)]
    return tuple(dict.fromkeys(module for modules in named for module in modules))


def start_imports(modules: Iterable[str]) -> threading.Thread:
    """Return the thread that imports modules; whoever opens a provider reports what cannot be imported."""
    thread = threading.Thread(target=_import_all, args=(tuple(modules),), name="hiddenlayer-imports", daemon=True)
    thread.start()
    return thread


def _import_all(modules: tuple[str, ...]) -> None:
    for module in modules:
        with suppress(Exception):
            import_module(module)
