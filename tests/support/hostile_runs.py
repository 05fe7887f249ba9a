"""Runs whose every text is another payload."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pytest_hiddenlayer.probes.capture import Capture
from pytest_hiddenlayer.probes.capture_files import save_capture
from pytest_hiddenlayer.probes.run_files import probe_path
from pytest_hiddenlayer.results.log.run_log import read_records

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
ROLES = ("agent-", "sample-", "worker-", "manager", "judge")
FOLDER = "\"'><img src=x onerror=ran=1>&amp;{{7*7}}\u202e$(id).html"


class Payloads:
    """Replaces the texts of JSON values by payloads, one after the other."""

    def __init__(self, payloads: Sequence[str] = PAYLOADS, start: int = 0) -> None:
        self._payloads, self._at = payloads, start
        self._names: dict[str, str] = {}
        self.used: set[str] = set()

    def next(self) -> str:
        """The next payload."""
        payload = self._payloads[self._at % len(self._payloads)]
        self._at += 1
        self.used.add(payload)
        return payload

    def named(self, text: str) -> str:
        """The payload of a name: equal names have equal payloads, others have others."""
        if text not in self._names:
            self._names[text] = f"{self.next()[:300]} {len(self._names)}"
        return self._names[text]

    def spread(self, value: Any, field: str = "") -> Any:
        """A JSON value with payloads in place of its texts, and of names that users or models write."""
        if field in KEPT or value == "prompt":
            return value
        if isinstance(value, str):
            if field in IDENTITY:
                return self.named(value)
            return value if field == "role" and value.startswith(ROLES) else self.next()
        if isinstance(value, list):
            return [self.spread(part, field) for part in value]
        if isinstance(value, dict):
            inner = {name: self.spread(part, name) for name, part in value.items()}
            return {self.named(name): part for name, part in inner.items()} if field in NAMED else inner
        return value


def hostile_run(root: Path, start: int = 0, payloads: Sequence[str] = PAYLOADS) -> tuple[Path, Payloads]:
    """The folder of a run whose records, summary, changes and manifest hold payloads, and the payloads."""
    folder = rich_run(root, all_records())
    folder = folder.rename(folder.with_name(FOLDER))
    spread = Payloads(payloads, start)
    for name in ("summary.json", "changes.json", "run.json"):
        path = folder / name
        path.write_text(json.dumps(spread.spread(json.loads(path.read_text(encoding="utf-8")))), encoding="utf-8")
    log = folder / "records.jsonl"
    lines = [spread.spread(json.loads(line)) for line in log.read_text(encoding="utf-8").split("\n") if line]
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
