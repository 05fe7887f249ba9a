"""Options: plain and prefixed names, ini keys, precedence, wrong values."""

from __future__ import annotations

import pytest
from support.folder import ids

OWNER = """
def pytest_addoption(parser):
    parser.addoption("--model", default="theirs")
    parser.addoption("--limit", default="theirs")


def pytest_report_header(config):
    return f"theirs: {config.getoption('--model')} {config.getoption('--limit')}"
"""


@pytest.mark.parametrize("prefix", ["--", "--hl-"])
@pytest.mark.parametrize(
    ("option", "params"),
    [
        (["provider", "scripted:x"], "[single-scripted:x]"),
        (["model", "some/Model"], "[single-mlx:model]"),
        (["strategy", "debate"], "[debate-mlx]"),
        (["epochs", "2"], "[single-mlx#2]"),
    ],
)
def test_plain_and_prefixed(sums, prefix, option, params):
    """Each option works under its plain and its prefixed name."""
    name, value = option
    result = sums.run("--co", "-q", "--hl-gate=off", prefix + name, value, provider=None)
    assert ids(result)[-1] == f"evals/sums.yaml::s2{params}"


@pytest.mark.parametrize("name", ["--limit", "--hl-limit"])
def test_limit_plain_and_prefixed(sums, name):
    """--limit and --hl-limit are the same."""
    assert len(ids(sums.run("--co", "-q", "--hl-gate=off", name, "2"))) == 2


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("hl_provider = scripted:x", "s2[single-scripted:x]"),
        ("hl_strategy = debate", "s2[debate-mlx]"),
        ("hl_limit = 1", "s0[single-mlx]"),
        ("hl_epochs = 2", "s2[single-mlx#2]"),
        ("hl_gate = off", "s2[single-mlx]"),
    ],
)
def test_ini_key(sums, key, found):
    """Each option has an ini key."""
    gate = "" if "gate" in key else "hl_gate = off\n"
    sums.write("pytest.ini", f"[pytest]\n{gate}{key}\n")
    assert ids(sums.run("--co", "-q", provider=None))[-1] == f"evals/sums.yaml::{found}"


def test_command_line_takes_precedence_over_ini(sums):
    """The command line takes precedence over the ini file."""
    sums.write("pytest.ini", "[pytest]\nhl_limit = 1\nhl_provider = mlx\nhl_strategy = debate\n")
    found = ids(sums.run("--co", "-q", "--limit", "2", "--strategy", "single", "--hl-gate=off"))
    assert found == [f"evals/sums.yaml::s{i}[single-scripted:replies.json]" for i in range(2)]


def test_ini_takes_precedence_over_task_file(sums):
    """The ini file takes precedence over the task file."""
    sums.task(epochs=3, n=1)
    sums.write("pytest.ini", "[pytest]\nhl_epochs = 2\n")
    assert len(ids(sums.run("--co", "-q", "--hl-gate=off"))) == 2


def test_two_strategies_and_two_models(sums):
    """--strategy and --provider are repeatable: each pair is a cell."""
    options = ["--strategy", "single", "--strategy", "debate", "--provider", "scripted", "--provider", "scripted:b"]
    found = ids(sums.run("--co", "-q", "-k", "s0", *options, provider=None))
    assert [line.partition("::")[2] for line in found] == [
        "s0[single-scripted]",
        "s0[single-scripted:b]",
        "s0[debate-scripted]",
        "s0[debate-scripted:b]",
    ]


def test_a_conftest_keeps_its_option(sums):
    """A conftest that defines --model and --limit keeps them; --hl-model and --hl-limit still work."""
    sums.write("conftest.py", OWNER)
    result = sums.run("--model", "A", "--limit", "B", "--hl-limit", "1", "--hl-gate=off")
    result.stdout.fnmatch_lines(["theirs: A B"])
    result.assert_outcomes(passed=1)


def test_another_plugin_keeps_its_option(sums):
    """A plugin loaded with -p that defines --model and --limit keeps them."""
    sums.write("theirs.py", OWNER)
    result = sums.run("-p", "theirs", "--model", "A", "--hl-limit", "1", "--hl-gate=off")
    result.stdout.fnmatch_lines(["theirs: A theirs"])
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--limit", "many"], "--hl-limit 'many': write a whole number of at least 1"),
        (["--limit", "0"], "--hl-limit '0': write a whole number of at least 1"),
        (["--epochs", "1.5"], "--hl-epochs '1.5': write a whole number of at least 1"),
        (["--hl-temperature", "nan"], "--hl-temperature 'nan': write a number of at least 0"),
        (["--hl-gate", "on"], "--hl-gate 'on': write regression, threshold, require, off"),
        (
            ["--provider", "scriptd"],
            "unknown provider 'scriptd', did you mean 'scripted'?*mlx*PROVIDER:MODEL*",
        ),
        (["--provider", "mlx:"], "--hl-provider 'mlx:': write PROVIDER or PROVIDER:MODEL"),
        (["--provider", "mlx", "--provider", "mlx"], "--hl-provider mlx was given twice; leave one out"),
        (["--strategy", "debat"], "unknown strategy 'debat', did you mean 'debate'?*"),
        (
            ["--strategy", "debate:n_agent=5"],
            "strategy 'debate': no parameter 'n_agent', did you mean 'n_agents'*",
        ),
        (["--strategy", "debate:n_agents"], "--hl-strategy 'debate:n_agents': 'n_agents' is not key=value*"),
        (["--model", "m", "--provider", "mlx", "--provider", "scripted"], "--hl-model 'm' needs exactly one*"),
        (
            ["--model", "m", "--provider", "scripted:x"],
            "--hl-model 'm' needs exactly one --hl-provider without a model*",
        ),
    ],
)
def test_wrong_value_is_one_clear_line(sums, options, said):
    """A wrong option is a usage error: exit status 4, one line that says what to write, nothing created."""
    before = sums.files()
    result = sums.run(*options, provider=None)
    assert result.ret == 4
    result.stderr.fnmatch_lines([f"ERROR: {said}"])
    assert "Traceback" not in result.stderr.str()
    assert sums.files() == before


def test_wrong_ini_value_is_a_usage_error(sums):
    """A wrong value in the ini file is the same usage error."""
    sums.write("pytest.ini", "[pytest]\nhl_limit = many\n")
    result = sums.run()
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: ini key hl_limit = many (*pytest.ini): write a whole number*"])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("hl_limitt = 3", "unknown ini key hl_limitt (*pytest.ini), did you mean 'hl_limit'?"),
        ("hl-limit = 3", "unknown ini key hl-limit (*pytest.ini), did you mean 'hl_limit'?"),
        ("HL_Limit = 3", "unknown ini key HL_Limit (*pytest.ini), did you mean 'hl_limit'?"),
        (f"hl_{'x' * 10_000} = 3", f"unknown ini key hl_{'x' * 56}… (*pytest.ini); remove it"),
        (f"hl_limit = {'x' * 10_000}", f"ini key hl_limit = {'x' * 199}… (*pytest.ini): write a whole number"),
        ("hl_strict = maybe", "ini key hl_strict*'maybe'*"),
        ("hl_epochs = 0", "ini key hl_epochs = 0 (*pytest.ini): *"),
    ],
)
def test_a_wrong_ini_file_is_a_usage_error_in_both_front_ends(sums, line, message):
    """pytest and the command refuse the same line before anything is collected, and name the key."""
    sums.write("pytest.ini", f"[pytest]\n{line}\n")
    for result in (sums.run(), sums.command("run", "--provider", "scripted:replies.json")):
        assert result.ret == 4
        result.stderr.fnmatch_lines([f"*{message}*"])


def test_judge_option_selects_the_judge(folder):
    """--judge sends the judge's call, and no other, to that model; the table no longer marks the cell."""
    folder.replies()
    folder.task(strategies=["debate"])
    folder.write("judge.json", {"default": "verdict"})
    result = folder.run("--judge", "scripted:judge.json")
    assert {record["output"] for record in folder.records()} == {"verdict"}
    assert {call["model"] for r in folder.records() for call in r["transcript"][:-1]} == {"replies.json"}
    assert "judged by the candidate" not in result.stdout.str()


def test_the_same_model_twice_is_refused(folder):
    """A provider's default model, named once more, is the same model."""
    folder.task()
    result = folder.run("--provider", "scripted", "--provider", "scripted:scripted", provider=None)
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*are the same model; leave one out*"])
