"""What is registered, by name: `STRATEGIES`, `SCORERS` (also `EVAL_FUNCTIONS`) and `PROVIDERS`."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ..errors import did_you_mean
from ..registry import Registry, providers, scorers, strategies
from .outcomes import TEMPLATES


class Names(Mapping[str, Callable[..., Any]]):
    """Name → what is registered for it: a function or a class. Names of packages are loaded on first use."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def __getitem__(self, name: str) -> Callable[..., Any]:
        if name not in self._registry.names():
            raise KeyError(f"no {self._registry.kind} {name!r}{did_you_mean(str(name), self._registry.names())}")
        return self._registry.get(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._registry.names())

    def __len__(self) -> int:
        return len(self._registry.names())

    def __repr__(self) -> str:
        return f"{{{', '.join(map(repr, self))}}}"

    def _repr_html_(self) -> str:
        from ..report.html_template import load_template

        rows = [(name, _first_line(self[name])) for name in self]
        return load_template(TEMPLATES / "names.html.jinja").render(rows=rows)


def _first_line(registered: Callable[..., Any]) -> str:
    return (inspect.getdoc(registered) or "").partition("\n")[0]


STRATEGIES = Names(strategies)
SCORERS = EVAL_FUNCTIONS = Names(scorers)
PROVIDERS = Names(providers)
