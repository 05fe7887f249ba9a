"""Writes the task `units` and its training split: `python evals-finetuning/make_units.py`.

No number of an eval question occurs in a training question, so that no question is in both.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path

FOLDER = Path(__file__).parent
UNITS = (
    ("weeks", "days", 7),
    ("years", "months", 12),
    ("days", "hours", 24),
    ("hours", "minutes", 60),
    ("yards", "feet", 3),
    ("feet", "inches", 12),
    ("pounds", "ounces", 16),
    ("gallons", "pints", 8),
    ("decades", "years", 10),
    ("metres", "centimetres", 100),
)
WORDINGS = (
    "How many {small} are in {n} {large}?",
    "{n} {large} are how many {small}?",
    "How many {small} make {n} {large}?",
)
JUDGING = frozenset({4, 7, *range(13, 100, 5)})
"""The numbers of eval questions."""


def questions(*, judging: bool) -> Iterator[dict[str, object]]:
    """Yield each question of a side, in every wording."""
    for large, small, factor in UNITS:
        for n in range(2, 100 if factor in (3, 7, 8, 10, 100) else 10):
            if (n in JUDGING) == judging:
                for index, wording in enumerate(WORDINGS):
                    text = wording.format(small=small, large=large, n=n)
                    name = f"{large}-{n}-{index}"
                    yield {"id": name, "input": text, "target": str(n * factor), "group": f"{large}-{n}"}


def write(name: str, rows: list[dict[str, object]]) -> None:
    """Write the rows to a JSONL file of this folder."""
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (FOLDER / name).write_text(text, encoding="utf-8")


def main() -> None:
    """Write both files: every training question, and one wording of each eval question."""
    choose = random.Random(1)
    judging = list(questions(judging=True))
    one_each = [
        choose.choice(judging[start : start + len(WORDINGS)]) for start in range(0, len(judging), len(WORDINGS))
    ]
    write("units_train.jsonl", list(questions(judging=False)))
    write("units.jsonl", one_each)


if __name__ == "__main__":
    main()
