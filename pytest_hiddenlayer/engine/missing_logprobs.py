"""Says once what a provider, or a resumed run, lacks of the log-probabilities that the user asks for."""

from __future__ import annotations

from collections.abc import Callable

from ..options import RunOptions
from ..types import Record
from ..usage import strategy_calls


class MissingLogprobs:
    """Reports each lack once per model."""

    def __init__(self, on_notice: Callable[[str], None]) -> None:
        self._on_notice = on_notice
        self._reported: set[str] = set()

    def check(self, record: Record, options: RunOptions, *, resumed: bool) -> None:
        """Report what the calls of this record lack."""
        if options.token_logprobs and not resumed:
            for model in sorted({str(call["model"]) for call in record.transcript if "token_logprobs" not in call}):
                self._once(f"--hl-token-logprobs: the provider of {model} returned no token log-probabilities")
        if "tokens" not in options.confidence:
            return
        models = sorted({str(call["model"]) for call in strategy_calls(record) if "confidence" not in call})
        if models and resumed:
            self._once("--hl-confidence: answers that --hl-resume reuses have no measures; a new run has them")
        else:
            for model in models:
                self._once(
                    f"--hl-confidence tokens: the provider of {model} returned no log-probabilities, "
                    "so its answers have no measures of tokens"
                )

    def _once(self, text: str) -> None:
        if text not in self._reported:
            self._reported.add(text)
            self._on_notice(text)
