"""`hiddenlayer finetune` with a tiny model; with the bundled one in the slow tests."""

from __future__ import annotations

import argparse
import io
import json
import re
import shutil
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import fields
from pathlib import Path

import pytest
from support.finetuning import example, write_tiny_model
from support.folder import Folder

import pytest_hiddenlayer as hl
from pytest_hiddenlayer.cli import command_parser, main
from pytest_hiddenlayer.finetuning.fuse import fuse_adapter
from pytest_hiddenlayer.finetuning.run import finetune as finetune_model
from pytest_hiddenlayer.finetuning.settings import FinetuneSettings

ROOT = Path(__file__).parents[2]

N = 12
LEARNS = ("--epochs", "6", "--learning-rate", "0.01", "--batch-size", "4")
QUICK = ("--epochs", "1", "--rank", "2", "--evaluate-every", "2")
SCRIPTED = ("--provider", "scripted:replies.json", "--gate", "off")


def task(name: str, answer: str, numbers=range(N)) -> str:
    """A task that asks for the colour of things."""
    samples = [{"id": f"c{n}", "input": f"Colour of {name} {n}?", "target": answer} for n in numbers]
    return json.dumps({"task": name, "samples": samples, "scorers": ["exact"], "generate": {"max_tokens": 8}})


ROWS = [{"id": f"t{n}", "input": f"Colour of thing {n}?", "target": "red"} for n in range(20, 40)]


def jsonl(rows) -> str:
    """Rows as JSON Lines."""
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.fixture(scope="module")
def model(tmp_path_factory) -> Path:
    """A tiny model that learned to answer `blue` to everything."""
    folder = tmp_path_factory.mktemp("models")
    tiny = write_tiny_model(folder / "tiny")
    blue = tuple(example(f"Colour of {kind} {n}?", "blue") for kind in ("thing", "habit") for n in range(20))
    taught = finetune_model(
        blue, output=folder / "taught", model=str(tiny), method="full", learning_rate=0.01, validation=0, epochs=6
    )
    return fuse_adapter(taught.folder, folder / "blue", model=str(tiny)).folder


@pytest.fixture
def project(folder: Folder) -> Folder:
    """A task with a training file, and another task that the base solves."""
    folder.write("pytest.ini", "[pytest]\n")
    folder.write("evals/thing.json", task("thing", "red"))
    folder.write("evals/thing_train.jsonl", jsonl(ROWS))
    folder.write("evals/habit.json", task("habit", "blue"))
    return folder


def finetune(project: Folder, model: Path, *arguments: str) -> pytest.RunResult:
    """What the command prints with the tiny model; in this process, which has imported mlx."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2))
    given = arguments if "--epochs" in arguments else (*QUICK, *arguments)
    with chdir(project.path), redirect_stdout(out), redirect_stderr(err):
        try:
            status = main(["finetune", "--model", str(model), *given])
        except SystemExit as ended:
            status = ended.code
    printed = []
    for stream in (out, err):
        stream.flush()
        printed.append(stream.buffer.getvalue().decode().splitlines())
    return pytest.RunResult(status, *printed, duration=0.0)


def test_what_was_won_and_lost_decides_the_exit_status(project, model):
    """The target is won, another task is lost: exit status 1, and 0 with --allow-regressions. All of it is kept."""
    done = finetune(project, model, *LEARNS, "--task", "evals/thing.json")
    printed = "\n".join(done.outlines)
    assert done.ret == 1, done.errlines
    assert re.search(r"^thing \* +single +0\.000 +1\.000 +\+1\.000 .* 12 +won$", printed, re.MULTILINE)
    assert re.search(r"^habit +single +1\.000 .* lost$", printed, re.MULTILINE)
    assert "won: thing; lost: habit" in printed
    assert "p after Holm's correction over 2 comparisons" in printed
    assert "report: adapters/thing-lora/comparison.html" in printed
    adapter = project.path / "adapters/thing-lora"
    kept = json.loads((adapter / "finetuning.json").read_text())["evaluation"]
    assert (kept["target"], kept["won"], kept["lost"]) == ("thing", ["thing"], ["habit"])
    assert {kept["before"], kept["after"]} < {run.name for run in project.runs()}
    assert "habit" in (adapter / "comparison.html").read_text()
    again = finetune(
        project, model, *LEARNS, "--task", "thing", "--resume", "--allow-regressions", "--evals", "evals", "--json"
    )
    assert again.ret == 0
    assert json.loads("\n".join(again.outlines))["evaluation"]["lost"] == ["habit"]
    with chdir(project.path):
        result = hl.finetune_and_compare(
            "thing", model=str(model), resume=True, epochs=6, learning_rate=0.01, batch_size=4
        )
    assert (result.won, result.lost) == (("thing",), ("habit",))
    assert result.comparison.regressed
    assert re.search(r"<td>habit</td>.*<td>lost</td>", result._repr_html_())
    assert str(result).endswith("after Holm's correction over 2 comparisons")


def test_the_losses_are_logged_by_the_tracker(project, model):
    """metrics.jsonl of the experiment has the loss of each step and the validations, as the adapter's log does."""
    assert finetune(project, model, "--task", "thing", "--no-evaluate").ret == 0
    (run,) = project.runs()
    assert json.loads((run / "run.json").read_text())["name"] == "finetune thing"
    logged = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    log = project.path / "adapters/thing-lora/training.jsonl"
    events = [json.loads(line) for line in log.read_text().splitlines()]
    expected = [(e["step"], e["loss"]) for e in events]
    assert [(row["step"], row.get("loss", row.get("validation_loss"))) for row in logged] == expected
    assert {"loss", "validation_loss"} <= {name for row in logged for name in row}


def test_contaminated_rows_are_named_before_training(project, model):
    """A row that is a sample of another eval is left out, and named first."""
    project.write("evals/thing_train.jsonl", jsonl([*ROWS, {**ROWS[0], "id": "x", "input": "colour of HABIT 3"}]))
    done = finetune(project, model, "--task", "evals/thing.json", "--no-evaluate")
    assert done.ret == 0
    assert done.errlines[0] == "1 of 21 examples are too similar to one of 24 evaluation samples"
    assert any(line.endswith("left out: 1 contaminated") for line in done.errlines)


def test_right_answers_of_a_run_are_learned(project, model):
    """`--from-run` takes the right answers of other samples, and says why the rest was left out."""
    project.write("training/more.json", task("more", "red", range(50, 70)))
    project.write("replies.json", {"rules": [{"contains": "69", "reply": "green"}, {"contains": "", "reply": "red"}]})
    assert project.command("run", "training", *SCRIPTED).ret == 0
    done = finetune(project, model, "--task", "thing", "--from-run", "last", "--no-evaluate")
    assert done.ret == 0, done.errlines
    assert re.fullmatch(r"19 right answers of run \S+; left out: 1 wrong answer", done.errlines[0])


def test_a_run_on_the_evals_gives_nothing_to_learn(project, model):
    """Answers of evaluation samples are left out; the error says what to do instead."""
    project.write(
        "replies.json", {"rules": [{"contains": "thing", "reply": "red"}, {"contains": "", "reply": "blue"}]}
    )
    assert project.command("run", "evals", *SCRIPTED).ret == 0
    done = finetune(project, model, "--task", "thing", "--from-run", "last")
    assert done.ret == 4
    assert "it has no answer to train on; left out: 24 sample of an eval that judges" in done.errlines[-1]
    assert "Answer other samples than those that evaluate the model" in done.errlines[-1]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--task", "things"), "task things: no such task file, did you mean 'thing'?"),
        (("--task", "evals/habit.json"), "there is no habit_train.jsonl next to it; write that file"),
        (("--task", "thing", "--data", "no.jsonl"), "training data no.jsonl: no such file"),
        (
            ("--task", "thing", "--data", "empty.jsonl"),
            "training data empty.jsonl: the file is empty; write one chat",
        ),
        (("--task", "thing", "--rank", "0"), "rank is 0; it must be a whole number from 1 to 1024"),
        (("--task", "thing", "--epochs", "two"), "argument --epochs: 'two': write a whole number"),
        (("--task", "thing", "--fuse", "evals"), "fused model evals: it exists; remove it"),
        (("--task", "thing", "--strategy", "singel"), "did you mean 'single'?"),
        (("--task", "thing", "--evals", "eval"), "eval: no such file or folder"),
        (("--task", "thing", "--from-run", "last"), "no run 'last'"),
    ],
)
def test_mistakes_end_before_training(project, model, arguments, message):
    """Each is one sentence and exit status 4, and nothing is written."""
    project.write("empty.jsonl", "\n")
    done = finetune(project, model, *arguments)
    assert done.ret == 4
    assert message in "\n".join(done.errlines)
    assert not (project.path / "adapters").exists()
    assert not project.runs()


def test_chats_resume_and_fuse(project, model):
    """A file of chats is learned; a finished training is refused unless it is resumed; the fused model is kept."""
    project.write("chats.jsonl", jsonl({"prompt": f"Say {n}", "completion": "red"} for n in range(20)))
    arguments = ("--task", "thing", "--data", "chats.jsonl", "--output", "ad", "--no-evaluate")
    assert finetune(project, model, *arguments).ret == 0
    weights = (project.path / "ad/adapters.safetensors").read_bytes()
    refused = finetune(project, model, *arguments)
    assert refused.ret == 4
    assert "output ad: the folder has an adapter or checkpoints; resume that training" in refused.errlines[-1]
    resumed = finetune(project, model, *arguments, "--resume", "--fuse", "fused")
    assert resumed.ret == 0, resumed.errlines
    assert any(line.startswith("fused model: fused (largest difference ") for line in resumed.outlines)
    assert (project.path / "ad/adapters.safetensors").read_bytes() == weights
    assert (project.path / "fused/model.safetensors").is_file()


def test_what_could_not_be_compared_is_not_called_unchanged(project, model):
    """A model whose answers have no score before and after has no verdict, and the reason is printed."""
    short = {**json.loads(task("habit", "blue")), "generate": {"max_tokens": 1}}
    project.write("evals/habit.json", short)
    done = finetune(project, model, "--task", "thing")
    printed = "\n".join(done.outlines)
    assert done.ret == 0
    assert re.search(r"^habit +single( +\?){5} +0 +no verdict$", printed, re.MULTILINE)
    assert "won: nothing; lost: nothing; not compared: habit" in printed
    assert "habit: no sample is scored on both sides" in printed


def test_an_interruption_says_how_to_continue(project, model, monkeypatch):
    """Ctrl-C ends with 2 and names --resume."""

    def interrupt(*arguments, **settings):
        raise KeyboardInterrupt

    monkeypatch.setattr("pytest_hiddenlayer.interface.finetuning.run.finetune", interrupt)
    done = finetune(project, model, "--task", "thing")
    assert done.ret == 2
    assert done.errlines == ["hiddenlayer: interrupted; --resume continues from the last checkpoint"]


def test_python_names_its_arguments(project):
    """The error about missing data names the arguments of the function, not the options of the command."""
    with chdir(project.path), pytest.raises(hl.UsageError, match=r"with data, or a run .* with from_run"):
        hl.finetune_and_compare("habit")


def test_every_setting_has_an_option_with_its_default():
    """The help shows each setting under its name, and the default that training uses."""
    (commands,) = [a for a in command_parser()._actions if isinstance(a, argparse._SubParsersAction)]
    text = " ".join(commands.choices["finetune"].format_help().split())
    for field in fields(FinetuneSettings):
        assert f"--{field.name.replace('_', '-')} " in text
        if field.default is not None:
            assert f"(default: {field.default}" in text


@pytest.mark.slow
def test_the_bundled_model_wins_units_and_the_command_says_what_it_lost(folder: Folder):
    """The target is won, and every other task is judged; a loss elsewhere is exit status 1."""
    folder.write("pytest.ini", "[pytest]\n")
    for source in (*(ROOT / "evals-finetuning").glob("units*"), *(ROOT / "evals").glob("sum*")):
        (folder.path / "evals").mkdir(exist_ok=True)
        shutil.copy(source, folder.path / "evals")
    done = folder.command("finetune", "--task", "units", "--epochs", "6", "--learning-rate", "3e-3", "--json")
    result = json.loads("\n".join(done.outlines))["evaluation"]
    assert result["won"] == ["units"]
    assert done.ret == (1 if result["lost"] else 0)
    assert {c["task"] for c in result["comparison"]["cells"]} == {"units", "sums", "sums_at_once", "sums_written"}
