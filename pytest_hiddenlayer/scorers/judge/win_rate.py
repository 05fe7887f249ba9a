"""`win_rate`: a judge compares the output with the reference answer, or with another model's output.

The win rate of a cell is its mean: wins plus half the ties, over all pairs that could be judged,
as in AlpacaEval (Dubois et al. 2024, "Length-Controlled AlpacaEval", arXiv:2404.04475, section 2)
before its control for length. This implementation does not control for length; the details
contain the lengths. The judge compares both orders, and a win needs both, as in MT-Bench
(Zheng et al. 2023, arXiv:2306.05685, section 3.4).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

from ...completions.reasoning import split_reasoning
from ...concurrency import gather_or_cancel
from ...errors import UsageError
from ...parameters import OutputFile
from ...protocols import Ask
from ...types import Sample, Score
from ..capabilities import ScorerCapabilities
from ..match.messages import no_target
from .call import MAX_TOKENS
from .judgment import JudgeConfig
from .pairwise import CRITERIA, TEMPLATE, PairVerdict, judge_pair
from .panel import Combine, JudgePanel, combine_votes, read_models
from .prompt import JudgePrompt, check_fields, check_verdict_format
from .prompt_fields import SHARED, SHARED_NUMBERED, answers, numbered, question_of, reference_of
from .scale import PAIR
from .verdict_parser import VerdictFormat

_VALUES = {"a": 1.0, "tie": 0.5, "b": 0.0}
_RESULTS = {"a": "won", "tie": "tied", "b": "lost"}


@dataclass(frozen=True, kw_only=True, slots=True)
class WinRate:
    """Scores 1 for a win, 0.5 for a tie, 0 for a loss; unscored if an order could not be judged.

    The opponent is the sample's first target, or with `against` the output for the sample's id
    in that file. Equal texts tie without a call.
    """

    against: OutputFile | None = None  # the opponents' outputs
    criteria: str = CRITERIA
    reference: bool = False  # with `against`: show the target to the judge
    model: str | tuple[str, ...] | None = None  # PROVIDER[:MODEL], one or several; None: the run's judge
    combine: Combine = "mean"  # how to combine several judges
    max_tokens: int = MAX_TOKENS
    prompt: str | None = None  # with {question}, {answer_a}, {answer_b}, {ref_answer_1}, ...
    system: str | None = None
    verdict: str | None = None  # `[[A]]` (A, B, C for a tie), or a regular expression with one group

    name = "win_rate"
    version = "2"
    pass_score = 1.0

    def __post_init__(self) -> None:
        if self.reference and self.against is None:
            raise UsageError(
                "reference: true needs `against`; without `against` the target is already one of the two answers"
            )
        if self.prompt is not None:
            names, required = (*SHARED, "answer_a", "answer_b"), ["answer_a", "answer_b"]
            check_fields(self.prompt, names, (*SHARED_NUMBERED, "answer_a", "answer_b"), required)
        for sample_id, outputs in (self.against or {}).items():
            if len(outputs) != 1:
                raise UsageError(f"against: sample {sample_id!r} has {len(outputs)} outputs; keep one per sample")
        check_verdict_format(self.prompt, VerdictFormat.from_param(PAIR, self.verdict))
        JudgePanel(models=read_models(self.model), config=JudgeConfig(max_tokens=self.max_tokens))

    @property
    def capabilities(self) -> ScorerCapabilities:
        """Asks the judges that `model` names."""
        return ScorerCapabilities(asks_model=True, judges=read_models(self.model))

    @property
    def needs_target(self) -> bool:
        """Whether the target is the opponent, or the judge reads it."""
        return self.against is None or self.reference or (self.prompt is not None and "{ref" in self.prompt)

    def parse(self, output: str, sample: Sample) -> str | None:
        """Returns the stripped output, or None if it is empty."""
        return output.strip() or None

    async def score(self, output: str, sample: Sample, ask: Ask | None = None) -> Score:
        """Returns 1, 0.5 or 0; unscored with the reason. Raises ProviderError if a call fails."""
        if ask is None:
            raise UsageError("win_rate needs a model to ask")
        if self.needs_target and not sample.targets:
            return no_target()
        opponent = self._opponent(sample)
        if opponent is None:
            return Score(value=None, explanation=f"`against` has no output for sample {sample.id!r}")
        if output.strip() == opponent.strip():
            return Score(value=0.5, answer=self.parse(output, sample), explanation="tied: the texts are equal")
        fields = {*self._texts(output, opponent, sample), "criteria"}
        if self.prompt is not None and (missing := self._prompt().missing(fields)):
            return Score(value=None, explanation=f"the prompt uses {{{missing[0]}}}, which this sample lacks")
        pairs = await gather_or_cancel(
            self._judge(ask, number, judge, output, opponent, sample) for number, judge in enumerate(self._judges)
        )
        return self._score(pairs, output, opponent, sample)

    @property
    def _judges(self) -> tuple[str | None, ...]:
        return read_models(self.model) or (None,)

    def _opponent(self, sample: Sample) -> str | None:
        if self.against is None:
            return sample.targets[0]
        outputs = self.against.get(sample.id, ())
        return split_reasoning(outputs[0]).text if outputs else None

    def _prompt(self) -> JudgePrompt:
        verdict_format = VerdictFormat.from_param(PAIR, self.verdict)
        if self.prompt is not None:
            return JudgePrompt(template=self.prompt, verdict_format=verdict_format, system=self.system, fenced=False)
        return JudgePrompt(template=TEMPLATE, verdict_format=verdict_format, system=self.system)

    async def _judge(
        self, ask: Ask, number: int, judge: str | None, output: str, opponent: str, sample: Sample
    ) -> PairVerdict:
        return await judge_pair(
            ask,
            question_of(sample),
            output,
            opponent,
            criteria=self.criteria,
            judge=judge or True,
            prompt=self._prompt(),
            texts=(self._texts(output, opponent, sample), self._texts(opponent, output, sample)),
            role=f"{self.name}-{number + 1}" if number else self.name,
            max_tokens=self.max_tokens,
        )

    def _texts(self, first: str, second: str, sample: Sample) -> dict[str, str]:
        reference = reference_of(sample) if self.reference or self.prompt is not None else None
        texts = {"question": question_of(sample)} | ({} if reference is None else {"reference": reference})
        if self.prompt is None:
            return texts | {"answer_a": first, "answer_b": second}
        return texts | numbered(sample) | answers("answer_a", sample, first) | answers("answer_b", sample, second)

    def _score(self, pairs: list[PairVerdict], output: str, opponent: str, sample: Sample) -> Score:
        details = {
            "combine": self.combine,
            "chars": [len(output), len(opponent)],
            "pairs": [asdict(pair) | {"judge": judge} for pair, judge in zip(pairs, self._judges, strict=True)],
        }
        votes = [(pair.winner, _VALUES[pair.winner]) for pair in pairs if pair.winner is not None]
        value = combine_votes(votes, len(pairs), self.combine)
        if value is None:
            why = next(pair.explanation for pair in pairs if pair.winner is None)
            return Score(value=None, answer=self.parse(output, sample), explanation=why, details=details)
        results = (f"{_RESULTS[p.winner]} by {p.model}: {p.explanation}" for p in pairs if p.winner is not None)
        return Score(value=value, answer=self.parse(output, sample), explanation=", ".join(results), details=details)
