"""What a call or a strategy returns in Python: the record with the names that a notebook uses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import BudgetExceededError, ProviderError
from ..types import Record

TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Result:
    record: Record

    @property
    def latency_s(self) -> float:
        """Seconds from the request to the answer, including the wait for a free slot."""
        return self.record.latency_s

    @property
    def tokens_in(self) -> int | None:
        """Input tokens of all calls; None if a provider does not report them."""
        return _count(self.record.usage, "input_tokens")

    @property
    def tokens_out(self) -> int | None:
        """Output tokens of all calls; None if a provider does not report them."""
        return _count(self.record.usage, "output_tokens")

    @property
    def cost_usd(self) -> float | None:
        """Cost of all calls in US dollars; 0 if free, None if unknown."""
        return self.record.cost_usd

    @property
    def model(self) -> str:
        """`PROVIDER:MODEL`."""
        return f"{self.record.provider}:{self.record.model}"

    @property
    def cached(self) -> bool:
        """Whether every call was answered from the cache or a cassette."""
        return self.record.cached

    @property
    def run_id(self) -> str:
        """The id of the run that logged it."""
        return self.record.run_id

    @property
    def transcript(self) -> Sequence[Mapping[str, Any]]:
        """Every call in order: role, round, messages, completion, usage, latency_s, cost_usd, seed, ..."""
        return self.record.transcript


class CallResult(_Result):
    """The completion of one call."""

    __slots__ = ()

    @property
    def text(self) -> str:
        """The completion, without reasoning."""
        return str(self.record.transcript[0]["completion"])

    @property
    def reasoning(self) -> str | None:
        """What the model thought before the text, if it did."""
        reasoning: str | None = self.record.transcript[0].get("reasoning")
        return reasoning

    @property
    def finish_reason(self) -> str:
        """Why the completion ended: `stop`, `length`, ..."""
        return str(self.record.transcript[0]["finish_reason"])

    @property
    def mean_logprob(self) -> float | None:
        """Mean natural log-probability of the output tokens; None if not reported."""
        mean: float | None = self.record.transcript[0].get("mean_logprob")
        return mean

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"CallResult({self.text!r}, model={self.model!r}, {_figures(self)})"

    def _repr_html_(self) -> str:
        return _html("call.html.jinja", self)


@dataclass(frozen=True, kw_only=True, slots=True)
class StrategyResult(_Result):
    """The answer of a strategy to one question."""

    answer: str | None = None  # that the first scorer reads from the output

    @property
    def output(self) -> str | None:
        """The text that the strategy gave; None if it gave none, and `error` says why."""
        return self.record.output

    @property
    def score(self) -> float | None:
        """The score in [0, 1]; None without a target."""
        return self.record.score

    @property
    def scores(self) -> Mapping[str, Any]:
        """Scorer → {value, answer, explanation}."""
        return self.record.scores

    @property
    def outcome(self) -> str:
        """`correct`, `incorrect`, `partial`; without a target `unscored`; `truncated`, `empty`, `refused`."""
        return self.record.outcome

    @property
    def error(self) -> str | None:
        """Why there is no score, in one sentence."""
        return self.record.error

    @property
    def metadata(self) -> Mapping[str, Any]:
        """What the strategy says of its answer: votes, plans, verdicts."""
        return self.record.answer_metadata

    @property
    def strategy(self) -> str:
        """The strategy with the parameters that differ from its defaults."""
        return self.record.label

    def __str__(self) -> str:
        return self.output or f"no answer: {self.error}"

    def __repr__(self) -> str:
        calls = f"{len(self.transcript)} call{'' if len(self.transcript) == 1 else 's'}"
        names = f"strategy={self.strategy!r}, model={self.model!r}"
        return f"StrategyResult({self.output!r}, {names}, {calls}, {_figures(self)})"

    def _repr_html_(self) -> str:
        return _html("strategy.html.jinja", self)


def checked(record: Record) -> Record:
    """Return the record. Raises BudgetExceededError or ProviderError if there is no answer because a call failed."""
    if record.outcome == "skipped":
        raise BudgetExceededError(str(record.error).removeprefix("budget: "))
    if record.outcome == "error" or not record.transcript:
        raise ProviderError(str(record.error or "the strategy made no call"))
    return record


def _count(usage: Mapping[str, Any], name: str) -> int | None:
    count: int | None = usage.get(name)
    return count


def _figures(result: _Result) -> str:
    cost = "cost unknown" if result.cost_usd is None else f"${result.cost_usd:.6g}"
    return f"{_shown(result.tokens_in)} in, {_shown(result.tokens_out)} out tokens, {cost}, {result.latency_s:.2f} s"


def _shown(count: int | None) -> str:
    return "?" if count is None else f"{count:,}"


def _html(template: str, result: _Result) -> str:
    from ..report.html_template import load_template

    return load_template(TEMPLATES / template).render(result=result, figures=_figures(result))
