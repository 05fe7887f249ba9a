"""The examples in docs/scorers.md hold."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from pytest_hiddenlayer.scorers.build import build_scorer
from pytest_hiddenlayer.types import Sample, Spec

DOCUMENT = Path(__file__).parents[2] / "docs" / "scorers.md"


def examples() -> Iterator[tuple[str, dict[str, str]]]:
    """Scorer and row of every table whose first column is `output`, as column → text."""
    for section in re.split(r"^## ", DOCUMENT.read_text(encoding="utf-8"), flags=re.M)[1:]:
        name = section.split("\n", 1)[0].strip()
        for table in re.findall(r"^\| output \|.*\n\| ---.*\n(?:\|.*\n?)+", section, flags=re.M):
            header, _, *rows = [_cells(line) for line in table.strip().splitlines()]
            yield from ((name, dict(zip(header, row, strict=True))) for row in rows)


def _cells(line: str) -> list[str]:
    """The cells of a row: what is between backticks, or else the text."""
    cells = [cell.strip() for cell in line.strip().removeprefix("|").removesuffix("|").split("|")]
    return [cell[1:-1] if cell.startswith("`") and cell.endswith("`") else cell for cell in cells]


EXAMPLES = list(examples())


def test_the_tables_are_found() -> None:
    """Each scorer that asks no model has examples of right and of wrong answers."""
    for scorer in ("choice", "keyword", "exact", "pattern", "rules", "numeric", "math"):
        assert {row["outcome"] for name, row in EXAMPLES if name == scorer} >= {"correct", "incorrect"}


@pytest.mark.parametrize(("name", "row"), EXAMPLES, ids=[f"{name}-{row['output']}" for name, row in EXAMPLES])
def test_an_example_holds(name: str, row: dict[str, str]) -> None:
    """The scorer finds the documented answer and gives the documented outcome."""
    if name == "math":
        pytest.importorskip("math_verify")
    scorer = build_scorer(Spec(name=name, params=yaml.safe_load(row.get("parameters") or "{}")))
    choices = tuple(filter(None, row.get("choices", "").split("; ")))
    sample = Sample(id="1", input="q", target=row["target"], choices=choices)
    score = asyncio.run(scorer.score(row["output"], sample))
    outcome = {1.0: "correct", 0.0: "incorrect", None: "unscored"}[score.value]
    assert outcome == row["outcome"], score.explanation
    if "answer" in row:
        assert (scorer.parse(row["output"], sample) or "") == row["answer"]
