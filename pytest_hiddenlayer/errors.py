"""Every error this package raises on purpose.

    HiddenLayerError
    ├── TaskError          a task file or what it names is wrong        (user mends the file)
    ├── UsageError         an option, a name or a path is wrong         (user mends the command)
    │   └── UnknownNameError   a strategy, scorer or provider that nobody registered
    ├── ProviderError      one call to a model failed                   (the record's outcome is `error`)
    │   ├── TransientError        it may work when asked again          (it is asked again)
    │   ├── BudgetExceededError           it was not asked: --budget is spent   (the item is skipped)
    │   └── ProviderUnavailableError   nothing of this provider works here   (its items are skipped)
    └── SnapshotError      a baseline cannot be trusted                 (the gate fails)

A message says what was asked, what was found and what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class HiddenLayerError(Exception):
    """Root of the tree: catching it catches every error raised on purpose."""


class UsageError(HiddenLayerError):
    """A wrong option, name or path; the message names the option."""


class UnknownNameError(UsageError):
    """A strategy, scorer or provider was asked for that nobody registered."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        names = sorted(known)
        super().__init__(
            f"unknown {kind} {name!r}{did_you_mean(name, names)} (registered: {', '.join(names) or 'none'})"
        )
        self.kind, self.name, self.known = kind, name, names


class TaskError(HiddenLayerError):
    """A fault in a task file: `file:line: field: message`; line and field where they are known."""

    def __init__(self, message: str, *, file: str, line: int | None = None, field: str | None = None) -> None:
        place = file if line is None else f"{file}:{line}"
        super().__init__(": ".join(part for part in (place, field, message) if part))
        self.message, self.file, self.line, self.field = message, file, line, field


class ProviderError(HiddenLayerError):
    """One call to a model failed; what was asked of it has no answer."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status  # of HTTP, where a server refused; None: nobody told


class TransientError(ProviderError):
    """A call failed in a way that may pass: a rate limit, an overloaded server, a lost connection."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,  # of HTTP; None: no whole answer came
        retry_after_s: float | None = None,  # what the server asked for; None: nothing
        slow_down: bool = False,  # a rate limit or an overload: fewer calls at once would help
    ) -> None:
        super().__init__(message, status=status)
        self.retry_after_s, self.slow_down = retry_after_s, slow_down


class BudgetExceededError(ProviderError):
    """A call was not made: what it may cost at most does not fit into what is left of the budget."""


class ProviderUnavailableError(ProviderError):
    """A provider cannot work here at all; one sentence says what to install or start."""


class SnapshotError(HiddenLayerError):
    """A baseline is malformed, partial or from another version; it never passes silently."""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`, did you mean 'prompt'?` for the nearest of `known`, or an empty string where none is near."""
    near = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f", did you mean {near[0]!r}?" if near else ""
