"""Metrics and comparisons from columns are those from records, to the last digit."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from support.records import record

from pytest_hiddenlayer.results.columns.cell_metrics import column_metrics
from pytest_hiddenlayer.results.columns.compaction import compact
from pytest_hiddenlayer.results.columns.run_columns import columns_of
from pytest_hiddenlayer.results.log import record_file
from pytest_hiddenlayer.results.log.run_log import RunLog, read_records
from pytest_hiddenlayer.results.metrics.run_metrics import metrics_of_run
from pytest_hiddenlayer.results.metrics.spending import with_replaced_answers
from pytest_hiddenlayer.results.regression.changed_samples import changed_samples
from pytest_hiddenlayer.results.regression.compare_runs import compare_references
from pytest_hiddenlayer.results.regression.references import Reference
from pytest_hiddenlayer.results.regression.sources import RunRecords
from pytest_hiddenlayer.types import Record

pytest.importorskip("pyarrow")

OUTCOMES = ("correct", "incorrect", "partial", "error", "truncated", "empty", "unscored")
SHARES = (0.0, 1.0, 0.5, 1 / 3, 0.7, 0.1)
OPINIONS = [{"model": name, "verdict": verdict, "scale": "no-yes"} for name, verdict in (("m", "yes"), ("n", "no"))]
METADATA = (
    *[{}] * 4,
    {"confidence": 0.25},
    {"confidence": "?"},
    {"own_prompts": {"a": "1"}},
    {"own_prompts": {"a": "2", "b": "3"}},
    {"elicited_confidence": {"p_true": {"value": None, "why": "no: 'x'"}}},
)
REDUCERS = ("mean", "median", "mode", "max", "pass_at_2", "pass_hat_2")


def records(random: Random, n: int) -> list[Record]:
    """Records of a run: cells, epochs and scorers in any combination, answers made again, and gaps of any kind."""
    scorers = random.choice([("exact",), ("exact", "judge"), ("judge", "exact", "third")])
    n_epochs, lost = random.choice([1, 3]), random.random()
    return [one_record(random, scorers, n_epochs, lost) for _ in range(n)]


def one_record(random: Random, scorers: tuple[str, ...], n_epochs: int, lost: float) -> Record:
    outcome = random.choice(OUTCOMES[:3] if random.random() > lost else OUTCOMES)
    calls = [call(random) for _ in range(random.randint(0, 2))]
    tokens = {name: random.choice([None, 3, 10**9]) for name in ("input_tokens", "output_tokens")}
    return record(
        f"s{random.randint(0, 14)}",
        1.0,
        epoch=random.randint(1, n_epochs),
        outcome=outcome,
        scores=dict(scores(random, scorers, outcome)),
        output=f"output {random.randint(0, 3)}",
        answer=random.choice([None, "a", "b"]),
        label=random.choice(["single", "debate"]),
        usage={**tokens, "calls": len(calls)},
        cost_usd=random.choice([None, 0.0, 0.1, 0.2]) if calls else 0.0,
        latency_s=random.choice([0.1, 3.0]),
        started_at=random.choice(["2026-01-01T00:00:00+00:00", "2026-01-01T00:00:07.25+00:00"]),
        transcript=calls,
        answer_metadata=random.choice(METADATA),
        confidence=random.choice([{}, {"mean_logprob": -0.5}]),
        sample_hash=random.choice(["h", "h", "h", "other"]),
        group=random.choice([None, None, "g1", "g2"]),
        must_pass=random.choice([True, False]),
    )


def call(random: Random) -> dict[str, object]:
    values = {
        "mean_logprob": random.choice([None, -0.1, -2.5]),
        "cached": random.choice([True, False]),
        "attempts": random.choice([1, 3]),
        "warnings": random.choice([[], ["another model"], ["cut off", "another model"]]),
    }
    return {"role": "answer", **{name: values[name] for name in values if random.random() < 0.5}}


def scores(random: Random, scorers: tuple[str, ...], outcome: str) -> Iterator[tuple[str, dict[str, object]]]:
    for index, name in enumerate(scorers):
        headline = index == 0 and outcome in ("correct", "incorrect", "partial")
        if headline or random.random() < 0.6:
            value = random.choice(SHARES if headline else (None, *SHARES))
            value = {"correct": 1.0, "incorrect": 0.0}.get(outcome, value) if headline else value
            details = {"details": {"opinions": OPINIONS}} if random.random() < 0.2 else {}
            yield name, {"value": value, "answer": None, "explanation": random.choice(["", "why"]), **details}


def run_of(root: Path, name: str, made: list, reducer: str) -> Path:
    """The folder of an ended run with a summary that states the reducer."""
    log = RunLog(root, name)
    log.append_all(made)
    cells = {r.cell: {"task": r.task, "label": r.label, "provider": r.provider, "slug": r.slug} for r in made}
    log.write_summary([{**cell, "reducer": reducer, "pass_score": 0.6, "min_scored": 0.5} for cell in cells.values()])
    log.write_manifest({"records": len(made)})
    log.close()
    return log.folder


def plain(values: object) -> object:
    return json.loads(json.dumps(values))


@pytest.mark.parametrize("seed", [*range(3), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(3, 40))])
def test_columns_give_the_numbers_of_records(tmp_path, seed):
    """Whatever a run holds, its metrics, and its comparison with another run, are the same from Parquet."""
    random = Random(seed)
    n, reducer, match = random.choice([3, 40, 120]), random.choice(REDUCERS), random.choice(["hash", "id"])
    old, new = records(random, n), records(random, n)
    margin = random.choice([0.0, 0.05])
    root = tmp_path
    folders = [run_of(root, name, made, reducer) for name, made in (("old", old), ("new", new))]
    listed = [list(read_records(folder)) for folder in folders]
    metrics = [
        [c.to_json() for c in with_replaced_answers(metrics_of_run(folder, made, bootstrap=150), made)]
        for folder, made in zip(folders, listed, strict=True)
    ]
    sources = [RunRecords.read(folder) for folder in folders]
    compared = compare_references(*map(Reference, sources), match=match, margin=margin)
    changes = [changed_samples(cell) for cell in compared.cells]
    for folder in folders:
        compact(folder, remove_jsonl=True)
    for folder, expected in zip(folders, metrics, strict=True):
        columns = columns_of(folder)
        assert plain([c.to_json() for c in column_metrics(columns, bootstrap=150)]) == plain(expected)
    columnar = [RunRecords.read(folder) for folder in folders]
    for source, other in zip(sources, columnar, strict=True):
        for task in source.tasks():
            for stem, cell in source.cells(task).items():
                same = other.cells(task)[stem]
                assert dict(same.samples) == dict(cell.samples)
                assert (same.n_scored, same.n_answers) == (cell.n_scored, cell.n_answers)
                assert replace(same, samples={}) == replace(cell, samples={})
    again = compare_references(*map(Reference, columnar), match=match, margin=margin)
    assert plain(again.to_json()) == plain(compared.to_json())
    for cell, other in zip(compared.cells, again.cells, strict=True):
        if cell.comparison is not None:
            assert list(other.comparison.pairing.pairs) == list(cell.comparison.pairing.pairs)
            assert other.comparison.pairing.lost_as_wrong == cell.comparison.pairing.lost_as_wrong
    for cell, before in zip(again.cells, changes, strict=True):
        found = changed_samples(cell)
        assert [(c.id, c.change) for c in found] == [(c.id, c.change) for c in before]
        assert found == before


def test_a_large_jsonl_is_read_as_columns_too(tmp_path, monkeypatch):
    """A large `records.jsonl` gives the same cells, without Parquet on disk."""
    from pytest_hiddenlayer.results.columns import run_columns

    made = [record(f"s{i}", float(i % 3 == 0), group=f"g{i % 4}") for i in range(50)]
    folder = run_of(tmp_path, "run", made, "mean")
    expected = RunRecords.read(folder)
    for module in (record_file, run_columns):
        monkeypatch.setattr(module, "LARGE", 100)
    assert columns_of(folder) is not None
    columns = RunRecords.read(folder)
    for stem, cell in expected.cells("t").items():
        assert dict(columns.cells("t")[stem].samples) == dict(cell.samples)
    assert sorted(path.name for path in folder.iterdir()) == ["records.jsonl", "run.json", "summary.json"]


def test_texts_that_columns_cannot_hold_are_read_from_the_records(tmp_path):
    """A sample id with half a character has no column, and its cell is measured from the records."""
    folder = run_of(tmp_path, "run", [record("half \ud83d", 1.0), record("whole", 0.0)], "mean")
    compact(folder, remove_jsonl=True)
    assert columns_of(folder) is None
    (cell,) = RunRecords.read(folder).cells("t").values()
    assert list(cell.samples) == ["half \ud83d", "whole"]


def test_a_column_baseline_meets_measured_cells(tmp_path):
    """A gate compares a compacted run with the cell that was just measured as it does with records."""
    from support.records import some

    from pytest_hiddenlayer.results.regression.pairing import match_samples

    folder = run_of(tmp_path, "run", [record(f"s{i}", float(i % 2)) for i in range(9)], "mean")
    (expected,) = RunRecords.read(folder).cells("t").values()
    compact(folder, remove_jsonl=True)
    (found,) = RunRecords.read(folder).cells("t").values()
    from support.records import cell

    measured = cell(some(4, 9))
    assert match_samples(found.samples, measured.samples) == match_samples(expected.samples, measured.samples)
