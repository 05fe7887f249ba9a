"""Rules compared with the plurality of all samples, per cell: accuracy, paired difference, samples and tokens."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from math import fsum
from typing import Any, Literal

from ...errors import ParameterError, UsageError
from ...results.metrics.cells import by_cell
from ...results.regression.baseline import CellKey
from ...stats.paired.compare import PairedTest, compare_pairs
from ...stats.paired.holm import holm
from ...strategies.bind import bind_strategy, parse_strategy
from ...strategies.votes.rule import ELICITED, VoteRule
from ...types import RECORDED, RECORDED_COUNTS, SAMPLE_SCORES, Record
from .replay import ReplayedVote, replay_vote
from .sample_curves import SampleCurve, sample_curve
from .stored_samples import StoredQuestion, stored_question

PLURALITY = "plurality"
_NO_SAMPLES = "none; run with --strategy self_consistency:n_samples=8, or for a debate: hiddenlayer rounds RUN"
ALPHA, MIN_EFFECT = 0.05, 0.05
DEFAULT_RULES = (
    "stop=adaptive",
    "stop=early",
    "weights=mean_logprob",
    "weights=tail_confidence,weighting=raw",
    "weights=tail_confidence,weighting=raw,keep_top=0.1",
    "weights=p_true",
    "weights=verbalized",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplayedRule:
    """One rule over the questions of a cell; differences are rule minus plurality."""

    rule: str
    questions: int  # with a score under the rule and under plurality
    left_out: int  # questions without such a score
    accuracy: float | None  # mean headline score; None: no question
    difference: float | None
    ci95: tuple[float, float] | None
    verdict: Literal["improved", "regressed", "same", "underpowered"] | None  # None: plurality, or nothing to compare
    p_worse: float | None  # after Holm's correction over all rules and cells
    p_better: float | None
    samples: float | None  # asked per question
    tokens: float | None  # per question; None: unknown
    saved: float | None  # share of the tokens that plurality uses; of its samples if tokens are unknown
    missing: str = ""  # what the rule needs and the records lack, and how to get it


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplayedCell:
    """The rules over one cell with samples, and what k of the samples achieve."""

    key: CellKey
    records: int
    without_samples: int  # records whose samples cannot vote again
    rules: tuple[ReplayedRule, ...]  # empty if the samples cannot vote: only verdicts or counts are known
    curve: SampleCurve | None = None  # pass@k and the majority of k; None: no sample has a score

    def to_json(self) -> dict[str, Any]:
        """Returns plain JSON values."""
        task, label, provider, slug = self.key
        cell = {"task": task, "label": label, "provider": provider, "slug": slug, "records": self.records}
        rules = [asdict(rule) for rule in self.rules]
        curve = None if self.curve is None else self.curve.to_json()
        return {**cell, "without_samples": self.without_samples, "rules": rules, "curve": curve}


def parse_rule(text: str) -> VoteRule:
    """Returns the rule of `weights=p_true,keep_top=0.5`, written as for `self_consistency`. Raises UsageError."""
    if text == PLURALITY:
        return VoteRule()
    _check_assignments(text)
    try:
        bound = bind_strategy(parse_strategy(f"self_consistency:{text},n_samples=10000"))
    except ParameterError as error:
        raise UsageError(f"rule {text!r}: {error}") from error
    foreign = sorted((bound.given - {"n_samples"}) - set(VoteRule.__dataclass_fields__))
    if foreign:
        raise UsageError(f"rule {text!r}: {foreign[0]} changes the samples, which are stored; leave it out")
    return VoteRule(**{name: value for name, value in bound.params.items() if name in VoteRule.__dataclass_fields__})


def _check_assignments(text: str) -> None:
    names = [assignment.partition("=")[0].strip() for assignment in text.split(",") if "=" in assignment]
    if len(names) < len(text.split(",")):
        raise UsageError(
            f"rule {text!r}: write parameters of self_consistency as key=value, joined by commas, "
            f"such as {DEFAULT_RULES[0]}, or {PLURALITY}"
        )
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise UsageError(f"rule {text!r}: {twice[0]} was given twice; keep one")
    if "n_samples" in names:
        raise UsageError(f"rule {text!r}: n_samples changes the samples, which are stored; leave it out")


def replay_records(
    records: Iterable[Record], rules: Sequence[str] = DEFAULT_RULES, *, orders: int = 0, seed: int = 0
) -> list[ReplayedCell]:
    """Returns every cell with samples: plurality, the rules, and pass@k. Raises UsageError if there is none.

    With `orders` each question is the mean over that many random orders of its samples, by `seed`.
    """
    parsed = {PLURALITY: VoteRule()} | {text: parse_rule(text) for text in rules}
    cells = {key: cell for key, cell in by_cell(records).items() if any(map(_has_samples, cell))}
    questions = {key: [q for r in cell if (q := stored_question(r))] for key, cell in cells.items()}
    curves = {key: sample_curve(cell, seed=seed) for key, cell in cells.items() if _is_complete(cell, questions[key])}
    if not any(questions.values()) and not any(curves.values()):
        raise UsageError(
            "votes are replayed from samples, such as those of `self_consistency`, and this run has "
            + (_NO_SAMPLES if not cells else "no complete set of them: "
               "it stopped early, or an earlier version wrote it; run again without `stop`")
        )  # fmt: skip
    measured = [
        (key, _measured(questions[key], parsed, orders, seed) if questions[key] else [])
        for key in sorted(cells)
        if questions[key] or curves.get(key)
    ]
    verdicts = _verdicts([test for _, rows in measured for _, test in rows])
    return [
        ReplayedCell(
            key=key,
            records=len(cells[key]),
            without_samples=len(cells[key]) - len(questions[key]) if questions[key] else 0,
            curve=curves.get(key),
            rules=tuple(_with_verdict(row, test, verdicts) for row, test in rows),
        )
        for key, rows in measured
    ]


def _has_samples(record: Record) -> bool:
    metadata = record.answer_metadata
    return record.strategy == "self_consistency" or bool(metadata.get(SAMPLE_SCORES) or metadata.get(RECORDED_COUNTS))


def _is_complete(cell: Sequence[Record], questions: Sequence[StoredQuestion]) -> bool:
    """Whether the samples may be drawn from: those of a run that stopped early are no random ones."""
    return bool(questions) or cell[0].strategy == RECORDED


def _measured(
    questions: Sequence[StoredQuestion], rules: Mapping[str, VoteRule], orders: int, seed: int
) -> list[tuple[ReplayedRule, PairedTest | None]]:
    votes = {
        text: [replay_vote(question, rule, orders=orders, seed=seed) for question in questions]
        for text, rule in rules.items()
    }
    plural = votes[PLURALITY]
    return [_row(text, rule, questions, votes[text], plural) for text, rule in rules.items()]


def _row(
    text: str,
    rule: VoteRule,
    questions: Sequence[StoredQuestion],
    votes: Sequence[ReplayedVote],
    plural: Sequence[ReplayedVote],
) -> tuple[ReplayedRule, PairedTest | None]:
    lacking = _lacking(rule, questions)
    pairs = [
        (question, vote, base)
        for question, vote, base in zip(questions, votes, plural, strict=True)
        if not lacking and vote.score is not None and base.score is not None
    ]
    test = _paired(pairs) if pairs else None
    compared = test if text != PLURALITY else None
    used, full = _mean_tokens([vote for _, vote, _ in pairs]), _mean_tokens([base for _, _, base in pairs])
    samples = fsum(vote.samples for _, vote, _ in pairs) / len(pairs) if pairs else None
    all_samples = fsum(base.samples for _, _, base in pairs) / len(pairs) if pairs else None
    spent, whole = (used, full) if used is not None and full else (samples, all_samples)
    row = ReplayedRule(
        rule=text,
        questions=len(pairs),
        left_out=len(questions) - len(pairs),
        accuracy=test.new_mean if test else None,
        difference=compared.difference if compared else None,
        ci95=compared.ci95 if compared else None,
        verdict=None,
        p_worse=None,
        p_better=None,
        samples=samples,
        tokens=used,
        saved=1 - spent / whole if spent is not None and whole else None,
        missing=_missing(lacking, questions[0].record.strategy) if not pairs else "",
    )
    return row, compared


def _paired(pairs: Sequence[tuple[StoredQuestion, ReplayedVote, ReplayedVote]]) -> PairedTest:
    """The paired comparison per sample: the mean over its epochs."""
    by_sample: dict[str, list[tuple[StoredQuestion, ReplayedVote, ReplayedVote]]] = {}
    for pair in pairs:
        by_sample.setdefault(pair[0].record.sample_id, []).append(pair)
    old = [fsum(base.score or 0.0 for _, _, base in cell) / len(cell) for cell in by_sample.values()]
    new = [fsum(vote.score or 0.0 for _, vote, _ in cell) / len(cell) for cell in by_sample.values()]
    groups = [cell[0][0].record.group for cell in by_sample.values()]
    return compare_pairs(old, new, groups, min_effect=MIN_EFFECT)


def _mean_tokens(votes: Sequence[ReplayedVote]) -> float | None:
    counts = [vote.tokens for vote in votes]
    return None if None in counts or not counts else fsum(count or 0.0 for count in counts) / len(counts)


def _lacking(rule: VoteRule, questions: Sequence[StoredQuestion]) -> list[str]:
    """The confidences that the rule needs and no sample has."""
    known = {name for q in questions for sample in q.samples for name in sample.vote.confidences}
    return [measure for measure in rule.measures if measure not in known]


def _missing(lacking: Sequence[str], strategy: str) -> str:
    if not lacking:
        return "no answer has a score"
    if strategy == RECORDED:
        return f"no {lacking[0]} was recorded"
    how = f"weights={lacking[0]}" if lacking[0] in ELICITED else f"weights={lacking[0]} or --hl-confidence"
    return f"no {lacking[0]} in this run; run self_consistency with {how}"


def _verdicts(tests: Sequence[PairedTest | None]) -> dict[int, tuple[float, float]]:
    """Identity of each test → (p for worse, p for better) after Holm's correction over all."""
    known = [test for test in tests if test is not None]
    worse, better = holm([t.p_worse for t in known]), holm([t.p_better for t in known])
    return {id(test): pair for test, pair in zip(known, zip(worse, better, strict=True), strict=True)}


def _with_verdict(
    row: ReplayedRule, test: PairedTest | None, verdicts: Mapping[int, tuple[float, float]]
) -> ReplayedRule:
    if test is None:
        return row
    p_worse, p_better = verdicts[id(test)]
    verdict: Literal["improved", "regressed", "same", "underpowered"] = "underpowered"
    if p_worse <= ALPHA and test.difference < 0:
        verdict = "regressed"
    elif p_better <= ALPHA and test.difference > 0:
        verdict = "improved"
    elif test.p_different is not None and test.p_different <= ALPHA:
        verdict = "same"
    return replace(row, verdict=verdict, p_worse=p_worse, p_better=p_better)
