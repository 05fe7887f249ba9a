"""Random problems from one side of the split."""

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
    """A source of problems that were held out, or of those that were not, and of wordings for them.

    `paraphrase` takes the wordings that no training text holds, where a family has some.
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
        """A problem whose keys lie all on this side; in training text the keys of its steps must too."""
        for _ in range(TRIES):
            made = make()
            found = [key for key in keys(made) if key is not None]
            if self.held_out:
                if found and all(map(is_held_out, found)):
                    return made
            elif not any(map(is_held_out, [*found, *filter(None, steps(made))])):
                return made
        raise ValueError(f"no {'held-out' if self.held_out else 'training'} problem in {TRIES} draws of {make}")

    def fits(self, key: str | None) -> bool:
        """Whether a problem of this key lies on this side; one without a key does on both."""
        return key is None or is_held_out(key) == self.held_out

    def wording(self, known: Sequence[str], new: Sequence[str] = ()) -> str:
        """One of the known wordings, or with `paraphrase` one of the new ones."""
        return worded(self.rng, self.rng.choice(new if self.paraphrase and new else known))

    def chance(self, share: float) -> bool:
        """True for this share of draws."""
        return self.rng.random() < share

    def number(self, digits: int) -> int:
        """A number of so many digits; of one digit from 0 on."""
        return self.rng.randint(10 ** (digits - 1) if digits > 1 else 0, 10**digits - 1)
