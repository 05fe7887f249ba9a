"""JUnit XML."""

from __future__ import annotations

from xml.etree import ElementTree

from support.records import record


def cases(text: str) -> list[ElementTree.Element]:
    """The test cases of the XML."""
    return list(ElementTree.fromstring(text).iter("testcase"))


def kinds(text: str) -> list[str]:
    """What each test case says: passed, failure, error or skipped."""
    found = [[child.tag for child in case if child.tag in ("failure", "error", "skipped")] for case in cases(text)]
    return [tags[0] if tags else "passed" for tags in found]


def test_any_text_is_valid_xml(hard):
    """Control characters, lone surrogates and markup in ids, outputs and errors give XML that parses."""
    first, *_ = cases(hard.export("junit"))
    assert first.get("classname") == "a_b&c%"
    assert "\\x00" in (first.findtext("system-out") or "")
    assert "<tag>" in (first.findtext("system-out") or "")


def test_only_must_pass_fails(runs):
    """A wrong answer is skipped, as under pytest; one that must be right is a failure; no answer is an error."""
    run = runs.write(
        [
            record("right", 1.0),
            record("wrong", 0.0),
            record("must", 0.0, must_pass=True),
            record("failed", None, error="timeout"),
            record("cut", None, outcome="truncated", error="the answer was cut"),
        ]
    )
    text = run.export("junit")
    assert kinds(text) == ["passed", "skipped", "failure", "error", "skipped"]
    suites = ElementTree.fromstring(text)
    assert [suites.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["5", "1", "1", "2"]
    assert "expected 'a', got 'o'" in (cases(text)[2].find("failure").get("message") or "")


def test_each_answer_is_one_case(runs):
    """A sample that was answered again by a resumed run appears once, with its last answer; epochs differ in name."""
    run = runs.write([record("a", 0.0), record("a", 1.0, epoch=2), record("a", 1.0), record("a", 1.0, label="x")])
    text = run.export("junit")
    names = [case.get("name") for case in cases(text)]
    assert names == ["a[single-scripted:m]", "a[single-scripted:m]#2", "a[x-scripted:m]"]
    assert kinds(text) == ["passed"] * 3


def test_properties_are_those_of_the_plugin(runs):
    """Score and cost have the names that `pytest --junitxml` writes; an unknown cost is `unknown`."""
    (case,) = cases(runs.write([record("a", 1.0, cost_usd=None)]).export("junit"))
    values = {one.get("name"): one.get("value") for one in case.iter("property")}
    assert (values["hl.score"], values["hl.cost_usd"], values["hl.strategy"]) == ("1.0", "unknown", "single")
