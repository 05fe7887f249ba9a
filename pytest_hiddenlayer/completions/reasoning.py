"""Splits the reasoning of a model from its answer.

Servers without a parser for a model's reasoning return it as a part of the text, between tags. The
tags are those of DeepSeek, Qwen and similar models (`<think>`, `<thinking>`, `<thought>`,
`<reasoning>`), Seed (`<seed:think>`), Magistral (`[THINK]`), Kimi (`◁think▷`), Command A
(`<|START_THINKING|>`), Sky-T1 (`<|begin_of_thought|>`), MedGemma (`<unused94>`) and gpt-oss (the
channels of the harmony format).

Only what a model's template can have put there counts: blocks at the start of the text, the blocks
that follow them, and a closing tag whose opening tag the template has already written. A tag that an
answer merely mentions stays, in code above all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from ..types import Completion
from .code_spans import CodeSpans
from .finish_reasons import UNCLOSED_REASONING, ended_normally
from .harmony import split_channels
from .reasoning_tags import Tag, matching_close, pairs, read_tags

_BLANK = " \t\r\n\ufeff\u200b\xa0"
_LINE_END = re.compile(r"[ \t\r]*(?:\n|\Z)")
_TEXT = re.compile(rf"[^{_BLANK}]")
_SENTENCE_GOES_ON = re.compile(r"[.,;:!?)\]}](?!\w)")
_WRAPPERS = re.compile(r"<\|(?:START_RESPONSE|END_RESPONSE|begin_of_solution|end_of_solution)\|>", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True, slots=True)
class SplitText:
    """A text without its reasoning."""

    text: str
    reasoning: str | None = None  # None: there is none
    closed: bool = True  # whether the reasoning ends; if it does not, `text` is not the answer


def split_reasoning(text: str) -> SplitText:
    """The text without its reasoning; the same text if there is none."""
    channels = split_channels(text)
    if channels is not None:
        return SplitText(text=channels.final or "", reasoning=channels.thoughts, closed=channels.final is not None)
    tags = read_tags(text)
    if not tags:
        return SplitText(text=text)
    return _Splitter(text, tags).split()


def without_reasoning(completion: Completion) -> Completion:
    """The completion with its reasoning in `reasoning` instead of `text`.

    If the reasoning does not end, the finish reason says so, unless it is already no normal stop.
    """
    split = split_reasoning(completion.text)
    if split.reasoning is None:
        return completion
    reason = completion.finish_reason
    return replace(
        completion,
        text=split.text,
        reasoning="\n\n".join(filter(None, (completion.reasoning, split.reasoning))),
        finish_reason=UNCLOSED_REASONING if not split.closed and ended_normally(reason) else reason,
    )


class _Splitter:
    """Splits one text; `position` is the end of the reasoning found so far."""

    def __init__(self, text: str, tags: list[Tag]) -> None:
        self.text, self.tags = text, tags
        self.index_at = {tag.start: index for index, tag in enumerate(tags)}
        self.code = CodeSpans(text)
        self.position = 0
        self.thoughts: list[str] = []
        self.closed = True

    def split(self) -> SplitText:
        self._take_blocks()
        if self.closed and self._take_bare_close():
            self._take_blocks()
        answer = self._answer() if self.closed else ""
        if not self.thoughts and self.closed:
            return SplitText(text=self.text)
        reasoning = "\n\n".join(filter(None, (thought.strip(_BLANK) for thought in self.thoughts)))
        return SplitText(text=_WRAPPERS.sub("", answer).strip(_BLANK), reasoning=reasoning, closed=self.closed)

    def _take_blocks(self) -> None:
        """Take the blocks that begin at the position, one after the other."""
        while (index := self.index_at.get(self._next_character())) is not None and self.tags[index].opens:
            tag = self.tags[index]
            close = tag if tag.closes else matching_close(self.tags, index, self.code)
            if close is None:
                self._take(tag.end, len(self.text), len(self.text))
                self.closed = False
                return
            self._take(tag.end, max(tag.end, close.start), close.end)

    def _take_bare_close(self) -> bool:
        """Take everything before a closing tag whose opening tag is not in the text; False without one."""
        matched = {id(tag) for pair in self._pairs() if self._is_whole(*pair) for tag in pair}
        bare = [
            tag
            for tag in self._answer_tags()
            if tag.closes and not tag.opens and id(tag) not in matched and not self._is_mention(tag)
        ]
        on_own_line = [tag for tag in bare if self._at_line_end(tag) or self._at_line_start(tag)]
        before_text = [tag for tag in on_own_line if self._has_text_after(tag)]
        candidates = before_text if self.thoughts else before_text or on_own_line or bare
        if not candidates:
            return False
        self._take(self.position, candidates[-1].start, candidates[-1].end)
        return True

    def _is_whole(self, first: Tag, last: Tag) -> bool:
        """Whether two tags are a pair, not a tag that the reasoning mentions and the one that ends it."""
        return self._at_line_start(first) or "\n" not in self.text[first.end : last.start]

    def _answer(self) -> str:
        """The text from the position on, without the blocks inside it."""
        kept, at = [], self.position
        for first, last in self._pairs():
            if first.start >= at and self._is_block(first, last):
                kept.append(self.text[at : first.start])
                self.thoughts.append(self.text[first.end : last.start])
                at = last.end
        rest = self.text[at:]
        if self.thoughts and (cut := self._unclosed(at)) is not None:
            self.thoughts.append(self.text[cut.end :])
            self.closed = False
            rest = ""
        return "".join([*kept, rest])

    def _is_block(self, first: Tag, last: Tag) -> bool:
        """Whether a pair inside an answer is reasoning: on lines of its own; or sentences, after other reasoning.

        The pair in "write <think> before and </think> after" is not.
        """
        content = self.text[first.end : last.start].strip(_BLANK)
        if self.thoughts:
            return self._at_line_start(first) or "\n" in content or content.endswith(tuple(".!?…。！？"))
        return self._at_line_start(first) and self._at_line_end(last) and self._has_text_after(last)

    def _unclosed(self, at: int) -> Tag | None:
        """The opening tag at the start of a line, from `at` on, that is never closed."""
        matched = {id(tag) for pair in self._pairs() for tag in pair}
        open_tags = (tag for tag in self._answer_tags() if tag.opens and not tag.closes and tag.start >= at)
        return next((tag for tag in open_tags if id(tag) not in matched and self._at_line_start(tag)), None)

    def _answer_tags(self) -> list[Tag]:
        """The tags from the position on that are not code."""
        return [tag for tag in self.tags if tag.start >= self.position and tag.start not in self.code]

    def _pairs(self) -> list[tuple[Tag, Tag]]:
        return pairs(self._answer_tags())

    def _take(self, start: int, end: int, position: int) -> None:
        self.thoughts.append(self.text[start:end])
        self.position = position

    def _next_character(self) -> int:
        index = self.position
        while index < len(self.text) and self.text[index] in _BLANK:
            index += 1
        return index

    def _at_line_start(self, tag: Tag) -> bool:
        return not self.text[self.text.rfind("\n", 0, tag.start) + 1 : tag.start].strip(_BLANK)

    def _at_line_end(self, tag: Tag) -> bool:
        return _LINE_END.match(self.text, tag.end) is not None

    def _has_text_after(self, tag: Tag) -> bool:
        return _TEXT.search(self.text, tag.end) is not None

    def _is_mention(self, tag: Tag) -> bool:
        """Whether a sentence or a quotation goes on after a closing tag, as in an answer that explains the tag."""
        before, after = self.text[max(0, tag.start - 1) : tag.start], self.text[tag.end : tag.end + 1]
        quoted = f"{before}{after}" in ('""', "''", "``", "“”", "‘’", "«»", "„“")
        return quoted or _SENTENCE_GOES_ON.match(self.text, tag.end) is not None
