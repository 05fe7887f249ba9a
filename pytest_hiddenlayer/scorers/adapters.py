"""Adapts the functions and objects that users register to the `Scorer` protocol."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import UsageError
from ..extensions.values import plain_number, shown
from ..protocols import Ask
from ..types import Sample, Score
from .capabilities import ScorerCapabilities, capabilities_of


# The adapters are not frozen: mypy requires the settable attributes of the protocol.
@dataclass(kw_only=True, slots=True)
class FunctionScorer:
    """A scorer that calls `(output, sample[, ask], *, parameters)`, sync or async.

    The function returns a number in [0, 1], True or False, a Score, or None for unscored. Its
    attributes `version`, `pass_score`, `needs_target` and `parse` override the defaults.
    """

    name: str
    function: Callable[..., Any]
    params: Mapping[str, Any]
    takes_ask: bool
    version: str
    pass_score: float
    needs_target: bool

    @property
    def capabilities(self) -> ScorerCapabilities:
        """A function that takes `ask` asks the run's judge."""
        return ScorerCapabilities(asks_model=self.takes_ask)

    def parse(self, output: str, sample: Sample) -> str | None:
        """Returns what the function's `parse` returns; without one the stripped output, None if it is empty."""
        parse: Callable[[str, Sample], str | None] | None = getattr(self.function, "parse", None)
        return parse(output, sample) if parse else output.strip() or None

    async def score(self, output: str, sample: Sample, ask: Ask | None = None) -> Score:
        """Returns the function's score. Raises UsageError if it returns something else."""
        arguments = (output, sample, ask) if self.takes_ask else (output, sample)
        returned = self.function(*arguments, **self.params)
        if inspect.isawaitable(returned):
            returned = await returned
        return _score(self.name, returned, self.parse(output, sample.without_target()))


@dataclass(kw_only=True, slots=True)
class ObjectScorer:
    """A scorer that calls an object with `score` and `parse`, under its registered name."""

    name: str
    inner: Any
    version: str
    pass_score: float
    needs_target: bool

    @property
    def capabilities(self) -> ScorerCapabilities:
        """The capabilities of the object."""
        return capabilities_of(self.inner)

    def parse(self, output: str, sample: Sample) -> str | None:
        """Returns what the object's `parse` returns."""
        answer: str | None = self.inner.parse(output, sample)
        return answer

    async def score(self, output: str, sample: Sample, ask: Ask | None = None) -> Score:
        """Returns the object's score. Raises UsageError if it returns something else."""
        returned = self.inner.score(output, sample, ask)
        if inspect.isawaitable(returned):
            returned = await returned
        return _score(self.name, returned, self.parse(output, sample.without_target()))


def adapt_function(
    name: str, function: Callable[..., Any], params: Mapping[str, Any], takes_ask: bool
) -> FunctionScorer:
    """Returns a scorer that calls the function; by default a graded one, with a pass score of 0.5."""
    return FunctionScorer(name=name, function=function, params=params, takes_ask=takes_ask, **_declared(function))


def adapt_object(name: str, inner: Any) -> ObjectScorer:
    """Returns a scorer that calls the object; by default a graded one, with a pass score of 0.5."""
    return ObjectScorer(name=name, inner=inner, **_declared(inner, source=type(inner)))


def source_hash(code: Any) -> str:
    """Returns 12 hex digits of the source, so that an edited scorer has another version.

    The hash does not cover what the code calls. It is of the compiled code if there is no source file.
    """
    try:
        source = inspect.getsource(code)
    except (OSError, TypeError):
        compiled = getattr(code, "__code__", None)
        source = repr((compiled.co_code, compiled.co_names)) if compiled else repr(type(code))
    return hashlib.sha256(source.encode("utf-8", "backslashreplace")).hexdigest()[:12]


def _declared(registered: Any, source: Any = None) -> dict[str, Any]:
    """The optional attributes of what a user registered, with their defaults."""
    return {
        "version": str(getattr(registered, "version", None) or source_hash(source or registered)),
        "pass_score": getattr(registered, "pass_score", 0.5),
        "needs_target": getattr(registered, "needs_target", False),
    }


def _score(name: str, returned: Any, answer: str | None) -> Score:
    if isinstance(returned, Score):
        return returned
    if returned is None:
        return Score(value=None, answer=answer, explanation=f"scorer {name!r} returned no score")
    value = _number(returned)
    if value is not None and 0.0 <= value <= 1.0:  # false for NaN
        return Score(value=value, answer=answer)
    raise UsageError(
        f"scorer {name!r} returned {shown(returned)}; return a number in [0, 1], True, False, a Score, "
        "or None for unscored"
    )


def _number(returned: Any) -> float | None:
    """What a scorer returned as a number, be it a Decimal, a Fraction or of numpy; None for anything else."""
    if isinstance(returned, str | bytes | bytearray):
        return None
    number = plain_number(returned)
    try:
        return float(returned if number is None else number)
    except (TypeError, ValueError, OverflowError):
        return None
