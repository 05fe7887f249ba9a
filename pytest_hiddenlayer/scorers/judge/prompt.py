"""What a judge is shown: a template whose fields are filled in one pass, texts fenced by a nonce.

The nonce is a hash of the fenced texts themselves, so that no text can hold it but by chance
(then another is taken), and so that a repeated run shows the same prompt.
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
    """A template with fields such as {question}, its system message, and the form of its verdict."""

    template: str
    marking: VerdictFormat
    system: str | None = None
    fenced: bool = True  # False for prompts of others, which have marks of their own

    @property
    def schema(self) -> Mapping[str, Any] | None:
        """JSON Schema of the reply; None for a prompt of others, which says itself what a reply looks like."""
        return self.marking.scale.schema if self.fenced else None

    def messages(self, texts: Mapping[str, str], words: Mapping[str, str], salt: object) -> tuple[Message, ...]:
        """The prompt: `texts` are data to be judged and win over `words`, our own; `salt` tells calls apart."""
        if self.fenced:
            mark = nonce([*texts.values()], salt)
            texts = {name: _fence(name, text, mark) for name, text in texts.items()}
            words = {**words, "nonce": mark}
        found = {**words, **texts}
        asked = Message(role="user", content=_FIELD.sub(lambda m: found.get(m[1], m[0]), self.template))
        return (asked,) if self.system is None else (Message(role="system", content=self.system), asked)

    def missing(self, found: Collection[str]) -> list[str]:
        """The template's fields that are not among those found."""
        return [name for name in dict.fromkeys(_FIELD.findall(self.template)) if name not in {*found, "nonce"}]


def nonce(texts: Sequence[str], salt: object) -> str:
    """12 hex digits that stand in none of the texts, and that depend on all of them and on `salt`."""
    seed = json.dumps([str(salt), *texts])
    while True:
        found = hashlib.sha256(seed.encode()).hexdigest()[:12]
        if not any(found in text.casefold() for text in texts):
            return found
        seed += "+"


def check_fields(template: str, names: Sequence[str], numbered: Sequence[str], needed: Sequence[str]) -> None:
    """Raise UsageError for a field that is none of `names` or `numbered` (question_2), or a needed one missing."""
    asked = _FIELD.findall(template)
    for field in asked:
        if field not in names and re.sub(r"_\d+$", "", field) not in numbered:
            known = [*names, *(f"{name}_1" for name in numbered)]
            near = did_you_mean(field, known)
            raise UsageError(f"prompt: there is no field {{{field}}}{near} (there are: {', '.join(known)})")
    for name in needed:
        if not any(field == name or re.fullmatch(rf"{name}_\d+", field) for field in asked):
            raise UsageError(f"prompt: {{{name}}} stands nowhere in it, so that nothing would be judged")


def check_form(prompt: str | None, marking: VerdictFormat) -> None:
    """Raise UsageError for a pattern of one's own without a prompt of one's own, which alone would ask for it."""
    if prompt is None and marking.own:
        raise UsageError(f"verdict {marking.pattern!r} needs a `prompt` that asks for it; ours asks for [[…]]")


def _fence(name: str, text: str, mark: str) -> str:
    return f"<{name}-{mark}>\n{text}\n</{name}-{mark}>"
