"""Results that are compared with those of a file, to seven digits."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Any

import pytest


def plain(value: Any) -> Any:
    """JSON values of a result."""
    if is_dataclass(value) and not isinstance(value, type):
        return {name: plain(part) for name, part in asdict(value).items()}
    if isinstance(value, dict):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part) for part in value]
    return value if value is None or isinstance(value, str | bool | int) else float(value)


def differences(found: Any, pinned: Any, place: str = "") -> Iterator[str]:
    """Where two results differ by more than computers do."""
    if isinstance(pinned, dict) and isinstance(found, dict) and found.keys() == pinned.keys():
        for name, value in pinned.items():
            yield from differences(found[name], value, f"{place}.{name}")
    elif isinstance(pinned, list) and isinstance(found, list) and len(found) == len(pinned):
        for at, value in enumerate(pinned):
            yield from differences(found[at], value, f"{place}[{at}]")
    elif isinstance(pinned, float) and isinstance(found, float):
        if found != pytest.approx(pinned, rel=1e-7, abs=1e-10):
            yield f"{place}: {found!r}, was {pinned!r}"
    elif found != pinned:
        yield f"{place}: {found!r}, was {pinned!r}"


def outcome(case: Callable[[], Any]) -> Any:
    """The result of a case, or the sentence of its error."""
    try:
        return plain(case())
    except ValueError as error:
        return f"{type(error).__name__}: {error}"


Part = Callable[[], Iterable[tuple[str, Callable[[], Any]]]]


def deviations(file: Path, part: Part) -> list[str]:
    """Each result of a part that is not the one of the file; the cases are made here, not when a test is imported."""
    pinned = json.loads(file.read_text(encoding="utf-8"))
    found = {name: outcome(case) for name, case in part()}
    missing = [f"{name}: not in {file.name}" for name in found if name not in pinned]
    return missing + [
        f"{name}{difference}"
        for name, result in found.items()
        if name in pinned
        for difference in differences(result, pinned[name])
    ]


def write(file: Path, parts: Sequence[Part]) -> None:
    """Write the results of all parts, one a line."""
    figures = {name: outcome(case) for part in parts for name, case in part()}
    lines = ",\n".join(f"{json.dumps(name)}: {json.dumps(value)}" for name, value in figures.items())
    file.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
