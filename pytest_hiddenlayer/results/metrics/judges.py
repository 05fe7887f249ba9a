"""Metrics of the judges of a cell: agreement, position and length bias, and judges of the candidate's family.

Every public function takes the records of one cell and returns plain JSON values.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...scorers.judge.model_families import families, same_family
from ...stats.agreement import Level, alpha_agreement
from ...stats.estimate.mean_interval import estimate
from ...types import Record

JUDGED_ITSELF = "was judged by itself"
_PAIR = {"a": 1.0, "tie": 0.5, "b": 0.0}


def judge_metrics(records: Sequence[Record]) -> dict[str, Any]:
    """`agreement`, `pairs` and `flags` of a cell; empty ones are left out."""
    metrics = {"agreement": judge_agreement(records), "pairs": pair_effects(records), "flags": judge_flags(records)}
    return {name: value for name, value in metrics.items() if value}


def judge_agreement(records: Sequence[Record]) -> dict[str, dict[str, Any]]:
    """Krippendorff's alpha by scorer and criterion, for scorers with several judges ('' if there is one criterion).

    The level is `nominal` for yes/no verdicts, else `interval`, as in the score itself. `alpha`
    is None if all ratings are the same or no item has two ratings; `why` states which.
    """
    ratings_of: dict[tuple[str, str], tuple[Level, list[Mapping[str, float | str | None]]]] = {}
    for scorer, details in _details(records):
        for criterion, level, ratings in _ratings(details):
            ratings_of.setdefault((scorer, criterion), (level, []))[1].append(ratings)
    agreement: dict[str, dict[str, Any]] = {}
    for (scorer, criterion), (level, items) in ratings_of.items():
        if _several_judges(items):
            agreement.setdefault(scorer, {})[criterion] = _alpha(items, level)
    return agreement


def pair_effects(records: Sequence[Record]) -> dict[str, dict[str, Any]]:
    """Wins, position bias and length bias by scorer, for scorers that compare pairs.

    `win_rate` is (wins + ties/2) / pairs judged. `ties_by_order` is the share of ties in which
    the verdicts of the two orders differ. `first_preferred` is the share of votes for the answer
    shown first (position bias); it is 0.5 without bias, because each pair is shown in both
    orders. `longer`, `shorter` and `equal` are the pairs by the output's length in characters,
    with their win rates; `longer_preferred` is the share of decided pairs that the longer answer
    won (length bias). `ci95` has the 95 % interval of each of the four shares. A share without
    any pair is None.
    """
    pairs_of: dict[str, list[tuple[Mapping[str, Any], Sequence[int]]]] = {}
    for scorer, details in _details(records):
        for pair in details.get("pairs", ()):
            pairs_of.setdefault(scorer, []).append((pair, details["chars"]))
    return {scorer: _effects(pairs) for scorer, pairs in pairs_of.items()}


def judge_flags(records: Sequence[Record]) -> list[str]:
    """One sentence per judge of a scorer that is the candidate itself, or of its model family by name."""
    pairs = {(model, record.model) for record in records for model in _models(record)}
    return [_flag(judge, candidate) for judge, candidate in sorted(pairs) if same_family(judge, candidate)]


def _details(records: Sequence[Record]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for record in records:
        for scorer, score in record.scores.items():
            details = score.get("details")
            if details and _is_of_judge(details):
                yield scorer, details


def _is_of_judge(details: Any) -> bool:
    """Whether details have the form of a judge's; a user's scorer may write anything under the same keys."""
    opinions, pairs = details.get("opinions", ()), details.get("pairs", ())
    if not (_are_mappings(opinions) and _are_mappings(pairs)):
        return False
    chars = details.get("chars", ()) if pairs else (0, 0)
    return (
        isinstance(chars, (list, tuple))
        and len(chars) == 2
        and all(isinstance(length, int) for length in chars)
        and all(map(_is_pair, pairs))
        and all(map(_is_opinion, opinions))
    )


def _are_mappings(values: object) -> bool:
    return isinstance(values, (list, tuple)) and all(isinstance(value, Mapping) for value in values)


def _is_pair(pair: Mapping[str, Any]) -> bool:
    texts = [pair.get(name, 0) for name in ("winner", "first", "second")]
    names = [pair.get(name) for name in ("model", "judge")]
    return (
        all(isinstance(text, str | None) for text in (*texts, *names))
        and (pair["winner"] is None or pair["winner"] in _PAIR)
        and isinstance(pair.get("consistent", 0), bool | None)
    )


def _is_opinion(opinion: Mapping[str, Any]) -> bool:
    verdict, scale = opinion.get("verdict"), opinion.get("scale")
    names = [opinion.get(name) for name in ("criterion", "model", "judge")]
    if not isinstance(scale, str) or not all(isinstance(text, str | None) for text in (verdict, *names)):
        return False
    try:
        return verdict is None or scale == "no-yes" or math.isfinite(float(verdict))
    except ValueError:
        return False


def _models(record: Record) -> Iterator[str]:
    for _, details in _details([record]):
        for judged in (*details.get("opinions", ()), *details.get("pairs", ())):
            if judged.get("model"):
                yield judged["model"]


def _flag(judge: str, candidate: str) -> str:
    if judge == candidate:
        return f"{candidate} {JUDGED_ITSELF}; name another with --judge"
    shared = ", ".join(sorted(families(judge) & families(candidate)))
    family = f"is of the same model family as the candidate ({shared}: {candidate})"
    return f"judge {judge} {family} and may prefer its answers"


def _ratings(details: Mapping[str, Any]) -> Iterator[tuple[str, Level, dict[str, float | str | None]]]:
    """(criterion, level, {judge: rating}) of one score."""
    if "pairs" in details:
        yield "", "interval", {_name(pair): _PAIR.get(pair["winner"]) for pair in details["pairs"]}
    by_criterion: dict[str, list[Mapping[str, Any]]] = {}
    for opinion in details.get("opinions", ()):
        by_criterion.setdefault(opinion.get("criterion") or "", []).append(opinion)
    for criterion, opinions in by_criterion.items():
        level: Level = "nominal" if opinions[0]["scale"] == "no-yes" else "interval"
        yield criterion, level, {_name(opinion): _rating(opinion["verdict"], level) for opinion in opinions}


def _name(judged: Mapping[str, Any]) -> str:
    return str(judged.get("judge") or judged.get("model"))


def _rating(verdict: str | None, level: Level) -> float | str | None:
    return verdict if verdict is None or level == "nominal" else float(verdict)


def _several_judges(items: Sequence[Mapping[str, Any]]) -> bool:
    return len({judge for ratings in items for judge in ratings}) > 1


def _alpha(items: Sequence[Mapping[str, Any]], level: Level) -> dict[str, Any]:
    judges = sorted({judge for ratings in items for judge in ratings})
    agreement = alpha_agreement([[ratings.get(judge) for ratings in items] for judge in judges], level=level)
    judged_twice = sum(sum(rating is not None for rating in ratings.values()) > 1 for ratings in items)
    values: dict[str, Any] = {
        "judges": judges,
        "items": len(items),
        "judged_twice": judged_twice,
        "level": level,
        "alpha": agreement.value,
        "stderr": agreement.stderr,
        "ci95": agreement.ci95,
    }
    if agreement.value is None:
        values["why"] = agreement.why
    return values


def _effects(pairs: Sequence[tuple[Mapping[str, Any], Sequence[int]]]) -> dict[str, Any]:
    """The metrics of one scorer's pairs, each given with the lengths of the answers `a` and `b` in characters."""
    judged = [(pair, chars) for pair, chars in pairs if pair["winner"] is not None]
    winners = Counter(pair["winner"] for pair, _ in judged)
    votes = Counter(vote for pair, _ in pairs for vote in (pair["first"], pair["second"]))
    ties = [pair for pair, _ in judged if pair["winner"] == "tie"]
    unequal = [(pair, a > b) for pair, (a, b) in judged if a != b and pair["winner"] != "tie"]
    by_length = {
        "longer": [pair for pair, (a, b) in judged if a > b],
        "shorter": [pair for pair, (a, b) in judged if a < b],
        "equal": [pair for pair, (a, b) in judged if a == b],
    }
    shares = {
        "win_rate": [_PAIR[pair["winner"]] for pair, _ in judged],
        "ties_by_order": [float(pair["consistent"] is False) for pair in ties],
        "first_preferred": [1.0] * votes["A"] + [0.0] * votes["B"],
        "longer_preferred": [float((pair["winner"] == "a") == longer) for pair, longer in unequal],
    }
    return {
        "judged": len(judged),
        "unjudged": len(pairs) - len(judged),
        "wins": winners["a"],
        "ties": winners["tie"],
        "losses": winners["b"],
        **{name: estimate(values).mean for name, values in shares.items()},
        "ci95": {name: estimate(values).ci95 for name, values in shares.items()},
        **{name: {"n": len(group), "win_rate": _win_rate(group)} for name, group in by_length.items()},
    }


def _win_rate(pairs: Sequence[Mapping[str, Any]]) -> float | None:
    return sum(_PAIR[pair["winner"]] for pair in pairs) / len(pairs) if pairs else None
