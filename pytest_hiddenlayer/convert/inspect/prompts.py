"""What the solvers of an Inspect log asked beyond the samples' inputs: system messages and rewritten prompts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..draft import Draft, Work
from ..messages import content_text

_SYSTEM = ("system", "developer")


class Prompts:
    """The messages that solvers wrote, by sample; `add_to` puts a system message that all share into the task."""

    def __init__(self) -> None:
        self._systems: set[str | None] = set()
        self._rewritten: list[str] = []

    def read(self, name: str, values: Mapping[str, Any]) -> None:
        """Read the messages before the first answer of one sample."""
        given = _texts(values.get("input"))
        asked = _asked(values.get("messages"), given)
        system = [text for role, text in asked if role in _SYSTEM and text not in given]
        if asked:
            self._systems.add("\n\n".join(system) or None)
        if any(role == "user" and text not in given for role, text in asked):
            self._rewritten.append(name)

    def add_to(self, draft: Draft, work: Work) -> None:
        """Set the task's system message, and say what differs from what was asked."""
        if len(self._systems) == 1:
            draft.fields["system"] = next(iter(self._systems))
        elif self._systems:
            work.left_out("system messages that a solver added, which differ by sample")
        if self._rewritten:
            count = f"{len(set(self._rewritten)):,} of {len(draft.samples):,} samples"
            kept = "the input with its choices" if "prompt" in draft.fields else "the input"
            work.left_out(f"the prompt that a solver wrote around the input of {count}; the task asks {kept}")


def _asked(messages: Any, given: list[str]) -> list[tuple[str, str]]:
    """(role, text) of the messages before the first answer of the model; one without text is skipped."""
    found = []
    for message in messages if isinstance(messages, list) else ():
        text, role = _text(message), message.get("role") if isinstance(message, dict) else None
        if role == "assistant" and text not in given:
            break
        if text is not None:
            found.append((str(role), text))
    return found


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [text for message in value if (text := _text(message)) is not None] if isinstance(value, list) else []


def _text(message: Any) -> str | None:
    try:
        return content_text(message.get("content")) if isinstance(message, dict) else None
    except ValueError:
        return None
