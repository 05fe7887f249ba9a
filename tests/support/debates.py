"""Records of debates in a few letters, for tests of what happened in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pytest_hiddenlayer.types import Record
from support.records import record

UNREADABLE, SILENT = "?", "."


def debate(
    name: str,
    *rounds: str,
    gold: str | None = "a",
    final: str | None = None,
    names: Sequence[str] = (),
    texts: Sequence[Sequence[str]] = (),
    models: Sequence[str] = ("m",),
    choices: Sequence[str] = (),
    changes: dict[str, object] | None = None,
    **metadata: object,
) -> Record:
    """A record of a debate; each round has one letter per agent: its answer, `?` unreadable, `.` silent.

    An answer is right if it is `gold`; None: nobody knows. `final` is the strategy's answer (default: the first
    agent's last one), `texts` the completions (default: "It is LETTER, says AGENT."), `models` are assigned in
    rotation, `changes` are fields of the record and `metadata` more of the answer's metadata.
    """
    agents = list(names) or [f"agent-{i + 1}" for i in range(len(rounds[0]))]
    scores: dict[str, dict[str, object]] = {}
    transcript = []
    for number, letters in enumerate(rounds):
        for at, letter in enumerate(letters):
            if letter == SILENT:
                continue
            text = texts[number][at] if texts else f"It is {letter}, says {agents[at]}."
            scores.setdefault(agents[at], {})[str(number)] = scored(letter, gold)
            call = {"role": agents[at], "round": number, "completion": text, "finish_reason": "stop"}
            transcript.append({**call, "model": models[at % len(models)], "usage": {}, "cost_usd": None})
    answer = rounds[-1].replace(SILENT, "")[0] if final is None else final
    right = None if gold is None else float(answer == gold)
    made = record(name, right, label="debate", strategy="debate", transcript=transcript, choices=choices)
    made = replace(made, answer=None if answer == UNREADABLE else answer, target=gold)
    if gold is None:
        made = replace(made, outcome="unscored")
    return replace(made, answer_metadata={"round_scores": scores, **metadata}, **(changes or {}))


def scored(letter: str, gold: str | None) -> dict[str, object]:
    """The engine's score of one answer: an unreadable one is scored 0, with no answer."""
    right = None if gold is None else letter == gold
    return {
        "score": None if right is None else float(right),
        "right": right,
        "answer": None if letter == UNREADABLE else letter,
    }
