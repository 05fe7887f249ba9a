"""Pairs of answers to the same sample: of two players of one run, or of one player of each of two runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ...errors import UsageError, did_you_mean
from ..answers import PlayerAnswer


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerPairs:
    """Pairs of answers that differ, and the number of pairs left out."""

    pairs: tuple[tuple[PlayerAnswer, PlayerAnswer], ...]
    equal: int = 0  # pairs with the same text
    changed: int = 0  # pairs whose prompt or target differs
    unpaired: int = 0  # samples to which only one of the two players has a complete answer


def pair_answers(
    first: Sequence[PlayerAnswer], second: Sequence[PlayerAnswer] | None, players: Sequence[str] = ()
) -> AnswerPairs:
    """Pair two players' answers task by task. `second` is None if both players are of one run.

    Without `players`, each task must have exactly two players (one per run). Raises UsageError,
    listing the players, if the choice is ambiguous or no answers can be paired.
    """
    every_answer = [*first, *(second or ())]
    check_players(players, every_answer)
    pairs: list[tuple[PlayerAnswer, PlayerAnswer]] = []
    unpaired = 0
    for task in dict.fromkeys(answer.record.task for answer in first):
        by_player = [_by_player(run, task) for run in (first, second) if run is not None]
        two_players = _two_players(by_player, task, players)
        if two_players is not None:
            left, right = ({answer.sample: answer for answer in answers} for answers in two_players)
            pairs.extend((answer, right[sample]) for sample, answer in left.items() if sample in right)
            unpaired += len(left.keys() ^ right.keys())
    if not pairs:
        raise UsageError(_no_pair_message(every_answer, players, two_runs=second is not None))
    same_prompt = [(a, b) for a, b in pairs if a.sample_key == b.sample_key]
    differing = [(a, b) for a, b in same_prompt if a.output.strip() != b.output.strip()]
    return AnswerPairs(
        pairs=tuple(differing),
        equal=len(same_prompt) - len(differing),
        changed=len(pairs) - len(same_prompt),
        unpaired=unpaired,
    )


def check_players(players: Sequence[str], answers: Iterable[PlayerAnswer]) -> None:
    """Raise UsageError for a player without an answer."""
    answering = sorted({answer.player for answer in answers})
    for player in players:
        if player not in answering:
            available = ", ".join(answering) or "none"
            raise UsageError(
                f"--players: no answers of {player!r}{did_you_mean(player, answering)} (available: {available})"
            )


def _by_player(answers: Iterable[PlayerAnswer], task: str) -> dict[str, list[PlayerAnswer]]:
    """Player → its answers to the task's samples."""
    by_player: dict[str, list[PlayerAnswer]] = {}
    for answer in answers:
        if answer.record.task == task:
            by_player.setdefault(answer.player, []).append(answer)
    return by_player


def _two_players(
    runs: Sequence[Mapping[str, list[PlayerAnswer]]], task: str, players: Sequence[str]
) -> tuple[list[PlayerAnswer], list[PlayerAnswer]] | None:
    """The two players' answers to a task; None if one of them has none."""
    left, right = runs[0], runs[-1]
    if players:
        for a, b in (players, players[::-1]):
            if a in left and b in right:
                return left[a], right[b]
        return None
    if len(runs) == 1:
        return _only_two(left, task)
    if len(left) > 1 or len(right) > 1:
        raise UsageError(
            f"task {task!r} has {len(left)} players in the first run and {len(right)} in the second: "
            f"choose one of each: {_players_option({**left, **right})}"
        )
    return (next(iter(left.values())), next(iter(right.values()))) if left and right else None


def _only_two(
    by_player: Mapping[str, list[PlayerAnswer]], task: str
) -> tuple[list[PlayerAnswer], list[PlayerAnswer]] | None:
    """The answers of the only two players; None if there are fewer. Raises UsageError if there are more."""
    if len(by_player) > 2:
        raise UsageError(f"task {task!r} has {len(by_player)} players: choose two: {_players_option(by_player)}")
    answers = list(by_player.values())
    return (answers[0], answers[1]) if len(answers) == 2 else None


def _players_option(players: Iterable[str]) -> str:
    return f"--players A B, of {', '.join(sorted(players)) or 'none'}"


def _no_pair_message(answers: Iterable[PlayerAnswer], players: Sequence[str], *, two_runs: bool) -> str:
    names = ", ".join(sorted({answer.player for answer in answers})) or "none"
    if players:
        return f"--players {' '.join(players)}: no sample was answered by both; the players are {names}"
    if two_runs:
        return f"the two runs have no sample in common; the players are {names}"
    return f"two players of one task are needed, this run has {names}: run another --strategy, or name a second run"
