"""The LaTeX table: escaping, marks of significance, and that it compiles."""

from __future__ import annotations

import json
import re
import shutil
import string
import subprocess
from pathlib import Path

import pytest
from support.records import record

from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.export.latex.escape import escape

from .conftest import HARD

INSTALL = "needs pdflatex: apt-get install texlive-latex-recommended texlive-fonts-recommended"
DOCUMENT = r"""\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage{booktabs,longtable,textcomp}
\begin{document}
%s
\end{document}
"""


def compiled(folder: Path, body: str, name: str = "x") -> str:
    """The log of pdflatex; fails if it reports an error."""
    if shutil.which("pdflatex") is None:
        pytest.skip(INSTALL)
    (folder / f"{name}.tex").write_text(DOCUMENT % body, encoding="utf-8")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", name]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, done.stdout[-2000:]
    return done.stdout


def score_of(text: str, strategy: str) -> str:
    """What the row of a strategy has in the column of the score."""
    (row,) = (line for line in text.splitlines() if f"& {strategy} &" in line)
    return row.split(" & ")[3]


@pytest.mark.parametrize(
    ("text", "latex"),
    [
        ("hard_sums", r"hard\_sums"),
        ("50% & #1 {x}", r"50\% \& \#1 \{x\}"),
        ("a\\b~c^d", r"a\textbackslash{}b\textasciitilde{}c\textasciicircum{}d"),
        ("$x$", r"\$x\$"),
        ("a\nb", "a b"),
        ("é ß Ł", "é ß Ł"),
        ("λ→Ω", r"\ensuremath{\lambda}\ensuremath{\rightarrow}\ensuremath{\Omega}"),
        ("日", "{[}U+65E5{]}"),
    ],
)
def test_text_is_escaped(text, latex):
    """What LaTeX would run, or lacks, is printed instead."""
    assert escape(text) == latex


@pytest.mark.slow
def test_every_character_compiles(tmp_path):
    """pdflatex prints ASCII, letters, Greek and symbols, alone and next to each other, in text and in a table."""
    every = string.printable + "".join(map(chr, range(0xA0, 0x180))) + "αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΥΦΨΩ" + HARD
    pairs = " ".join(a + b for a in string.punctuation for b in string.punctuation)
    rows = "\n".join(f"{escape(text)} & {escape(text)} \\\\" for text in ("[1]", "*", "--", "?`", HARD))
    table = f"\\begin{{tabular}}{{ll}}\n{rows}\n\\end{{tabular}}"
    compiled(tmp_path, f"{escape(every)}\n\n{escape(pairs)}\n\n{table}")


@pytest.mark.slow
@pytest.mark.parametrize("n", [1, 60], ids=["table", "longtable"])
def test_the_table_compiles(runs, tmp_path, n):
    """A table of hard names compiles, a long one over several pages."""
    names = {f"s.x={i}_&": 10 for i in range(n)}
    run = runs.scored({**names, HARD: 20}, n=20, task=HARD)
    compiled(tmp_path, run.export("latex"))
    assert (tmp_path / "x.pdf").stat().st_size > 10_000


@pytest.mark.slow
def test_a_usual_table_fits_the_page(runs, tmp_path):
    """Strategies with parameters and marks fit between the margins of a plain article."""
    run = runs.scored({"single": 2, "self_consistency.n_samples=9": 5, "manager_worker.n_workers=3": 19})
    assert "Overfull" not in compiled(tmp_path, run.export("latex", against="one#single"))


def test_the_table_has_scores_intervals_and_counts(runs):
    """Names are escaped; a score that is not known is a dash."""
    run = runs.write([record("a", 1.0, task="hard_sums"), record("b", None, task="hard_sums"), record("a", None)])
    text = run.export("latex")
    first, second = re.findall(r"^(.*) \\\\$", text.split(r"\midrule")[1], flags=re.M)
    assert first.startswith(r"hard\_sums & single & 1/2 & 1.000 & {[")
    assert second == "t & single & 0/1 & -- & -- & 0"
    assert r"\usepackage" not in text
    assert r"\begin{table}" in text


def test_only_the_significantly_best_is_bold(runs):
    """Of three strategies the best is bold if it is significantly better than both others."""
    text = runs.scored({"single": 2, "vote": 3, "debate": 19}).export("latex")
    assert score_of(text, "debate") == r"\textbf{0.950}"
    assert score_of(text, "vote") == "0.150"
    assert "Holm's correction over 2 comparisons" in text


def test_a_best_that_may_be_chance_is_not_bold(runs):
    """With a small difference no row is bold, and the caption says so."""
    text = runs.scored({"single": 10, "debate": 12}).export("latex")
    assert r"\textbf" not in text
    assert "In no task is one row significantly better than every other" in text


def test_one_strategy_is_never_bold(runs):
    """A table without rivals says nothing of the best."""
    text = runs.scored({"single": 20}).export("latex")
    assert r"\textbf" not in text
    assert "better" not in text


def test_rows_are_marked_against_another_run(runs):
    """Arrows mark what is significantly better or worse than the same cell of the run that --against names."""
    runs.scored({"single": 2, "debate": 19, "vote": 10}, run_id="old")
    text = runs.scored({"single": 19, "debate": 2, "vote": 11}, run_id="new").export("latex", against="old")
    assert score_of(text, "single").endswith(r"\rlap{$^{\uparrow}$}")
    assert score_of(text, "debate").endswith(r"\rlap{$^{\downarrow}$}")
    assert score_of(text, "vote") == "0.550"
    assert "Holm's correction over 3 comparisons with run old" in text


def test_strategies_are_compared_with_one_of_the_same_run(runs):
    """`--against one#single` compares the other strategies with it, and not single with itself."""
    run = runs.scored({"single": 2, "debate": 19})
    text = run.export("latex", against="one#single")
    assert score_of(text, "single") == "0.100"
    assert score_of(text, "debate").endswith(r"\rlap{$^{\uparrow}$}")
    assert "Holm's correction over 1 comparison with run one{,} strategy single" in text


def test_marks_without_against_are_those_of_the_gate(runs):
    """The verdict that the run's summary states against its baseline."""
    run = runs.scored({"single": 19})
    comparison = {"baseline": "snapshots/hard_sums/x.json", "verdict": "improved", "family": 4}
    (run.folder / "summary.json").write_text(json.dumps([{**run.cells[0], "comparison": comparison}]))
    text = type(run)(run.folder).export("latex")
    assert score_of(text, "single").endswith(r"\rlap{$^{\uparrow}$}")
    assert "Holm's correction over 4 comparisons with the committed snapshots" in text


def test_too_few_scores_give_no_mark(runs):
    """A cell with lost answers is not marked, however good the rest is."""
    runs.scored({"single": 0}, run_id="old")
    records = [record(f"s{i}", 1.0 if i < 15 else None, task="hard_sums", transcript=[]) for i in range(20)]
    assert score_of(runs.write(records, "new").export("latex", against="old"), "single") == "1.000"


def test_against_a_run_with_other_tasks_is_refused(runs):
    """The message says that nothing is in common."""
    runs.scored({"single": 2}, run_id="old", task="other")
    with pytest.raises(UsageError, match="no cell in common with the run"):
        runs.scored({"single": 2}, run_id="new").export("latex", against="old")


def test_control_samples_are_left_out(runs):
    """Cells of a compute-matched comparison are no rows of the table."""
    text = runs.scored({"debate": 2, "single.control=debate": 20}).export("latex")
    assert "control" not in text
    assert r"\textbf" not in text


def test_rows_of_a_task_are_together(runs):
    """Each task is one block, whatever the order of the records."""
    records = [record("a", 1.0, task=task, label=label) for label in ("x", "y") for task in ("one", "two")]
    body = runs.write(records).export("latex").split(r"\midrule")[1]
    assert re.findall(r"^(one|two| )?.*& (x|y) &", body, flags=re.M) == [
        ("one", "x"),
        (" ", "y"),
        ("two", "x"),
        (" ", "y"),
    ]
