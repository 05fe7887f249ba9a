"""Runs whose every text is another payload."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pytest_hiddenlayer.probes.capture import Capture
from pytest_hiddenlayer.probes.capture_files import save_capture
from pytest_hiddenlayer.probes.run_files import probe_path
from pytest_hiddenlayer.report.file_types import changes_types
from pytest_hiddenlayer.report.file_types.json_types import list_of, object_of
from pytest_hiddenlayer.report.file_types.manifest_types import _KNOWN as KNOWN
from pytest_hiddenlayer.report.file_types.summary_types import CELL
from pytest_hiddenlayer.results.log.run_log import read_records

from .every_field import filled
from .page_payloads import PAYLOADS
from .sample_records import all_records
from .trust_runs import rich_run

IDENTITY = {
    "task",
    "label",
    "strategy",
    "provider",
    "model",
    "slug",
    "sample_id",
    "sample",
    "scorer",
    "cell",
    "tags",
    "only_old",
    "only_new",
}
"""Fields whose equal values stay equal, so that records, cells and changes still belong together."""
KEPT = {
    "outcome",
    "passes",
    "answers",
    "key",
    "run_id",
    "sample_hash",
    "started_at",
    "ended_at",
    "verdict",
    "verdict_with_lost",
    "kind",
    "gate",
}
NAMED = {
    "metadata",
    "scores",
    "strategy_params",
    "scorers",
    "options",
    "tasks",
    "versions",
    "host",
    "unscored",
    "other_scorers",
    "votes",
    "warnings",
}
"""Objects whose names are written by users or models."""
FILES = {"summary.json": list_of(CELL), "changes.json": changes_types._CHANGES, "run.json": object_of(KNOWN)}
"""Files of a run, and the types of what they hold."""
NOT_SHOWN = {
    "changes.cells.comparison.baseline",
    "changes.cells.comparison.new.method",
    "changes.cells.comparison.newly_right",
    "changes.cells.comparison.newly_wrong",
    "changes.cells.comparison.old.method",
    "changes.cells.comparison.untested",
    "changes.cells.other_scorers.*.method",
    "changes.cells.other_scorers.*.new.method",
    "changes.cells.other_scorers.*.old.method",
    "changes.new",
    "run.finished_at",
    "run.host",
    "run.host.*",
}
"""Fields of which the page of a run shows nothing."""
RECORD = {
    "strategy_params": {"name": "text"},
    "confidence": {"stated": 0.5},
    "seed": 1,
    "cached": True,
    "must_pass": True,
    "group": "text",
    "traceback": "text",
    "error": "text",
    "reasoning": "text",
    "cost_usd": 0.5,
    "sample_hash": "0a",
    "choices": ["text"],
}
"""Values of the last record where it has none."""
ROLES = ("agent-", "sample-", "worker-", "manager", "judge")
FOLDER = "\"'><img src=x onerror=ran=1>&amp;{{7*7}}\u202e$(id).html"


class Payloads:
    """Replaces the texts of JSON values by payloads, one after the other."""

    def __init__(self, payloads: Sequence[str] = PAYLOADS, start: int = 0) -> None:
        self._payloads, self._at = payloads, start
        self._names: dict[str, str] = {}
        self.used: dict[str, set[str]] = {}  # payload → the fields that hold it

    def next(self, place: str) -> str:
        """The next payload, for a field."""
        payload = self._payloads[self._at % len(self._payloads)]
        self._at += 1
        self.used.setdefault(payload, set()).add(place)
        return payload

    def named(self, text: str, place: str) -> str:
        """The payload of a name: equal names have equal payloads, others have others."""
        if text not in self._names:
            self._names[text] = f"{self.next(place)[:300]} {len(self._names)}"
        return self._names[text]

    def fields_of(self, payloads: Iterable[str]) -> set[str]:
        """The fields that hold these payloads."""
        return set().union(*(self.used[payload] for payload in payloads))

    def spread(self, value: Any, field: str = "", place: str = "") -> Any:
        """A JSON value with payloads in place of its texts, and of names that users or models write."""
        if field in KEPT or value == "prompt":
            return value
        if isinstance(value, str):
            if field in IDENTITY:
                return self.named(value, place)
            return value if field == "role" and value.startswith(ROLES) else self.next(place)
        if isinstance(value, list):
            return [self.spread(part, field, place) for part in value]
        if isinstance(value, dict):
            step = {name: f"{place}.*" if field in NAMED else f"{place}.{name}" for name in value}
            inner = {name: self.spread(part, name, step[name]) for name, part in value.items()}
            return {self.named(name, place): part for name, part in inner.items()} if field in NAMED else inner
        return value


def hostile_run(root: Path, start: int = 0, payloads: Sequence[str] = PAYLOADS) -> tuple[Path, Payloads]:
    """The folder of a run whose records, summary, changes and manifest hold payloads, and the payloads."""
    folder = rich_run(root, all_records())
    folder = folder.rename(folder.with_name(FOLDER))
    spread = Payloads(payloads, start)
    for name, kind in FILES.items():
        path = folder / name
        value = filled(kind, json.loads(path.read_text(encoding="utf-8")))
        path.write_text(json.dumps(spread.spread(value, place=name.partition(".")[0])), encoding="utf-8")
    log = folder / "records.jsonl"
    records = [json.loads(line) for line in log.read_text(encoding="utf-8").split("\n") if line]
    records[-1].update({name: value for name, value in RECORD.items() if not records[-1][name]})
    lines = [spread.spread(record, place="record") for record in records]
    log.write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")
    _write_captures(folder, payloads, start)
    return folder, spread


def _write_captures(folder: Path, payloads: Sequence[str], start: int) -> None:
    """Give each record a capture whose tokens and notes are payloads. They are not `used`: the pane shortens them."""
    for at, record in enumerate(read_records(folder)):
        texts = tuple(payloads[(start + 7 * at + i) % len(payloads)] for i in range(6))
        path = probe_path(folder, record)
        path.parent.mkdir(exist_ok=True)
        save_capture(_capture(texts, record.key), path)


def _capture(texts: tuple[str, ...], key: str) -> Capture:
    n = len(texts)
    tops = np.arange(2 * n).reshape(2, n, 1) % n
    return Capture(
        token_ids=tuple(range(n)),
        token_texts=texts,
        n_prompt=2,
        arrays={
            "token_logprobs": np.full(n, -0.5, np.float32),
            "lens_token_logprobs": np.full((2, n), -0.5, np.float32),
            "lens_top_ids": tops.astype(np.int32),
            "lens_top_logprobs": np.full((2, n, 1), -0.5, np.float32),
            "attention_weights": np.full((1, 2, n, n), 1 / n, np.float32),
            "attention_layers": np.zeros(1, np.int32),
        },
        metadata={
            "key": key,
            "call": 0,
            "notes": list(texts),
            "lens_texts": {str(i): t for i, t in enumerate(texts)},
        },
    )
