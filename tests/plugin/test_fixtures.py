"""@pytest.mark.task on functions, the fixtures, and what a conftest may replace."""

from __future__ import annotations

import pytest
from support.folder import ids

FUNCTIONS = """
import pytest


@pytest.mark.task("evals/sums.yaml")
def test_answer(sample, strategy, provider, judge, evaluate):
    record = evaluate()
    assert record.sample_id == sample.id
    assert record.strategy == strategy.name
    assert provider.model == "replies.json"
    assert judge is provider
    assert record.answer == sample.target
"""

EXTENDS = """
import pytest_hiddenlayer
from pytest_hiddenlayer import Answer
from pytest_hiddenlayer.types import Completion, Usage


@pytest_hiddenlayer.strategy("shout")
async def shout(context, *, times: int = 1):
    completion = await context.ask(context.messages, role="answer")
    return Answer(output=completion.text + "!" * times)


@pytest_hiddenlayer.scorer("loud")
def loud(output, sample, *, marks: int = 2):
    return min(1.0, output.count("!") / marks)


@pytest_hiddenlayer.provider("echo")
class Echo:
    def __init__(self, model=None):
        self.model = model or "echo"

    async def complete(self, request):
        text = request.messages[-1].content
        return Completion(text=text, finish_reason="stop", usage=Usage(calls=1), latency_s=0.0, model=self.model)

    async def close(self):
        pass
"""


def test_marker_parametrizes(sums, workers):
    """A marked function runs for every sample, with the five fixtures; its records are in the run log."""
    sums.write("test_it.py", FUNCTIONS)
    result = sums.run("test_it.py", *workers)
    result.assert_outcomes(passed=3)
    assert sorted(record["sample_id"] for record in sums.records()) == ["s0", "s1", "s2"]


def test_marker_ids(sums):
    """A marked function's ids contain sample, strategy and model; each selects its item."""
    sums.write("test_it.py", FUNCTIONS)
    found = ids(sums.run("test_it.py", "--co", "-q"))
    assert found == [f"test_it.py::test_answer[s{i}-single-scripted:replies.json]" for i in range(3)]
    assert ids(sums.run(found[1], "--co", "-q")) == [found[1]]


def test_failing_assertion_is_failed(sums):
    """A failing assertion in a test module is a failure."""
    sums.write("test_it.py", FUNCTIONS)
    sums.replies(wrong=[1])
    result = sums.run("test_it.py")
    result.assert_outcomes(passed=2, failed=1)
    assert result.ret == 1


def test_marker_strategies_and_limit(sums):
    """The marker's strategies and limit replace the task file's; --strategy takes precedence over the marker."""
    marked = FUNCTIONS.replace(
        '.yaml")', '.yaml", strategies=["debate", {"self_consistency": {"n_samples": 2}}], limit=1)'
    )
    sums.write("test_it.py", marked)
    assert [line.partition("[")[2] for line in ids(sums.run("test_it.py", "--co", "-q"))] == [
        "s0-debate-scripted:replies.json]",
        "s0-self_consistency.n_samples=2-scripted:replies.json]",
    ]
    assert len(ids(sums.run("test_it.py", "--co", "-q", "--strategy", "single", "--limit", "2"))) == 2


@pytest.mark.parametrize(
    ("mark", "arguments", "said"),
    [
        ('"nowhere.yaml"', "evaluate", "*nowhere.yaml*"),
        ('"evals/sums.yaml"', "", "*needs one of the fixtures sample, strategy, provider, judge, evaluate*"),
        (
            '"evals/sums.yaml", strategies=["singel"]',
            "evaluate",
            "*unknown strategy 'singel', did you mean 'single'*",
        ),
    ],
)
def test_wrong_marker(sums, mark, arguments, said):
    """A wrong marker is one clear collection error without a traceback, as a faulty task file is."""
    sums.write("test_it.py", f"import pytest\n\n\n@pytest.mark.task({mark})\ndef test_x({arguments}): pass\n")
    result = sums.run("test_it.py")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines([said])
    assert "Traceback" not in result.stdout.str()
    assert result.ret == 1


def test_fixture_without_marker(sums):
    """Asking for `evaluate` without a marker is an error that says which marker is missing."""
    sums.write("test_it.py", "def test_x(evaluate): pass\n")
    result = sums.run("test_it.py")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*put @pytest.mark.task('NAME.yaml') on the function*"])


@pytest.mark.parametrize(
    ("fixture", "body"),
    [
        ("sample", "return dataclasses.replace(sample, input='q1.', target='a1')"),
        ("strategy", "return theirs"),
        ("provider", "return Theirs()"),
    ],
)
def test_override_in_a_conftest(sums, fixture, body):
    """A conftest's `sample`, `strategy` or `provider` decides the answers of a task file; no other call is made."""
    sums.replies(wrong=[0, 1, 2])
    sums.write(
        "conftest.py",
        f"""
import dataclasses
import pytest
from pytest_hiddenlayer import Answer
from pytest_hiddenlayer.types import Completion, Usage

CALLS = []


async def theirs(context):
    CALLS.append(1)
    return Answer(output=context.sample.target)


class Theirs:
    model = "theirs"

    async def complete(self, request):
        CALLS.append(1)
        text = request.messages[-1].content.replace("q", "a").rstrip(".")
        return Completion(text=text, finish_reason="stop", usage=Usage(calls=1), latency_s=0.0, model=self.model)


@pytest.fixture
def {fixture}({"sample" if fixture == "sample" else ""}):
    {body}
""",
    )
    result = sums.run("--hl-gate=off")
    assert len(sums.records()) == 3
    if fixture == "sample":
        assert {record["input"] for record in sums.records()} == {"q1."}
    else:
        result.assert_outcomes(passed=3)


def test_override_of_evaluate(sums):
    """A conftest's `evaluate` makes the record: no call is prefetched."""
    sums.write(
        "conftest.py",
        """
import pytest


@pytest.fixture
def evaluate(evaluate, sample):
    if sample.id == "s1":
        pytest.skip("not today")
    return evaluate
""",
    )
    result = sums.run("--hl-gate=off")
    result.assert_outcomes(passed=2, skipped=1)
    assert sorted(record["sample_id"] for record in sums.records()) == ["s0", "s2"]


def test_strategy_scorer_and_provider_of_a_conftest(folder, workers):
    """A strategy, a scorer and a provider that a conftest registers are found by their names."""
    folder.write("conftest.py", EXTENDS)
    folder.task(n=2, strategies=["shout", {"shout": {"times": 2}}], scorers=["loud"], pass_score=1.0)
    result = folder.run("--hl-gate=off", *workers, provider="echo")
    result.assert_outcomes(passed=2, xfailed=2)
    result.stdout.fnmatch_lines(
        [
            "PASSED evals/sums.yaml::s0?shout.times=2-echo?",
            "XFAIL evals/sums.yaml::s0?shout-echo? - partial: *score 0.5*",
        ]
    )


def test_strategy_that_raises_is_an_error(folder):
    """An exception of a conftest's strategy is an error of its item, and names the strategy; other items run."""
    text = EXTENDS.replace("    completion =", "    if context.sample.id == 's0':\n        1 / 0\n    completion =")
    folder.write("conftest.py", text)
    folder.task(n=2, strategies=["shout"], scorers=["loud"])
    result = folder.run("--hl-gate=off", provider="echo")
    result.assert_outcomes(passed=1, errors=1)
    error = "strategy 'shout' raised ZeroDivisionError: division by zero (conftest.py:10)"
    result.stdout.fnmatch_lines([f"*no answer: {error}"])
