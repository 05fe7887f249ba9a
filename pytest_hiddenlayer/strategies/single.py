"""Makes one call: the baseline of every other strategy."""

from __future__ import annotations

from ..protocols import Context
from ..types import Answer


async def single(context: Context) -> Answer:
    """Returns the completion of the task's prompt, unchanged."""
    completion = await context.ask(context.messages, role="answer")
    return Answer(output=completion.text, finish_reason=completion.finish_reason)
