"""Builds a scorer with checked parameters from a written one (`Spec`)."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, cast

from ..errors import UsageError
from ..extensions.errors import describe_error, is_user_error
from ..parameters import check_params, type_hints
from ..protocols import Scorer
from ..registry import scorers
from ..types import Spec
from .adapters import adapt_function, adapt_object


def build_scorer(spec: Spec) -> Scorer:
    """Returns the scorer. Raises UsageError for its parameters (UnknownNameError for the name).

    A class, or a factory without required positional parameters, is called and returns the
    scorer. A function `(output, sample)` or `(output, sample, ask)` is the scorer itself.
    """
    registered = scorers.get(spec.name)
    try:
        return _build(spec.name, registered, spec.params)
    except UsageError as error:
        raise UsageError(f"scorer {spec.name!r}: {error}") from error
    except Exception as error:  # a user's factory may raise anything
        text = describe_error(error) if is_user_error(error) else str(error)
        raise UsageError(f"scorer {spec.name!r}: {text}") from error


def _build(name: str, registered: Callable[..., Any], params: Mapping[str, Any]) -> Scorer:
    parameters = inspect.signature(registered).parameters
    required = [] if isinstance(registered, type) else _required_positionals(parameters)
    if len(required) > 3 or len(required) == 1:
        raise UsageError(f"it takes ({', '.join(required)}); write (output, sample), then its parameters after a `*`")
    allowed = {key: parameter for key, parameter in parameters.items() if key not in required}
    checked = check_params(params, allowed, type_hints(registered))
    if required:
        return adapt_function(name, registered, checked, takes_ask=len(required) == 3)
    return _as_scorer(name, registered(**checked))


def _required_positionals(parameters: Mapping[str, inspect.Parameter]) -> list[str]:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [n for n, p in parameters.items() if p.kind in kinds and p.default is inspect.Parameter.empty]


def _as_scorer(name: str, scorer: Any) -> Scorer:
    if not (callable(getattr(scorer, "score", None)) and callable(getattr(scorer, "parse", None))):
        raise UsageError(f"it returned {scorer!r}, without `score` and `parse`; return a pytest_hiddenlayer.Scorer")
    attributes = ("version", "pass_score", "needs_target")
    if getattr(scorer, "name", None) == name and all(hasattr(scorer, key) for key in attributes):
        return cast(Scorer, scorer)
    return adapt_object(name, scorer)
