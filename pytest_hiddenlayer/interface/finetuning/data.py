"""Which examples are learned for a task: a file, right answers of a run, or the training file next to the task."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from ...errors import UsageError
from ...finetuning.examples import Example, examples_from_run, load_examples
from ...io.jsonl import read_lines
from ...project import Project
from ...results.log.run_log import find_run
from ...taskfile import load_task

TRAINING_FILES = (".jsonl", ".json", ".csv", ".tsv", ".parquet")
_CHAT = ({"messages"}, {"prompt", "completion"})


def training_examples(
    project: Project,
    task: Path,
    *,
    data: Path | None,
    from_run: str | Path | None,
    eval_tasks: Sequence[Path],
    per_sample: int,
    min_score: float | None,
    notify: Callable[[str], None],
) -> tuple[Example, ...]:
    """Return the examples that are learned. Raises UsageError if there are none, or if two sources are named."""
    if data is not None and from_run is not None:
        raise UsageError(f"two sources of training data: the file {data} and the run {from_run}; name one of them")
    if from_run is not None:
        return _of_run(project, from_run, eval_tasks, per_sample, min_score, notify)
    return _of_file(project, task, data or _training_file(task))


def _of_run(
    project: Project,
    name: str | Path,
    eval_tasks: Sequence[Path],
    per_sample: int,
    min_score: float | None,
    notify: Callable[[str], None],
) -> tuple[Example, ...]:
    folder = find_run(project.root, str(name), reports=project.reports)
    tasks = [load_task(path, project.root) for path in eval_tasks]
    samples = {(task.name, sample.id) for task in tasks for sample in task.samples}
    examples, left_out = examples_from_run(folder, per_sample=per_sample, min_score=min_score, judged=samples)
    reasons = ", ".join(f"{count:,} {reason}" for reason, count in left_out.most_common())
    if not examples:
        raise UsageError(
            f"run {folder.name}: it has no answer to train on; left out: {reasons or 'no records'}. Answer other "
            "samples than those that evaluate the model, such as a task file with the training split, and name "
            "that run"
        )
    notify(f"{len(examples):,} right answers of run {folder.name}" + (f"; left out: {reasons}" if reasons else ""))
    return examples


def _of_file(project: Project, task: Path, data: Path) -> tuple[Example, ...]:
    """Chats are read as they are; a table has the columns of the task; a task file has its own."""
    if not data.is_file():
        raise UsageError(f"training data {data}: no such file; name a file of chats or one with the task's columns")
    if not data.read_bytes().strip():
        raise UsageError(f"training data {data}: the file is empty; write one chat or one row per line")
    is_task = data.suffix.lower() in (".yaml", ".yml")
    return load_examples(data, project.root, task=None if is_task or _has_chats(data) else task)


def _has_chats(path: Path) -> bool:
    """Whether the first row of a JSONL file is a chat in mlx-lm's formats."""
    if path.suffix.lower() != ".jsonl":
        return False
    first = next((values for _, values in read_lines(path, "training data")), {})
    return any(names <= set(first) for names in _CHAT)


def _training_file(task: Path) -> Path:
    """The file `TASK_train` next to the task file. Raises UsageError if there is none."""
    candidates = [task.with_name(f"{task.stem}_train{suffix}") for suffix in TRAINING_FILES]
    for path in candidates:
        if path.is_file():
            return path
    raise UsageError(
        f"task {task.name}: no training data was named, and there is no {candidates[0].name} next to it; write that "
        "file with the columns of the task, or name another with --data, or a run with right answers with --from-run"
    )
