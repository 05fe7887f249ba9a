"""Which commands read which file."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import pytest_hiddenlayer.cli
from pytest_hiddenlayer.calls.batch.results import BatchResults
from pytest_hiddenlayer.errors import HiddenLayerError
from pytest_hiddenlayer.finetuning.checkpoint import load_checkpoint
from support.fuzzing.commands import CONVERTED, RICH, RICHLY, SHOWN, TASKS, A, B, Command, fn, hl, py, swapped
from support.fuzzing.file_targets import READERS
from support.fuzzing.run_seeds import IDENTITY


@dataclass(frozen=True)
class Kind:
    """A kind of file."""

    name: str
    files: tuple[str, ...]  # patterns in the project
    commands: tuple[Command, ...]
    named: tuple[str, ...] = ()  # one of these is in the message of an error; (): the file's name


KINDS = {
    kind.name: kind
    for kind in (
        Kind("task", ("evals/sums.yaml", "evals/capitals.yaml"), TASKS),
        Kind("samples", ("evals/*.jsonl", "evals/*.json", "evals/*.csv"), TASKS[:5]),
        Kind("parquet samples", ("evals/*.parquet",), TASKS[:5]),
        Kind(
            "outputs",
            ("evals/told.outputs.jsonl",),
            (hl("run evals/told.yaml --provider recorded"), py("evals/told.yaml --hl-provider recorded")),
        ),
        Kind(
            "preset",
            ("presets/mine.yaml",),
            (hl("presets"), hl("presets mine"), hl("run evals/sums.yaml --strategy preset:mine")),
        ),
        Kind(
            "prompt",
            ("prompts/debate/reconsider.txt",),
            (hl("run evals/sums.yaml --prompts prompts"), py("evals/sums.yaml --hl-prompts prompts")),
        ),
        Kind(
            "prices",
            ("hiddenlayer-prices.yaml",),
            (hl("prices"), hl("prices gpt-5 --json"), hl("run evals/sums.yaml"), py("evals/lines.yaml")),
        ),
        Kind(
            "servers",
            ("servers.yaml",),
            (
                hl("run evals/lines.yaml --base-url openai=servers.yaml"),
                py("evals/lines.yaml --hl-base-url openai=servers.yaml"),
            ),
        ),
        Kind("script", ("replies.json",), (hl("run evals/sums.yaml"), py("evals/sums.yaml"))),
        Kind("ini", ("pytest.ini",), (hl("runs"), hl("run evals/lines.yaml")), ("pytest.ini", "provider")),
        Kind(
            "cassette",
            ("cassettes/*.jsonl",),
            (
                hl("run evals --replay cassettes"),
                hl("run evals --record cassettes"),
                py("evals --replay cassettes"),
                py("evals --record cassettes"),
            ),
        ),
        Kind(
            "snapshot",
            ("snapshots/sums/*.json", "snapshots/lines/*.json"),
            (
                hl("run evals"),
                hl("run evals --gate require"),
                hl("run evals --snapshot-update"),
                hl(f"compare snapshots {A}"),
                py("evals"),
                hl(f"compare {A} snapshots --json"),
                hl(f"diff snapshots {A}"),
                hl(f"review {A} --against snapshots --counts"),
                hl("run evals --baseline snapshots"),
                hl(f"compare snapshots {A} --html page.html"),
            ),
        ),
        Kind("records", (f"reports/runs/{A}/records.jsonl",), SHOWN, ("records.jsonl", A, "this run")),
        Kind("manifest", (f"reports/runs/{A}/run.json",), SHOWN, ("run.json", A)),
        Kind("summary", (f"reports/runs/{A}/summary.json",), SHOWN, ("summary.json", A)),
        Kind(
            "rich records",
            (
                f"reports/runs/{RICH}/records.jsonl",
                f"reports/runs/{RICH}/changes.json",
                f"reports/runs/{RICH}/summary.json",
                f"reports/runs/{RICH}/run.json",
            ),
            RICHLY,
            ("records.jsonl", "changes.json", "summary.json", "run.json", RICH),
        ),
        Kind(
            "compacted records",
            (f"reports/runs/{B}/records.parquet",),
            (*map(swapped, SHOWN), hl(f"compact {B} --restore")),
            ("records.parquet", B, "this run"),
        ),
        Kind(
            "shard",
            ("reports/runs/shard-1/run.json", "reports/runs/shard-2/records.jsonl"),
            (
                hl("merge shard-1 shard-2"),
                hl("merge shard-2 shard-1"),
                hl("run evals --resume shard-1"),
                hl("show shard-1"),
            ),
            ("run.json", "records.jsonl", "shard-1", "shard-2"),
        ),
        Kind("capture", (f"reports/runs/{RICH}/probes/*.npz",), (hl(f"open {RICH} --no-browser"), fn("capture"))),
        Kind(
            "labels",
            ("reports/labels.jsonl",),
            (
                hl(f"tournament {A} --games labels --labels reports/labels.jsonl"),
                hl(f"judge-audit {A} --judge scripted:replies.json --labels reports/labels.jsonl"),
                hl(f"label {A} --kind rating"),
            ),
        ),
        Kind(
            "reviews",
            (f"reports/runs/{A}/reviews.jsonl",),
            (
                hl(f"review {A} --counts"),
                hl(f"review {A} --export"),
                hl(f"review {A} --json"),
                hl(f"review {A} --counts --json"),
                hl(f"review {A}"),
                hl(f"open {A} --no-browser"),
            ),
        ),
        Kind(
            "games",
            (f"reports/runs/{A}/games.jsonl",),
            (hl(f"tournament {A} --games judge --judge scripted:replies.json"),),
        ),
        Kind(
            "audit",
            (f"reports/runs/{RICH}/judge_audit.json",),
            (
                hl(f"judge-audit {RICH} --judge scripted:replies.json"),
                hl(f"open {RICH} --no-browser"),
                hl(f"show {RICH}"),
            ),
        ),
        Kind(
            "unfinished calls",
            ("reports/runs/killed/calls/*.jsonl",),
            tuple(map(hl, ("run evals --resume killed", "show killed", "runs", "open killed --no-browser"))),
            (".jsonl", "killed"),
        ),
        Kind(
            "tracker values",
            ("reports/runs/tracked/metrics.jsonl", "reports/runs/tracked/run.json"),
            tuple(map(hl, ("runs", "runs --json", "show tracked", "open tracked --no-browser"))),
            ("metrics.jsonl", "run.json", "tracked"),
        ),
        Kind(
            "cache",
            ("cache/responses.sqlite",),
            tuple(
                map(
                    hl,
                    (
                        "cache --path cache/responses.sqlite",
                        "cache --path cache/responses.sqlite --json",
                        "cache --path cache/responses.sqlite --prune 0",
                    ),
                )
            ),
        ),
        Kind("checkpoint", ("files/adapter/checkpoints/*/state.json",), (fn("checkpoint"),), ("step-00000003",)),
        Kind("batch entry", ("files/*.json",), (fn("batch entry"),)),
        Kind("batch results", ("files/0*.jsonl",), (fn("batch results"),)),
        Kind("adapter", ("files/adapter/*.json",), (fn("adapter"),), ("adapter",)),
        Kind("model", ("files/*.gguf",), (fn("model"),)),
        Kind("concept vector", ("files/*.safetensors",), (fn("concept vector"),)),
        Kind("training chats", ("files/chats.jsonl",), (fn("training chats"),)),
        Kind("convert", ("theirs/*.*", "theirs/registry/evals/*", "theirs/registry/data/*/*"), CONVERTED),
        Kind(
            "lm-eval",
            ("theirs/lm_eval/*",),
            (
                hl("convert theirs/lm_eval/sums.yaml --data theirs/lm_eval/test.jsonl --check"),
                hl("convert theirs/lm_eval --data theirs/lm_eval --check"),
            ),
            ("sums.yaml", "test.jsonl", "theirs/lm_eval"),
        ),
    )
}


READ_IN_PYTHON = ("capture", "batch entry", "adapter", "concept vector", "training chats")
FUNCTIONS: dict[str, Callable[[Path], Any]] = {
    **{name: READERS[name][1] for name in READ_IN_PYTHON},
    "batch results": lambda path: BatchResults(path, lambda values: str(values.get("custom_id"))).close(),
    "checkpoint": lambda path: load_checkpoint(path.parents[2], IDENTITY),
    "model": READERS["gguf"][1],
}


def run_front_end(command: Command) -> int:
    """The exit status of a command in this process."""
    args = list(command.args)
    if command.front_end == "pytest":
        sys.argv[:] = ["pytest", *args]
        return int(pytest.main(args))
    if command.front_end == "function":
        return _read(FUNCTIONS[args[0]], Path(args[1]))
    sys.argv[:] = ["hiddenlayer", *args]
    try:
        return int(pytest_hiddenlayer.cli.main(args))
    except SystemExit as stop:
        return int(stop.code or 0)


def _read(read: Callable[[Path], Any], path: Path) -> int:
    try:
        read(path)
    except HiddenLayerError as error:
        print(f"{type(error).__name__}: {error}")
        return 4
    return 0
