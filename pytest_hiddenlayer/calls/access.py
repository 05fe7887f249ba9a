"""Ends the calls to a server that refuses access, so that a wrong key costs a few requests and not one per item."""

from __future__ import annotations

from dataclasses import dataclass, field

from ..errors import NotSentError, ProviderError


@dataclass(slots=True)
class Access:
    """Whether one model's server accepts calls; models with one key and address share `refused`.

    Status 401 refuses the key: every model of the server stops. Status 403 may be about one model or
    one prompt: the model stops until a call in flight is answered, and not if it answered before.
    """

    refused: dict[str, str] = field(default_factory=dict)  # provider and endpoint → the message of its status 401
    server: str = ""  # key of `refused`
    forbidden: str | None = None  # the message of the model's status 403
    answered: bool = False  # whether the model has answered a call

    def check(self) -> None:
        """Raise NotSentError if the server refused access."""
        message = self.refused.get(self.server) or self.forbidden
        if message is not None:
            raise NotSentError(f"not sent, because an earlier call failed: {message}")

    def on_answer(self) -> None:
        """Allow further calls, because one was answered."""
        self.answered, self.forbidden = True, None

    def on_error(self, error: ProviderError) -> None:
        """Stop further calls if the error refuses access."""
        if error.status == 401:
            self.refused.setdefault(self.server, str(error))
        elif error.status == 403 and not self.answered:
            self.forbidden = self.forbidden or str(error)
