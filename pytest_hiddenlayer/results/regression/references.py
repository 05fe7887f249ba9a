"""Finds the baseline of a cell: its committed snapshot, or the cell that a reference names.

A reference is `REF[@PROVIDER:MODEL][#STRATEGY]`. REF is an existing path, else a run id or
`last`, else a git ref; without REF, the committed snapshots are used. PROVIDER:MODEL selects the
cell of another model, STRATEGY (a label as in the ids of items) that of another strategy.
"""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path

from ...errors import HiddenLayerError, SnapshotError, UsageError, did_you_mean
from ...identifiers import controlled, slug
from ...types import ModelName
from ..cell_config import CellConfig
from ..log.git import git_commit
from ..log.record_file import has_records
from ..log.run_log import find_run
from .baseline import Baseline, CellKey
from .snapshot import FOLDER, plain_stem, snapshot_stem, written_model
from .sources import BaselineSource, Cells, GitSnapshots, RunRecords, SnapshotDir, SnapshotFile


@dataclass(frozen=True, slots=True)
class Reference:
    """The cells that `--baseline` names."""

    source: BaselineSource
    model: ModelName | None = None  # of the baseline; None: the same model
    label: str | None = None  # of the baseline's strategy; None: the same strategy
    named: bool = True  # whether the user named it; False: the default, the committed snapshots

    def selects(self, cell: Baseline) -> bool:
        """Whether a cell is of the named model and strategy; control cells are selected by name only."""
        model_matches = self.model is None or _is_of_model(cell, self.model)
        return model_matches and (self.label == cell.key[1] if self.label else controlled(cell.key[1]) is None)


@dataclass(frozen=True, slots=True)
class BaselineLookup:
    """A baseline, or why there is none. A `fault` fails the gate; `missing` is only reported."""

    baseline: Baseline | None = None
    fault: str | None = None
    missing: str = "no baseline: make one with --snapshot-update"


def open_reference(
    text: str | None, *, root: Path, cwd: Path, current_run: str | None = None, reports: Path | None = None
) -> Reference:
    """The reference in the project `root`; paths are relative to `cwd`; `last` excludes `current_run`.

    Runs are looked up in `reports`, by default that of the root.

    Raises UsageError or SnapshotError if it names no cells.
    """
    if text is None:
        return Reference(SnapshotDir(root / FOLDER, str(FOLDER), root), named=False)
    ref, model, label = _split(text, cwd)
    source = (
        SnapshotDir(root / FOLDER, str(FOLDER), root)
        if not ref
        else _open_source(ref, root, cwd, current_run, reports)
    )
    if not source.tasks():
        raise UsageError(f"{text}: {source.name} contains no cells; name a folder of snapshots, a run or a git ref")
    return Reference(source, model, label)


def find_baseline(config: CellConfig, reference: Reference) -> BaselineLookup:
    """The baseline of a cell in a reference."""
    lookup = find_cell(config.key, reference)
    baseline = lookup.baseline
    if baseline is None or baseline.warning or written_model(baseline.model) in ("", written_model(config.model)):
        return lookup
    model = f"{baseline.key[2]}:{baseline.model}"  # two full names may have one slug: a/llama and b/llama
    return BaselineLookup(baseline=replace(baseline, warning=f"the baseline is from another model: {model}"))


def find_cell(key: CellKey, reference: Reference) -> BaselineLookup:
    """The baseline in a reference for the cell with this key."""
    try:
        cells = reference.source.cells(key[0])
        chosen = _choose(key, cells, reference)
    except (HiddenLayerError, OSError, subprocess.SubprocessError) as error:
        return BaselineLookup(fault=f"the baseline cannot be used: {error}")
    if chosen is None:
        return BaselineLookup(missing=_missing(key, cells, reference))
    baseline = cells[chosen]
    if isinstance(baseline, SnapshotError):
        return BaselineLookup(fault=f"the baseline cannot be used: {baseline}")
    return BaselineLookup(baseline=replace(baseline, warning=_warning(key, baseline)))


def _warning(key: CellKey, baseline: Baseline) -> str:
    """A warning if the baseline is of another strategy or model; else empty."""
    _, label, provider, _ = baseline.key
    same_label, same_model = label == key[1], baseline.key[2:] == key[2:]
    if same_label and same_model:
        return ""
    difference = "model" if same_label else "strategy" if same_model else "strategy and model"
    model = f"{provider}:{baseline.model}"
    return f"the baseline is from another {difference}: {model if same_label else f'{label} of {model}'}"


def _choose(key: CellKey, cells: Cells, reference: Reference) -> str | None:
    """The stem of the cell that the reference names, else of the same model, else of the only other model."""
    task, label, provider, model_slug = key
    label = reference.label or label
    same_model = snapshot_stem(task, label, provider, model_slug)
    others = _of_strategy(cells, task, label)
    if reference.model is None:
        for stem in (same_model, plain_stem(label, provider, model_slug)):
            if stem in cells:
                return stem
        return others[0] if reference.named and len(others) == 1 else None
    matches = [name for name in others if _is_of_model(cells[name], reference.model)]
    if len(matches) > 1:
        raise UsageError(f"{reference.model} is ambiguous: {', '.join(matches)}; write @PROVIDER:MODEL")
    return matches[0] if matches else None


def _missing(key: CellKey, cells: Cells, reference: Reference) -> str:
    """Why there is no baseline, which cells exist instead, and what to do."""
    task, label, provider, model_slug = key
    label = reference.label or label
    others = _of_strategy(cells, task, label)
    requested = (
        snapshot_stem(task, label, provider, model_slug) if reference.model is None else f"{label}-{reference.model}"
    )
    if not reference.named:
        hint = (
            f", or compare with another model's: --baseline=@PROVIDER:MODEL ({', '.join(others)})" if others else ""
        )
        return f"no baseline: make one with --snapshot-update{hint}"
    similar = did_you_mean(requested, others or cells)
    available = f"; it has {', '.join(others or cells) or 'no cell of this task'}{similar}"
    action = ": name one with @PROVIDER:MODEL" if others and reference.model is None else ""
    return f"no baseline: {reference.source.name} has no cell {task}/{requested}{available}{action}"


def _of_strategy(cells: Cells, task: str, label: str) -> list[str]:
    """The stems of all cells of a strategy; a malformed one is recognized by its file name."""
    prefix = f"{label}-"
    return [
        name
        for name, cell in cells.items()
        if (cell.key[1] == label if isinstance(cell, Baseline) else name.startswith(prefix))
    ]


def _is_of_model(cell: Baseline | SnapshotError, model: ModelName) -> bool:
    if isinstance(cell, SnapshotError):
        return False
    _, _, provider, cell_slug = cell.key
    same_model = model.model is None or cell.model == model.model or cell_slug == slug(model.model)
    return provider == model.provider and same_model


_REFERENCE = re.compile(r"(?P<ref>.*?)(@(?P<provider>[A-Za-z_]\w*)(:(?P<model>[^#]+))?)?(#(?P<label>[^#]+))?")


def _split(text: str, cwd: Path) -> tuple[str, ModelName | None, str | None]:
    """(REF, model, strategy label); an existing path is REF as a whole, even if it contains @ or #."""
    parts = None if (cwd / text).exists() else _REFERENCE.fullmatch(text)
    if parts is None:
        return text, None, None
    model = ModelName(provider=parts["provider"], model=parts["model"]) if parts["provider"] else None
    return parts["ref"], model, parts["label"]


def _open_source(ref: str, root: Path, cwd: Path, current_run: str | None, reports: Path | None) -> BaselineSource:
    """The source that REF names: a path, a run or a git ref. Raises UsageError if it names none of them."""
    path = cwd / ref
    if path.is_file():
        return SnapshotFile(path, ref)
    if path.is_dir():
        return RunRecords.read(path) if has_records(path) else SnapshotDir(path, ref.rstrip("/"), root)
    try:
        run = find_run(root, ref, exclude=current_run, reports=reports)
    except UsageError as no_run:
        if git_commit(root, ref) is not None:
            return GitSnapshots(root, ref)
        raise UsageError(f"{no_run} (nor is there a path or a git ref of this name)") from None
    return RunRecords.read(run)
