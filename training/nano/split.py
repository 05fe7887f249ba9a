"""Decides which problems are held out, by their key and in all families alike.

A key identifies a problem independently of its wording: operator and operands of a sum, the two
numbers of a comparison, the numbers of a list to sort, the form of a fact's question. A key is
held out by its hash, about one in sixteen, or if a sample of `evals/` contains it (eval_keys.txt,
written by reading.py).
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

HELD_OUT_BELOW = 16  # of 256
EVAL_KEYS = Path(__file__).with_name("eval_keys.txt")


def is_held_out(key: str) -> bool:
    """Return whether no training text may contain the problem with this key."""
    return hashlib.md5(f"nano-2 {key}".encode()).digest()[0] < HELD_OUT_BELOW or key in eval_keys()


@cache
def eval_keys() -> frozenset[str]:
    """Return the keys of the problems of `evals/` at the time when the training text was fixed."""
    return frozenset(EVAL_KEYS.read_text(encoding="utf-8").splitlines()) if EVAL_KEYS.is_file() else frozenset()
