"""A baseline that was made with other prompts says so."""

from __future__ import annotations

from dataclasses import replace

from support.records import base

from pytest_hiddenlayer.results.regression.baseline import with_prompts_warning

BASELINE = base({"a": 1.0}, prompts={"debate/first": "aaa", "debate/next": "bbb"})


def test_changed_prompts_are_named_with_both_wordings() -> None:
    """Of three prompts, the one that stayed is not named; a built-in one has no hash."""
    found = with_prompts_warning(BASELINE, {"debate/first": "aaa", "debate/next": "ccc", "debate/verdict": "ddd"})
    assert found.warning == (
        "prompts changed: debate/next (own wording bbb, now own wording ccc), "
        "debate/verdict (built-in wording, now own wording ddd)"
    )
    assert with_prompts_warning(BASELINE, {}).warning == (
        "prompts changed: debate/first (own wording aaa, now built-in wording), "
        "debate/next (own wording bbb, now built-in wording)"
    )


def test_a_warning_is_added_to_others() -> None:
    """What the baseline warned of before stays in front."""
    found = with_prompts_warning(replace(BASELINE, warning="another model"), {"debate/first": "aaa"})
    assert found.warning.startswith("another model; prompts changed: debate/next")


def test_equal_prompts_give_no_warning() -> None:
    """The baseline is the same object."""
    assert with_prompts_warning(BASELINE, dict(BASELINE.prompts)) is BASELINE
