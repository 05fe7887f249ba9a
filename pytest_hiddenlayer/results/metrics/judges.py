"""What the judges of a cell did, from its records: agreement, effects of order and length, kinship.

Every function takes the records of one cell and returns plain JSON values, by scorer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ...scorers.judge.model_families import families, same_family
from ...stats.agreement import Level, alpha_agreement
from ...stats.estimate.mean_interval import estimate
from ...types import Record

_PAIR = {"a": 1.0, "tie": 0.5, "b": 0.0}


def judge_figures(records: Sequence[Record]) -> dict[str, Any]:
    """`agreement`, `pairs` and `flags` of a cell; those that there are none of are left out."""
    found = {"agreement": judge_agreement(records), "pairs": pair_effects(records), "flags": judge_flags(records)}
    return {name: value for name, value in found.items() if value}


def judge_agreement(records: Sequence[Record]) -> dict[str, dict[str, Any]]:
    """Krippendorff's alpha of each scorer that asked several judges, by criterion ('' where there is only one).

    Ratings are what each judge said, at the level `nominal` for yes and no, else `interval`,
    as the score itself takes them. `alpha` is None where all said one and the same thing, or
    no item was judged twice, and `why` says so.
    """
    found: dict[str, dict[str, Any]] = {}
    for scorer, details in _details(records):
        for criterion, level, ratings in _ratings(details):
            of = found.setdefault(scorer, {}).setdefault(criterion, {"level": level, "items": []})
            of["items"].append(ratings)
    return {
        scorer: agreed
        for scorer, criteria in found.items()
        if (
            agreed := {
                name: _alpha(of["items"], of["level"]) for name, of in criteria.items() if _several(of["items"])
            }
        )
    }


def pair_effects(records: Sequence[Record]) -> dict[str, dict[str, Any]]:
    """Wins, and what order and length had to do with them, of each scorer that compared pairs.

    `win_rate` is wins plus half the ties, of the pairs judged. `ties_by_order` is the share of
    ties in which the orders disagreed. `first_preferred` is the share of votes for the answer
    shown first; 0.5 where order does not matter, for each pair is shown in both. `longer`,
    `shorter` and `equal` are the pairs by the output's length in characters, with their win
    rates; `longer_preferred` is the share of the decided pairs that the longer answer won.
    Each of the four shares has its 95 % interval in `ci95`. What no pair can tell is None.
    """
    found: dict[str, list[tuple[Mapping[str, Any], Sequence[int]]]] = {}
    for scorer, details in _details(records):
        for pair in details.get("pairs", ()):
            found.setdefault(scorer, []).append((pair, details["chars"]))
    return {scorer: _effects(pairs) for scorer, pairs in found.items()}


def judge_flags(records: Sequence[Record]) -> list[str]:
    """One sentence for each judge of a scorer that is the candidate itself, or of its family by name."""
    pairs = {(model, record.model) for record in records for model in _models(record)}
    return [_flag(judge, candidate) for judge, candidate in sorted(pairs) if same_family(judge, candidate)]


def _details(records: Sequence[Record]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for record in records:
        for scorer, score in record.scores.items():
            if details := score.get("details"):
                yield scorer, details


def _models(record: Record) -> Iterator[str]:
    for _, details in _details([record]):
        for said in (*details.get("opinions", ()), *details.get("pairs", ())):
            if said.get("model"):
                yield said["model"]


def _flag(judge: str, candidate: str) -> str:
    if judge == candidate:
        return f"{candidate} was judged by itself; name another with --judge"
    kin = ", ".join(sorted(families(judge) & families(candidate)))
    return f"judge {judge} is of the candidate's family ({kin}: {candidate}) and may prefer its own kind"


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


def _name(said: Mapping[str, Any]) -> str:
    return str(said.get("judge") or said.get("model"))


def _rating(verdict: str | None, level: Level) -> float | str | None:
    return verdict if verdict is None or level == "nominal" else float(verdict)


def _several(items: Sequence[Mapping[str, Any]]) -> bool:
    return len({judge for ratings in items for judge in ratings}) > 1


def _alpha(items: Sequence[Mapping[str, Any]], level: Level) -> dict[str, Any]:
    judges = sorted({judge for ratings in items for judge in ratings})
    agreed = alpha_agreement([[ratings.get(judge) for ratings in items] for judge in judges], level=level)
    twice = sum(sum(rating is not None for rating in ratings.values()) > 1 for ratings in items)
    found: dict[str, Any] = {
        "judges": judges,
        "items": len(items),
        "judged_twice": twice,
        "level": level,
        "alpha": agreed.value,
        "stderr": agreed.stderr,
        "ci95": agreed.ci95,
    }
    if agreed.value is None:
        found["why"] = "every judge said the same of everything" if twice else "nothing was judged twice"
    return found


def _effects(pairs: Sequence[tuple[Mapping[str, Any], Sequence[int]]]) -> dict[str, Any]:
    judged = [(pair, chars) for pair, chars in pairs if pair["winner"] is not None]
    winners = Counter(pair["winner"] for pair, _ in judged)
    votes = Counter(vote for pair, _ in pairs for vote in (pair["first"], pair["second"]))
    ties = [pair for pair, _ in judged if pair["winner"] == "tie"]
    unequal = [(pair, own > other) for pair, (own, other) in judged if own != other and pair["winner"] != "tie"]
    by_length = {
        "longer": [pair for pair, (own, other) in judged if own > other],
        "shorter": [pair for pair, (own, other) in judged if own < other],
        "equal": [pair for pair, (own, other) in judged if own == other],
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
        **{name: {"n": len(found), "win_rate": _win_rate(found)} for name, found in by_length.items()},
    }


def _win_rate(pairs: Sequence[Mapping[str, Any]]) -> float | None:
    return sum(_PAIR[pair["winner"]] for pair in pairs) / len(pairs) if pairs else None
