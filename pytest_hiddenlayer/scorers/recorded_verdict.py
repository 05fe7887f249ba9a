"""`recorded_verdict`: the verdict that was recorded for an answer, for tasks without targets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import fsum
from typing import Literal

from ..protocols import Ask
from ..types import Recording, Sample, Score
from .capabilities import ScorerCapabilities
from .match.choice import Choice
from .match.exact import Exact
from .match.extract import WHOLE, Extract
from .match.numeric import Numeric

_READERS: Mapping[str, type[Exact] | type[Choice] | type[Numeric]] = {
    "exact": Exact,
    "choice": Choice,
    "numeric": Numeric,
}
READS_VERDICTS = ScorerCapabilities(reads_verdicts=True)


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordedVerdict:
    """Scores 1 if the recorded answer was recorded as right, 0 if as wrong; unscored if nobody says.

    It serves recordings without targets (docs/recordings.md), with `--provider recorded`. `answers` says how texts
    are read for votes: as `exact`, `choice` or `numeric` read them, after `extract`. If only verdicts of independent
    samples are known, the score is the share of right ones, which is pass@1.
    """

    answers: Literal["exact", "choice", "numeric"] = "exact"
    extract: Extract = WHOLE

    name = "recorded_verdict"
    capabilities = READS_VERDICTS
    version = "1"
    pass_score = 1.0
    needs_target = False

    def parse(self, output: str, sample: Sample) -> str | None:
        """Returns the answer as the scorer `answers` reads it, or None."""
        return _READERS[self.answers](extract=self.extract).parse(output, sample)

    async def score(self, output: str, sample: Sample, ask: Ask | None = None) -> Score:
        """Returns the recorded verdict as 1 or 0; unscored without one."""
        answer = self.parse(output, sample)
        recording = sample.recording
        if recording is None:
            why = "this answer was not recorded, so it has no verdict; name another scorer"
            return Score(value=None, answer=answer, explanation=why)
        if recording.final is not None:
            return _verdict(recording.final.verdict, answer)
        right, known = _right_samples(recording)
        if not known:
            return _verdict(None, answer)
        return Score(value=fsum([right]) / known, explanation=f"{right} of {known} samples were recorded as right")


def _verdict(verdict: bool | None, answer: str | None) -> Score:
    if verdict is None:
        return Score(value=None, answer=answer, explanation="no verdict was recorded for this answer")
    return Score(value=float(verdict), answer=answer, explanation=f"recorded as {'right' if verdict else 'wrong'}")


def _right_samples(recording: Recording) -> tuple[int, int]:
    """How many samples were recorded as right, of how many with a verdict."""
    if recording.counts is not None:
        return recording.counts
    verdicts = [sample.verdict for sample in recording.samples if sample.verdict is not None]
    return sum(verdicts), len(verdicts)
