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


MATRIX = r"\begin{pmatrix}1&2\\3&4\end{pmatrix}"


@pytest.mark.parametrize(
    "output",
    [
        rf"\boxed{{{MATRIX}}}",
        MATRIX,
        rf"The matrix is {MATRIX}.",
        rf"\[ A = {MATRIX} \]",
        r"\boxed{\begin{bmatrix} 1 & 2 \\ 3 & 4 \end{bmatrix}}",
        r"$\left[\begin{array}{rr}1&2\\[4pt]3&4\end{array}\right]$",
        r"\boxed{\begin{smallmatrix}1&2\\3&4\end{smallmatrix}}",
        r"\boxed{\frac{1}{2}\begin{pmatrix}2&4\\6&8\\\end{pmatrix}}",
        r"\boxed{\begin{pmatrix}1.0&\sqrt4\\3&\frac82\end{pmatrix}}",
    ],
)
def test_a_bare_matrix_is_a_target(output):
    """A matrix without delimiters is read, whatever brackets and elements the answer has."""
    assert score(output, MATRIX).value == 1.0
    assert score(output, MATRIX.replace("4", "5")).value == 0.0


def test_a_matrix_of_letters_is_read():
    """Every letter may be an element, also d, which no differential is meant by."""
    letters = r"\begin{pmatrix}a&b\\c&d\end{pmatrix}"
    assert score(rf"\boxed{{{letters}}}", letters).value == 1.0
    assert score(r"\boxed{\begin{pmatrix}a&b\\c&a\end{pmatrix}}", letters).value == 0.0


@pytest.mark.parametrize(
    ("output", "target", "value"),
    [
        (r"\boxed{-2}", MATRIX.replace("pmatrix", "vmatrix"), 1.0),
        (r"\boxed{(1, 2, 3)}", r"\begin{pmatrix}1\\2\\3\end{pmatrix}", 1.0),
        (r"\boxed{\langle 1, 2\rangle}", r"\begin{bmatrix}1\\2\end{bmatrix}", 1.0),
        (r"\boxed{(2, 1)}", r"\begin{pmatrix}1\\2\end{pmatrix}", 0.0),
        (r"\boxed{[1, 2]}", r"\begin{pmatrix}1\\2\end{pmatrix}", 0.0),
        (r"\boxed{\begin{pmatrix}1&2\end{pmatrix}}", r"\begin{pmatrix}1\\2\end{pmatrix}", 0.0),
        (r"\boxed{\begin{pmatrix}0.0000001\\0\end{pmatrix}}", r"\begin{pmatrix}0\\0\end{pmatrix}", 0.0),
    ],
)
def test_determinants_and_vectors(output, target, value):
    """A determinant is its value; a tuple is the vector of its elements, an interval and a row are none."""
    assert score(output, target).value == value


@pytest.mark.parametrize(
    "output",
    [
        *("**73**", "The number of residents is **73**.", "The answer is `73`.", "__73__", "*73*", "***73***"),
        *("**Answer: 73**", "**73 apples**", "**73.**", "The answer is **x = 73**.", "```\n73\n```"),
        *("Let $x$ be it. The answer is **73**.", "**$73$**", r"**\boxed{73}**", "答案是**73**。"),
        "**1.** Add.\n**2.** Double.\n\nThe answer is 73.",
    ],
)
def test_markdown_around_an_answer(output):
    """Emphasis and code mark an answer, or at least do not hide it; numbered steps are no answers."""
    assert score(output, "73").value == 1.0


@pytest.mark.parametrize(
    ("output", "target"),
    [
        (r"\boxed{1\,250}", "1250"),
        ("1250", r"1\,250"),
        (r"\boxed{1\;234\;567.5}", "1234567.5"),
        (r"\boxed{12{,}500}", "12500"),
        (r"\boxed{12 500}", "12500"),
        (r"\boxed{12~500}", "12500"),
        (r"\boxed{1'250}", "1250"),
        (r"\boxed{1.250,5}", "1250.5"),
        (r"\boxed{(1\,250, 3)}", "(1250, 3)"),
        (r"\boxed{5e3}", "5000"),
        ("The answer is 5e3.", "5000"),
        (r"\boxed{-1.5E-3}", "-0.0015"),
        ("6.02 × 10²³", r"6.02\times10^{23}"),
        ("The mass is 1.5×10^-3 kg.", "0.0015"),
        (r"\boxed{3e}", "3e"),
        (r"\boxed{2\,\sqrt3}", r"2\sqrt{3}"),
    ],
)
def test_grouped_and_scientific_numbers(output, target):
    """Thousands may be grouped by LaTeX's spaces, and e3 is a power of ten; a thin space elsewhere is a product."""
    assert score(output, target).value == 1.0


@pytest.mark.parametrize(
    ("output", "target"),
    [
        (r"\boxed{6.02\times10^{-23}}", r"1.38\times10^{-23}"),
        (r"\boxed{\frac{1}{2^{98}}}", r"\frac{1}{2^{99}}"),
        (r"\boxed{e^{-50}}", "e^{-51}"),
        (r"\boxed{\frac{\sqrt2}{10^{10}}}", r"\frac{\sqrt3}{10^{10}}"),
        (r"\boxed{\sqrt{2}+10^{-18}}", r"\sqrt{2}"),
        (r"\boxed{0}", "10^{-23}"),
        (r"\boxed{0.1234564}", "0.1234561"),
        (r"\boxed{0.12345678901234567891}", "0.12345678901234567892"),
        (r"\boxed{3.1415926}", "3.1415927"),
        (r"\boxed{0.9999999}", "1"),
        (r"\boxed{0.333}", "1/3"),
        (r"\boxed{0.142858}", "1/7"),
        (r"\boxed{-0.142857}", "1/7"),
        (r"\boxed{1.414213}", r"\sqrt{2}"),
        (r"\boxed{(0.1234564, 1)}", "(0.1234561, 1)"),
        (r"\boxed{0.0000002, 1}", "0.0000003, 1"),
        (r"\boxed{x=0.1234564}", "x=0.1234561"),
        (r"\boxed{x>0.1234564}", "x>0.1234561"),
        (r"\boxed{0.1234564x}", "0.1234561x"),
        (r"\boxed{10^{-20}x}", "10^{-21}x"),
        (r"\boxed{0.4\%}", "0.4"),
    ],
)
def test_numbers_that_differ_far_behind_the_point(output, target):
    """Tiny numbers and late decimals differ, alone and within tuples, sets, relations and products."""
    assert score(output, target).value == 0.0
    assert score(rf"\boxed{{{target}}}", output.removeprefix(r"\boxed{").removesuffix("}")).value == 0.0


@pytest.mark.parametrize(
    ("output", "target"),
    [
        (r"\boxed{2^{-99}}", r"\frac{1}{2^{99}}"),
        (r"\boxed{1.38e-23}", r"1.38\times10^{-23}"),
        (r"\boxed{0.333333}", "1/3"),
        (r"\boxed{\frac13}", "0.33333333"),
        (r"\boxed{1.414214}", r"\sqrt{2}"),
        (r"\boxed{1.4142135}", r"\sqrt{2}"),
        (r"\boxed{-0.142857}", "-1/7"),
        (r"\boxed{3.14159265358979323846}", r"\pi"),
        (r"\boxed{\sqrt{5+2\sqrt6}}", r"\sqrt2+\sqrt3"),
        (r"\boxed{\{0.333333, 0.5\}}", r"\{1/2, 1/3\}"),
        (r"\boxed{0.5x}", r"\frac{x}{2}"),
        (r"\boxed{33.3\%}", "33.3"),
        (r"\boxed{33\frac{1}{3}\%}", "1/3"),
    ],
)
def test_numbers_that_are_equal_or_rounded(output, target):
    """Equal values are equal; six places stand for a number that no decimal writes exactly."""
    assert score(output, target).value == 1.0


@pytest.mark.parametrize(
    ("output", "target"),
    [
        *(("The answer is −5.", "-5"), (r"\boxed{–5}", "-5"), (r"\boxed{‑5}", "-5"), ("It is －5", "-5")),
        *((r"\boxed{√2}", r"\sqrt{2}"), ("The answer is 2√2.", r"2\sqrt2"), (r"\boxed{√(x+1)}", r"\sqrt{x+1}")),
        *((r"\boxed{∛8}", "2"), (r"\boxed{x²+1}", "x^2+1"), (r"\boxed{2⁻³}", "1/8"), (r"\boxed{x₁}", "x_1")),
        *(
            (r"\boxed{½}", "1/2"),
            (r"\boxed{1½}", "3/2"),
            (r"\boxed{٤}", "4"),
            ("٣٫٥", "3.5"),
            (r"\boxed{４２}", "42"),
        ),
        *((r"\boxed{3×4}", "12"), (r"\boxed{12÷4}", "3"), (r"\boxed{2·3}", "6"), ("π/2", r"\frac{\pi}{2}")),
        *((r"\boxed{x ≤ 5}", r"x \le 5"), (r"\boxed{(−∞, 3]}", r"(-\infty, 3]"), (r"\boxed{∞}", r"\infty")),
        *((r"\boxed{(0,1) ∪ (2,3)}", r"(0,1)\cup(2,3)"), (r"\boxed{∅}", r"\emptyset"), (r"\boxed{90°}", "90")),
        *(("答案是5。", "5"), ("答案：−5", "-5"), ("答えは5です", "5"), ("답은 5입니다.", "5"), ("คำตอบคือ5", "5")),
        *(("答案是x+1。", "x+1"), ("答案是√2。", r"\sqrt2"), ("答案是5，因为2+3=5。", "5"), ("共有12个苹果。", "12")),
    ],
)
def test_unicode_notation(output, target):
    """Signs, powers, roots, fractions and digits of Unicode are notation, also beside letters without spaces."""
    assert score(output, target).value == 1.0


@pytest.mark.parametrize(
    ("output", "target"),
    [
        *((r"\boxed{5\,\text{cm}^2}", "5"), (r"\boxed{\text{5 cm}}", "5"), (r"\boxed{100\,\mathrm{km/h}}", "100")),
        *((r"\boxed{\$1,250}", "1250"), (r"\boxed{50\%}", "0.5"), (r"\boxed{50}", r"50\%"), (r"\boxed{5.}", "5")),
        *(("It moves at 9.8 m/s².", "9.8"), ("The answer is 9.8 m/s^2", "9.8"), (r"\boxed{\text{Answer: }5}", "5")),
        *(
            (r"\boxed{5\,°C}", "5"),
            (r"\boxed{1{,}5}", "1.5"),
            (r"\boxed{\ln(e)}", "ln(e)"),
            (r"\boxed{ad-bc}", "ad-bc"),
        ),
        *(("The result is \\frac{3}{4}.", "0.75"), ("The answer is x+1.", "x+1"), ("It is 5 because 2+3=5.", "5")),
    ],
)
def test_units_and_words_around_an_answer(output, target):
    """Units, money, percent signs and sentences leave the answer as it is."""
    assert score(output, target).value == 1.0


@pytest.mark.parametrize(
    ("output", "target"),
    [
        ("3 1/2", "7/2"),
        ("The answer is 3 1/2.", "7/2"),
        ("1 250", "1250"),
        ("**1 250**", "1250"),
        (r"\boxed{1\thinspace 250}", "1250"),
        ("5x10^3", "5000"),
        (r"\boxed{ln 2}", r"\ln 2"),
        ("sqrt 3", r"\sqrt{3}"),
        ("pi/4", r"\frac{\pi}{4}"),
        ("The value of pi is 3.14", "3.14"),
        (r"\boxed{xⁿ⁺¹}", "x^{n+1}"),
        (r"\boxed{aₙ}", "a_n"),
        (r"\boxed{𝑥²}", "x^2"),
        (r"\boxed{µ}", r"\mu"),
        (r"\boxed{φ}", r"\varphi"),
        (r"\boxed{90º}", r"90^\circ"),
        (r"\boxed{｛1，2｝}", r"\{1,2\}"),
        (r"\boxed{12π cm³}", r"12\pi"),
        ("6.626×10⁻³⁴ J·s", r"6.626\times10^{-34}"),
        (r"\boxed{€1250}", "1250"),
        (r"\boxed{USD 1250}", "1250"),
        ("1 and 3", "1,3"),
        ("The point is (−1, 4).", "(-1,4)"),
        ("The interval is [1, 3]", "[1,3]"),
        ("The set is {1, 3}.", r"\{1,3\}"),
        (r"\boxed{\begin{pmatrix}1000\\sin θ\end{pmatrix}}", r"\begin{pmatrix}1e3\\\sin\theta\end{pmatrix}"),
        ("x=1 or x=3", "1,3"),
        (r"\boxed{sin x}", r"\sin x"),
        (r"\boxed{arcsin(x)}", r"\arcsin x"),
        (r"\boxed{0.1\overline{6}}", "1/6"),
        (r"\boxed{\frac13}", r"0.\overline{3}"),
        ("2xy", "2xy"),
        (r"\boxed{\varnothing}", r"\emptyset"),
        ("<b>73</b>", "73"),
        ("<answer>73</answer>", "73"),
        ('"73"', "73"),
        ('{"answer": "1/2"}', "1/2"),
        (r"\boxed{**73**}", "73"),
        (r"\boxed {73}", "73"),
        (r"\boxed 73", "73"),
        (r"\boxed{\text{The answer is } 73}", "73"),
        (r"\boxed{5 m^2}", "5"),
        (r"\boxed{5 km/h}", "5"),
        ("5 m²", "5"),
        (r"\boxed{5~\mathrm{m}^3}", "5"),
        (r"\boxed{5\,\frac{\text{m}}{\text{s}}}", "5"),
    ],
)
def test_other_spellings_of_an_answer(output, target):
    """Mixed numbers, groups, function names, repeating decimals, tags, quotes and compound units are read."""
    assert score(output, target).value == 1.0


@pytest.mark.parametrize(
    ("output", "target", "value"),
    [
        (r"\boxed{i^2}", "-1", 1),
        (r"\boxed{(1+i)^2}", "2i", 1),
        (r"\boxed{e^{i\pi}}", "-1", 1),
        (r"\boxed{-i}", "i", 0),
        (r"\boxed{i^2 x}", "-x", 0),
        (r"\boxed{10101_3}", "10101_2", 0),
        (r"\boxed{10101_{\text{2}}}", "10101_2", 1),
        (r"\boxed{10101}", "10101_2", 1),
        (r"\boxed{x \le 3}", r"(-\infty,3]", 1),
        (r"\boxed{x < 3}", r"(-\infty,3]", 0),
        (r"\boxed{2 ≤ x ≤ 5}", "[2,5]", 1),
        (r"\boxed{2 ≤ x ≤ 5}", "[2,5)", 0),
        ("[[1, 2], [3, 4]]", r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", 1),
        ("[[1, 2], [3, 5]]", r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", 0),
        (r"\boxed{\begin{pmatrix}1&2\cr 3&4\end{pmatrix}.}", r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", 1),
    ],
)
def test_complex_numbers_bases_inequalities_and_rows(output, target, value):
    """`i` alone is the imaginary unit, bases count if both are written, an inequality is its interval."""
    assert score(output, target).value == value


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
