"""Damaged files of every kind: a sentence that names the file, in bounded time and memory, and never a traceback."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.folder import Folder
from support.fuzzing.kinds import KINDS
from support.records import record
from support.trust_runs import rich_run
from support.trust_scale import times

from pytest_hiddenlayer.analysis.annotation.labels import read_labels
from pytest_hiddenlayer.analysis.annotation.reviews import read_reviews
from pytest_hiddenlayer.analysis.tournament.games import GameLog
from pytest_hiddenlayer.calls.batch.entries import read_entry
from pytest_hiddenlayer.calls.batch.results import BatchResults
from pytest_hiddenlayer.calls.cassettes.format import read_cassette
from pytest_hiddenlayer.errors import HiddenLayerError, UsageError
from pytest_hiddenlayer.io.codecs import record_from_json, record_to_json
from pytest_hiddenlayer.options import read_servers
from pytest_hiddenlayer.providers.mlx.adapters import check_adapter
from pytest_hiddenlayer.results.log.run_log import read_records
from pytest_hiddenlayer.results.shards.manifest import read_shard

DEEP = "[" * 100_000
PARTS, FILES = times(1, 20), times(40, 500)  # 10,000 files at full
MAIN = """
import sys
sys.path[:0] = [sys.argv[1]]
from support.fuzzing.cases import main
main(sys.argv[2], sys.argv[5:], int(sys.argv[3]), int(sys.argv[4]))
"""


@pytest.mark.slow
@pytest.mark.parametrize("part", range(PARTS))
def test_damaged_files_are_named(folder: Folder, part: int):
    """Every command that reads a damaged file ends with a documented status, names the file, and prints no traceback.

    Each command has 20 seconds of CPU time and 1 GB of memory, of which a usual one takes 0.3 and 0.1.
    """
    place = folder.path / "cases"
    place.mkdir()
    tests = str(Path(__file__).parents[1])
    ended = folder.script(MAIN, tests, str(place), str(FILES), str(part * 1000), *KINDS)
    assert ended.ret == 0, ended.errlines
    problems = [json.loads(line) for line in (place / "problems.jsonl").read_text(encoding="utf-8").splitlines()]
    assert not problems, "\n\n".join(
        f"{p['kind']} {p['number']}: {p['what']}: {p['command']}\n{p['damage']} of {p['file']}\n{p['output'][-1500:]}"
        for p in problems
    )


def labels(**changes: Any) -> dict[str, Any]:
    """A label of two answers."""
    names = ("task", "sample_id", "a", "b", "rater", "at", "run_a", "run_b", "key_a", "key_b")
    return {"schema": 1, "kind": "pairwise", "winner": "a", **dict.fromkeys(names, "x"), **changes}


def a_review(**changes: Any) -> dict[str, Any]:
    """A review of one answer."""
    names = ("run_id", "key", "task", "sample_id", "player", "what", "mode", "reviewer", "at")
    return {"schema": 1, "epoch": 1, **dict.fromkeys(names, "x"), **changes}


def a_game(**changes: Any) -> dict[str, Any]:
    """A game of two players."""
    names = ("key", "source", "rater", "task", "sample_id", "cluster", "a", "b")
    return {"winner": "a", **dict.fromkeys(names, "x"), **changes}


def a_call(**changes: Any) -> dict[str, Any]:
    """A recorded call."""
    values = {"messages": [{"user": "q"}], "model": "m", "provider": "p", "role": "answer", "seed": 1, "text": "a"}
    return {**values, "token_entropies": False, "token_logprobs": False, "usage": {"input_tokens": 1}, **changes}


def an_entry(**changes: Any) -> dict[str, Any]:
    """A batch of one request."""
    texts = dict.fromkeys(("provider", "model", "endpoint", "kind"), "x")
    return {"schema": 1, "tag": "0123456789abcdef", **texts, "keys": ["a"], "n": 1, "intended_s": 1.0, **changes}


def a_record(**changes: Any) -> dict[str, Any]:
    """A record of one answer."""
    return {**record_to_json(record("s", 1.0)), **changes}


def lines_of(*rows: Any) -> str:
    return "".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows)


DAMAGED: list[tuple[str, Callable[[Path], Any], str]] = [
    *(
        ("labels.jsonl", read_labels, lines_of(labels(**wrong)))
        for wrong in (
            {"b": 1},
            {"run_b": ["x"]},
            {"key_b": {}},
            {"scale": {"a": 1}},
            {"kind": "rating", "winner": None, "run_b": []},
        )
    ),
    (
        "labels.jsonl",
        read_labels,
        lines_of(labels(kind="rating", winner=None, b=None, run_b=None, key_b=None, rating=1, scale=[1, 10**400])),
    ),
    *(
        ("reviews.jsonl", lambda path: read_reviews(path.parent), lines_of(a_review(**wrong)))
        for wrong in ({"player": ["x"]}, {"epoch": "x"}, {"task": None}, {"mode": 1}, {"what": {}})
    ),
    *(
        ("games.jsonl", lambda path: GameLog(path.parent).read(), lines_of(a_game(**wrong)))
        for wrong in (
            {"key": []},
            {"sample_id": {}},
            {"winner": []},
            {"votes": 1},
            {"votes": ["A"]},
            {"consistent": "x"},
        )
    ),
    *(
        ("0123456789abcdef.json", read_entry, json.dumps(an_entry(**wrong)))
        for wrong in ({"keys": 1}, {"intended_s": "x"}, {"n": None}, {"intended_s": float("nan")}, {"not_ours": "x"})
    ),
    ("0123456789abcdef.json", read_entry, DEEP),
    ("0123456789abcdef.json", read_entry, "[]"),
    *(
        ("0123456789abcdef.jsonl", lambda path: BatchResults(path, lambda values: str(values.get("id"))), line)
        for line in (DEEP, "[1]\n", "no\n")
    ),
    *(
        ("c.jsonl", lambda path: list(read_cassette(path)), lines_of(a_call(**wrong)))
        for wrong in (
            {"logprobs": [10**400]},
            {"logprobs": ["x"]},
            {"usage": {"input_tokens": -5}},
            {"usage": {"output_tokens": "x"}},
            {"finish_reason": 1},
            {"warnings": "x"},
            {"warnings": [1]},
            {"reasoning": []},
            {"token_texts": [None]},
            {"alternatives": [1]},
            {"entropies": {}},
            {"answered_by": 1},
        )
    ),
    ("c.jsonl", lambda path: list(read_cassette(path)), DEEP + "\n"),
    ("c.jsonl", lambda path: list(read_cassette(path)), lines_of(a_call(top_logprobs=float("nan")))),
    ("records.jsonl", lambda path: list(read_records(path.parent)), lines_of(a_record(metadata={"a": float("inf")}))),
    (
        "records.jsonl",
        lambda path: list(read_records(path.parent)),
        lines_of(a_record(metadata={"a": 7})).replace("7", "1e999"),
    ),
    *(
        ("servers.yaml", read_servers, text)
        for text in (
            "9" * 5000,
            f"- {{url: http://a, concurrency: {'9' * 5000}}}",
            "- 2026-99-99",
            DEEP,
            "- &a [*a, *a]",
            "- !!float x",
            "- {url: http://a, concurrency: &a [x, x]}",
            "- {url: http://a, 2026-99-99: 1}",
            "\x00",
            "- http://[",
        )
    ),
    ("adapter_config.json", lambda path: check_adapter(path.parent, "m", None), DEEP),
]


@pytest.mark.parametrize(
    ("name", "read", "content"), DAMAGED, ids=lambda value: value[:30] if isinstance(value, str) else ""
)
def test_a_damaged_file_is_one_sentence(tmp_path: Path, name: str, read: Callable[[Path], Any], content: str):
    """Readers that trusted a type, a depth or a size name the file instead."""
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    with pytest.raises(HiddenLayerError, match=name.partition(".")[0]) as raised:
        read(path)
    assert len(str(raised.value)) < 1000


@pytest.mark.parametrize(
    ("key", "value"),
    [
        *(("scoring_calls", value) for value in ("x", -1, {}, 2, True, 10**30)),
        *(("recorded_counts", value) for value in ({"a": 1}, [], {"correct": 3, "of": 2}, {"correct": "x", "of": 2})),
        *(("round_scores", value) for value in ([], {"agent-1": []}, {"agent-1": {"x": {}}}, {"agent-1": {"0": 1}})),
        *(("sample_scores", value) for value in ("x", {"sample-1": 1}, {"sample-1": {"score": "x"}})),
        *(("elicited_confidence", value) for value in (1, {"p_true": 1}, {"p_true": {"value": 2}})),
        ("own_prompts", {"a": 1}),
        ("recorded_calls", "x"),
    ],
)
def test_metadata_of_the_engine_have_its_types(key: str, value: Any):
    """A record whose metadata hold something else where the engine writes is refused, with the key."""
    written = record_to_json(record("s", 1.0, transcript=[{"role": "answer"}]))
    with pytest.raises(TypeError, match=f"answer_metadata.{key}"):
        record_from_json({**written, "answer_metadata": {key: value}})


@pytest.mark.parametrize("value", [{"a": 1}, "x", [], 1.5])
def test_cells_of_a_shard_have_their_types(tmp_path: Path, value: Any):
    """`merge` names run.json if a cell in it has another type than a run writes."""
    run = rich_run(tmp_path)
    cell = dict.fromkeys(
        ("task", "task_hash", "strategy", "label", "provider", "model", "slug", "params", "scorer", "reducer"), "x"
    )
    numbers = dict.fromkeys(("seed", "epochs", "pass_score", "min_scored", "margin", "min_effect", "total"), 1)
    cells = [{**cell, **numbers, "strategy_params": {}, "threshold": None, "answers": value}]
    shard = {"index": 1, "of": 2, "plan": "p", "units": 1, "all_units": 2, "options": {}, "cells": cells}
    (run / "run.json").write_text(json.dumps({"run_id": "r", "shard": shard}), encoding="utf-8")
    with pytest.raises(UsageError, match=r"run\.json: the part `shard` is damaged"):
        read_shard(run)


def test_a_deep_task_file_takes_no_time(folder: Folder):
    """A task file of 100,000 nested lists is refused at once, and the other task file is collected."""
    folder.task("good", n=1)
    samples = '[{"input": "a", "target": "b"}]'
    folder.write("evals/deep.yaml", f'{{"task": "deep", "samples": {samples}, "strategies": {DEEP}{"]" * 100_000}}}')
    printed = folder.plain("evals", "--co", "-q")
    assert "evals/deep.yaml:1: is nested more than 50 levels deep" in printed.stdout.str()
    assert "good" in printed.stdout.str()


def test_a_damaged_cassette_is_named_before_anything_is_asked(folder: Folder):
    """`--record` into a folder with a damaged cassette asks nothing: the calls could not be merged into it."""
    folder.task()
    folder.replies()
    folder.write("cassettes/scripted-replies.json.jsonl", lines_of(a_call(usage={"input_tokens": "x"})))
    for printed in (
        folder.run("--record", "cassettes"),
        folder.command("run", "evals", "--provider", "scripted:replies.json", "--record", "cassettes"),
    ):
        said = printed.stdout.str() + printed.stderr.str()
        assert printed.ret in (1, 4)
        assert "scored 0 of 3" in said
        assert "scripted-replies.json.jsonl:1: not a recorded call" in said
        assert "Traceback" not in said
    assert list(folder.path.rglob("records.jsonl")) == []


@pytest.mark.parametrize("strategy", ["self_consistency: {temperature: %s}", "self_consistency: {n_samples: %s}"])
def test_a_huge_parameter_is_refused(folder: Folder, strategy: str):
    """A whole number that no floating-point number holds is an error of the task file, with its line."""
    folder.task()
    written = strategy % ("9" * 400)
    path = folder.write(
        "evals/huge.yaml",
        f"task: huge\nsamples: [{{input: a, target: b}}]\nscorers: [exact]\nstrategies:\n  - {written}\n",
    )
    printed = folder.command("run", str(path.relative_to(folder.path)), "--provider", "scripted")
    assert "Traceback" not in printed.stderr.str()
    assert printed.ret in (1, 4)
    assert "evals/huge.yaml:5" in printed.stdout.str() + printed.stderr.str()


def test_a_path_of_many_digits_is_refused(folder: Folder):
    """`path: 999…` in a task file names the file, also with more digits than Python converts."""
    folder.write("evals/rows.json", [[{"input": "a", "target": "b"}]])
    folder.write("evals/t.yaml", f"task: t\nscorers: [exact]\nsamples: {{file: rows.json, path: x.{'9' * 5000}}}\n")
    folder.write("evals/u.yaml", f"task: u\nscorers: [exact]\nsamples: {{file: rows.json, path: '{'9' * 5000}'}}\n")
    printed = folder.command("run", "evals", "--provider", "scripted").stderr.str()
    assert "Traceback" not in printed
    assert "rows.json: has nothing at `path:" in printed
