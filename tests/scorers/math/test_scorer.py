"""`math`: equality in any notation, and a bound on the time."""

from __future__ import annotations

import asyncio
import json
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.published_data import FOLDER, needs_data

from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.scorers.build import build_scorer
from pytest_hiddenlayer.scorers.math import scorer as latex
from pytest_hiddenlayer.scorers.math.process import MathProcess
from pytest_hiddenlayer.scorers.math.scorer import Math
from pytest_hiddenlayer.types import Sample, Score, Spec

DATA = FOLDER / "scorer_cases"
published = needs_data("scorer_cases")

# (output or b, target or a) → why this verdict differs, see docs/scorer-cases.md
DIFFERENT = {
    (r"\beginboxed{8\sqrt{6}}", r"8\sqrt{6}"): "a misspelt command is no box",
    ("4, 10, -2", "10, 4, -2"): "a bare list is a set of solutions",
    ("4, .1, 2", "0.1, 4, 2"): "a bare list is a set of solutions",
}


def score(output: str, *targets: str, **params: object) -> Score:
    """The score of one output."""
    return asyncio.run(Math(**params).score(output, Sample(id="1", input="q", target=targets)))


def parse(output: str) -> str | None:
    return Math().parse(output, Sample(id="1", input="q"))


@published
def test_published_cases() -> None:
    """The verdicts equal Inspect's and Hendrycks', except for the listed differences."""
    cases = [
        (c["output"], c["target"], c["expected"] == "C")
        for c in json.loads((DATA / "inspect_math_cases.json").read_text(encoding="utf-8"))
    ]
    cases += [
        (c["b"], c["a"], c["equivalent"])
        for c in json.loads((DATA / "hendrycks_math_equiv_cases.json").read_text(encoding="utf-8"))
    ]
    assert len(cases) == 49
    assert {(out, target) for out, target, right in cases if (score(out, target).value == 1) != right} == set(
        DIFFERENT
    )


@pytest.mark.parametrize(
    ("output", "target"),
    [
        (r"so the answer is \boxed{\frac{1}{2}}", "0.5"),
        ("therefore $x = 3$.", "3"),
        (r"\(\sqrt{8}\)", r"2\sqrt{2}"),
        ("2**(1/4)", r"\sqrt{\sqrt{2}}"),
        (r"$\{1,2,3\}$", r"$\{3,2,1\}$"),
        (r"$(x-1)(x+1)$", "x^2-1"),
        ("The answer is 42", "42"),
        (r"\boxed{74°}", r"74^\circ"),
        (r"first \boxed{1}, no: \boxed{2}", "2"),
    ],
)
def test_equal_in_any_notation(output, target):
    """Fractions and decimals, roots, sets, products and degrees are equal across notations; the last box counts."""
    assert score(output, target).value == 1.0


@pytest.mark.parametrize(
    ("output", "target"),
    [(r"\boxed{3}", "4"), (r"$(1, 2)$", r"$(2, 1)$"), (r"$[0, 1]$", r"$[0, 1)$"), ("$x+1$", "x-1"), ("no idea", "4")],
)
def test_unequal(output, target):
    """Other values, reordered tuples, open for closed intervals and missing answers score 0."""
    assert score(output, target).value == 0.0


def test_any_of_several_targets_is_right():
    """One matching target is enough."""
    assert score(r"\boxed{\pi}", "3", r"\pi").value == 1.0


def test_an_unreadable_target_is_unscored():
    """An unreadable target is unscored, not wrong."""
    result = score(r"\boxed{3}", "the cat")
    assert result.value is None
    assert "cannot be parsed as mathematics" in result.explanation
    assert score("3").value is None


def test_the_rule_of_extraction_comes_first():
    """`extract` applies before parsing."""
    scorer = build_scorer(Spec(name="math", params={"extract": {"marker": "Final:", "take": "last"}}))
    result = asyncio.run(scorer.score("5 apples. Final: 7", Sample(id="1", input="q", target="7")))
    assert result.value == 1.0


@given(st.fractions(min_value=-50, max_value=50, max_denominator=30))
@settings(max_examples=40)
def test_rationals_in_four_spellings(value: Fraction):
    """Four spellings of a fraction are equal to each other, and not to the next fraction."""
    n, d = value.numerator, value.denominator
    sign, size = ("-" if n < 0 else ""), abs(n)
    spellings = [
        rf"\boxed{{{sign}\frac{{{size}}}{{{d}}}}}",
        rf"${sign}\dfrac{{{size}}}{{{d}}}$",
        f"{n}/{d}",
        rf"\({n} / {d}\)",
    ]
    assert len({parse(text) for text in spellings}) == 1
    assert all(score(text, f"{n}/{d}").value == 1.0 for text in spellings)
    assert score(spellings[0], f"{n + d}/{d}").value == 0.0


@given(st.integers(1, 9), st.integers(2, 9), st.integers(-9, 9))
@settings(max_examples=25)
def test_polynomials_expand(a, b, c):
    """A product equals its expansion, and not another polynomial."""
    product, expanded = f"$(x+{a})({b}x+{c})$".replace("+-", "-"), f"{b}x^2+{c + a * b}x+{a * c}".replace("+-", "-")
    assert score(product, expanded).value == 1.0
    assert score(product, expanded.replace("x^2", "x^3")).value == 0.0


@pytest.mark.parametrize(
    "output",
    [r"\boxed{" * 2000, "\x00", r"\boxed{3", "{" * 5000, r"\frac{1}{0}", "$" * 999, "é" * 20_000, r"\boxed{}"],
    ids=["boxes", "null", "unclosed", "braces", "zero", "dollars", "long", "empty"],
)
def test_any_output_has_a_score(output):
    """Any text without the answer scores 0 with a reason."""
    result = score(output, "7")
    assert result.value == 0.0
    assert result.explanation


@pytest.mark.parametrize("output", [r"\boxed{9^{9^{9^9}}}", "$10000000!$"])
def test_an_expression_past_the_deadline_scores_0(output, monkeypatch):
    """An exponent tower scores 0 at the deadline, with the reason, and the next answer is parsed."""
    monkeypatch.setattr("pytest_hiddenlayer.scorers.math.process.DEADLINE_S", 1.0)
    score("$1$", "1")
    result = score(output, "7")
    assert result.value == 0.0
    assert "the answer was not parsed within 1 s" in result.explanation
    assert parse(output) is None
    assert score(r"\boxed{7}", "7").value == 1.0


def test_a_target_past_the_deadline_is_unscored(monkeypatch):
    """A target that is not parsed in time is unscored."""
    monkeypatch.setattr("pytest_hiddenlayer.scorers.math.process.DEADLINE_S", 1.0)
    score("$1$", "1")
    assert score("$7$", "9^{9^{9^9}}").value is None


def test_a_missing_library_is_one_sentence(monkeypatch):
    """Without math-verify the error says what to install."""
    monkeypatch.setattr(latex, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r'pip install "pytest-hiddenlayer\[math\]"'):
        Math()


def test_a_module_in_the_current_folder_does_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A math_verify.py in the current folder is not imported by the mathematics process."""
    ran = tmp_path / "ran"
    for name in ("math_verify", "sympy", "json"):
        (tmp_path / f"{name}.py").write_text(f"open({str(ran)!r}, 'w').close()\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    process = MathProcess()
    try:
        assert process.ask("canonical", "1/2")["answer"] is not None
    finally:
        process.close()
    assert not ran.exists()


def test_every_python_process_of_the_package_ignores_the_current_folder() -> None:
    """Each command of the package that starts Python passes -P first."""
    package = Path(latex.__file__).parents[2]
    sources = [path.read_text(encoding="utf-8") for path in package.rglob("*.py")]
    commands = [line for text in sources for line in text.splitlines() if "[sys.executable" in line]
    assert commands
    assert all('[sys.executable, "-P", ' in line for line in commands)
