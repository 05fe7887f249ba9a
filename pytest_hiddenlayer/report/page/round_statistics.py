"""How the answers of debates changed from round to round, kept small enough for runs of any length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, NamedTuple

from ...results.budget_match.round_transitions import majority_right
from ...stats.estimate.mean_interval import estimate
from ...types import ROUND_SCORES, Record


class Round(NamedTuple):
    """One round of one debate: whether each agent's answer, and that of their majority, is right."""

    number: int
    agents: tuple[tuple[str, bool | None], ...]  # (role, right); None: no score
    majority: bool | None


class Debate(NamedTuple):
    """One debate. Equal debates of a run share one object."""

    rounds: tuple[Round, ...]
    verdict: bool | None  # whether the strategy's answer is right


def debate_of(record: Record) -> Debate | None:
    """The course of a record's debate; None if it has no scores by round, or something else under their name."""
    try:
        return _debate(record, record.answer_metadata.get(ROUND_SCORES) or {})
    except (AttributeError, KeyError, TypeError, ValueError):
        return None  # a strategy of a user may keep something of its own under this name


def _debate(record: Record, roles: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Debate | None:
    numbers = sorted({int(number) for answers in roles.values() for number in answers})
    if not numbers:
        return None
    rounds = tuple(
        Round(
            number,
            tuple((role, answers[str(number)]["right"]) for role, answers in roles.items() if str(number) in answers),
            majority_right(roles, number),
        )
        for number in numbers
    )
    return Debate(rounds, None if record.score is None else record.outcome == "correct")


def rounds_to_json(debates: Sequence[tuple[Debate, str]]) -> dict[str, Any] | None:
    """Shares of right answers and transitions over debates given with their clusters; None without debates.

    `shares`: per who (`agents`, `majority`, `verdict`) and round, the share of right answers with
    its interval; that of the agents is the mean over debates, in which some may not speak.
    `transitions`: answers that became right or wrong from one round to the next, and from the last
    round's majority to the verdict. A round of null is the strategy's answer.
    """
    if not debates:
        return None
    shares: dict[tuple[str, int | None], list[tuple[float, str, int]]] = {}
    transitions: dict[tuple[str, int | None, int | None], dict[str, int]] = {}
    for debate, cluster in debates:
        for who, number, rights in _answers(debate):
            if known := [right for right in rights if right is not None]:
                shares.setdefault((who, number), []).append((sum(known) / len(known), cluster, len(known)))
        for who, before, after, was, now in _changes(debate):
            counts = transitions.setdefault((who, before, after), dict.fromkeys(_COUNTS, 0))
            counts[_count(was, now)] += 1
    return {
        "shares": [
            {"who": who, "round": number, **_share(rights)}
            for (who, number), rights in sorted(shares.items(), key=_key)
        ],
        "transitions": [
            {"who": who, "before": before, "after": after, **counts}
            for (who, before, after), counts in sorted(transitions.items(), key=_key)
        ],
    }


_COUNTS = ("wrong_right", "right_wrong", "stayed_right", "stayed_wrong", "left_out")


def _answers(debate: Debate) -> Iterator[tuple[str, int | None, Sequence[bool | None]]]:
    """(who, round, whether each answer is right) of a debate."""
    for number, agents, majority in debate.rounds:
        yield "agents", number, [right for _, right in agents]
        yield "majority", number, [majority]
    yield "verdict", None, [debate.verdict]


def _changes(debate: Debate) -> Iterator[tuple[str, int | None, int | None, bool | None, bool | None]]:
    """(who, round before, round after, right before, right after) of every answer given in both."""
    for before, after in zip(debate.rounds, debate.rounds[1:], strict=False):
        now = dict(after.agents)
        for role, was in before.agents:
            if role in now:
                yield "agents", before.number, after.number, was, now[role]
        yield "majority", before.number, after.number, before.majority, after.majority
    yield "verdict", debate.rounds[-1].number, None, debate.rounds[-1].majority, debate.verdict


def _count(was: bool | None, now: bool | None) -> str:
    if was is None or now is None:
        return "left_out"
    if was == now:
        return "stayed_right" if was else "stayed_wrong"
    return "wrong_right" if now else "right_wrong"


def _share(debates: Sequence[tuple[float, str, int]]) -> dict[str, Any]:
    """The mean over debates, given as (share, cluster, answers), as in `hiddenlayer rounds`; `n` counts answers."""
    values = asdict(estimate([share for share, _, _ in debates], [cluster for _, cluster, _ in debates]))
    return {"score": values.pop("mean"), **values, "n": sum(n for _, _, n in debates)}


def _key(entry: tuple[tuple[Any, ...], Any]) -> tuple[Any, ...]:
    """Agents, majority, verdict; each in the order of rounds."""
    who, *numbers = entry[0]
    return ("agents", "majority", "verdict").index(who), [number is None for number in numbers], _known(numbers)


def _known(numbers: Iterable[int | None]) -> list[int]:
    return [number or 0 for number in numbers]
