"""Which baseline a cell is compared with: its committed snapshot, or what a reference names.

A reference is `REF[@PROVIDER:MODEL][#STRATEGY]`: REF an existing path, else a run id or
`last`, else a git ref; without REF the committed snapshots. PROVIDER:MODEL names another
model's cell, STRATEGY (a label as in the ids of items) another strategy's.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from ...errors import HiddenLayerError, SnapshotError, UsageError, did_you_mean
from ...identifiers import controlled, slug
from ...types import ModelName
from ..log.run_log import RUNS, find_run
from ..metrics.cells import CellConfig
from .baseline import Baseline, CellKey
from .snapshot import FOLDER, stem
from .sources import BaselineSource, Cells, GitSnapshots, RunRecords, SnapshotDir, SnapshotFile, git_commit


@dataclass(frozen=True, slots=True)
class Reference:
    """What `--baseline` names, opened once a session."""

    source: BaselineSource
    model: ModelName | None = None  # whose cell is meant; None: that of the same model
    label: str | None = None  # of which strategy; None: of the same
    named: bool = True  # whether the user named it; the committed snapshots are there without being asked for

    def selects(self, cell: Baseline) -> bool:
        """Whether a cell is of the model and strategy that were named; draws under equal budget must be named."""
        right_model = self.model is None or _is(cell, self.model)
        return right_model and (self.label == cell.key[1] if self.label else controlled(cell.key[1]) is None)


@dataclass(frozen=True, slots=True)
class BaselineLookup:
    """A baseline, or why there is none: `fault` where that is red, `missing` where it is only told."""

    baseline: Baseline | None = None
    fault: str | None = None
    missing: str = "no baseline: make one with --snapshot-update"


def open_reference(text: str | None, *, root: Path, where: Path, current: str | None = None) -> Reference:
    """The reference below `root`, seen from `where`; `last` is the last run before `current`.

    Raises UsageError or SnapshotError where it names nothing that can be compared with.
    """
    if text is None:
        return Reference(SnapshotDir(root / FOLDER, str(FOLDER)), named=False)
    ref, model, label = _split(text, where)
    source = SnapshotDir(root / FOLDER, str(FOLDER)) if not ref else _shelf(ref, root, where, current)
    if not source.tasks():
        raise UsageError(f"{text}: {source.name} holds no cell; a folder of snapshots, a run or a git ref is needed")
    return Reference(source, model, label)


def find_baseline(plan: CellConfig, reference: Reference) -> BaselineLookup:
    """The baseline of a cell in a reference."""
    return find_cell(plan.key, reference)


def find_cell(key: CellKey, reference: Reference) -> BaselineLookup:
    """The cell of a reference that another one, of this key, is compared with."""
    task, label, _, _ = key
    try:
        cells = reference.source.cells(task)
        chosen = _choose(key, cells, reference)
    except (HiddenLayerError, OSError, subprocess.SubprocessError) as error:
        return BaselineLookup(fault=f"the baseline cannot be used: {error}")
    if chosen is None:
        return BaselineLookup(missing=_missing(key, cells, reference))
    found = cells[chosen]
    if isinstance(found, SnapshotError):
        return BaselineLookup(fault=f"the baseline cannot be used: {found}")
    own_label, own_model = found.key[1] == label, found.key[2:] == key[2:]
    whose = f"{found.key[2]}:{found.model}" if own_label else f"{found.key[1]} of {found.key[2]}:{found.model}"
    what = "model" if own_label else "strategy" if own_model else "strategy and model"
    remark = "" if own_label and own_model else f"the baseline is another {what}'s: {whose}"
    return BaselineLookup(baseline=replace(found, remark=remark))


def _choose(key: CellKey, cells: Cells, reference: Reference) -> str | None:
    """The stem of the cell that the reference names, else the own one, else the only one of another model."""
    task, label, provider, model_slug = key
    label = reference.label or label
    own = stem(task, label, provider, model_slug)
    others = _of_strategy(cells, task, label)
    if reference.model is None:
        if own in cells:
            return own
        return others[0] if reference.named and len(others) == 1 else None
    fitting = [name for name in others if _is(cells[name], reference.model)]
    if len(fitting) > 1:
        raise UsageError(f"{reference.model} could be {', '.join(fitting)}: write @PROVIDER:MODEL")
    return fitting[0] if fitting else None


def _missing(key: CellKey, cells: Cells, reference: Reference) -> str:
    """Why no cell was found, what there is instead, and what to do."""
    task, label, provider, model_slug = key
    label = reference.label or label
    others = _of_strategy(cells, task, label)
    wanted = stem(task, label, provider, model_slug) if reference.model is None else f"{label}-{reference.model}"
    if not reference.named:
        hint = (
            f", or compare with another model's: --baseline=@PROVIDER:MODEL ({', '.join(others)})" if others else ""
        )
        return f"no baseline: make one with --snapshot-update{hint}"
    near = did_you_mean(wanted, others or cells)
    held = f"; it holds {', '.join(others or cells) or 'no cell of this task'}{near}"
    more = ": name one with @PROVIDER:MODEL" if others and reference.model is None else ""
    return f"no baseline: {reference.source.name} has no cell {task}/{wanted}{held}{more}"


def _of_strategy(cells: Cells, task: str, label: str) -> list[str]:
    """The stems of all cells of a strategy; one that cannot be read is told by its name."""
    start = stem(task, label, "", "").removesuffix("--") + "-"
    return [
        name
        for name, cell in cells.items()
        if (cell.key[1] == label if isinstance(cell, Baseline) else name.startswith(start))
    ]


def _is(cell: Baseline | SnapshotError, wanted: ModelName) -> bool:
    if isinstance(cell, SnapshotError):
        return False
    _, _, provider, cell_slug = cell.key
    same = wanted.model is None or cell.model == wanted.model or cell_slug == slug(wanted.model)
    return provider == wanted.provider and same


_FORM = re.compile(r"(?P<ref>.*?)(@(?P<provider>[A-Za-z_]\w*)(:(?P<model>[^#]+))?)?(#(?P<label>[^#]+))?")


def _split(text: str, where: Path) -> tuple[str, ModelName | None, str | None]:
    """(REF, model, strategy label); a path that is there is a path, whatever stands in its name."""
    found = None if (where / text).exists() else _FORM.fullmatch(text)
    if found is None:
        return text, None, None
    model = ModelName(provider=found["provider"], model=found["model"]) if found["provider"] else None
    return found["ref"], model, found["label"]


def _shelf(ref: str, root: Path, where: Path, current: str | None) -> BaselineSource:
    path = where / ref
    if path.is_file():
        return SnapshotFile(path, ref)
    if path.is_dir():
        return RunRecords.read(path) if (path / "records.jsonl").is_file() else SnapshotDir(path, ref.rstrip("/"))
    try:
        run = find_run(root, ref, but=current)
    except UsageError as no_run:
        if git_commit(root, ref) is not None:
            return GitSnapshots(root, ref)
        raise UsageError(
            f"{ref!r} is no path, no run and no git ref ({no_run}); "
            f"runs stand under {RUNS}, `git rev-parse {ref}` says what git makes of it"
        ) from None
    return RunRecords.read(run)
