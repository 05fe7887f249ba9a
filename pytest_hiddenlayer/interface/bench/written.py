"""Written strategies: `all`, or names of strategies and presets with parameters, joined by commas."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import ParameterError, UnknownNameError, UsageError
from ...presets import with_preset
from ...registry import strategies
from ...strategies.bind import BoundStrategy, bind_strategy, parse_strategy

ALL = "all"
SINGLE = "single"


@dataclass(frozen=True, kw_only=True, slots=True)
class LeftOut:
    """A strategy that does not take part, and why."""

    strategy: str
    reason: str


def bound_strategy(text: str, presets: Path | None) -> BoundStrategy:
    """Returns the strategy that `text` names, directly or as `preset:NAME`. Raises UsageError, ParameterError."""
    return bind_strategy(with_preset(parse_strategy(text), presets))


def written_strategies(text: str | Sequence[str], presets: Path | None = None) -> tuple[list[str], list[LeftOut]]:
    """Returns strategies as `--strategy` takes them, `single` first, and those of `all` that need parameters.

    `debate:n_agents=3,n_rounds=2,single` are two: what has `=` and no name before it belongs to the strategy
    before it. `presets` is the folder of the project's own presets. Raises UsageError for an unknown name or a
    wrong parameter.
    """
    written = _split(text) if isinstance(text, str) else [name.strip() for name in text]
    if not written:
        raise UsageError(f"--strategies {text!r}: no strategy is named; write {ALL}, or names joined by commas")
    if ALL not in written:
        return _bound(dict.fromkeys((SINGLE, *written)), presets), []
    others = [name for name in written if name != ALL]
    names, left_out = [], []
    for name in strategies.names():
        try:
            bound_strategy(name, presets)
            names.append(name)
        except (ParameterError, UsageError) as error:
            left_out.append(LeftOut(strategy=name, reason=str(error)))
    given = {with_preset(parse_strategy(text), presets).name for text in others}
    left_out = [one for one in left_out if one.strategy not in given]
    return _bound(dict.fromkeys((SINGLE, *names, *others)), presets), left_out


def _split(text: str) -> list[str]:
    names: list[str] = []
    for part in filter(None, (piece.strip() for piece in text.split(","))):
        if names and re.match(r"\w+\s*=", part):
            names[-1] += f",{part}"
        else:
            names.append(part)
    return names


def _bound(written: dict[str, None], presets: Path | None) -> list[str]:
    """The written strategies, each label once. Raises UsageError."""
    labels: dict[str, str] = {}
    for text in written:
        try:
            labels.setdefault(bound_strategy(text, presets).label, text)
        except UnknownNameError as error:
            raise UsageError(f"--strategies {text!r}: {error}") from error
        except ParameterError as error:
            raise UsageError(f"--strategies {text!r}: {error}") from error
    return list(labels.values())
