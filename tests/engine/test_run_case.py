"""Running one case: outcomes, scores and errors."""

from __future__ import annotations

import pytest
from support.cases import run

from pytest_hiddenlayer.engine.cases import cases, cells
from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.options import RunOptions
from pytest_hiddenlayer.registry import scorer, strategy
from pytest_hiddenlayer.strategies.bind import parse_strategy
from pytest_hiddenlayer.taskfile import load_task
from pytest_hiddenlayer.types import Answer, ModelName


@pytest.mark.parametrize(
    ("rule", "outcome"),
    [
        ({"reply": "yes"}, "correct"),
        ({"reply": "maybe"}, "incorrect"),
        ({"reply": " \n"}, "empty"),
        ({"reply": "\u00a0\u200b\ufeff"}, "empty"),
        ({"reply": "yes", "finish_reason": "length"}, "truncated"),
        ({"reply": "no way", "finish_reason": "content_filter"}, "refused"),
        ({"error": "server said 500"}, "error"),
    ],
)
def test_outcomes(case, rule, outcome):
    """The completion decides the outcome; only a complete answer has a score."""
    record = run(case(), {"rules": [rule]})
    assert record.outcome == outcome
    assert (record.score is None) == (outcome not in ("correct", "incorrect"))
    assert outcome in ("correct", "incorrect") or record.error


def test_partial_credit(case):
    """A score between 0 and pass_score is partial."""
    record = run(case("{rules: {max_words: 1, require: [yes, no]}}"), {"default": "yes"})
    assert (record.outcome, round(record.score, 3)) == ("partial", 0.667)


@pytest.mark.parametrize(
    ("written", "outcome"), [(None, "partial"), (0.5, "correct"), (0.6, "correct"), (0.7, "partial")]
)
def test_pass_score_decides_what_is_correct(case, written, outcome):
    """Two of three kept rules are partial, unless the task's pass_score is at most 2/3."""
    more = "" if written is None else f"pass_score: {written}\n"
    record = run(case("{rules: {max_words: 1, require: [yes, no]}}", more=more), {"default": "yes"})
    assert record.outcome == outcome


def test_without_target_a_second_scorer_leaves_it_unscored(tmp_path):
    """A second scorer that needs a target gives a sample without one no score, and the reason."""
    samples = "[{id: a, input: q}, {id: b, input: q, target: x}]"
    (tmp_path / "u.yaml").write_text(f"task: u\nsamples: {samples}\nscorers: [{{rules: {{max_words: 9}}}}, exact]\n")
    options = RunOptions(providers=(ModelName(provider="scripted"),))
    case = next(cases(cells(load_task(tmp_path / "u.yaml", tmp_path), options)[0]))
    record = run(case, {"default": "x"})
    assert record.outcome == "correct"
    assert (record.scores["exact"]["value"], record.scores["exact"]["explanation"]) == (None, "no target")


def test_the_first_scorer_is_the_headline(case):
    """The first scorer decides outcome, score and answer; the second adds its score."""
    record = run(case("exact, keyword"), {"default": "YES"})
    assert (record.outcome, record.score, record.answer) == ("incorrect", 0.0, "YES")
    assert {name: score["value"] for name, score in record.scores.items()} == {"exact": 0.0, "keyword": 1.0}


def test_a_strategy_may_set_the_outcome(case):
    """If a strategy sets an outcome and an error, the record has both and no scores."""

    @strategy("test_engine_gives_up")
    async def gives_up(context):
        return Answer(output="yes", outcome="refused", error="asked for too much")

    record = run(case(strategies=(parse_strategy("test_engine_gives_up"),)), {})
    assert (record.outcome, record.error, record.scores) == ("refused", "asked for too much", {})


def test_a_scorers_calls_are_in_the_transcript(case):
    """A scorer's calls are logged and counted like a strategy's calls."""

    @scorer("test_engine_judged")
    async def judged(output, sample, ask):
        return (await ask("Is it right?", role="grader", judge=True)).text == "yes"

    record = run(case("test_engine_judged"), {"default": "yes"})
    assert [call["role"] for call in record.transcript] == ["answer", "grader"]
    assert (record.outcome, record.usage["calls"]) == ("correct", 2)


@pytest.mark.parametrize("verdict", [float("nan"), 2, "good"])
def test_an_invalid_score_is_an_error(case, verdict):
    """If a scorer returns an invalid score, the record's outcome is `error` and its score is None."""
    scorer("test_engine_odd")(lambda output, sample: verdict)
    record = run(case("test_engine_odd"), {"default": "yes"})
    assert (record.outcome, record.score) == ("error", None)
    assert "test_engine_odd" in record.error


def test_a_strategy_or_scorer_that_raises_is_an_error_record(case):
    """An exception in a user's strategy or scorer makes an error record that names it."""

    @strategy("test_engine_breaks")
    async def breaks(context):
        raise KeyError("oops")

    @scorer("test_engine_fails")
    def fails(output, sample):
        raise ZeroDivisionError("no")

    first = run(case(strategies=(parse_strategy("test_engine_breaks"),)), {})
    second = run(case("test_engine_fails"), {"default": "x"})
    assert [first.outcome, second.outcome] == ["error", "error"]
    assert "KeyError" in first.error
    assert "ZeroDivisionError" in second.error


@pytest.mark.parametrize("returned", [None, "yes"])
def test_a_strategy_without_an_answer_is_an_error_record(case, returned):
    """A strategy that does not return an Answer makes an error record that names it."""

    @strategy("test_engine_forgets")
    async def forgets(context):
        return returned

    record = run(case(strategies=(parse_strategy("test_engine_forgets"),)), {})
    assert record.outcome == "error"
    assert "test_engine_forgets" in record.error


def test_a_strategy_that_is_not_async_says_so(case):
    """`def` in place of `async def` is an error record that says what to write."""

    @strategy("test_engine_plain")
    def plain(context):
        return Answer(output="yes")

    record = run(case(strategies=(parse_strategy("test_engine_plain"),)), {})
    assert record.outcome == "error"
    assert "define it with `async def`" in record.error


@pytest.mark.parametrize("call", [{"round": "first"}, {"round": -1}, {"round": True}, {"role": 1}, {"role": None}])
def test_a_wrong_role_or_round_is_an_error_record(case, call):
    """A role that is no text, or a round that is no whole number, never reaches the log, which could not be read."""

    @strategy("test_engine_rounds")
    async def rounds(context):
        completion = await context.ask("x", **{"role": "agent-1", **call})
        return Answer(output=completion.text)

    record = run(case(strategies=(parse_strategy("test_engine_rounds"),)), {"default": "yes"})
    assert record.outcome == "error"
    assert "round a whole number of at least 0" in record.error
    assert record.transcript == []


def test_calls_before_an_error_are_kept(case):
    """An error record counts the calls that have a response."""
    script = {"rules": [{"role": "judge", "error": "server said 500"}], "default": "yes"}
    record = run(case(strategies=(parse_strategy("debate"),)), script)
    assert (record.outcome, record.usage["calls"], record.output, record.scores) == ("error", 6, None, {})


def test_a_usage_error_is_raised(case):
    """A usage error in a strategy is raised, because every sample would repeat it."""

    @strategy("test_engine_misused")
    async def misused(context):
        raise UsageError("use it otherwise")

    with pytest.raises(UsageError, match="use it otherwise"):
        run(case(strategies=(parse_strategy("test_engine_misused"),)), {})
