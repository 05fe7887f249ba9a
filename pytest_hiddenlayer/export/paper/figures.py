"""The figures of a paper as PDF files, and the LaTeX that shows them."""

from __future__ import annotations

import io
import warnings
from collections import Counter
from typing import TYPE_CHECKING

from ...plots.figures import new_figure, plain
from ...plots.score_cost import plot_score_cost
from ...plots.scores import plot_scores
from ..exported_run import ExportedRun, checked_cells, without_controls

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PANELS = 4
"""Tasks in one figure of score and cost."""
_COST = r"""\begin{figure}[htbp]
\centering
\includegraphics[width=\linewidth,height=0.85\textheight,keepaspectratio]{figures/%s}
\caption{Score against the mean cost of an answer%s. Filled points are on the Pareto front: nothing else is at least
as good and as cheap.}%s
\end{figure}"""


def figure_files(run: ExportedRun) -> dict[str, str | bytes]:
    """Name → content: scores.pdf, score_cost-1.pdf and so on, and score_cost.tex, which shows the latter.

    Score and cost are drawn for the tasks with several strategies or models; for all if no task has.
    Raises UsageError if matplotlib is not installed.
    """
    files: dict[str, str | bytes] = {"figures/scores.pdf": _pdf(plot_scores(run))}
    tasks = compared_tasks(run)
    pages = [tasks[start : start + PANELS] for start in range(0, len(tasks), PANELS)]
    names = [f"score_cost-{number}" for number in range(1, len(pages) + 1)]
    for name, page in zip(names, pages, strict=True):
        files[f"figures/{name}.pdf"] = _pdf(_score_cost(run, page))
    files["figures/score_cost.tex"] = "\n".join(
        _COST % (name, " (continued)" if number else "", "" if number else r"\label{fig:cost}")
        for number, name in enumerate(names)
    )
    return files


def compared_tasks(run: ExportedRun) -> list[str]:
    """The tasks with several cells; every task if none has."""
    counts = Counter(str(cell["task"]) for cell in without_controls(checked_cells(run)))
    return [task for task, n in counts.items() if n > 1] or list(counts)


def _score_cost(run: ExportedRun, tasks: list[str]) -> Figure:
    """One column of panels, as their legends need the width."""
    figure = new_figure(6.4, 2.6 * len(tasks) + 0.4)
    axes = figure.subplots(len(tasks), 1, squeeze=False)
    for ax, task in zip(axes.flat, tasks, strict=True):
        plot_score_cost(run, task=task, ax=ax)
        ax.set_title(plain(task, 44), fontsize=10)
    return figure


def _pdf(figure: Figure) -> bytes:
    """The figure with text as text, and without a date, so that equal runs give equal files."""
    import matplotlib as mpl

    buffer = io.BytesIO()
    with mpl.rc_context({"pdf.fonttype": 42}), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")  # a character that the font lacks is a box
        figure.savefig(buffer, format="pdf", bbox_inches="tight", metadata={"CreationDate": None})
    return buffer.getvalue()
