"""The YAML and JSON syntax that task files accept and refuse."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pytest_hiddenlayer.errors import TaskError
from pytest_hiddenlayer.taskfile import load_task
from pytest_hiddenlayer.types import Task

REST = "samples: [{input: a}]\nscorers: [exact]\n"


def load(folder: Path, text: str | bytes, name: str = "t.yaml") -> Task:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load_task(path, folder)


def fault(folder: Path, text: str | bytes, name: str = "t.yaml") -> TaskError:
    with pytest.raises(TaskError) as caught:
        load(folder, text, name)
    return caught.value


WRITTEN = [
    "no",
    "yes",
    "on",
    "1.10",
    "1e3",
    "2024-01-01",
    "0x10",
    "007",
    "1_000",
    "12:30",
    ".5",
    "true",
    "=",
    ".nan",
]


@pytest.mark.parametrize("written", WRITTEN)
def test_yaml_target_keeps_its_text(tmp_path: Path, written: str) -> None:
    """An unquoted YAML target is loaded as the text as written."""
    task = load(tmp_path, f"task:\nsamples:\n  - {{input: a, target: {written}}}\nscorers: [exact]\n")
    assert task.samples[0].target == written


@pytest.mark.parametrize("written", ["1.10", "1e3", "1E400", "-0", "true", "12345678901234567890123"])
def test_json_target_keeps_its_text(tmp_path: Path, written: str) -> None:
    """A JSON number or boolean as target is loaded as the text as written."""
    text = f'{{"task": "", "samples": [{{"input": 1.0, "target": [{written}]}}], "scorers": ["exact"]}}'
    sample = load(tmp_path, text, "t.json").samples[0]
    assert (sample.input, sample.target) == ("1.0", (written,))


@pytest.mark.parametrize("written", ["~", "null", ""])
def test_explicit_null_target_is_none(tmp_path: Path, written: str) -> None:
    """`~`, `null` and an empty value mean that the sample has no target."""
    task = load(tmp_path, f"task:\nsamples:\n  - input: a\n    target: {written}\nscorers: [exact]\n")
    assert task.samples[0].target is None


def test_quoted_null_is_text(tmp_path: Path) -> None:
    """A quoted `null` is the text null."""
    task = load(tmp_path, "task:\nsamples: [{input: a, target: 'null'}]\nscorers: [exact]\n")
    assert task.samples[0].target == "null"


def test_parameters_and_metadata_have_natural_types(tmp_path: Path) -> None:
    """In parameters and metadata, numbers and booleans keep their types."""
    text = "task:\nsamples: [{input: a, metadata: {n: 3, f: 1.5, b: true, s: no}}]\n"
    task = load(tmp_path, text + "scorers: [{numeric: {abs_tol: 1e-3, take: last, on: true}}]\n")
    assert task.samples[0].metadata == {"n": 3, "f": 1.5, "b": True, "s": "no"}
    assert task.scorers[0].params == {"abs_tol": 0.001, "take": "last", "on": True}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("task: t\ntask: u\n" + REST, 2, "'task' appears twice (first on line 1)"),
        ("task: t\nsamples: [\n", 3, "not YAML"),
        ("task: t\nprompt: {{ input }}\n" + REST, 2, "quote a template"),
        (
            "task: t\nsystem: !!python/name:os.system x\n" + REST,
            2,
            "tag 'tag:yaml.org,2002:python/name:os.system'",
        ),
        ("task: t\nmetadata: " + "[" * 60 + "]" * 60, 2, "more than 50 levels deep"),
        ("task: t\nmetadata: " + "[" * 100_000, 2, "more than 50 levels deep"),
        ("task: t\n---\ntask: u\n", 2, "second YAML document"),
        ("task: t\nsystem: *nowhere\n", 2, "alias *nowhere"),
        ("task: t\nmetadata: &a [*a]\n", 2, "alias *a"),
        ("task: t\nsystem: \a\n", 2, "not YAML"),
        ("- task: t\n", None, "must be a mapping"),
        ("", None, "must be a mapping"),
    ],
)
def test_refused_yaml_is_reported_with_its_line(tmp_path: Path, text: str, line: int | None, words: str) -> None:
    """The message for valid YAML that task files forbid names it and its line."""
    error = fault(tmp_path, text)
    assert words in str(error)
    assert error.line == line or line is None


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('{"task": "t",\n "samples": [{"input": 1,\n "input": 2}]}', 3, "'input' appears twice"),
        ('{"task": "t",\n,}', 2, "not JSON"),
        ('{"task": "t",\n "threshold": NaN}', 2, "NaN is not a JSON number"),
        ('{"task": "t",\n "system": "\\ud800"}', 2, "lone surrogate"),
        ('{"task":\n' + "[" * 60 + "]" * 60 + "}", 2, "more than 50 levels deep"),
        ('{"task":\n' + "[" * 200_000 + "]" * 200_000 + "}", None, "deep"),
    ],
)
def test_refused_json_is_reported_with_its_line(tmp_path: Path, text: str, line: int | None, words: str) -> None:
    """The message for JSON that Python accepts and task files forbid names it and its line."""
    error = fault(tmp_path, text, "t.json")
    assert words in str(error)
    assert error.line == line or line is None


def test_surrogate_pair_is_a_character(tmp_path: Path) -> None:
    """A surrogate pair of escapes in JSON is one allowed character."""
    text = '{"task": null, "samples": [{"input": "\\ud83d\\ude00"}], "scorers": ["exact"]}'
    assert load(tmp_path, text, "t.json").samples[0].input == "\N{GRINNING FACE}"


def test_alias_bomb_is_refused(tmp_path: Path) -> None:
    """Aliases that would expand to millions of values are refused."""
    levels = [
        f"{name}: &{name} [{', '.join(['*' + before] * 9)}]"
        for before, name in zip("abcdefg", "bcdefgh", strict=True)
    ]
    text = "task: t\na: &a [x, x, x, x, x, x, x, x, x]\n" + "\n".join(levels)
    assert "aliases expand to more than 10000 values" in str(fault(tmp_path, text))


def test_small_alias_is_allowed(tmp_path: Path) -> None:
    """An alias has the value of its anchor."""
    text = "task:\nsystem: &words Be brief.\ndescription: *words\n" + REST
    assert load(tmp_path, text).description == "Be brief."


def test_huge_task_file_is_refused(tmp_path: Path) -> None:
    """A task file of more than 5 MB is refused before it is parsed."""
    assert "too large: 5.7 MB, the limit is 5 MB" in str(fault(tmp_path, "task: t\n#" + "x" * 6_000_000))


def test_other_encodings_are_refused(tmp_path: Path) -> None:
    """A file that is not UTF-8 is refused with the line of the first invalid byte."""
    error = fault(tmp_path, "task: t\ndescription: \xe9\n".encode("latin-1"))
    assert (error.line, error.message) == (2, "is not UTF-8 (byte 0xe9); save it as UTF-8")


def test_byte_order_mark_is_tolerated(tmp_path: Path) -> None:
    """A UTF-8 byte order mark is ignored."""
    assert load(tmp_path, b"\xef\xbb\xbftask: t\n" + REST.encode()).name == "t"


def test_json_and_yaml_load_the_same_task(tmp_path: Path) -> None:
    """The same content in JSON and in YAML has the same task hash."""
    data = {"task": "t", "samples": [{"input": "a", "target": "1.50"}], "scorers": ["exact"], "epochs": 2}
    in_json = load(tmp_path, json.dumps(data), "t.json")
    in_yaml = load(tmp_path, "task: t\nsamples: [{input: a, target: 1.50}]\nscorers: [exact]\nepochs: 2\n")
    assert in_json.hash == in_yaml.hash


words = st.sampled_from(
    ["task", "samples", "input", "target", "scorers", "exact", "fields", "prompt", "{{", "}}", "[", "]"]
)
marks = st.sampled_from(
    [": ", "\n", "- ", "  ", "&a ", "*a", "!!str ", "'", '"', "|", "~", ",", "{", "}", "?", "---\n", "\t"]
)
values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(words | st.text(), inner),
    max_leaves=12,
)
fuzz = settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])


@fuzz
@given(st.lists(words | marks | st.text(max_size=5), max_size=30).map("".join))
def test_random_yaml_loads_or_raises_task_error(tmp_path: Path, text: str) -> None:
    """Loading any YAML file returns a Task or raises TaskError."""
    load_or_refuse(tmp_path, "task:\n" + text, "t.yaml")


@fuzz
@given(st.fixed_dictionaries({"task": values}, optional={"samples": values, "scorers": values, "generate": values}))
def test_random_json_loads_or_raises_task_error(tmp_path: Path, data: object) -> None:
    """Loading any JSON file returns a Task or raises TaskError."""
    load_or_refuse(tmp_path, json.dumps(data), "t.json")


@fuzz
@given(
    st.dictionaries(st.sampled_from(["id", "input", "target", "choices", "metadata", "x"]), values),
    st.binary(),
)
def test_random_rows_load_or_raise_task_error(tmp_path: Path, row: object, tail: bytes) -> None:
    """Loading a task with any data file returns a Task or raises TaskError."""
    for suffix in ("jsonl", "json", "csv"):
        (tmp_path / f"rows.{suffix}").write_bytes(json.dumps(row).encode() + b"\n" + tail)
        load_or_refuse(tmp_path, f"task:\nsamples: rows.{suffix}\nscorers: [exact]\n", "t.yaml")


def load_or_refuse(folder: Path, text: str, name: str) -> None:
    with contextlib.suppress(TaskError):
        task = load(folder, text.encode("utf-8", "replace"), name)
        assert isinstance(task, Task)
        json.dumps([sample.id for sample in task.samples], ensure_ascii=False).encode()
