"""Registries of strategies, scorers, providers and tools: name → factory.

Built-ins, plugins and a conftest.py register in one of two ways: with a decorator, or with an
entry point in the group `hiddenlayer.strategies`, `hiddenlayer.scorers`, `hiddenlayer.providers` or
`hiddenlayer.tools`. An entry point is imported when its name is first looked up.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any, TypeVar

from .errors import UnknownNameError, UsageError

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(slots=True)
class Registry:
    """The factories of one kind; a decorated factory overrides an entry point of the same name."""

    kind: str
    group: str
    _registered: dict[str, Callable[..., Any]] = field(default_factory=dict)

    def register(self, name: str) -> Callable[[F], F]:
        """Return a decorator that registers a factory under `name`. Raises UsageError for an invalid name."""
        if not name or not name.replace("_", "").isalnum():
            raise UsageError(f"{self.kind} name {name!r}: use letters, digits and underscores")

        def decorate(factory: F) -> F:
            self._registered[name] = factory
            return factory

        return decorate

    def names(self) -> list[str]:
        """Return all registered names, sorted."""
        return sorted({*self._registered, *_entry_points(self.group)})

    def is_built_in(self, name: str) -> bool:
        """Return whether this package registers the name; a decorated factory of that name is another one."""
        entry = _entry_points(self.group).get(name)
        return name not in self._registered and entry is not None and entry.value.startswith("pytest_hiddenlayer.")

    def get(self, name: str) -> Callable[..., Any]:
        """Return the factory of this name. Raises UnknownNameError, or UsageError if it cannot be imported."""
        if name in self._registered:
            return self._registered[name]
        entry = _entry_points(self.group).get(name)
        if entry is None:
            raise UnknownNameError(self.kind, name, self.names())
        try:
            factory: Callable[..., Any] = entry.load()
        except (ImportError, AttributeError) as error:
            raise UsageError(f"{self.kind} {name!r} ({entry.value}) cannot be imported: {error}") from error
        return factory


@dataclass(slots=True)
class StrategyRegistry(Registry):
    """The strategies, with the folders of prompts that those of users have."""

    prompts: dict[str, Path] = field(default_factory=dict)  # strategy → folder of STRATEGY/NAME.txt

    def register(self, name: str, *, prompts: str | Path | None = None) -> Callable[[F], F]:
        """Return a decorator that registers a strategy under `name`. Raises UsageError.

        `prompts` is a folder with the files `NAME/*.txt` for `context.render`; a relative path begins at the
        folder of the file that defines the strategy.
        """
        decorate = Registry.register(self, name)

        def decorate_with_prompts(factory: F) -> F:
            self.prompts.pop(name, None)
            if prompts is not None:
                self.prompts[name] = _prompts_folder(name, Path(prompts), factory)
            return decorate(factory)

        return decorate_with_prompts


def _prompts_folder(name: str, written: Path, factory: Callable[..., Any]) -> Path:
    folder = written if written.is_absolute() else _file_of(name, factory).parent / written
    if not (folder / name).is_dir():
        raise UsageError(
            f"strategy {name!r}: prompts={str(written)!r} has no folder {str(folder / name)!r}; "
            "put its prompts there, such as ask.txt"
        )
    return folder


def _file_of(name: str, factory: Callable[..., Any]) -> Path:
    try:
        return Path(inspect.getfile(inspect.unwrap(factory)))
    except TypeError as error:
        raise UsageError(
            f"strategy {name!r}: a relative folder of prompts begins at the file of a function or class, "
            f"got {factory!r}; decorate a function, or pass an absolute path"
        ) from error


@cache
def _entry_points(group: str) -> dict[str, EntryPoint]:
    return {entry.name: entry for entry in entry_points(group=group)}


strategies = StrategyRegistry("strategy", "hiddenlayer.strategies")
scorers = Registry("scorer", "hiddenlayer.scorers")
providers = Registry("provider", "hiddenlayer.providers")
tools = Registry("tool", "hiddenlayer.tools")

strategy = strategies.register
scorer = scorers.register
provider = providers.register
tool = tools.register
