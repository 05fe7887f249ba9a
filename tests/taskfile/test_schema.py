"""The fields of a task file: the values they accept and the message for each fault."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_hiddenlayer.errors import TaskError
from pytest_hiddenlayer.taskfile import hashed_parameters, load_task, task_schema
from pytest_hiddenlayer.types import GenerationConfig, Message, Spec, Task

BASE = "task: t\nsamples: [{input: a}]\nscorers: [exact]\n"


def load(folder: Path, text: str, name: str = "t.yaml") -> Task:
    (folder / name).write_text(text)
    return load_task(folder / name, folder)


def fault(folder: Path, text: str, name: str = "t.yaml") -> TaskError:
    with pytest.raises(TaskError) as caught:
        load(folder, text, name)
    return caught.value


@pytest.mark.parametrize(
    ("added", "expected"),
    [
        ("promt: x", "promt: unknown field 'promt', did you mean 'prompt'?"),
        ("temperature: 0", "temperature: unknown field 'temperature'; it belongs under `generate:`"),
        ("epochs: many", "epochs: must be a whole number, got 'many'"),
        ("epochs: 1.5", "epochs: must be a whole number, got 1.5"),
        ("epochs: 0", "epochs: must be at least 1, got 0"),
        ("threshold: '0.8'", "threshold: must be a number, got '0.8'; write 0.8 without quotes"),
        ("threshold: 1.2", "threshold: must be at most 1, got 1.2"),
        ("min_scored: .nan", "min_scored: .nan is not a finite number"),
        ("margin: -1", "margin: must be at least 0, got -1"),
        ("pass_score: true", "pass_score: must be a number, got true"),
        (
            "reducer: meen",
            "reducer: 'meen' is unknown, did you mean 'mean'? "
            "(one of mean, median, mode, max, pass_at_k, pass_hat_k)",
        ),
        ("reasoning: stripp", "reasoning: 'stripp' is unknown, did you mean 'strip'? (one of strip, keep)"),
        (
            "reducer: pass_at_0",
            "reducer: 'pass_at_0' is unknown, did you mean 'pass_at_k'? "
            "(one of mean, median, mode, max, pass_at_k, pass_hat_k)",
        ),
        (
            "reducer: {pass_at_k: {k: 1.5}}",
            "reducer: has 1.5 as k; write a whole number from 1 to 9999",
        ),
        (
            "reducer: {mean: {k: 2}}",
            "reducer: must be a name, {pass_at_k: {k: 10}} or {pass_hat_k: {k: 10}}, got another mapping",
        ),
        (
            "reducer: [mean]",
            "reducer: must be a name or {pass_at_k: {k: 10}}, got a list",
        ),
        ("judge: ':x'", "judge: must be PROVIDER or PROVIDER:MODEL, got ':x'"),
        ("tags: reasoning", "tags: must be a list, got 'reasoning'"),
        (
            "tags: [a-b]",
            "tags[0]: 'a-b' is not a valid marker name; use letters, digits and '_', not starting with a digit",
        ),
        ("generate: {top_p: 0}", "generate.top_p: must be greater than 0, got 0"),
        (
            "generate: {tempersture: 1}",
            "generate.tempersture: unknown field 'tempersture', did you mean 'temperature'?",
        ),
        (
            "generate: {stop: ['']}",
            "generate.stop: contains an empty text, which would end every answer immediately; remove it",
        ),
        (
            "generate: {reasoning_effort: hi}",
            "generate.reasoning_effort: 'hi' is unknown, did you mean 'high'? "
            "(one of none, minimal, low, medium, high, xhigh, max)",
        ),
        ("generate: 3", "generate: must be a mapping, got 3"),
        ("strategies: []", "strategies: is an empty list; write at least one entry"),
        ("strategies: [single, single]", "strategies[1]: 'single' appears twice; keep one"),
        (
            "strategies: [{single: 3}]",
            "strategies[0]: must be a name or {name: {parameter: value}}, got 3 as its parameters",
        ),
        (
            "target_pattern: a",
            "target_pattern: must have exactly one group, the answer in parentheses; it has 0",
        ),
        (
            "target_pattern: '('",
            "target_pattern: is not a regular expression: missing ), unterminated subpattern at position 0",
        ),
        (
            "fields: {input: q}",
            "fields: names columns of a data file, but the samples are in this file; remove `fields:`",
        ),
        ("description: [a]", "description: must be text, got a list"),
        ("outputs: {'7': x}", "outputs.7: no sample has the id '7'"),
        ("outputs: {'0': {}}", "outputs: output of '0' must be text or a list of texts, got a mapping"),
    ],
)
def test_fault_has_line_field_and_remedy(tmp_path: Path, added: str, expected: str) -> None:
    """A faulty field produces one message after the file, line and field."""
    assert str(fault(tmp_path, f"{BASE}{added}\n")) == f"t.yaml:4: {expected}"


def test_unknown_names_are_compared_with_the_registry(tmp_path: Path) -> None:
    """The message for a misspelt scorer or strategy suggests the registered name."""
    error = fault(tmp_path, "task:\nsamples: [{input: a}]\nscorers: [exat]\nstrategies: [debat]\n")
    assert "t.yaml:3" in str(error)
    assert "unknown scorer 'exat', did you mean 'exact'? (registered: choice, coherence, exact" in str(error)
    assert "t.yaml:4: strategies[0]: unknown strategy 'debat', did you mean 'debate'?" in str(error)


def test_the_spelling_of_the_option_is_explained(tmp_path: Path) -> None:
    """`debate:n_agents=5` is an option's spelling; the message says how parameters are written in a task file."""
    error = fault(tmp_path, "task:\nsamples: [{input: a}]\nscorers: [exact]\nstrategies: ['debate:n_agents=5']\n")
    assert "unknown strategy 'debate:n_agents=5'; in a task file write `debate: {key: value}`" in str(error)


def test_all_faults_are_reported_at_once(tmp_path: Path) -> None:
    """Several faults are one error at the first fault's line and field, with a line of text per fault."""
    error = fault(tmp_path, f"{BASE}epochs: 0\nmargin: x\npromt: y\n")
    assert (error.file, error.line, error.field) == ("t.yaml", 4, "epochs")
    assert [line.split(": ")[0] for line in str(error).splitlines()] == ["t.yaml:4", "t.yaml:5", "t.yaml:6"]


@pytest.mark.parametrize(
    ("sample", "expected"),
    [
        ("{traget: b, input: a}", "samples[0].traget: unknown field 'traget', did you mean 'target'?"),
        (
            "{input: a, colour: b}",
            "samples[0].colour: unknown field 'colour'; other values of a sample belong under `metadata:`",
        ),
        ("{target: b}", "samples[0].input: is missing: the problem for the model"),
        (
            "{input: a, target: {b: c}}",
            "samples[0].target: must be text, a number or a list of accepted answers, got a mapping",
        ),
        ("{input: a, must_pass: yes}", "samples[0].must_pass: must be true or false, got 'yes'"),
        (
            "{input: [{role: usr, content: a}]}",
            "samples[0].input: entry 0 has the role 'usr'; use system, user, assistant",
        ),
        ("{input: []}", "samples[0].input: is an empty list of chat messages; write at least one"),
        (
            "{input: a, id: 'x::y'}",
            "samples[0].id: 'x::y' contains '::', which separates the parts of a pytest id",
        ),
        ("{input: a, id: ''}", "samples[0].id: is empty; write an id, or leave it out for the row number"),
        ('{input: a, id: "x\\ty"}', "samples[0].id: 'x\\ty' contains the control character U+0009"),
        (
            "{input: a, id: " + "x" * 201 + "}",
            "samples[0].id: is 201 characters long; at most 200 are allowed",
        ),
        ("text", "samples[0]: must be a mapping, got 'text'"),
    ],
)
def test_inline_sample_fault_has_its_line(tmp_path: Path, sample: str, expected: str) -> None:
    """A fault in an inline sample is reported at the sample's line."""
    error = fault(tmp_path, f"task:\nscorers: [exact]\nsamples:\n  - {sample}\n")
    assert str(error) == f"t.yaml:4: {expected}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "task:\nsamples: [{input: a}]\n",
            "t.yaml:1: scorers: is missing: name at least one, such as `scorers: [exact]`",
        ),
        (
            "task:\nscorers: [exact]\n",
            "t.yaml:1: samples: is missing: a list of samples, or the name of a .jsonl, .json, .csv, .tsv or "
            ".parquet file",
        ),
        (
            "task:\nscorers: [exact]\nsamples: []\n",
            "t.yaml:3: samples: there are no samples; write at least one",
        ),
        (
            "task:\nscorers: [exact]\nsamples:\n",
            "t.yaml:3: samples: must be a list of samples or the name of a data file, got nothing",
        ),
    ],
)
def test_missing_parts_are_named(tmp_path: Path, text: str, expected: str) -> None:
    """The message for missing samples or scorers says what to write."""
    assert str(fault(tmp_path, text)) == expected


def test_all_fields_are_loaded(tmp_path: Path) -> None:
    """Every field of the file is in the task with its natural type."""
    task = load(
        tmp_path,
        "task: full\ndescription: d\nsystem: s\nprompt: '{{ input }}!'\n"
        "samples: [{id: a, input: q, target: [x, 2], choices: [u, 1.0], group: g, must_pass: true}]\n"
        "strategies: [debate, {self_consistency: {n_samples: 5}}]\n"
        "scorers: [{numeric: {abs_tol: 0}}, keyword]\n"
        "generate: {temperature: 0, top_p: 1, max_tokens: 8, stop: [x]}\nepochs: 2\nreducer: max\n"
        "pass_score: 1\nthreshold: 0.8\nmin_scored: 0.5\nmargin: 0.1\nmin_effect: 0\njudge: mlx:a:b\n"
        "outputs: {a: [one, 2]}\ntags: [reasoning]\n",
    )
    sample = task.samples[0]
    assert (sample.id, sample.target, sample.choices, sample.group, sample.must_pass) == (
        "a",
        ("x", "2"),
        ("u", "1.0"),
        "g",
        True,
    )
    assert task.strategies == (Spec(name="debate"), Spec(name="self_consistency", params={"n_samples": 5}))
    assert task.generate == GenerationConfig(temperature=0, top_p=1, max_tokens=8, stop=("x",))
    assert (task.epochs, task.reducer, task.threshold, task.judge) == (2, "max", 0.8, "mlx:a:b")
    assert (task.outputs, task.tags) == ({"a": ("one", "2")}, ("reasoning",))


@pytest.mark.parametrize("null", ["null", "~", ""])
def test_null_omits_a_parameter(tmp_path: Path, null: str) -> None:
    """Such a parameter has no value and is named as omitted; one that the file does not mention is not."""
    written = f"generate:\n  temperature: {null}\n  top_p: {null}\n  reasoning_effort: none\n"
    task = load(tmp_path, f"{BASE}{written}")
    assert task.generate == GenerationConfig(reasoning_effort="none", omitted=("temperature", "top_p"))


def test_parameters_that_a_task_does_not_use_leave_its_hash(tmp_path: Path) -> None:
    """The hash covers new parameters only if they are set, so that baselines of version 0.1 stay comparable."""
    plain = load(tmp_path, BASE)
    assert hashed_parameters(plain.generate) == dict.fromkeys(("temperature", "top_p", "max_tokens", "stop"))
    hashes = {plain.hash}
    hashes |= {
        load(tmp_path, f"{BASE}generate: {{{text}}}\n").hash
        for text in ("temperature: null", "reasoning_effort: low")
    }
    assert len(hashes) == 3


@pytest.mark.parametrize(
    ("written", "reducer"),
    [
        ("pass_at_k", "pass_at_k"),
        ("pass_at_10", "pass_at_10"),
        ("{pass_at_k: {k: 10}}", "pass_at_10"),
        ("{pass_hat_k: {k: 3}}", "pass_hat_3"),
    ],
)
def test_a_reducer_may_state_its_k(tmp_path: Path, written: str, reducer: str) -> None:
    """pass@k and pass^k are written with k as a parameter or within the name; both are the same task."""
    text = f"task: t\nsamples: [{{input: q}}]\nscorers: [exact]\nreducer: {written}\n"
    assert load(tmp_path, text).reducer == reducer


def test_chat_input_is_loaded_as_messages(tmp_path: Path) -> None:
    """A list of messages becomes a tuple of `Message`."""
    task = load(tmp_path, "task:\nsamples: [{input: [{role: user, content: 1.0}]}]\nscorers: [exact]\n")
    assert task.samples[0].input == (Message(role="user", content="1.0"),)


def test_empty_name_is_the_stem(tmp_path: Path) -> None:
    """`task:` without a value names the task after its file."""
    assert load(tmp_path, BASE.replace("task: t", "task:"), "sums.v2.yaml").name == "sums.v2"


@pytest.mark.parametrize("name", ["a/b", "..", "-x", "a b", "a::b", "é", "x" * 101])
def test_unfit_task_name_is_refused(tmp_path: Path, name: str) -> None:
    """A name that could leave its folder or break an id is refused."""
    assert "is not a valid task name" in str(fault(tmp_path, BASE.replace("task: t", f"task: '{name}'")))


def test_stem_that_is_not_a_task_name_is_refused(tmp_path: Path) -> None:
    """A file whose stem is not a valid task name must name its task."""
    error = fault(tmp_path, BASE.replace("task: t", "task:"), "my task.yaml")
    assert "'my task' is not a valid task name" in str(error)


def test_duplicate_scorer_is_refused(tmp_path: Path) -> None:
    """A scorer may appear twice only under different names, because records store scores by name."""
    error = fault(tmp_path, "task:\nsamples: [{input: a}]\nscorers: [numeric, {numeric: {abs_tol: 1}}]\n")
    name_it = "`- numeric: {as: NAME}`"
    assert str(error) == f"t.yaml:3: scorers[1]: 'numeric' appears twice; keep one, or name its scores: {name_it}"


def test_two_system_messages_are_refused(tmp_path: Path) -> None:
    """A sample may not have a system message if its task has one."""
    text = "task:\nsystem: s\nscorers: [exact]\nsamples: [{input: [{role: system, content: x}]}]\n"
    assert "samples[0].input: has its own system message" in str(fault(tmp_path, text))


def test_hash_ignores_what_changes_no_score(tmp_path: Path) -> None:
    """Description, threshold, margins and tags do not change a task's hash; prompt, system and target do."""
    base = load(tmp_path, BASE).hash
    same = "description: d\nthreshold: 0.5\nmargin: 0.1\nmin_effect: 0.1\nmin_scored: 0.5\ntags: [a]\n"
    assert load(tmp_path, BASE + same, "u.yaml").hash == base
    assert (
        len(
            {
                base,
                *(load(tmp_path, BASE + line).hash for line in ("system: s\n", "prompt: p\n", "epochs: 2\n")),
            }
        )
        == 4
    )
    assert load(tmp_path, BASE.replace("{input: a}", "{input: a, target: b}")).hash != base


def test_schema_describes_every_field() -> None:
    """The JSON Schema refuses unknown fields, and bounds and explains the known ones."""
    schema = task_schema()
    assert schema["additionalProperties"] is False
    assert set(schema["required"]) == {"task", "samples", "scorers"}
    assert schema["properties"]["epochs"]["minimum"] == 1
    assert all(field.get("description") for field in schema["properties"].values())
    assert schema["$defs"]["GenerateForm"]["properties"]["temperature"]["description"] == "0 is greedy."
