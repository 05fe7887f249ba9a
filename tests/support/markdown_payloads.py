"""Texts that mean something to Markdown, to sites that show it, to CI jobs or to terminals."""

from __future__ import annotations

TEXTS = (
    "@octocat", "@org/team", "cc @octocat, @torvalds", "a@b.com", "mailto:a@b.com", "xmpp:a@b.com/x", "#1",
    "#123", "GH-123", "owner/repo#1", "octocat@0a1b2c3", "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567", "0a1b2c3d",
    "owner/repo@0a1b2c3d4e5f60718293a4b5c6d7e8f901234567", "!12", "~bug", "%v1", "&epic", "$snippet",
    "[vulnerability:1]", "https://evil.example", "http://evil.example/a?b=c&d", "www.evil.example",
    "ftp://evil.example", "//evil.example", "javascript:alert(1)", "[x](https://evil.example)",
    "[x][y]\n\n[y]: https://evil.example", "![x](https://e.example/i.png)", "<https://evil.example>",
    "<a@b.com>", "[^1]\n\n[^1]: note", "[ ] task", "- [x] task", "<b>x</b>", "<img src=x onerror=alert(1)>",
    "<script>alert(1)</script>", "<a href=https://evil.example>x</a>", "</code>", "</code></td></tr></table>",
    "</details>", "<details open>", "</summary>", "<!-- hiddenlayer -->", "<!--", "-->", "<![CDATA[x]]>",
    "<?php x ?>", "<!DOCTYPE x>", "::error::x", "::set-output name=x::y", "x\n::error::y", "##[error]x",
    "##vso[task.complete]x", "##teamcity[x]", "::add-mask::x", "%0A::error::x", "::stop-commands::x", "`", "``",
    "```", "`x`", "```\nx\n```", "~~~\nx\n~~~", "`" * 40, "``` ` ```", "|", "||", "a | b", "\\|", "\\\\|",
    "|---|", "| --- | --- |", "\\", "\\\\", "x\\", "a\nb", "a\r\nb", "a\rb", "a\n\nb", "a\u2028b", "a\u2029b",
    "a\x0bb", "a\x0cb", "a\x85b", "\x00", "\x1b[31mred\x1b[0m", "\x07", "\x1b]8;;https://evil.example\x07x",
    "\x7f", "\u202eevil", "\u2066x\u2069", "\u200b", "\u200dx", "\ufeffx", "\ud800", "\U000e0001x", ":+1:",
    ":smile:", ":octocat:", ":no_entry:", "$x$", "$$x$$", "$`x`$", "\\(x\\)", "\\[x\\]", "*x*", "**x**", "_x_",
    "__x__", "a_b_c", "~x~", "~~x~~", "# x", "## x", "x\n===", "x\n---", "---", "***", "- x", "* x", "+ x",
    "1. x", "1) x", "> x", "    x", "\tx", "> [!WARNING]\n> x", "&lt;b&gt;", "&#64;octocat", "&amp;", "&copy;",
    "&", "&#0;", "<", ">", "\"", "'", "()", "]", "[", "](x)", "=", "{{ x }}", "{% raw %}", "${{ secrets.X }}",
    "$(id)", "{+ x +}", "[- x -]", "[[x]]", "[[_TOC_]]", "/close", "/assign @octocat", "x\n/close",
    "@dependabot merge", "fixes #1", "Closes owner/repo#1", "```suggestion\nx\n```", "```mermaid\ngraph\n```",
    "H~2~O^2^", "==x==", "x<br>y", "&nbsp;", "中文 ответ עברית", "😀", "é́́́́", " ", "  x  ", "", "x" * 5000,
    "@" * 500, "<" * 500, "\x00" * 500, "|" * 500, "\n" * 500, "[" * 500 + "]" * 500, "😀" * 500,
)  # fmt: skip
PAYLOADS = list(
    dict.fromkeys([*TEXTS, *(f"x\n{text}" for text in TEXTS[:60]), *(f"{text} |" for text in TEXTS[:20])])
)
