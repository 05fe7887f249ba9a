"""When two spellings are the same option."""

from __future__ import annotations

import pytest

from pytest_hiddenlayer.scorers.multiple_choice.options import mark_options, option_named, same_text, to_letter


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("(Oslo)", "Oslo", True),
        ("((Oslo))", "oslo.", True),
        ("[Oslo", "Oslo", True),
        ("Oslo)", "Oslo", True),
        ("f(n)", "f(n", False),
        ("f(n)", "(f(n))", True),
        ("f(n)!", "f(n)", True),
        ("(a)(b)", "a)(b", False),
        ("(a) or (b)", "a) or (b", False),
        (")a(", "a", True),
        ("{1, 2}", "1, 2", True),
        ("[0, 1)", "(0, 1]", False),
        (".5", "5", False),
        ("(.5)", ".5", True),
        (".x", "x", True),
        ("x²", "x^2", True),
        (r"\frac{1}{2}", "1/2", True),
        (r"2 \times 3", "2 × 3", True),
        (r"\mathrm{\mathbf{x}}", "x", True),
        ("", "", True),
        ("?", "!", False),
        ("( )", "()", False),
    ],
)
def test_outer_punctuation_does_not_matter(left: str, right: str, same: bool) -> None:
    """Brackets go in pairs, a leading point belongs to a number, and LaTeX is read; either may be the option."""
    assert same_text(left, right) is same
    assert same_text(right, left) is same


@pytest.mark.parametrize(
    ("text", "options", "letter"),
    [
        ("[0, 1)", {"A": "[0, 1)", "B": "(0, 1]"}, "A"),
        ("Oslo", {"A": "Oslo", "B": "Bern"}, "A"),
        ("(Bern)", {"A": "Oslo", "B": "Bern"}, "B"),
        ("Oslo", {"A": "Oslo", "B": "oslo."}, None),
        ("Rome", {"A": "Oslo", "B": "Bern"}, None),
    ],
)
def test_a_text_names_the_only_option_that_it_spells(text: str, options: dict[str, str], letter: str | None) -> None:
    """Two options of one spelling are both meant, and so none is; brackets of intervals tell two apart."""
    assert option_named(text, options) == letter


@pytest.mark.parametrize(
    ("text", "options", "marked"),
    [
        ("the interval [0, 1) holds", {"A": "[0, 1)", "B": "(0, 1]"}, "A"),
        ("the interval (0, 1] holds", {"A": "[0, 1)", "B": "(0, 1]"}, "B"),
        ("they don't go", {"A": "go", "B": "don't go"}, "B"),
        ("a cat sat", {"A": "the cat", "B": "a dog"}, "A"),
        ("cat and cat", {"A": "the cat", "B": "a cat food"}, ""),
        ("the ox ran", {"A": "an ox", "B": "a cow"}, "A"),
        ("at 3:30", {"A": "3", "B": "30"}, ""),
        ("at 3:30", {"A": "3:30", "B": "30"}, "A"),
        ("1 500", {"A": "500", "B": "1500"}, "B"),
        ("no doubt", {"A": "yes", "B": "no"}, ""),
        ("no, it is", {"A": "yes", "B": "no"}, "B"),
    ],
)
def test_options_are_found_in_a_text(text: str, options: dict[str, str], marked: str) -> None:
    """The longest option counts, a short spelling that another option contains does not, nor parts of numbers."""
    found = mark_options(text, options)
    assert "".join(to_letter(character) for character in found if character >= "\ue000") == marked
