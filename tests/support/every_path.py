"""One project, and its runs by every way that answers or keeps a run: what must be equal of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from support.folder import Folder

MODELS = ("one", "two")
IDS = ("plain", "ünï → 数", "a/b c", "must", "fails", "empty", "cut", "odd", "wrong", "votes")
SAMPLES = [
    {"id": name, "input": f"q{i}. {name} 😀", "target": f"a{i}", "group": f"g{i // 3}"} for i, name in enumerate(IDS)
]
SAMPLES[3]["must_pass"] = True
_RULES: list[dict[str, Any]] = [
    {"contains": "q4.", "error": "server said 500: ünavailable"},
    {"contains": "q5.", "reply": ""},
    {"contains": "q6.", "reply": "a6", "finish_reason": "length"},
    {"contains": "q7.", "reply": "a7 \ud83d lone \u2028 line \x00 \x1b[31m"},
    {"contains": "q8.", "reply": "no"},
    {"contains": "q9.", "replies": ["a9", "no", "a9", "other", "no"], "logprobs": [-0.25]},
]
_TIMES = frozenset({"latency_s", "wall_s", "duration_s", "queued_s", "started_at"})
_OF_THE_RUN = frozenset({"run_id", "resumed_from", "merged_from"})


@dataclass(frozen=True, kw_only=True)
class Result:
    """What must be equal of two runs."""

    status: int
    records: dict[str, Any]  # by key
    summary: list[Any]  # the cells, by name
    changes: Any


def make_project(folder: Folder) -> None:
    """Write two tasks with every kind of answer, the replies of two models, and their snapshots of better days."""
    folder.write("pytest.ini", "[pytest]\n")
    scorers = ["exact", {"keyword": {"as": "mentions"}}, {"pattern": {"pattern": "a\\d", "as": "form"}}]
    for name, samples in (("kinds", SAMPLES), ("most", SAMPLES[:3] + SAMPLES[8:])):
        folder.write(f"evals/{name}.jsonl", "".join(json.dumps(sample) + "\n" for sample in samples))
    shape = {"epochs": 2, "min_scored": 0.5, "strategies": ["single", "self_consistency"], "scorers": scorers}
    folder.task("kinds", samples="kinds.jsonl", **shape)
    folder.task("most", samples="most.jsonl", epochs=3, reducer="pass_at_k", scorers=["keyword"])
    write_replies(folder, better=True)
    assert folder.plain("evals", *given("--hl-"), "--snapshot-update").ret == 1
    for run in folder.runs():
        run.rename(folder.path / "before")
    write_replies(folder)


def write_replies(folder: Folder, *, better: bool = False) -> None:
    """Write what the two models reply; the second one is wrong more often."""
    for number, model in enumerate(MODELS):
        worse = [] if better else [{"contains": f"q{i}.", "reply": "no"} for i in range(3 + number, 4 + number)]
        plain = [{"contains": f"q{i}.", "reply": f"a{i}"} for i in range(len(IDS))]
        folder.write(f"{model}.json", {"rules": worse + _RULES + plain})


def given(prefix: str) -> list[str]:
    """The options that name the two models."""
    return [word for model in MODELS for word in (f"{prefix}provider", f"scripted:{model}.json")]


def without_times(value: Any) -> Any:
    """A JSON value without times and without what names its run."""
    if isinstance(value, Mapping):
        return {k: without_times(v) for k, v in value.items() if k not in _TIMES | _OF_THE_RUN}
    return [without_times(one) for one in value] if isinstance(value, list) else value


def result_of(run: Path, status: int) -> Result:
    """The result of a run's folder. Fails if a record is there twice."""
    lines = (run / "records.jsonl").read_text(encoding="utf-8").rstrip("\n").split("\n")
    changes = json.loads((run / "changes.json").read_text(encoding="utf-8").replace(run.name, "RUN"))
    return Result(
        status=status,
        records=_by_key(json.loads(line) for line in lines),
        summary=_by_name(json.loads((run / "summary.json").read_text(encoding="utf-8"))),
        changes={**changes, "cells": _by_name([_without_outputs(cell) for cell in changes["cells"]])},
    )


def snapshots_of(folder: Path) -> dict[str, Any]:
    """The folder's snapshots by path."""
    paths = sorted((folder / "snapshots").rglob("*.json"))
    return {str(p.relative_to(folder)): without_times(json.loads(p.read_text(encoding="utf-8"))) for p in paths}


def _by_key(records: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    found = [without_times(record) for record in records]
    by_key = {record["key"]: record for record in found}
    assert len(by_key) == len(found), "a record is there twice"
    return dict(sorted(by_key.items()))


def _by_name(cells: Iterable[Any]) -> list[Any]:
    """The cells in the order of their names; names of samples are in the order in which answers came, so sorted."""
    return sorted((_sorted_names(without_times(cell)) for cell in cells), key=lambda cell: json.dumps(cell))


def _sorted_names(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _sorted_names(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        names = all(isinstance(one, str) for one in value)
        return sorted(value) if names else [_sorted_names(one) for one in value]
    return value


def _without_outputs(cell: Mapping[str, Any]) -> dict[str, Any]:
    """A cell's changes without outputs, which pytest leaves to the page's records."""
    flips = [
        {**flip, "old": {**flip["old"], "output": None}, "new": {**flip["new"], "output": None}}
        for flip in cell["flips"]
    ]
    return {**cell, "flips": flips}
