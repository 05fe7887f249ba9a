"""Comparisons of two references for tests of reports, and their Markdown."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from pytest_hiddenlayer.report.markdown.comparison import comparison_markdown
from pytest_hiddenlayer.results.regression.baseline import Baseline, BaselineSample
from pytest_hiddenlayer.results.regression.compare_runs import RunComparison, compare_references
from pytest_hiddenlayer.results.regression.references import Reference

URL = "https://ci.example/runs/7/report.html"


@dataclass(frozen=True)
class Cells:
    """A side of a comparison whose cells are given."""

    name: str
    all: tuple[Baseline, ...]

    def tasks(self) -> list[str]:
        return list(dict.fromkeys(cell.key[0] for cell in self.all))

    def cells(self, task: str) -> dict[str, Baseline]:
        return {"/".join(cell.key[1:]): cell for cell in self.all if cell.key[0] == task}


def sample(score: float | None, **changes: object) -> BaselineSample:
    outcome = "error" if score is None else "correct" if score == 1 else "incorrect"
    settings = {"outcome": outcome, "answer": "a", "hash": "h", "n_scored": 0 if score is None else 1}
    epoch_scores = () if score is None else (score,)
    return BaselineSample(score=score, epoch_scores=epoch_scores, worst=score, **{**settings, **changes})


def side(
    samples: dict[str, BaselineSample], key: tuple[str, ...] = ("t", "single", "p", "m"), **changes: object
) -> Baseline:
    settings = {"scorer": "exact/1", "run_id": "run-1", "name": "n", "cost_usd": 0.5, "outcomes": {"correct": 3}}
    return Baseline(key=key, samples=samples, **{**settings, **changes})


def compared(old: list[Baseline], new: list[Baseline], names: tuple[str, str] = ("main", "last")) -> RunComparison:
    before, now = (Reference(Cells(name, tuple(cells))) for name, cells in zip(names, (old, new), strict=True))
    return compare_references(before, now)


def hostile(text: str) -> RunComparison:
    """A comparison whose every name, answer and reason is `text`, with cells of each kind."""
    answer, text = text, text.replace("\ud800", "\ufffd")  # names are UTF-8, answers may be anything
    key, gone = (text, text, text, text), (f"{text}2", text, text, text)
    right, wrong = sample(1.0, answer=answer), sample(0.0, answer=answer)
    others = {f"{n}{text}": right for n in range(8)}
    old = side({f"+{text}": wrong, **others}, key, name=text, scorer=text, other_scorers={text: "x"})
    new = side({f"+{text}": right, **dict.fromkeys(others, wrong)}, key, name=text, scorer=text, warning=text)
    other_key = (f"{text}1", text, text, text)
    faults = [side({"s": right}, other_key, scorer=scorer, name=text) for scorer in (text, f"{text}/2")]
    return compared([old, faults[0], side({"s": right}, gone)], [new, faults[1]], (text, text))


@cache
def hostile_markdown(text: str) -> str:
    """All of it, with links."""
    return comparison_markdown(hostile(text), report_url=URL, max_bytes=10**6)
