"""Labels: what is written comes back, and a malformed line is an error."""

from __future__ import annotations

import json
import multiprocessing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.records import record

from pytest_hiddenlayer.analysis.annotation.labels import Label, append_label, read_labels
from pytest_hiddenlayer.analysis.answers import player_of
from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.io.jsonl import append_line, read_lines

PAIR = Label(
    kind="pairwise",
    task="t",
    sample_id="s0",
    a="single@mlx:nano-1",
    b="debate@mlx:nano-1",
    winner="b",
    shown="ba",
    rater="ann",
    at="2026-01-01T00:00:00+00:00",
    run_a="r",
    run_b="r",
    key_a="k1",
    key_b="k2",
)
RATING = replace(PAIR, kind="rating", b=None, run_b=None, key_b=None, winner=None, rating=4, scale=(1, 5))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file in a folder that is not there yet."""
    return tmp_path / "reports" / "labels.jsonl"


@pytest.mark.parametrize("label", [PAIR, RATING, replace(PAIR, note="a\nb\u2028\ud800", winner="tie")])
def test_a_label_comes_back(path, label):
    """A label is read as it was appended, whatever its note contains."""
    append_label(path, label)
    assert read_labels(path) == [label]


def test_one_label_a_line(path):
    """Each label is one line of JSON with its schema."""
    append_label(path, PAIR)
    append_label(path, RATING)
    lines = path.read_text().splitlines()
    assert [json.loads(line)["kind"] for line in lines] == ["pairwise", "rating"]
    assert all(json.loads(line)["schema"] == 1 for line in lines)


def test_a_later_answer_replaces_an_earlier_one(path):
    """If a rater answers a question twice the last answer counts, even if a and b are swapped."""
    append_label(path, PAIR)
    append_label(path, RATING)
    turned = replace(PAIR, a=PAIR.b, b=PAIR.a, key_a="k2", key_b="k1", winner="tie")
    append_label(path, turned)
    assert read_labels(path) == [turned, RATING]


@pytest.mark.parametrize("change", [{"rater": "bob"}, {"sample_id": "s1"}, {"key_b": "k3"}, {"task": "u"}])
def test_other_questions_stay_beside_it(path, change):
    """Another rater, sample, task or answer is another label."""
    append_label(path, PAIR)
    append_label(path, replace(PAIR, **change))
    assert len(read_labels(path)) == 2


def test_a_missing_file_is_told(path):
    """The error for a missing file says how to create one."""
    with pytest.raises(UsageError, match="hiddenlayer label RUN"):
        read_labels(path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"winner": None}, "winner is None"),
        ({"winner": "A"}, "winner is 'A'"),
        ({"b": None}, "needs b, run_b and key_b"),
        ({"rating": 3}, "has no rating"),
        ({"kind": "vote"}, "kind is 'vote'"),
        ({"shown": "a"}, "shown is 'a'"),
        ({"rater": 7}, "rater is 7"),
        ({"schema": 2}, "schema 2"),
    ],
)
def test_a_bad_line_is_named_with_its_number(path, change, said):
    """A line in the middle that is no label is an error with file and line."""
    append_label(path, PAIR)
    append_line(path, {**PAIR.to_json(), **change})
    append_label(path, RATING)
    with pytest.raises(UsageError) as caught:
        read_labels(path)
    assert str(caught.value).startswith(f"{path}:2: not a label: ")
    assert said in str(caught.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"rating": 6}, "from 1 to 5"),
        ({"rating": None}, "from 1 to 5"),
        ({"rating": True}, "from 1 to 5"),
        ({"rating": float("nan")}, "from 1 to 5"),
        ({"scale": None}, "two numbers"),
        ({"scale": (1,)}, "two numbers"),
        ({"b": "x"}, "of one answer"),
        ({"winner": "a"}, "of one answer"),
    ],
)
def test_a_bad_rating_is_refused(change, said):
    """A rating lies on its scale, and is of one answer."""
    with pytest.raises(ValueError, match=said):
        replace(RATING, **change)


@pytest.mark.parametrize("line", ["[1]", "7", '"x"', "{", "{}"])
def test_what_is_no_object_is_told(path, line):
    """A line that is no JSON, or JSON that is no label, is the same error."""
    append_label(path, PAIR)
    with path.open("a") as file:
        file.write(f"{line}\n")
    append_label(path, RATING)
    with pytest.raises(UsageError, match=r"labels\.jsonl:2: not a label"):
        read_labels(path)


@given(cut=st.integers(min_value=1, max_value=400))
def test_half_a_line_costs_no_whole_one(tmp_path_factory, cut):
    """Wherever a killed process stopped writing, earlier labels are read, and the next label is complete."""
    path = tmp_path_factory.mktemp("cut") / "labels.jsonl"
    append_label(path, PAIR)
    whole = path.read_bytes()
    append_label(path, replace(PAIR, sample_id="ä" * 20))
    half = path.read_bytes()[: len(whole) + cut]
    path.write_bytes(half)
    read = read_labels(path)
    assert read[0] == PAIR
    append_label(path, RATING)
    assert read_labels(path) == [*read, RATING]


def test_a_long_half_line_is_cut_off(path):
    """An incomplete line longer than one read is removed completely."""
    append_label(path, PAIR)
    with path.open("a") as file:
        file.write('{"note": "' + "x" * 200_000)
    append_label(path, RATING)
    assert read_labels(path) == [PAIR, RATING]


def test_a_file_that_is_one_half_line_begins_anew(path):
    """A file with only an incomplete line accepts a new label."""
    path.parent.mkdir(parents=True)
    path.write_text('{"kind": "pa')
    assert read_labels(path) == []
    append_label(path, PAIR)
    assert read_labels(path) == [PAIR]


def _append(path: str, name: str) -> None:
    for number in range(50):
        append_line(Path(path), {"name": name, "number": number, "text": "x" * 5000})


def test_processes_keep_lines_whole(tmp_path):
    """Two processes that append at once mix no line."""
    path = tmp_path / "lines.jsonl"
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_append, args=(str(path), name)) for name in "ab"]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    saved = [values for _, values in read_lines(path, "a line")]
    assert sorted((v["name"], v["number"]) for v in saved) == [(name, n) for name in "ab" for n in range(50)]


def test_nan_is_refused(path):
    """NaN is not written."""
    with pytest.raises(ValueError, match="not JSON compliant"):
        append_line(path, {"x": float("nan")})
    assert not path.exists() or path.read_bytes() == b""


def test_a_player_is_strategy_provider_and_model():
    """`strategy label@provider:model slug`."""
    assert player_of(record("s0", 1.0, label="debate.n_agents=5", slug="m")) == "debate.n_agents=5@scripted:m"
