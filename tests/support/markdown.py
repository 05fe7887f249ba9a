"""Markdown as two parsers read it: what is inside code elements, and all the rest."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

import cmarkgfm
from cmarkgfm.cmark import Options
from markdown_it import MarkdownIt

VOID = {"wbr", "br", "img", "hr", "input"}


def github(markdown: str) -> str:
    """HTML by the parser that GitHub uses, with all its extensions and with raw HTML."""
    return cmarkgfm.github_flavored_markdown_to_html(markdown, Options.CMARK_OPT_UNSAFE)


def markdown_it(markdown: str) -> str:
    """HTML by a second, independent parser."""
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).render(markdown)


@dataclass
class Parsed(HTMLParser):
    """A page split into the texts of its code elements and everything else."""

    codes: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)  # tags but of links, texts and comments
    links: list[str] = field(default_factory=list)
    open_tags: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)

    def handle_starttag(self, tag, attrs):
        if tag == "wbr":
            return
        if tag == "code":
            self.codes.append("")
        if tag == "a":
            self.links.append(dict(attrs)["href"])
        else:
            self.outside.append(f"<{tag} {attrs}>")
        if tag not in VOID:
            self.open_tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open_tags, f"</{tag}> closes nothing"
        assert self.open_tags.pop() == tag
        if tag != "a":
            self.outside.append(f"</{tag}>")

    def handle_data(self, data):
        if "code" in self.open_tags:
            self.codes[-1] += data
        else:
            self.outside.append(data)

    def handle_comment(self, data):
        self.outside.append(f"<!--{data}-->")


def parse(html: str) -> Parsed:
    """The parts of the HTML. Raises AssertionError if an element is not closed in order."""
    parsed = Parsed()
    parsed.feed(html)
    parsed.close()
    assert parsed.open_tags == []
    return parsed
