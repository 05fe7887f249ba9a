"""Examples from tasks, runs and files."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from support.finetuning import example
from support.records import record

from pytest_hiddenlayer.errors import TaskError, UsageError
from pytest_hiddenlayer.finetuning.examples import (
    deduplicated,
    examples_from_jsonl,
    examples_from_run,
    examples_from_task,
    fingerprint,
    load_examples,
)
from pytest_hiddenlayer.io.codecs import record_to_json
from pytest_hiddenlayer.types import Message

TASK = """
task: sums
prompt: "Compute {{ input }}"
system: Be brief.
scorers: [exact]
samples: eval.jsonl
fields: {input: question, target: answer}
"""


@pytest.fixture
def task(tmp_path):
    """A task with its own samples, and a training split of the same columns."""
    (tmp_path / "eval.jsonl").write_text('{"question": "1+1", "answer": "2"}\n')
    (tmp_path / "train.jsonl").write_text('{"question": "5+5", "answer": ["10", "ten"], "group": "fives"}\n')
    (tmp_path / "sums.yaml").write_text(TASK)
    return tmp_path / "sums.yaml"


def run_folder(tmp_path, *records):
    """A folder with these records."""
    lines = "".join(json.dumps(record_to_json(r)) + "\n" for r in records)
    (tmp_path / "records.jsonl").write_text(lines)
    return tmp_path


def answered(name, output, value=1.0, **changes):
    """A record of a question about `name`."""
    prompt = [{"role": "user", "content": f"Say {name}"}]
    return replace(record(name, value), prompt=prompt, output=output, **changes)


def test_a_training_split_of_a_task(task, tmp_path):
    """Rows of the training split become the task's prompt with the first accepted answer; the eval is not read."""
    (found,) = load_examples(tmp_path / "train.jsonl", tmp_path, task=task)
    assert found.messages == (
        Message(role="system", content="Be brief."),
        Message(role="user", content="Compute 5+5"),
    )
    assert (found.answer, found.group) == ("10", "sums:fives")


def test_a_task_file_is_training_data(task, tmp_path):
    """Without a split, the samples of the task file itself are the examples."""
    assert [e.question for e in load_examples(task, tmp_path)] == ["Compute 1+1"]


def test_a_training_split_must_be_beside_the_task(task, tmp_path):
    """A split in another folder is refused, with what to do."""
    with pytest.raises(UsageError, match="it must be in that file's folder or below it"):
        load_examples(tmp_path.parent / "train.jsonl", tmp_path, task=task)


def test_a_missing_split_is_a_fault_of_the_task_file(task, tmp_path):
    """A name that does not exist is an error with a suggestion."""
    with pytest.raises(TaskError, match=r"there is no file 'trian.jsonl' .*did you mean 'train.jsonl'"):
        examples_from_task(task, tmp_path, samples="trian.jsonl")


def test_a_sample_without_target_has_nothing_to_learn(tmp_path):
    """Its place is named."""
    path = tmp_path / "t.yaml"
    path.write_text("task: t\nscorers: [{rules: {max_words: 3}}]\nsamples: [{id: a, input: Hi}]\n")
    with pytest.raises(UsageError, match="sample 'a' has no target, so there is no answer to learn"):
        examples_from_task(path, tmp_path)


def test_right_answers_of_a_run(tmp_path):
    """Right answers are taken with their prompts; wrong, failed and equal ones are counted, and the surplus too."""
    folder = run_folder(
        tmp_path,
        answered("a", " one "),
        answered("a", "one", epoch=2),
        answered("a", "uno", epoch=3),
        answered("a", "une", epoch=4),
        answered("b", "wrong", value=0.0),
        answered("c", None, value=None),
    )
    examples, left_out = examples_from_run(folder, per_sample=2)
    assert [(e.question, e.answer) for e in examples] == [("Say a", "one"), ("Say a", "uno")]
    assert dict(left_out) == {
        "equal answer": 1,
        "enough answers of its sample": 1,
        "wrong answer": 1,
        "no scored answer": 1,
    }


def test_partly_right_answers_need_a_lower_score(tmp_path):
    """With `min_score`, answers of at least that score are taken, whatever the task calls correct."""
    folder = run_folder(tmp_path, answered("a", "half", value=0.5), answered("b", "less", value=0.4))
    assert [e.answer for e in examples_from_run(folder, min_score=0.5)[0]] == ["half"]
    assert examples_from_run(folder)[0] == ()


def test_samples_that_judge_are_not_learned(tmp_path):
    """Answers to samples of an eval that will judge are left out and counted."""
    folder = run_folder(tmp_path, answered("a", "one"), answered("b", "two"))
    examples, left_out = examples_from_run(folder, judged={("t", "a")})
    assert [e.answer for e in examples] == ["two"]
    assert dict(left_out) == {"sample of an eval that judges": 1}


@pytest.mark.parametrize(
    "row",
    [
        {"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hello"}]},
        {"prompt": "Hi", "completion": "Hello"},
    ],
)
def test_chat_files(tmp_path, row):
    """Both of mlx-lm's chat formats are read."""
    path = tmp_path / "train.jsonl"
    path.write_text(json.dumps(row) + "\n")
    (found,) = examples_from_jsonl(path)
    assert (found.messages, found.answer) == ((Message(role="user", content="Hi"),), "Hello")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ({"text": "Hi"}, "a row needs `messages` .* found text"),
        ({"messages": []}, "a row needs `messages`"),
        ({"messages": [{"role": "user", "content": "Hi"}]}, "the last message must be an answer"),
        ({"messages": [{"role": "assistant", "content": "Hi"}]}, "there is no message of the user"),
        ({"messages": [{"role": "bot", "content": "Hi"}]}, "role 'bot' is not one of"),
        ({"messages": ["Hi"]}, "each message needs a `role`"),
        ({"prompt": "Hi", "completion": " "}, "the last message must be an answer"),
        ({"messages": [{"role": "user", "content": "Hi"}], "tools": [1]}, "`tools` are not supported"),
    ],
)
def test_wrong_rows(tmp_path, row, message):
    """A wrong row is an error with file and line, whatever the first row was."""
    path = tmp_path / "train.jsonl"
    path.write_text(json.dumps({"prompt": "a", "completion": "b"}) + "\n" + json.dumps(row) + "\n")
    with pytest.raises(UsageError, match=f"train.jsonl:2: {message}"):
        examples_from_jsonl(path)


def test_missing_and_empty_files(tmp_path):
    """A file that does not exist, and one without rows, are errors."""
    (tmp_path / "empty.jsonl").write_text("")
    with pytest.raises(UsageError, match="no such file"):
        examples_from_jsonl(tmp_path / "none.jsonl")
    with pytest.raises(UsageError, match="has no rows"):
        examples_from_jsonl(tmp_path / "empty.jsonl")


def test_the_fingerprint_is_of_content_and_order():
    """Places do not count; answers, groups and the order do."""
    one, two = example("a", "b"), example("c", "d")
    assert fingerprint([one, two]) == fingerprint([replace(one, source="elsewhere"), two])
    others = ([two, one], [one], [replace(one, answer="x"), two], [replace(one, group="g"), two])
    assert len({fingerprint([one, two]), *map(fingerprint, others)}) == 5


def test_duplicates():
    """The first of equal examples is kept, in order; the same question with another answer is another example."""
    one, other = example("a", "b"), example("a", "c")
    assert deduplicated([one, other, replace(one, source="again")]) == ((one, other), 1)
