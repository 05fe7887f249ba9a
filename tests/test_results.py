"""Figures, snapshots, gates and the run log, from records."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, t

from pytest_hiddenlayer.errors import SnapshotError, UsageError
from pytest_hiddenlayer.results.figures import CellFigures, CellPlan, by_cell, figures
from pytest_hiddenlayer.results.gate import compare, judge_gate
from pytest_hiddenlayer.results.runlog import RunLog, find_run, git_state, read_records
from pytest_hiddenlayer.results.snapshot import Baseline, BaselineSample, baseline, read_snapshot, snapshot_text
from pytest_hiddenlayer.results.stats import estimate, mcnemar_worse, paired_difference, reduce_epochs, wilson
from pytest_hiddenlayer.types import Record

PLAN = CellPlan(
    task="t",
    task_hash="0",
    strategy="single",
    strategy_params={},
    label="single",
    provider="scripted",
    model="m",
    slug="m",
    params="single-scripted",
    scorer="exact/1",
    seed=0,
    epochs=1,
    reducer="mean",
    pass_score=1.0,
    threshold=None,
    min_scored=0.95,
    margin=0.0,
    min_effect=0.05,
    total=0,
)


def record(name: str, value: float | None, **changes: object) -> Record:
    """A record of sample `name`; None: its call failed."""
    outcome = "error" if value is None else "correct" if value == 1 else "incorrect" if value == 0 else "partial"
    usage = {"input_tokens": 2, "output_tokens": 1, "calls": 1}
    usage |= dict.fromkeys(("cached_input_tokens", "cache_write_tokens", "reasoning_tokens"))
    made = Record(
        run_id="r",
        key=name,
        task="t",
        sample_id=name,
        epoch=1,
        strategy="single",
        strategy_params={},
        provider="scripted",
        model="m",
        input="q",
        target="a",
        output="o",
        answer="o",
        scores={} if value is None else {"exact": {"value": value, "answer": "o", "explanation": ""}},
        outcome=outcome,
        usage=usage,
        cost_usd=0.0,
        latency_s=1.0,
        transcript=[{}],
        error=None,
        seed=0,
        started_at="2026-01-01T00:00:00+00:00",
        label="single",
        slug="m",
        sample_hash="h",
    )
    return replace(made, **changes)


def cell(values: dict[str, float | None], **plan: object) -> CellFigures:
    """The figures of a cell whose samples have these scores."""
    chosen = replace(PLAN, total=len(values), selected=tuple(values), **plan)
    return figures(chosen, [record(name, value) for name, value in values.items()])


def base(values: dict[str, float | None], **changes: object) -> Baseline:
    """A baseline with these scores."""
    samples = {
        name: BaselineSample(
            score=value,
            outcome="error" if value is None else "correct" if value == 1 else "incorrect",
            answer="o",
            hash="h",
        )
        for name, value in values.items()
    }
    return replace(Baseline(name="before", scorer="exact/1", samples=samples), **changes)


def some(right: int, n: int, start: int = 0) -> dict[str, float | None]:
    """n samples, `right` of them right, beginning with sample `start`."""
    return {f"s{(i + start) % n}": float(i < right) for i in range(n)}


# ---------------------------------------------------------------- statistics


def test_mean_and_standard_error_by_hand():
    """1, 0, 1, 0: mean 1/2, standard error sqrt((1/3)/4)."""
    found = estimate([1.0, 0.0, 1.0, 0.0])
    assert (found.mean, found.n) == (0.5, 4)
    assert found.stderr == pytest.approx(math.sqrt(1 / 12))


def test_wilson_against_a_published_example():
    """81 of 263: 0.2553 to 0.3662 (Newcombe 1998, table I, method 3)."""
    assert wilson(81 / 263, 263) == pytest.approx((0.2553, 0.3662), abs=5e-5)


def test_graded_scores_have_students_interval():
    """Scores between 0 and 1 get the t interval."""
    values = [0.2, 0.5, 0.9]
    found = estimate(values)
    half = t.ppf(0.975, 2) * found.stderr
    assert found.ci95 == pytest.approx((max(0, found.mean - half), min(1, found.mean + half)))


def test_nothing_scored_is_unknown():
    """No value: mean, error and interval are unknown; one value: no error."""
    assert estimate([]).mean is None
    assert estimate([1.0]).stderr is None


@given(st.lists(st.floats(0, 1), min_size=1, max_size=50))
def test_estimates_are_never_nan_and_hold_their_mean(values):
    """Whatever the scores, mean and interval are finite, in order and within [0, 1]."""
    found = estimate(values)
    assert 0 <= found.mean <= 1 + 1e-12
    if found.ci95 is not None:
        assert -1e-9 <= found.ci95[0] <= found.mean + 1e-9
        assert found.mean - 1e-9 <= found.ci95[1] <= 1 + 1e-9


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_the_exact_binomial(worse, better):
    """The p-value is that of scipy's one-sided binomial test on the discordant pairs."""
    expected = binomtest(worse, worse + better, 0.5, alternative="greater").pvalue if worse + better else 1.0
    assert mcnemar_worse(worse, better) == pytest.approx(expected)


def test_five_against_none_is_the_first_significance():
    """5:0 has p = 1/32, 4:0 has p = 1/16."""
    assert mcnemar_worse(5, 0) == pytest.approx(1 / 32)
    assert mcnemar_worse(4, 0) == pytest.approx(1 / 16)


def test_paired_interval_shrinks_with_n():
    """Without a flip the interval lies around 0 and is within ±0.05 from 40 pairs on."""
    assert paired_difference(0, 0, 40)[1:] == pytest.approx((-0.0467, 0.0467), abs=1e-4)
    assert paired_difference(0, 0, 10)[2] > 0.05


@pytest.mark.parametrize(
    ("reducer", "expected"),
    [("mean", 2 / 3), ("median", 1.0), ("mode", 1.0), ("max", 1.0), ("pass_at_k", 1.0), ("pass_hat_k", 0.0)],
)
def test_reducers_by_hand(reducer, expected):
    """1, 0, 1 over three epochs."""
    assert reduce_epochs([1.0, 0.0, 1.0], reducer, 1.0) == pytest.approx(expected)


# ---------------------------------------------------------------- figures


def test_errors_are_counted_beside_the_mean():
    """A failed call is no score: n scored of n selected."""
    found = cell({"a": 1.0, "b": None, "c": 0.0})
    assert (found.estimate.n, found.n_selected, found.estimate.mean) == (2, 3, 0.5)
    assert found.outcomes["error"] == 1


def test_unknown_cost_stays_unknown():
    """One record of unknown price makes the cell's cost unknown; free ones make it 0."""
    records = [record("a", 1.0), record("b", 1.0, cost_usd=None)]
    assert figures(replace(PLAN, total=2), records).cost_usd is None
    assert figures(replace(PLAN, total=1), records[:1]).cost_usd == 0


def test_epochs_are_repeats_within_a_sample():
    """Two epochs of one sample are one scored sample."""
    records = [record("a", 1.0), record("a", 0.0, epoch=2)]
    found = figures(replace(PLAN, total=1, selected=("a",), epochs=2), records)
    assert (found.estimate.n, found.estimate.mean) == (1, 0.5)


def test_an_item_answered_twice_counts_once():
    """Of two records of one sample and epoch the later one counts."""
    (records,) = by_cell([record("a", 0.0), record("a", 1.0)]).values()
    assert [r.score for r in records] == [1.0]


# ---------------------------------------------------------------- gates


def test_no_baseline_is_skipped_with_the_command():
    """Without a baseline the gate is skipped and says how to make one."""
    result = judge_gate(cell(some(8, 10)), None, update=False)
    assert result.outcome == "skipped"
    assert "--snapshot-update" in result.message


def test_five_newly_wrong_regress():
    """Five newly wrong against none newly right is red, with their ids."""
    result = judge_gate(cell(some(5, 10)), base(some(10, 10)), update=False)
    assert (result.outcome, result.word) == ("failed", "regressed")
    assert "newly wrong: s5, s6, s7, s8, s9" in result.message


def test_one_flipped_answer_is_no_regression():
    """A single newly wrong answer passes as underpowered."""
    result = judge_gate(cell(some(9, 10)), base(some(10, 10)), update=False)
    assert (result.outcome, result.word) == ("passed", "underpowered")


def test_a_loss_within_the_margin_is_tolerated():
    """With margin 0.6 a loss of half is no regression."""
    result = judge_gate(cell(some(5, 10), margin=0.6), base(some(10, 10)), update=False)
    assert result.outcome == "passed"


def test_improved_and_same():
    """Five newly right improve; 60 unchanged are the same."""
    assert judge_gate(cell(some(10, 10)), base(some(5, 10)), update=False).word == "improved"
    assert judge_gate(cell(some(30, 60)), base(some(30, 60)), update=False).word == "same"


def test_too_few_scored_is_red():
    """An outage never is green: two of ten scored fails min_scored."""
    values = {name: (value if name in ("s0", "s1") else None) for name, value in some(10, 10).items()}
    result = judge_gate(cell(values), base(some(10, 10)), update=False)
    assert result.outcome == "failed"
    assert "scored 2 of 10 samples, min_scored is 0.95: not measured (8 error)" in result.message


def test_threshold_and_must_pass_are_red_even_when_updating():
    """Under update only these two are judged."""
    assert judge_gate(cell(some(5, 10), threshold=0.6), None, update=True).outcome == "failed"
    plan = replace(PLAN, total=1, selected=("a",))
    wrong = figures(plan, [record("a", 0.0, must_pass=True)])
    assert "must_pass not right: a" in judge_gate(wrong, None, update=True).message
    assert judge_gate(cell({"a": None}), None, update=True).outcome == "passed"


def test_a_baseline_of_another_scorer_is_red():
    """A scorer of another version is not compared in silence."""
    result = judge_gate(cell(some(5, 5)), base(some(5, 5), scorer="exact/2"), update=False)
    assert result.outcome == "failed"
    assert "exact/2" in result.message


def test_changed_samples_are_left_out_and_counted():
    """A sample whose hash differs is no pair."""
    before = base(some(10, 10))
    changed = {**before.samples, "s0": replace(before.samples["s0"], hash="other")}
    found = compare(cell(some(10, 10)), replace(before, samples=changed))
    assert (found.n, found.changed) == (9, 1)


def test_nothing_to_pair_is_red():
    """A baseline without one common scored sample compares nothing, and that is not green."""
    assert judge_gate(cell({"a": 1.0}), base({"b": 1.0}), update=False).outcome == "failed"


def test_a_partial_cell_says_so():
    """A cell of which two of ten samples were selected is gated on those and says so."""
    found = figures(replace(PLAN, total=10, selected=("s0", "s1")), [record("s0", 1.0), record("s1", 1.0)])
    assert "partial 2 of 10" in judge_gate(found, base(some(10, 10)), update=False).message


# ---------------------------------------------------------------- snapshots


def write(folder: Path, text: str) -> Path:
    """A file with this text."""
    path = folder / "s.json"
    path.write_text(text, encoding="utf-8")
    return path


def test_snapshot_round_trip(tmp_path):
    """What is written is read as the same results, one line a sample, keys sorted, twice the same bytes."""
    found = cell({"b": 0.0, "a": 1.0, "c": None})
    text = snapshot_text(found, None)
    assert text == snapshot_text(found, None)
    assert [line.strip()[:3] for line in text.splitlines() if '"hash"' in line] == ['"a"', '"b"', '"c"']
    read = baseline(write(tmp_path, text), "x")
    assert {name: s.outcome for name, s in read.samples.items()} == {"a": "correct", "b": "incorrect", "c": "error"}
    keys = list(json.loads(text))
    assert keys == sorted(keys)


def test_a_partial_run_keeps_the_other_samples():
    """Samples that this run did not answer stay as they were, and the score is of all."""
    before = json.loads(snapshot_text(cell(some(0, 4)), None))
    part = figures(replace(PLAN, total=4, selected=("s0",)), [record("s0", 1.0)])
    after = json.loads(snapshot_text(part, before))
    assert (len(after["samples"]), after["score"]) == (4, 0.25)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda v: v["samples"]["a"].update(score=float("nan")), "NaN"),
        (lambda v: v["samples"]["a"].update(score=2), "not a result"),
        (lambda v: v["samples"]["a"].update(outcome="error"), "outcome 'error' with score 1.0"),
        (lambda v: v.update(schema=99), "schema 99"),
        (lambda v: v.pop("samples"), "missing ['samples']"),
    ],
)
def test_a_snapshot_that_cannot_be_trusted_is_refused(tmp_path, change, said):
    """Each fault is an error that names the file and the fault."""
    value = json.loads(snapshot_text(cell({"a": 1.0}), None))
    change(value)
    with pytest.raises(SnapshotError) as caught:
        read_snapshot(write(tmp_path, json.dumps(value)))
    assert said in str(caught.value)
    assert "s.json" in str(caught.value)


# ---------------------------------------------------------------- run log


def test_nothing_is_created_before_the_first_record(tmp_path):
    """Making a log touches no disk; the first record brings folder and manifest."""
    log = RunLog(tmp_path, "20260101T000000Z-00000000", ["pytest"])
    assert not list(tmp_path.iterdir())
    log.append(record("a", 1.0))
    assert {p.name for p in log.folder.iterdir()} == {"run.json", "records.jsonl"}


def test_lines_of_several_processes_stay_whole(tmp_path):
    """Four processes append 50 long records each; every line is one record."""
    code = (
        "import sys; from pathlib import Path; sys.path.insert(0, sys.argv[2])\n"
        "from test_results import record; from pytest_hiddenlayer.results.runlog import RunLog\n"
        "log = RunLog(Path(sys.argv[1]), 'run')\n"
        "for i in range(50): log.append(record(f'{sys.argv[3]}-{i}', 1.0, output='x' * 20000))"
    )
    here = str(Path(__file__).parent)
    command = [sys.executable, "-c", code, str(tmp_path), here]
    running = [subprocess.Popen([*command, str(i)]) for i in range(4)]
    assert [process.wait() for process in running] == [0] * 4
    assert len({r.sample_id for r in read_records(tmp_path / "reports" / "runs" / "run")}) == 200


def test_half_a_last_line_is_left_out(tmp_path):
    """A process killed while writing loses only what it was writing."""
    log = RunLog(tmp_path, "run")
    log.append(record("a", 1.0))
    with (log.folder / "records.jsonl").open("a") as handle:
        handle.write('{"run_id": "r", "key"')
    assert [r.sample_id for r in read_records(log.folder)] == ["a"]


def test_runs_are_found_by_id_beginning_or_last(tmp_path):
    """`last`, an id or its beginning name a run; anything else is an error with a near one."""
    for name in ("20260101T000000Z-aaaaaaaa", "20260102T000000Z-bbbbbbbb"):
        RunLog(tmp_path, name).append(record("a", 1.0))
    assert find_run(tmp_path, "last").name.endswith("bbbbbbbb")
    assert find_run(tmp_path, "20260101").name.endswith("aaaaaaaa")
    with pytest.raises(UsageError, match="could be"):
        find_run(tmp_path, "2026")
    with pytest.raises(UsageError, match="did you mean"):
        find_run(tmp_path, "20260102T000000Z-bbbbbbbc")


def test_manifest_knows_the_commit(tmp_path):
    """The git state has commit and dirty flag; outside a checkout it is unknown."""
    assert git_state(tmp_path) is None
    for words in (
        ["init", "-q"],
        ["-c", "user.name=n", "-c", "user.email=e@x", "commit", "-q", "--allow-empty", "-m", "m"],
    ):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    state = git_state(tmp_path)
    assert len(state["commit"]) == 40
    assert state["dirty"] is False
