"""--hl-equal-budget: each strategy compared with as many single calls of its model."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET

import pytest

HEAD = "each strategy against its own model at the same budget"


@pytest.fixture
def debates(folder):
    """A folder with debates on s0 ... s3, whose draws differ by seed; the debate is wrong on s3."""
    folder.task(n=4, strategies=["debate"])
    rules = [{"role": "judge", "contains": f"q{i}.", "reply": f"a{i}"} for i in range(3)]
    rules += [{"role": "control", "contains": f"q{i}.", "replies": [f"a{i}", "no", "nope"]} for i in range(4)]
    rules += [{"role": "agent-.", "contains": f"q{i}.", "replies": [f"a{i}", "no"]} for i in range(4)]
    folder.write("replies.json", {"rules": rules, "default": "wrong"})
    return folder


def section(result):
    """The output from the section's heading to the line of the run."""
    lines = result.outlines
    start = next(i for i, line in enumerate(lines) if line.startswith(HEAD))
    return lines[start : next(i for i, line in enumerate(lines) if i > start and line.startswith("run "))]


def findings(folder):
    """equal_budget.json of the only run."""
    (run,) = folder.runs()
    return json.loads((run / "equal_budget.json").read_text())


def test_the_section_and_the_cell(debates, workers):
    """The table has the control as a cell, followed by comparisons, flips and Pareto-optimal strategies."""
    result = debates.run("--hl-equal-budget", *workers)
    result.assert_outcomes(passed=3, xfailed=1, skipped=1)
    result.stdout.fnmatch_lines(
        [
            "sums * debate* 4/4  0.750*skipped*",
            "sums * single.control=debate * 112/112 *-*",
            f"{HEAD}*",
            "*debate scripted:replies.json  single, same calls * 4/4 *",
            "*debate scripted:replies.json  self_consistency, same calls * 4/4 *",
            "*debate scripted:replies.json  self_consistency, same tokens * 4/4 *",
            "*debate scripted:replies.json  oracle, same calls * 4/4 *",
            "changes per round",
            "*agents, round 0 ? 1 * 12 *",
            "score and cost",
        ]
    )


def test_the_metrics_are_those_of_the_records(debates):
    """The control's score is the mean of the first seven draws per sample in records.jsonl."""
    debates.run("--hl-equal-budget")
    records = debates.records()
    means = []
    for name in ("s0", "s1", "s2", "s3"):
        drawn = [r for r in records if r["label"] == "single.control=debate" and r["sample_id"] == name]
        first = [r["scores"]["exact"]["value"] for r in drawn if r["epoch"] <= 7]
        assert sorted(r["epoch"] for r in drawn) == list(range(1, len(drawn) + 1))
        assert len(first) == 7
        means.append(sum(first) / 7)
    (compared,) = findings(debates)["compared"]
    single = compared["versus"][0]
    assert single["control"]["mean"] == pytest.approx(sum(means) / 4)
    assert single["paired"]["difference"] == pytest.approx(0.75 - sum(means) / 4)
    assert (single["strategy_spent"]["calls"], single["control_spent"]["calls"]) == (7, 7)


@pytest.mark.slow
def test_workers_give_the_same_metrics(debates):
    """Two workers print and write the same as one process."""
    printed, written = [], []
    for count in ("0", "2"):
        printed.append(section(debates.run("--hl-equal-budget", "-n", count)))
        written.append(findings(debates))
        (run,) = debates.runs()
        run.rename(debates.path / f"kept{count}")
    assert printed[0] == printed[1]
    assert written[0] == written[1]


def test_the_summary_holds_the_control(debates):
    """summary.json has the control as a cell without a gate, with the table's metrics."""
    debates.run("--hl-equal-budget")
    debate, control = debates.summary()
    assert (debate["label"], control["label"]) == ("debate", "single.control=debate")
    assert (control["strategy"], control["n_samples"], control["gate"]) == ("single", 4, None)
    assert control["n"] == control["n_selected"] == len(debates.records()) - 4  # each control sample is an answer
    assert control["usage"]["calls"] == len(debates.records()) - 4


def test_without_the_option_there_are_no_control_samples(debates):
    """Without the option there is one record per item, no section and no file."""
    result = debates.run()
    assert len(debates.records()) == 4
    result.stdout.no_fnmatch_line(f"{HEAD}*")
    (run,) = debates.runs()
    assert not (run / "equal_budget.json").exists()


def test_the_ini_key(debates):
    """hl_equal_budget in the ini file has the effect of the option."""
    debates.write("pytest.ini", "[pytest]\nhl_equal_budget = true\n")
    assert section(debates.run())


def test_a_failed_control_sample_fails_no_item(debates, workers):
    """Draws that fail are errors of the control's cell; every item ends as it would without them."""
    script = json.loads((debates.path / "replies.json").read_text())
    debates.write("replies.json", {**script, "rules": [{"role": "control", "error": "down"}, *script["rules"]]})
    result = debates.run("--hl-equal-budget", *workers)
    result.assert_outcomes(passed=3, xfailed=1, skipped=1)
    result.stdout.fnmatch_lines(["sums debate: 28 of 28 control samples have no score; they do not count as wrong"])
    assert {r["outcome"] for r in debates.records() if r["label"] != "debate"} == {"error"}


def test_a_failed_strategy_has_no_control_samples(debates):
    """An item whose strategy failed is an error, and has no control samples."""
    script = json.loads((debates.path / "replies.json").read_text())
    debates.write(
        "replies.json", {**script, "rules": [{"role": "judge", "contains": "q1.", "error": "down"}, *script["rules"]]}
    )
    debates.run("--hl-equal-budget").assert_outcomes(passed=2, xfailed=1, errors=1, failed=1)
    assert {r["sample_id"] for r in debates.records() if r["label"] != "debate"} == {"s0", "s2", "s3"}


def test_no_item_no_gate_no_snapshot(debates, workers):
    """The control is not collected, and has no gate in JUnit and no snapshot."""
    result = debates.run("--hl-equal-budget", "--snapshot-update", "--junitxml=out.xml", *workers)
    assert result.ret == 0
    names = [case.get("name") for case in ET.parse(debates.path / "out.xml").iter("testcase")]
    assert len(names) == 5
    assert not any("control" in name for name in names)
    assert [path.name for path in (debates.path / "snapshots" / "sums").iterdir()] == [
        "debate-scripted-replies.json.json"
    ]


def test_the_record_is_the_same_with_and_without(debates):
    """Draws change no answer, score or key of the strategy's records."""
    debates.run()
    before = debates.records()
    (run,) = debates.runs()
    run.rename(debates.path / "kept")
    debates.run("--hl-equal-budget")
    after = [r for r in debates.records() if r["label"] == "debate"]
    assert [(r["key"], r["output"], r["scores"]) for r in after] == [
        (r["key"], r["output"], r["scores"]) for r in before
    ]


def test_gate_and_baseline_ignore_control_samples(debates):
    """A run with control samples can be a baseline: the debate is compared with the debate."""
    debates.run("--hl-equal-budget")
    result = debates.run("--baseline", "last", "--hl-equal-budget")
    result.stdout.fnmatch_lines(["sums *debate* 4/4 *underpowered*"])
    result.stdout.no_fnmatch_line("*another strategy*")


def test_last_failed_selects_the_debates(debates):
    """After a failed gate --lf runs only the items of its cell."""
    debates.task(n=4, strategies=["debate"], threshold=1.0)
    debates.run("--hl-equal-budget")
    debates.run("--hl-equal-budget", "--lf").assert_outcomes(passed=3, xfailed=1, failed=1)


def test_only_the_first_epoch_has_control_samples(debates):
    """With --epochs 2 only the first epoch has control samples, and the section says so."""
    result = debates.run("--hl-equal-budget", "--epochs", "2")
    result.stdout.fnmatch_lines(["sums debate: epoch 1 only: 4 record(s) of later epochs have no control samples"])
    first = [r for r in debates.records() if r["label"] == "debate" and r["epoch"] == 1]
    assert len({r["sample_id"] for r in first}) == 4


def test_a_strategy_of_one_call_needs_no_control(folder):
    """A strategy that makes one call needs no control, and the section says so."""
    folder.task(strategies=["single", {"self_consistency": {"n_samples": 1}}])
    folder.replies()
    result = folder.run("--hl-equal-budget")
    result.stdout.fnmatch_lines(
        ["sums self_consistency.n_samples=1: makes one call per sample, so `single` already matches its budget"]
    )
    assert len(folder.records()) == 6


def test_single_without_another_strategy(sums):
    """With no other strategy the section says that there is nothing to compare."""
    sums.run("--hl-equal-budget").stdout.fnmatch_lines(["no strategy other than single was run*"])
    assert len(sums.records()) == 3


def test_a_test_function_has_control_samples_too(debates):
    """Answers of a marked function are compared with control samples too; `evaluate` returns its own record."""
    debates.write(
        "test_it.py",
        "import pytest\n\n\n@pytest.mark.task('evals/sums.yaml')\ndef test_it(evaluate):\n"
        "    assert evaluate().label == 'debate'\n",
    )
    result = debates.run("test_it.py", "--hl-equal-budget")
    result.assert_outcomes(passed=4)
    result.stdout.fnmatch_lines(["*debate scripted:replies.json  single, same calls * 4/4 *"])


def test_the_file_of_pytest_html(debates):
    """It has the section with a plot of the Pareto front, and transcripts of the strategy only."""
    debates.run("--hl-equal-budget", "--html=r.html", "--self-contained-html")
    page = (debates.path / "r.html").read_text()
    assert "<h2>Compute-matched comparison</h2>" in page
    assert "<svg" in page
    assert "Transcript: 7 call(s)" in page
    assert "Transcript: 1 call(s)" not in page


def test_stopped_by_x(debates):
    """With -x the answers so far are compared."""
    debates.task(n=4, strategies=["debate"])
    result = debates.run("--hl-equal-budget", "--hl-strict", "-x")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*single, same calls * 4/4 *"])


# ---------------------------------------------------------------- the command


def test_show_prints_the_section(debates, command):
    """`hiddenlayer show` prints the section from the records, and lists control samples only with --all."""
    printed = section(debates.run("--hl-equal-budget"))
    shown = command("show").splitlines()
    assert [line for line in printed if line not in shown] == []
    assert not any("[single.control=debate-scripted:replies.json]" in line for line in shown)
    assert "[single.control=debate-scripted:replies.json]" in command("show", "--all")
    assert command("show", "--sample", "s0").count("== sums::s0") == 1


@pytest.mark.slow
def test_compare_ignores_control_samples_unless_named(debates, command):
    """`compare` has no row for control samples, unless a reference names their label."""
    debates.run("--hl-equal-budget")
    assert "single.control" not in command("compare", "last", "last")
    named = command("compare", "last#single.control=debate", "last#debate")
    assert "single.control=debate scripted:replies.json" in named


def test_run_prints_the_same(debates, command):
    """`hiddenlayer run --equal-budget` prints and writes the same as pytest."""
    printed = section(debates.run("--hl-equal-budget"))
    written = findings(debates)
    (run,) = debates.runs()
    run.rename(debates.path / "kept")
    said = command("run", "--provider", "scripted:replies.json", "--equal-budget").splitlines()
    assert [line for line in printed if line not in said] == []
    assert findings(debates) == written
    assert [cell["label"] for cell in debates.summary()] == ["debate", "single.control=debate"]


@pytest.fixture
def command(debates):
    """What `hiddenlayer WORDS` prints in the folder."""
    import os
    import subprocess
    import sys

    def run(*words):
        whole = [sys.executable, "-m", "pytest_hiddenlayer.cli", *words]
        environment = {**os.environ, "COLUMNS": "200"}
        done = subprocess.run(whole, cwd=debates.path, capture_output=True, text=True, env=environment, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
