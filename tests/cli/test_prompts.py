"""`hiddenlayer prompts`, and runs with own wordings: what is refused, recorded, compared and resumed."""

from __future__ import annotations

import json
import re

import pytest
from support.folder import Folder

import pytest_hiddenlayer as hl
from pytest_hiddenlayer.cli import main
from pytest_hiddenlayer.engine.for_strategies.prompt_lists import copy_prompts
from pytest_hiddenlayer.strategies.prompt_files import prompt_names, prompt_sets

AGENTS = ["--strategy", "debate:n_agents=2,aggregation=majority", "--provider", "scripted:replies.json"]
STRATEGY = '''
from pytest_hiddenlayer import Answer, strategy


@strategy("asks_twice", prompts="prompts")
async def asks_twice(context):
    """Asks, and asks again."""
    first = await context.ask(context.messages, role="answer")
    text = context.render("asks_twice/again", task=context.prompt, answer=first.text)
    second = await context.ask(text, role="answer", round=1)
    return Answer(output=second.text, finish_reason=second.finish_reason)
'''
AGAIN = "{# Asks again. Variables: task, answer. #}\n{{ task }} You said {{ answer }}. Sure?\n"


@pytest.fixture
def reworded(sums: Folder) -> Folder:
    """A folder with a task, and with an own wording of a debate's second round."""
    sums.write("words/debate/reconsider.txt", "{{ task }} Others: {{ answers | join(', ') }}.\n")
    return sums


def test_the_list_shows_each_prompt_with_set_variables_and_purpose(folder):
    """`prompts` lists every prompt; `prompts list STRATEGY` those of one strategy."""
    rows = [line.split()[:4] for line in folder.command("prompts").outlines]
    assert ["debate/judge", "general", "task,", "answers"] in rows
    assert "chain_of_thought/think" in {row[0] for row in rows}
    printed = json.loads(folder.command("prompts", "--json", "list", "debate").stdout.str())
    assert {entry["set"] for entry in printed} == {"general", "nano-2"}
    assert [prompt.name for prompt in hl.prompts("debate")] == [entry["name"] for entry in printed]


def test_show_prints_the_text_of_a_set(folder):
    """`prompts show` prints the file, in the wording of the set that is named."""
    assert "Several agents answered" in folder.command("prompts", "show", "debate/judge").stdout.str()
    assert "Other agents said" in folder.command("prompts", "show", "debate/judge", "--set", "nano-2").stdout.str()


def test_copies_are_used_and_never_overwrite(sums):
    """A copied folder changes nothing until it is edited, and a second copy is refused as a whole."""
    assert sums.command("prompts", "copy", "debate", "words").ret == 0
    assert {"judge.txt", "reconsider.txt"} <= {path.name for path in (sums.path / "words" / "debate").iterdir()}
    (sums.path / "words" / "debate" / "judge.txt").unlink()
    again = sums.command("prompts", "copy", "debate", "words")
    assert again.ret == 4
    assert "exists already, and nothing is overwritten" in again.stderr.str()
    assert not (sums.path / "words" / "debate" / "judge.txt").exists()


def test_a_copy_says_that_another_model_has_its_own_wording(tmp_path, monkeypatch, capsys):
    """Copies replace what the bundled model was trained on too: the command says so, and how to copy that."""
    monkeypatch.chdir(tmp_path)
    assert main(["prompts", "copy", "debate", "words"]) == 0
    assert "debate/judge, debate/reconsider; for this model copy them with --set nano-2" in capsys.readouterr().out
    assert main(["prompts", "copy", "debate", "nano", "--set", "nano-2"]) == 0
    assert main(["prompts", "copy", "mad", "words"]) == 0
    assert "note" not in capsys.readouterr().out


@pytest.mark.parametrize("files", prompt_sets())
def test_every_copy_is_accepted_as_it_is(tmp_path, files):
    """Each built-in prompt uses only variables that its first line names, so a copy of any set can be used."""
    strategies = {name.partition("/")[0] for name in prompt_names(files)}
    copied = [path for strategy in sorted(strategies) for path in copy_prompts(strategy, tmp_path, files)]
    own = [prompt for prompt in hl.prompts(folder=tmp_path) if not prompt.prompt_set]
    assert [prompt.path for prompt in own] == sorted(copied)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("list", "debat"), "no prompts of 'debat', did you mean 'debate'?"),
        (("show", "debate/jugde"), "did you mean 'debate/judge'; `hiddenlayer prompts` lists"),
        (("show", "rationale/after", "--set", "nano-2"), "leave out --set"),
        (("show", "debate/judge", "--set", "nano2"), "did you mean 'nano-2'?"),
        (("copy", "rationale", "x", "--set", "nano-2"), "set 'nano-2' has no prompts of 'rationale'"),
    ],
)
def test_a_name_that_does_not_exist_leads_to_the_right_one(tmp_path, monkeypatch, capsys, arguments, reason):
    """A misspelt strategy, prompt or set is one sentence, exit status 4."""
    monkeypatch.chdir(tmp_path)
    assert main(["prompts", *arguments]) == 4
    assert reason in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("file", "text", "reason"),
    [
        ("debate/reconsidr.txt", "{{ task }}", "did you mean 'debate/reconsider'?"),
        ("debate/reconsider.md", "{{ task }}", "no strategy has a prompt of this name"),
        ("reconsider.txt", "{{ task }}", "no strategy has a prompt of this name"),
        ("debate/reconsider.txt", "{{ tsk }}", "no variable 'tsk', did you mean 'task'? (it has: task, answers)"),
        ("debate/reconsider.txt", "{{ task", "'debate/reconsider' is wrong: template line 1"),
        ("debate/reconsider.txt", "{# Asks again. #}\n{{ task", "template line 2"),
        ("debate/reconsider.txt", "{# Asks again. #}\n \n", "has no text; write what is asked, or remove the file"),
        ("readme.md", "words", "it has no file STRATEGY/NAME.txt"),
    ],
)
def test_a_file_that_no_strategy_reads_is_refused(folder, file, text, reason):
    """A wrong name, suffix, variable or template is one sentence with the path."""
    folder.write(f"words/{file}", text)
    with pytest.raises(hl.UsageError, match=re.escape(reason)):
        hl.prompts(folder=folder.path / "words")


def test_a_wrong_file_stops_a_run_before_anything_is_asked(sums):
    """The command exits with 4 and has asked nothing."""
    sums.write("words/debate/reconsidr.txt", "{{ task }}")
    result = sums.command("run", *AGENTS, "--prompts", "words")
    assert result.ret == 4
    assert "did you mean 'debate/reconsider'?" in result.stderr.str()
    assert sums.runs() == []


def test_a_folder_that_does_not_exist_is_an_error(sums):
    """pytest refuses a missing folder too."""
    result = sums.run("--hl-strategy", "debate", "--hl-prompts", "missing")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*--hl-prompts*missing*no such folder*"])


def test_an_own_wording_is_in_record_and_summary(reworded):
    """Record and summary name the prompts that were used and are not built in; `single` uses none."""
    assert reworded.command("run", *AGENTS, "--strategy", "single", "--prompts", "words").ret == 0
    debates = [record for record in reworded.records() if record["strategy"] == "debate"]
    assert {tuple(record["answer_metadata"]["own_prompts"]) for record in debates} == {("debate/reconsider",)}
    asked = debates[0]["transcript"][-1]["messages"][-1]["content"]
    assert asked == "q0. Others: a0."
    assert [sorted(cell.get("prompts", {})) for cell in reworded.summary()] == [["debate/reconsider"], []]


def test_a_gate_and_a_comparison_say_that_prompts_changed(reworded):
    """The committed baseline has the built-in wording: gate and `compare` name the prompt."""
    reworded.command("run", *AGENTS, "--snapshot-update")
    gated = reworded.run("--hl-strategy", AGENTS[1], "--hl-prompts", "words")
    gated.stdout.fnmatch_lines(["*prompts changed: debate/reconsider (built-in wording, now own wording *"])
    first, second = sorted(run.name for run in reworded.runs())
    compared = reworded.command("compare", first, second).stdout.str()
    assert "prompts changed: debate/reconsider" in compared
    reworded.command("run", *AGENTS, "--prompts", "words", "--snapshot-update")
    again = reworded.run("--hl-strategy", AGENTS[1], "--hl-prompts", "words")
    assert "prompts changed" not in again.stdout.str()


def test_a_resumed_run_asks_again_if_a_prompt_changed(reworded):
    """Answers to another wording are not reused; those of `single` are."""
    run = ("run", *AGENTS, "--strategy", "single", "--prompts", "words")
    reworded.command(*run)
    assert "6 of 6 answers reused" in reworded.command(*run, "--resume", "last").stdout.str()
    reworded.write("words/debate/reconsider.txt", "{{ task }} They said: {{ answers | join(', ') }}.\n")
    assert "3 of 6 answers reused" in reworded.command(*run, "--resume", "last").stdout.str()


def test_a_strategy_of_the_user_has_its_prompts_beside_its_file(sums):
    """`prompts=` of the decorator names a folder next to the file; --prompts replaces its files too."""
    sums.write("conftest.py", STRATEGY)
    sums.write("prompts/asks_twice/again.txt", AGAIN)
    twice = ("run", "--strategy", "asks_twice", "--provider", "scripted:replies.json")
    assert sums.command(*twice).ret == 0
    asked = [record["transcript"][1]["messages"][0]["content"] for record in sums.records()]
    assert asked[0] == "q0. You said a0. Sure?"
    rows = [line.split()[:2] for line in sums.command("prompts").outlines]
    assert ["asks_twice/again", "own"] in rows
    sums.write("words/asks_twice/again.txt", "{{ task }} Really?")
    resumed = sums.command(*twice, "--prompts", "words", "--resume", "last")
    assert "0 of 3 answers reused" in resumed.stdout.str()
    assert any("q0. Really?" in (run / "records.jsonl").read_text() for run in sums.runs())


def test_a_strategy_without_its_folder_of_prompts_says_where_it_is_expected(sums):
    """A missing folder is an error with the place in the user's file, before anything is asked."""
    sums.write("conftest.py", STRATEGY)
    result = sums.command("run", "--strategy", "asks_twice", "--provider", "scripted:replies.json")
    assert result.ret == 4
    assert "conftest.py:" in result.stderr.str()
    assert "has no folder" in result.stderr.str()
