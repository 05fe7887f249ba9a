"""Regular expressions of task files mean what they mean in Python, and stop at a deadline."""

from __future__ import annotations

import re

import pytest
from support.folder import Folder

from pytest_hiddenlayer import regular_expressions
from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.regular_expressions import MAX_PATTERN, compile_regex

HANGING = "(?:a|a)*$"
TEXT = "a" * 40 + "b"


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"####\s*(.+)$", "a\n#### 4\n"),
        (r"frac{e}", "frac{e} frace"),
        (r"\\boxed{(.+)}", r"x \boxed{4}"),
        (r"x{i}y{s<=1}", "xy x{i}y{s<=1}"),
        (r"[{}]{2}a{}b{1", "{}a{}b{1"),
        (r"a{2,3}b{,2}c{1,}", "aaabbcc"),
        (r"\N{EN DASH}\d", "–3"),
        (r"(?x) a {e} # {i}", "a{e}"),
        (r"(?i)straße|(?<=x)y(?!z)", "STRASSE xy"),
        (r"(?P<q>['\"])(.*?)(?P=q)", "say 'a' and \"b\""),
        (r"\b\w+\b|^$", "two words"),
        (r"(?>a+)b|a++c", "aab aac"),
        (r"x*", "axxb"),
    ],
)
def test_a_pattern_means_what_it_means_in_python(pattern: str, text: str) -> None:
    """Matches and groups are those of `re`, for braces too, which `regex` would read as fuzzy matching."""
    expected = [(match.span(), match.groups()) for match in re.finditer(pattern, text)]
    assert [(match.span(), match.groups()) for match in compile_regex(pattern).find_all(text)] == expected


@pytest.mark.parametrize("pattern", ["(", r"(?P<x>a)(?P<x>b)", r"\p{L}", r"(?<=a+)b", "(?|a|b)", "(" * 5000])
def test_what_python_refuses_is_refused(pattern: str) -> None:
    """Syntax that only `regex` knows is an error, as in Python."""
    with pytest.raises(UsageError, match="is not a regular expression"):
        compile_regex(pattern)


def test_a_warning_of_python_is_no_error() -> None:
    """Where warnings are errors, as in these tests, an expression with a possible nested set is searched too."""
    match = compile_regex("[[x]y").search("a [y")
    assert match is not None
    assert match.span() == (2, 4)


def test_a_long_pattern_is_refused() -> None:
    """The length of a pattern is bounded."""
    with pytest.raises(UsageError, match="too long"):
        compile_regex("a" * (MAX_PATTERN + 1))


@pytest.mark.parametrize("search", ["search", "fullmatch", "find_all"])
def test_a_search_stops_at_the_deadline(monkeypatch: pytest.MonkeyPatch, search: str) -> None:
    """A search that would take years raises TimeoutError, with the pattern and what to do."""
    monkeypatch.setattr(regular_expressions, "DEADLINE_S", 0.02)
    with pytest.raises(
        TimeoutError, match=r"'\(\?:a\|a\)\*\$' was stopped .* text of 41 characters; write it so that"
    ):
        getattr(compile_regex(HANGING), search)(TEXT)


@pytest.mark.parametrize(
    "scorer",
    [
        {"pattern": {"pattern": HANGING, "full": True}},
        {"exact": {"extract": {"pattern": f"({HANGING})", "take": "first"}}},
        {"rules": {"every_line": HANGING}},
    ],
)
def test_an_answer_that_cannot_be_searched_is_an_error_not_a_score(folder: Folder, scorer: object) -> None:
    """A hanging search costs the answer that it hangs on; the others are scored."""
    folder.task(
        scorers=[scorer], samples=[{"id": i, "input": i, "target": "a"} for i in "xy"], outputs={"x": TEXT, "y": "a"}
    )
    folder.run("--hl-gate=off", provider="recorded")
    outcomes = {record["sample_id"]: (record["outcome"], record["error"]) for record in folder.records()}
    assert outcomes["y"] == ("correct", None)
    assert outcomes["x"][0] == "error"
    assert "was stopped after 1 s on a text of 41 characters" in outcomes["x"][1]


def test_a_target_pattern_that_hangs_is_an_error_of_the_file(folder: Folder) -> None:
    """`target_pattern` has the same deadline, and the error names the row."""
    folder.task(target_pattern=f"({HANGING})", samples=[{"id": "a", "input": "q0.", "target": TEXT}])
    result = folder.run(provider="recorded")
    result.stdout.fnmatch_lines(["evals/sums.yaml:2: samples?0?.target: target_pattern: *was stopped after 1 s*"])
