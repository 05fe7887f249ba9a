"""`hiddenlayer probe` and `--hl-probe`, with the bundled model."""

from __future__ import annotations

import json

import numpy as np
import pytest
from support.folder import Folder

from pytest_hiddenlayer.cli.probe import _lens
from pytest_hiddenlayer.probes.capture import Capture
from pytest_hiddenlayer.probes.capture_files import load_capture, save_capture

TASK = """
task: sums
samples:
  - {id: five, input: "What is 2 + 3?", target: "5"}
  - {id: nine, input: "What is 4 + 5?", target: "9"}
scorers: [numeric]
strategies: [single]
"""


@pytest.fixture
def asked(folder: Folder) -> Folder:
    """A run of two samples by the bundled model."""
    folder.write("evals/sums.yaml", TASK)
    assert folder.command("run", "evals").ret == 0
    return folder


def captures(folder: Folder) -> list:
    """The captures of the last run."""
    run = folder.runs()[-1]
    return [load_capture(path) for path in sorted((run / "probes").glob("*.npz"))]


def logged(folder: Folder) -> list[dict]:
    """The records of the last run."""
    return [json.loads(line) for line in (folder.runs()[-1] / "records.jsonl").read_text().splitlines()]


def test_every_answer_gets_a_file_and_a_place_in_the_report(asked):
    """The files hold lens and attention of prompt and answer, the report is written again with them."""
    printed = asked.command("probe")
    assert printed.ret == 0
    assert "2 answers read: reports/runs/" in printed.outlines[-1]
    found = captures(asked)
    assert {capture.metadata["key"] for capture in found} == {record["key"] for record in logged(asked)}
    for capture in found:
        n = len(capture.token_ids)
        assert capture["attention_weights"].shape[2:] == (n, n)
        assert capture["lens_top_ids"].shape[1] == n
    assert (asked.runs()[-1] / "report.html").stat().st_mtime_ns >= max(
        path.stat().st_mtime_ns for path in (asked.runs()[-1] / "probes").iterdir()
    )


def test_the_probabilities_are_those_of_the_run(asked):
    """The mean log-probability of the answer that the run recorded is that of its tokens read again."""
    asked.command("probe")
    by_key = {capture.metadata["key"]: capture for capture in captures(asked)}
    for record in logged(asked):
        call, capture = record["transcript"][0], by_key[record["key"]]
        answer = capture["token_logprobs"][capture.n_prompt :]
        n = call["usage"]["output_tokens"]
        # The recorded mean includes the end token, whose log-probability the capture leaves out.
        assert n == len(answer) + 1
        assert answer.sum() >= call["mean_logprob"] * n - 1e-3
        assert np.all(answer <= 0)


def test_one_sample_prints_its_lens(asked):
    """With one sample the table of the lens is printed: layers, tokens, probabilities."""
    lines = asked.command("probe", "--sample", "five").outlines
    assert lines[0].split()[0] == "after"
    assert lines[1].startswith("layer 5") or lines[2].startswith("layer 5")
    assert any(line.startswith("embeddings") for line in lines)
    assert len(captures(asked)) == 1


def test_a_sample_of_several_epochs_prints_each_lens(folder):
    """Every answer of a named sample has its lens, below the name of its file."""
    folder.write("evals/sums.yaml", TASK)
    assert folder.command("run", "evals", "--epochs", "2", "--temperature", "0.5", "--limit", "1").ret == 0
    lines = folder.command("probe", "--sample", "five").outlines
    assert sum(line.startswith("after") for line in lines) == len(captures(folder)) >= 2
    assert [line for line in lines if line.startswith("sums five single")]


def test_the_option_probes_at_the_end_of_the_run(folder, workers):
    """`--hl-probe lens` writes the captures of the run itself, under several workers too."""
    folder.write("evals/sums.yaml", TASK)
    assert folder.run("evals", "--hl-probe", "lens", *workers, provider="mlx").ret == 0
    assert ["attention_weights" in capture.arrays for capture in captures(folder)] == [False, False]
    assert all("lens_top_ids" in capture.arrays for capture in captures(folder))


def test_without_the_option_nothing_is_written(asked):
    """A run without --hl-probe has no folder of captures."""
    assert not (asked.runs()[-1] / "probes").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--read", "lenz"), "'lenz' cannot be read from a model, did you mean 'lens'?"),
        (("--read", ","), "nothing to read was named"),
        (("--sample", "fife"), "--sample fife: the run has no such sample, did you mean 'five'?"),
        (("--task", "sum"), "--task sum: the run has no such task, did you mean 'sums'?"),
        (("--check", "nanoo"), "no such folder or file"),
        (("20200101",), "20200101"),
    ],
)
def test_wrong_names_are_refused(asked, arguments, message):
    """A wrong array, sample, task, model or run is one sentence and exit status 4."""
    printed = asked.command("probe", *arguments)
    assert printed.ret == 4
    assert message in "\n".join(printed.errlines)


def test_a_model_may_have_the_name_of_a_table(folder):
    """`--check mlx:nano-2` checks the model that tables of a run name so."""
    printed = folder.command("probe", "--check", "mlx:nano-2")
    assert printed.ret == 0
    assert "ok     reached_once: each site is reached once per pass; how many are not (0 ≤ 0)" in printed.stdout.str()


def test_a_wrong_array_is_refused_before_anything_is_asked(folder):
    """`--hl-probe` checks its names first."""
    folder.write("evals/sums.yaml", TASK)
    printed = folder.run("evals", "--hl-probe", "lens,atention")
    assert "--hl-probe: 'atention' cannot be read from a model, did you mean 'attention'?" in "\n".join(
        printed.errlines + printed.outlines
    )
    assert not folder.runs()


def test_a_run_without_a_local_model_is_refused_before_anything_is_asked(sums):
    """`--hl-probe` needs provider mlx."""
    printed = sums.command("run", "--provider", "scripted:replies.json", "--probe", "lens")
    assert printed.ret == 4
    assert "provider scripted does not show what is inside its model; use --provider mlx" in "\n".join(
        printed.errlines
    )
    assert not sums.runs()


def test_answers_of_servers_are_left_out(sums):
    """A run of another provider has nothing that can be read, and says why."""
    assert sums.command("run", "--provider", "scripted:replies.json").ret == 0
    printed = sums.command("probe")
    assert printed.ret == 1
    assert "provider scripted does not show what is inside its model; mlx does" in "\n".join(printed.errlines)


def test_the_check_prints_what_is_offered(folder):
    """`--check` measures a model and lists what can be read, with the numbers."""
    lines = folder.command("probe", "--check", "nano-2").outlines
    assert "qwen3, float32" in lines[0]
    assert any("offered" in line and "lens" in line for line in lines)


def test_an_answer_whose_lens_is_refused_has_no_table(tmp_path):
    """If the lens of a model is not right, its answer is read without it, and no table is printed."""
    captured = Capture(token_ids=(1, 2), token_texts=("a", "b"), n_prompt=1, arrays={})
    assert _lens(save_capture(captured, tmp_path / "a.npz")) == ""
