"""A project with a file of every kind that is read, written by the project's own code where it writes such files."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np

from pytest_hiddenlayer.calls.batch.entries import BatchEntry
from pytest_hiddenlayer.finetuning.checkpoint import Checkpoint, Progress, save_checkpoint
from pytest_hiddenlayer.probes.concepts.files import save_concept_vector
from pytest_hiddenlayer.probes.concepts.vector import ConceptVector
from support.fuzzing.conversions import write_conversions
from support.fuzzing.run_seeds import IDENTITY, Run, lines_of, write, write_runs
from support.gguf_models import write_gguf

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


def write_project(folder: Path, run: Run) -> None:
    """Write the project; what its own commands write, such as runs and snapshots, they write here."""
    write(
        folder / "pytest.ini",
        "[pytest]\nhl_seed = 4\nhl_provider = scripted:replies.json\nmarkers =\n    own: mine\n",
    )
    _write_evals(folder / "evals")
    write(folder / "hiddenlayer-prices.yaml", PRICES)
    write(folder / "servers.yaml", SERVERS)
    write(folder / "presets" / "mine.yaml", PRESET)
    write(folder / "prompts" / "debate" / "reconsider.txt", PROMPT)
    rules = [{"contains": f"{i}+{i}?", "reply": f"It is {2 * i}"} for i in range(4)]
    rules += [
        {"role": "judge", "replies": ["[[A]]", "[[B]]"]},
        {"contains": "4+4?", "reply": "9", "logprobs": [-0.1]},
    ]
    write(folder / "replies.json", json.dumps({"rules": rules, "default": "no"}, indent=1))
    write_conversions(folder / "theirs")
    _write_files(folder / "files")
    write_runs(folder, run)


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
    write(files / f"{tag}.json", entry.to_json())
    results = [{"custom_id": key, "response": {"status_code": 200, "body": {"choices": []}}} for key in entry.keys]
    write(files / f"{tag}.jsonl", lines_of(results))
    write(files / "adapter" / "adapters.safetensors", "x")
    parameters = {"rank": 8, "scale": 20.0, "dropout": 0.0, "keys": None}
    config = {"fine_tune_type": "lora", "num_layers": 4, "lora_parameters": parameters}
    write(files / "adapter" / "adapter_config.json", json.dumps(config))
    manifest = {
        "schema": 1,
        "base": {"model": "m", "fingerprint": "0a"},
        "settings": {"epochs": 2},
        "losses": [2.0, 1.5],
    }
    write(files / "adapter" / "finetuning.json", json.dumps(manifest))
    checkpoint = Checkpoint(
        progress=Progress(step=3, best_step=2, best_loss=1.5, tokens=90), weights={}, optimizer={}
    )
    save_checkpoint(files / "adapter", checkpoint, IDENTITY)
    chat = [{"role": "user", "content": "1+1?"}, {"role": "assistant", "content": "2"}]
    write(files / "chats.jsonl", lines_of([{"messages": chat}, {"messages": chat, "id": "b"}]))
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


def _write_evals(evals: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    write(evals / "sums.yaml", TASK)
    write(evals / "capitals.yaml", CHOICE)
    capitals = [
        {"id": n, "question": f"Capital of {n}?", "answer": "B", "options": ["x", n, "y"]} for n in ("Rom", "Bern")
    ]
    write(evals / "capitals.json", json.dumps(capitals))
    for name, kind in (("lines", "jsonl"), ("cells", "csv"), ("columns", "parquet")):
        write(evals / f"{name}.yaml", f"task: {name}\nscorers: [exact]\nsamples: {{file: {name}.{kind}}}\n")
    write(evals / "lines.jsonl", lines_of(ROWS))
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerows([["id", "input", "target", "level"], *([r["id"], r["input"], r["target"], 1] for r in ROWS)])
    write(evals / "cells.csv", table.getvalue())
    plain = [{key: row[key] for key in ("id", "input", "target")} for row in ROWS]
    parquet.write_table(pa.Table.from_pylist(plain), evals / "columns.parquet")
    write(
        evals / "told.yaml",
        "task: told\nscorers: [exact]\nsamples: {file: lines.jsonl}\noutputs: told.outputs.jsonl\n",
    )
    write(evals / "told.outputs.jsonl", lines_of([{"id": r["id"], "output": r["target"]} for r in ROWS]))
