"""Writes the larger sample files of evals/: `python -m training.make_evals [FOLDER]`.

Each file has its own seed, so that a second run writes the same bytes and a change to one file does
not change the others. All problems are new: neither nano-1's training text (holdout.py) nor nano-2's
(nano/split.py) may contain them. An id is derived from its problem, so that it does not change if
samples are added or removed.
"""

from __future__ import annotations

import csv
import io
import json
import random
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from . import eval_tasks_nano1 as nano1
from . import eval_tasks_nano2 as nano2
from .eval_rows import Row

EVALS = Path(__file__).resolve().parent.parent / "evals"

MUST_PASS = {  # the bundled models answer these correctly by a wide margin
    "sums_written": ("678-plus-202", "931-plus-764"),
    "bullet_lists": ("lemon-table", "glass-cloud"),
}

FILES: dict[str, Callable[[random.Random], Iterator[Row]]] = {
    "sums.jsonl": nano1.bare_sums,
    "products.jsonl": nano1.products,
    "shopping.jsonl": nano1.shopping,
    "sums_at_once.jsonl": nano1.sums_at_once,
    "sums_written.jsonl": nano1.sums_written,
    "word_problems.jsonl": nano1.word_problems,
    "plans.jsonl": nano1.plans,
    "compare.csv": nano1.compare,
    "sorting.jsonl": nano1.sorting,
    "formatting.jsonl": nano1.formatting,
    "judging_pairs.jsonl": nano1.judging_pairs,
    "judging_answers.jsonl": nano1.judging_answers,
    "majority.json": nano1.majority,
    "json_answers.jsonl": nano1.json_answers,
    "bullet_lists.jsonl": nano1.bullet_lists,
    "chains.jsonl": nano2.chains,
    "errands.jsonl": nano2.errands,
    "long_sums.jsonl": nano2.long_sums,
    "hard_sums.jsonl": nano2.hard_sums,
    "tables.jsonl": nano2.tables,
    "pressure.jsonl": nano2.pressure,
    "judged.jsonl": nano1.judged,
}


def text_of(name: str) -> str:
    """Return the text of one sample file."""
    stem, suffix = name.split(".")
    rows = list(FILES[name](random.Random(f"nano-1 {stem}")))
    for row in rows:
        if row["id"] in MUST_PASS.get(stem, ()):
            row["must_pass"] = True
    if suffix == "csv":
        sheet = io.StringIO()
        writer = csv.DictWriter(sheet, rows[0], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        return sheet.getvalue()
    if suffix == "json":
        return json.dumps(rows, indent=1) + "\n"
    return "".join(json.dumps(row) + "\n" for row in rows)


def main(folder: Path) -> None:
    for name in FILES:
        (folder / name).write_text(text_of(name), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else EVALS)
