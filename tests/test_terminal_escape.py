"""Text of models, servers and files is made safe for a terminal."""

from __future__ import annotations

import json

import pytest

from pytest_hiddenlayer.terminal_escape import block, json_text, one_line, visible


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[2J", "\\x1b[2J"),
        ("a\rb", "a\\rb"),
        ("a\r\nb", "a\nb"),
        ("\u202eabc", "\\u202eabc"),
        ("\ud800", "\\ud800"),
        ("\x9b1m", "\\x9b1m"),
        ("é 中 \t ok", "é 中 \t ok"),
        ("\u2028", "\\u2028"),
        ("::error::no", "\\x3a:error::no"),
        ("ok\n  ::set-output name=a::b", "ok\n  \\x3a:set-output name=a::b"),
        ("a ##[error]b", "a #\\x23[error]b"),
        ("##vso[task.setvariable]", "#\\x23vso[task.setvariable]"),
        ("evals/sums.yaml::s0[single-mlx] a::b ## C", "evals/sums.yaml::s0[single-mlx] a::b ## C"),
    ],
)
def test_what_steers_a_terminal_is_made_visible(text, shown):
    """Control characters, direction marks, surrogates and workflow commands are escaped; plain text is unchanged."""
    assert visible(text) == shown
    assert visible(shown) == shown
    assert "\n" not in one_line(text)


def test_no_line_of_a_text_passes_for_program_output():
    """Each line of a text is printed behind a bar."""
    assert block("a\nmode: b") == ["  │ a", "  │ mode: b"]


def test_a_folded_block_counts_the_hidden_lines():
    """Beyond `max_lines` lines are only counted."""
    assert block("a\nb\nc", max_lines=1) == ["  │ a", "  … 2 more lines"]


def test_json_keeps_its_value_and_is_printable():
    """Characters that a terminal would obey are JSON escapes: reading the text gives the same value."""
    value = {"a": "x\x1b[2J\x7f\x9b\xa0\u202e\ud800 \n é中 ##[error]"}
    assert json.loads(json_text(value)) == value
    assert "##[" not in json_text(value)
    assert all(character.isprintable() or character == "\n" for character in json_text(value))
