"""The gate of a cell: an item that is reported after all samples."""

from __future__ import annotations

import json
import re
import subprocess
import xml.etree.ElementTree as ET

import pytest

GATE = "evals/sums.yaml::gate?single-scripted:replies.json?"


def with_baseline(folder, *, n, wrong=(), **form):
    """Make a snapshot of n samples with these wrong."""
    folder.task(n=n, **form)
    folder.replies(wrong=wrong)
    assert folder.run("--snapshot-update").ret == 0


def edited(folder, change):
    """Make a snapshot of three right samples and change its content."""
    with_baseline(folder, n=3)
    path = folder.snapshot()
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


def test_no_baseline(sums):
    """Without a baseline the gate is skipped, and its reason names the option that makes one."""
    result = sums.run()
    result.assert_outcomes(passed=3, skipped=1)
    result.stdout.fnmatch_lines(["SKIPPED * no baseline: make one with --snapshot-update"])
    assert result.ret == 0


@pytest.mark.parametrize(
    ("n", "before", "now", "verdict"),
    [
        (5, (), (0, 1, 2, 3, 4), "regressed"),
        (5, (0, 1, 2, 3, 4), (), "improved"),
        (4, (0,), (0, 1), "underpowered"),
    ],
)
def test_verdict(folder, n, before, now, verdict):
    """Five newly wrong answers are `regressed` and fail, five newly right are `improved`, one is `underpowered`."""
    with_baseline(folder, n=n, wrong=before)
    folder.replies(wrong=now)
    result = folder.run()
    word = "FAILED" if verdict == "regressed" else "PASSED"
    result.stdout.fnmatch_lines([f"sums * {verdict}*", f"{word} {GATE}*"])
    assert result.ret == (1 if verdict == "regressed" else 0)


def test_same(folder):
    """Equal answers are `same` if the interval of the difference lies within min_effect."""
    with_baseline(folder, n=5, min_effect=0.9)
    folder.run().stdout.fnmatch_lines(["sums * same*", f"PASSED {GATE}"])


def test_single_flipped_answer_is_no_regression(folder):
    """Two of five answers that turned wrong are not significant: the gate passes, and the summary names both."""
    with_baseline(folder, n=5)
    folder.replies(wrong=[0, 3])
    result = folder.run()
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*newly wrong: s0, s3"])


def test_failed_gate_says_why(folder, workers):
    """A failed gate reports the metrics, the test and the newly wrong samples, also with workers."""
    with_baseline(folder, n=5)
    folder.replies(wrong=[0, 1, 2, 3, 4])
    result = folder.run(*workers)
    result.assert_outcomes(xfailed=5, failed=1)
    result.stdout.fnmatch_lines(
        [
            "gate of sums?single-scripted:replies.json?: regressed against snapshots/sums/*.json",
            "score 0.000 (n=5 scored of 5, 95 % interval 0.000 to 0.52*)",
            "baseline snapshots/sums/*.json: 1.000 ?0.478, 1.000?, now 0.000 ?0.000, 0.522? over the same 5 samples",
            "*exact one-sided McNemar: p = 0.0312 for worse, 1 for better",
            "newly wrong: s0, s1, s2, s3, s4",
        ]
    )


def test_margin(folder):
    """A significant difference within `margin` is tolerated."""
    with_baseline(folder, n=5, margin=1.0)
    folder.replies(wrong=[0, 1, 2, 3, 4])
    assert folder.run().ret == 0


def test_threshold(folder):
    """A score below the task's threshold fails without a baseline; the message has both numbers."""
    folder.task(threshold=0.8)
    folder.replies(wrong=[1])
    result = folder.run()
    result.stdout.fnmatch_lines([f"FAILED {GATE} - *score 0.667 is below the threshold 0.8"])
    assert result.ret == 1


def test_threshold_reached_without_baseline(folder):
    """A cell that reaches its threshold passes its gate without any baseline."""
    folder.task(threshold=0.5)
    folder.replies(wrong=[1])
    folder.run().stdout.fnmatch_lines([f"PASSED {GATE}"])


def test_min_scored(sums):
    """If fewer answers were scored than min_scored, the gate fails and the message counts the others."""
    sums.replies(q1={"reply": " "})
    result = sums.run()
    result.stdout.fnmatch_lines([f"FAILED {GATE} - *scored 2 of 3 answers, min_scored is 0.95*(1 empty)"])
    assert result.ret == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda c: c.pop("samples"), "missing*samples*--snapshot-update"),
        (lambda c: c["samples"]["s0"].update(score=float("nan")), "NaN is not a score"),
        (lambda c: c["samples"]["s0"].update(score=2), "sample 's0': not a result"),
        (lambda c: c.update(scorer="numeric/1"), "was scored by 'numeric/1', this run by 'exact/2'"),
        (lambda c: [s.update(hash="0" * 16) for s in c["samples"].values()], "nothing was compared"),
    ],
    ids=["malformed", "nan", "out-of-range", "other-scorer", "all-changed"],
)
def test_baseline_that_cannot_be_trusted(folder, change, said):
    """The gate fails if the baseline is malformed, holds NaN, has another scorer or no common sample."""
    edited(folder, change)
    result = folder.run()
    result.stdout.fnmatch_lines([f"gate of *{said}*", f"FAILED {GATE}*"])
    assert result.ret == 1


def test_changed_sample_is_left_out_and_counted(folder):
    """A sample whose prompt changed since the baseline is left out of the comparison, and counted."""
    with_baseline(folder, n=5)
    text = (folder.path / "evals/sums.yaml").read_text()
    folder.write("evals/sums.yaml", text.replace("q0.", "now q0."))
    folder.replies(wrong=[0])
    folder.run().stdout.fnmatch_lines(["*over the same 4 samples", "left out: 1 changed since"])


def test_partial(folder):
    """If a part of a cell is selected, the gate judges that part and says so."""
    with_baseline(folder, n=5)
    folder.run("-k", "s0 or s1 or gate").stdout.fnmatch_lines(["*partial 2 of 5*"])


def test_gate_off(folder):
    """With --hl-gate=off there is no gate item, and a regression does not fail."""
    with_baseline(folder, n=5)
    folder.replies(wrong=[0, 1, 2, 3, 4])
    result = folder.run("--hl-gate=off")
    result.assert_outcomes(xfailed=5)
    assert result.ret == 0


def test_junit_holds_the_gate(folder, workers):
    """The JUnit file holds the gate as a test case that failed, with its message."""
    folder.task(threshold=0.8)
    folder.replies(wrong=[1])
    folder.run(*workers, "--junitxml=out.xml")
    cases = {case.get("name"): case for case in ET.parse(folder.path / "out.xml").iter("testcase")}
    assert len(cases) == 4
    failure = cases["gate[single-scripted:replies.json]"].find("failure")
    assert "below the threshold 0.8" in failure.get("message")


def test_last_failed_selects_the_cell(folder):
    """After a failed gate --lf selects only the samples of its cell."""
    folder.task(threshold=1.0, strategies=["single", "self_consistency"])
    folder.replies()
    rules = [{"role": "answer", "reply": "no"}, *json.loads((folder.path / "replies.json").read_text())["rules"]]
    folder.write("replies.json", {"rules": rules})
    assert folder.run().parseoutcomes()["failed"] == 1
    result = folder.run("--lf")
    assert {line.split("[")[1] for line in result.outlines if line.startswith("XFAIL")} == {
        f"single-scripted:replies.json] - incorrect: expected 'a{i}', got 'no', score 0".split("[")[0]
        for i in range(3)
    }
    result.stdout.no_fnmatch_line("PASSED*self_consistency*")


@pytest.mark.slow
def test_same_report_with_and_without_workers(folder):
    """-n 0 and -n 2 print the same gate and the same table."""
    with_baseline(folder, n=4, wrong=[1])
    folder.replies(wrong=[0])

    def said(count):
        lines = folder.run("-n", count).outlines
        kept = [line for line in lines if re.match(r"(gate of|score|baseline|difference|verdict|newly|sums) ?", line)]
        return [re.sub(r" \d\.\d  (?=[+−-])", " ", line).rstrip() for line in kept]

    assert said("0") == said("2") != []


@pytest.fixture
def two(folder):
    """(folder, run id): a folder with a run of right answers, whose script gives wrong answers now."""
    with_baseline(folder, n=5)
    (folder.path / "snapshots").rename(folder.path / "kept")
    (first,) = folder.runs()
    folder.replies(wrong=[0, 1, 2, 3, 4])
    return folder, first.name


def test_baseline_path(two):
    """--baseline takes a folder of snapshots."""
    two[0].run("--baseline", "kept").stdout.fnmatch_lines(["gate of *: regressed against kept/sums/single-*.json"])


def test_baseline_run_id(two):
    """--baseline takes a run's id: its records are the baseline."""
    two[0].run("--baseline", two[1]).stdout.fnmatch_lines([f"gate of *: regressed against run {two[1]}"])


def test_baseline_last(two):
    """--baseline last is the run before this one, also with workers."""
    two[0].run("--baseline", "last", "-n", "2").stdout.fnmatch_lines([f"gate of *: regressed against run {two[1]}"])


def test_baseline_unknown(two):
    """A reference that names nothing is a usage error before anything is asked."""
    folder = two[0]
    runs = len(folder.runs())
    result = folder.run("--baseline", "nothing")
    result.stderr.fnmatch_lines(
        ["ERROR: --baseline nothing: *no run 'nothing' under *nor is there a path or a git ref of this name)"]
    )
    assert (result.ret, len(folder.runs())) == (4, runs)


@pytest.mark.parametrize(
    ("options", "status"),
    [((), 0), (("--hl-gate=require",), 1), (("--hl-gate=threshold",), 0)],
    ids=["regression", "require", "threshold"],
)
def test_modes_without_a_baseline(sums, workers, options, status):
    """Without a baseline only the mode `require` fails, also with workers."""
    assert sums.run(*options, *workers).ret == status


def test_threshold_mode_ignores_the_baseline(folder):
    """With --hl-gate=threshold, or the ini key, a regression does not fail."""
    with_baseline(folder, n=5)
    folder.replies(wrong=[0, 1, 2, 3, 4])
    assert folder.run("--hl-gate=threshold").ret == 0
    folder.write("pytest.ini", "[pytest]\nhl_gate = threshold\n")
    assert folder.run().ret == 0


def test_underpowered_gate_fails_with_the_option(folder):
    """With --hl-gate-underpowered=fail an underpowered gate fails, and reports how many samples it needs."""
    with_baseline(folder, n=4)
    assert folder.run().ret == 0
    result = folder.run("--hl-gate-underpowered=fail")
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        [
            "gate of *: underpowered*",
            "verdict: underpowered: 4 samples are too few to detect any change; detecting 0.05*",
        ]
    )


def test_holm_over_the_cells(folder):
    """Five newly wrong answers fail in one task, but not with a second task: by Holm, 2/32 is above 0.05."""
    folder.task("other", n=5)
    with_baseline(folder, n=5)
    folder.write("replies.json", {"rules": [{"role": "answer", "reply": "no"}]})
    text = (folder.path / "evals/other.yaml").read_text()
    folder.write("evals/other.yaml", text.replace("q", "z"))
    folder.write(
        "replies.json", {"rules": [{"contains": f"z{i}.", "reply": f"a{i}"} for i in range(5)], "default": "no"}
    )
    assert folder.run("--hl-match=id").ret == 0
    assert folder.run("evals/sums.yaml", "--hl-match=id").ret == 1


def test_prompts_are_gated_by_id(folder):
    """Samples whose prompt changed are compared only with --hl-match=id."""
    with_baseline(folder, n=5)
    text = (folder.path / "evals/sums.yaml").read_text()
    folder.write("evals/sums.yaml", text.replace("q", "now q"))
    folder.run().stdout.fnmatch_lines(["*nothing was compared (5 changed since); to compare prompts*--hl-match=id*"])
    result = folder.run("--hl-match=id")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["*matched by id*"])


def test_baseline_git_ref(folder):
    """--baseline HEAD compares with the snapshots as they were committed, whatever lies in the folder now."""
    with_baseline(folder, n=5)
    for words in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"]):
        who = ["-c", "user.name=n", "-c", "user.email=e@example.org"]
        subprocess.run(["git", *who, *words], cwd=folder.path, check=True)
    folder.replies(wrong=[0, 1, 2, 3, 4])
    folder.run("--snapshot-update")
    assert folder.run().ret == 0
    result = folder.run("--baseline", "HEAD")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["gate of *: regressed against HEAD:snapshots/sums/*.json"])


def test_a_new_model_is_gated_against_the_old_one(folder, workers):
    """@PROVIDER:MODEL selects the cell of another model, and the message names that model."""
    with_baseline(folder, n=5)
    (folder.path / "replies.json").rename(folder.path / "old.json")
    folder.replies(wrong=[0, 1, 2, 3, 4])
    (folder.path / "replies.json").rename(folder.path / "new.json")
    arguments = ["evals", "--provider", "scripted:new.json", "-rA", "--baseline=@scripted:replies.json", *workers]
    result = folder.plain(*arguments)
    assert result.ret == 1
    result.stdout.fnmatch_lines(["the baseline is from another model: scripted:replies.json", "*verdict: regressed*"])


def test_the_gate_has_properties(folder, workers):
    """JUnit holds the verdict, the difference with its interval, and p, as properties of the gate."""
    with_baseline(folder, n=5)
    folder.replies(wrong=[0, 1, 2, 3, 4])
    folder.run(*workers, "--junitxml=out.xml")
    cases = {case.get("name"): case for case in ET.parse(folder.path / "out.xml").iter("testcase")}
    found = {p.get("name"): p.get("value") for p in cases["gate[single-scripted:replies.json]"].iter("property")}
    assert found["hl.verdict"] == "regressed"
    assert found["hl.difference"] == "-1.000000"
    assert found["hl.p_worse"] == "0.03125"
    assert found["hl.n_pairs"] == "5"


def test_the_summary_holds_the_comparison(folder):
    """summary.json has the verdict with every metric."""
    with_baseline(folder, n=5)
    folder.replies(wrong=[0])
    folder.run()
    found = [json.loads((run / "summary.json").read_text())[0] for run in folder.runs()]
    (compared,) = [cell for cell in found if cell["comparison"]]
    assert compared["gate"] == "underpowered"
    assert compared["comparison"]["newly_wrong"] == ["s0"]
    assert compared["comparison"]["ci95"][0] < -0.2 < compared["comparison"]["ci95"][1]
