"""`coherence`: does one sentence lead to the next? Judged by a model, or by rules alone.

`mode: judge` asks with the criterion CRITERIA. `mode: rules` asks nobody: see `cohesion` for
its source and what differs. The rules see words, not sense: nonsense that repeats its topic
scores high, a sound text that says everything in new words scores low; they know English only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ...errors import UsageError
from ...protocols import Ask
from ...types import Sample, Score
from ..match.cohesion import cohesion
from .call import DATA, MAX_TOKENS
from .judgment import JudgeConfig
from .panel import Combine, JudgePanel, Question, read_models
from .prompt import JudgePrompt
from .rubric import Criterion
from .scale import Scale
from .verdict_parser import VerdictFormat

CRITERIA = (
    "Coherence. Best: each sentence builds on what came before, in an order that makes sense, and together they "
    "make one whole. Middle: the topic is kept, but sentences stand side by side, or an order is hard to follow. "
    "Worst: sentences have nothing to do with each other, contradict each other, or repeat themselves. Only how "
    "the text hangs together counts, not whether it is true, useful or well worded."
)
TEMPLATE = f"""\
Judge a text by one criterion.

Criterion: {{criteria}}

{DATA}
{{text}}

Explain in one or two sentences, then give your verdict in double square brackets, as [[V]] where V is {{verdict}}."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Coherence:
    """The judge's verdict on the scale as in `llm_judge`, or by rules the mean link of neighbours without repetition.

    A text of one sentence is unscored by rules: there is nothing to connect.
    """

    mode: Literal["judge", "rules"] | None = None  # None: judge where `model` names one, else rules
    criteria: str = CRITERIA
    scale: str | tuple[int, ...] = (1, 5)  # worst and best, or yes_no
    model: str | tuple[str, ...] | None = None  # PROVIDER[:MODEL], one or several; None: the run's judge
    samples: int = 1  # verdicts drawn where a judge tells no probabilities
    combine: Combine = "mean"  # of several judges
    logprobs: bool = True
    max_tokens: int = MAX_TOKENS

    name = "coherence"
    version = "1"
    pass_score = 0.5
    needs_target = False

    def __post_init__(self) -> None:
        if self.mode == "rules" and self.model is not None:
            raise UsageError("mode: rules asks no model; leave `model` out, or write mode: judge")
        self._jury()
        self._marking()

    @property
    def judged(self) -> bool:
        """Whether a model is asked."""
        return self.mode == "judge" or (self.mode is None and self.model is not None)

    @property
    def judges(self) -> tuple[str, ...]:
        """The models that are to be opened beside the run's."""
        return read_models(self.model)

    def parse(self, output: str, sample: Sample) -> str | None:
        """The stripped output; None where it is empty."""
        return output.strip() or None

    async def score(self, output: str, sample: Sample, ask: Ask | None = None) -> Score:
        """The score, or unscored with the reason. Raises ProviderError where a judge's call failed."""
        if not output.strip():
            return Score(value=None, explanation="not judged: the output is empty")
        if not self.judged:
            return _by_rules(output, self.parse(output, sample))
        if ask is None:
            raise UsageError("coherence with mode: judge needs a model to ask")
        marking = self._marking()
        question = Question(
            criterion=Criterion(text=self.criteria, scale=marking.scale),
            prompt=JudgePrompt(template=TEMPLATE, marking=marking),
            texts={"text": output},
            words={"criteria": self.criteria, "verdict": marking.scale.said},
        )
        return await self._jury().score(ask, [question], role=self.name, answer=self.parse(output, sample))

    def _marking(self) -> VerdictFormat:
        return VerdictFormat.from_param(Scale.from_param(self.scale), None)

    def _jury(self) -> JudgePanel:
        terms = JudgeConfig(samples=self.samples, max_tokens=self.max_tokens, logprobs=self.logprobs)
        return JudgePanel(models=self.judges, combine=self.combine, terms=terms)


def _by_rules(output: str, answer: str | None) -> Score:
    found = cohesion(output)
    if found is None:
        return Score(value=None, answer=answer, explanation="one sentence: there is nothing to connect")
    linked = sum(link == 1.0 for link in found.links)
    why = f"{linked} of {len(found.links)} neighbours share a word, {found.repetition:.0%} is repeated"
    details = {"sentences": found.sentences, "links": list(found.links), "repetition": found.repetition}
    return Score(value=found.value, answer=answer, explanation=why, details=details)
