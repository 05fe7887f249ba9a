"""One row of a data file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..paths import MEGABYTE

MAX_STREAMED = 512 * MEGABYTE


@dataclass(frozen=True, slots=True)
class Row:
    """One object of a data file."""

    number: int  # from 0
    line: int | None
    values: dict[str, Any]  # numbers as `Scalar`
