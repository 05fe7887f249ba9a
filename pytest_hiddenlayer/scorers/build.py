"""From a written scorer (`Spec`) to an object that scores, its parameters checked."""

from __future__ import annotations

import hashlib
import inspect
import math
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from ..errors import HiddenLayerError, UsageError, did_you_mean
from ..registry import scorers
from ..types import Ask, Sample, Score, Scorer, Spec


def build_scorer(spec: Spec) -> Scorer:
    """The registered scorer with these parameters. Raises UsageError (UnknownNameError for the name)."""
    factory = scorers.get(spec.name)
    plain = inspect.isfunction(factory) and list(inspect.signature(factory).parameters)[:2] == ["output", "sample"]
    _check(spec, factory)
    if plain:
        return FunctionScorer(name=spec.name, function=factory, params=spec.params, version=_version(factory))
    try:
        built = factory(**spec.params)
    except HiddenLayerError:
        raise
    except (TypeError, ValueError) as error:
        raise UsageError(f"scorer {spec.name!r} cannot be built: {error}") from error
    for needed in ("score", "parse"):
        if not callable(getattr(built, needed, None)):
            raise UsageError(f"scorer {spec.name!r}: what it returns has no {needed}(); see types.Scorer")
    return cast(Scorer, built)


def _check(spec: Spec, factory: Callable[..., Any]) -> None:
    allowed = {
        name: parameter
        for name, parameter in inspect.signature(factory).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }
    for key, value in spec.params.items():
        if key not in allowed:
            raise UsageError(
                f"scorer {spec.name!r} has no parameter {key!r}{did_you_mean(key, allowed)} "
                f"(it has: {', '.join(allowed) or 'none'})"
            )
        annotation = str(allowed[key].annotation)
        if annotation in ("bool", "<class 'bool'>") and not isinstance(value, bool):
            raise UsageError(f"scorer {spec.name!r}: {key}={value!r}; write true or false")
        if annotation == "str | None" and not isinstance(value, str):
            raise UsageError(f"scorer {spec.name!r}: {key}={value!r}; a text is needed")
    missing = [n for n, p in allowed.items() if p.default is inspect.Parameter.empty and n not in spec.params]
    if missing:
        raise UsageError(f"scorer {spec.name!r} needs a value for {', '.join(missing)}")


@dataclass(frozen=True, kw_only=True, slots=True)
class FunctionScorer:
    """A user's function `(output, sample, *, ...)` as a scorer; it may return a number, a bool, None or a Score."""

    name: str
    function: Callable[..., Any]
    params: Mapping[str, Any]
    version: str  # a hash of the source: an edited function is another version
    needs_target: bool = False

    @property
    def pass_score(self) -> float:
        """The function's attribute of that name, or 0.5."""
        return float(getattr(self.function, "pass_score", 0.5))

    def parse(self, output: str, sample: Sample) -> str | None:
        """The stripped text."""
        return output.strip() or None

    async def score(self, output: str, sample: Sample, ask: Ask | None = None) -> Score:
        """What the function returned, as a Score. Raises UsageError where that is no score."""
        value = self.function(output, sample, **self.params)
        if inspect.isawaitable(value):
            value = await value
        if isinstance(value, Score):
            return value
        if value is None:
            return Score(value=None, explanation=f"{self.name} returned None")
        if isinstance(value, int | float) and math.isfinite(value) and 0 <= value <= 1:
            return Score(value=float(value), answer=self.parse(output, sample))
        raise UsageError(f"scorer {self.name!r} returned {value!r}; a number in [0, 1], a Score or None is needed")


def _version(function: Callable[..., Any]) -> str:
    try:
        source = inspect.getsource(function)
    except (OSError, TypeError):
        source = repr(typing.get_type_hints(function))
    return hashlib.sha256(source.encode()).hexdigest()[:8]
