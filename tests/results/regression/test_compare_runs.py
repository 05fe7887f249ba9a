"""`hiddenlayer compare` and `hiddenlayer diff`: two references side by side."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from support.records import cell, record

from pytest_hiddenlayer.cli import main
from pytest_hiddenlayer.io.atomic import write_text
from pytest_hiddenlayer.results.log.run_log import RunLog
from pytest_hiddenlayer.results.regression.snapshot import snapshot_path, snapshot_text

OLD, NEW = "20260101T000000Z-aaaaaaaa", "20260102T000000Z-bbbbbbbb"


def run_of(name: str, wrong: set[int], n: int = 20, ids: str = "s", **changes: object) -> None:
    """A run of n samples below the current folder, of which these are wrong; outputs contain the run's name."""
    log = RunLog(Path.cwd(), name)
    for i in range(n):
        right = i not in wrong
        log.append(record(f"{ids}{i}", float(right), run_id=name, output=f"line\n{name[:8]} {right}", **changes))


@pytest.fixture
def here(tmp_path, monkeypatch):
    """An empty folder to type commands in."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return tmp_path


@pytest.fixture
def regressed(here):
    """Two runs, of which the second got six of twenty newly wrong."""
    run_of(OLD, set())
    run_of(NEW, set(range(6)))
    return here


def test_a_regression_has_exit_status_1(regressed, capsys):
    """The table names verdict, difference and flips, and the exit status is 1."""
    assert main(["compare", OLD, NEW]) == 1
    out = capsys.readouterr().out
    assert "regressed" in out
    assert "-0.300" in out
    assert "newly wrong: s0, s1, s2, s3, s4, s5" in out


def test_no_regression_has_exit_status_0(regressed, capsys):
    """With sides exchanged it is an improvement, and the exit status is 0."""
    assert main(["compare", NEW, OLD]) == 0
    assert "improved" in capsys.readouterr().out


def test_json(regressed, capsys):
    """--json prints every metric, and no NaN."""
    main(["compare", OLD, NEW, "--json"])
    found = json.loads(capsys.readouterr().out, parse_constant=pytest.fail)
    (only,) = found["cells"]
    assert found["regressed"] is True
    assert only["comparison"]["verdict"] == "regressed"
    assert (only["comparison"]["n"], only["comparison"]["difference"]) == (20, pytest.approx(-0.3))
    assert only["comparison"]["old"]["score"] == 1.0
    assert only["comparison"]["p_worse"] == pytest.approx(1 / 64)


def test_markdown_is_a_table(regressed, capsys):
    """The first table of --markdown has a row per cell, with as many values as its head."""
    main(["compare", OLD, NEW, "--markdown"])
    lines = capsys.readouterr().out.splitlines()
    first = next(at for at, line in enumerate(lines) if line.startswith("|"))
    rows = lines[first : lines.index("", first)]
    assert len(rows) == 3
    assert len({row.count(" |") for row in rows}) == 1
    assert "🔴 regressed" in rows[-1]


def test_options_of_markdown(regressed, capsys):
    """--max-bytes limits the Markdown, also by a preset's name; --report-url adds links; both need --markdown."""
    main(["compare", OLD, NEW, "--markdown", "--max-bytes", "summary", "--report-url", "https://x.example/r.html"])
    assert "(https://x.example/r.html#tab=samples&amp;sample=" in capsys.readouterr().out
    run_of(OLD, set(), n=400, task="u")
    run_of(NEW, set(range(400)), n=400, task="u")
    main(["compare", OLD, NEW, "--markdown", "--max-bytes", "8000"])
    out = capsys.readouterr().out
    assert len(out.encode()) <= 8000
    assert "Left out to stay within 8,000 bytes: " in out
    assert main(["compare", OLD, NEW, "--max-bytes", "summary"]) == 4
    assert "--max-bytes is for Markdown; add --markdown" in capsys.readouterr().err


@pytest.mark.parametrize(
    "option", [("--max-bytes", "7999"), ("--max-bytes", "all"), ("--report-url", "javascript:x")]
)
def test_wrong_options_of_markdown(regressed, capsys, option):
    """A limit without room for the heading, and an address that is none of the web, are usage errors."""
    with pytest.raises(SystemExit, match="4"):
        main(["compare", OLD, NEW, "--markdown", *option])
    assert option[1] in capsys.readouterr().err


def test_strategies_of_one_run(here, capsys):
    """last#single and last#debate compares two strategies of a run, sample by sample."""
    run_of(OLD, {0, 1, 2, 3, 4, 5, 6})
    run_of(OLD, {0}, label="debate", strategy="debate")
    assert main(["compare", "last#single", "last#debate"]) == 0
    out = capsys.readouterr().out
    assert "improved" in out
    assert "debate scripted:m" in out


def test_models_of_one_run(here, capsys):
    """@PROVIDER:MODEL chooses each side's model."""
    run_of(OLD, set())
    run_of(OLD, set(range(8)), slug="new", model="org/new")
    assert main(["compare", f"{OLD}@scripted:m", f"{OLD}@scripted:org/new"]) == 1
    assert "single scripted:new" in capsys.readouterr().out


def test_prompts_are_compared_by_id(here, capsys):
    """Two versions of a prompt have no common sample by hash, and are compared by id."""
    run_of(OLD, set())
    run_of(NEW, set(range(6)), sample_hash="another")
    assert main(["compare", OLD, NEW]) == 1
    assert (
        "all 20 common samples have another prompt or target; compare them with --match id" in capsys.readouterr().out
    )
    assert main(["compare", OLD, NEW, "--match", "id"]) == 1


@pytest.mark.parametrize("output", [[], ["--markdown"], ["--json"]])
@pytest.mark.parametrize("change", [{"sample_hash": "another"}, {"ids": "t"}])
def test_nothing_compared_is_never_good_news(here, capsys, output, change):
    """Without one pair the comparison says so and why, never that no cell regressed, and exits with 1."""
    run_of(OLD, set())
    run_of(NEW, set(), **change)
    assert main(["compare", OLD, NEW, *output]) == 1
    out = capsys.readouterr().out
    assert "No cell regressed" not in out
    assert ("another prompt or target" if "sample_hash" in change else "no sample has the same id") in out
    assert '"n_pairs": 0' in out if output == ["--json"] else "0 pairs of samples compared" in out


def test_a_diff_of_nothing_is_not_equality(here, capsys):
    """If no sample could be compared, diff says why and exits with 1."""
    run_of(OLD, set())
    run_of(NEW, set(), sample_hash="another")
    assert main(["diff", OLD, NEW]) == 1
    assert "have another prompt or target" in capsys.readouterr().err


def test_what_was_compared_is_counted(here, capsys):
    """The headline has the number of pairs, in the table and in Markdown, and the cells without any."""
    run_of(OLD, set())
    run_of(NEW, set())
    for output in ([], ["--markdown"]):
        assert main(["compare", OLD, NEW, *output]) == 0
        assert "No cell regressed: 20 pairs of samples compared." in capsys.readouterr().out
    run_of(OLD, set(), task="u")
    run_of(NEW, set(), task="u", sample_hash="another")
    assert main(["compare", OLD, NEW, "--markdown"]) == 1
    out = capsys.readouterr().out
    assert "Of 2 cells: 1 not compared; 20 pairs of samples compared." in out
    assert "🔴 not compared" in out


def test_snapshots_and_runs_mix(here, capsys):
    """A folder of snapshots is compared with a run."""
    found = cell({f"s{i}": 1.0 for i in range(20)})
    write_text(here / snapshot_path(found.config), snapshot_text(found, None))
    run_of(NEW, set(range(6)))
    assert main(["compare", "snapshots", "last"]) == 1
    assert main(["compare", str(snapshot_path(found.config)), "last"]) == 1
    capsys.readouterr()


def test_cells_of_one_side_only_are_named(here, capsys):
    """A task that only one side has is reported, and does not fail the comparison."""
    run_of(OLD, set())
    run_of(OLD, set(), task="gone")
    run_of(NEW, set())
    run_of(NEW, set(), task="added")
    assert main(["compare", OLD, NEW]) == 0
    out = capsys.readouterr().out
    assert "only on the old side: gone/single/scripted/m" in out
    assert "only on the new side: added/single/scripted/m" in out


def test_holm_over_the_cells_compared(here, capsys):
    """Six newly wrong of 20 (p = 1/64) are red alone, not among five tasks: 5/64 is above 0.05."""
    for task in "abcde":
        run_of(OLD, set(), task=task)
        run_of(NEW, set(range(6)) if task == "a" else set(), task=task)
    assert main(["compare", OLD, NEW]) == 0
    assert main(["compare", OLD, NEW, "--task", "a"]) == 1
    capsys.readouterr()


def test_a_margin_tolerates(regressed, capsys):
    """--margin takes the loss that is tolerated."""
    assert main(["compare", OLD, NEW, "--margin", "0.4"]) == 0
    capsys.readouterr()


def test_another_scorer_version_is_not_compared(here, capsys):
    """Sides with different scorer versions are not compared, and the output says so."""
    for name, version in ((OLD, "exact/1"), (NEW, "exact/2")):
        run_of(name, set())
        RunLog(here, name).write_summary([cell({"s0": 1.0}, scorer=version).to_json()])
    main(["compare", OLD, NEW])
    assert "scored by 'exact/1' and by 'exact/2': not comparable" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nope", NEW], "no run 'nope' under"),
        ([OLD, f"{NEW}#debate"], "have no cell in common: single-scripted against nothing"),
        ([OLD, NEW, "--task", "tt"], "--task 'tt': no such task on either side"),
    ],
    ids=["reference", "strategy", "task"],
)
def test_what_cannot_be_meant_is_a_usage_error(regressed, capsys, arguments, said):
    """An unknown name exits with 4 and one line that says what exists."""
    assert main(["compare", *arguments]) == 4
    assert said in capsys.readouterr().err


@pytest.mark.parametrize("margin", ["2", "-0.1", "x", "nan"])
def test_a_wrong_margin_is_a_usage_error(regressed, capsys, margin):
    """A margin is a share."""
    with pytest.raises(SystemExit) as stopped:
        main(["compare", OLD, NEW, f"--margin={margin}"])
    assert stopped.value.code == 4
    capsys.readouterr()


# ---------------------------------------------------------------- diff


def test_diff_shows_both_answers_and_the_text(regressed, capsys):
    """Every flip has its answers and a unified diff of the outputs; the exit status is 1, as diff's."""
    assert main(["diff", OLD, NEW]) == 1
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "== newly wrong: t::s0 [single scripted:m → single scripted:m]"
    assert "   -20260101 True" in out
    assert "   +20260102 False" in out
    assert "    line" in out
    assert sum(line.startswith("==") for line in out) == 6


def test_diff_without_a_flip(regressed, capsys):
    """If no sample changed, the output has the number compared, and the exit status is 0."""
    assert main(["diff", OLD, OLD]) == 0
    assert f"no sample flipped between run {OLD} and run {OLD} (20 compared)" in capsys.readouterr().out


def test_diff_of_a_snapshot_has_answers_only(here, capsys):
    """A snapshot holds no outputs: the new outputs are shown, and one note says why there are no old ones."""
    found = cell({"s0": 1.0, "s1": 1.0})
    write_text(here / snapshot_path(found.config), snapshot_text(found, None))
    run_of(NEW, {0, 1}, n=2)
    main(["diff", "snapshots", "last"])
    out = capsys.readouterr().out
    assert out.count("no output on the old side: a snapshot holds answers only") == 1
    assert out.count("   new: line\n   new: 20260102 False") == 2


def test_diff_of_two_snapshots_says_that_neither_has_outputs(here, capsys):
    """Between two snapshots the answers are shown, with one note."""
    for folder, score in (("old", 1.0), ("new", 0.0)):
        found = cell({"s0": score})
        write_text(here / folder / snapshot_path(found.config).relative_to("snapshots"), snapshot_text(found, None))
    assert main(["diff", "old", "new"]) == 1
    assert "no output on either side: snapshots hold answers only" in capsys.readouterr().out


def test_diff_emits_no_control_character(here, capsys):
    """Escape sequences in a model's output are shown, not sent to the terminal."""
    log = RunLog(here, OLD)
    log.append(record("s0", 1.0))
    RunLog(here, NEW).append(replace(record("s0", 0.0), output="\x1b[2Jgone\r", answer="\x1b[2J"))
    main(["diff", OLD, NEW])
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\\x1b[2Jgone" in out


def test_the_table_is_not_cut(regressed, capsys, monkeypatch):
    """In a narrow terminal the table folds names instead of losing numbers."""
    monkeypatch.setenv("COLUMNS", "60")
    main(["compare", OLD, NEW])
    out = capsys.readouterr().out
    assert "…" not in out
    assert "regressed" in out
