"""All exceptions that this package raises on purpose.

    HiddenLayerError
    ├── TaskError                    a task file, or something it names, is wrong   (fix the file)
    ├── UsageError                   an option, a name or a path is wrong           (fix the command)
    │   ├── ParameterError           a parameter of a strategy or scorer is wrong
    │   └── UnknownNameError         no strategy, scorer or provider has this name
    ├── ProviderError                one call to a model failed                     (outcome `error`)
    │   ├── TransientError           a retry may succeed                            (the call is retried)
    │   ├── BudgetExceededError      the call does not fit into --budget            (the item is skipped)
    │   ├── NotSentError             the server refused the key earlier in the run  (outcome `error`)
    │   └── ProviderUnavailableError the provider cannot work on this machine       (its items are skipped)
    ├── RunEndedError                the process that holds the models is gone      (nothing is recorded)
    ├── SnapshotError                a baseline cannot be trusted                   (the gate fails)
    └── ProbeError                   an array inside a model cannot be read rightly (the probe is refused)

A message says what was asked, what was found and what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class HiddenLayerError(Exception):
    """Base class of all exceptions that this package raises on purpose."""


class UsageError(HiddenLayerError):
    """An option, a name or a path is wrong; the message names the option."""


class ParameterError(UsageError):
    """A written parameter of a strategy or scorer is wrong."""

    def __init__(self, message: str, *, parameter: str | None) -> None:
        super().__init__(message)
        self.parameter = parameter  # its name; None: several, or one that is not written


class UnknownNameError(UsageError):
    """No strategy, scorer or provider is registered under this name."""

    def __init__(self, kind: str, name: str, registered: Iterable[str]) -> None:
        names = sorted(registered)
        form = "; a model is written PROVIDER:MODEL, such as mlx:smollm2" if kind == "provider" else ""
        super().__init__(
            f"unknown {kind} {name!r}{did_you_mean(name, names)} (registered: {', '.join(names) or 'none'}){form}"
        )
        self.kind, self.name, self.registered = kind, name, names


class TaskError(HiddenLayerError):
    """A task file is wrong. The message is `file:line: field: message`; line and field only if they are known."""

    def __init__(self, message: str, *, file: str, line: int | None = None, field: str | None = None) -> None:
        location = file if line is None else f"{file}:{line}"
        super().__init__(": ".join(part for part in (location, field, message) if part))
        self.message, self.file, self.line, self.field = message, file, line, field


class ProviderError(HiddenLayerError):
    """One call to a model failed and has no response."""

    def __init__(self, message: str, *, status: int | None = None) -> None:
        super().__init__(message)
        self.status = status  # HTTP status of the response; None: unknown, or there is no response


class RunEndedError(HiddenLayerError):
    """The process that holds the models has ended, and the run with it: what was in flight has no record."""


class TransientError(ProviderError):
    """A call failed but a retry may succeed: a rate limit, an overloaded server, a lost connection."""

    def __init__(
        self,
        message: str,
        *,
        status: int | None = None,  # HTTP status; None: no complete response
        retry_after_s: float | None = None,  # seconds that the server asks to wait; None: not stated
        slow_down: bool = False,  # a rate limit or an overload: fewer concurrent calls help
        sent: bool = True,  # whether the server may have received the request, and billed it
    ) -> None:
        super().__init__(message, status=status)
        self.retry_after_s, self.slow_down, self.sent = retry_after_s, slow_down, sent


class BudgetExceededError(ProviderError):
    """A call was not sent because its maximum cost exceeds the remaining budget."""


class NotSentError(ProviderError):
    """A call was not sent because the server refused access (HTTP 401 or 403) earlier in the run."""


class ProviderUnavailableError(ProviderError):
    """A provider cannot work on this machine; the message says what to install, set or start."""


class SnapshotError(HiddenLayerError):
    """A baseline is malformed, partial or from another version."""


class ProbeError(HiddenLayerError):
    """An array inside a model cannot be read or replaced correctly; the message says which, and what was found."""


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """Return `, did you mean 'prompt'?` for the closest of `words`, or "" if none is close."""
    matches = difflib.get_close_matches(word, list(words), n=1, cutoff=0.6)
    return f", did you mean {matches[0]!r}?" if matches else ""


def shorten(text: str, width: int = 60) -> str:
    """Return `text`, cut to at most `width` characters."""
    return text if len(text) <= width else f"{text[: width - 1]}…"
