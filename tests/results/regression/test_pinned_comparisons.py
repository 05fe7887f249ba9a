"""What comparisons of runs say of samples, epochs and noise, as this version does it: users see a change of it.

Other tests say why; these notice what they leave open. `PYTHONPATH=.:tests python THIS_FILE` writes the file again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import astuple, replace
from pathlib import Path
from typing import Any

import pytest
from support.pinned import Part, deviations, plain, write
from support.records import CONFIG, record

from pytest_hiddenlayer.errors import SnapshotError
from pytest_hiddenlayer.results.metrics.cells import CellMetrics, compute_metrics
from pytest_hiddenlayer.results.metrics.lost_answers import samples_with_missing, score_with_lost_as_wrong
from pytest_hiddenlayer.results.regression import noise
from pytest_hiddenlayer.results.regression.baseline import Baseline, with_prompts_warning
from pytest_hiddenlayer.results.regression.cell_comparison import CellComparison, assign_verdicts, compare_cell
from pytest_hiddenlayer.results.regression.changed_samples import changed_samples
from pytest_hiddenlayer.results.regression.compare_runs import CellPair, RunComparison, other_scorers
from pytest_hiddenlayer.results.regression.early_stopping import apply_sequential_decision
from pytest_hiddenlayer.results.regression.gate_messages import comparison_lines, score_lines, unpaired_text
from pytest_hiddenlayer.results.regression.measured_cell import measured_cell
from pytest_hiddenlayer.results.regression.pairing import match_samples
from pytest_hiddenlayer.results.regression.snapshot import snapshot_path, snapshot_text, written_model
from pytest_hiddenlayer.results.regression.snapshot_reader import baseline_from_snapshot, parse_snapshot
from pytest_hiddenlayer.stats.sequential.group_sequential import Decision

FILE = Path(__file__).with_name("pinned_comparisons.json")
Cases = Iterator[tuple[str, Callable[[], Any]]]
Scores = dict[str, list[float | None]]

ONE: Scores = {f"s{at:02}": [float((at * 7) % 11 > 3)] for at in range(20)}
ONE_NOW: Scores = {f"s{at:02}": [float((at * 5) % 11 > 4)] for at in range(20)}
FOUR: Scores = {f"s{at:02}": [float((at * 7 + e * e) % 5 > 1) for e in range(4)] for at in range(12)}
FOUR_NOW: Scores = {f"s{at:02}": [float((at * 3 + e * 2) % 5 > 2) for e in range(4)] for at in range(12)}
THREE_NOW: Scores = {name: scores[:3] for name, scores in FOUR_NOW.items()}
LOST_NOW: Scores = {
    name: [None if at % 3 == 0 else scores[0], *scores[1:]] for at, (name, scores) in enumerate(FOUR.items())
}
GRADED: Scores = {f"s{at:02}": [((at * 7 + e) % 9) / 8 for e in range(3)] for at in range(8)}
GRADED_NOW: Scores = {f"s{at:02}": [((at * 5 + e) % 7) / 6 for e in range(3)] for at in range(8)}
MIXED: Scores = {
    "same": [1.0], "wrong": [1.0], "right": [0.0], "less": [0.75], "more": [0.25], "lost": [1.0], "lost wrong": [0.0],
    "gained": [None], "neither": [None], "absent": [1.0], "absent wrong": [0.0],
}  # fmt: skip
MIXED_NOW: Scores = {
    "added": [1.0], "same": [1.0], "wrong": [0.0], "right": [1.0], "less": [0.5], "more": [0.5], "lost": [None],
    "lost wrong": [None], "gained": [1.0], "neither": [None], "added, unscored": [None],
}  # fmt: skip
RIGHT: Scores = {f"s{at:02}": [1.0] for at in range(45)}
WRONG: Scores = {f"s{at:02}": [float(at > 8)] for at in range(45)}
FEW: Scores = {"s00": [1.0]}
SIDES: dict[str, tuple[Scores, Scores]] = {
    "one epoch": (ONE, ONE_NOW), "four": (FOUR, FOUR_NOW), "fewer now": (FOUR, THREE_NOW),
    "more now": (THREE_NOW, FOUR),
    "lost": (FOUR, LOST_NOW), "lost before": (LOST_NOW, FOUR_NOW), "graded": (GRADED, GRADED_NOW),
    "mixed": (MIXED, MIXED_NOW), "equal": (RIGHT, RIGHT), "worse": (RIGHT, WRONG), "better": (WRONG, RIGHT),
    "few": (FEW, FEW), "all lost": (FEW, {"s00": [None]}), "apart": (FEW, {"t": [1.0]}),
}  # fmt: skip


def metrics_of(samples: Scores, **settings: Any) -> CellMetrics:
    """The cell of these scores."""
    return compute_metrics(*made(samples, **settings))


def made(samples: Scores, *, changed: int = 0, grouped: bool = False, **settings: Any) -> tuple[Any, list[Any]]:
    """(the configuration, the records): the first `changed` samples have another prompt."""
    epochs = max(map(len, samples.values()))
    config = replace(CONFIG, **{"total": len(samples), "selected": tuple(samples), "epochs": epochs} | settings)
    records = [
        record(
            name,
            score,
            epoch=epoch,
            answer=None if score is None else f"{score:g}",
            output=f"{name}, {epoch}",
            sample_hash="another" if at < changed else "h",
            group=f"g{at // 3}" if grouped else None,
            answer_metadata={"confidence": 0.5 + at % 5 / 10} if at % 2 else {},
            scores={}
            if score is None
            else {
                "exact": {"value": score, "answer": "o", "explanation": ""},
                "polite": {"value": None if at % 4 == 3 else round(score / 2 + at % 3 / 6, 3), "explanation": ""},
            },
        )
        for at, (name, scores) in enumerate(samples.items())
        for epoch, score in enumerate(scores, 1)
    ]
    return config, records


def side(name: str, samples: Scores, **settings: Any) -> Baseline:
    """One side of a comparison."""
    config, records = made(samples, **settings)
    return measured_cell(name, compute_metrics(config, records), records)


def compared(old: Baseline, new: Baseline, match: Any, *, margin: float = 0.0, family: int = 1) -> CellPair:
    """Both sides, judged together with more cells that are the same."""
    pairing = match_samples(old.samples, new.samples, match)
    found = compare_cell("old", pairing, margin=margin, min_effect=0.05 + margin)
    judged = assign_verdicts([found] * family)[0] if found else None
    return CellPair(old=old, new=new, comparison=judged, other_scorers=tuple(other_scorers(old, new, match)))


def comparisons() -> Cases:
    """Matching, verdicts, changed samples, noise and the lines of a gate."""
    settings: dict[str, dict[str, Any]] = {
        "plain": {}, "changed": {"changed": 2, "seed": 3}, "groups": {"grouped": True, "pass_score": 0.5},
    }  # fmt: skip
    for name, (old, new) in SIDES.items():
        for kind, changes in settings.items():
            before, now = side("old", old, grouped=kind == "groups"), side("new", new, **changes)
            margin, family = {"plain": (0.0, 1), "changed": (0.1, 3), "groups": (0.0, 2)}[kind]
            before = replace(before, seed=None) if name == "graded" else before
            for match in ("hash", "id") if kind == "changed" else ("hash",):
                key = f"{name}, {kind}, {match}"
                yield f"matching, {key}", lambda a=before, b=now, m=match: matching(a, b, m)
                yield f"changed, {key}", lambda a=before, b=now, m=match: noise_of(compared(a, b, m))
                yield (
                    f"lines, {key}",
                    lambda a=before, b=now, m=match, g=margin, f=family: lines_of(
                        compared(a, b, m, margin=g, family=f).comparison, m
                    ),
                )
            if kind == "plain" and name in ("mixed", "lost", "graded", "apart", "all lost", "worse"):
                yield f"runs, {name}", lambda a=before, b=now: runs_of(compared(a, b, "hash", family=2))
    yield (
        "runs, with faults",
        lambda: runs_of(compared(side("o", ONE), side("n", ONE_NOW), "hash"), faults=("a fault",)),
    )
    for p in (0.0, 0.0009, 0.001, 0.0011, 0.0625, 0.5, 0.994, 0.995, 0.9951, 1.0):
        yield f"changed, percent {p}", lambda p=p: noise.percent(p)
    known = {"answer": "1", "debate": "2"}
    for prompts in ({}, {"answer": "1"}, {"answer": "3", "vote": "4"}, known):
        yield f"changed, prompts {prompts}", lambda p=prompts: [
            with_prompts_warning(side("o", FEW, **{}), p).warning,
            with_prompts_warning(replace(side("o", FEW), prompts=known, warning="before"), p).warning,
        ]  # fmt: skip
    found = {name: compared(side("o", old), side("n", new), "hash").comparison for name, (old, new) in SIDES.items()}
    for name, comparison in found.items():
        for decision in (None, *(Decision(verdict=v, look=2, p=0.01, alpha_spent=0.02) for v in ("regressed", "improved", "same"))):  # type: ignore[arg-type]  # fmt: skip  # noqa: E501
            if comparison is not None:
                yield (
                    f"lines, {name}, looks, {decision and decision.verdict}",
                    lambda c=comparison, d=decision: lines_of(apply_sequential_decision(c, d, 4), "hash"),
                )


def matching(old: Baseline, new: Baseline, match: Any) -> Any:
    """Every field, and what is computed from it."""
    found = match_samples(old.samples, new.samples, match)
    with_lost = found.pairs_with_lost_as_wrong
    names = {
        name: list(getattr(found, name)) for name in ("changed", "lost", "gained", "unscored", "added", "absent")
    }
    rows = [[plain(astuple(pair)) for pair in pairs[:8]] for pairs in (found.pairs, found.lost_as_wrong, with_lost)]
    return [len(found.pairs), rows, names, found.coverage, found.lost_answers, len(with_lost), unpaired_text(found)]


def noise_of(cell: CellPair) -> Any:
    """The changed samples with their kinds, and every sentence on noise."""
    changed = changed_samples(cell)
    score = noise.pass_score_of(cell)
    each = [[one.id, one.change, noise.sample_noise(one, score), noise.epochs_p(one, score)] for one in changed]
    return [score, each, noise.cell_noise(cell, changed)]


def lines_of(comparison: CellComparison | None, match: Any) -> Any:
    """What a gate says, and the values in a run's comparison.json."""
    if comparison is None:
        return None
    found = comparison.to_json() if match == "id" or comparison.looks else None
    return [comparison_lines(comparison, match), found, comparison.lost_counts]


def runs_of(cell: CellPair, faults: tuple[str, ...] = ()) -> Any:
    """`compare --json` of runs with one more cell."""
    whole = RunComparison(old="a", new="b", cells=(cell, cell), only_old=(), only_new=(cell.new.key,), faults=faults)
    return [whole.to_json(), cell.not_measured, cell.failed, whole.n_pairs]


def cells() -> Cases:
    """Scores with lost answers, and snapshots that are written and read again."""
    shapes: dict[str, dict[str, Any]] = {
        "plain": {}, "partial": {"total": 99}, "more planned": {"selected": (*FOUR, "x", "y")},
        "odd": {"answers": 49}, "stopped": {"stopped_after": 2}, "pass": {"reducer": "pass_at_k"},
        "both": {"reducer": "pass_hat_k", "pass_score": 0.5},
        "threshold": {"threshold": 0.5, "expect": {"ece": "<= 0.1"}},
        "more epochs": {"epochs": 6}, "max": {"reducer": "max", "epochs": 5, "selected": (*ONE, "x")},
    }  # fmt: skip
    for name, settings in shapes.items():
        for kind, scores in {
            "one": ONE,
            "four": FOUR,
            "lost": LOST_NOW,
            "mixed": MIXED_NOW,
            "graded": GRADED,
        }.items():
            now = metrics_of(scores, **settings)
            key = f"{name}, {kind}"
            yield f"cell, missing, {key}", lambda n=now: with_missing(n)
            yield f"cell, worst, {key}", lambda n=now: score_with_lost_as_wrong(n)
            yield f"cell, lines, {key}", lambda n=now: score_lines(n)
            if kind in ("four", "graded") and name in ("plain", "pass", "max"):
                yield f"snapshot, {key}", lambda n=now: plain(read(snapshot_text(n, None)))
    for task in ("t", "Task", "a/b", "ÄÖ", "con", "a" * 300, "x.y", "t "):
        yield f"snapshot, path, {task[:9]}", lambda t=task: snapshot_path(replace(CONFIG, task=t)).as_posix()
    for model in ("m", "org/m", "/models/m", "./m", "../models/m/", "~/m", "C:\\m", "gpt-4:latest"):
        yield f"snapshot, model, {model}", lambda m=model: written_model(m)
    whole = json.loads(snapshot_text(metrics_of(FOUR), None))
    first = next(iter(whole["samples"]))
    broken: dict[str, Any] = {
        "no scorer": {"scorer": 3}, "samples": {"samples": []}, "schema": {"schema": 2}, "epochs": {"epochs": 0},
        "many epochs": {"epochs": 10**9}, "text epochs": {"epochs": "4"}, "model": {"model": None},
        "min_scored": {"min_scored": 0.5}, "bad min_scored": {"min_scored": 7}, "seed": {"seed": "x"},
        "prompts": {"prompts": {"a": "1", "b": 2}}, "list prompts": {"prompts": [1]}, "label": {"label": 3},
        "slug": {"slug": None},
        "scores": {"scores": {"polite": {"scorer": "p/1"}, "odd": {"n": 1}, "text": "scorer"}},
        "list scores": {"scores": []}, "one epoch": {"epochs": 1}, "two": {"epochs": 2}, "five": {"epochs": 5},
    }  # fmt: skip
    for name, changes in broken.items():
        yield f"snapshot, read, {name}", lambda c=changes: read_error({**whole, **c})
    bad_samples: dict[str, Any] = {
        "text": "x", "score": {"score": 2.0}, "no score": {"score": None}, "yes": {"score": True},
        "hash": {"hash": 1},
        "outcome": {"outcome": "good"}, "answer": {"answer": 1}, "group": {"group": 1}, "scores": {"epoch_scores": 3},
        "one score": {"epoch_scores": [1, 2]}, "others": {"scores": {"polite": 0.5, "odd": 3, "text": "x"}},
        "error": {"outcome": "error"}, "few epochs": {"epoch_scores": [1.0]}, "more": {"epoch_scores": [1.0] * 7},
    }  # fmt: skip
    for name, sample in bad_samples.items():
        changed = sample if isinstance(sample, str) else {**whole["samples"][first], **sample}
        yield f"snapshot, sample, {name}", lambda c=changed: read_error({**whole, "samples": {first: c}})
    for score in (0.5, 0.25, 0.3, 0.33335, 1.0, 0.0):
        line = {"score": score, "outcome": "partial", "hash": "h"}
        for epochs in (1, 2, 3, 4):
            yield (
                f"snapshot, earlier, {score}, {epochs}",
                lambda s=line, e=epochs: read_error({**whole, "epochs": e, "samples": {first: dict(s)}}),
            )
    for name, text in {
        "no JSON": "{",
        "conflict": "{\n<<<<<<< a\n",
        "list": "[]",
        "nothing": "{}",
        "nan": "NaN",
    }.items():
        yield f"snapshot, text, {name}", lambda t=text: error_of(lambda: parse_snapshot(t, "s.json"))


def with_missing(metrics: CellMetrics) -> Any:
    """What counts of each sample; of samples that have records, the first eight."""
    samples = samples_with_missing(metrics, {"x": "hash of x"})
    chosen = [*list(samples)[:8], *list(samples)[-2:]]
    return {
        name: [one.score, one.outcome, one.lost, one.worst, one.hash, one.must_pass, list(one.epochs)]
        for name in chosen
        for one in (samples[name],)
    }


def read(text: str, stem: str = "label-scripted-slug") -> Baseline:
    """A snapshot as a baseline."""
    return baseline_from_snapshot(parse_snapshot(text, "s.json"), "before", stem)


def read_error(value: Any) -> Any:
    """What a reader makes of a snapshot, or says of it."""
    return error_of(lambda: [read(json.dumps(value)), read(json.dumps(value), "other").key])


def error_of(case: Callable[[], Any]) -> Any:
    """The result, or the sentence of its error."""
    try:
        return plain(case())
    except SnapshotError as error:
        return str(error)


def part_of(cases: Part, kind: str) -> Part:
    """The cases of one kind."""
    return lambda: ((name, case) for name, case in cases() if name.split(",")[0] == kind)


PARTS = {kind: part_of(comparisons, kind) for kind in ("matching", "changed", "lines", "runs")}
PARTS |= {kind: part_of(cells, kind) for kind in ("cell", "snapshot")}


@pytest.mark.parametrize("kind", PARTS)
def test_comparisons_say_what_the_file_says(kind: str) -> None:
    """Pairs, verdicts, sentences on noise, lines, scores with lost answers and snapshots are the pinned ones."""
    assert deviations(FILE, PARTS[kind]) == []


if __name__ == "__main__":
    write(FILE, list(PARTS.values()))
