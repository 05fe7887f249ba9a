"""Runs of the project of `seeds.py`, with what people and killed processes add to them."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from pytest_hiddenlayer.analysis.annotation.labels import Label, append_label
from pytest_hiddenlayer.analysis.annotation.reviews import Review, append_review
from pytest_hiddenlayer.analysis.answers import player_of
from pytest_hiddenlayer.calls.cache.response_cache import ResponseCache
from pytest_hiddenlayer.engine.unfinished.completed_call import CompletedCall
from pytest_hiddenlayer.probes.capture import Capture
from pytest_hiddenlayer.probes.capture_files import save_capture
from pytest_hiddenlayer.probes.run_files import probe_path
from pytest_hiddenlayer.results.log.run_log import read_records
from pytest_hiddenlayer.results.log.unfinished_calls import UnfinishedCalls
from pytest_hiddenlayer.types import Completion, Record, Usage
from support.fuzzing.commands import RICH, A, B
from support.sample_records import all_records
from support.trust_runs import rich_run

Run = Callable[[str, Sequence[str]], int]
"""Runs a front end with arguments in the project, and returns its exit status."""
ANSWER = Completion(text="a", finish_reason="stop", usage=Usage(input_tokens=3), latency_s=0.1, model="m")
IDENTITY = {"base": "m", "settings": {"epochs": 2}}


def write(path: Path, text: str) -> None:
    """Write a text to a file, and create its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def lines_of(rows: Sequence[Any]) -> str:
    """Return the rows as JSON lines."""
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)


def write_runs(folder: Path, run: Run) -> None:
    """Write runs of three tasks, whole, compacted, in shards and killed, with all that is added to runs."""
    for name, more in ((A, ["--snapshot-update"]), (B, ["--resume", "last"])):
        evals = [f"evals/{task}.yaml" for task in ("sums", "lines", "capitals")]
        assert run("command", ["run", *evals, "--record", "cassettes", *more]) in (0, 1)
        (made,) = (p for p in (folder / "reports/runs").iterdir() if p.name not in (A, B))
        made.rename(made.with_name(name))
    rich = rich_run(folder, all_records())
    for record in list(read_records(rich))[:3]:
        path = probe_path(rich, record)
        path.parent.mkdir(exist_ok=True)
        save_capture(_capture(record.key), path)
    for args in (
        ["judge-audit", RICH, "--judge", "scripted:replies.json"],
        ["run", "evals/sums.yaml", "--strategy", "single", "--shard", "1/2"],
        ["run", "evals/sums.yaml", "--strategy", "single", "--shard", "2/2"],
    ):
        assert run("command", args) in (0, 1)
    for path in sorted((folder / "reports/runs").iterdir()):
        if path.name not in (A, B, RICH):
            number = json.loads((path / "run.json").read_text(encoding="utf-8"))["shard"]["index"]
            path.rename(path.with_name(f"shard-{number}"))
    assert run("command", ["tournament", A, "--games", "judge", "--judge", "scripted:replies.json"]) in (0, 4)
    assert run("command", ["compact", B, "--remove-jsonl"]) == 0
    _write_labels_and_reviews(folder)
    _write_unfinished(folder / "reports/runs")
    with closing(ResponseCache(folder / "cache/responses.sqlite")) as cache:
        for at in range(3):
            fields = {"provider": "p", "model": "m", "at": at, "params": {}}
            cache.put(fields, ANSWER, deterministic=True)


def _write_unfinished(runs: Path) -> None:
    """A run that was killed while it answered, and one of the tracker that only logged values."""
    killed, tracked = runs / "killed", runs / "tracked"
    shutil.copytree(runs / A, killed)
    lines = (killed / "records.jsonl").read_bytes().splitlines(keepends=True)
    (killed / "records.jsonl").write_bytes(b"".join(lines[:-2]))
    (killed / "summary.json").unlink()
    UnfinishedCalls(killed).append(
        CompletedCall(
            key=record.key, started_at=record.started_at, request=record.sample_id, elapsed_s=0.5, completion=ANSWER
        )
        for record in list(read_records(runs / A))[-2:]
    )
    tracked.mkdir()
    shutil.copy(runs / A / "run.json", tracked)
    values = [
        {"time": "2026-01-01T00:00:00+00:00", "step": step, "loss": 2.0 - step, "note": "a"} for step in range(3)
    ]
    write(tracked / "metrics.jsonl", lines_of(values))


def _write_labels_and_reviews(folder: Path) -> None:
    """Write labels of answers and reviews of failure modes."""
    records = list(read_records(folder / "reports/runs" / A))
    for record in records[:3]:
        review = Review(
            run_id=record.run_id,
            key=record.key,
            task=record.task,
            sample_id=record.sample_id,
            epoch=record.epoch,
            player=player_of(record),
            what="wrong",
            mode="slip",
            reviewer="ann",
            at="2026-01-01T00:00:00+00:00",
        )
        append_review(folder / "reports/runs" / A, review)
    pairs = [
        (a, b)
        for a in records
        for b in records
        if (a.task, a.sample_id, a.epoch) == (b.task, b.sample_id, b.epoch) and a.label < b.label
    ]
    for a, b in pairs[:6]:
        append_label(
            folder / "reports/labels.jsonl", _label(a, b=player_of(b), winner="a", run_b=b.run_id, key_b=b.key)
        )
    append_label(folder / "reports/labels.jsonl", _label(records[0], kind="rating", rating=3, scale=(1, 5)))


def _label(record: Record, **more: Any) -> Label:
    values = {"kind": "pairwise", "task": record.task, "sample_id": record.sample_id, "a": player_of(record)}
    values |= {"rater": "ann", "at": "2026-01-01T00:00:00+00:00", "run_a": record.run_id, "key_a": record.key}
    return Label(**{**values, **more})


def _capture(key: str) -> Capture:
    n = 4
    return Capture(
        token_ids=tuple(range(n)),
        token_texts=("a", "b", "c", "d"),
        n_prompt=2,
        arrays={
            "token_logprobs": np.full(n, -0.5, np.float32),
            "lens_token_logprobs": np.full((2, n), -0.5, np.float32),
            "lens_top_ids": np.zeros((2, n, 1), np.int32),
            "lens_top_logprobs": np.full((2, n, 1), -0.5, np.float32),
            "attention_weights": np.full((1, 2, n, n), 1 / n, np.float32),
            "attention_layers": np.zeros(1, np.int32),
        },
        metadata={"key": key, "call": 0, "notes": ["n"], "lens_texts": {"0": "a"}},
    )
