"""What holds for all scorers: nothing raises, scores are in range, versions follow the source."""

from __future__ import annotations

import asyncio
import importlib
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_hiddenlayer import registry
from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.protocols import Scorer
from pytest_hiddenlayer.scorers.build import build_scorer
from pytest_hiddenlayer.types import Sample, Score, Spec

FAST = settings(database=None, max_examples=100)
RULE = {"marker": "answer is ", "take": "first", "strip_final_dot": True}
BUILT_INS = [
    Spec(name="exact"),
    Spec(name="exact", params={"ignore_case": True, "ignore_punctuation": True, "normalize": True, "extract": RULE}),
    Spec(name="numeric"),
    Spec(name="numeric", params={"rel_tol": 0.1, "extract": RULE}),
    Spec(name="keyword", params={"require_all": True}),
    Spec(name="choice"),
    Spec(name="pattern", params={"pattern": r"(\d+)|(\w)"}),
    Spec(name="rules", params={"max_words": 3, "every_line": "[a-z ]*", "unique_lines": True}),
]
each_built_in = pytest.mark.parametrize("spec", BUILT_INS, ids=[f"{s.name}{len(s.params)}" for s in BUILT_INS])
TEXTS = st.text(alphabet=st.one_of(st.sampled_from("0123456789.,-−/%$eE^ \n()*ABCab{}\\½"), st.characters()))
DECIMALS = st.decimals(min_value=-(10**9), max_value=10**9, allow_nan=False, places=2)
PRINTED = ["{:,}", "So the total is ${:,}.", "{:,} EUR", "16 - 3 = 13, no: {:,}", "**{:,}**", "7 of 9; answer:\n{:,}"]


def score(scorer: Scorer, output: str, *target: str, **more: Any) -> Score:
    return asyncio.run(scorer.score(output, Sample(id="1", input="q", target=target or None, **more)))


@each_built_in
@FAST
@given(output=TEXTS, target=TEXTS)
def test_any_text_has_a_verdict(spec: Spec, output: str, target: str) -> None:
    """No output and no target raises; a score lies in [0, 1] or is None, and its reason is one printable line."""
    scorer = build_scorer(spec)
    result = score(scorer, output, target, choices=("red", "blue", target))
    assert result.value is None or 0.0 <= result.value <= 1.0
    assert result.explanation
    assert result.explanation.isprintable()


@each_built_in
@FAST
@given(output=TEXTS)
def test_the_reported_answer_is_the_parsed_one(spec: Spec, output: str) -> None:
    """A score's `answer` is what `parse` reads in the output, so that votes and scores agree."""
    scorer, sample = build_scorer(spec), Sample(id="1", input="q", target="5", choices=("5", "red"))
    result = asyncio.run(scorer.score(output, sample))
    assert result.answer == scorer.parse(output, sample)


@FAST
@given(DECIMALS, st.sampled_from(PRINTED))
def test_a_printed_number_is_right_for_itself_only(number: Decimal, form: str) -> None:
    """A printed number is correct for its value and wrong for the next."""
    scorer, output = build_scorer(Spec(name="numeric")), form.format(number)
    assert score(scorer, output, str(number)).value == 1.0
    assert score(scorer, output, str(number + 1)).value == 0.0


@FAST
@given(DECIMALS)
def test_a_percent_is_right_for_its_hundredth(number: Decimal) -> None:
    """x% is correct for x% and for x/100."""
    scorer = build_scorer(Spec(name="numeric"))
    assert score(scorer, f"about {number:,}%", f"{number}%").value == 1.0
    assert score(scorer, f"about {number:,}%", str(number / 100)).value == 1.0


@FAST
@given(DECIMALS, st.decimals(min_value=0, max_value=100, places=2, allow_nan=False))
def test_absolute_tolerance_is_exact_at_its_bound(number: Decimal, tolerance: Decimal) -> None:
    """A distance of exactly abs_tol is correct, and a greater one is wrong."""
    scorer = build_scorer(Spec(name="numeric", params={"abs_tol": float(tolerance)}))
    assert score(scorer, str(number + tolerance), str(number)).value == 1.0
    assert score(scorer, str(number + tolerance + Decimal("0.001")), str(number)).value == 0.0


@FAST
@given(TEXTS.filter(lambda text: text.strip()))
def test_a_target_is_exactly_itself(text: str) -> None:
    """`exact` scores 1 if the output is the target with white space around it."""
    assert score(build_scorer(Spec(name="exact")), f" \n{text}\t", text).value == 1.0


@pytest.mark.parametrize("name", ["exact", "numeric", "keyword", "choice"])
@pytest.mark.parametrize("output", ["", " ", "5"])
def test_without_target_it_is_unscored_and_never_zero(name: str, output: str) -> None:
    """Without a target, a scorer that needs one returns no value for any output."""
    scorer = build_scorer(Spec(name=name))
    assert scorer.needs_target
    assert score(scorer, output).value is None


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -0.1, 1.1])
def test_a_score_lies_between_0_and_1(value: float) -> None:
    """A Score outside [0, 1] raises."""
    with pytest.raises(ValueError, match="lies in"):
        Score(value=value)


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Returns a function that writes a module with a scorer `mine`, imports it and returns the scorer."""
    monkeypatch.setattr(registry.scorers, "_registered", {})
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)

    def write(body: str, around: str = "") -> Scorer:
        text = "from pytest_hiddenlayer.registry import scorer\n\n@scorer('mine')\ndef mine(output, sample"
        (tmp_path / "my_scorers.py").write_text(f"{text}{body}\n\n{around}\n")
        sys.modules.pop("my_scorers", None)
        importlib.invalidate_caches()
        importlib.import_module("my_scorers")
        return build_scorer(Spec(name="mine"))

    yield write
    sys.modules.pop("my_scorers", None)


def test_a_decorated_function_is_found_by_name(mine: Any) -> None:
    """`@scorer("mine")` makes the function a scorer of that name."""
    made = mine("):\n    return output == 'x'")
    assert (made.name, score(made, "x").value, score(made, "y").value) == ("mine", 1.0, 0.0)


def test_editing_a_function_on_disk_changes_its_version(mine: Any) -> None:
    """A changed body or default is another version; changed code around the function is not."""
    versions = [
        made.version
        for made in (
            mine(", *, n=1):\n    return True"),
            mine(", *, n=1):\n    return True", around="OTHER = 1"),
            mine(", *, n=1):\n    return 0.5"),
            mine(", *, n=2):\n    return True"),
        )
    ]
    assert versions[0] == versions[1]
    assert len(set(versions)) == 3


def test_nan_from_a_function_is_refused(mine: Any) -> None:
    """NaN is not a score, and the message names the scorer and what it may return."""
    with pytest.raises(UsageError, match=r"scorer 'mine' returned nan; return a number in \[0, 1\]"):
        score(mine("):\n    return float('nan')"), "x")


def test_a_function_may_parse_answers(mine: Any) -> None:
    """A function's attribute `parse` reads its answers, for votes and reports."""
    made = mine("):\n    return True", around="mine.parse = lambda output, sample: output[0]")
    assert score(made, "yes").answer == "y"
