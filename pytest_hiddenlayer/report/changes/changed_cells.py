"""The changes between two sides as plain JSON: `Changes` of `web/src/data.ts`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ...results.regression.baseline import Baseline, BaselineSample
from ...results.regression.changed_samples import ChangedSample, changed_samples
from ...results.regression.compare_runs import CellPair, RunComparison
from ...results.regression.gate_messages import explain_verdict, lost_answers_text
from ...results.regression.noise import cell_noise, epochs_p, pass_score_of, sample_noise
from ..comparison import word

MAX_FLIPS = 5_000
"""Changed samples of a cell that are listed; the newly wrong ones come first."""
MAX_OUTPUT = 20_000
"""Characters of an output that are kept."""
MAX_OUTPUTS = 8_000_000
"""Characters of all outputs together."""


class OutputLimit:
    """Keeps outputs short, alone and together, so that the page stays small whatever models wrote."""

    def __init__(self, remaining: int = MAX_OUTPUTS) -> None:
        self.remaining = remaining

    def cut(self, text: str | None) -> str | None:
        """The text's start; None if there is none, or no room left."""
        if text is None or self.remaining <= 0:
            return None
        kept = text if len(text) <= MAX_OUTPUT else text[:MAX_OUTPUT] + "…"
        self.remaining -= len(kept)
        return kept


def changes_json(comparison: RunComparison, *, notes: Sequence[str] = (), outputs: bool = True) -> dict[str, Any]:
    """The changes of a comparison; without `outputs` if the page holds the records of both sides."""
    limit = OutputLimit(MAX_OUTPUTS if outputs else 0)
    return {
        "old": comparison.old,
        "new": comparison.new,
        "cells": [_cell(cell, limit) for cell in comparison.cells],
        "only_old": [list(key) for key in comparison.only_old],
        "only_new": [list(key) for key in comparison.only_new],
        "faults": list(comparison.faults),
        "notes": list(notes),
    }


def _cell(cell: CellPair, limit: OutputLimit) -> dict[str, Any]:
    changed = changed_samples(cell)
    pass_score = pass_score_of(cell)
    return {
        "cell": list(cell.new.key),
        "old": _side(cell.old),
        "new": _side(cell.new),
        "verdict": word(cell),
        "fault": cell.fault,
        "comparison": None if cell.comparison is None else cell.comparison.to_json(),
        "other_scorers": {other.name: other.to_json() for other in cell.other_scorers},
        "notes": list(_notes(cell)),
        "noise": cell_noise(cell, changed),
        "flips": [_flip(sample, pass_score, limit) for sample in changed[:MAX_FLIPS]],
        "flips_left_out": max(0, len(changed) - MAX_FLIPS),
    }


def _side(side: Baseline) -> dict[str, Any]:
    _, label, provider, slug = side.key
    return {
        "name": side.name,
        "strategy": label,
        "provider": provider,
        "model": side.model or slug,
        "slug": slug,
        "epochs": side.epochs,
        "answers_only": side.answers_only,
    }


def _notes(cell: CellPair) -> Iterator[str]:
    """What a reader must know of a comparison: another model, answers that were lost, what the verdict means."""
    comparison = cell.comparison
    if cell.old.warning:
        yield _sentence(cell.old.warning)
    if cell.not_measured is not None and cell.fault is None:
        yield _sentence(cell.not_measured)
    if comparison is None:
        return
    if explained := explain_verdict(comparison).removeprefix(": "):
        yield _sentence(explained)
    if lost := lost_answers_text(comparison):
        yield _sentence(lost)
    if comparison.looks is not None:
        yield "Stopped early after epoch {} of {}: a sequential test.".format(*comparison.looks)


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] + ("" if text.endswith(".") else ".")


def _flip(sample: ChangedSample, pass_score: float, limit: OutputLimit) -> dict[str, Any]:
    return {
        "sample": sample.id,
        "kind": sample.change,
        "old": _flip_side(sample.old, limit),
        "new": _flip_side(sample.new, limit),
        "noise": sample_noise(sample, pass_score),
        "p_epochs": epochs_p(sample, pass_score),
        "prompt_changed": sample.prompt_changed,
    }


def _flip_side(sample: BaselineSample, limit: OutputLimit) -> dict[str, Any]:
    return {
        "score": sample.score,
        "answer": sample.answer if sample.answer is None else sample.answer[:MAX_OUTPUT],
        "output": limit.cut(sample.output),
        "epoch_scores": None if sample.epoch_scores is None else list(sample.epoch_scores),
        "confidence": sample.confidence,
        "outcome": sample.outcome,
        "scores": dict(sample.scores),
        "row": None,  # the page looks it up in its index
    }
