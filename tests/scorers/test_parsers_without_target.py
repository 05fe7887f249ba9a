"""No parser knows the correct answer: a vote over parsed answers must not be pass@n."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from pytest_hiddenlayer import registry
from pytest_hiddenlayer.scorers.build import build_scorer
from pytest_hiddenlayer.types import Sample, Score, Spec

PARAMS: dict[str, list[dict[str, Any]]] = {
    "exact": [{}, {"ignore_case": True, "normalize": True, "ignore_punctuation": True}],
    "keyword": [{}, {"require_all": True}, {"keywords": ["Oslo"]}, {"ignore_case": False}],
    "numeric": [{}, {"rel_tol": 0.1, "extract": {"take": "first"}}],
    "math": [{}],
    "choice": [{}, {"extract": {"marker": "Answer:"}}],
    "pattern": [{"pattern": r"is (\w+)"}, {"pattern": ".+"}],
    "rules": [{"require_target": True}, {"max_words": 5, "forbid": ["Oslo"]}],
    "llm_judge": [{"criteria": "It is correct.", "reference": True}, {"rubric": ["It is polite."]}],
    "coherence": [{}],
    "win_rate": [{}],
}
SCORERS = [(name, params) for name in registry.scorers.names() for params in PARAMS.get(name, [{}])]
OUTPUTS = [
    "It is Oslo.",
    "It is Bern.",
    "Oslo or Bern",
    "12",
    "The answer is 12.0, not 50%",
    r"\boxed{\frac{1}{2}}",
    "B. Option A is wrong.",
    "(A) Oslo",
    "答案是B",
    "",
]
TARGETS = ["Oslo", ("Bern", "Oslo"), "12", "0.5", "50%", r"\frac12", "A", "B", "答案是B", ""]


@pytest.mark.parametrize(("name", "params"), SCORERS, ids=[f"{name}-{i}" for i, (name, _) in enumerate(SCORERS)])
def test_what_is_parsed_does_not_depend_on_the_target(name: str, params: dict[str, Any]) -> None:
    """For every registered scorer and output, the parsed answer is the same for every target and for none."""
    if name == "math":
        pytest.importorskip("math_verify")
    scorer = build_scorer(Spec(name=name, params=params))
    for output in OUTPUTS:
        plain = Sample(id="1", input="q", choices=("Oslo", "Bern"))
        answers = {
            scorer.parse(output, Sample(id="1", input="q", target=target, choices=plain.choices))
            for target in TARGETS
        }
        assert answers == {scorer.parse(output, plain)}


def test_every_built_in_scorer_is_in_the_table() -> None:
    """A new scorer is added to this test with its parameters."""
    assert set(PARAMS) <= set(registry.scorers.names())


def test_a_sample_without_target_keeps_everything_else() -> None:
    """Only the target, and a column of that name, are removed."""
    sample = Sample(
        id="1", input="q", target="Oslo", choices=("Oslo",), group="g", metadata={"target": "Oslo", "year": 2031}
    )
    assert sample.without_target() == Sample(id="1", input="q", choices=("Oslo",), group="g", metadata={"year": 2031})


def test_a_users_parser_does_not_see_the_target(monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer that a user's scorer reports is parsed without the target, too."""
    monkeypatch.setattr(registry.scorers, "_registered", {})
    seen = []

    @registry.scorers.register("peeking")
    def peeking(output: str, sample: Sample) -> bool:
        return output in sample.targets

    peeking.parse = lambda output, sample: seen.append(sample.target) or output  # type: ignore[attr-defined]
    score = asyncio.run(build_scorer(Spec(name="peeking")).score("Oslo", Sample(id="1", input="q", target="Oslo")))
    assert score == Score(value=1.0, answer="Oslo")
    assert seen == [None]
