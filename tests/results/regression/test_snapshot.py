"""Snapshots: what is written, kept, and refused when read."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.records import CONFIG, cell, record, some

from pytest_hiddenlayer.errors import SnapshotError
from pytest_hiddenlayer.io.atomic import write_text
from pytest_hiddenlayer.results.metrics.cells import compute_metrics
from pytest_hiddenlayer.results.regression.snapshot import snapshot_text
from pytest_hiddenlayer.results.regression.snapshot_reader import baseline_from_snapshot, read_snapshot


def write(folder: Path, text: str) -> Path:
    """A file with this text."""
    path = folder / "s.json"
    path.write_text(text, encoding="utf-8")
    return path


def test_snapshot_round_trip(tmp_path):
    """A snapshot reads back as the same results; it has one line per sample, sorted keys and reproducible bytes."""
    found = cell({"b": 0.0, "a": 1.0, "c": None})
    text = snapshot_text(found, None)
    assert text == snapshot_text(found, None)
    assert [line.strip()[:3] for line in text.splitlines() if '"hash"' in line] == ['"a"', '"b"', '"c"']
    read = baseline_from_snapshot(read_snapshot(write(tmp_path, text)), "x", "single-scripted-m")
    assert {name: s.outcome for name, s in read.samples.items()} == {"a": "correct", "b": "incorrect", "c": "error"}
    keys = list(json.loads(text))
    assert keys == sorted(keys)


def test_no_volatile_value_stands_in_a_snapshot():
    """Run id, time, latency and cache hits do not change the file."""
    config = replace(CONFIG, total=1, selected=("a",))
    other = {"run_id": "r2", "started_at": "2027-01-01T00:00:00+00:00", "latency_s": 9.0, "cached": True}
    texts = [snapshot_text(compute_metrics(config, [r]), None) for r in (record("a", 1.0), record("a", 1.0, **other))]
    assert texts[0] == texts[1]


def test_a_snapshot_of_a_folder_names_no_path():
    """For a model in a local folder, only the folder's own name is written."""
    text = snapshot_text(cell({"a": 1.0}, model="/models/small"), None)
    assert json.loads(text)["model"] == "small"


def test_floats_are_rounded():
    """Scores have at most 6 digits, so that rounding errors make no diff."""
    value = json.loads(snapshot_text(cell({"a": 1 / 3, "b": 0.0}), None))
    assert value["samples"]["a"]["score"] == 0.333333
    assert value["score"] == 0.166666


@given(st.dictionaries(st.text(min_size=1), st.one_of(st.none(), st.floats(0, 1)), min_size=1, max_size=8))
def test_every_snapshot_can_be_read_again(values):
    """For any ids and scores, a written snapshot can be read."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "s.json"
        write_text(path, snapshot_text(cell(values), None))
        read = baseline_from_snapshot(read_snapshot(path), "x", "single-scripted-m")
    assert {name: s.score for name, s in read.samples.items()} == pytest.approx(values, abs=1e-6)


def test_a_whole_run_forgets_removed_samples():
    """After a run over all samples, the file has no removed samples."""
    before = json.loads(snapshot_text(cell({"a": 1.0, "gone": 1.0}), None))
    assert list(json.loads(snapshot_text(cell({"a": 1.0}), before))["samples"]) == ["a"]


def test_a_partial_snapshot_knows_no_whole_cost():
    """Cost and usage are unknown if samples were kept, not those of the part."""
    before = json.loads(snapshot_text(cell(some(0, 4)), None))
    part = compute_metrics(replace(CONFIG, total=4, selected=("s0",)), [record("s0", 1.0)])
    after = json.loads(snapshot_text(part, before))
    assert (after["usage"], after["cost_usd"]) == (None, None)


def test_a_run_without_any_score_changes_nothing():
    """If no sample has a score now, the file stays as it is, with cost, usage and configuration."""
    before = snapshot_text(cell(some(2, 4)), None)
    outage = compute_metrics(replace(CONFIG, total=4, epochs=3), [record(f"s{i}", None) for i in range(4)])
    assert snapshot_text(outage, json.loads(before)) == before


def test_a_partial_run_keeps_the_other_samples():
    """Samples that this run did not answer are kept, and the score is over all samples."""
    before = json.loads(snapshot_text(cell(some(0, 4)), None))
    part = compute_metrics(replace(CONFIG, total=4, selected=("s0",)), [record("s0", 1.0)])
    after = json.loads(snapshot_text(part, before))
    assert (len(after["samples"]), after["score"]) == (4, 0.25)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda v: v["samples"]["a"].update(score=float("nan")), "NaN"),
        (lambda v: v["samples"]["a"].update(score=2), "not a result"),
        (lambda v: v["samples"]["a"].update(outcome="error"), "outcome 'error' with score 1.0"),
        (lambda v: v.update(schema=99), "schema 99"),
        (lambda v: v["samples"]["a"].update(outcome="unheard"), "not a result"),
        (lambda v: v["samples"]["a"].update(score=None), "outcome 'correct' with score None"),
        (lambda v: v["samples"]["a"].update(score=10**400), "not a result"),
        (lambda v: v["samples"]["a"].update(answer=5), "not a result"),
        (lambda v: v["samples"]["a"].pop("hash"), "not a result"),
        (lambda v: v["samples"].update(a=[]), "not a result"),
        (lambda v: v.update(samples=[]), "must be an object"),
        (lambda v: v.update(scorer=None), "must be an object"),
        (lambda v: v.pop("samples"), "missing ['samples']"),
        (lambda v: v.update(epochs="x"), "a whole number"),
        (lambda v: v.update(epochs=10**400), "a whole number"),
        (lambda v: v.update(epochs=0), "a whole number"),
        (lambda v: v.update(epochs=None), "a whole number"),
        (lambda v: v.update(model=5), "must be strings"),
        (lambda v: v.update(provider=None), "must be strings"),
    ],
)
def test_a_snapshot_that_cannot_be_trusted_is_refused(tmp_path, change, said):
    """Each fault raises an error that names the file and the fault."""
    value = json.loads(snapshot_text(cell({"a": 1.0}), None))
    change(value)
    with pytest.raises(SnapshotError) as caught:
        read_snapshot(write(tmp_path, json.dumps(value)))
    assert said in str(caught.value)
    assert "s.json" in str(caught.value)


@pytest.mark.parametrize("change", [{"answer": ["x" * 10**6]}, {"epoch_scores": ["x" * 10**6]}])
def test_a_long_fault_of_a_snapshot_is_cut(tmp_path: Path, change: dict[str, object]) -> None:
    """A megabyte in a sample is no megabyte in the error."""
    value = json.loads(snapshot_text(cell({"a" * 1000: 1.0}), None))
    value["samples"]["a" * 1000].update(change)
    with pytest.raises(SnapshotError) as caught:
        read_snapshot(write(tmp_path, json.dumps(value)))
    assert len(str(caught.value)) < 500 + len(str(tmp_path))


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_snapshot_is_refused(tmp_path, content):
    """Reading any other content raises SnapshotError."""
    path = tmp_path / "s.json"
    path.write_bytes(content)
    with pytest.raises(SnapshotError, match=r"s\.json"):
        read_snapshot(path)
