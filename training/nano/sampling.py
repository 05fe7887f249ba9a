"""Samples random problems from one side of the split."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from .forms import worded
from .split import is_held_out

T = TypeVar("T")
TRIES = 100_000


@dataclass(frozen=True, slots=True)
class Draw:
    """Samples held-out problems, or training problems, and wordings for them.

    `paraphrase` selects wordings that no training text contains, if a family has some.
    """

    rng: random.Random
    held_out: bool = False
    paraphrase: bool = False

    def problem(
        self,
        make: Callable[[], T],
        keys: Callable[[T], Iterable[str | None]],
        steps: Callable[[T], Iterable[str | None]] = lambda _: (),
    ) -> T:
        """Return a problem with all keys on this side; for training text, the keys of its steps must be too."""
        for _ in range(TRIES):
            candidate = make()
            problem_keys = [key for key in keys(candidate) if key is not None]
            if self.held_out:
                if problem_keys and all(map(is_held_out, problem_keys)):
                    return candidate
            elif not any(map(is_held_out, [*problem_keys, *filter(None, steps(candidate))])):
                return candidate
        raise ValueError(f"no {'held-out' if self.held_out else 'training'} problem in {TRIES} draws of {make}")

    def fits(self, key: str | None) -> bool:
        """Return whether a problem with this key is on this side; a problem without a key is on both."""
        return key is None or is_held_out(key) == self.held_out

    def wording(self, known: Sequence[str], new: Sequence[str] = ()) -> str:
        """Return one of the known wordings, or with `paraphrase` one of the new wordings."""
        return worded(self.rng, self.rng.choice(new if self.paraphrase and new else known))

    def chance(self, share: float) -> bool:
        """Return True with this probability."""
        return self.rng.random() < share

    def number(self, digits: int) -> int:
        """Return a random number with this many digits; 0 counts as a one-digit number."""
        return self.rng.randint(10 ** (digits - 1) if digits > 1 else 0, 10**digits - 1)
