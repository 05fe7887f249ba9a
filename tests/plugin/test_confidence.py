"""`--hl-confidence`: the records keep measures of how sure the model was."""

from __future__ import annotations

import json
import math

import pytest

OPTION = "--hl-confidence=tokens"
TOP = [{"a": math.log(0.5), "b": math.log(0.5)}, {"a": math.log(0.9), "b": math.log(0.1)}]


@pytest.fixture
def scripted(folder):
    """One sample, whose answer has log-probabilities and alternatives."""
    folder.task(n=1, scorers=["keyword"])
    rule = {"contains": "q0.", "reply": "answer a0", "logprobs": [math.log(0.5), math.log(0.9)], "top_logprobs": TOP}
    folder.write("replies.json", json.dumps({"rules": [rule]}))
    return folder


def _records(folder) -> list[dict[str, object]]:
    """All records, in the order of the runs."""
    runs = sorted(folder.runs(), key=lambda run: run.stat().st_ctime_ns)
    return [json.loads(line) for run in runs for line in (run / "records.jsonl").read_text().splitlines()]


def _measures(folder) -> list[dict[str, float] | None]:
    """What each run kept of its only call."""
    return [record["transcript"][0].get("confidence") for record in _records(folder)]


def test_measures_are_kept_on_request_only(scripted, workers):
    """Without the option a record has no measures; with it its call and its answer have all of them."""
    scripted.run(*workers)
    scripted.run(OPTION, *workers)
    plain, measured = _records(scripted)
    assert "confidence" not in plain["transcript"][0]
    assert plain["confidence"] == {}
    assert measured["confidence"] == measured["transcript"][0]["confidence"]
    assert measured["confidence"]["mean_logprob"] == pytest.approx((math.log(0.5) + math.log(0.9)) / 2)
    assert measured["confidence"]["margin"] == pytest.approx(0.4)
    assert len(measured["confidence"]) == 10


def test_the_ini_key_and_spelling(scripted):
    """`hl_confidence = tokens` is the option; kinds may be separated by commas and spaces."""
    scripted.write("pytest.ini", "[pytest]\nhl_confidence = tokens, tokens\n")
    scripted.run()
    assert _measures(scripted)[0]["margin"] == pytest.approx(0.4)


def test_cassettes_the_cache_and_resume_keep_measures(scripted):
    """A recorded, a cached and a resumed answer have the measures of the call that was made."""
    scripted.run(OPTION, "--record", "calls")
    scripted.run(OPTION, "--replay", "calls")
    scripted.run(OPTION, "--hl-cache=all")
    scripted.run(OPTION, "--hl-cache=all")
    scripted.run(OPTION, "--resume", "last")
    first, *others = _measures(scripted)
    assert len(others) == 4
    for measures in others:
        assert measures == pytest.approx(first, abs=1e-4)


def test_a_cassette_without_them_is_no_answer(scripted):
    """Calls that were recorded without the option are missing under it, and the message says what to do."""
    scripted.run("--record", "calls")
    missing = scripted.run(OPTION, "--replay", "calls")
    assert missing.ret == 1
    assert "measures of confidence (asked with --hl-confidence, recorded without)" in "\n".join(missing.outlines)


def test_a_resumed_run_says_that_old_answers_have_none(scripted):
    """Answers that were given without the option have no measures, and the run says so once."""
    scripted.run()
    printed = scripted.run(OPTION, "--resume", "last")
    assert _records(scripted)[-1]["confidence"] == {}
    assert "answers that --hl-resume reuses have no measures" in "\n".join(printed.outlines)


def test_a_provider_without_them_is_named_once(folder):
    """If a provider returns none, the run says so once per model; its records have no measures, and never 0."""
    folder.task(n=3)
    folder.replies()
    printed = folder.run(OPTION)
    assert printed.ret == 0
    assert len([line for line in printed.outlines if "returned no log-probabilities" in line]) == 1
    assert [record["confidence"] for record in _records(folder)] == [{}, {}, {}]


@pytest.mark.parametrize("kinds", ["token", "tokens,ptrue", ","])
def test_an_unknown_kind_is_a_usage_error(scripted, kinds):
    """A misspelt kind ends the run before anything is asked, and the message lists the kinds."""
    printed = scripted.run(f"--hl-confidence={kinds}")
    assert printed.ret == 4
    assert "write one or more of tokens, p_true, verbalized" in "\n".join([*printed.outlines, *printed.errlines])
    assert scripted.runs() == []


def test_votes_have_their_semantic_entropy(folder):
    """The answer of self-consistency has the entropy of its votes, and the measures of the sample that it chose."""
    folder.task(n=1, strategies=[{"self_consistency": {"n_samples": 4}}])
    rules = [
        {"role": f"sample-{i}", "reply": text, "logprobs": [-0.1 * i], "top_logprobs": [TOP[0]]}
        for i, text in enumerate(("no", "a0", "a0", "a0"), 1)
    ]
    folder.write("replies.json", json.dumps({"rules": rules}))
    folder.run(OPTION)
    (record,) = _records(folder)
    assert record["confidence"]["mean_logprob"] == pytest.approx(-0.2)
    assert record["confidence"]["semantic_entropy"] == pytest.approx(
        -(0.25 * math.log(0.25) + 0.75 * math.log(0.75)), abs=1e-9
    )


def test_a_cassette_keeps_entropies_of_the_vocabulary(folder):
    """The bundled model's entropy, which is that of its whole vocabulary, is the same in a replay."""
    folder.task(n=1)
    mlx = ["--provider", "mlx", "--hl-max-tokens", "4"]
    folder.run(OPTION, *mlx, "--record", "calls", provider=None)
    folder.run(OPTION, *mlx, "--replay", "calls", provider=None)
    first, replayed = _measures(folder)
    assert first["entropy"] > 0
    assert replayed == pytest.approx(first, abs=1e-3)


ABOUT = "--hl-confidence=p_true,verbalized"


@pytest.fixture
def asked(folder):
    """One sample; the model says A with probability 0.8 of A and B, then 70."""
    folder.task(n=1, scorers=["keyword"])
    a_or_b = [{"A": math.log(0.8), "B": math.log(0.2)}]
    rules = [
        {
            "role": "confidence",
            "contains": "Possible answer",
            "reply": "A",
            "logprobs": [-0.2],
            "top_logprobs": a_or_b,
        },
        {"role": "confidence", "reply": "70"},
        {"contains": "q0.", "reply": "answer a0"},
    ]
    folder.write("replies.json", json.dumps({"rules": rules}))
    return folder


def test_the_model_is_asked_about_its_answer(asked):
    """P(True) and the stated number are measures of the record; the calls are in the transcript, not the answer."""
    asked.run(ABOUT)
    (record,) = _records(asked)
    assert record["confidence"] == {"p_true": pytest.approx(0.8), "verbalized": pytest.approx(0.7)}
    assert record["output"] == "answer a0"
    assert [call["role"] for call in record["transcript"]] == ["answer", "confidence", "confidence"]
    assert record["answer_metadata"]["scoring_calls"] == 2
    assert record["usage"]["calls"] == 3


def test_an_unreadable_reply_is_unknown(asked):
    """A reply without a number leaves the confidence unknown, the terminal says so, and the answer is as it was."""
    rules = [{"role": "confidence", "reply": "Sure!"}, {"contains": "q0.", "reply": "answer a0"}]
    asked.write("replies.json", json.dumps({"rules": rules}))
    printed = asked.run("--hl-confidence=verbalized").stdout.str()
    (record,) = _records(asked)
    assert "1 x verbalized unknown: the reply is not one number from 0 to 100\n" in printed
    assert record["confidence"] == {}
    assert record["outcome"] == "correct"
    assert "the reply is not one number" in record["answer_metadata"]["elicited_confidence"]["verbalized"]["why"]


def test_a_failed_question_is_no_failed_answer(asked):
    """If the call about the answer fails, the answer keeps its score."""
    rules = [{"role": "confidence", "error": "server said 500"}, {"contains": "q0.", "reply": "answer a0"}]
    asked.write("replies.json", json.dumps({"rules": rules}))
    asked.run("--hl-confidence=p_true")
    (record,) = _records(asked)
    assert (record["outcome"], record["confidence"]) == ("correct", {})
    assert "500" in record["answer_metadata"]["elicited_confidence"]["p_true"]["why"]


def test_recorded_answers_cannot_be_asked(folder):
    """The provider of recorded answers has no model to ask: a usage error says so before anything runs."""
    folder.task(n=1, outputs={"s0": "a0"})
    printed = folder.run("--hl-confidence=p_true", provider="recorded")
    assert printed.ret == 4
    assert "only has recorded answers" in "\n".join([*printed.outlines, *printed.errlines])


def test_every_measure_is_calibrated(folder):
    """The summary and `hiddenlayer show --calibration` have each measure that 10 scored answers have."""
    folder.task(n=12, scorers=["keyword"])
    rules = [
        {
            "contains": f"q{n}.",
            "reply": f"answer a{n}" if n % 3 else "no",
            "logprobs": [-0.1 * n],
            "top_logprobs": [{"a": -0.1 * n, "b": -3.0}],
        }
        for n in reversed(range(12))
    ]
    folder.write("replies.json", json.dumps({"rules": rules}))
    folder.run(OPTION)
    (cell,) = json.loads((folder.runs()[-1] / "summary.json").read_text())
    measures = cell["confidence_measures"]
    assert set(measures) == set(_records(folder)[0]["confidence"])
    assert measures["margin"]["ece"]["mean"] is not None
    assert (measures["margin"]["n_bins"], measures["margin"]["binning"]) == (10, "equal width")
    assert measures["entropy"]["ece"] is None
    assert measures["mean_logprob"]["auroc"]["mean"] == cell["calibration"]["auroc"]["mean"]
    shown = "\n".join(folder.command("show", "last", "--calibration").outlines)
    assert "lowest_group_confidence" in shown
    assert "WQD" in shown
