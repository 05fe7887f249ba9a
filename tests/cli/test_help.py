"""The help of every command: its examples are there, and each is a command line that is accepted."""

from __future__ import annotations

import argparse
import json
import re
import shlex

import pytest

from pytest_hiddenlayer.cli import command_parser, doctor, main

EXAMPLE = re.compile(r"^  (?:\S+ \S+ \| )?hiddenlayer (.*)$", re.MULTILINE)


def commands() -> dict[str, argparse.ArgumentParser]:
    """Name → parser of every subcommand."""
    (subcommands,) = [a for a in command_parser()._actions if isinstance(a, argparse._SubParsersAction)]
    return dict(subcommands.choices)


def examples(text: str) -> list[list[str]]:
    """The words of each example; what follows two spaces is its explanation, what follows `>` a file."""
    lines = [re.split(r"   ?(?=\S)|  +| > | \| | && ", line)[0] for line in EXAMPLE.findall(text)]
    return [shlex.split(line) for line in lines]


@pytest.mark.parametrize("name", commands())
def test_every_command_shows_examples_that_it_accepts(name):
    """`hiddenlayer COMMAND --help` ends with examples of this command, and each parses."""
    text = commands()[name].format_help()
    assert "\nexamples:\n" in text
    shown = examples(text.partition("\nexamples:\n")[2])
    assert shown
    for words in shown:
        assert words[0] == name
        parsed, unknown = command_parser().parse_known_args(words)
        assert not unknown, words
        assert callable(parsed.run)


def test_the_examples_of_the_command_itself_parse():
    """So do those of `hiddenlayer --help`."""
    shown = examples(command_parser().format_help())
    assert len(shown) >= 5
    for words in shown:
        assert not command_parser().parse_known_args(words)[1], words


def test_the_help_lists_every_command():
    """`hiddenlayer --help` names every command with one line."""
    text = command_parser().format_help()
    for name in commands():
        assert re.search(rf"^    {name}\s", text, flags=re.MULTILINE), name


def test_show_diff_and_cache_print_json(sums):
    """`show`, `show --sample`, `diff` and `cache` print JSON that a program can read."""
    sums.run("--hl-gate=off")
    sums.replies(wrong=[1])
    sums.run("--hl-gate=off")
    new, old = sorted((run.name for run in sums.runs()), key=_started(sums), reverse=True)

    def printed(*words: str) -> object:
        return json.loads(sums.command(*words, "--json").stdout.str())

    (cell,) = printed("show", new)
    assert (cell["task"], cell["n_samples"]) == ("sums", 3)
    (record,) = printed("show", new, "--sample", "s1")
    assert (record["outcome"], record["transcript"][0]["completion"]) == ("incorrect", "no")
    (flipped,) = printed("diff", old, new)["flipped"]
    assert (flipped["change"], flipped["sample_id"]) == ("newly wrong", "s1")
    assert (flipped["old"]["answer"], flipped["new"]["answer"]) == ("a1", "no")
    cache = printed("cache", "--path", "none.sqlite")
    assert (cache["rows"], cache["removed"]) == (0, None)


@pytest.mark.parametrize(("works", "status"), [(True, 0), (False, 1)])
def test_doctor_prints_json(works, status, capsys, monkeypatch):
    """`doctor --json` has each provider with what was found, and the exit status of `doctor`."""
    monkeypatch.setattr(doctor, "_check", lambda name: (name in doctor.WITHOUT_MODEL or works, "as found"))
    assert main(["doctor", "--json"]) == status
    printed = json.loads(capsys.readouterr().out)
    found = {entry["provider"]: entry["works"] for entry in printed["providers"]}
    assert (found["mlx"], found["scripted"]) == (works, True)
    assert printed["packages"]["pytest"]


def _started(folder):
    def started(run_id: str) -> str:
        return json.loads((folder.path / "reports" / "runs" / run_id / "run.json").read_text())["started_at"]

    return started


def test_the_help_of_ask_describes_one_question(capsys):
    """`ask` takes one model and one strategy, so its help promises no repetition of them."""
    with pytest.raises(SystemExit):
        main(["ask", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert "repeat it to compare models" not in text
    assert "task files" not in text
    assert "a GGUF file, a hub name or smollm2" in text
