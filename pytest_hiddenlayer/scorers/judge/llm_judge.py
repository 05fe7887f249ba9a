"""`llm_judge`: a model rates an output by criteria that the task states.

Weighting verdicts by the judge's probabilities follows G-Eval (Liu et al. 2023,
arXiv:2303.16634); see `logprob_weighting`. This implementation differs in that the judge reads
the criteria as written, without evaluation steps that a model derives from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import UsageError
from ...protocols import Ask
from ...types import Sample, Score
from ..capabilities import ScorerCapabilities
from ..match.messages import no_target
from .call import DATA, MAX_TOKENS
from .judgment import JudgeConfig
from .panel import Combine, JudgePanel, Question, read_models
from .prompt import JudgePrompt, check_fields, check_verdict_format
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
    """Scores the judge's verdict on the scale, from 0 (worst) to 1 (best); for a rubric the weighted mean.

    An unreadable verdict is asked for once more; if it is unreadable again, the sample is
    unscored. A custom `prompt` is sent as written, and its texts are not fenced.
    """

    criteria: str | None = None  # the criterion, as the judge reads it
    rubric: tuple[Any, ...] | None = None  # instead: texts (checks, yes or no) or {name, criteria, weight, scale}
    scale: str | tuple[int, ...] = (1, 5)  # worst and best, or yes_no
    reference: bool = False  # show the target to the judge
    model: str | tuple[str, ...] | None = None  # PROVIDER[:MODEL], one or several; None: the run's judge
    samples: int = 1  # verdicts to draw if a judge returns no probabilities
    combine: Combine = "mean"  # how to combine several judges
    logprobs: bool = True  # weight by probabilities if the judge returns them
    temperature: float | None = None  # None: 0 for one sample, 1 for several
    max_tokens: int = MAX_TOKENS
    prompt: str | None = None  # with {question}, {answer}, {reference}, {criteria}, {question_1}, {ref_answer_1}, ...
    system: str | None = None
    verdict: str | None = None  # `[[rating]]`, `[[A]]`, or a regular expression with one group

    name = "llm_judge"
    version = "2"
    pass_score = 0.5

    def __post_init__(self) -> None:
        if self.criteria is not None and self.rubric is not None:
            raise UsageError("criteria and rubric were both given; keep one, or move the criteria into the rubric")
        if self.criteria is None and self.rubric is None and self.prompt is None:
            raise UsageError("needs `criteria` (a text), a `rubric` (a list) or a `prompt`")
        if self.prompt is not None:
            check_fields(self.prompt, (*SHARED, "answer"), (*SHARED_NUMBERED, "answer"), ["answer"])
        for criterion in self._criteria():
            check_verdict_format(self.prompt, VerdictFormat.from_param(criterion.scale, self.verdict))
        self._panel()

    @property
    def capabilities(self) -> ScorerCapabilities:
        """Asks the judges that `model` names."""
        return ScorerCapabilities(asks_model=True, judges=read_models(self.model))

    @property
    def needs_target(self) -> bool:
        """Whether the judge reads the target."""
        return self.reference or (self.prompt is not None and "{ref" in self.prompt)

    def parse(self, output: str, sample: Sample) -> str | None:
        """Returns the stripped output, or None if it is empty."""
        return output.strip() or None

    async def score(self, output: str, sample: Sample, ask: Ask | None = None) -> Score:
        """Returns the judges' score; unscored with the reason if a verdict is unreadable. Raises ProviderError."""
        if ask is None:
            raise UsageError("llm_judge needs a model to ask")
        if not output.strip():
            return Score(value=None, explanation="not judged: the output is empty")
        if self.needs_target and not sample.targets:
            return no_target()
        questions = [self._question(criterion, output, sample) for criterion in self._criteria()]
        for question in questions:
            if missing := question.prompt.missing({*question.texts, *question.fields}):
                return Score(value=None, explanation=f"the prompt uses {{{missing[0]}}}, which this sample lacks")
        return await self._panel().score(ask, questions, role=self.name, answer=self.parse(output, sample))

    def _criteria(self) -> Sequence[Criterion]:
        scale = Scale.from_param(self.scale)
        if self.rubric is not None:
            return read_rubric(self.rubric, scale)
        return (Criterion(text=self.criteria or "", scale=scale),)

    def _panel(self) -> JudgePanel:
        config = JudgeConfig(
            samples=self.samples, temperature=self.temperature, max_tokens=self.max_tokens, logprobs=self.logprobs
        )
        return JudgePanel(models=read_models(self.model), combine=self.combine, config=config)

    def _question(self, criterion: Criterion, output: str, sample: Sample) -> Question:
        verdict_format = VerdictFormat.from_param(criterion.scale, self.verdict)
        reference = reference_of(sample) if self.needs_target else None
        texts = {"question": question_of(sample), "answer": output}
        texts |= {"reference": reference} if reference is not None else {}
        fields = {"criteria": criterion.text, "verdict": criterion.scale.description}
        if self.prompt is None:
            prompt = JudgePrompt(template=TEMPLATE, verdict_format=verdict_format, system=self.system)
            return Question(criterion=criterion, prompt=prompt, texts=texts, fields={"reference": "", **fields})
        texts |= numbered(sample) | answers("answer", sample, output)
        prompt = JudgePrompt(template=self.prompt, verdict_format=verdict_format, system=self.system, fenced=False)
        return Question(criterion=criterion, prompt=prompt, texts=texts, fields=fields)
