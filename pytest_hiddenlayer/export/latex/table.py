r"""The cells of a run as a LaTeX table with booktabs rules, intervals and marks of significance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..cell_texts import cost_text, count_text, interval_text, score_text
from ..exported_run import ExportedRun, checked_cells, key_of, without_controls
from ..significance import Significance
from .escape import escape

MAX_ROWS = 40
"""Rows of a `table`; a longer one is a `longtable`, which continues on the next page."""
PACKAGES = "booktabs, longtable, fontenc with T1, textcomp"
_MARKS = {"improved": r"\uparrow", "regressed": r"\downarrow", "same": "="}
_MEANINGS = {
    "improved": "significantly better than",
    "regressed": "significantly worse than",
    "same": "equivalent to",
}
_NARROW = r"\small\setlength{\tabcolsep}{4pt}"
_RIGHT = ("$n$", "Score", r"Cost (\$)")


def latex_text(run: ExportedRun, significance: Significance, *, label: str = "tab:scores") -> str:
    """The table, for `\\input`; its caption explains intervals, marks and bold. Control samples are left out."""
    cells = _by_task(without_controls(checked_cells(run)))
    models = {model_of(cell) for cell in cells}
    caption = _caption(run, cells, significance, models)
    header = ("Task", "Strategy", *(("Model",) if len(models) > 1 else ()), "$n$", "Score", r"95\,\% interval")
    header = (*header, r"Cost (\$)")
    body = list(_body(cells, significance, with_model=len(models) > 1))
    columns = "".join("r" if name in _RIGHT else "l" for name in header)
    lines = _long(caption, label, columns, header, body) if len(body) > MAX_ROWS else None
    lines = lines or _short(caption, label, columns, header, body)
    return "\n".join([f"% Packages: {PACKAGES}. Written from run {escape(run.run_id)}; do not edit.", *lines]) + "\n"


def model_of(cell: Mapping[str, Any]) -> str:
    """`provider:model`."""
    return f"{cell['provider']}:{cell['model']}"


def _by_task(cells: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The cells of each task together, in order of first appearance."""
    order = list(dict.fromkeys(cell["task"] for cell in cells))
    return sorted(cells, key=lambda cell: order.index(cell["task"]))


def _body(cells: Sequence[Mapping[str, Any]], significance: Significance, *, with_model: bool) -> Iterator[str]:
    """One line per cell; the task is named in the first line of its block."""
    previous = None
    for cell in cells:
        new = cell["task"] != previous
        gap = r"\addlinespace" + "\n" if new and previous is not None else ""
        previous = cell["task"]
        values = [
            escape(str(cell["task"])) if new else "",
            escape(str(cell["label"])),
            *([escape(model_of(cell))] if with_model else []),
            count_text(cell),
            _score(cell, significance),
            "--" if not cell.get("ci95") else "{" + interval_text(cell["ci95"]) + "}",
            escape(cost_text(cell.get("cost_usd")).lstrip("$")),
        ]
        yield f"{gap}{' & '.join(values)} \\\\"


def _score(cell: Mapping[str, Any], significance: Significance) -> str:
    key = key_of(cell)
    if cell.get("score") is None:
        return "--"
    text = score_text(cell["score"])
    mark = _MARKS.get(significance.verdicts.get(key, ""), "")
    bold = rf"\textbf{{{text}}}" if key in significance.best else text
    return bold + (rf"\rlap{{$^{{{mark}}}$}}" if mark else "")


def _caption(
    run: ExportedRun, cells: Sequence[Mapping[str, Any]], significance: Significance, models: set[str]
) -> str:
    shared = f", model {escape(min(models))}" if len(models) == 1 else ""
    parts = [
        f"Mean scores with 95\\,\\% confidence intervals (run {escape(run.run_id)}{shared}). "
        "$n$: answers with a score, of those selected."
    ]
    parts += _marks_explained(significance)
    if significance.best:
        parts.append(
            "Bold: significantly better than every other row of its task (paired by sample, two-sided, Holm's "
            f"correction over {significance.rivals} comparisons, $\\alpha = 0.05$)."
        )
    elif significance.rivals:
        parts.append("In no task is one row significantly better than every other.")
    if any(cell.get("cost_usd") is None for cell in cells):
        parts.append("{?}: unknown cost.")
    return " ".join(parts)


def _marks_explained(significance: Significance) -> list[str]:
    if significance.reference is None:
        return []
    shown = {verdict for verdict in significance.verdicts.values() if verdict in _MARKS}
    reference = escape(significance.reference)
    how = (
        f"(paired by sample, $\\alpha = 0.05$, Holm's correction over {significance.family} "
        f"comparison{'' if significance.family == 1 else 's'} with {reference})"
    )
    if not shown:
        return [f"No row is significantly better or worse than, or equivalent to, its partner {how}."]
    marks = [f"${mark}$: {_MEANINGS[verdict]} its partner" for verdict, mark in _MARKS.items() if verdict in shown]
    return [f"{', '.join(marks)}; without a mark: undecided or not compared {how}."]


def _short(caption: str, label: str, columns: str, header: Sequence[str], body: Sequence[str]) -> list[str]:
    return [
        r"\begin{table}[htbp]",
        r"\centering",
        rf"\caption{{{caption}}}",
        rf"\label{{{label}}}",
        r"\smallskip",
        _NARROW,
        rf"\begin{{tabular}}{{{columns}}}",
        r"\toprule",
        " & ".join(header) + r" \\",
        r"\midrule",
        *body,
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]


def _long(caption: str, label: str, columns: str, header: Sequence[str], body: Sequence[str]) -> list[str]:
    head = [r"\toprule", " & ".join(header) + r" \\", r"\midrule"]
    return [
        rf"\begingroup{_NARROW}\setlength{{\LTcapwidth}}{{\linewidth}}",
        rf"\begin{{longtable}}{{{columns}}}",
        rf"\caption{{{caption}}}\label{{{label}}}\\",
        *head,
        r"\endfirsthead",
        *head,
        r"\endhead",
        r"\bottomrule",
        r"\endfoot",
        *body,
        r"\end{longtable}",
        r"\endgroup",
    ]
