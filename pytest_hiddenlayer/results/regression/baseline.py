"""What a cell is compared with: the samples of one cell as a snapshot or a run holds them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

CellKey: TypeAlias = tuple[str, str, str, str]
"""(task, strategy label, provider, model slug), as in `Record.cell`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BaselineSample:
    """One sample of a baseline."""

    score: float | None
    outcome: str
    answer: str | None
    hash: str
    group: str | None = None  # cluster; None where the source does not tell
    output: str | None = None  # the whole text; a snapshot has none


@dataclass(frozen=True, kw_only=True, slots=True)
class Baseline:
    """One cell of a reference."""

    name: str  # where it comes from, as people shall read it
    scorer: str | None  # name/version; None: the source does not tell
    samples: Mapping[str, BaselineSample]
    key: CellKey = ("", "", "", "")
    model: str = ""  # full name
    epochs: int = 1
    usage: Mapping[str, int | None] | None = None  # None: unknown
    cost_usd: float | None = None  # None: unknown
    remark: str = ""  # what people must know of it, such as that it is another model's
