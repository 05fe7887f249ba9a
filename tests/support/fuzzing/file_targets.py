"""Readers of files, for the coverage-guided fuzzer: whatever the bytes are, the only error is one for a user."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from pytest_hiddenlayer.analysis.annotation.labels import read_labels
from pytest_hiddenlayer.analysis.annotation.reviews import read_reviews
from pytest_hiddenlayer.analysis.tournament.games import GameLog
from pytest_hiddenlayer.calls.batch.entries import read_entry
from pytest_hiddenlayer.calls.cache.sqlite import open_cache
from pytest_hiddenlayer.calls.cassettes.format import read_cassette
from pytest_hiddenlayer.calls.cost.price_file import read_own_prices
from pytest_hiddenlayer.errors import HiddenLayerError
from pytest_hiddenlayer.finetuning.adapters import read_manifest
from pytest_hiddenlayer.finetuning.checkpoint import load_checkpoint
from pytest_hiddenlayer.finetuning.examples import examples_from_jsonl
from pytest_hiddenlayer.finetuning.training_log import read_curves
from pytest_hiddenlayer.finetuning.weights import write_weights
from pytest_hiddenlayer.options import read_servers
from pytest_hiddenlayer.presets.preset_file import read_preset
from pytest_hiddenlayer.probes.capture_files import load_capture
from pytest_hiddenlayer.probes.concepts.files import load_concept_vector
from pytest_hiddenlayer.providers.mlx.adapters import check_adapter
from pytest_hiddenlayer.providers.mlx.gguf.reader import read_gguf
from pytest_hiddenlayer.results.log.parquet_file import parquet_lines, read_columns
from pytest_hiddenlayer.results.log.run_listing import list_runs
from pytest_hiddenlayer.results.log.run_log import read_records
from pytest_hiddenlayer.results.log.unfinished_calls import unfinished_calls
from pytest_hiddenlayer.results.regression.snapshot_reader import read_snapshot
from pytest_hiddenlayer.results.run_reader import open_run
from pytest_hiddenlayer.results.shards.manifest import read_shard
from pytest_hiddenlayer.taskfile.load import load_task
from support.fuzzing.commands import A
from support.fuzzing.run_seeds import IDENTITY

Read = Callable[[Path], Any]
SAMPLES = "task: t\nscorers: [exact]\nsamples: {file: FILE}\n"


def read(name: str, reader: Read, data: bytes) -> None:
    """Read a file of this name and content in an empty project. Raises any error that is not a HiddenLayerError."""
    with tempfile.TemporaryDirectory(prefix="fuzzing-") as folder:
        path = Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        with suppress(HiddenLayerError):
            reader(path)


def _samples(path: Path) -> None:
    task = path.with_name("task.yaml")
    task.write_text(SAMPLES.replace("FILE", path.name), encoding="utf-8")
    for sample in load_task(task, path.parent).samples:
        assert sample.id


def _task(path: Path) -> None:
    load_task(path, path.parent)


def _records(path: Path) -> None:
    for record in read_records(path.parent):
        assert record.key


def _columns(path: Path) -> None:
    """The lines of a compacted log, and a column of texts."""
    assert all(isinstance(line, bytes) for line in parquet_lines(path))
    read_columns(path, ["sample_id"])["sample_id"].to_pylist()


def _shown(path: Path) -> None:
    (path.parent / "records.jsonl").touch()
    assert list_runs(path.parents[2])
    open_run(path.parent)


def _shard(path: Path) -> None:
    (path.parent / "records.jsonl").touch()
    read_shard(path.parent)


def _cache(path: Path) -> None:
    open_cache(path).close()


def _adapter(path: Path) -> None:
    check_adapter(path.parent, "m", None)
    read_manifest(path.parent)


def _checkpoint(path: Path) -> None:
    import mlx.core as mx

    for name in ("weights", "optimizer"):
        write_weights(path.with_name(f"{name}.safetensors"), {"a": mx.array([1.0])})
    load_checkpoint(path.parents[2], IDENTITY)


RUN = f"reports/runs/{A}"
READERS: dict[str, tuple[str, Read]] = {
    "task": ("evals/task.yaml", _task),
    "samples jsonl": ("evals/samples.jsonl", _samples),
    "samples json": ("evals/samples.json", _samples),
    "samples csv": ("evals/samples.csv", _samples),
    "samples parquet": ("evals/samples.parquet", _samples),
    "records": (f"{RUN}/records.jsonl", _records),
    "records parquet": (f"{RUN}/records.parquet", _columns),
    "unfinished calls": (f"{RUN}/calls/0.jsonl", lambda path: list(unfinished_calls(path.parents[1]))),
    "manifest": (f"{RUN}/run.json", _shown),
    "shard": (f"{RUN}/run.json", _shard),
    "snapshot": ("snapshots/t/s.json", read_snapshot),
    "cassette": ("cassettes/m.jsonl", lambda path: list(read_cassette(path))),
    "prices": ("hiddenlayer-prices.yaml", read_own_prices),
    "servers": ("servers.yaml", read_servers),
    "preset": ("presets/mine.yaml", lambda path: read_preset(path, path.parent)),
    "labels": ("reports/labels.jsonl", read_labels),
    "reviews": (f"{RUN}/reviews.jsonl", lambda path: read_reviews(path.parent)),
    "games": (f"{RUN}/games.jsonl", lambda path: GameLog(path.parent).read()),
    "batch entry": ("batches/entry.json", read_entry),
    "cache": ("cache/responses.sqlite", _cache),
    "capture": ("probes/s.npz", load_capture),
    "concept vector": ("vector.safetensors", partial(load_concept_vector, model="m", fingerprint=None)),
    "gguf": ("model.gguf", read_gguf),
    "adapter": ("adapter/adapter_config.json", _adapter),
    "checkpoint": ("adapter/checkpoints/step-00000001/state.json", _checkpoint),
    "training chats": ("chats.jsonl", examples_from_jsonl),
    "training log": ("adapter/training.jsonl", lambda path: read_curves(path.parent)),
}
"""What is read → (name of its file in a project, its reader)."""
