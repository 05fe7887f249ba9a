"""The tags between which models reason, and which of them belong together."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .code_spans import CodeSpans

_NAMES = "think|thinking|thoughts?|reasoning|scratchpad|reflection|seed:think|antml:thinking|ant_?thinking"
_TAG = re.compile(
    rf"""
    <(?P<slash>/?)(?P<pipe>\|?)\s*(?P<close_inside>/?)(?P<name>{_NAMES})(?:\s+[\w:-]+\s*=[^<>]{{0,200}}?)?\s*(?P<empty>/?)\|?>
    | \[(?P<bracket_slash>/?)THINK\]
    | ◁(?P<kimi_slash>/?)think▷
    | <\|(?P<command>START|END)_THINKING\|>
    | <\|(?P<sky>begin|end)_of_thought\|>
    | (?P<gemma_open><\|channel>\s*thought) | (?P<gemma_close><channel\|>)
    | (?P<medgemma_open><unused94>(?:thought)?) | (?P<medgemma_close><unused95>)
    """,
    re.VERBOSE | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag of a text. `<think/>` both opens and closes."""

    family: str  # equal for tags that belong together
    opens: bool
    closes: bool
    start: int
    end: int


def read_tags(text: str) -> list[Tag]:
    """All tags of a text in order, those in code included."""
    return [_tag(match) for match in _TAG.finditer(text)]


def matching_close(tags: Sequence[Tag], index: int, code: CodeSpans) -> Tag | None:
    """The tag that closes the reasoning that the tag with this index opens; None if the text ends before it.

    Blocks may be nested. If the closing tags do not suffice, the reasoning only mentioned an
    opening tag, an odd backtick made the closing tag look like code, or the model mixed two names.
    """
    family = tags[index].family
    nested = _balanced(tag for tag in _after(tags, index) if tag.family == family and tag.start not in code)
    if nested is not None:
        return nested
    closing = [tag for tag in _after(tags, index) if tag.closes and not tag.opens]
    own = [tag for tag in closing if tag.family == family]
    outside = [tag for tag in own if tag.start not in code]
    if outside:
        return outside[-1]
    return next(iter(own or [tag for tag in closing if tag.start not in code]), None)


def _after(tags: Sequence[Tag], index: int) -> Iterator[Tag]:
    return (tags[number] for number in range(index + 1, len(tags)))


def pairs(tags: Sequence[Tag]) -> list[tuple[Tag, Tag]]:
    """The outermost pairs of an opening and its closing tag, in order."""
    found: list[tuple[Tag, Tag]] = []
    for opening, closing in _all_pairs(tags):
        while found and found[-1][0].start > opening.start:
            found.pop()
        found.append((opening, closing))
    return found


def _all_pairs(tags: Sequence[Tag]) -> Iterator[tuple[Tag, Tag]]:
    waiting: dict[str, list[Tag]] = {}
    for tag in tags:
        if tag.opens and tag.closes:
            yield tag, tag
        elif tag.opens:
            waiting.setdefault(tag.family, []).append(tag)
        elif waiting.get(tag.family):
            yield waiting[tag.family].pop(), tag


def _balanced(tags: Iterable[Tag]) -> Tag | None:
    """The first closing tag that closes more than `tags` opened."""
    depth = 0
    for tag in tags:
        if tag.opens and tag.closes:
            continue
        depth += 1 if tag.opens else -1
        if depth < 0:
            return tag
    return None


def _tag(match: re.Match[str]) -> Tag:
    family, closes = _family(match)
    empty = bool(match["empty"])
    return Tag(family, not closes, closes or empty, match.start(), match.end())


def _family(match: re.Match[str]) -> tuple[str, bool]:
    """(family, whether the tag closes)."""
    if match["name"]:
        return match["name"].casefold(), bool(match["slash"] or match["close_inside"])
    for group, family, closing in (
        ("bracket_slash", "[think]", "/"),
        ("kimi_slash", "kimi", "/"),
        ("command", "command", "end"),
        ("sky", "sky", "end"),
    ):
        if match[group] is not None:
            return family, match[group].casefold() == closing
    kind = match.lastgroup or ""
    return kind.partition("_")[0], kind.endswith("_close")
