"""Hooks of items that run no code of a test's: their phases need no capture of output of their own.

pytest captures what each phase prints by swapping file descriptors, a dozen system calls a phase;
each of them lets go of Python's lock, which the engine's thread takes. An item of a task file
only waits for its answer: the strategies and scorers run in the engine, whenever it is their turn.
"""

from __future__ import annotations

from typing import Any

import pytest

_QUIET = ("_pytest", "pytest_hiddenlayer", "syrupy")


def prints_nothing(function: pytest.Function) -> bool:
    """Whether an item with this function's fixtures runs none of the user's."""
    found = function._fixtureinfo.name2fixturedefs.values()
    return all(one.func.__module__.partition(".")[0] in _QUIET for several in found for one in several)


class UncapturedHooks:
    """The hooks that hold for an item's path, without pytest's capture of output."""

    def __init__(self, item: pytest.Item, usual: Any) -> None:
        self._manager = item.config.pluginmanager
        capture = self._manager.get_plugin("capturemanager")
        self._without = {*getattr(usual, "remove_mods", ()), *([] if capture is None else [capture])}

    def __getattr__(self, name: str) -> Any:
        caller = self._manager.subset_hook_caller(name, remove_plugins=self._without)
        self.__dict__[name] = caller
        return caller
