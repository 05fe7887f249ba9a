"""`win_rate`: is the output better than the reference answer, or than what another model said?

The win rate of a cell is its mean: wins plus half the ties, of all pairs that could be judged,
as in AlpacaEval (Dubois et al. 2024, "Length-Controlled AlpacaEval", arXiv:2404.04475, section 2)
before its control for length, which ours leaves out: lengths stand in the details instead.
Both orders are asked, and a win needs both, as in MT-Bench (Zheng et al. 2023,
arXiv:2306.05685, section 3.4).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from ...errors import UsageError
from ...protocols import Ask
from ...types import Sample, Score
from ..match.messages import no_target
from .call import MAX_TOKENS, together
from .judgment import JudgeConfig
from .pairwise import CRITERIA, TEMPLATE, PairVerdict, judge_pair
from .panel import Combine, JudgePanel, combined, read_models
from .prompt import JudgePrompt, check_fields, check_form
from .prompt_fields import SHARED, SHARED_NUMBERED, answers, numbered, question_of, reference_of
from .scale import PAIR
from .verdict_parser import VerdictFormat

_VALUES = {"a": 1.0, "tie": 0.5, "b": 0.0}
_WORDS = {"a": "won", "tie": "tied", "b": "lost"}


@dataclass(frozen=True, kw_only=True, slots=True)
class WinRate:
    """1 for a win, 0.5 for a tie, 0 for a loss; unscored where an order could not be judged.

    The other answer is the sample's (first) target, or with `against` the output for the
    sample's id in that file. Equal texts tie, and nobody is asked.
    """

    against: Mapping[str, tuple[str, ...]] | None = None  # in a task file: the name of a file of {id, output}
    criteria: str = CRITERIA
    reference: bool = False  # with `against`: show the target to the judge
    model: str | tuple[str, ...] | None = None  # PROVIDER[:MODEL], one or several; None: the run's judge
    combine: Combine = "mean"  # of several judges
    max_tokens: int = MAX_TOKENS
    prompt: str | None = None  # with {question}, {answer_a}, {answer_b}, {ref_answer_1}, ...
    system: str | None = None
    verdict: str | None = None  # `[[A]]` (A, B, C for a tie), or a regular expression with one group

    name = "win_rate"
    version = "1"
    pass_score = 1.0
    judged = True
    output_files = ("against",)

    def __post_init__(self) -> None:
        if self.reference and self.against is None:
            raise UsageError(
                "reference: true shows the target beside both answers; without `against` it is one of them"
            )
        if self.prompt is not None:
            names, needed = (*SHARED, "answer_a", "answer_b"), ["answer_a", "answer_b"]
            check_fields(self.prompt, names, (*SHARED_NUMBERED, "answer_a", "answer_b"), needed)
        for name, outputs in (self.against or {}).items():
            if len(outputs) != 1:
                raise UsageError(f"against: sample {name!r} has {len(outputs)} outputs; one is compared with")
        check_form(self.prompt, VerdictFormat.from_param(PAIR, self.verdict))
        JudgePanel(models=self.judges, terms=JudgeConfig(max_tokens=self.max_tokens))

    @property
    def judges(self) -> tuple[str, ...]:
        """The models that are to be opened beside the run's."""
        return read_models(self.model)

    @property
    def needs_target(self) -> bool:
        """Whether the target is the other answer, or shown to the judge."""
        return self.against is None or self.reference or (self.prompt is not None and "{ref" in self.prompt)

    def parse(self, output: str, sample: Sample) -> str | None:
        """The stripped output; None where it is empty."""
        return output.strip() or None

    async def score(self, output: str, sample: Sample, ask: Ask | None = None) -> Score:
        """1, 0.5, 0, or unscored with the reason. Raises ProviderError where a call failed."""
        if ask is None:
            raise UsageError("win_rate needs a model to ask")
        if self.needs_target and not sample.targets:
            return no_target()
        other = self._other(sample)
        if other is None:
            return Score(value=None, explanation=f"`against` has no output for sample {sample.id!r}")
        if output.strip() == other.strip():
            return Score(value=0.5, answer=self.parse(output, sample), explanation="tied: the texts are equal")
        found = {*self._texts(output, other, sample), "criteria"}
        if self.prompt is not None and (missing := self._prompt().missing(found)):
            return Score(value=None, explanation=f"the prompt asks for {{{missing[0]}}}, which this sample lacks")
        pairs = await together(
            self._judged(ask, number, judge, output, other, sample)
            for number, judge in enumerate(self.judges or (None,))
        )
        return self._score(pairs, output, other, sample)

    def _other(self, sample: Sample) -> str | None:
        if self.against is None:
            return sample.targets[0]
        return next(iter(self.against.get(sample.id, ())), None)

    def _prompt(self) -> JudgePrompt:
        marking = VerdictFormat.from_param(PAIR, self.verdict)
        if self.prompt is not None:
            return JudgePrompt(template=self.prompt, marking=marking, system=self.system, fenced=False)
        return JudgePrompt(template=TEMPLATE, marking=marking, system=self.system)

    async def _judged(
        self, ask: Ask, number: int, judge: str | None, output: str, other: str, sample: Sample
    ) -> PairVerdict:
        return await judge_pair(
            ask,
            question_of(sample),
            output,
            other,
            criteria=self.criteria,
            judge=judge or True,
            prompt=self._prompt(),
            texts=(self._texts(output, other, sample), self._texts(other, output, sample)),
            role=f"{self.name}-{number + 1}" if number else self.name,
            max_tokens=self.max_tokens,
        )

    def _texts(self, first: str, second: str, sample: Sample) -> dict[str, str]:
        reference = reference_of(sample) if self.reference or self.prompt is not None else None
        shown = {"question": question_of(sample)} | ({} if reference is None else {"reference": reference})
        if self.prompt is None:
            return shown | {"answer_a": first, "answer_b": second}
        return shown | numbered(sample) | answers("answer_a", sample, first) | answers("answer_b", sample, second)

    def _score(self, pairs: list[PairVerdict], output: str, other: str, sample: Sample) -> Score:
        details = {
            "combine": self.combine,
            "chars": [len(output), len(other)],
            "pairs": [
                asdict(pair) | {"judge": judge} for pair, judge in zip(pairs, self.judges or (None,), strict=True)
            ],
        }
        read = [(pair.winner, _VALUES[pair.winner]) for pair in pairs if pair.winner is not None]
        value = combined(read, len(pairs), self.combine)
        if value is None:
            why = next(pair.explanation for pair in pairs if pair.winner is None)
            return Score(value=None, answer=self.parse(output, sample), explanation=why, details=details)
        said = ", ".join(f"{_WORDS[p.winner or 'tie']} by {p.model}: {p.explanation}" for p in pairs if p.winner)
        return Score(value=value, answer=self.parse(output, sample), explanation=said, details=details)
