"""MT-Bench's questions, references and judge prompts run as task files, with both verdict formats."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from support.published_data import FOLDER, needs_data
from support.requirements import NEEDS_MLX

from pytest_hiddenlayer import EvalRun
from pytest_hiddenlayer.api import evaluate_paths
from pytest_hiddenlayer.models import BUNDLED
from pytest_hiddenlayer.options import RunOptions
from pytest_hiddenlayer.project import Project
from pytest_hiddenlayer.types import ModelName

DATA = FOLDER / "mt_bench"
pytestmark = needs_data("mt_bench")
N = 4  # questions a task, of those with references


def rows(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def prompts() -> dict[str, dict[str, Any]]:
    """The judge prompts by name, read on use because the data may be missing."""
    return {row["name"]: row for row in rows("judge_prompts")}


def samples(turns: int) -> list[dict[str, Any]]:
    """Questions with a reference answer; in two turns the first answer is the reference's."""
    references = {row["question_id"]: row["choices"][0]["turns"] for row in rows("reference_answer_gpt-4")}
    judged = []
    for row in [row for row in rows("question") if row["question_id"] in references][:N]:
        asked, gold = row["turns"], references[row["question_id"]]
        chat = [
            {"role": "user", "content": asked[0]},
            {"role": "assistant", "content": gold[0]},
            {"role": "user", "content": asked[1]},
        ]
        judged.append(
            {"id": str(row["question_id"]), "input": chat if turns == 2 else asked[0], "target": gold[:turns]}
        )
    return judged


def write_task(folder: Path, name: str, against: str | None = None, n: int = N) -> Path:
    """A task file for one judge prompt: its system message, template and verdict format, unchanged."""
    form = prompts()[name]
    params = {
        "prompt": form["prompt_template"],
        "system": form["system_prompt"],
        "verdict": form["output_format"],
        "max_tokens": 64,
    }
    if form["type"] == "pairwise":
        scorer = {"win_rate": params | {"against": against}}
    else:
        scorer = {"llm_judge": params | {"scale": [1, 10]}}
    whole = {"task": name, "samples": samples(2 if "multi-turn" in name else 1)[:n], "scorers": [scorer]}
    path = folder / f"{name}.yaml"
    path.write_text("".join(f"{key}: {json.dumps(value)}\n" for key, value in whole.items()), encoding="utf-8")
    return path


def run(
    folder: Path,
    task: Path,
    rules: list[Mapping[str, Any]],
    judge: ModelName | None = None,
    reply: str = "I think it is 42.",
) -> EvalRun:
    """Runs the task with a scripted candidate, which also judges if no judge is named."""
    script = folder / "replies.json"
    script.write_text(json.dumps({"rules": [{"role": "answer", "reply": reply}, *rules]}))
    options = RunOptions(providers=(ModelName(provider="scripted", model=str(script)),), judge=judge, gate="off")
    return evaluate_paths([task], options, Project(root=folder, cwd=folder))


def others(folder: Path, n: int = N) -> str:
    """Another model's outputs: the opponents of the pairs."""
    lines = [json.dumps({"id": sample["id"], "output": f"It is {i}."}) for i, sample in enumerate(samples(1)[:n])]
    (folder / "others.jsonl").write_text("\n".join(lines))
    return "others.jsonl"


SINGLE = ["single-v1", "single-math-v1", "single-v1-multi-turn", "single-math-v1-multi-turn"]
PAIRS = ["pair-v2", "pair-math-v1", "pair-v2-multi-turn", "pair-math-v1-multi-turn"]
REPLIES = [
    "[[{}]]",
    "The assistant's answer is vague.\n\nRating: [[{}]]",
    "Rating: [[{}]]\n\nThe answer covers 3 of 10 points and names [42] things.",
    "I compared both answers; **[[{}]]** is my final verdict, as I said: [[{}]].",
]


def test_all_of_the_prompts_are_tried():
    """The tests run all eight published prompts."""
    assert sorted(prompts()) == sorted(SINGLE + PAIRS)
    assert {row["output_format"] for row in prompts().values()} == {"[[A]]", "[[rating]]"}


@pytest.mark.parametrize("reply", REPLIES)
@pytest.mark.parametrize("name", SINGLE)
def test_ratings(tmp_path, name, reply):
    """`[[rating]]` is read anywhere in the reply: 7 of 1 to 10 is 2/3."""
    done = run(tmp_path, write_task(tmp_path, name), [{"role": "llm_judge", "reply": reply.format(7, 7)}])
    assert not done.errors
    assert [record.score for record in done.records] == [pytest.approx(6 / 9)] * N
    form, call = prompts()[name], done.records[0].transcript[-1]
    assert call["messages"][0] == {"role": "system", "content": form["system_prompt"]}
    assert "I think it is 42." in call["messages"][1]["content"]
    assert "{" not in form["prompt_template"].format_map(Blank())  # all fields were known ...
    assert call["messages"][1]["content"].startswith(
        form["prompt_template"].split("{")[0]
    )  # ... and the rest is as it was


class Blank(dict[str, str]):
    """Every field is empty."""

    def __missing__(self, key: str) -> str:
        return ""


@pytest.mark.parametrize("reply", REPLIES)
@pytest.mark.parametrize("name", PAIRS)
def test_letters(tmp_path, name, reply):
    """`[[A]]`, `[[B]]` and `[[C]]` are read anywhere in the reply, and a win needs both orders."""
    task = write_task(tmp_path, name, others(tmp_path))
    ab, ba = ({"role": f"win_rate.{o}", "reply": reply.format(v, v)} for o, v in (("ab", "A"), ("ba", "B")))
    done = run(tmp_path, task, [ab, ba])
    assert not done.errors
    assert [record.score for record in done.records] == [1.0] * N
    tie = {"role": "win_rate.*", "reply": reply.format("C", "C")}
    assert [record.score for record in run(tmp_path, task, [tie]).records] == [0.5] * N


def test_the_judge_reads_the_conversation(tmp_path):
    """In prompts of two turns the first answer is the chat's, the second the output; references are the targets."""
    task = write_task(tmp_path, "pair-math-v1-multi-turn", others(tmp_path))
    done = run(tmp_path, task, [{"role": "win_rate.*", "reply": "[[C]]"}])
    shown, sample = done.records[0].transcript[1]["messages"][1]["content"], samples(2)[0]
    parts = [sample["input"][0], sample["input"][1], sample["input"][2]]
    expected = prompts()["pair-math-v1-multi-turn"]["prompt_template"].format(
        question_1=parts[0]["content"],
        question_2=parts[2]["content"],
        ref_answer_1=sample["target"][0],
        ref_answer_2=sample["target"][1],
        answer_a_1=parts[1]["content"],
        answer_a_2="I think it is 42.",
        answer_b_1=parts[1]["content"],
        answer_b_2="It is 0.",
    )
    assert shown == expected


@pytest.mark.parametrize("name", ["single-v1", "pair-v2"])
def test_a_judge_that_repeats_its_prompt_is_unreadable(tmp_path, name):
    """Repeating the verdicts that the prompts contain, `[[5]]` or `[[A]]`, is not a verdict."""
    text = prompts()[name]["prompt_template"] + prompts()[name]["system_prompt"]
    done = run(
        tmp_path, write_task(tmp_path, name, others(tmp_path)), [{"role": "(llm_judge|win_rate).*", "reply": text}]
    )
    assert {record.outcome for record in done.records} == {"unscored"}


def test_the_bundled_model_as_judge(tmp_path):
    """The reply of a model that cannot judge is unscored, with the reason."""
    pytest.importorskip("mlx.core", reason=NEEDS_MLX)
    done = run(tmp_path, write_task(tmp_path, "single-v1", n=2), [], judge=ModelName(provider="mlx"))
    assert not done.errors
    assert len(done.records) == 2
    for record in done.records:
        assert [call["model"] for call in record.transcript[1:]] == [BUNDLED] * 2  # asked, and asked once more
        assert (record.outcome, record.score) == ("unscored", None)
        assert record.error == f"{BUNDLED} gave no readable verdict: no verdict in the judge's reply"


def test_a_prompt_that_the_judge_cannot_read_is_an_error(tmp_path):
    """An answer longer than the bundled model's context is an error that says so."""
    pytest.importorskip("mlx.core", reason=NEEDS_MLX)
    task = write_task(tmp_path, "pair-v2", others(tmp_path, n=2), n=2)
    done = run(tmp_path, task, [], judge=ModelName(provider="mlx"), reply="I think it is 42. " * 100)
    assert {(record.outcome, record.score) for record in done.records} == {("error", None)}
    assert all("shorten the prompt" in record.error for record in done.records)
