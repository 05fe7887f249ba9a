"""`hiddenlayer votes` and `hl.replay_votes`: what a rule would have answered and saved, from stored samples."""

from __future__ import annotations

import json

import pytest
from support.folder import Folder

from pytest_hiddenlayer.analysis.votes.comparison import parse_rule, replay_records
from pytest_hiddenlayer.analysis.votes.replay import replay_vote
from pytest_hiddenlayer.analysis.votes.stored_samples import stored_question
from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.strategies.bind import bind_strategy, parse_strategy
from pytest_hiddenlayer.types import Record

# question → samples in order; each target is "1"
ANSWERS = {
    "unanimous": "1 1 1 1 1 1 1 1",
    "late": "2 2 2 2 1 1 1 1",
    "mixed": "1 2 1 2 1 1 3 1",
}


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A run of three questions with eight samples each, by a scripted model with log-probabilities."""
    folder = Folder(tmp_path_factory.mktemp("votes"))
    rows = [{"id": name, "input": name, "target": "1"} for name in ANSWERS]
    folder.write("evals/t.yaml", "task: t\nsamples: " + json.dumps(rows) + "\nscorers: [numeric]\n")
    rules = [
        {"contains": name, "role": f"sample-{i}", "reply": text, "logprobs": [-0.1 if text == "1" else -2.0]}
        for name, texts in ANSWERS.items()
        for i, text in enumerate(texts.split(), 1)
    ]
    folder.write("replies.json", json.dumps({"rules": rules}))
    assert folder.run("--hl-strategy", "self_consistency:n_samples=8", "--hl-gate=off").ret == 0
    return folder


def rules_of(folder, *rules: str, orders: int = 0) -> dict[str, dict]:
    (cell,) = replay_records([Record(**values) for values in folder.records()], rules, orders=orders)
    return {rule["rule"]: rule for rule in cell.to_json()["rules"]}


def test_the_stored_order_is_replayed(ran):
    """adaptive: 4 calls where all agree, 4 where a wrong answer leads, 8 where they are mixed; a third is saved."""
    rules = rules_of(ran, "stop=adaptive")
    assert rules["plurality"]["accuracy"] == pytest.approx(2 / 3)  # the tie of `late` goes to 2, seen first
    adaptive = rules["stop=adaptive"]
    assert adaptive["samples"] == pytest.approx((4 + 4 + 8) / 3)
    assert adaptive["saved"] == pytest.approx(1 / 3)
    assert (adaptive["questions"], adaptive["verdict"]) == (3, "underpowered")


def test_weights_are_replayed_from_log_probabilities(ran):
    """The tie of `late` goes to the surer answer, so that all three questions are right."""
    rules = rules_of(ran, "weights=mean_logprob")
    assert rules["weights=mean_logprob"]["accuracy"] == 1.0
    assert rules["weights=mean_logprob"]["difference"] == pytest.approx(1 / 3)


def test_random_orders_are_averaged_and_seeded(ran):
    """Over random orders the tie of `late` is right about half of the time, the same with the same seed."""
    first, again = (rules_of(ran, "stop=adaptive", orders=200) for _ in range(2))
    assert first == again
    assert 2 / 3 + 0.1 < first["plurality"]["accuracy"] < 1 - 0.1
    assert 4 < first["stop=adaptive"]["samples"] < 8


def test_a_rule_without_its_confidence_says_how_to_get_it(ran):
    """A rule whose confidence was not recorded has no figures, and names the option for the next run."""
    printed = ran.command("votes", "last").stdout.str()
    assert "weights=p_true: no p_true in this run; run self_consistency with weights=p_true" in printed
    assert "no tail_confidence in this run; run self_consistency with weights=tail_confidence or --hl-conf" in printed
    assert "stop=adaptive" in printed


@pytest.mark.parametrize(
    ("rule", "message"),
    [("stop=soon", "stop must be one of"), ("n_samples=3", "n_samples changes the samples"),
     ("", "write parameters of self_consistency as key=value"),
     ("stop", "'stop': write parameters"), ("batch=2,batch=3", "batch was given twice"),
     ("temperature=1", "temperature changes the samples"), ("keep_top=0.5", "write filter_by=")],
)  # fmt: skip
def test_a_wrong_rule_is_a_usage_error(rule, message):
    """A rule that makes no sense, or that would need other samples, is a usage error."""
    with pytest.raises(UsageError, match=message):
        parse_rule(rule)


def test_the_command_prints_what_python_returns(ran):
    """`hiddenlayer votes --json` prints the replayed rules, and a wrong rule is exit status 4."""
    printed = ran.command("votes", "last", "--json", "--rule", "stop=adaptive")
    returned = json.dumps(list(rules_of(ran, "stop=adaptive").values()))
    assert json.loads(printed.stdout.str())[0]["rules"] == json.loads(returned)
    assert ran.command("votes", "last", "--rule", "stop=soon").ret == 4


def test_a_run_without_samples_is_a_usage_error(folder):
    """A run without self_consistency cannot be replayed, and the error says what to run."""
    folder.task()
    folder.replies()
    folder.run("--hl-strategy", "single", "--hl-gate=off")
    result = folder.command("votes", "last")
    assert result.ret == 4
    assert "run with --strategy self_consistency:n_samples=8" in result.stderr.str()


def test_samples_of_a_stopped_run_are_refused(folder):
    """A run that stopped early has no complete set of samples."""
    folder.task()
    folder.replies()
    folder.run("--hl-strategy", "self_consistency:n_samples=8,stop=adaptive", "--hl-gate=off")
    with pytest.raises(UsageError, match="run again without `stop`"):
        replay_records([Record(**values) for values in folder.records()])


def test_python_prints_the_same_table(ran):
    """`hl.replay_votes` has the cells of the command, and prints its table."""
    code = "import pytest_hiddenlayer as hl; r = hl.replay_votes('last', 'stop=adaptive'); print(r); r.to_json()"
    result = ran.script(code)
    assert result.ret == 0, result.stderr
    assert "stop=adaptive" in result.stdout.str()


RULES = ("stop=adaptive", "stop=early,window=3", "weights=mean_logprob,vote_temperature=0.1",
         "weights=tail_confidence,weighting=raw,keep_top=0.3")  # fmt: skip


def live_and_replayed(folder, model: tuple[str, ...], task: str, n: int, rules: tuple[str, ...] = RULES) -> None:
    """Assert that runs with each rule equal the replay of one full run, record by record."""
    folder.write("evals/t.yaml", task)
    full = f"self_consistency:n_samples={n},weights=tail_confidence"
    strategies = [full, *(f"self_consistency:n_samples={n},{rule}" for rule in rules)]
    arguments = [part for strategy in strategies for part in ("--hl-strategy", strategy)]
    folder.run(*arguments, "--hl-gate=off", *model, provider="mlx")
    records = [Record(**values) for values in folder.records()]
    whole = bind_strategy(parse_strategy(full)).label
    stored = {r.sample_id: stored_question(r) for r in records if r.label == whole}
    compared = 0
    for rule in rules:
        parsed = parse_rule(rule)
        label = bind_strategy(parse_strategy(f"self_consistency:n_samples={n},{rule}")).label
        for live in (r for r in records if r.label == label):
            replayed = replay_vote(stored[live.sample_id], parsed)
            answer, calls = live.answer_metadata["vote"]["answer"], live.usage["calls"]
            assert (replayed.answer, replayed.samples) == (answer, calls), (rule, live.sample_id)
            assert replayed.score == live.score
            compared += 1
    assert compared == len(rules) * len(stored)


TASK = """task: t
samples:
  - {id: a, input: "Calculate 38*47.", target: 1786}
  - {id: b, input: "Calculate 8+7.", target: 15}
scorers: [numeric]
generate: {max_tokens: 24}
"""


SHORT_TASK = """task: t
samples: [{id: a, input: "What is 2+3? Answer with a number.", target: 5}]
scorers: [numeric]
generate: {max_tokens: 12}
"""


def test_live_rules_equal_the_replay_of_the_full_run(folder):
    """With the bundled model, every rule asks and answers as its replay from a full run, record by record."""
    live_and_replayed(folder, (), TASK, 7)


@pytest.mark.slow
def test_live_rules_equal_the_replay_with_smollm2(folder):
    """With SmolLM2 too, every rule asks and answers as its replay from a full run."""
    live_and_replayed(folder, ("--model", "smollm2"), SHORT_TASK, 4, RULES[1:2])
