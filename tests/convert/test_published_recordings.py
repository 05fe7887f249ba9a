"""Published recordings in the documented form give the published figures, without a model."""

from __future__ import annotations

import ast
import json
from collections import Counter
from collections.abc import Iterable
from functools import cache
from typing import Any

import pytest
from support.folder import Folder
from support.published_data import FOLDER, needs_data

# subject: questions, right, calls, answers, questions that ended after 1, 2 and 3 rounds (SOURCE.txt)
DYLAN = {
    "astronomy": (30, 22, 127, 126, (25, 4, 1)),
    "college_mathematics": (20, 13, 147, 140, (6, 7, 7)),
    "high_school_chemistry": (41, 23, 219, 216, (25, 13, 3)),
    "high_school_world_history": (47, 44, 152, 152, (46, 1, 0)),
    "moral_scenarios": (79, 35, 485, 469, (40, 23, 16)),
}


def rows(file: str) -> list[Any]:
    return [json.loads(line) for line in (FOLDER / file).read_text(encoding="utf-8").splitlines()]


def repeated(folder: Folder, **files: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The records of these recordings, converted and repeated."""
    for name, recordings in files.items():
        folder.write(f"theirs/{name}.jsonl", "\n".join(map(json.dumps, recordings)))
    assert folder.command("convert", "theirs").ret == 0
    return run(folder)


def run(folder: Folder) -> list[dict[str, Any]]:
    assert folder.command("run", "converted", "--provider", "recorded", "--hl-gate=off").ret == 0
    return folder.records()


@cache
def dylan(subject: str) -> list[dict[str, Any]]:
    """DyLAN's log of a subject in the documented form: its agents × rounds, and its verdicts and calls."""
    (log,) = (FOLDER / "dylan_mmlu_4").glob(f"{subject}_test*.txt")
    lines = log.read_text(encoding="utf-8").splitlines()
    verdicts = ast.literal_eval(lines[0][: lines[0].index("]") + 1])
    debates = rows(f"dylan_mmlu_4/{log.stem}.json")
    return [
        {"id": f"{subject}-{i}", "agents": agents, "final": {"verdict": verdict}, "group": subject}
        for i, (agents, verdict) in enumerate(zip(debates, verdicts, strict=True))
    ]


@needs_data("dylan_mmlu_4")
def test_dylan(folder: Folder) -> None:
    """DyLAN's debates on MMLU: 217 questions, 137 right (63.13 %), 1,103 answers, and their rounds by subject."""
    records = repeated(folder, **{subject: dylan(subject) for subject in DYLAN})
    for subject, (questions, right, _, answers, ended) in DYLAN.items():
        mine = [record for record in records if record["task"] == subject]
        rounds = Counter(record["answer_metadata"]["rounds"] for record in mine)
        assert len(mine) == questions
        assert sum(record["answer_metadata"]["recorded_verdict"] for record in mine) == right
        assert sum(record["outcome"] == "correct" for record in mine) == right
        assert sum(len(record["transcript"]) for record in mine) == answers
        assert tuple(rounds[number] for number in (1, 2, 3)) == ended
    scores = [record["scores"]["recorded_verdict"]["value"] for record in records]
    assert round(100 * sum(scores) / len(scores), 2) == 63.13
    read = [a["answer"] for r in records for rs in r["answer_metadata"]["round_scores"].values() for a in rs.values()]
    assert len(read) == 1103
    assert set(read) <= {None, *"ABCDE"}
    assert sum(answer is None for answer in read) == 57  # refusals, and answers without a letter


@pytest.mark.slow
@needs_data("dylan_mmlu_4")
def test_dylan_calls(folder: Folder) -> None:
    """Calls of a subject, with the rankings that are no answers, are those of its log when the row states them."""
    stated = {subject: DYLAN[subject][2] for subject in ("astronomy", "college_mathematics")}
    recordings = {subject: [dict(row) for row in dylan(subject)] for subject in stated}
    for subject, recorded in recordings.items():
        for row in recorded:
            row["calls"] = sum(text is not None for agent in row["agents"] for text in agent)
        recorded[-1]["calls"] += stated[subject] - DYLAN[subject][3]  # the log has the sum over all questions only
    records = repeated(folder, **recordings)
    for subject, calls in stated.items():
        found = [r["answer_metadata"]["recorded_calls"] for r in records if r["task"] == subject]
        assert sum(found) == calls


@needs_data("gsm8k_200")
def test_gsm8k(folder: Folder) -> None:
    """44 of 200 recorded solutions are right, and every score equals the published label."""
    gold = {row["id"]: row["answer"].split("####")[1].strip() for row in rows("gsm8k_200/test.jsonl")}
    solutions = rows("gsm8k_200/outputs_6b_finetuning.jsonl")
    records = repeated(folder, gsm8k=[
        {"id": row["id"], "target": gold[row["id"]],
         "samples": [{"text": row["output"], "verdict": row["is_correct"]}]}
        for row in solutions
    ])  # fmt: skip
    assert [r["outcome"] == "correct" for r in records] == [row["is_correct"] for row in solutions]
    assert sum(r["scores"]["numeric"]["value"] for r in records) == 44
    assert all(
        r["answer_metadata"]["sample_scores"]["sample-1"]["right"] is r["answer_metadata"]["recorded_verdict"]
        for r in records
    )


@needs_data("bbh_5")
@pytest.mark.parametrize(
    ("file", "extract", "percent"),
    [
        ("date_understanding_codex_cot", True, 87.2),
        ("object_counting_codex_cot", True, 93.2),
        ("date_understanding_codex_direct", False, 63.6),
        ("object_counting_codex_direct", False, 45.2),
    ],
)
def test_big_bench_hard(folder: Folder, file: str, extract: bool, percent: float) -> None:
    """The published accuracy, with the published rule written into the converted task."""
    answers = [
        {"id": row["id"], "target": row["target"], "samples": [row["output"]]} for row in rows(f"bbh_5/{file}.jsonl")
    ]
    folder.write("theirs/bbh.jsonl", "\n".join(map(json.dumps, answers)))
    assert folder.command("convert", "theirs", "--scorer", "exact").ret == 0
    path = folder.path / "converted" / "bbh.yaml"
    rule = '{extract: {marker: "answer is ", take: first, strip_final_dot: true}}'
    text = path.read_text()
    path.write_text(text.replace("- exact\n", f"- exact: {rule}\n") if extract else text)
    records = run(folder)
    right = sum(record["outcome"] == "correct" for record in records)
    assert round(100 * right / len(records), 1) == percent
