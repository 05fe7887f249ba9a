"""The columns of the samples table."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from support.records import record

from pytest_hiddenlayer.report.page.columns import MAX_METADATA, Columns
from pytest_hiddenlayer.types import Record


def columns_of(*records: Record, **given: Any) -> dict[str, dict[str, Any]]:
    """Name → column of a page with these records."""
    columns = Columns(**given)
    for one in records:
        columns.add(one, "run")
    return {column["name"]: column for column in columns.to_json()}


def values_of(column: dict[str, Any]) -> list[Any]:
    if column["kind"] == "category":
        return [None if code < 0 else column["values"][code] for code in column["codes"]]
    return list(column["numbers"] if column["kind"] == "number" else column["texts"])


def metadata(*values: Any) -> dict[str, Any]:
    """The column `metadata:k` of records with these values; ... leaves the key out."""
    records = [record(f"s{i}", 1.0, metadata={} if v is ... else {"k": v}) for i, v in enumerate(values)]
    return columns_of(*records)["metadata:k"]


def test_unknown_numbers_are_null():
    """A score, a cost and tokens that are unknown are null, and known ones keep their value."""
    usage = {"input_tokens": None, "output_tokens": 1234567, "calls": 1}
    found = columns_of(record("a", None, cost_usd=None, usage=usage), record("b", 0.5, cost_usd=0.000123456789))
    assert values_of(found["score"]) == [None, 0.5]
    assert values_of(found["cost_usd"]) == [None, 0.000123457]
    assert values_of(found["input_tokens"]) == [None, 2]
    assert values_of(found["output_tokens"]) == [1234567, 1]


def test_latency_counts_the_longest_call_of_each_round():
    """Calls of a round run at the same time: 2 s and 3 s, then 1 s, are 4 s; a scorer's call is not counted."""
    calls = [(0, 2.0), (0, 3.0), (1, 1.0), (1, 60.0)]
    transcript = [{"role": "agent", "round": number, "latency_s": seconds} for number, seconds in calls]
    one = record("a", 1.0, transcript=transcript, answer_metadata={"scoring_calls": 1})
    assert values_of(columns_of(one)["latency_s"]) == [4.0]


def test_numbers_in_metadata_sort_as_numbers():
    """Metadata whose values are all numbers is a column of numbers; one text makes it one of texts."""
    assert metadata(1, 2.5, ..., 1) == {**metadata(1, 2.5, ..., 1), "kind": "number", "numbers": [1, 2.5, None, 1]}
    assert values_of(metadata(1, "2", True)) == ["1", "2", "true"]


@pytest.mark.parametrize("value", [math.nan, math.inf, 10**300, "1" * 300])
def test_odd_metadata_is_text_or_a_number_that_json_has(value):
    """NaN, infinity, a number of 300 digits and a long text give valid JSON."""
    column = metadata(value, 1)
    assert len(values_of(column)) == 2
    json.dumps(column, allow_nan=False)


def test_lists_in_metadata_are_joined_and_objects_left_to_the_sample():
    """A list of plain values is one text; an object has no place in a table."""
    assert values_of(metadata(["a", "b"], {"x": 1}, None, [[1]])) == ["a, b", None, None, None]


def test_metadata_with_a_value_per_sample_is_a_column_of_texts():
    """If most values are distinct, no filter lists them all."""
    records = [record(f"s{i}", 1.0, metadata={"id": f"x{i}"}) for i in range(1200)]
    assert columns_of(*records)["metadata:id"]["kind"] == "text"


def test_metadata_keys_beyond_the_limit_are_counted():
    """The first 30 keys have a column, and a notice counts the others."""
    columns = Columns()
    columns.add(record("a", 1.0, metadata={f"k{i}": i for i in range(MAX_METADATA + 5)}), "run")
    assert sum(column["name"].startswith("metadata:") for column in columns.to_json()) == MAX_METADATA
    assert [notice["text"][:16] for notice in columns.notices()] == ["5 metadata keys "]


def test_columns_that_say_nothing_are_hidden_or_absent():
    """Columns with the same value in all rows are hidden; optional ones without a value are absent."""
    found = columns_of(record("a", 1.0), record("b", 1.0))
    assert [
        name for name in ("run", "task", "strategy", "provider", "model", "epoch") if not found[name]["hidden"]
    ] == []
    assert not {"confidence", "group", "must_pass", "error", "change", "tag", "replaced"} & set(found)


def test_columns_that_tell_rows_apart_are_shown():
    """Two models, two epochs, an error and a confidence have their columns."""
    found = columns_of(
        record("a", 1.0, answer_metadata={"confidence": 0.75}),
        record("a", None, slug="other", epoch=2, error="timeout", must_pass=True, group="g"),
    )
    assert [found[name]["hidden"] for name in ("model", "epoch", "error", "confidence")] == [False] * 4
    assert values_of(found["confidence"]) == [0.75, None]
    assert values_of(found["must_pass"]) == [None, "yes"]
    assert values_of(found["group"]) == [None, "g"]


def test_tags_and_changes_are_those_of_the_cell_and_the_sample():
    """Every row of a tagged task has its tags; a changed sample has its word."""
    cell = record("a", 1.0).cell
    found = columns_of(
        record("a", 1.0), record("b", 1.0), tags={cell: "quick sums"}, changes={(*cell, "b"): "newly right"}
    )
    assert values_of(found["tag"]) == ["quick sums", "quick sums"]
    assert values_of(found["change"]) == [None, "newly right"]


def test_other_scorers_have_columns():
    """A scorer that only some records have is unknown in the others."""
    scores = {"exact": {"value": 1.0, "explanation": ""}, "style": {"value": 0.25, "explanation": ""}}
    found = columns_of(record("a", 1.0), record("b", 1.0, scores=scores), record("c", 1.0))
    assert values_of(found["score:style"]) == [None, 0.25, None]


def test_an_earlier_answer_to_the_same_item_is_marked():
    """Of three answers to one sample and epoch, the first two are marked as replaced."""
    found = columns_of(record("a", 0.0), record("a", 0.5), record("b", 1.0), record("a", 1.0))
    assert values_of(found["replaced"]) == ["yes", "yes", None, None]


def test_long_texts_are_cut():
    """A text of the table has at most 200 characters, a title 60."""
    found = columns_of(record("a", 1.0, answer="x" * 500, metadata={"k" * 500: 1}))
    assert values_of(found["answer"]) == ["x" * 199 + "…"]
    assert found["metadata:" + "k" * 500]["title"] == "k" * 59 + "…"
