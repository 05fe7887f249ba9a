"""What users register as a scorer, made to fit the `Scorer` protocol."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Real
from typing import Any

from ..errors import UsageError
from ..protocols import Ask
from ..types import Sample, Score


# The two are not frozen: the protocol's attributes are settable, and mypy holds a scorer to that.
@dataclass(kw_only=True, slots=True)
class FunctionScorer:
    """A function `(output, sample[, ask], *, parameters)`, sync or async, as a scorer.

    It returns a share in [0, 1], True or False, a Score, or None for unscored. Attributes of
    the function named `version`, `pass_score`, `needs_target` and `parse` win over the defaults.
    """

    name: str
    function: Callable[..., Any]
    params: Mapping[str, Any]
    takes_ask: bool
    version: str
    pass_score: float
    needs_target: bool

    def parse(self, output: str, sample: Sample) -> str | None:
        """The stripped output, None where it is empty; or what the function's own `parse` says."""
        own: Callable[[str, Sample], str | None] | None = getattr(self.function, "parse", None)
        return own(output, sample) if own else output.strip() or None

    async def score(self, output: str, sample: Sample, ask: Ask | None = None) -> Score:
        """The function's verdict. Raises UsageError where that is no score."""
        more = (ask,) if self.takes_ask else ()
        verdict = self.function(output, sample, *more, **self.params)
        if inspect.isawaitable(verdict):
            verdict = await verdict
        return _score(self.name, verdict, self.parse(output, sample))


@dataclass(kw_only=True, slots=True)
class ObjectScorer:
    """An object with `score` and `parse`, under the name it was registered by, with what it lacks."""

    name: str
    inner: Any
    version: str
    pass_score: float
    needs_target: bool

    def parse(self, output: str, sample: Sample) -> str | None:
        """The inner scorer's answer."""
        answer: str | None = self.inner.parse(output, sample)
        return answer

    async def score(self, output: str, sample: Sample, ask: Ask | None = None) -> Score:
        """The inner scorer's verdict. Raises UsageError where that is no score."""
        verdict = self.inner.score(output, sample, ask)
        if inspect.isawaitable(verdict):
            verdict = await verdict
        return _score(self.name, verdict, self.parse(output, sample))


def adapt_function(
    name: str, function: Callable[..., Any], params: Mapping[str, Any], takes_ask: bool
) -> FunctionScorer:
    """The function as a scorer."""
    return FunctionScorer(
        name=name,
        function=function,
        params=params,
        takes_ask=takes_ask,
        version=str(getattr(function, "version", None) or source_hash(function)),
        pass_score=getattr(function, "pass_score", 0.5),
        needs_target=getattr(function, "needs_target", False),
    )


def adapt_object(name: str, inner: Any) -> ObjectScorer:
    """The object as a scorer; one that does not name its pass score counts as graded: 0.5."""
    return ObjectScorer(
        name=name,
        inner=inner,
        version=str(getattr(inner, "version", None) or source_hash(type(inner))),
        pass_score=getattr(inner, "pass_score", 0.5),
        needs_target=getattr(inner, "needs_target", False),
    )


def source_hash(code: Any) -> str:
    """12 hex digits of the source, so that an edited scorer is another version.

    What the code calls is not in it; without a source file the compiled code is hashed.
    """
    try:
        source = inspect.getsource(code)
    except (OSError, TypeError):
        compiled = getattr(code, "__code__", None)
        source = repr((compiled.co_code, compiled.co_names)) if compiled else repr(type(code))
    return hashlib.sha256(source.encode("utf-8", "backslashreplace")).hexdigest()[:12]


def _score(name: str, verdict: Any, answer: str | None) -> Score:
    if isinstance(verdict, Score):
        return verdict
    if verdict is None:
        return Score(value=None, answer=answer, explanation=f"scorer {name!r} gave no score")
    if isinstance(verdict, Real) and 0.0 <= float(verdict) <= 1.0:  # NaN is in no range
        return Score(value=float(verdict), answer=answer)
    raise UsageError(
        f"scorer {name!r} returned {verdict!r}; return a number in [0, 1], True, False, a Score, or None for unscored"
    )
