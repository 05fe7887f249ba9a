"""What the plain page shows: the part of a page that needs no JavaScript and no bundle."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...types import Record
from .bundle import Bundle, bundle_fault
from .record_texts import prompt_text, target_text

MAX_WRONG = 20
"""Answers that are listed."""
MAX_TEXT = 3000  # characters of each of their texts
MAX_GATE_MESSAGES = 50
_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f"
    "\u3164\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0001\U000e0020-\U000e007f\U000e0100-\U000e01ef]"
)
"""Characters that hide or reorder text; those of `web/src/sample/text/visible_text.tsx`."""


class WrongAnswers:
    """The first answers that are not correct."""

    def __init__(self) -> None:
        self.n = 0
        self.first: list[dict[str, Any]] = []

    def add(self, record: Record) -> None:
        """Count a record unless it is correct."""
        if record.outcome == "correct":
            return
        self.n += 1
        if len(self.first) < MAX_WRONG:
            self.first.append(_wrong_answer(record))


def _wrong_answer(record: Record) -> dict[str, Any]:
    texts = {
        "prompt": prompt_text(record),
        "target": target_text(record.target),
        "answer": record.answer,
        "output": record.output,
        "error": record.error,
    }
    for name, score in record.scores.items():
        texts[f"explanation of {name}"] = score.get("explanation")
    epoch = f", epoch {record.epoch}" if record.epoch > 1 else ""
    return {
        "name": f"{record.sample_id}{epoch}",
        "cell": f"{record.task}, {record.label}, {record.provider}:{record.slug}",
        "outcome": record.outcome,
        "texts": {name: _short(text) for name, text in texts.items() if text},
    }


def _short(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[:MAX_TEXT]}… [{len(text):,} characters]"


def plain_page(overview: Mapping[str, Any], wrong: WrongAnswers, bundle: Bundle | None) -> dict[str, Any]:
    """The values of the template's static part."""
    cells = overview["cells"]
    messages = [cell for cell in cells if cell.get("gate_message") and cell["gate"] != "passed"]
    values = {
        "title": overview["title"],
        "message": _message(bundle),
        "notices": overview["notices"],
        "cells": [_cell_row(cell) for cell in cells],
        "gate_messages": [
            {"cell": _cell_name(cell), "text": cell["gate_message"]} for cell in messages[:MAX_GATE_MESSAGES]
        ],
        "wrong": wrong.first,
        "n_wrong": wrong.n,
        "facts": [fact for run in overview["runs"] for fact in _facts(run["name"], run["manifest"])],
    }
    return {name: _visible(value) for name, value in values.items()}


def _visible(value: Any) -> Any:
    """The value with hidden characters of its texts shown by name, such as `[U+202E]`."""
    if isinstance(value, str):
        return _HIDDEN.sub(lambda found: f"[U+{ord(found[0]):04X}]", value)
    if isinstance(value, Mapping):
        return {_visible(name): _visible(part) for name, part in value.items()}
    return [_visible(part) for part in value] if isinstance(value, list | tuple) else value


def _message(bundle: Bundle | None) -> str:
    if bundle is not None:
        return "This is the plain report: the interactive one needs JavaScript, which has not started."
    return f"This is the plain report. {bundle_fault()}"


def _cell_row(cell: Mapping[str, Any]) -> dict[str, Any]:
    comparison = cell.get("comparison") or {}
    difference = comparison.get("difference")
    return {
        "task": cell["task"],
        "strategy": cell["label"],
        "model": f"{cell['provider']}:{cell['slug']}",
        "score": number(cell["score"]),
        "interval": _interval(cell["ci95"]),
        "scored": f"{cell['n']:,} of {cell['n_selected']:,}",
        "outcomes": ", ".join(f"{count:,} {outcome}" for outcome, count in cell["outcomes"].items()),
        "change": "" if not isinstance(difference, int | float) else f"{difference:+.3f}",
        "verdict": "" if comparison.get("verdict") == cell["gate"] else str(comparison.get("verdict") or ""),
        "cost": _cost(cell["cost_usd"]),
        "gate": cell["gate"] or "",
        "failed": cell["gate"] in ("failed", "regressed", "lost"),
    }


def _cell_name(cell: Mapping[str, Any]) -> str:
    return f"{cell['task']}, {cell['label']}, {cell['provider']}:{cell['slug']}"


def number(value: Any) -> str:
    """`0.812`; `?` if it is unknown."""
    return f"{value:.3f}" if isinstance(value, int | float) else "?"


def _interval(ci95: Sequence[Any] | None) -> str:
    return "?" if ci95 is None else f"{number(ci95[0])} to {number(ci95[1])}"


def _cost(value: float | None) -> str:
    return "?" if value is None else f"${value:.4g}" if value else "free"


def _facts(name: str, manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """(name, value) of what is known of a run."""
    yield "run", name
    command, git, versions = (manifest.get(key) for key in ("command", "git", "versions"))
    if isinstance(command, list):
        yield "command", " ".join(map(str, command))
    for title, key in (("started", "started_at"), ("ended", "ended_at"), ("seed", "seed")):
        if manifest.get(key) is not None:
            yield title, str(manifest[key])
    if isinstance(git, dict):
        yield "commit", str(git.get("commit")) + (" with changes" if git.get("dirty") else "")
    if isinstance(engine := manifest.get("engine"), str):
        yield "engine", engine
    if isinstance(versions, dict):
        yield "versions", ", ".join(f"{package} {version}" for package, version in versions.items())
    for title in ("models", "tasks"):
        if isinstance(values := manifest.get(title), list | dict) and values:
            yield title, ", ".join(map(str, values))
