"""`tournament` and `judge-audit` take the options of calls: addresses, budget, prices, cassettes."""

from __future__ import annotations

import json

import pytest
from support.folder import Folder

COMMANDS = (("tournament", "last"), ("judge-audit", "last"))
JUDGE = ("--judge", "scripted:judge.json")


@pytest.fixture
def ran(sums: Folder) -> Folder:
    """A run of two strategies, and a judge that finds the first answer better."""
    sums.replies(judge={"role": "judge", "contains": "", "reply": "another answer"})
    sums.write("judge.json", json.dumps({"default": "[[A]]"}))
    options = ["--provider", "scripted:replies.json", "--strategy", "single", "--strategy", "debate"]
    assert sums.command("run", *options).ret == 0
    return sums


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
def test_a_judge_is_recorded_and_replayed(ran, command):
    """With --record the judge's calls are written; with --replay no judge is needed."""
    recorded = ran.command(*command, *JUDGE, "--record", "cassettes")
    assert recorded.ret == 0, recorded.errlines
    (ran.path / "judge.json").unlink()
    for games in ran.path.glob("reports/runs/*/games.jsonl"):
        games.unlink()
    assert ran.command(*command, *JUDGE).ret == 4
    replayed = ran.command(*command, *JUDGE, "--replay", "cassettes")
    assert (replayed.ret, replayed.outlines) == (0, recorded.outlines)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--timeout", "-5"), "--hl-timeout '-5'"),
        (("--budget", "much"), "--hl-budget 'much'"),
        (("--base-url", "nowhere"), "--hl-base-url 'nowhere'"),
        (("--prices", "no.yaml"), "no such file"),
        (("--replay", "nowhere"), "no such folder"),
        (("--concurrency", "0"), "--hl-concurrency '0'"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_a_wrong_option_is_refused_before_the_judge_is_asked(ran, command, options, message):
    """A wrong option exits with 4 and one clear line, as in `run`."""
    printed = ran.command(*command, *JUDGE, *options)
    assert printed.ret == 4
    assert message in "\n".join(printed.errlines)


def test_the_users_prices_hold_for_a_judge(ran):
    """hiddenlayer-prices.yaml in the root is read, as in `run`."""
    price = '{provider: scripted, model: "*", since: 2020-01-01, input: 1000000, output: 0}'
    ran.write("hiddenlayer-prices.yaml", f"prices:\n  - {price}\n")
    audit = json.loads("\n".join(ran.command("judge-audit", "last", *JUDGE, "--json").outlines))
    assert audit["cost_usd"] > 100


def test_a_judges_budget_ends_its_calls(ran):
    """Calls that do not fit into --budget are not made."""
    price = '{provider: scripted, model: "*", since: 2020-01-01, input: 1000000, output: 0}'
    ran.write("hiddenlayer-prices.yaml", f"prices:\n  - {price}\n")
    printed = ran.command("judge-audit", "last", *JUDGE, "--budget", "1")
    assert printed.ret == 1
    assert any("does not cover this call: it may cost" in line for line in (*printed.outlines, *printed.errlines))


def test_a_judge_of_the_conftest_is_found(ran):
    """Providers that conftest.py registers can judge finished runs."""
    ran.write(
        "conftest.py",
        "from pytest_hiddenlayer import provider\n"
        "from pytest_hiddenlayer.providers.scripted import ScriptedProvider\n\n"
        '@provider("always_a")\nclass AlwaysA(ScriptedProvider):\n'
        '    default_model = "a"\n'
        "    def __init__(self, model=None):\n"
        '        super().__init__("a", script={"default": "[[A]]"})\n',
    )
    assert ran.command("tournament", "last", "--judge", "always_a").ret == 0
