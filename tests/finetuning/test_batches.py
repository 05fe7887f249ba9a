"""The split for validation, and the batches."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from pytest_hiddenlayer.finetuning.batches import epoch_batches, split
from pytest_hiddenlayer.finetuning.tokens import TokenRow

LENGTHS = st.lists(st.integers(2, 300), min_size=1, max_size=60)


def rows(lengths, groups=None):
    """Rows of these lengths, each in its own group unless said."""
    return [
        TokenRow(ids=(1,) * n, start=1, group=groups[i] if groups else str(i), source=str(i))
        for i, n in enumerate(lengths)
    ]


@given(LENGTHS, st.integers(1, 9), st.integers(1, 400), st.integers(0, 5))
def test_every_row_is_in_exactly_one_batch(lengths, size, tokens, epoch):
    """No row is left out or repeated, whatever the sizes are; limits hold unless one row alone exceeds them."""
    batches = epoch_batches(rows(lengths), batch_size=size, batch_tokens=tokens, seed=3, epoch=epoch)
    assert Counter(row.source for batch in batches for row in batch) == Counter(map(str, range(len(lengths))))
    for batch in batches:
        padded = len(batch) * max(len(row.ids) for row in batch)
        assert len(batch) <= size
        assert padded <= tokens or len(batch) == 1


@given(LENGTHS, st.integers(1, 9), st.integers(1, 400))
def test_epochs_have_equally_many_batches(lengths, size, tokens):
    """The number of steps is the same in each epoch, so that the schedule is known before training."""
    counts = {
        len(epoch_batches(rows(lengths), batch_size=size, batch_tokens=tokens, seed=0, epoch=n)) for n in range(4)
    }
    assert len(counts) == 1


def test_rows_of_similar_length_are_together():
    """Sorting by length keeps padding low: five lengths, mixed, make five batches without padding."""
    mixed = rows([12, 402, 82, 700, 26] * 4)
    batches = epoch_batches(mixed, batch_size=4, batch_tokens=10_000, seed=0, epoch=1)
    assert all(len({len(row.ids) for row in batch}) == 1 for batch in batches)


def test_the_order_changes_with_the_epoch():
    """Epochs have different orders; the same epoch and seed give the same order."""
    one, two, again = (
        epoch_batches(rows([5] * 40), batch_size=4, batch_tokens=999, seed=0, epoch=n) for n in (1, 2, 1)
    )
    assert one == again
    assert one != two


@given(st.lists(st.sampled_from("abcdefg"), min_size=1, max_size=50), st.floats(0, 0.9), st.integers(0, 9))
def test_a_group_is_on_one_side(groups, share, seed):
    """Rows of a group are all trained on or all validated on, and something is trained on."""
    trained, validated = split(rows([3] * len(groups), groups), share, seed)
    assert len(trained) + len(validated) == len(groups)
    assert trained
    assert not {row.group for row in trained} & {row.group for row in validated}


def test_one_group_is_not_validated_on():
    """A single group cannot be split, so nothing is validated on."""
    assert split(rows([3, 3], ["a", "a"]), 0.5, 0)[1] == ()


def test_the_share_is_reached():
    """A tenth of a hundred groups of one row is ten rows."""
    assert len(split(rows([3] * 100), 0.1, 0)[1]) == 10
