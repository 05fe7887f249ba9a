"""The expressions that `math` reads in texts, and the pairs that it calls equal, computed in this process.

A change of a line of the file is a change of scores. `test_scorer.py` says what is right; these texts notice what it
leaves open. The file holds the texts: write a new one with null, and `PYTHONPATH=.:tests python THIS_FILE` fills in
what is found. Read the difference, and say in the changelog what changed and why.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pytest_hiddenlayer.scorers.math.expression_reader import read_expressions
from pytest_hiddenlayer.scorers.math.latex_spelling import latex_spelling
from pytest_hiddenlayer.scorers.math.worker import answer

FILE = Path(__file__).with_name("pinned_mathematics.json")
PINNED: dict[str, dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))


def reading(text: str) -> dict[str, Any]:
    """How a text is spelled in LaTeX, the expressions that are read in it, and the spelling of the first."""
    try:
        found = [str(value) for value in read_expressions(text)]
    except Exception as error:  # sympy and its parsers raise any type
        found = [type(error).__name__]
    return {"latex": latex_spelling(text), "read": found, **answer("canonical", text)}


def comparison(pair: str) -> Any:
    """Whether the two texts of a pair are equal, or the error."""
    a, b = pair.split("\t")
    found = answer("compare", a, b)
    return found.get("equal", found.get("error"))


def test_what_is_read() -> None:
    """The LaTeX of each text, its expressions and their canonical spelling are those of the file."""
    assert [text for text, pinned in PINNED["readings"].items() if reading(text) != pinned] == []


def test_what_is_equal() -> None:
    """The two texts of each pair are equal, or not, as the file says."""
    assert [pair for pair, pinned in PINNED["comparisons"].items() if comparison(pair) != pinned] == []


if __name__ == "__main__":
    found = {
        "readings": {text: reading(text) for text in PINNED["readings"]},
        "comparisons": {pair: comparison(pair) for pair in PINNED["comparisons"]},
    }
    parts = (
        f"{json.dumps(part)}: {{\n" + ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in rows.items()) + "\n}"
        for part, rows in found.items()
    )
    FILE.write_text("{\n" + ",\n".join(parts) + "\n}\n", encoding="utf-8")
