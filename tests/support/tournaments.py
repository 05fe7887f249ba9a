"""Runs and games for the tests of tournaments."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from pytest_hiddenlayer.analysis.tournament.games import Game
from pytest_hiddenlayer.analysis.tournament.leaderboard import Standings
from pytest_hiddenlayer.types import Record

from .records import record


def player(label: str) -> str:
    """The player of that strategy in these tests."""
    return f"{label}@scripted:m"


def answers(label: str, values: Sequence[float | None], **changes: object) -> list[Record]:
    """A record a sample s0, s1, ... of a strategy; None: its call failed."""
    made = []
    for at, value in enumerate(values):
        output = None if value is None else f"{label} says {value} of s{at}"
        own = {
            "label": label,
            "strategy": label,
            "key": f"{label}-s{at}",
            "output": output,
            "input": f"question {at}",
        }
        made.append(record(f"s{at}", value, **{**own, **changes}))
    return made


def write_run(folder: Path, *records: Record, name: str = "20260101T000000Z-00000001") -> Path:
    """A run's folder with these records."""
    run = folder / "reports" / "runs" / name
    run.mkdir(parents=True)
    lines = [json.dumps(replace(one, run_id=name).to_json()) + "\n" for one in records]
    (run / "run.json").write_text("{}\n", encoding="utf-8")
    (run / "records.jsonl").write_text("".join(lines), encoding="utf-8")
    return run


def states(result: Standings, words: str) -> bool:
    """Whether a statement holds these words."""
    return any(words in statement for statement in result.statements)


def game(a: str, b: str, winner: str | None, at: int = 0, **changes: object) -> Game:
    """A game on sample `at`."""
    made = Game(
        key=f"{a}{b}{at}",
        source="scores",
        rater="",
        task="t",
        sample_id=f"s{at}",
        cluster=f"t::s{at}",
        a=a,
        b=b,
        winner=winner,  # type: ignore[arg-type]
    )
    return replace(made, **changes)


def several(a: str, b: str, winners: str, **changes: object) -> list[Game]:
    """Games on s0, s1, ...: `a`, `b`, `t` for a tie, `?` for unreadable."""
    words = {"a": "a", "b": "b", "t": "tie", "?": None}
    return [game(a, b, words[letter], at, **changes) for at, letter in enumerate(winners)]
