"""Published figures come out again, and differences from another project's verdicts are on purpose."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from pytest_hiddenlayer.scorers.exact import Exact
from pytest_hiddenlayer.scorers.extract import Extract
from pytest_hiddenlayer.scorers.numeric import Numeric
from pytest_hiddenlayer.types import Sample

DATA = Path(__file__).parents[1].parent / "shared" / "data"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason=f"the published data are not at {DATA}")

COT = Extract(marker="answer is ", take="first", strip_final_dot=True)

# Inspect's verdicts that ours differ from: name → (ours, why).
DIFFERENT = {
    "test_non_numeric_match_plain": (False, "60% is a number here; there a word with % is passed over"),
    "test_numeric_exact_rejects_trailing_text": (True, "what stands beside the number is no matter; use `exact`"),
    "test_numeric_exact_rejects_trailing_alpha": (True, "letters after a number are a unit; use `exact`"),
    "test_numeric_chinese_numeral_in_output": (False, "number words are not read, in any language"),
}


def rows(file: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / file).read_text(encoding="utf-8").splitlines()]


def right(scorer: Exact | Numeric, output: str, target: str | tuple[str, ...]) -> bool:
    return asyncio.run(scorer.score(output, Sample(id="1", input="q", target=target))).value == 1.0


def test_gsm8k_labels() -> None:
    """The last number gives GSM8K's published label for each of 200 solutions, 44 of them right."""
    gold = {row["id"]: row["answer"].split("####")[1] for row in rows("gsm8k_200/test.jsonl")}
    outputs = rows("gsm8k_200/outputs_6b_finetuning.jsonl")
    ours = [right(Numeric(), row["output"], gold[row["id"]]) for row in outputs]
    assert ours == [row["is_correct"] for row in outputs]
    assert sum(ours) == 44


@pytest.mark.parametrize(
    ("file", "rule", "percent"),
    [
        ("date_understanding_codex_cot", COT, 87.2),
        ("object_counting_codex_cot", COT, 93.2),
        ("date_understanding_codex_direct", Extract(), 63.6),
        ("object_counting_codex_direct", Extract(), 45.2),
    ],
)
def test_big_bench_hard_accuracies(file: str, rule: Extract, percent: float) -> None:
    """Exact match with the published extract rule gives BIG-Bench-Hard's accuracies."""
    outputs = rows(f"bbh_5/{file}.jsonl")
    ours = sum(right(Exact(extract=rule), row["output"], row["target"]) for row in outputs)
    assert round(100 * ours / len(outputs), 1) == percent


def test_inspect_verdicts() -> None:
    """Inspect's cases for numbers come out the same, except those in the table."""
    cases = json.loads((DATA / "scorer_cases" / "match_cases.json").read_text(encoding="utf-8"))
    take = {"begin": "first"}
    differ = {}
    for case in cases:
        rule = Extract.from_param({"take": take.get(case["options"].get("location", "end"), "last")})
        ours = right(Numeric(extract=rule), case["output"], tuple(case["target"]))
        if ours != (case["expected"] == "CORRECT"):
            differ[case["name"]] = ours
    assert differ == {name: ours for name, (ours, _) in DIFFERENT.items()}
