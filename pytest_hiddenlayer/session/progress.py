"""How far a run is, in one line: answers, right ones, cost, tokens per second, time left."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ..types import SCORED, Record


@dataclass(kw_only=True, slots=True)
class Progress:
    """Counts the records of a run as they are completed. Records may be added from any thread."""

    total: int = 0  # answers that the run will have; 0: not known yet
    done: int = 0
    scored: int = 0
    correct: int = 0
    unanswered: int = 0  # errors and skipped cases
    cost_usd: float = 0.0
    cost_unknown: bool = False  # of at least one record
    output_tokens: int = 0  # of answers that were generated in this run
    clock: Callable[[], float] = time.monotonic
    started: float | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def start(self, total: int) -> None:
        """Set the number of answers, and start the clock."""
        self.total = total
        if self.started is None:
            self.started = self.clock()

    def add(self, records: Iterable[Record]) -> None:
        """Count records."""
        with self._lock:
            for record in records:
                self._count(record)

    def _count(self, record: Record) -> None:
        self.done += 1
        self.scored += record.outcome in SCORED
        self.correct += record.outcome == "correct"
        self.unanswered += record.outcome in ("error", "skipped")
        self.cost_usd += record.cost_usd or 0.0
        self.cost_unknown = self.cost_unknown or (record.cost_usd is None and record.outcome in SCORED)
        if not record.cached:
            self.output_tokens += record.usage.get("output_tokens") or 0

    def parts(self) -> list[str]:
        """What is known, the most important first, such as `12/200 answered` and `10 of 12 right`."""
        elapsed = self.clock() - self.started if self.started is not None else 0.0
        parts = [f"{self.done:,}/{self.total:,} answered" if self.total else f"{self.done:,} answered"]
        if not self.done:
            return [*parts, f"waiting for the first answer, {duration_text(elapsed)}"]
        parts.append(f"{self.correct:,} of {self.scored:,} right")
        if self.unanswered:
            parts.append(f"{self.unanswered:,} without an answer")
        if self.cost_usd or self.cost_unknown:
            parts.append(f"${self.cost_usd:.4f}{' and unknown costs' if self.cost_unknown else ''}")
        if elapsed > 0 and self.output_tokens:
            parts.append(f"{self.output_tokens / elapsed:,.0f} tokens/s")
        if 0 < self.done < self.total:
            parts.append(f"about {duration_text(elapsed * (self.total - self.done) / self.done)} left")
        return parts

    def line(self, width: int) -> str:
        """The parts that fit in this many columns."""
        return fitting_parts(self.parts(), width)


def fitting_parts(parts: Iterable[str], width: int) -> str:
    """Return the first parts, joined by commas, that fit in this many columns."""
    text = ""
    for part in parts:
        longer = f"{text}, {part}" if text else part
        if len(longer) > width:
            break
        text = longer
    return text


def duration_text(seconds: float) -> str:
    """Return `45 s`, `3 min 5 s` or `2 h 10 min`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
