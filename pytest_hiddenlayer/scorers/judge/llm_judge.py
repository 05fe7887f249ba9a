"""`llm_judge`: a model says how good an output is, by criteria that the task states.

Verdicts weighted by the judge's probabilities are G-Eval's (Liu et al. 2023, arXiv:2303.16634);
see `weighted`. Ours differs in that the criteria are shown as they are written, without
evaluation steps that a model makes of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import UsageError
from ...protocols import Ask
from ...types import Sample, Score
from ..match.messages import no_target
from .call import DATA, MAX_TOKENS
from .judgment import JudgeConfig
from .panel import Combine, JudgePanel, Question, read_models
from .prompt import JudgePrompt, check_fields, check_form
from .prompt_fields import SHARED, SHARED_NUMBERED, answers, numbered, question_of, reference_of
from .rubric import Criterion, read_rubric
from .scale import Scale
from .verdict_parser import VerdictFormat

TEMPLATE = f"""\
Judge an answer to a question by one criterion.

Criterion: {{criteria}}

{DATA}
{{question}}
{{reference}}
{{answer}}

Explain in one or two sentences, then give your verdict in double square brackets, as [[V]] where V is {{verdict}}."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LlmJudge:
    """The judge's verdict on the scale, from 0 (worst) to 1 (best); weighted mean over a rubric's criteria.

    A verdict that cannot be read is asked for once more, and then unscored. A `prompt` of
    one's own is shown as it is: its texts are not fenced.
    """

    criteria: str | None = None  # what to judge by
    rubric: tuple[Any, ...] | None = None  # instead: texts (checks, yes or no) or {name, criteria, weight, scale}
    scale: str | tuple[int, ...] = (1, 5)  # worst and best, or yes_no
    reference: bool = False  # show the target to the judge
    model: str | tuple[str, ...] | None = None  # PROVIDER[:MODEL], one or several; None: the run's judge
    samples: int = 1  # verdicts drawn where a judge tells no probabilities
    combine: Combine = "mean"  # of several judges
    logprobs: bool = True  # weigh by probabilities where the judge tells them
    temperature: float | None = None  # None: 0 for one sample, 1 for several
    max_tokens: int = MAX_TOKENS
    prompt: str | None = None  # with {question}, {answer}, {reference}, {criteria}, {question_1}, {ref_answer_1}, ...
    system: str | None = None
    verdict: str | None = None  # `[[rating]]`, `[[A]]`, or a regular expression with one group

    name = "llm_judge"
    version = "1"
    pass_score = 0.5
    judged = True

    def __post_init__(self) -> None:
        if self.criteria is not None and self.rubric is not None:
            raise UsageError("criteria and rubric were both given; write a rubric of both, or keep one")
        if self.criteria is None and self.rubric is None and self.prompt is None:
            raise UsageError("needs `criteria` (a text), a `rubric` (a list) or a `prompt`")
        if self.prompt is not None:
            check_fields(self.prompt, (*SHARED, "answer"), (*SHARED_NUMBERED, "answer"), ["answer"])
        for criterion in self._criteria():
            check_form(self.prompt, VerdictFormat.from_param(criterion.scale, self.verdict))
        self._jury()

    @property
    def judges(self) -> tuple[str, ...]:
        """The models that are to be opened beside the run's."""
        return read_models(self.model)

    @property
    def needs_target(self) -> bool:
        """Whether the judge is shown the target."""
        return self.reference or (self.prompt is not None and ("{ref" in self.prompt))

    def parse(self, output: str, sample: Sample) -> str | None:
        """The stripped output; None where it is empty."""
        return output.strip() or None

    async def score(self, output: str, sample: Sample, ask: Ask | None = None) -> Score:
        """The judges' score; unscored where a verdict cannot be read. Raises ProviderError where a call failed."""
        if ask is None:
            raise UsageError("llm_judge needs a model to ask")
        if not output.strip():
            return Score(value=None, explanation="not judged: the output is empty")
        if self.needs_target and not sample.targets:
            return no_target()
        questions = [self._question(criterion, output, sample) for criterion in self._criteria()]
        for question in questions:
            if missing := question.prompt.missing({*question.texts, *question.words}):
                return Score(value=None, explanation=f"the prompt asks for {{{missing[0]}}}, which this sample lacks")
        return await self._jury().score(ask, questions, role=self.name, answer=self.parse(output, sample))

    def _criteria(self) -> Sequence[Criterion]:
        scale = Scale.from_param(self.scale)
        if self.rubric is not None:
            return read_rubric(self.rubric, scale)
        return (Criterion(text=self.criteria or "", scale=scale),)

    def _jury(self) -> JudgePanel:
        terms = JudgeConfig(
            samples=self.samples, temperature=self.temperature, max_tokens=self.max_tokens, logprobs=self.logprobs
        )
        return JudgePanel(models=self.judges, combine=self.combine, terms=terms)

    def _question(self, criterion: Criterion, output: str, sample: Sample) -> Question:
        marking = VerdictFormat.from_param(criterion.scale, self.verdict)
        reference = reference_of(sample) if self.needs_target else None
        texts = {"question": question_of(sample), "answer": output}
        texts |= {"reference": reference} if reference is not None else {}
        words = {"criteria": criterion.text, "verdict": criterion.scale.said}
        if self.prompt is None:
            prompt = JudgePrompt(template=TEMPLATE, marking=marking, system=self.system)
            return Question(criterion=criterion, prompt=prompt, texts=texts, words={"reference": "", **words})
        texts |= numbered(sample) | answers("answer", sample, output)
        prompt = JudgePrompt(template=self.prompt, marking=marking, system=self.system, fenced=False)
        return Question(criterion=criterion, prompt=prompt, texts=texts, words=words)
