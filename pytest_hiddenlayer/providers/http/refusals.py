"""Sends a request again without an optional parameter that the server refuses, and remembers it for the session."""

from __future__ import annotations

import copy
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...errors import ProviderError, TransientError
from ...types import Completion
from .errors import RejectedError, Rejection

Body = dict[str, Any]

_RANGE = re.compile(
    r"(?i)\brange\b|at (most|least)|maxim|minim|less than|greater than|larger than|between|exceed"
    r"|too (large|long|big|high|low|small|short)|above_max|below_min|[<>]=?|[≤≥]|context length"
)
_UNSUPPORTED = re.compile(
    r"(?i)unsupported|(not|n't) support|unknown|unrecogni[sz]ed|unexpected|extra[_ ]|not (permitted|allowed)"
    r"|deprecated|\bunset\b|only the default|only \d+(\.\d+)? is"
)
_NOT_OPTIONAL = re.compile(r"^(messages|input|model|prompt|system)\b")


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """How a body changes after a refusal."""

    apply: Callable[[Body], None]
    warning: str = ""  # what is lost; empty: nothing
    is_sent: bool = True  # whether the parameter is still sent, in another form
    when: str = ""  # regular expression of the errors that it suits; empty: every error


@dataclass(frozen=True, kw_only=True, slots=True)
class OptionalParameter:
    """A parameter that a request can do without, and the changes to try in order."""

    name: str
    keys: tuple[str, ...]  # dotted paths of it in the body, in all its forms
    words: str  # regular expression of the names that errors use
    changes: tuple[Change, ...]
    keeps_range: bool = False  # an error about its range is the user's to correct, so it is final
    yields: str = ""  # regular expression of errors about a conflict in which this parameter is left out

    def is_in(self, body: Body) -> bool:
        """Return whether a body has the parameter."""
        return any(_get(body, key) is not None for key in self.keys)

    def is_positive_in(self, body: Body) -> bool:
        """Return whether a body has another value than 0; judges ask at temperature 0, which some servers refuse."""
        return any(_get(body, key) for key in self.keys)

    def position(self, rejection: Rejection) -> int | None:
        """Return the priority of the parameter in a rejection, the lowest first; None if it is not named.

        -2: it yields in a conflict; -1: the error's own field names it; else its index in the message.
        """
        if self.yields and re.search(self.yields, rejection.text):
            return -2
        if _names(rejection.param, self.keys):
            return -1
        match = re.search(self.words, rejection.text, re.IGNORECASE)
        return None if match is None or _NOT_OPTIONAL.match(rejection.param) else match.start()


@dataclass(frozen=True, slots=True)
class AdaptedBody:
    """A body without what the server refuses."""

    body: Body
    warnings: tuple[str, ...] = ()
    not_sent: tuple[str, ...] = ()


class Refusals:
    """What the server of one model refuses: every later body of the session goes without it."""

    def __init__(self, parameters: Sequence[OptionalParameter]) -> None:
        self._parameters = parameters
        self._known: dict[str, int] = {}  # name → index of the change that the server accepts

    def adapt(self, body: Body) -> AdaptedBody:
        """Return the body as the server accepts it, as far as is known."""
        return self._adapt(body, self._known)

    async def send(self, body: Body, attempt: Callable[[Body], Awaitable[Completion]]) -> Completion:
        """Return the completion of `attempt`, made again without each optional parameter that the server refuses.

        A refusal is remembered once the server has accepted the changed body. Raises what `attempt` raises.
        """
        taken, n_attempts = dict(self._known), 1
        while True:
            adapted = self._adapt(body, taken)
            try:
                completion = await attempt(adapted.body)
            except RejectedError as error:
                step = self._next(error.rejection, adapted.body, taken)
                if step is None:
                    raise
                taken, n_attempts = taken | step, n_attempts + 1
                continue
            self._known = {
                name: max(taken.get(name, -1), self._known.get(name, -1)) for name in taken.keys() | self._known
            }
            completion = with_changes(completion, adapted)
            return replace(completion, attempts=n_attempts) if n_attempts > 1 else completion

    def error_in_batch(self, error: ProviderError, body: Body) -> ProviderError:
        """Return a TransientError for a rejected line of a batch that may be accepted in another form."""
        if isinstance(error, RejectedError) and self._next(error.rejection, body, {}) is not None:
            return TransientError(str(error), status=error.status)
        return error

    def _adapt(self, body: Body, taken: Mapping[str, int]) -> AdaptedBody:
        changes = [(parameter, parameter.changes[taken[parameter.name]]) for parameter in self._taken(body, taken)]
        if not changes:
            return AdaptedBody(body)
        body = copy.deepcopy(body)
        for _, change in changes:
            change.apply(body)
        return AdaptedBody(
            body,
            tuple(change.warning for _, change in changes if change.warning),
            tuple(parameter.name for parameter, change in changes if not change.is_sent),
        )

    def _taken(self, body: Body, taken: Mapping[str, int]) -> Iterator[OptionalParameter]:
        return (parameter for parameter in self._parameters if parameter.name in taken and parameter.is_in(body))

    def _next(self, rejection: Rejection, body: Body, taken: Mapping[str, int]) -> dict[str, int] | None:
        """Return the next change of the parameter that a rejection names; None if there is none."""
        named = [
            (position, number, parameter)
            for number, parameter in enumerate(self._parameters)
            if parameter.is_in(body) and (position := parameter.position(rejection)) is not None
        ]
        for _, _, parameter in sorted(named, key=lambda entry: entry[:2]):
            if parameter.keeps_range and parameter.is_positive_in(body) and _is_about_range(rejection):
                return None
            start = taken.get(parameter.name, -1) + 1
            for index, change in enumerate(parameter.changes[start:], start):
                if re.search(change.when, rejection.text, re.IGNORECASE):
                    return {parameter.name: index}
        return None


def with_changes(completion: Completion, adapted: AdaptedBody) -> Completion:
    """Return the completion with the warnings of the body that it answers."""
    if not adapted.warnings and not adapted.not_sent:
        return completion
    warnings = (*adapted.warnings, *completion.warnings)
    return replace(completion, warnings=warnings, not_sent=adapted.not_sent)


def remove(body: Body, *keys: str) -> None:
    """Remove dotted paths from a body, with the objects that become empty."""
    for key in keys:
        head, _, tail = key.partition(".")
        if tail and isinstance(body.get(head), dict):
            remove(body[head], tail)
        if not tail or body.get(head) == {}:
            body.pop(head, None)


def _get(body: Any, key: str) -> Any:
    for part in key.split("."):
        body = body.get(part) if isinstance(body, dict) else None
    return body


def _names(param: str, keys: Sequence[str]) -> bool:
    """Return whether the field of an error is one of the keys, or lies inside of one."""
    path = re.sub(r"\[\d+\]", "", param).removeprefix("body.")
    return bool(path) and any(path == key or path.startswith(f"{key}.") or key.endswith(f".{path}") for key in keys)


def _is_about_range(rejection: Rejection) -> bool:
    text = " ".join((rejection.text, *rejection.codes))
    return _RANGE.search(text) is not None and _UNSUPPORTED.search(text) is None
