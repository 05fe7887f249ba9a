"""The paper: its numbers, its methods, and that it compiles."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.records import record

from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.export.paper.figures import compared_tasks, figure_files
from pytest_hiddenlayer.export.paper.macros import macros_text
from pytest_hiddenlayer.export.paper.methods import methods_text

from .conftest import HARD
from .test_latex import INSTALL


def macros_of(text: str) -> dict[str, str]:
    """Name → value of every macro."""
    return dict(re.findall(r"^\\newcommand\{\\([A-Za-z]+)\}\{(.*)\}$", text, flags=re.M))


def test_numbers_are_macros(runs):
    """With one task, a macro is named for its strategy; the run has its own."""
    macros = macros_of(macros_text(runs.scored({"debate": 18, "single.n=2": 5})))
    assert (macros["debateScore"], macros["debateN"], macros["runId"]) == ("0.900", "20", "one")
    assert macros["singleNTwoScore"] == "0.250"
    assert float(macros["debateLow"]) < 0.9 < float(macros["debateHigh"])


def test_names_tell_the_cells_apart(runs):
    """Task and model are part of a name if they differ; names that would be equal get a number."""
    records = [record("a", 1.0, task=task, label=label) for task in ("a_b", "c") for label in ("x.y", "x-y")]
    text = macros_text(runs.write(records))
    scores = [name for name in macros_of(text) if name.endswith("Score")]
    assert scores == ["aBXYScore", "aBXYAgainTwoScore", "cXYScore", "cXYAgainTwoScore"]
    assert len(re.findall("newcommand", text)) == len(macros_of(text))


def test_names_may_begin_with_end(runs):
    """LaTeX refuses to define `\\endgameScore`: the macro of such a task has another name."""
    records = [record("a", 1.0, task=task) for task in ("endgame", "End", "bend")]
    macros = macros_of(macros_text(runs.write(records)))
    assert {"cellEndgameScore", "cellEndScore", "bendScore"} <= set(macros)


def test_methods_state_what_was_run(runs):
    """Versions, seed, commit, numbers of samples and calls; what is unknown is said to be unknown."""
    run = runs.scored({"single": 5}, n=20)
    text = methods_text(run)
    for part in (r"hard\_sums (20 samples)", "pytest{-}hiddenlayer", "seed 0", "commit unknown", "20 model calls"):
        assert part in text
    unknown = runs.write([record("a", 1.0, cost_usd=None, transcript=[{}])], "two")
    assert "cost an unknown amount" in methods_text(unknown)


def test_the_text_is_the_authors(runs):
    """A folder that exists is refused; force renews what comes from the run, and keeps main.tex."""
    runs.scored({"single": 5}, run_id="old").export("paper", "paper")
    main = runs.root / "paper" / "main.tex"
    main.write_text("mine")
    new = runs.scored({"single": 20}, run_id="new")
    with pytest.raises(UsageError, match=r"force=True, which keeps your main\.tex"):
        new.export("paper", "paper")
    new.export("paper", "paper", force=True)
    assert main.read_text() == "mine"
    assert "runId}{new}" in (runs.root / "paper" / "macros.tex").read_text()


def test_the_paper_needs_matplotlib(runs, monkeypatch):
    """Without it the message names the extra, and nothing is written."""
    for name in [name for name in sys.modules if name.startswith(("matplotlib", "pytest_hiddenlayer.plots"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(UsageError, match=r"pip install 'pytest-hiddenlayer\[plots\]'"):
        runs.scored({"single": 5}).export("paper", "paper")
    assert not (runs.root / "paper").exists()


@pytest.mark.slow
@pytest.mark.parametrize("task", ["hard_sums", HARD], ids=["plain", "hard"])
def test_the_paper_compiles(runs, task):
    """One export and one `make` give a PDF without undefined references."""
    if shutil.which("pdflatex") is None or shutil.which("make") is None:
        pytest.skip(f"{INSTALL} make")
    folder = Path(runs.scored({"single": 2, "debate": 19}, task=task).export("paper", "paper", against="one#single"))
    done = subprocess.run(["make", "-C", str(folder)], capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, done.stdout[-3000:]
    assert "undefined" not in (folder / "main.log").read_text(errors="replace")
    assert (folder / "main.pdf").stat().st_size > 20_000


@pytest.mark.slow
def test_score_and_cost_are_drawn_for_tasks_that_compare(runs):
    """A task with one strategy is left out, and more than four tasks are several figures; equal runs, equal files."""
    records = [
        record("a", 1.0, task=f"t{i}", label=label, transcript=[])
        for i in range(6)
        for label in (("single", "debate") if i else ("single",))
    ]
    run = runs.write(records)
    files = figure_files(run)
    assert sorted(files) == [
        "figures/score_cost-1.pdf",
        "figures/score_cost-2.pdf",
        "figures/score_cost.tex",
        "figures/scores.pdf",
    ]
    assert compared_tasks(run) == ["t1", "t2", "t3", "t4", "t5"]
    assert figure_files(run) == files
