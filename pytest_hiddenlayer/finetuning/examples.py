"""What is learned: questions with answers, from tasks, finished runs and JSONL files."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..io.jsonl import read_lines
from ..results.log.run_log import read_records
from ..taskfile import load_task, render_prompt
from ..types import Message, Record, Task
from .normalization import words

ROLES = ("system", "user", "assistant")


@dataclass(frozen=True, kw_only=True, slots=True)
class Example:
    """Messages, and the answer to them that is learned."""

    messages: tuple[Message, ...]
    answer: str
    source: str  # where it is from: file:line, task and sample, or run and sample
    group: str = ""  # examples of a group are all trained on or all validated on; empty: by the question

    @property
    def question(self) -> str:
        """The text of all messages but the system's."""
        return "\n\n".join(message.content for message in self.messages if message.role != "system")

    @property
    def key(self) -> str:
        """What identifies the example: equal messages and answers have equal keys."""
        value = [[message.role, message.content] for message in self.messages]
        return json.dumps([value, self.answer], ensure_ascii=True)


def fingerprint(examples: Iterable[Example]) -> str:
    """Return 16 hex digits that change if an example, a group or the order of the examples changes."""
    digest = hashlib.sha256()
    for example in examples:
        digest.update(json.dumps([example.key, example.group]).encode())
    return digest.hexdigest()[:16]


def deduplicated(examples: Iterable[Example]) -> tuple[tuple[Example, ...], int]:
    """Return (the first of equal examples each, how many were left out)."""
    everything, unique = list(examples), dict[str, Example]()
    for example in everything:
        unique.setdefault(example.key, example)
    kept = tuple(unique.values())
    return kept, len(everything) - len(kept)


def examples_from_task(path: Path, root: Path, *, samples: str | None = None) -> tuple[Example, ...]:
    """Return the samples of a task file as examples: the rendered prompt, and the first accepted answer.

    `samples` names a data file of the same columns beside the task file, such as its training split,
    which is read instead of the task's own. Raises TaskError, and UsageError for a sample without a target.
    """
    task = load_task(path, root, samples=samples)
    return tuple(_from_sample(task, index) for index in range(len(task.samples)))


def _from_sample(task: Task, index: int) -> Example:
    sample = task.samples[index]
    if not sample.targets or not sample.targets[0]:
        raise UsageError(
            f"{sample.location or task.path}: sample {sample.id!r} has no target, so there is no answer to learn; "
            "give every sample a target, or train on right answers of a run"
        )
    return Example(
        messages=render_prompt(task, sample),
        answer=sample.targets[0],
        source=sample.location or f"{task.path} {sample.id}",
        group=f"{task.name}:{sample.group}" if sample.group else "",
    )


def examples_from_run(
    folder: Path,
    *,
    per_sample: int = 4,
    min_score: float | None = None,
    judged: Collection[tuple[str, str]] = (),
) -> tuple[tuple[Example, ...], Counter[str]]:
    """Return (right answers of a run as examples, why the other records were left out, counted).

    This is rejection sampling. An answer is right if its outcome is `correct`, or if its score is at
    least `min_score`. At most `per_sample` different answers of a sample are taken, the first ones.
    `judged` are (task, sample id) that will judge the model: their answers are left out.
    """
    taken: dict[tuple[str, str], dict[str, Example]] = {}
    left_out: Counter[str] = Counter()
    for record in read_records(folder):
        sample = (record.task, record.sample_id)
        answers = taken.setdefault(sample, {})
        example = _from_record(record)
        if reason := _reason_against(record, min_score):
            left_out[reason] += 1
        elif sample in judged:
            left_out["sample of an eval that judges"] += 1
        elif example.key in answers:
            left_out["equal answer"] += 1
        elif len(answers) >= per_sample:
            left_out["enough answers of its sample"] += 1
        else:
            answers[example.key] = example
    return tuple(example for answers in taken.values() for example in answers.values()), left_out


def _reason_against(record: Record, min_score: float | None) -> str:
    """Why the answer is not learned; empty if it is right."""
    if record.score is None or not (record.output or "").strip():
        return "no scored answer"
    right = record.outcome == "correct" if min_score is None else record.score >= min_score
    return "" if right else "wrong answer"


def _from_record(record: Record) -> Example:
    return Example(
        messages=_messages_of(record.prompt or record.input),
        answer=(record.output or "").strip(),
        source=f"{record.run_id} {record.task} {record.sample_id} epoch {record.epoch}",
        group=f"{record.task}:{record.group or record.sample_id}",
    )


def _messages_of(value: Any) -> tuple[Message, ...]:
    if isinstance(value, str):
        return (Message(role="user", content=value),)
    return tuple(Message(role=item["role"], content=item["content"]) for item in value)


def examples_from_jsonl(path: Path) -> tuple[Example, ...]:
    """Return the rows of a JSONL file in mlx-lm's formats `messages` and `prompt` with `completion`.

    The last message of the assistant is the answer; the messages before it are the question. Raises
    UsageError with file and line for a row of another form.
    """
    if not path.is_file():
        raise UsageError(f"training data {path}: no such file; give a JSONL file of chats, or a task file")
    rows = tuple(_from_row(values, f"{path}:{number}") for number, values in read_lines(path, "a chat"))
    if not rows:
        raise UsageError(f"training data {path}: the file has no rows; write one chat per line")
    return rows


def _from_row(values: Mapping[str, Any], place: str) -> Example:
    messages = list(_row_messages(values, place))
    if messages[-1].role != "assistant" or not messages[-1].content.strip():
        raise UsageError(f"{place}: the last message must be an answer of the assistant, which is learned")
    if not any(message.role == "user" for message in messages):
        raise UsageError(f"{place}: there is no message of the user before the answer; write the question")
    group = values.get("group")
    return Example(
        messages=tuple(messages[:-1]),
        answer=messages[-1].content,
        source=place,
        group="" if group is None else str(group),
    )


def _row_messages(values: Mapping[str, Any], place: str) -> Iterator[Message]:
    if isinstance(values.get("prompt"), str) and isinstance(values.get("completion"), str):
        yield Message(role="user", content=values["prompt"])
        yield Message(role="assistant", content=values["completion"])
        return
    written = values.get("messages")
    if values.get("tools"):
        raise UsageError(f"{place}: `tools` are not supported; leave this row out")
    if not isinstance(written, list) or not written:
        raise UsageError(
            f"{place}: a row needs `messages` (a list of role and content), or `prompt` and `completion`; "
            f"found {', '.join(sorted(values)) or 'nothing'}"
        )
    for message in written:
        if not isinstance(message, dict) or not isinstance(message.get("content"), str):
            raise UsageError(f"{place}: each message needs a `role` and a `content` that is text")
        if message.get("role") not in ROLES:
            raise UsageError(f"{place}: role {message.get('role')!r} is not one of {', '.join(ROLES)}")
        yield Message(role=message["role"], content=message["content"])


def group_of(example: Example) -> str:
    """Return the group of an example; without one, its question as compared, so that equal ones stay together."""
    return example.group or "question:" + " ".join(words(example.question))


def load_examples(
    data: str | Path | Sequence[Example], root: Path, *, task: Path | None = None
) -> tuple[Example, ...]:
    """Return the examples of a task file, of a data file with the columns of `task`, or of a JSONL file of chats."""
    if not isinstance(data, str | Path):
        return tuple(data)
    path = Path(data)
    if path.suffix.lower() in (".yaml", ".yml", ".json") and task is None:
        return examples_from_task(path, root)
    if task is None:
        return examples_from_jsonl(path)
    try:
        relative = path.resolve().relative_to(task.resolve().parent)
    except ValueError:
        raise UsageError(
            f"training data {path}: it is read with the columns of {task}, so it must be in that file's folder "
            "or below it; move it there, or give a JSONL file of chats without a task"
        ) from None
    return examples_from_task(task, root, samples=relative.as_posix())
