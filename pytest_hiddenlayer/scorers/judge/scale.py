"""The verdicts a judge can choose from: an ordered scale from worst to best."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...errors import UsageError

MAX_STEPS = 100
_NUMBER = r"[-+]?\d+(?:\.\d+)?"
_OF = r"\s*(?:/|out\s+of|of)\s*"
_MARKS = " \t\r\n*_`'\"[]().!"


@dataclass(frozen=True, slots=True)
class Scale:
    """Evenly spaced verdicts from worst to best; with `numbers`, values between two verdicts are also verdicts."""

    labels: tuple[str, ...]
    numbers: bool = False

    @classmethod
    def from_param(cls, written: Any) -> Scale:
        """Returns the scale that a task file writes: `[1, 5]` (worst, best) or `yes_no`. Raises UsageError."""
        if written == "yes_no":
            return YES_NO
        ends = list(written) if isinstance(written, list | tuple) else []
        if len(ends) != 2 or not all(isinstance(end, int) and not isinstance(end, bool) for end in ends):
            raise UsageError(f"scale must be yes_no or two whole numbers such as [1, 5], got {written!r}")
        if not 0 < ends[1] - ends[0] <= MAX_STEPS:
            raise UsageError(f"scale {ends!r}: the second number must be the best, 1 to {MAX_STEPS} above the first")
        return cls(tuple(map(str, range(ends[0], ends[1] + 1))), numbers=True)

    @property
    def description(self) -> str:
        """The verdicts in words, as a prompt lists them."""
        if self.numbers:
            return f"a whole number from {self.labels[0]} (worst) to {self.labels[-1]} (best)"
        return f"{', '.join(self.labels[:-1])} or {self.labels[-1]}"

    @property
    def ends(self) -> str:
        """Worst and best: `1-5`, `no-yes`."""
        return f"{self.labels[0]}-{self.labels[-1]}"

    @property
    def verdict_pattern(self) -> str:
        """A regular expression with one group for a verdict in double brackets; it skips an index such as x[[1]]."""
        inside = f"{_NUMBER}(?:{_OF}{_NUMBER})?" if self.numbers else "|".join(map(re.escape, self.labels))
        return rf"(?i)(?<![A-Za-z0-9_\[\])])\[\[\s*({inside})\s*\]\](?!\])"

    @property
    def schema(self) -> Mapping[str, Any]:
        """JSON Schema of a reply: a short explanation, then the verdict."""
        verdicts: list[Any] = [int(label) for label in self.labels] if self.numbers else list(self.labels)
        return {
            "type": "object",
            "properties": {
                "explanation": {"type": "string", "description": "One or two sentences that lead to the verdict."},
                "verdict": {"enum": verdicts, "type": "integer" if self.numbers else "string"},
            },
            "required": ["explanation", "verdict"],
            "additionalProperties": False,
        }

    def canonical(self, text: str) -> str | None:
        """Returns the canonical verdict, or None if the text is not on the scale.

        `5.0` is `5`, and so are `5/5` and `5 out of 5` where 5 is the best; `YES.` is `yes`.
        """
        text = text.strip(_MARKS)
        if not self.numbers:
            return next((label for label in self.labels if label.casefold() == text.casefold()), None)
        match = re.fullmatch(rf"({_NUMBER})(?:{_OF}({_NUMBER}))?", text, re.IGNORECASE)
        if match is None or (match[2] is not None and float(match[2]) != float(self.labels[-1])):
            return None
        number = float(match[1])
        inside = float(self.labels[0]) <= number <= float(self.labels[-1])
        return f"{number:.12g}" if inside else None

    def value(self, verdict: str) -> float:
        """Returns the position of a canonical verdict in [0, 1]."""
        if self.numbers:
            low, high = float(self.labels[0]), float(self.labels[-1])
            return (float(verdict) - low) / (high - low)
        return self.labels.index(verdict) / (len(self.labels) - 1)


YES_NO = Scale(("no", "yes"))
PAIR = Scale(("B", "C", "A"))
"""Which of two answers is better, as in MT-Bench: A, B, or C for a tie."""
