"""promptfoo configurations and tables become tasks, and each assertion scores as it does there."""

from __future__ import annotations

import json

import pytest

from .conftest import Tool, prompt, said, score


def config(*tests: str, prompts: str = "['Say {{ word }}']", more: str = "") -> str:
    """A configuration with tests, each written as YAML."""
    return f"prompts: {prompts}\nproviders: [echo]\n{more}\ntests:\n" + "".join(f"  - {test}\n" for test in tests)


def asserting(assertion: str, word: str = "x") -> str:
    """A test with one assertion."""
    return f"{{vars: {{word: {word}}}, assert: [{assertion}]}}"


@pytest.mark.parametrize(
    ("assertion", "right", "wrong"),
    [
        ("{type: equals, value: Oslo}", "Oslo", "Oslo!"),
        ("{type: contains, value: sl}", "in Oslo", "in oSLo"),
        ("{type: icontains, value: SL}", "in Oslo", "in Bern"),
        ("{type: starts-with, value: Os}", "Oslo it is", "It is Oslo"),
        ("{type: regex, value: '^O.*o$'}", "Oslo", "Bern"),
        ("{type: is-json}", '{"a": 1}', "{a: 1}"),
        ("{type: contains-json}", 'Here: {"a": [1]}.', "Here: {a}."),
        ("{type: contains-any, value: [Oslo, Bern]}", "in Bern", "in Rome"),
        ("{type: contains-all, value: [Oslo, Bern]}", "Bern and Oslo", "Bern"),
        ("{type: icontains-all, value: 'oslo, bern'}", "BERN and OSLO", "BERN"),
        ("{type: not-contains, value: Oslo}", "Bern", "Oslo"),
        ("{type: not-icontains, value: oslo}", "Bern", "OSLO"),
        ("{type: not-equals, value: Oslo}", "Oslo!", "Oslo"),
        ("{type: not-regex, value: '^O'}", "Bern", "Oslo"),
        ("{type: not-is-json}", "text", "[1]"),
        ("{type: equals, value: {a: 1}}", '{"a":1}', '{"a":2}'),
        ("{type: contains, value: 'the {{ word }}'}", "the x", "the {{ word }}"),
    ],
)
def test_assertions(tool: Tool, assertion: str, right: str, wrong: str) -> None:
    """An output passes the converted task if it passes the assertion."""
    tool.write("qa.yaml", config(asserting(assertion)))
    report = tool.convert("qa.yaml")
    assert [file.status for file in report.files] == ["converted"], said(report)
    task = tool.task("qa")
    assert (score(task, right), score(task, wrong)) == (1.0, 0.0)


def test_several_assertions_of_a_test(tool: Tool) -> None:
    """A test passes only if all of its assertions hold; weights count."""
    tool.write(
        "qa.yaml",
        config("{vars: {word: x}, assert: [{type: contains, value: a, weight: 3}, {type: not-contains, value: b}]}"),
    )
    tool.convert("qa.yaml")
    task = tool.task("qa")
    assert [score(task, text) for text in ("a", "ab", "c", "b")] == [1.0, 0.75, 0.25, 0.0]
    assert task.pass_score is None


def test_a_threshold_is_the_pass_score(tool: Tool) -> None:
    """The threshold of a test is the lowest score of a correct sample; tests of another one are another task."""
    body = "assert: [{type: contains, value: a}, {type: contains, value: b}]"
    tool.write("qa.yaml", config(f"{{vars: {{word: x}}, threshold: 0.5, {body}}}", f"{{vars: {{word: y}}, {body}}}"))
    tool.convert("qa.yaml")
    assert {tool.task(name).pass_score for name in tool.tasks()} == {0.5, None}


def test_a_shared_rubric_is_the_criterion(tool: Tool) -> None:
    """A requirement that all tests share is the criterion of a judge that answers yes or no."""
    tool.write("qa.yaml", config(asserting("{type: llm-rubric, value: Is polite}"), more=""))
    tool.convert("qa.yaml")
    (scorer,) = tool.task("qa").scorers
    assert scorer.name == "llm_judge"
    assert "Is polite" in scorer.params["criteria"]
    assert scorer.params["scale"] == "yes_no"


def test_rubrics_of_tests_are_their_targets(tool: Tool) -> None:
    """Different requirements are each sample's target, which the judge reads as the reference."""
    tool.write(
        "qa.yaml",
        config(*(asserting("{type: llm-rubric, value: 'Mentions {{ word }}'}", word) for word in "xy")),
    )
    tool.convert("qa.yaml")
    task = tool.task("qa")
    assert [sample.target for sample in task.samples] == ["Mentions x", "Mentions y"]
    assert task.scorers[0].params["reference"] is True


def test_a_rubric_next_to_other_assertions(tool: Tool) -> None:
    """If a test has both, the assertions decide, the judge's score is a further one, and the report says so."""
    tool.write(
        "qa.yaml", config("{vars: {word: x}, assert: [{type: contains, value: a}, {type: llm-rubric, value: b}]}")
    )
    report = tool.convert("qa.yaml")
    assert [scorer.name for scorer in tool.task("qa").scorers] == ["rules", "llm_judge"]
    assert report.files[0].status == "partly"
    assert "passes only if all its assertions hold" in said(report)[0]


@pytest.mark.parametrize(
    ("assertion", "reason"),
    [
        ("{type: javascript, value: 'output.length'}", "runs JavaScript"),
        ("{type: python, value: 'len(output)'}", "runs Python"),
        ("{type: not-llm-rubric, value: rude}", "no counterpart"),
        ("{type: rouge-n, value: a}", "no counterpart"),
        ("{type: latency, threshold: 5}", "no counterpart"),
        ("{type: contains-any, value: 'file://words.js'}", "file://words.js"),
        ("{type: regex, value: '('}", "not a regular expression"),
        ("{type: contains}", "no value"),
    ],
)
def test_what_cannot_be_expressed_is_named_with_its_line(tool: Tool, assertion: str, reason: str) -> None:
    """Each assertion without a counterpart is named with file and line; its test keeps the others."""
    tool.write("qa.yaml", config(asserting("{type: contains, value: a}"), asserting(assertion)))
    report = tool.convert("qa.yaml")
    assert report.files[0].status == "partly"
    assert any(text.startswith("qa.yaml:6: ") and reason in text for text in said(report)), said(report)
    assert len(tool.task("qa").samples) == 1


def test_prompts_keep_their_variables(tool: Tool) -> None:
    """The prompt stays a template over the test's variables, whatever their names."""
    prompts = "['{{ input }} and {{ target }}{% if choices %}, {{ choices[0] }}{% endif %}']"
    tool.write(
        "qa.yaml",
        config(
            "{vars: {input: A, target: B, choices: [[C]]}, options: {disableVarExpansion: true}, "
            "assert: [{type: equals, value: B}]}",
            prompts=prompts,
        ),
    )
    tool.convert("qa.yaml")
    task = tool.task("qa")
    assert "{{ input }}" in (task.prompt or "")
    assert prompt(task) == "A and B, ['C']"
    assert task.samples[0].target == "B"


def test_each_prompt_is_a_task(tool: Tool) -> None:
    """Several prompts become several tasks; a file may hold several, and a chat keeps its roles."""
    tool.write("prompts.txt", "One {{ word }}\n---\nTwo {{ word }}")
    tool.write("chat.json", [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "{{ word }}?"}])
    tool.write(
        "qa.yaml",
        config(
            asserting("{type: equals, value: a}"), prompts="[file://prompts.txt, {id: file://chat.json, label: chat}]"
        ),
    )
    tool.convert("qa.yaml")
    assert tool.tasks() == ["qa-chat", "qa-prompt-1", "qa-prompt-2"]
    assert prompt(tool.task("qa-prompt-2")) == "Two x"
    assert prompt(tool.task("qa-chat")) == "system: Be brief.\nuser: x?"


def test_defaults_lists_and_files(tool: Tool) -> None:
    """Default variables and assertions hold for all tests, a list multiplies a test, and a file is read."""
    tool.write("long.txt", "a long text\n")
    tool.write(
        "qa.yaml",
        config(
            "{vars: {word: [x, y], place: file://long.txt}}",
            prompts="['{{ word }} in {{ place }} by {{ who }}']",
            more="defaultTest: {vars: {who: Ann}, assert: [{type: contains, value: '{{ word }}'}]}",
        ),
    )
    tool.convert("qa.yaml")
    task = tool.task("qa")
    assert [prompt(task, number) for number in (0, 1)] == ["x in a long text by Ann", "y in a long text by Ann"]
    assert [sample.target for sample in task.samples] == ["x", "y"]


def test_tests_in_a_table(tool: Tool) -> None:
    """`__expected` columns of a CSV file are assertions."""
    tool.write(
        "tests.csv",
        "word,__expected1,__expected2,__metadata:kind\n"
        'a,contains:A,"not-contains:B",easy\n'
        "b,Bern,,\n"
        "c,is-json,,\n"
        'd,"fn:output.length > 3",,\n'
        'e,"grade:is polite",,\n'
        "f,http://x,,\n",
    )
    tool.write("qa.yaml", "prompts: ['{{ word }}']\nproviders: [echo]\ntests: file://tests.csv\n")
    report = tool.convert("qa.yaml")
    rules = tool.task("qa")
    scores = [
        [score(rules, text, number) for text in texts]
        for number, texts in enumerate([("A", "AB"), ("Bern", "Bern!"), ("[1]", "[1"), ("http://x", "x")])
    ]
    assert scores == [[1.0, 0.5], [1.0, 0.0], [1.0, 0.0], [1.0, 0.0]]
    assert "is polite" in tool.task("qa-judge").scorers[0].params["criteria"]
    assert any(text.startswith("tests.csv:5: test 3") for text in said(report)), said(report)


def test_a_table_by_itself(tool: Tool) -> None:
    """A CSV file without a configuration is converted if it has one variable, which is the prompt."""
    tool.write("one.csv", "question,__expected\nCapital of Norway?,icontains:oslo\n")
    tool.write("two.csv", "a,b,__expected\n1,2,3\n")
    tool.convert("one.csv")
    assert prompt(tool.task("one")) == "Capital of Norway?"
    assert score(tool.task("one"), "OSLO") == 1.0
    report = tool.convert("two.csv")
    assert report.exit_status == 1
    assert "no prompt" in said(report)[0]


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("tests: 'file://make.py:tests'", "nothing is run"),
        ("tests: 'https://example.invalid/t.csv'", "nothing is downloaded"),
        ("tests: 'file://../secret.csv'", "outside the folder"),
        ("tests: 'file:///etc/hostname'", "not a relative file name"),
        ("tests: 'file://missing.csv'", "does not exist"),
        ("tests: [{vars: {word: 'file://../secret.csv'}, assert: [{type: equals, value: a}]}]", "outside the folder"),
    ],
)
def test_nothing_is_run_and_no_other_folder_is_read(tool: Tool, written: str, reason: str) -> None:
    """Programs, addresses and files outside the folder are named, not opened."""
    (tool.path / "secret.csv").write_text("word,__expected\na,b\n")
    tool.write("qa.yaml", f"prompts: ['{{{{ word }}}}']\nproviders: [echo]\n{written}\n")
    report = tool.convert("qa.yaml")
    assert report.exit_status == 1
    assert any(reason in text for text in said(report)), said(report)


def test_recorded_outputs(tool: Tool) -> None:
    """`providerOutput` of a test is its recorded answer."""
    test = {"vars": {"word": "x"}, "assert": [{"type": "equals", "value": "a"}], "providerOutput": "b"}
    tool.write("qa.json", {"prompts": ["{{ word }}"], "tests": [test]})
    tool.convert("qa.json")
    assert dict(tool.task("qa").outputs or {}) == {"0": ("b",)}
    assert json.loads((tool.path / "ours" / "qa.outputs.jsonl").read_text()) == {"id": "0", "output": "b"}


def test_remarks_name_the_file_that_they_are_about(tool: Tool) -> None:
    """What cannot be expressed in a file of tests is named there, and the defaults' in the configuration."""
    tool.write(
        "tests.jsonl", [{"vars": {"word": "x"}, "assert": [{"type": "equals", "value": "a"}, {"type": "bleu"}]}]
    )
    tool.write(
        "qa.yaml",
        "prompts: ['{{ word }}']\nproviders: [echo]\ndefaultTest: {options: {transform: x}}\ntests: tests.jsonl\n",
    )
    report = tool.convert("qa.yaml")
    assert [text.rpartition(": ")[0].split(": ")[0] for text in said(report)] == ["qa.yaml:3", "tests.jsonl:1"]
