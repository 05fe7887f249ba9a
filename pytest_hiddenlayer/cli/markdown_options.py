"""The options of commands that print Markdown: its limit, and the address of the report."""

from __future__ import annotations

import argparse
from typing import Any

from ..errors import UsageError


def add_markdown_options(parser: argparse.ArgumentParser) -> None:
    """--max-bytes and --report-url, both without a default."""
    parser.add_argument(
        "--max-bytes",
        type=_max_bytes,
        metavar="N",
        help="with --markdown: the limit in bytes, `comment` (65,536, the default) or `summary` (1,048,576: that "
        "of a step summary on GitHub); what does not fit is left out and counted",
    )
    parser.add_argument(
        "--report-url",
        type=_web_address,
        metavar="URL",
        help="with --markdown: the address at which report.html can be opened, for links to its samples",
    )


def markdown_settings(arguments: argparse.Namespace) -> dict[str, Any]:
    """The options as written, by name. Raises UsageError if there is one without --markdown."""
    written = {"max_bytes": arguments.max_bytes, "report_url": arguments.report_url}
    settings = {name: value for name, value in written.items() if value is not None}
    if settings and not arguments.markdown:
        option = f"--{next(iter(settings)).replace('_', '-')}"
        raise UsageError(f"{option} is for Markdown; add --markdown, or leave out {option}")
    return settings


def _max_bytes(text: str) -> int:
    from ..report.markdown.fit import COMMENT_BYTES, MIN_BYTES, SUMMARY_BYTES

    presets = {"comment": COMMENT_BYTES, "summary": SUMMARY_BYTES}
    limit = presets.get(text) or (int(text) if text.isascii() and text.isdigit() else 0)
    if limit < MIN_BYTES:
        raise argparse.ArgumentTypeError(
            f"{text!r}: write `comment`, `summary` or a whole number of at least {MIN_BYTES}"
        )
    return limit


def _web_address(text: str) -> str:
    if not text.startswith(("https://", "http://")) or not text.isprintable() or " " in text or len(text) > 1000:
        raise argparse.ArgumentTypeError(
            f"{text!r}: write an address that begins with https:// or http://, without spaces, of at most "
            "1,000 characters"
        )
    return text
