"""`coherence`: a judge rates whether each sentence leads to the next, by the criterion CRITERIA."""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import UsageError
from ...protocols import Ask
from ...types import Sample, Score
from ..capabilities import ScorerCapabilities
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
_NO_RULES = (
    "mode: rules was removed, because it counted shared words: it rated nonsense that repeats its topic high and "
    "sound prose in new words low. Leave `mode` out to let a judge rate the text (see `model` and --hl-judge), "
    "or use the scorer `rules` to check form without a model"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Coherence:
    """Scores the judge's verdict on the scale, from 0 (worst) to 1 (best), as `llm_judge` does."""

    mode: str | None = None  # only `judge`, which is also the default
    criteria: str = CRITERIA
    scale: str | tuple[int, ...] = (1, 5)  # worst and best, or yes_no
    model: str | tuple[str, ...] | None = None  # PROVIDER[:MODEL], one or several; None: the run's judge
    samples: int = 1  # verdicts to draw if a judge returns no probabilities
    combine: Combine = "mean"  # how to combine several judges
    logprobs: bool = True
    max_tokens: int = MAX_TOKENS

    name = "coherence"
    version = "3"
    pass_score = 0.5
    needs_target = False

    def __post_init__(self) -> None:
        if self.mode == "rules":
            raise UsageError(_NO_RULES)
        if self.mode not in (None, "judge"):
            raise UsageError(f"mode must be judge, got {self.mode!r}; or leave it out")
        self._panel()
        self._verdict_format()

    @property
    def capabilities(self) -> ScorerCapabilities:
        """Asks the judges that `model` names."""
        return ScorerCapabilities(asks_model=True, judges=read_models(self.model))

    def parse(self, output: str, sample: Sample) -> str | None:
        """Returns the stripped output, or None if it is empty."""
        return output.strip() or None

    async def score(self, output: str, sample: Sample, ask: Ask | None = None) -> Score:
        """Returns the judges' score; unscored with the reason if it is unreadable. Raises ProviderError."""
        if ask is None:
            raise UsageError("coherence needs a model to ask")
        if not output.strip():
            return Score(value=None, explanation="not judged: the output is empty")
        verdict_format = self._verdict_format()
        question = Question(
            criterion=Criterion(text=self.criteria, scale=verdict_format.scale),
            prompt=JudgePrompt(template=TEMPLATE, verdict_format=verdict_format),
            texts={"text": output},
            fields={"criteria": self.criteria, "verdict": verdict_format.scale.description},
        )
        return await self._panel().score(ask, [question], role=self.name, answer=self.parse(output, sample))

    def _verdict_format(self) -> VerdictFormat:
        return VerdictFormat.from_param(Scale.from_param(self.scale), None)

    def _panel(self) -> JudgePanel:
        config = JudgeConfig(samples=self.samples, max_tokens=self.max_tokens, logprobs=self.logprobs)
        return JudgePanel(models=read_models(self.model), combine=self.combine, config=config)
