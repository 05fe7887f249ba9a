"""Inspect's scorers as ours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...errors import UsageError
from ...regular_expressions import compile_regex
from ..draft import Work
from ..files import plain, text_of

_QA = "Does the answer agree with the reference answer, by the facts and what the question asks?"
_FACT = "Does the answer contain the facts that the reference states, without contradicting them?"
_ANSWERS = {"letter": "([A-Za-z])", "word": r"(\w+)", "line": r"(.*\S)"}


def scorers_of(
    header: Mapping[str, Any], info: Mapping[str, Any], work: Work, *, has_choices: bool, has_target: bool
) -> list[Any]:
    """Return the scorers of a log; says which have no counterpart. Raises TaskError if none has."""
    found: dict[str, Any] = {}
    written = list(_written(header, info))
    for name, options in written:
        scorer = _scorer(name, options, work)
        if scorer is None:
            work.left_out(f"the scorer {name} has no counterpart here")
        elif name not in found:
            found[name] = scorer
    if found:
        return _distinct(found)
    if written:
        names = ", ".join(name for name, _ in written)
        raise work.source.error(f"its scorers ({names}) have no counterpart here")
    if not has_target:
        raise work.source.error("names no scorer, and its samples have no target")
    work.note("the log names no scorer: an answer is correct if it contains the target")
    return ["choice"] if has_choices else [{"keyword": {"match": "text"}}]


def _written(header: Mapping[str, Any], info: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    scorers = info.get("scorers")
    if not isinstance(scorers, list) or not scorers:
        results = header.get("results")
        scores = results.get("scores") if isinstance(results, dict) else None
        scorers = (
            [{"name": s.get("scorer")} for s in scores if isinstance(s, dict)] if isinstance(scores, list) else []
        )
    for scorer in scorers:
        if isinstance(scorer, dict) and (name := text_of(scorer.get("name"))):
            options = scorer.get("options") or scorer.get("params")
            yield name.rpartition("/")[2], plain(options) if isinstance(options, dict) else {}


def _scorer(name: str, options: Mapping[str, Any], work: Work) -> Any:
    ignore_case = options.get("ignore_case", True) is not False
    match name:
        case "includes":
            return {"keyword": {"match": "text", "ignore_case": ignore_case}}
        case "match":
            return _match(options, ignore_case, work)
        case "exact":
            return {"exact": {"ignore_case": True, "ignore_punctuation": True}}
        case "choice":
            return "choice"
        case "pattern":
            return _pattern(options, ignore_case, work)
        case "answer":
            pattern = _ANSWERS.get(str(options.get("pattern")), _ANSWERS["line"])
            extract = {"pattern": rf"(?i)ANSWER\s*:\s*{pattern}", "take": "last"}
            return {"exact": {"extract": extract, "ignore_case": True, "ignore_punctuation": True}}
        case "model_graded_qa":
            return {"llm_judge": {"criteria": _QA, "reference": True, "scale": "yes_no"}}
        case "model_graded_fact":
            return {"llm_judge": {"criteria": _FACT, "reference": True, "scale": "yes_no"}}
        case "math":
            return "math"
    return None


def _match(options: Mapping[str, Any], ignore_case: bool, work: Work) -> Any:
    if options.get("numeric") is True:
        take = "first" if options.get("location") == "begin" else "last"
        return {"numeric": {"extract": {"take": take}}}
    kinds = {"begin": "start", "end": "end", "any": "text"}
    location = str(options.get("location", "end"))
    if location == "exact":
        return {"exact": {"ignore_case": ignore_case}}
    return {"keyword": {"match": kinds.get(location, "end"), "ignore_case": ignore_case}}


def _pattern(options: Mapping[str, Any], ignore_case: bool, work: Work) -> Any:
    pattern = options.get("pattern")
    try:
        compile_regex(str(pattern))
    except UsageError as error:
        work.left_out(f"the pattern of the scorer `pattern`: {error}")
        return None
    return {"pattern": {"pattern": str(pattern), "ignore_case": ignore_case}}


def _distinct(found: Mapping[str, Any]) -> list[Any]:
    """Return the scorers; one that appears twice is named after Inspect's."""
    kinds = [next(iter(scorer)) if isinstance(scorer, dict) else scorer for scorer in found.values()]
    return [
        {kind: {"as": name, **(scorer[kind] if isinstance(scorer, dict) else {})}}
        if kinds.count(kind) > 1
        else scorer
        for (name, scorer), kind in zip(found.items(), kinds, strict=True)
    ]
