"""Scripted judges, records and labels for the tests of `hiddenlayer judge-audit`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from pytest_hiddenlayer.analysis.annotation.labels import Label, append_label
from pytest_hiddenlayer.analysis.answers import PlayerAnswer, read_answers
from pytest_hiddenlayer.analysis.judge_audit.pairs import AuditPair
from pytest_hiddenlayer.results.log.run_log import RunLog

from .records import record

Audit = Callable[..., dict[str, Any]]
RUN = "20260101T000000Z-aaaaaaaa"
ENDS = {
    "a": "\n</answer_a-",
    "b": "\n</answer_b-",
    "only": "\n</answer-",
}  # what stands behind an answer in the judge's prompt
FIRST = {"default": "The first. [[A]]"}
SECOND = {"default": "The second. [[B]]"}
MUTE = {"default": "I cannot say."}


def prefers(mark: str, *before: dict[str, str], default: str = "[[C]]") -> dict[str, Any]:
    """A judge that prefers the answer that ends with `mark`, wherever it stands."""
    rules = [
        {"contains": f"{mark}{ENDS['a']}", "reply": "[[A]]"},
        {"contains": f"{mark}{ENDS['b']}", "reply": "[[B]]"},
    ]
    return {"rules": [*before, *rules], "default": default}


def log(label: str, i: int, text: str, right: bool, **changes: object) -> None:
    """Append the answer of a player to sample i."""
    made = {"run_id": RUN, "label": label, "strategy": label, "output": text, "key": f"{label}{i}"}
    made |= {"input": f"question {i}.", "target": f"target {i}."}
    RunLog(Path.cwd(), RUN).append(record(f"s{i}", float(right), **{**made, **changes}))


def values(result: dict[str, Any], section: str) -> list[float | None]:
    """The values of a section, in order."""
    return [metric["value"] for metric in result["figures"][section].values()]


def only(result: dict[str, Any], section: str, part: str) -> dict[str, Any]:
    """The metric of a section whose name contains `part`."""
    (metric,) = (metric for name, metric in result["figures"][section].items() if part in name)
    return dict(metric)


def people(says: Callable[[int], str], *raters: str) -> None:
    """Write labels.jsonl: what raters say of each of thirty samples, `single`, `debate` or tie."""
    sides = {(side.record.label, side.record.sample_id): side for side in read_answers(Path("reports/runs") / RUN)}
    for rater in raters or ("ann",):
        for i in range(30):
            one, other = sides["debate", f"s{i}"], sides["single", f"s{i}"]
            said = says(i)
            label = Label(
                kind="pairwise",
                task="t",
                sample_id=f"s{i}",
                a=one.player,
                b=other.player,
                winner={"debate": "a", "single": "b"}.get(said, "tie"),
                rater=rater,
                at="2026-01-01T00:00:00+00:00",
                run_a=RUN,
                run_b=RUN,
                key_a=one.record.key,
                key_b=other.record.key,
            )
            append_label(Path("labels.jsonl"), label)


def answer(label: str, sample: str, **changes: object) -> PlayerAnswer:
    """An answer of a player."""
    made = record(
        sample, 1.0, **{"label": label, "output": label, "key": f"{label}{sample}", "run_id": RUN, **changes}
    )
    return PlayerAnswer(player=f"{label}@scripted:m", run_id=RUN, record=made)


def pair_of(sample: str, **changes: object) -> AuditPair:
    """A pair of answers to a sample."""
    return AuditPair(a=answer("debate", sample), b=answer("single", sample, **changes))
