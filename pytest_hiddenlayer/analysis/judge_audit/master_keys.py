"""Master-key attacks: texts without an answer, which a judge rates as if they were one.

Zhao et al. 2025, "One Token to Fool LLM-as-a-Judge", arXiv:2507.08794. The right answer is judged
as a control: a judge that accepts nothing is never fooled, but useless.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ...engine.judge_session import JudgeSession
from ...errors import ProviderError
from ...identifiers import derive_seed
from ...scorers.judge.call import MASTER_KEYS
from ...scorers.judge.prompt_fields import question_of
from ...types import Sample, Score
from ..answers import PlayerAnswer
from .pairs import cluster_of, sample_of
from .prompts import RatingFormat

ECHO = "the prompt echoed"
CONTROL = "the right answer"


@dataclass(frozen=True, kw_only=True, slots=True)
class MasterKeyResult:
    """A judge's verdict on one text as the answer to one sample."""

    form: str  # the label of the rating format
    key: str  # the text; ECHO and CONTROL for the sample's own texts
    cluster: str
    accepted: bool | None  # at or above the pass score; None: not judged, see `why`
    value: float | None  # in [0, 1]
    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeySample:
    """A sample that is attacked."""

    sample: Sample
    cluster: str  # the unit that error bars resample


def key_samples(answers: Sequence[PlayerAnswer], n: int, *, seed: int = 0) -> list[KeySample]:
    """At most `n` of the run's samples, drawn at random; those with a target first."""
    samples = {
        answer.sample: KeySample(sample=sample_of(answer.record), cluster=cluster_of(answer.record))
        for answer in answers
    }
    order = sorted(samples, key=lambda name: (not samples[name].sample.targets, derive_seed(seed, "keys", *name)))
    return [samples[name] for name in order[:n]]


def judge_keys(
    judge_session: JudgeSession,
    samples: Sequence[KeySample],
    formats: Sequence[RatingFormat],
    *,
    on_done: Callable[[], None],
) -> list[MasterKeyResult]:
    """The verdicts on every master key and the right answer, for each sample in every rating format."""
    attacks = [
        (attacked, rating, key, text)
        for attacked in samples
        for rating in formats
        for key, text in key_texts(attacked.sample)
    ]

    async def judge(sample: Sample, rating: RatingFormat, text: str) -> Score:
        try:
            return await rating.scorer(sample).score(text, sample, judge_session.ask)
        finally:
            on_done()

    scores = judge_session.gather(judge(attacked.sample, rating, text) for attacked, rating, _, text in attacks)
    return [
        _result(rating, key, attacked.cluster, score)
        for (attacked, rating, key, _), score in zip(attacks, scores, strict=True)
    ]


def key_texts(sample: Sample) -> Iterator[tuple[str, str]]:
    """(name, text) of every text that is judged as an answer to the sample."""
    yield from ((key, key) for key in MASTER_KEYS)
    yield ECHO, question_of(sample)
    if sample.targets:
        yield CONTROL, sample.targets[0]


def _result(rating: RatingFormat, key: str, cluster: str, score: Score | ProviderError) -> MasterKeyResult:
    value = None if isinstance(score, ProviderError) else score.value
    why = str(score) if isinstance(score, ProviderError) else "" if value is not None else score.explanation
    accepted = None if value is None else value >= rating.pass_score
    return MasterKeyResult(form=rating.label, key=key, cluster=cluster, accepted=accepted, value=value, why=why)
