"""`has_word` and the regular expression of `whole` agree."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from pytest_hiddenlayer.scorers.match.text_match import has_word, whole

TEXT = st.text(alphabet="ab é\t\n.,-_1ーทの'", max_size=12)


@given(text=TEXT, word=TEXT.filter(str.strip))
def test_has_word_agrees_with_the_pattern(text, word):
    """Both agree on letters, digits, spaces, punctuation and scripts without spaces."""
    assert has_word(text, word, ignore_case=False) == (re.search(whole(word), text) is not None)


def test_phrases_and_borders():
    """White space inside a phrase may differ, longer words do not match, quotes and case are folded."""
    assert has_word("the New\n  York times", "new york")
    assert not has_word("the New Yorker", "new york")
    assert has_word("It’s here.", "it's")
    assert not has_word("Straße", "stra")
    assert has_word("STRASSE", "Straße")
