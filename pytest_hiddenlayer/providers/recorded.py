"""Outputs that other models produced earlier, from the `outputs` of a task."""

from __future__ import annotations

from ..errors import ProviderError
from ..types import Completion, RecordedAnswer, Request, Usage


class RecordedProvider:
    """Returns the recorded output of a sample, one per epoch. Its tokens and latency are unknown."""

    single_only = True  # a recorded output is a final answer: there is no model to debate with
    default_model = "recorded"

    def __init__(self, model: str | None = None) -> None:
        self.model = model or self.default_model

    async def complete(self, request: Request) -> Completion:
        """Return the recorded output. Raises ProviderError if the task has none for this sample and epoch."""
        if request.outputs is None:  # a scorer's call: an output must not count as a verdict
            raise ProviderError("provider 'recorded' holds final answers and cannot judge: name a model with --judge")
        if request.recorded is not None:
            return _completion(request.recorded, self.model)
        outputs = request.outputs
        if request.epoch > len(outputs):
            raise ProviderError(
                f"sample {request.sample_id!r}, epoch {request.epoch}: "
                f"{len(outputs)} output(s) recorded; add it to the task's `outputs`, or repeat recorded samples or "
                "rounds with --strategy recorded"
            )
        return Completion(
            text=outputs[request.epoch - 1],
            finish_reason="stop",
            usage=Usage(calls=1),
            latency_s=0.0,
            model=self.model,
            cost_usd=0.0,
        )

    async def close(self) -> None:
        """Do nothing: there is no connection."""


def _completion(answer: RecordedAnswer, model: str) -> Completion:
    """Return one answer of a recorded debate or set of samples. What was not recorded is unknown."""
    usage = Usage(
        input_tokens=answer.input_tokens,
        output_tokens=answer.output_tokens,
        calls=1 if answer.calls is None else answer.calls,
    )
    return Completion(
        text=answer.completion,
        finish_reason=answer.finish_reason,
        usage=usage,
        latency_s=0.0,
        model=answer.model or model,
        cost_usd=answer.cost_usd,
    )
