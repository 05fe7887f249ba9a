"""Runs whose every text is another payload."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

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
    return folder, spread
