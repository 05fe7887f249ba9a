"""Tables of text for a terminal."""

from __future__ import annotations

from pytest_hiddenlayer.report.text_table import grid

HEADERS = ("task", "score")


def test_no_rows_are_no_table():
    """Without rows the text is empty."""
    assert grid(HEADERS, [], width=80, colour=False) == ""


def test_control_characters_are_escaped():
    """A name that would control the terminal is shown, not sent, in rows and headers."""
    text = grid(("a\x1b[2J",), [("b\x1b[2J\x07",)], width=80, colour=False)
    assert text.splitlines() == ["a\\x1b[2J", "b\\x1b[2J\\x07"]


def test_markup_is_text():
    """Square brackets are no style."""
    assert "[red]x[/red]" in grid(HEADERS, [("[red]x[/red]", "1")], width=80, colour=False)


def test_no_value_is_cut():
    """A table wider than the terminal keeps every value on one line."""
    assert "x" * 100 in grid(HEADERS, [("x" * 100, "1")], width=20, colour=False)


def test_columns_are_aligned_right_on_request():
    """Values of a column named in `right` end at the same column."""
    lines = grid(HEADERS, [("a", "1.5"), ("b", "10.5")], width=80, colour=False, right=("score",)).splitlines()
    assert [len(line) for line in lines] == [len(lines[0])] * 3


def test_colour_only_on_request():
    """Without colour no escape sequence is written."""
    rows, styles = [("a", "1")], ["red"]
    assert "\x1b[" in grid(HEADERS, rows, width=80, colour=True, styles=styles)
    assert "\x1b[" not in grid(HEADERS, rows, width=80, colour=False, styles=styles)
