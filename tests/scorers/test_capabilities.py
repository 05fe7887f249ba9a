"""What a scorer declares beyond the protocol."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_hiddenlayer import registry
from pytest_hiddenlayer.scorers.build import build_scorer
from pytest_hiddenlayer.scorers.capabilities import ScorerCapabilities, capabilities_of
from pytest_hiddenlayer.types import Sample, Score, Spec


def capabilities(monkeypatch: pytest.MonkeyPatch, registered: Any) -> ScorerCapabilities:
    """The capabilities of the scorer built from what a user registers."""
    monkeypatch.setattr(registry.scorers, "_registered", {"mine": registered})
    return capabilities_of(build_scorer(Spec(name="mine")))


class Plain:
    """A user's scorer without a declaration."""

    def parse(self, output: str, sample: Sample) -> str | None:
        return output

    async def score(self, output: str, sample: Sample, ask: Any = None) -> Score:
        return Score(value=1.0)


class Judged(Plain):
    """A user's scorer that asks a model."""

    capabilities = ScorerCapabilities(asks_model=True, judges=("mlx",))


def test_a_scorer_without_a_declaration_asks_no_model(monkeypatch):
    """A class, and a function of output and sample, ask no model."""
    assert capabilities(monkeypatch, Plain) == ScorerCapabilities()
    assert capabilities(monkeypatch, lambda output, sample: 1.0) == ScorerCapabilities()


def test_a_function_that_takes_ask_asks_the_run_judge(monkeypatch):
    """The third argument is a call of the run's judge."""
    assert capabilities(monkeypatch, lambda output, sample, ask: 1.0) == ScorerCapabilities(asks_model=True)


def test_a_class_names_its_judges(monkeypatch):
    """The capabilities of an adapted object are those it declares."""
    assert capabilities(monkeypatch, Judged) == ScorerCapabilities(asks_model=True, judges=("mlx",))


@pytest.mark.parametrize(
    ("spec", "expected"),
    [
        (Spec(name="rules", params={"max_words": 1}), ScorerCapabilities()),
        (Spec(name="exact"), ScorerCapabilities(target_decides=True)),
        (Spec(name="llm_judge", params={"criteria": "c"}), ScorerCapabilities(asks_model=True)),
        (Spec(name="win_rate", params={"model": "mlx"}), ScorerCapabilities(asks_model=True, judges=("mlx",))),
    ],
)
def test_built_in_scorers_declare_their_judges(spec, expected):
    """Judge scorers ask a model, by default the run's judge; match scorers ask none."""
    assert capabilities_of(build_scorer(spec)) == expected
