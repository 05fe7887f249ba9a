"""Texts that hold no answer, put before a judge as if they were one: does it accept them?

Zhao et al. 2025, "One Token to Fool LLM-as-a-Judge", arXiv:2507.08794, call them master keys.
The right answer itself is judged beside them: a judge that accepts nothing is fooled by
nothing, and of no use.
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
from ..annotation.questions import Side
from .pairs import cluster_of, sample_of
from .prompts import RatingFormat

ECHO = "the prompt echoed"
CONTROL = "the right answer"


@dataclass(frozen=True, kw_only=True, slots=True)
class MasterKeyResult:
    """What a judge said of one text to one sample."""

    form: str  # what accepting is called
    key: str  # the text; ECHO and CONTROL for those that are the sample's own
    cluster: str
    accepted: bool | None  # at or above the pass score; None: not judged, and `why` says why
    value: float | None  # in [0, 1]
    why: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class KeySample:
    """A sample that keys are put to."""

    sample: Sample
    cluster: str  # what error bars take as one


def key_samples(sides: Sequence[Side], n: int, *, seed: int = 0) -> list[KeySample]:
    """At most `n` of the run's samples, drawn at random; those with a target first."""
    found = {side.spot: KeySample(sample=sample_of(side.record), cluster=cluster_of(side.record)) for side in sides}
    drawn = sorted(found, key=lambda spot: (not found[spot].sample.targets, derive_seed(seed, "keys", *spot)))
    return [found[spot] for spot in drawn[:n]]


def judge_keys(
    judge_session: JudgeSession,
    samples: Sequence[KeySample],
    forms: Sequence[RatingFormat],
    *,
    on_done: Callable[[], None],
) -> list[MasterKeyResult]:
    """The verdicts on every key and the right answer, for each sample in every form."""
    todo = [(asked, form, key, text) for asked in samples for form in forms for key, text in texts(asked.sample)]

    async def one(sample: Sample, form: RatingFormat, text: str) -> Score:
        try:
            return await form.scorer(sample).score(text, sample, judge_session.ask)
        finally:
            on_done()

    scores = judge_session.gather(one(asked.sample, form, text) for asked, form, _, text in todo)
    return [
        _verdict(form, key, asked.cluster, score) for (asked, form, key, _), score in zip(todo, scores, strict=True)
    ]


def texts(sample: Sample) -> Iterator[tuple[str, str]]:
    """(name, text) of everything that is judged as an answer to a sample."""
    yield from ((key, key) for key in MASTER_KEYS)
    yield ECHO, question_of(sample)
    if sample.targets:
        yield CONTROL, sample.targets[0]


def _verdict(form: RatingFormat, key: str, cluster: str, score: Score | ProviderError) -> MasterKeyResult:
    value = None if isinstance(score, ProviderError) else score.value
    why = str(score) if isinstance(score, ProviderError) else "" if value is not None else score.explanation
    accepted = None if value is None else value >= form.pass_score
    return MasterKeyResult(form=form.words, key=key, cluster=cluster, accepted=accepted, value=value, why=why)
