"""Reads debates from records: who gave which answer in which round, and what the others could read.

A debate is a record in which a debater speaks in two rounds, or several speak in one: it may have
ended early. The engine's scores by round (`round_scores`) say how each answer was read and scored.
A transcript without them, as that of a judged scorer or of a strategy that does not name its
debaters, is compared by whole texts, and nothing in it is right or wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from ...completions.finish_reasons import ended_normally
from ...registry import strategies
from ...results.metrics.samples import cluster_of
from ...types import ROUND_SCORES, SCORED, Record
from ...usage import strategy_calls

AGENTS, READS, SEQUENTIAL, MODELS, VERDICT = "agents", "reads", "sequential", "models", "recorded_verdict"
"""Keys of `answer_metadata`: names of debaters, who reads whom, whether agents of a round read each other in
turn, the models of the agents of a recorded debate, and the verdict that came with it."""
_NO_DEBATERS = ("judge", "manager", "moderator", "summarizer", "scorer", "sample-", "confidence-", "worker-")
_FAILED = ("error", "skipped")

_DIGITS = re.compile("[0-9]{1,9}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """One answer of one agent in one round."""

    agent: str
    round: int
    answer: str | None  # as votes compare it; None: unreadable, or the scorer names no answers
    readable: bool
    right: bool | None  # an unreadable answer is not right; None: unknown
    text: str | None  # the completion; None: not in the record
    position: int  # in the transcript; -1: not in it


@dataclass(frozen=True, kw_only=True, slots=True)
class Debate:
    """One record as a debate. Rounds are in order and never empty; turns of a round are in the order of agents."""

    sample_id: str
    epoch: int
    group: str | None
    cluster: str  # the group, or the sample
    rounds: tuple[tuple[Turn, ...], ...]
    numbers: tuple[int, ...]  # of the rounds
    answer: str | None  # of the strategy
    right: bool | None  # the strategy's answer; one without a score is not right; None: unknown
    scored: bool  # whether the strategy's answer has a score; not one that was cut off, refused or unreadable
    verdict: bool | None  # that came with a recorded debate
    n_choices: int | None  # None: not a question with choices
    reads: Mapping[str, frozenset[str]] | None  # None: everyone reads everyone
    sequential: bool
    models: Mapping[str, str]  # agent → model
    from_texts: bool  # answers are whole texts, because the record has no scores by round

    @property
    def agents(self) -> tuple[str, ...]:
        """Every agent that spoke, in order of first appearance."""
        return tuple(dict.fromkeys(turn.agent for turns in self.rounds for turn in turns))

    def turns_at(self, number: int) -> tuple[Turn, ...]:
        """The turns of the last round up to `number`; empty if there is none."""
        reached = [turns for turns, at in zip(self.rounds, self.numbers, strict=True) if at <= number]
        return reached[-1] if reached else ()


class Debates(NamedTuple):
    """The debates of a cell, and how many records are none."""

    debates: tuple[Debate, ...]
    failed: int  # debates that ended by an error or by the budget: they are left out
    others: int  # records without debaters


def debates_of(records: Iterable[Record]) -> Debates:
    """Returns the debates of one cell, ordered by sample and epoch, with the count of the other records."""
    ordered = sorted(records, key=lambda record: (record.sample_id, record.epoch))
    read = [(record, debate) for record in ordered if (debate := _debate(record)) is not None]
    kept = [debate for record, debate in read if record.outcome not in _FAILED]
    return Debates(tuple(_judged(kept)), len(read) - len(kept), len(ordered) - len(read))


def _debate(record: Record) -> Debate | None:
    """The debate of a record; None if it has none, or something else under the names of its parts."""
    try:
        return _read(record)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None  # a strategy of a user may keep something of its own under these names


def _read(record: Record) -> Debate | None:
    metadata = record.answer_metadata
    calls = {
        (str(call["role"]), int(call["round"])): (position, call)
        for position, call in enumerate(strategy_calls(record))
        if "role" in call and "round" in call
    }
    scores = metadata.get(ROUND_SCORES) or {}
    built_in = strategies.is_built_in(record.strategy)
    turns = _scored_turns(scores, calls) if scores else _text_turns(calls, metadata.get(AGENTS), built_in=built_in)
    if not turns:
        return None
    turns = sorted(turns, key=lambda turn: _number(turn.agent))  # stable: others in order of appearance
    numbers = tuple(sorted({turn.round for turn in turns}))
    rounds = tuple(tuple(turn for turn in turns if turn.round == number) for number in numbers)
    verdict = metadata.get(VERDICT)
    reads = metadata.get(READS)
    return Debate(
        sample_id=record.sample_id,
        epoch=record.epoch,
        group=record.group,
        cluster=cluster_of(record),
        rounds=rounds,
        numbers=numbers,
        answer=record.answer,
        right=record.outcome == "correct" if record.outcome in SCORED else None,
        scored=record.outcome in SCORED,
        verdict=verdict if isinstance(verdict, bool) else None,
        n_choices=len(record.choices) or None,
        reads={str(agent): frozenset(map(str, others)) for agent, others in reads.items()} if reads else None,
        sequential=metadata.get(SEQUENTIAL) is True,
        models=_models(metadata.get(MODELS), calls),
        from_texts=not scores,
    )


def _scored_turns(
    scores: Mapping[str, Mapping[str, Mapping[str, Any]]],
    calls: Mapping[tuple[str, int], tuple[int, Mapping[str, Any]]],
) -> list[Turn]:
    turns = []
    for agent, rounds in scores.items():
        for number, entry in rounds.items():
            position, call = calls.get((agent, int(number)), (-1, {}))
            turns.append(
                Turn(
                    agent=agent,
                    round=int(number),
                    answer=None if entry["answer"] is None else str(entry["answer"]),
                    readable=entry["answer"] is not None,
                    right=None if entry["right"] is None else bool(entry["right"]),
                    text=call.get("completion"),
                    position=position,
                )
            )
    return turns


def _text_turns(
    calls: Mapping[tuple[str, int], tuple[int, Mapping[str, Any]]], named: Any, *, built_in: bool
) -> list[Turn]:
    """Turns whose answers are whole texts, of the roles that debate."""
    roles = _debaters([role for role, _ in calls], named, built_in=built_in)
    turns = []
    for (role, number), (position, call) in calls.items():
        text = str(call.get("completion", ""))
        complete = ended_normally(call.get("finish_reason")) and bool(text.strip())
        if role in roles:
            answer = " ".join(text.split()) if complete else None
            turns.append(
                Turn(agent=role, round=number, answer=answer, readable=complete, right=None, text=text,
                     position=position)
            )  # fmt: skip
    return turns


def _models(recorded: Any, calls: Mapping[tuple[str, int], tuple[int, Mapping[str, Any]]]) -> dict[str, str]:
    """Agent → model, as recorded, else as called."""
    called = {role: str(call.get("model", "")) for (role, _), (_, call) in calls.items()}
    named = recorded if isinstance(recorded, Mapping) else {}
    return called | {str(agent): model for agent, model in named.items() if isinstance(model, str) and model}


def in_order(agents: Iterable[str]) -> list[str]:
    """Returns the distinct agents: `agent-2` before `agent-10`, other names in order of appearance."""
    return sorted(dict.fromkeys(agents), key=_number)  # stable


def _number(agent: str) -> int:
    number = agent.removeprefix("agent-")
    return int(number) if number != agent and _DIGITS.fullmatch(number) else 0


def _debaters(spoken: Sequence[str], named: Any, *, built_in: bool) -> set[str]:
    """The roles that debate: those named, else `agent-*`, else two or more others that speak in several rounds.

    A single role debates only if it speaks in several rounds. Built-in strategies name their debaters: their other
    roles that speak in several rounds criticize, plan or argue, and do not answer.
    """
    repeated = {role for role in spoken if spoken.count(role) > 1}
    if isinstance(named, Sequence) and not isinstance(named, str):
        chosen = {str(role) for role in named} & set(spoken)
        return chosen if len(chosen) > 1 or chosen & repeated else set()
    agents = {role for role in spoken if role.startswith("agent-")}
    if len(agents) > 1 or agents & repeated:
        return agents
    others = {role for role in repeated if not role.startswith(_NO_DEBATERS)}
    return others if len(others) > 1 and not built_in else set()


def _judged(debates: Sequence[Debate]) -> list[Debate]:
    """The debates with unreadable answers distinguished from wrong ones.

    In a cell whose scorer names answers, a turn without one is unreadable, and not right if its
    question is scored at all. In a cell without any named answer, as a log of verdicts, a turn
    without an answer is what its score says.
    """
    named = any(turn.answer is not None for debate in debates for turns in debate.rounds for turn in turns)
    known = any(turn.right is not None for debate in debates for turns in debate.rounds for turn in turns)
    return [_judge(debate, named=named, known=known) for debate in debates]


def _judge(debate: Debate, *, named: bool, known: bool) -> Debate:
    turns = [turn for of_round in debate.rounds for turn in of_round]
    scored = any(turn.right is not None for turn in turns) or (known and all(turn.answer is None for turn in turns))
    rounds = tuple(
        tuple(_judge_turn(turn, named=named, scored=scored) for turn in of_round) for of_round in debate.rounds
    )
    return replace(debate, rounds=rounds, right=False if debate.right is None and scored else debate.right)


def _judge_turn(turn: Turn, *, named: bool, scored: bool) -> Turn:
    if turn.answer is not None or turn.right is True:
        return replace(turn, readable=True)
    if not named:
        return replace(turn, readable=turn.right is not None)
    return replace(turn, readable=False, right=False if scored else None)
