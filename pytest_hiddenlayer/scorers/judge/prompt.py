"""Builds a judge's prompt: a template with its fields filled in one pass, and its texts fenced by a nonce.

The nonce is a hash of the fenced texts. A text can contain it only by chance, and then another
nonce is taken. A repeated run sends the same prompt.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import UsageError, did_you_mean
from ...types import Message
from .verdict_parser import VerdictFormat

_FIELD = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, kw_only=True, slots=True)
class JudgePrompt:
    """A template with fields such as {question}, its system message, and the format of its verdict."""

    template: str
    verdict_format: VerdictFormat
    system: str | None = None
    fenced: bool = True  # False for custom prompts, which have their own delimiters
    structured: bool = True  # whether the reply's JSON Schema is sent; a provider without support ignores it

    @property
    def schema(self) -> Mapping[str, Any] | None:
        """JSON Schema of the reply; None for a custom prompt, which specifies the reply itself."""
        return self.verdict_format.scale.schema if self.fenced and self.structured else None

    def messages(self, texts: Mapping[str, str], fields: Mapping[str, str], salt: object) -> tuple[Message, ...]:
        """Returns the prompt. `texts` are data to judge and override `fields`; `salt` differs between calls."""
        if self.fenced:
            mark = nonce([*texts.values()], salt)
            texts = {name: _fence(name, text, mark) for name, text in texts.items()}
            fields = {**fields, "nonce": mark}
        values = {**fields, **texts}
        user = Message(role="user", content=_FIELD.sub(lambda m: values.get(m[1], m[0]), self.template))
        return (user,) if self.system is None else (Message(role="system", content=self.system), user)

    def missing(self, available: Collection[str]) -> list[str]:
        """Returns the template's fields that are not available."""
        return [name for name in dict.fromkeys(_FIELD.findall(self.template)) if name not in {*available, "nonce"}]


def nonce(texts: Sequence[str], salt: object) -> str:
    """Returns 12 hex digits, derived from the texts and `salt`, that none of the texts contains."""
    seed = json.dumps([str(salt), *texts])
    while True:
        digits = hashlib.sha256(seed.encode()).hexdigest()[:12]
        if not any(digits in text.casefold() for text in texts):
            return digits
        seed += "+"


def check_fields(template: str, names: Sequence[str], numbered: Sequence[str], required: Sequence[str]) -> None:
    """Raises UsageError for a field not in `names` or `numbered` (question_2), and for a missing required one."""
    used = _FIELD.findall(template)
    for field in used:
        if field not in names and re.sub(r"_\d+$", "", field) not in numbered:
            fields = [*names, *(f"{name}_1" for name in numbered)]
            suggestion = did_you_mean(field, fields)
            raise UsageError(f"prompt: there is no field {{{field}}}{suggestion} (there are: {', '.join(fields)})")
    for name in required:
        if not any(field == name or re.fullmatch(rf"{name}_\d+", field) for field in used):
            raise UsageError(f"prompt: it lacks {{{name}}}, so that nothing would be judged; add the field")


def check_verdict_format(prompt: str | None, verdict_format: VerdictFormat) -> None:
    """Raises UsageError for a custom pattern without a custom prompt that requests it."""
    if prompt is None and verdict_format.is_custom:
        raise UsageError(
            f"verdict {verdict_format.pattern!r} needs a `prompt` that requests it; the default prompt requests [[…]]"
        )


def _fence(name: str, text: str, mark: str) -> str:
    return f"<{name}-{mark}>\n{text}\n</{name}-{mark}>"
