"""Forms of prompts: `<a/b>` stands for one of several wordings, `{x}` for what is filled in."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping

CHOICE = re.compile(r"<([^<>]*)>")


def worded(rng: random.Random, form: str) -> str:
    """The form with one wording taken at each choice."""
    return CHOICE.sub(lambda found: rng.choice(found[1].split("/")), form)


def spelt(forms: Iterable[str], named: Mapping[str, str]) -> tuple[str, ...]:
    """The forms, with each `<name>` replaced by the choice of this name."""
    return tuple(CHOICE.sub(lambda found: f"<{named.get(found[1], found[1])}>", form.strip()) for form in forms)


def often(usual: tuple[str, ...], others: tuple[str, ...], share: float = 0.5) -> tuple[str, ...]:
    """Both, the usual ones so many times that they make up about this share."""
    times = max(1, round(share / (1 - share) * len(others) / len(usual)))
    return usual * times + others
