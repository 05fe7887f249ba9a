"""Sequences that make their elements when they are asked for, against lists."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_hiddenlayer.io.text_column import TextColumn

TEXTS = ["a", "", "ü", "\ud800", "last"]
STEPS = st.integers(-3, 3).filter(bool)
SLICES = st.builds(slice, st.none() | st.integers(-7, 7), st.none() | st.integers(-7, 7), STEPS)


@pytest.fixture(scope="module")
def column() -> TextColumn:
    """A column with five texts."""
    column = TextColumn()
    for text in TEXTS:
        column.append(text)
    return column


@given(first=SLICES, second=SLICES)
def test_a_part_of_a_part_is_that_of_a_list(column: TextColumn, first: slice, second: slice):
    """Slices of slices, also backwards, have the elements of the same slices of a list."""
    assert list(column[first]) == TEXTS[first]
    assert list(column[first][second]) == TEXTS[first][second]


@pytest.mark.parametrize("index", [-6, 5])
def test_an_index_outside_is_an_error(column: TextColumn, index: int):
    """An index before the first or after the last element is an IndexError, as for a list."""
    assert (column[-1], column[0]) == ("last", "a")
    with pytest.raises(IndexError):
        column[index]
