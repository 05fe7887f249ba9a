"""Which problems are held out: by their key, in every family alike.

A key is what makes a problem that problem, whatever the words around it: operator and operands
of a sum, the two numbers of a comparison, the numbers of a list that is to be sorted, the
question's form of a fact. A key is held out where its hash says so, about one in sixteen, or
where a sample of `evals/` asks for it (eval_keys.txt, written by reading.py).
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

HELD_OUT_BELOW = 16  # of 256
EVAL_KEYS = Path(__file__).with_name("eval_keys.txt")


def is_held_out(key: str) -> bool:
    """Whether no training text may hold the problem of this key."""
    return hashlib.md5(f"nano-2 {key}".encode()).digest()[0] < HELD_OUT_BELOW or key in eval_keys()


@cache
def eval_keys() -> frozenset[str]:
    """The keys of the problems of `evals/`, as they were when the training text was fixed."""
    return frozenset(EVAL_KEYS.read_text(encoding="utf-8").splitlines()) if EVAL_KEYS.is_file() else frozenset()
