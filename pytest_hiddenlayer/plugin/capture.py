"""Skip output capture for items that run no user code.

pytest captures what each phase prints by swapping file descriptors: a dozen system calls per phase.
Each call releases Python's lock, and the engine's thread takes it. An item of a task file only
waits for its answer; strategies and scorers run in the engine.
"""

from __future__ import annotations

from typing import Any

import pytest

_QUIET = ("_pytest", "pytest_hiddenlayer", "syrupy")


def prints_nothing(function: pytest.Function) -> bool:
    """Whether every fixture of the function belongs to pytest or to this plugin, so that no user code runs."""
    fixtures = function._fixtureinfo.name2fixturedefs.values()
    return all(f.func.__module__.partition(".")[0] in _QUIET for definitions in fixtures for f in definitions)


class UncapturedHooks:
    """The hooks of an item's path without pytest's output capture."""

    def __init__(self, item: pytest.Item, captured: Any) -> None:
        self._manager = item.config.pluginmanager
        capture = self._manager.get_plugin("capturemanager")
        self._without = {*getattr(captured, "remove_mods", ()), *([] if capture is None else [capture])}

    def __getattr__(self, name: str) -> Any:
        caller = self._manager.subset_hook_caller(name, remove_plugins=self._without)
        self.__dict__[name] = caller
        return caller
