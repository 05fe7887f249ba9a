"""Prompt forms: `<a/b>` is a choice of wordings, `{x}` a slot."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping

CHOICE = re.compile(r"<([^<>]*)>")


def worded(rng: random.Random, form: str) -> str:
    """Return the form with one random wording per choice."""
    return CHOICE.sub(lambda match: rng.choice(match[1].split("/")), form)


def spelt(forms: Iterable[str], named: Mapping[str, str]) -> tuple[str, ...]:
    """Return the forms with each `<name>` replaced by the choice of this name."""
    return tuple(CHOICE.sub(lambda match: f"<{named.get(match[1], match[1])}>", form.strip()) for form in forms)


def often(usual: tuple[str, ...], others: tuple[str, ...], share: float = 0.5) -> tuple[str, ...]:
    """Return both, with the usual forms repeated so that they make up about this share."""
    times = max(1, round(share / (1 - share) * len(others) / len(usual)))
    return usual * times + others
