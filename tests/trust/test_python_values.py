"""Whatever a user's code returns, raises or changes costs that item at most, and every file is strict JSON."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any, cast

import pytest
from support import python_values
from support.folder import Folder
from support.python_values import ERRORS, VALUES
from support.records import record
from support.trust_scale import times

from pytest_hiddenlayer.calls.plain_completion import plain_completion
from pytest_hiddenlayer.calls.reported_values import checked_completion
from pytest_hiddenlayer.engine.plain_json import MAX_TOTAL, bounded_json, check_json
from pytest_hiddenlayer.extensions.errors import describe_error, error_traceback
from pytest_hiddenlayer.extensions.values import MAX_SHOWN, shown, text_of
from pytest_hiddenlayer.results.metrics.judges import judge_metrics
from pytest_hiddenlayer.types import Completion, Usage

CONFTEST = """
import asyncio, os, sys
sys.path.insert(0, os.path.dirname(__file__))
from python_values import VALUES, ERRORS
from pytest_hiddenlayer import Answer, Score, provider, scorer, strategy
from pytest_hiddenlayer.types import Completion, Usage

NAMES = NAMES_HERE
USAGE = Usage(input_tokens=1, output_tokens=1, calls=1)
RIGHT = "a0"

def made(sample_id):
    return NAMES[int(sample_id[1:])]

def value(sample):
    name = made(sample.id)
    return VALUES[name]() if name else None

def throw(sample):
    name = made(sample.id)
    if name:
        raise ERRORS[name]()

@scorer("returned")
def returned(output, sample):
    return value(sample) if made(sample.id) else 1.0

@scorer("thrown")
def thrown(output, sample):
    throw(sample)
    return 1.0

FIELD = "FIELD_HERE"

@scorer("score")
async def score(output, sample):
    values = dict(value=1.0, answer="a", explanation="b", details={"c": 1})
    if made(sample.id):
        values[FIELD] = {"x": value(sample)} if FIELD == "details" else value(sample)
    return Score(**values)

@scorer("whole_details")
async def whole_details(output, sample):
    return Score(value=1.0, details=value(sample) if made(sample.id) else {})

def parsed(output, sample):
    return value(sample) if made(sample.id) else output

@scorer("parsed")
def parsed_scorer(output, sample):
    return 1.0
parsed_scorer.parse = parsed

@strategy("returned")
async def returned_strategy(context):
    completion = await context.ask(context.messages, role="answer")
    return value(context.sample) if made(context.sample.id) else Answer(output=completion.text)

@strategy("thrown")
async def thrown_strategy(context):
    completion = await context.ask(context.messages, role="answer")
    throw(context.sample)
    return Answer(output=completion.text)

@strategy("answer")
async def answer(context):
    completion = await context.ask(context.messages, role="answer")
    values = dict(output=completion.text)
    if made(context.sample.id):
        values[FIELD] = {"x": value(context.sample)} if FIELD == "metadata" else value(context.sample)
    return Answer(**values)

@strategy("whole_metadata")
async def whole_metadata(context):
    completion = await context.ask(context.messages, role="answer")
    return Answer(output=completion.text, metadata=value(context.sample) if made(context.sample.id) else {})

@strategy("asked")
async def asked(context):
    arguments = dict(role="answer", round=0, defaults=None, schema=None, top_logprobs=0, model="", judge=False)
    del arguments["defaults"]
    prompt = context.messages
    if made(context.sample.id):
        if FIELD == "prompt":
            prompt = value(context.sample)
        else:
            arguments[FIELD] = value(context.sample)
    completion = await context.ask(prompt, **arguments)
    return Answer(output=completion.text)

@strategy("parsing")
async def parsing(context):
    completion = await context.ask(context.messages, role="answer")
    return Answer(output=str(context.parse(completion.text)))

def completion(**values):
    return Completion(**{**dict(text=RIGHT, finish_reason="stop", usage=USAGE, latency_s=0.1, model="m"), **values})

@provider("completing")
class Completing:
    def __init__(self, model=None):
        self.model = model or "m"
    async def complete(self, request):
        name = NAMES[int(request.sample_id[1:])]
        return completion(**({FIELD: VALUES[name]()} if name else {}))
    async def close(self):
        pass

@provider("returning")
class Returning(Completing):
    async def complete(self, request):
        name = NAMES[int(request.sample_id[1:])]
        return VALUES[name]() if name else completion()

@provider("throwing")
class Throwing(Completing):
    async def complete(self, request):
        name = NAMES[int(request.sample_id[1:])]
        if name:
            raise ERRORS[name]()
        return completion()

@provider("plain")
class Plain(Completing):
    async def complete(self, request):
        return completion()
"""

PLACES = (
    "conftest.py:",
    "python_values.py:",
    "scorer '",
    "strategy '",
    "provider '",
    "model '",
    "judge '",
    "the provider of ",
    "the answer ended with",
)
"""One of these is in each error: the user's file and line, or the name of what the user wrote."""


def strict(text: str) -> Any:
    """The value of strict JSON: no NaN, no Infinity, no lone surrogate, no number that is no double."""

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    text.encode("utf-8")
    value = json.loads(text, parse_constant=refuse)
    json.dumps(value, ensure_ascii=False).encode("utf-8")
    return value


def check(
    folder: Folder, form: dict[str, Any], names: list[str], *options: str, field: str = "", provider: str = "plain"
) -> dict[str, Any]:
    """Run an item for each value between two right answers; returns the record of each value."""
    write(folder, form, names, field)
    result = folder.run("--hl-gate=off", *options, provider=provider)
    printed = result.stdout.str() + result.stderr.str()
    assert "INTERNALERROR" not in printed
    assert "Traceback" not in printed
    assert result.ret in (0, 1)
    return checked_run(folder, names)


def write(folder: Folder, form: dict[str, Any], names: list[str], field: str) -> None:
    """Write a project whose code makes these values."""
    folder.write("python_values.py", Path(python_values.__file__).read_text(encoding="utf-8"))
    around = ["", *names, ""]
    folder.write("conftest.py", CONFTEST.replace("NAMES_HERE", repr(around)).replace("FIELD_HERE", field))
    samples = [{"id": f"s{i}", "input": f"q{i}.", "target": "a0"} for i in range(len(around))]
    folder.task(**{"samples": samples, **form})


def checked_run(folder: Folder, names: list[str]) -> dict[str, Any]:
    """The record of each value, after a look at all files: strict JSON, a page, and the right answers are right."""
    (run,) = (folder.path / "reports" / "runs").glob("2*")
    lines = (run / "records.jsonl").read_text(encoding="utf-8").splitlines()
    records = {record["sample_id"]: record for record in map(strict, lines)}
    for name in ("summary.json", "run.json"):
        strict((run / name).read_text(encoding="utf-8"))
    assert (run / "report.html").exists()
    assert len(records) == len(lines) == len(names) + 2
    assert {records["s0"]["outcome"], records[f"s{len(names) + 1}"]["outcome"]} == {"correct"}
    errors = [record["error"] for record in records.values() if record["outcome"] == "error"]
    assert [error for error in errors if not any(place in error for place in PLACES)] == []
    return {name: records[f"s{i + 1}"] for i, name in enumerate(names)}


RETURNED = [name for name in VALUES if name != "coroutine"]
FEW = [
    "nan",
    "huge",
    "cyclic list",
    "wide",
    "raises",
    "exits",
    "odd text",
    "endless mapping",
    "odd keys",
    "surrogate",
]
PLACES_OF_VALUES: list[tuple[dict[str, Any], str, str]] = [
    ({"scorers": ["returned"]}, "", "plain"),
    ({"strategies": ["answer"]}, "metadata", "plain"),
    ({"scorers": ["score"]}, "details", "plain"),
    ({}, "logprobs", "completing"),
    ({"strategies": ["returned"]}, "", "plain"),
    ({}, "", "returning"),
    *(({"scorers": ["score"]}, field, "plain") for field in ("value", "answer", "explanation")),
    *(({"strategies": ["answer"]}, field, "plain") for field in ("output", "finish_reason", "outcome", "error")),
    ({"scorers": ["whole_details"]}, "", "plain"),
    ({"strategies": ["whole_metadata"]}, "", "plain"),
    ({"scorers": ["parsed"], "strategies": ["parsing"]}, "", "plain"),
    *(
        ({"strategies": ["asked"]}, field, "plain")
        for field in ("prompt", "role", "round", "schema", "top_logprobs", "model", "judge", "defaults")
    ),
    *(({}, name, "completing") for name in (field.name for field in fields(Completion)) if name != "logprobs"),
]
RAISED: list[tuple[dict[str, Any], str]] = [
    ({"scorers": ["thrown"]}, "plain"),
    ({"strategies": ["thrown"]}, "plain"),
    ({}, "throwing"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("form", "field", "provider"), PLACES_OF_VALUES[: times(4, len(PLACES_OF_VALUES))])
def test_a_value_costs_its_item_at_most(folder: Folder, form: dict[str, Any], field: str, provider: str) -> None:
    """Whatever a scorer, a strategy or a provider returns, or puts into it, the other items are scored."""
    check(folder, form, times(0, 1) * RETURNED or FEW, field=field, provider=provider)


@pytest.mark.slow
@pytest.mark.parametrize(("form", "provider"), RAISED[: times(2, len(RAISED))])
def test_an_exception_costs_its_item(folder: Folder, form: dict[str, Any], provider: str) -> None:
    """Whatever a scorer, a strategy or a provider raises, SystemExit included, the other items are scored."""
    records = check(folder, form, list(ERRORS), provider=provider)
    assert {record["outcome"] for record in records.values()} == {"error"}


@pytest.mark.slow
def test_with_workers_too(folder: Folder) -> None:
    """With -n 2 the other items are scored as well."""
    check(folder, {"scorers": ["score"], "strategies": ["answer"]}, FEW, "-n", "2", field="answer")


EVALUATE = """
import conftest, pytest_hiddenlayer as hl
hl.evaluate("evals/sums.yaml", provider="plain")
"""


@pytest.mark.slow
def test_from_python_too(folder: Folder) -> None:
    """`evaluate` returns a run with a record for each."""
    write(folder, {"scorers": ["returned"]}, FEW, "")
    done = folder.script(EVALUATE)
    assert done.ret == 0
    checked_run(folder, FEW)


@pytest.mark.parametrize("name", [name for name in VALUES if name not in ("coroutine", "future")])
def test_every_value_becomes_strict_json(name: str) -> None:
    """Its JSON is bounded, with a note where something was left out, and so is its text where it is shown."""
    for value in (VALUES[name](), {"k": [VALUES[name]()]}):
        plain = bounded_json(value)
        text = json.dumps(plain, allow_nan=False, ensure_ascii=False)
        assert strict(text) == plain
        assert len(text) < 3 * MAX_TOTAL
        assert len(shown(value)) < 2 * MAX_SHOWN
        assert type(text_of(value)) is str


@pytest.mark.parametrize(
    "details",
    [
        {"opinions": 5},
        {"opinions": ["x"]},
        {"opinions": [{"scale": "1-5", "verdict": "great", "model": "m"}]},
        {"opinions": [{"scale": "no-yes", "verdict": {}, "model": "m"}]},
        {"pairs": "ab"},
        {"pairs": [{"winner": "a"}], "chars": [1]},
        {"pairs": [{"winner": [1]}], "chars": [1, 2]},
    ],
)
def test_details_under_the_keys_of_a_judge_are_ignored(details: dict[str, Any]) -> None:
    """A user's scorer may use these names for something else; the metrics of judges leave it out."""
    scores = {"own": {"value": 1.0, "answer": "a", "explanation": "", "details": details}}
    assert judge_metrics([record("s0", 1.0, scores=scores)]) == {}


DURATIONS = {"huge": 10**6000, "max": 1e308, "nan": float("nan"), "negative": -1, "text": "1"}


@pytest.mark.parametrize("name", DURATIONS)
def test_a_duration_that_cannot_be_is_left_out_of_sums(name: str) -> None:
    """A duration that is negative, huge or not a number adds 0 seconds, so the sum of a cell is a number."""
    usage, duration = Usage(calls=1), cast("float", DURATIONS[name])
    completion = Completion(text="a", finish_reason="stop", usage=usage, latency_s=duration, model="m")
    assert checked_completion(plain_completion(completion), "m").latency_s == 0.0


@pytest.mark.parametrize("name", ERRORS)
def test_every_exception_is_described(name: str) -> None:
    """The description and the traceback of an exception are bounded texts."""
    error = ERRORS[name]()
    assert type(error).__name__ in describe_error(error)
    assert len(describe_error(error)) < 21_000
    assert error_traceback(error)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nan", r"\['k'\]\[0\] is nan, which JSON does not have"),
        ("set", r"\['k'\]\[0\] is of type set, which JSON does not have"),
        ("cyclic dict", "more than 500 levels, or contains itself"),
        ("deep", "more than 500 levels"),
        ("wide", "more than 200,000 values"),
        ("endless mapping", "more than 200,000 values"),
        ("odd keys", r"the key \(1, 2\) is of type tuple|the key <tuple"),
    ],
)
def test_metadata_that_is_no_json_is_an_error_with_its_place(name: str, message: str) -> None:
    """The metadata of an answer says where it is not JSON."""
    with pytest.raises((TypeError, ValueError), match=message):
        check_json({"k": [VALUES[name]()]})
