"""Figures, snapshots, gates and the run log, from records."""

from __future__ import annotations

import gc
import json
import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest, t
from support.records import PLAN, cell, record, some

from pytest_hiddenlayer.errors import SnapshotError, UsageError
from pytest_hiddenlayer.io.atomic import write_text
from pytest_hiddenlayer.results.log.run_log import RunLog, find_run, git_state, read_records
from pytest_hiddenlayer.results.metrics.cells import by_cell, compute_metrics, config_from_records
from pytest_hiddenlayer.results.regression.snapshot import baseline_of, read_snapshot, snapshot_text
from pytest_hiddenlayer.stats.estimate.mean_interval import estimate, wilson
from pytest_hiddenlayer.stats.estimate.pass_at_k import reduce_epochs
from pytest_hiddenlayer.stats.paired.compare import compare_pairs, mcnemar_worse

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
    assert min(values) <= found.mean <= max(values)
    assert found.stderr is None or found.stderr >= 0
    if found.ci95 is not None:
        assert 0 <= found.ci95[0] <= found.mean + 1e-9
        assert found.mean - 1e-9 <= found.ci95[1] <= 1


@given(st.lists(st.booleans(), min_size=1, max_size=200))
def test_right_and_wrong_have_wilsons_interval(values):
    """Scores of 0 and 1 get Wilson's interval, which never has width 0."""
    found = estimate([float(value) for value in values])
    assert found.ci95 == wilson(sum(values) / len(values), len(values))
    assert found.ci95[0] < found.ci95[1]


@pytest.mark.parametrize(("share", "known"), [(0.0, (0.0, 0.2775)), (1.0, (0.7225, 1.0))])
def test_wilson_at_the_ends(share, known):
    """0 of 10 and 10 of 10: one end is exact, the other z²/(n + z²) away."""
    assert wilson(share, 10) == pytest.approx(known, abs=5e-5)


def test_wilson_narrows_to_the_share():
    """With very many samples nothing but the share is left."""
    assert wilson(0.3, 10**9) == pytest.approx((0.3, 0.3), abs=1e-4)


@given(st.floats(0, 1), st.integers(1, 30))
def test_equal_scores_have_their_own_mean(value, n):
    """The mean of equal scores is that score to the last bit, so that it reaches a threshold of the same size."""
    assert estimate([value] * n).mean == value
    assert reduce_epochs([value] * n, "mean", 1.0) == value


def paired_difference(newly_wrong: int, newly_right: int, n: int) -> tuple[float, float, float]:
    """(difference, low, high) of right/wrong answers without clusters."""
    old = [1.0] * newly_wrong + [0.0] * (n - newly_wrong)
    new = [0.0] * newly_wrong + [1.0] * newly_right + [0.0] * (n - newly_wrong - newly_right)
    found = compare_pairs(old, new)
    return (found.difference, *found.ci95)


@given(st.data(), st.integers(2, 200))
def test_paired_interval_holds_its_difference(data, n):
    """For every table the interval is within [-1, 1], and it holds the difference shrunk by its prior."""
    worse = data.draw(st.integers(0, n))
    better = data.draw(st.integers(0, n - worse))
    difference, low, high = paired_difference(worse, better, n)
    assert difference == pytest.approx((better - worse) / n)
    assert -1 <= low <= difference <= high <= 1


def test_paired_interval_by_hand():
    """5 worse, 1 better of 20: -4/22 ± 1.96 · sqrt(7 - 16/22)/22."""
    half = 1.959964 * math.sqrt(7 - 16 / 22) / 22
    assert paired_difference(5, 1, 20) == pytest.approx((-0.2, -4 / 22 - half, -4 / 22 + half))


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
    assert compute_metrics(replace(PLAN, total=2), records).cost_usd is None
    assert compute_metrics(replace(PLAN, total=1), records[:1]).cost_usd == 0


def test_epochs_are_repeats_within_a_sample():
    """Two epochs of one sample are one scored sample."""
    records = [record("a", 1.0), record("a", 0.0, epoch=2)]
    found = compute_metrics(replace(PLAN, total=1, selected=("a",), epochs=2), records)
    assert (found.estimate.n, found.estimate.mean) == (1, 0.5)


def test_epochs_are_graded_by_their_reduced_score():
    """Right and wrong in turn is partial under mean, correct under pass_at_k, incorrect under pass_hat_k."""
    records = [record("a", 1.0), record("a", 0.0, epoch=2)]
    plan = replace(PLAN, total=1, selected=("a",), epochs=2)
    found = [compute_metrics(replace(plan, reducer=name), records) for name in ("mean", "pass_at_k", "pass_hat_k")]
    assert [cell.samples["a"].outcome for cell in found] == ["partial", "correct", "incorrect"]


def test_an_epoch_that_failed_leaves_the_others():
    """A sample is scored when one of its epochs is; the failed one is counted, not averaged."""
    records = [record("a", None), record("a", 1.0, epoch=2)]
    found = compute_metrics(replace(PLAN, total=1, selected=("a",), epochs=2), records)
    assert (found.samples["a"].score, found.samples["a"].outcome) == (1.0, "correct")
    assert dict(found.outcomes) == {"error": 1, "correct": 1}


def test_selected_samples_without_a_record_count_as_selected():
    """What a run was to answer and did not stays in `n of n`."""
    found = compute_metrics(replace(PLAN, total=5, selected=("a", "b", "c")), [record("a", 1.0)])
    assert (found.estimate.n, found.n_selected, found.partial) == (1, 3, True)


def test_usage_is_summed():
    """Tokens and calls of all records are added."""
    found = cell({"a": 1.0, "b": 0.0, "c": None})
    assert (found.usage.input_tokens, found.usage.output_tokens, found.usage.calls) == (6, 3, 3)


def test_unknown_usage_stays_unknown():
    """Tokens that one record does not know are unknown in the sum, not 0; others are summed."""
    known = record("a", 1.0)
    records = [known, record("b", 1.0, usage={**known.usage, "input_tokens": None})]
    found = compute_metrics(replace(PLAN, total=2), records)
    assert (found.usage.input_tokens, found.usage.output_tokens) == (None, 2)


def test_costs_are_summed():
    """Known prices add up, and samples that were never asked (budget) cost nothing."""
    records = [record("a", 1.0, cost_usd=0.25), record("b", 0.0, cost_usd=0.5)]
    records.append(record("c", None, outcome="skipped", transcript=[], cost_usd=None))
    assert compute_metrics(replace(PLAN, total=3), records).cost_usd == 0.75


def test_the_wall_clock_runs_from_first_question_to_last_answer():
    """Answers given at the same time do not add up."""
    records = [record("a", 1.0, latency_s=4.0), record("b", 1.0, started_at="2026-01-01T00:00:03+00:00")]
    assert compute_metrics(replace(PLAN, total=2), records).wall_s == pytest.approx(4.0)


def test_a_cell_without_a_score_is_plain_json():
    """A cell in which every call failed has null figures, never NaN or 0."""
    found = cell({"a": None}).to_json()
    assert json.loads(json.dumps(found, allow_nan=False))["score"] is None
    assert (found["stderr"], found["ci95"], found["n"], found["n_selected"]) == (None, None, 0, 1)


def test_cells_are_told_apart():
    """Records of another strategy label or model are another cell's."""
    found = by_cell([record("a", 1.0), record("a", 0.0, label="debate"), record("a", 0.0, slug="m2")])
    assert [len(records) for records in found.values()] == [1, 1, 1]


def test_a_plan_is_told_by_the_records():
    """Without the task file the records give names, samples and epochs, so that `show` has its figures."""
    plan = config_from_records([record("a", 1.0), record("a", 0.0, epoch=2), record("b", None)])
    assert (plan.key, plan.selected, plan.epochs, plan.scorer) == (
        ("t", "single", "scripted", "m"), ("a", "b"), 2, "exact",
    )  # fmt: skip


def test_an_item_answered_twice_counts_once():
    """Of two records of one sample and epoch the later one counts."""
    (records,) = by_cell([record("a", 0.0), record("a", 1.0)]).values()
    assert [r.score for r in records] == [1.0]


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
    read = baseline_of(read_snapshot(write(tmp_path, text)), "x", "single-scripted-m")
    assert {name: s.outcome for name, s in read.samples.items()} == {"a": "correct", "b": "incorrect", "c": "error"}
    keys = list(json.loads(text))
    assert keys == sorted(keys)


def test_no_volatile_value_stands_in_a_snapshot():
    """Run id, time, latency and cache hits change nothing in the file."""
    plan = replace(PLAN, total=1, selected=("a",))
    other = {"run_id": "r2", "started_at": "2027-01-01T00:00:00+00:00", "latency_s": 9.0, "cached": True}
    texts = [snapshot_text(compute_metrics(plan, [r]), None) for r in (record("a", 1.0), record("a", 1.0, **other))]
    assert texts[0] == texts[1]


def test_a_snapshot_of_a_folder_names_no_path():
    """Of a model that is a local folder only the folder's own name is written."""
    text = snapshot_text(cell({"a": 1.0}, model="/models/small"), None)
    assert json.loads(text)["model"] == "small"


def test_floats_are_rounded():
    """Scores have at most 6 digits, so that the last bits of a machine make no diff."""
    value = json.loads(snapshot_text(cell({"a": 1 / 3, "b": 0.0}), None))
    assert value["samples"]["a"]["score"] == 0.333333
    assert value["score"] == 0.166666


@given(st.dictionaries(st.text(min_size=1), st.one_of(st.none(), st.floats(0, 1)), min_size=1, max_size=8))
def test_every_snapshot_can_be_read_again(values):
    """Whatever the ids and scores, what is written is trusted when it is read."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "s.json"
        write_text(path, snapshot_text(cell(values), None))
        read = baseline_of(read_snapshot(path), "x", "single-scripted-m")
    assert {name: s.score for name, s in read.samples.items()} == pytest.approx(values, abs=1e-6)


def test_a_whole_run_forgets_removed_samples():
    """After a run over all samples nothing of a sample that is gone stays in the file."""
    before = json.loads(snapshot_text(cell({"a": 1.0, "gone": 1.0}), None))
    assert list(json.loads(snapshot_text(cell({"a": 1.0}), before))["samples"]) == ["a"]


def test_a_partial_snapshot_knows_no_whole_cost():
    """Cost and usage of samples that were kept are not known: unknown, not those of the part."""
    before = json.loads(snapshot_text(cell(some(0, 4)), None))
    part = compute_metrics(replace(PLAN, total=4, selected=("s0",)), [record("s0", 1.0)])
    after = json.loads(snapshot_text(part, before))
    assert (after["usage"], after["cost_usd"]) == (None, None)


def test_a_partial_run_keeps_the_other_samples():
    """Samples that this run did not answer stay as they were, and the score is of all."""
    before = json.loads(snapshot_text(cell(some(0, 4)), None))
    part = compute_metrics(replace(PLAN, total=4, selected=("s0",)), [record("s0", 1.0)])
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
        (lambda v: v.update(samples=[]), "of a wrong type"),
        (lambda v: v.update(scorer=None), "of a wrong type"),
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


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b"\xff", b"[" * 100_000])
def test_what_is_no_snapshot_is_refused(tmp_path, content):
    """Whatever stands in the file, reading it ends in a SnapshotError."""
    path = tmp_path / "s.json"
    path.write_bytes(content)
    with pytest.raises(SnapshotError, match=r"s\.json"):
        read_snapshot(path)


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
        "import json, sys; from dataclasses import replace; from pathlib import Path\n"
        "from pytest_hiddenlayer.types import Record; from pytest_hiddenlayer.results.log.run_log import RunLog\n"
        "log, form = RunLog(Path(sys.argv[1]), 'run'), Record(**json.load(sys.stdin))\n"
        "for i in range(50): log.append(replace(form, sample_id=f'{sys.argv[2]}-{i}', output='x' * 20000))"
    )
    command = [sys.executable, "-c", code, str(tmp_path)]
    running = [subprocess.Popen([*command, str(i)], stdin=subprocess.PIPE, text=True) for i in range(4)]
    for process in running:
        json.dump(record("a", 1.0).to_json(), process.stdin)
        process.stdin.close()
    assert [process.wait() for process in running] == [0] * 4
    folder = tmp_path / "reports" / "runs" / "run"
    assert len((folder / "records.jsonl").read_text(encoding="utf-8").splitlines()) == 200
    assert len({r.sample_id for r in read_records(folder)}) == 200


def test_records_come_back_as_they_were_written(tmp_path):
    """Every field survives the log: text of any script, line separators, and half a character from a provider."""
    log = RunLog(tmp_path, "run")
    written = [record("a", 1.0, output=text) for text in ("é🙂", "line\nand\u2028line\x85", "half \ud83d")]
    for one in written:
        log.append(one)
    assert list(read_records(log.folder)) == written


@pytest.mark.skipif(
    not Path("/proc/self/fd").is_dir(), reason="needs /proc/self/fd, which Linux has, to count open files"
)
def test_a_log_that_nobody_holds_is_closed(tmp_path):
    """A process that opens a log again and again does not run out of file handles."""
    before = len(os.listdir("/proc/self/fd"))
    for name in ("a", "b", "c"):
        RunLog(tmp_path, "run").append(record(name, 1.0))
    gc.collect()
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_record_with_nan_is_refused(tmp_path):
    """NaN is no JSON: it raises instead of making a log that others cannot read."""
    with pytest.raises(ValueError, match="JSON"):
        RunLog(tmp_path, "run").append(record("a", 1.0, latency_s=float("nan")))


def test_half_a_last_line_is_left_out_wherever_it_was_cut(tmp_path):
    """A process killed while writing loses only what it was writing: after a brace, or inside a character."""
    log = RunLog(tmp_path, "run")
    log.append(record("a", 1.0))
    path = log.folder / "records.jsonl"
    whole = path.read_bytes()
    more = json.dumps(record("ü", 1.0).to_json(), ensure_ascii=False).encode()
    for cut in range(1, len(more)):
        path.write_bytes(whole + more[:cut])
        assert [r.sample_id for r in read_records(log.folder)] == ["a"], more[:cut]


@pytest.mark.parametrize("line", ["{", "[]", "{}", "null and void"])
def test_a_broken_line_is_an_error_that_names_it(tmp_path, line):
    """A line that is no record, before the last, is not passed over in silence."""
    log = RunLog(tmp_path, "run")
    log.append(record("a", 1.0))
    with (log.folder / "records.jsonl").open("a", encoding="utf-8") as handle:
        handle.write(f"{line}\n")
    with pytest.raises(UsageError, match=r"records\.jsonl:2: not a record"):
        list(read_records(log.folder))


def test_fields_of_a_later_version_are_left_aside(tmp_path):
    """A log with a field that this version does not know can still be read."""
    log = RunLog(tmp_path, "run")
    log.append(record("a", 1.0))
    path = log.folder / "records.jsonl"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | {"later": 1}) + "\n", encoding="utf-8")
    assert [r.sample_id for r in read_records(log.folder)] == ["a"]


def test_a_run_without_records_says_so(tmp_path):
    """A folder without records.jsonl is a usage error."""
    with pytest.raises(UsageError, match=r"no records\.jsonl in this run"):
        list(read_records(tmp_path))


def test_the_latest_run_is_the_last(tmp_path):
    """`last` is the run that began last."""
    for name in ("20260102T000000Z-00000000", "20260101T000000Z-ffffffff"):
        RunLog(tmp_path, name).append(record("a", 1.0))
    assert find_run(tmp_path, "last").name == "20260102T000000Z-00000000"


@pytest.mark.parametrize("name", ["", "last", "2026"])
def test_where_no_run_is_none_is_found(tmp_path, name):
    """In a fresh folder every name, the empty one too, is an error that says there are no runs."""
    with pytest.raises(UsageError, match=r"0 run\(s\)"):
        find_run(tmp_path, name)


def test_a_run_is_found_by_its_path(tmp_path):
    """A folder that was copied elsewhere can be named by its path."""
    (tmp_path / "elsewhere").mkdir()
    assert find_run(tmp_path, str(tmp_path / "elsewhere")) == tmp_path / "elsewhere"


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


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A git checkout with one committed file."""
    (tmp_path / "file").write_text("1", encoding="utf-8")
    who = ["-c", "user.name=n", "-c", "user.email=e@x", "-c", "commit.gpgsign=false"]
    for words in (["init", "-q"], ["add", "file"], [*who, "commit", "-q", "-m", "m"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True)
    return tmp_path


def test_outside_a_checkout_the_commit_is_unknown(tmp_path):
    """No checkout: None, no error."""
    assert git_state(tmp_path) is None


def test_the_manifest_has_the_commit(checkout):
    """run.json names the commit, the command and the versions."""
    log = RunLog(checkout, "run", ["pytest", "evals"])
    log.append(record("a", 1.0))
    manifest = json.loads((log.folder / "run.json").read_text(encoding="utf-8"))
    head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=checkout, capture_output=True, text=True, check=True)
    assert manifest["git"] == {"commit": head.stdout.strip(), "dirty": False}
    assert (manifest["command"], manifest["run_id"]) == (["pytest", "evals"], "run")
    assert "pytest-hiddenlayer" in manifest["versions"]


def test_a_changed_file_makes_the_checkout_dirty(checkout):
    """A change to a tracked file is dirty; a new file, such as the run's own folder, is not."""
    (checkout / "new").write_text("1", encoding="utf-8")
    assert git_state(checkout)["dirty"] is False
    (checkout / "file").write_text("2", encoding="utf-8")
    assert git_state(checkout)["dirty"] is True
