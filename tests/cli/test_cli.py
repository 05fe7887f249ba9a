"""The `hiddenlayer` command as a user types it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from support.requirements import NEEDS_MLX

TASK = """task: sums
samples: [{id: a, input: "1+1", target: 2}, {id: b, input: "2+2", target: 5}]
scorers: [numeric]
"""
SCRIPT = {"rules": [{"contains": "1+1", "reply": "2"}, {"contains": "2+2", "reply": "4"}]}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one task and one script."""
    (tmp_path / "evals").mkdir()
    (tmp_path / "evals" / "sums.yaml").write_text(TASK)
    (tmp_path / "replies.json").write_text(json.dumps(SCRIPT))
    return tmp_path


def hiddenlayer(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder."""
    command = [sys.executable, "-m", "pytest_hiddenlayer.cli", *words]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120)


def test_run_scores_and_logs(folder):
    """`run` prints the table and writes a run log with one record per case."""
    done = hiddenlayer(folder, "run", "--provider", "scripted:replies.json")
    assert done.returncode == 0, done.stderr
    assert "2/2  0.500" in done.stdout
    (log,) = (folder / "reports" / "runs").glob("*/records.jsonl")
    assert [json.loads(line)["outcome"] for line in log.read_text().splitlines()] == ["correct", "incorrect"]


def test_run_exits_1_on_an_error(folder):
    """A failed call makes `run` exit with 1."""
    (folder / "replies.json").write_text(json.dumps({"rules": [{"error": "server said 500"}]}))
    assert hiddenlayer(folder, "run", "--provider", "scripted:replies.json").returncode == 1


def test_run_names_the_faulty_file_and_goes_on(folder):
    """A task file that does not load is named; the others run; the exit status is 1."""
    (folder / "evals" / "bad.yaml").write_text("task: bad\nsamples: [{input: x}]\nscorers: [exakt]\n")
    done = hiddenlayer(folder, "run", "--provider", "scripted:replies.json")
    assert done.returncode == 1
    assert "bad.yaml" in done.stderr
    assert "did you mean 'exact'?" in done.stderr
    assert "2/2" in done.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("run", "--strategy", "debat"), "did you mean 'debate'?"),
        (("run", "--provider", "mxl"), "unknown provider 'mxl'"),
        (("run", "--model", "no/such/folder"), "no such folder"),
        (("run", "--epochs", "0"), "at least 1"),
        (("run", "nowhere"), "nowhere: no such file or folder"),
        (("show", "nope"), "no run 'nope'"),
        (("show", "--bootstrap", "5"), "at least 100 draws"),
        (("shwo",), "did you mean 'show'?"),
        (("compare", "a", "b", "--match", "ids"), "did you mean 'id'?"),
    ],
)
def test_wrong_arguments_exit_4_with_one_clear_line(folder, words, said):
    """A wrong argument exits with 4 and says what to do, without a traceback."""
    done = hiddenlayer(folder, *words)
    assert done.returncode == 4
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_show_lists_what_was_wrong_and_prints_transcripts(folder):
    """`show` prints the table and the wrong answers; with `--sample` it prints the calls."""
    hiddenlayer(folder, "run", "--provider", "scripted:replies.json")
    shown = hiddenlayer(folder, "show").stdout
    assert "sums::b[single-scripted:replies.json] " in shown
    assert "sums::a" not in shown
    assert "user: 2+2" in hiddenlayer(folder, "show", "last", "--sample", "b").stdout


def test_show_prints_markdown(folder):
    """`show --markdown` prints the scores and the wrong answers with their targets; it is of the whole run."""
    hiddenlayer(folder, "run", "--provider", "scripted:replies.json")
    shown = hiddenlayer(folder, "show", "--markdown", "--report-url", "https://x.example/report.html").stdout
    assert "\n### Evals: 1 cell, 2 answers\n" in shown
    assert "| incorrect | [<code>b</code>](https://x.example/report.html#tab=samples&amp;sample=" in shown
    assert ") | <code>5</code> | <code>4</code> |\n" in shown
    refused = hiddenlayer(folder, "show", "--markdown", "--sample", "b")
    assert refused.returncode == 4
    assert "--markdown shows the whole run; leave out --sample, or --markdown" in refused.stderr


def test_show_prints_bootstrap_intervals(folder):
    """`show --bootstrap N` prints each score's interval twice: as in the summary, and by a bootstrap."""
    samples = ", ".join(f'{{id: s{at}, input: "{1 + at % 2}+{1 + at % 2}", target: 2}}' for at in range(12))
    (folder / "evals" / "sums.yaml").write_text(f"task: sums\nsamples: [{samples}]\nscorers: [numeric]\n")
    hiddenlayer(folder, "run", "--provider", "scripted:replies.json")
    shown = hiddenlayer(folder, "show", "--bootstrap", "500").stdout.splitlines()
    assert "0.211 to 0.789  Clopper–Pearson" in shown[-2]
    assert shown[-1].endswith("BCa bootstrap, 500 draws")


def test_schema_has_the_keys_of_task_files(folder):
    """`schema` prints a JSON Schema with the keys of task files."""
    schema = json.loads(hiddenlayer(folder, "schema").stdout)
    assert {"task", "samples", "scorers", "strategies", "threshold", "outputs"} <= set(schema["properties"])


def test_init_copies_evals_once(tmp_path):
    """`init` copies the starter evals, and refuses a folder that exists."""
    done = hiddenlayer(tmp_path, "init")
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "evals").glob("*.yaml"))) >= 8
    again = hiddenlayer(tmp_path, "init")
    assert again.returncode == 4
    assert "exists already" in again.stderr


def test_doctor_says_what_works(tmp_path):
    """`doctor` prints one line per provider; if mlx works, its line contains a real answer."""
    pytest.importorskip("mlx.core", reason=NEEDS_MLX)
    done = hiddenlayer(tmp_path, "doctor")
    assert done.returncode == 0, done.stdout
    assert "mlx: works: 'What is 37+58?' → 'The answer is 95.'" in done.stdout


def test_run_gates_as_pytest_does(folder):
    """`--gate`, `--baseline` and `--adaptive` work as in pytest: a clear regression fails after one epoch."""
    samples = [{"id": f"s{i}", "input": f"q{i}.", "target": f"a{i}"} for i in range(12)]
    (folder / "evals" / "sums.yaml").unlink()
    (folder / "evals" / "words.json").write_text(
        json.dumps({"task": "words", "samples": samples, "scorers": ["exact"]})
    )
    right = {"rules": [{"contains": s["input"], "reply": s["target"]} for s in samples]}
    (folder / "replies.json").write_text(json.dumps(right))
    who = ("run", "--provider", "scripted:replies.json")
    assert hiddenlayer(folder, *who, "--gate", "require").returncode == 1
    (folder / "replies.json").write_text(json.dumps({"default": "no"}))
    done = hiddenlayer(folder, *who, "--baseline", "last", "--epochs", "4", "--adaptive")
    assert done.returncode == 1
    assert "verdict: regressed (sequential test, alpha spent over 4 looks, decided after epoch 1)" in done.stdout
    assert "saved 36 of 48 answers (75%)" in done.stdout


def test_run_refuses_a_model_folder_of_a_task_file(folder):
    """A folder in a task file is a fault that names the option; with --allow-task-models it is looked for."""
    (folder / "evals" / "sums.yaml").write_text(f"{TASK}judge: mlx:evals/evil\n")
    refused = hiddenlayer(folder, "run", "--provider", "scripted:replies.json")
    assert refused.returncode != 0
    assert "judge names the model mlx:evals/evil" in refused.stderr
    assert "--hl-allow-task-models" in refused.stderr
    allowed = hiddenlayer(folder, "run", "--provider", "scripted:replies.json", "--allow-task-models")
    assert "names the model" not in allowed.stderr


def test_run_says_why_answers_have_no_score(folder):
    """Equal reasons of errors are printed once, with their number, and why gates were skipped."""
    rules = {"rules": [{"contains": "1+1", "reply": "2"}, {"error": "server said 500"}]}
    (folder / "replies.json").write_text(json.dumps(rules))
    printed = hiddenlayer(folder, "run", "--provider", "scripted:replies.json").stdout
    assert "1 x error: server said 500" in printed


def test_run_says_why_gates_were_skipped(folder):
    """Without a baseline the reason and the way to get one stand below the table."""
    printed = hiddenlayer(folder, "run", "--provider", "scripted:replies.json").stdout
    assert "1 gate skipped: no baseline: make one with --snapshot-update" in printed


def test_a_misspelt_option_gets_a_suggestion(folder):
    """The message names the subcommand, the argument and the option that may be meant."""
    done = hiddenlayer(folder, "run", "--stratgy", "single")
    assert done.returncode == 4
    assert "hiddenlayer run: unrecognized argument --stratgy, did you mean '--strategy'?" in done.stderr


def test_an_abbreviated_option_is_refused(folder):
    """As in pytest: `--epoch` is not `--epochs`."""
    done = hiddenlayer(folder, "run", "--provider", "scripted:replies.json", "--epoch", "2")
    assert done.returncode == 4
    assert "--epoch" in done.stderr


def test_init_leaves_a_configured_pytest_alone(tmp_path):
    """If pyproject.toml configures pytest, no pytest.ini replaces it."""
    (tmp_path / "pyproject.toml").write_text("[tool.pytest.ini_options]\naddopts = '-q'\n")
    done = hiddenlayer(tmp_path, "init")
    assert done.returncode == 0
    assert "configures pytest already" in done.stdout
    assert not (tmp_path / "pytest.ini").exists()
