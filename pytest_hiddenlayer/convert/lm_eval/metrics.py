"""Metrics and filters of a harness task as scorers and strategies."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ...errors import UsageError
from ...regular_expressions import compile_regex
from ...taskfile.yaml_source import Tagged
from ..draft import At, DraftSample, slug
from ..files import is_true, number_of, text_of, texts_of
from .config import Config
from .groups import one_group

_NUMBER = re.compile(r"[-+]?[$]?[\d,]*\.?\d+")
_SAME = {"take_first", "remove_whitespace", "majority_vote", "take_first_k"}  # filters that leave the answer as it is
_TYPES = {
    "loglikelihood": "is scored by the log-likelihood of a given text",
    "loglikelihood_rolling": "is scored by the perplexity of a text",
}


@dataclass(slots=True)
class Pipeline:
    """One entry of `filter_list`: where its answer is in the output, and whether answers are voted on."""

    name: str
    extract: dict[str, Any] = field(default_factory=dict)
    ignore_case: bool = False
    votes: int | None = None  # number of answers that a majority is taken of


@dataclass(slots=True)
class Scoring:
    """How answers are scored."""

    is_choice: bool
    pipelines: list[Pipeline] = field(default_factory=list)
    ignore_case: bool = False
    ignore_punctuation: bool = False
    ignored: list[str] = field(default_factory=list)  # regular expressions
    strategies: list[Any] = field(default_factory=list)
    report_ignored: Any = None

    def target(self, text: str) -> str:
        """Return a target without what the metric ignores. Raises ValueError."""
        for pattern in self.ignored:
            text = _without(pattern, text)
        return text.strip()

    def scorers(self, samples: Sequence[DraftSample]) -> list[Any]:
        """Return the scorers, one per different pipeline; numbers are compared as numbers if the metric ignores
        how they are written."""
        if self.is_choice:
            return ["choice"]
        is_numeric = bool(self.ignored) and bool(samples) and all(_is_number(sample.target) for sample in samples)
        if self.ignored and not is_numeric and self.report_ignored is not None:
            self.report_ignored()
        found: dict[str, Any] = {}
        for pipeline in self.pipelines or [Pipeline("none")]:
            scorer = self._numeric(pipeline) if is_numeric else self._exact(pipeline)
            if scorer not in found.values():
                found[slug(pipeline.name, "filter")[:40]] = scorer
        if len(found) == 1:
            return list(found.values())
        return [{kind: {"as": _label(name), **params}} for name, s in found.items() for kind, params in s.items()]

    def _numeric(self, pipeline: Pipeline) -> dict[str, Any]:
        return {"numeric": {"extract": pipeline.extract} if pipeline.extract else {}}

    def _exact(self, pipeline: Pipeline) -> dict[str, Any]:
        params: dict[str, Any] = {"extract": pipeline.extract} if pipeline.extract else {}
        if self.ignore_case or pipeline.ignore_case:
            params["ignore_case"] = True
        if self.ignore_punctuation:
            params["ignore_punctuation"] = True
        return {"exact": params}


def _label(name: str) -> str:
    return name if re.fullmatch(r"[^\W\d][\w.-]{0,39}", name) else f"filter-{name}"[:40]


def _is_number(target: Any) -> bool:
    return isinstance(target, str) and _NUMBER.fullmatch(target.strip()) is not None


def _without(pattern: str, text: str) -> str:
    try:
        matches = compile_regex(pattern).find_all(text)
    except (UsageError, TimeoutError) as error:
        raise ValueError(f"regexes_to_ignore: {error}") from error
    parts, end = [], 0
    for match in matches:
        parts.append(text[end : match.start()])
        end = match.end()
    return "".join([*parts, text[end:]])


def scoring_of(config: Config) -> Scoring:
    """Return how the task is scored. Raises TaskError if none of its metrics has a scorer here."""
    kind = config.text("output_type") or "generate_until"
    if kind in _TYPES:
        raise config.error("output_type", f"{_TYPES[kind]} ({kind}); this project scores generated answers")
    if kind not in ("generate_until", "multiple_choice"):
        raise config.error("output_type", f"output_type {kind!r} is unknown")
    scoring = Scoring(is_choice=kind == "multiple_choice")
    if scoring.is_choice:
        config.left_out(
            "output_type", "multiple_choice is scored by log-likelihood there; here an answer is generated"
        )
    _read_metrics(config, scoring)
    if not scoring.is_choice:
        _read_filters(config, scoring)
    return scoring


def _read_metrics(config: Config, scoring: Scoring) -> None:
    written = config.get("metric_list")
    if written is None:
        return
    wanted = ("acc", "acc_norm", "acc_mutual_info", "exact_match") if scoring.is_choice else ("exact_match",)
    names = []
    known = False
    for entry in written.items():
        metric = entry.get("metric")
        name = _metric_name(metric)
        names.append(name)
        if name == "exact_match" or name in wanted:
            if name in wanted and not (scoring.is_choice and name == "exact_match" and known):
                known = True
                _read_exact(config, entry, scoring)
        else:
            config.left_out("metric_list", f"the metric {name} has no scorer here")
    if not known:
        raise config.error("metric_list", f"its metrics ({', '.join(names)}) have no scorer here")


def _metric_name(metric: At | None) -> str:
    if metric is None:
        return "?"
    if isinstance(metric.value, Tagged):
        return f"{metric.value.tag} {metric.value.text}"
    return text_of(metric.value) or "?"


def _read_exact(config: Config, entry: At, scoring: Scoring) -> None:
    values = entry.value
    scoring.ignore_case = is_true(values.get("ignore_case"))
    scoring.ignore_punctuation = is_true(values.get("ignore_punctuation"))
    ignored = values.get("regexes_to_ignore")
    scoring.ignored = (texts_of(ignored) or []) if ignored is not None else []
    line = entry["regexes_to_ignore"].line if ignored is not None else None
    _, source = config.fields["metric_list"]

    def report() -> None:
        message = f"regexes_to_ignore ({', '.join(scoring.ignored)}) apply to targets only, not to outputs"
        config.work.left_out(message, line, source=source)

    scoring.report_ignored = report


def _read_filters(config: Config, scoring: Scoring) -> None:
    written = config.get("filter_list")
    repeats = int(number_of(config.fields["repeats"][0].value) or 1) if config.get("repeats") is not None else 1
    if written is None:
        if repeats > 1:
            config.left_out("repeats", f"{repeats} repeats of which only the first counts")
        return
    problems: list[str] = []
    for entry in written.items():
        name = text_of(entry.value.get("name")) if isinstance(entry.value, dict) else None
        try:
            scoring.pipelines.append(_pipeline(name or "filter", entry.get("filter"), repeats, config))
        except ValueError as error:
            problems.append(f"the filter {name!r}: {error}")
    if not scoring.pipelines:
        raise config.error("filter_list", "; ".join(problems) or "filter_list has no filters")
    for problem in problems:
        config.left_out("filter_list", problem)
    votes = dict.fromkeys(p.votes for p in scoring.pipelines if p.votes is not None)
    single = any(p.votes is None for p in scoring.pipelines)
    if votes:
        temperature = _temperature(config)
        scoring.strategies = (["single"] if single else []) + [
            {"self_consistency": {"n_samples": number, **temperature}} for number in votes if number
        ]


def _temperature(config: Config) -> dict[str, float]:
    written = config.get("generation_kwargs")
    at = written.get("temperature") if written is not None else None
    value = number_of(at.value) if at is not None else None
    return {} if value is None or value < 0 else {"temperature": value}


def _pipeline(name: str, written: At | None, repeats: int, config: Config) -> Pipeline:
    """Return one pipeline. Raises ValueError for a filter without a counterpart."""
    pipeline, number = Pipeline(name), repeats
    for step in written.items() if written is not None else ():
        values = step.value if isinstance(step.value, dict) else {}
        function = values.get("function")
        if isinstance(function, Tagged):
            raise ValueError(f"{function.tag} {function.text} is Python code, which is not run")
        match text_of(function):
            case "regex":
                if pipeline.extract:
                    raise ValueError("it has two regular expressions")
                pipeline.extract = _extract(values)
            case "take_first_k":
                number = min(int(number_of(values.get("k")) or number), number)
            case "majority_vote":
                pipeline.votes = max(number, 1)
            case "lowercase" | "uppercase":
                pipeline.ignore_case = True
            case known if known in _SAME:
                pass
            case other:
                raise ValueError(f"{other!r} has no counterpart here")
    return pipeline


def _extract(values: dict[str, Any]) -> dict[str, Any]:
    """Return the extract rule of a regex filter. Raises ValueError if it cannot be one group."""
    pattern = text_of(values.get("regex_pattern")) or r"#### (\-?[0-9\.\,]+)"
    select = int(number_of(values.get("group_select")) or 0)
    if select not in (0, -1):
        raise ValueError(f"group_select {select} is neither the first match nor the last")
    try:
        return {"pattern": one_group(pattern), "take": "last" if select else "first"}
    except UsageError as error:
        raise ValueError(str(error)) from error
