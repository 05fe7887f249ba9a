"""Published results are reproduced, and differences from another project's verdicts are listed."""

from __future__ import annotations

import asyncio
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from support.published_data import FOLDER, needs_data

from pytest_hiddenlayer.engine.cases import cases, cells
from pytest_hiddenlayer.engine.runtime import Runtime
from pytest_hiddenlayer.options import RunOptions
from pytest_hiddenlayer.scorers.match.exact import Exact
from pytest_hiddenlayer.scorers.match.extract import Extract
from pytest_hiddenlayer.scorers.match.numeric import Numeric
from pytest_hiddenlayer.taskfile import load_task
from pytest_hiddenlayer.types import ModelName, Record, Sample

pytestmark = needs_data("gsm8k_200", "bbh_5", "scorer_cases")

COT = Extract(marker="answer is ", take="first", strip_final_dot=True)

# Cases with another verdict than Inspect's: name → (actual, reason).
DIFFERENT = {
    "test_non_numeric_match_plain": (False, "60% is a number here; there a word with % is passed over"),
    "test_numeric_exact_rejects_trailing_text": (True, "text next to the number does not matter; use `exact`"),
    "test_numeric_exact_rejects_trailing_alpha": (True, "letters after a number are a unit; use `exact`"),
    "test_numeric_chinese_numeral_in_output": (False, "number words are not read, in any language"),
}


def rows(file: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (FOLDER / file).read_text(encoding="utf-8").splitlines()]


def right(scorer: Exact | Numeric, output: str, target: str | tuple[str, ...]) -> bool:
    return asyncio.run(scorer.score(output, Sample(id="1", input="q", target=target))).value == 1.0


def test_gsm8k_labels() -> None:
    """The last number reproduces GSM8K's published label for each of 200 solutions, 44 of them correct."""
    gold = {row["id"]: row["answer"].split("####")[1] for row in rows("gsm8k_200/test.jsonl")}
    outputs = rows("gsm8k_200/outputs_6b_finetuning.jsonl")
    actual = [right(Numeric(), row["output"], gold[row["id"]]) for row in outputs]
    assert actual == [row["is_correct"] for row in outputs]
    assert sum(actual) == 44


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
    """Exact match with the published extract rule reproduces BIG-Bench-Hard's accuracies."""
    outputs = rows(f"bbh_5/{file}.jsonl")
    actual = sum(right(Exact(extract=rule), row["output"], row["target"]) for row in outputs)
    assert round(100 * actual / len(outputs), 1) == percent


def test_inspect_verdicts() -> None:
    """Inspect's cases for numbers have the same verdict, except those in the table."""
    cases = json.loads((FOLDER / "scorer_cases" / "match_cases.json").read_text(encoding="utf-8"))
    take = {"begin": "first"}
    differ = {}
    for case in cases:
        rule = Extract.from_param({"take": take.get(case["options"].get("location", "end"), "last")})
        actual = right(Numeric(extract=rule), case["output"], tuple(case["target"]))
        if actual != (case["expected"] == "CORRECT"):
            differ[case["name"]] = actual
    assert differ == {name: actual for name, (actual, _) in DIFFERENT.items()}


# ---------------------------------------------------------------- the same figures, from a task file to records

GSM8K = """task: gsm8k
samples: test.jsonl
fields: {input: question, target: answer}
target_pattern: '####\\s*(.+)$'
outputs: outputs_6b_finetuning.jsonl
scorers: [numeric]
"""
BBH = """task: bbh
samples: TASK.json
id_prefix: TASK-
outputs: TASK_codex_KIND.jsonl
scorers: [{exact: EXTRACT}]
"""
PUBLISHED_RULE = "{extract: {marker: 'answer is ', take: first, strip_final_dot: true}}"


def run(folder: Path, text: str, *files: str) -> list[Record]:
    """The records of a task over copied data, answered by what was recorded."""
    for file in files:
        shutil.copy(FOLDER / file, folder)
    (folder / "t.yaml").write_text(text, encoding="utf-8")
    (cell,) = cells(load_task(folder / "t.yaml", folder), RunOptions(providers=(ModelName(provider="recorded"),)))
    runtime = Runtime(RunOptions(), "r")
    try:
        futures = [runtime.submit(case) for case in cases(cell)]
        return [runtime.wait(future) for future in futures]
    finally:
        runtime.close()


def test_gsm8k_from_a_task_file(tmp_path: Path) -> None:
    """A task file over the published files scores 44 of 200, and every record has its published label."""
    records = run(tmp_path, GSM8K, "gsm8k_200/test.jsonl", "gsm8k_200/outputs_6b_finetuning.jsonl")
    labels = {row["id"]: row["is_correct"] for row in rows("gsm8k_200/outputs_6b_finetuning.jsonl")}
    assert {record.sample_id: record.outcome == "correct" for record in records} == labels
    assert {record.outcome for record in records} == {"correct", "incorrect"}
    assert sum(record.score or 0.0 for record in records) == 44


@pytest.mark.parametrize(
    ("task", "kind", "extract", "percent"),
    [
        ("date_understanding", "cot", PUBLISHED_RULE, 87.2),
        ("object_counting", "cot", PUBLISHED_RULE, 93.2),
        ("date_understanding", "direct", "{}", 63.6),
        ("object_counting", "direct", "{}", 45.2),
    ],
)
def test_big_bench_hard_from_a_task_file(tmp_path: Path, task: str, kind: str, extract: str, percent: float) -> None:
    """A task file with the published rule reproduces BIG-Bench-Hard's accuracy on all 250 samples."""
    text = BBH.replace("TASK", task).replace("KIND", kind).replace("EXTRACT", extract)
    records = run(tmp_path, text, f"bbh_5/{task}.json", f"bbh_5/{task}_codex_{kind}.jsonl")
    scores = [record.score for record in records]
    assert None not in scores
    assert (len(scores), round(100 * sum(filter(None, scores)) / len(scores), 1)) == (250, percent)
