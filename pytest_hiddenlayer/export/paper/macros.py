r"""The numbers of a run as LaTeX macros, such as `\debateScore`, so that no number of a paper is typed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..cell_texts import cost_text, interval_text, score_text
from ..exported_run import ExportedRun, checked_cells, section, without_controls
from ..latex.escape import escape
from ..latex.table import model_of

_DIGITS = ("Zero", "One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")


def macros_text(run: ExportedRun) -> str:
    r"""`\newcommand` lines: run, commit, seed; and per cell Score, Low, High, Interval, N and Cost.

    A name has the parts of task, strategy and model in which the cells differ: `\debateScore`, or
    `\hardSumsDebateScore` if there are several tasks. LaTeX names are letters only: digits are spelled.
    """
    cells = without_controls(checked_cells(run))
    lines = [f"% Numbers of run {escape(run.run_id)}; do not edit."]
    lines += [_macro(name, value) for name, value in _of_run(run, cells)]
    for name, cell in zip(cell_names(cells), cells, strict=True):
        lines.append(f"% {escape(' '.join((str(cell['task']), str(cell['label']), model_of(cell))))}")
        lines += [_macro(name + suffix, value) for suffix, value in _of_cell(cell)]
    return "\n".join(lines) + "\n"


def cell_names(cells: Sequence[Mapping[str, Any]]) -> list[str]:
    """The beginning of each cell's macros; equal ones get a letter."""
    parts = [(str(cell["task"]), str(cell["label"]), model_of(cell)) for cell in cells]
    differ = [len({part[i] for part in parts}) > 1 for i in range(3)]
    if not any(differ):
        differ = [False, True, False]
    names = [_letters([part[i] for i in range(3) if differ[i]]) for part in parts]
    seen: dict[str, int] = {}
    unique = []
    for name in names:
        seen[name] = number = seen.get(name, 0) + 1
        unique.append(name if number == 1 else f"{name}Again{_spelled(str(number))}")
    return unique


def _letters(parts: Sequence[str]) -> str:
    """`hardSumsDebate` of hard_sums and debate."""
    text = unicodedata.normalize("NFKD", " ".join(parts)).encode("ascii", "ignore").decode()
    words = [_spelled(word) for word in re.findall(r"[A-Za-z]+|[0-9]", text)]
    name = "".join(word[:1].upper() + word[1:] for word in words) or "Cell"
    if name.lower().startswith("end"):  # LaTeX keeps these names for the ends of environments
        name = f"Cell{name}"
    return name[0].lower() + name[1:]


def _spelled(text: str) -> str:
    return "".join(_DIGITS[int(character)] if character in "0123456789" else character for character in text)


def _of_run(run: ExportedRun, cells: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    git = section(run, "git")
    costs = [cell.get("cost_usd") for cell in cells]
    yield "runId", escape(run.run_id)
    yield "runDate", escape(str(run.manifest.get("started_at") or "?")[:10])
    yield "runSeed", escape(str(run.manifest.get("seed", "?")))
    yield "runCommit", escape(str(git.get("commit") or "?")[:12])
    yield "runCost", _cost(None if None in costs else sum(cost for cost in costs if cost is not None))


def _of_cell(cell: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    low, high = cell.get("ci95") or (None, None)
    yield "Score", score_text(cell.get("score"))
    yield "Low", score_text(low)
    yield "High", score_text(high)
    yield "Interval", "{" + interval_text(cell.get("ci95")) + "}"
    yield "N", str(cell.get("n", "?"))
    yield "Cost", _cost(cell.get("cost_usd"))


def _cost(cost: float | None) -> str:
    """US dollars without the sign."""
    return cost_text(cost).lstrip("$")


def _macro(name: str, value: str) -> str:
    return rf"\newcommand{{\{name}}}{{{value}}}"
