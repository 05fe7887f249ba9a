"""A project with a file of every kind that is read, written by the project's own code where it writes such files."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pytest_hiddenlayer.analysis.annotation.labels import Label, append_label
from pytest_hiddenlayer.analysis.annotation.reviews import Review, append_review
from pytest_hiddenlayer.analysis.answers import player_of
from pytest_hiddenlayer.calls.batch.entries import BatchEntry
from pytest_hiddenlayer.probes.capture import Capture
from pytest_hiddenlayer.probes.capture_files import save_capture
from pytest_hiddenlayer.probes.concepts.files import save_concept_vector
from pytest_hiddenlayer.probes.concepts.vector import ConceptVector
from pytest_hiddenlayer.probes.run_files import probe_path
from pytest_hiddenlayer.results.log.run_log import read_records
from pytest_hiddenlayer.types import Record
from support.fuzzing.conversions import write_conversions
from support.gguf_models import write_gguf
from support.sample_records import all_records
from support.trust_runs import rich_run

Run = Callable[[str, Sequence[str]], int]
"""Runs a front end with arguments in the project, and returns its exit status."""

ROWS = [
    {"id": f"s{i}", "input": f"{i}+{i}?", "target": str(2 * i), "metadata": {"level": i, "kind": "a"}}
    for i in range(5)
]
TASK = """\
# sums that are asked in two ways
task: sums
description: Adds a number to itself
tags: [quick, math]
prompt: "{{ input }} Add it up."
scorers:
  - exact
  - numeric: {abs_tol: 0.01}
strategies:
  - single
  - self_consistency: {n_samples: 3}
  - debate: {n_agents: 2, n_rounds: 2}
generate: {temperature: 0.7, max_tokens: 40, stop: ["\\n\\n"]}
epochs: 2
reducer: mean
threshold: 0.5
samples:
  - {id: s0, input: "0+0?", target: "0", metadata: {tags: [easy]}}
  - id: s1
    input: "1+1?"
    target: ["2", two]
    metadata: {level: 1, place: "São Paulo"}
  - {id: s2, input: "2+2?", target: "4", must_pass: true, group: pair}
  - {id: s3, input: "3+3?", target: "6", group: pair}
"""
CHOICE = """\
task: capitals
scorers: [choice]
samples: {file: capitals.json}
fields: {input: question, target: answer, choices: options}
"""
PRICES = """\
prices:
  - {provider: openai, model: "gpt-5*", since: 2026-01-31, input: 1.25, output: 10, cached_input: 0.125}
  - provider: scripted
    model: replies.json
    since: 2025-06-01
    input: "0.1"
    output: 0.2
    batch_factor: 0.5
"""
SERVERS = """\
- http://127.0.0.1:9/v1
- url: http://127.0.0.1:10/v1
  concurrency: 4
"""
PRESET = """\
description: Three samples that vote.
paper: arXiv:2203.11171
strategy: self_consistency
parameters: {n_samples: 3, temperature: 0.7}
"""
PROMPT = "Other agents said:\n{{ answers }}\nReconsider. {{ task }}\n"
RUN_A, RUN_B, RICH = "20260101T000000Z-aaaaaaaa", "20260102T000000Z-bbbbbbbb", "run"


def write_project(folder: Path, run: Run) -> None:
    """Write the project; what its own commands write, such as runs and snapshots, they write here."""
    _write(
        folder / "pytest.ini",
        "[pytest]\nhl_seed = 4\nhl_provider = scripted:replies.json\nmarkers =\n    own: mine\n",
    )
    _write_evals(folder / "evals")
    _write(folder / "hiddenlayer-prices.yaml", PRICES)
    _write(folder / "servers.yaml", SERVERS)
    _write(folder / "presets" / "mine.yaml", PRESET)
    _write(folder / "prompts" / "debate" / "reconsider.txt", PROMPT)
    rules = [{"contains": f"{i}+{i}?", "reply": f"It is {2 * i}"} for i in range(4)]
    rules += [
        {"role": "judge", "replies": ["[[A]]", "[[B]]"]},
        {"contains": "4+4?", "reply": "9", "logprobs": [-0.1]},
    ]
    _write(folder / "replies.json", json.dumps({"rules": rules, "default": "no"}, indent=1))
    write_conversions(folder / "theirs")
    _write_files(folder / "files")
    _write_runs(folder, run)


def _write_files(files: Path) -> None:
    """Files that only Python code, or a run with a model or a server, reads."""
    tag = "0123456789abcdef"
    entry = BatchEntry(
        tag=tag,
        provider="openai",
        model="m",
        endpoint="e",
        kind="chat",
        keys=["a", "b"],
        n=2,
        intended_s=1.5e9,
        batch_id="batch_1",
        collected=True,
        duration_s=12.5,
    )
    _write(files / f"{tag}.json", entry.to_json())
    results = [{"custom_id": key, "response": {"status_code": 200, "body": {"choices": []}}} for key in entry.keys]
    _write(files / f"{tag}.jsonl", _lines(results))
    _write(files / "adapter" / "adapters.safetensors", "x")
    parameters = {"rank": 8, "scale": 20.0, "dropout": 0.0, "keys": None}
    config = {"fine_tune_type": "lora", "num_layers": 4, "lora_parameters": parameters}
    _write(files / "adapter" / "adapter_config.json", json.dumps(config))
    manifest = {
        "schema": 1,
        "base": {"model": "m", "fingerprint": "0a"},
        "settings": {"epochs": 2},
        "losses": [2.0, 1.5],
    }
    _write(files / "adapter" / "finetuning.json", json.dumps(manifest))
    chat = [{"role": "user", "content": "1+1?"}, {"role": "assistant", "content": "2"}]
    _write(files / "chats.jsonl", _lines([{"messages": chat}, {"messages": chat, "id": "b"}]))
    write_gguf(files / "small.gguf")
    vector = ConceptVector(
        direction=np.eye(1, 4, dtype=np.float32)[0],
        method="mean",
        gap=1.0,
        midpoint=0.5,
        activation_norm=2.0,
        n_positive=3,
        n_negative=3,
        layer=1,
        site="residual_post",
        model="m",
        fingerprint="0a",
    )
    save_concept_vector(vector, files / "truth.safetensors")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def _lines(rows: Sequence[Any]) -> str:
    return "".join(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)


def _write_evals(evals: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    _write(evals / "sums.yaml", TASK)
    _write(evals / "capitals.yaml", CHOICE)
    capitals = [
        {"id": n, "question": f"Capital of {n}?", "answer": "B", "options": ["x", n, "y"]} for n in ("Rom", "Bern")
    ]
    _write(evals / "capitals.json", json.dumps(capitals))
    for name, kind in (("lines", "jsonl"), ("cells", "csv"), ("columns", "parquet")):
        _write(evals / f"{name}.yaml", f"task: {name}\nscorers: [exact]\nsamples: {{file: {name}.{kind}}}\n")
    _write(evals / "lines.jsonl", _lines(ROWS))
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerows([["id", "input", "target", "level"], *([r["id"], r["input"], r["target"], 1] for r in ROWS)])
    _write(evals / "cells.csv", table.getvalue())
    plain = [{key: row[key] for key in ("id", "input", "target")} for row in ROWS]
    parquet.write_table(pa.Table.from_pylist(plain), evals / "columns.parquet")
    _write(
        evals / "told.yaml",
        "task: told\nscorers: [exact]\nsamples: {file: lines.jsonl}\noutputs: told.outputs.jsonl\n",
    )
    _write(evals / "told.outputs.jsonl", _lines([{"id": r["id"], "output": r["target"]} for r in ROWS]))


def _write_runs(folder: Path, run: Run) -> None:
    """Two runs of all tasks, with cassettes and snapshots, and one whose records hold everything."""
    for name, more in ((RUN_A, ["--snapshot-update"]), (RUN_B, ["--resume", "last"])):
        evals = [f"evals/{task}.yaml" for task in ("sums", "lines", "capitals")]
        assert run("command", ["run", *evals, "--record", "cassettes", *more]) in (0, 1)
        (made,) = (p for p in (folder / "reports/runs").iterdir() if p.name not in (RUN_A, RUN_B))
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
        if path.name not in (RUN_A, RUN_B, RICH):
            number = json.loads((path / "run.json").read_text(encoding="utf-8"))["shard"]["index"]
            path.rename(path.with_name(f"shard-{number}"))
    assert run("command", ["tournament", RUN_A, "--games", "judge", "--judge", "scripted:replies.json"]) in (0, 4)
    assert run("command", ["compact", RUN_B, "--remove-jsonl"]) == 0
    _write_people(folder)


def _write_people(folder: Path) -> None:
    """Labels of answers and reviews of modes, as people gave them."""
    records = list(read_records(folder / "reports/runs" / RUN_A))
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
        append_review(folder / "reports/runs" / RUN_A, review)
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
