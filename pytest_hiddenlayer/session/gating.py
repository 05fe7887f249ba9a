"""Which cells of a session are judged, and the lines about those that are not, or only in part."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from ..options import RunOptions
from ..results.cell_config import CellConfig


def with_deselected_gate(
    config: CellConfig, gate_id: str | None, options: RunOptions, *, chosen_by_user: bool
) -> CellConfig:
    """The cell, judged although its gate was not selected if all of its samples were; else marked as not judged.

    `gate_id` is the gate of the selected samples; None: they have none. If the items were
    `chosen_by_user`, a gate that is not among them stays out. Under --hl-gate=require every cell is judged.
    """
    if options.gate == "off" or gate_id is None or config.gate_id is not None:
        return config
    if options.gate == "require" or not (chosen_by_user or is_partial(config)):
        return replace(config, gate_id=gate_id)
    return replace(config, gate_deselected=True)


def is_partial(config: CellConfig) -> bool:
    """Whether only some of the task's answers are selected."""
    return config.selected_answers < config.total * config.epochs


def kept_lines(kept: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield one sentence per cell on the snapshot lines that were kept, because their samples lost answers."""
    from ..results.regression.gate_messages import list_names

    for cell, samples in kept.items():
        lines = "1 line" if len(samples) == 1 else f"{len(samples)} lines"
        yield f"snapshot of {cell}: kept {lines} of lost answers: {list_names(samples, _SHOWN)}"


def gating_lines(configs: Iterable[CellConfig]) -> Iterator[str]:
    """Yield a sentence on the gates with some or none of their samples, and on the samples without their gate."""
    from ..results.regression.gate_messages import list_names  # with it, statistics: not when the plugin is loaded

    cells = list(configs)
    empty = [_name(cell) for cell in cells if cell.gate_id is not None and not cell.selected]
    partial = [_count(cell) for cell in cells if cell.gate_id is not None and cell.selected and is_partial(cell)]
    ungated = [_count(cell) for cell in cells if cell.gate_deselected]
    for names, words in (
        (empty, "not judged, no sample was selected"),
        (partial, "judged in part, not all samples were selected"),
        (ungated, "not judged, the gate was not selected"),
    ):
        if names:
            yield f"{words}: {list_names(names, _SHOWN)}"


_SHOWN = 5


def _name(config: CellConfig) -> str:
    return f"{config.task}[{config.params}]"


def _count(config: CellConfig) -> str:
    return f"{_name(config)} ({config.selected_answers} of {config.total * config.epochs} answers)"
