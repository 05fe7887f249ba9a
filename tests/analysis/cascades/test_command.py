"""`hiddenlayer cascade`: from a run of two models to a strategy that the next run uses."""

from __future__ import annotations

import json
import math

import pytest
from support.folder import Folder

SURE, UNSURE = math.log(0.9), math.log(0.3)


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A run of twelve questions: the small model is sure of six and right there; the large one is right on all."""
    folder = Folder(tmp_path_factory.mktemp("cascades"))
    rows = [{"id": f"q{i}", "input": f"Question {i}", "target": "1"} for i in range(10, 22)]
    folder.write("evals/t.yaml", "task: t\nsamples: " + json.dumps(rows) + "\nscorers: [numeric]\n")
    rules = [
        {"contains": f"Question {i}", "reply": str(i % 2), "logprobs": [SURE if i % 2 else UNSURE]}
        for i in range(10, 22)
    ]
    folder.write("small.json", json.dumps({"rules": rules}))
    folder.write("large.json", json.dumps({"default": 100 * "so " + "1"}))
    models = ("--provider", "scripted:small.json", "--provider", "scripted:large.json")
    assert folder.command("run", "evals", "--strategy", "single", "--hl-gate=off", *models).ret == 0
    return folder


@pytest.fixture(scope="module")
def first_run(ran):
    """The id of the run of two models: a test runs again, perhaps within the second that an id states."""
    (entry,) = json.loads("\n".join(ran.command("runs", "--json").outlines))
    return entry["run_id"]


def test_the_learnt_strategy_runs_as_it_is_printed(ran, first_run):
    """The printed strategy is what --strategy takes, and the written file is a preset with the same parameters."""
    done = ran.command("cascade", "last", "--write", "presets/sums.yaml")
    assert done.ret == 0, done.errlines
    text = "\n".join(done.outlines)
    assert "t · cascade by mean_logprob · scripted:small.json, then scripted:large.json" in text
    assert "threshold 0.6, learnt on 6 samples (accuracy there 1.000)" in text
    assert "on the other 6 samples:" in text
    assert "  accuracy 1.000 · scripted:small.json alone 0." in text
    listed = json.loads("\n".join(ran.command("presets", "sums", "--json").outlines))
    assert listed[0]["description"].startswith("Learnt on 6 samples of task t, run ")
    assert (listed[0]["strategy"], listed[0]["parameters"]["threshold"]) == ("cascade", 0.6)
    (option,) = [line.removeprefix("use: --strategy ") for line in done.outlines if line.startswith("use: ")]
    run = ran.command("run", "evals", "--provider", "scripted:small.json", "--strategy", option, "--hl-gate=off")
    assert run.ret == 0, run.outlines
    (second,) = [folder for folder in ran.runs() if folder.name != first_run]
    lines = (second / "records.jsonl").read_text().splitlines()
    stopped = [json.loads(line)["answer_metadata"]["stopped_at"] for line in lines]
    assert sorted(stopped) == ["scripted:large.json"] * 6 + ["scripted:small.json"] * 6


def test_json_has_every_figure(ran, first_run):
    """With --json the command prints figures and intervals of the held-out part."""
    printed = json.loads("\n".join(ran.command("cascade", first_run, "--json").outlines))
    assert printed["threshold"] == 0.6
    assert printed["against_last"]["difference"] == 0.0
    assert printed["n_test"] == 6


def test_a_signal_without_a_threshold_exits_with_1(ran, first_run):
    """The number of words says nothing here: exit status 1, with what to try, and no file."""
    done = ran.command("cascade", first_run, "--signal", "words", "--write", "none.yaml")
    assert done.ret == 1
    assert "no threshold of words is cheaper than scripted:large.json alone at its accuracy of 1.000" in "\n".join(
        done.outlines
    )
    assert not (ran.path / "none.yaml").exists()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("--signal", "p_true"), "no answer of scripted:small.json has it; run with --hl-confidence p_true"),
        (("--signal", "agreement"), "run `single` with two models"),
        (("--task", "u"), "no task 'u' in this run"),
        (("--models", "scripted:small.json"), "--models names 1 models; write two"),
        (("--models", "scripted:smal.json,scripted:large.json"), "did you mean 'scripted:small.json'?"),
        (("--train", "1"), "leave fewer than 2 in one part"),
        (("--train", "2"), "write a number from 0 to 1"),
    ],
)
def test_what_cannot_be_learnt_is_one_sentence(ran, first_run, arguments, error):
    """Exit status 4 says what was asked, what was found and what to do."""
    done = ran.command("cascade", first_run, *arguments)
    assert done.ret == 4
    assert error in "\n".join(done.errlines)


def test_python_learns_the_same(ran, first_run):
    """`hl.learn_cascade` has the figures of the command, prints its text, and names the strategy."""
    code = (
        f"import pytest_hiddenlayer as hl; r = hl.learn_cascade({first_run!r}); print(r); print(r.strategy); "
        f"print(hl.learn_cascade(hl.load_run({first_run!r}), signal='words').strategy); r.to_json()"
    )
    done = ran.script(code)
    assert done.ret == 0, done.errlines
    text = "\n".join(done.outlines)
    assert "threshold 0.6, learnt on 6 samples" in text
    assert "\ncascade:models=scripted:small.json+scripted:large.json,confidence=mean_logprob,threshold=0.6\n" in text
    assert text.rstrip().endswith("None")


def test_an_unknown_signal_is_one_sentence(ran, first_run):
    """A misspelt signal is a UsageError with the nearest one."""
    done = ran.script(f"import pytest_hiddenlayer as hl; hl.learn_cascade({first_run!r}, signal='ptrue')")
    assert done.ret == 1
    assert "signal 'ptrue', did you mean 'p_true'?" in "\n".join(done.errlines)
