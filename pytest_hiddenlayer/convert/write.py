"""Writes a draft as a task file with its samples, and loads it: what does not load is not delivered."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ..engine.checks.targets import check_targets, unscorable
from ..errors import UsageError, shorten
from ..io.atomic import replacing
from ..scorers.build import build_scorer
from ..strategies.bind import bind_strategy
from ..taskfile import load_task
from ..types import Task
from .draft import Draft, DraftSample, Work, is_id, slug
from .report import WrittenTask

HEADER = "# Converted by hiddenlayer convert"
_LISTED = 5  # lines that a remark names


DOES_NOT_LOAD = "the converted task does not load, which is a fault of this command; please report it"


class OverwriteError(UsageError):
    """A file exists that no conversion wrote."""


@dataclass(slots=True)
class Output:
    """Writes into a temporary folder first. `folder` None: nothing is kept."""

    folder: Path | None
    staging: Path
    names: set[str] = field(default_factory=set)

    def deliver(self, draft: Draft, work: Work) -> WrittenTask | None:
        """Write, load and keep one task; None if no sample is left, which is then refused."""
        draft.name = self._unique(draft.name)
        if not self._scorable(draft, work):
            return None
        folder = Path(tempfile.mkdtemp(dir=self.staging))
        try:
            task = self._checked(draft, work, folder)
            if task is not None and self.folder is not None:
                self._keep(folder)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
        if task is None:
            return None
        return WrittenTask(
            name=task.name, file=f"{task.name}.yaml", samples=len(task.samples), outputs=_recorded(task)
        )

    def _unique(self, name: str) -> str:
        base = name = slug(name)
        number = 2
        while name.casefold() in self.names:
            name, number = f"{base}-{number}", number + 1
        self.names.add(name.casefold())
        return name

    def _scorable(self, draft: Draft, work: Work) -> bool:
        _set_ids(draft, work)
        if not draft.samples:
            work.refuse(f"{draft.name}: no sample can be converted")
        return bool(draft.samples)

    def _checked(self, draft: Draft, work: Work, folder: Path) -> Task | None:
        """Return the loaded task, without the samples that its first scorer could never score."""
        task = self._load(draft, work, folder)
        scorers = [build_scorer(spec) for spec in task.scorers]
        faults = {sample.id: reason for sample, reason in unscorable(task, scorers[0])}
        if faults:
            lost = [sample for sample in draft.samples if sample.id in faults]
            draft.samples = [sample for sample in draft.samples if sample.id not in faults]
            reason = faults[lost[0].id]
            if not draft.samples:
                work.refuse(f"{draft.name}: no sample can be scored: {reason}", lost[0].line)
                return None
            work.left_out(f"{draft.name}: {samples_on(lost)} cannot be scored: {reason}", lost[0].line)
            task = self._load(draft, work, folder)
        check_targets(task, scorers)
        for spec in task.strategies:
            bind_strategy(spec)
        return task

    def _load(self, draft: Draft, work: Work, folder: Path) -> Task:
        write_files(draft, work.source.display_path, folder)
        return load_task(folder / f"{draft.name}.yaml", folder)

    def _keep(self, folder: Path) -> None:
        assert self.folder is not None
        self.folder.mkdir(parents=True, exist_ok=True)
        paths = sorted(folder.iterdir())
        _refuse_others([self.folder / path.name for path in paths])
        for path in paths:
            target = self.folder / path.name
            with path.open("rb") as source, replacing(target) as file:
                shutil.copyfileobj(source, file)


def _recorded(task: Task) -> int:
    """The number of samples with recorded answers."""
    return len(task.outputs or ()) + sum(sample.recording is not None for sample in task.samples)


def _set_ids(draft: Draft, work: Work) -> None:
    """Give each sample an id that can be one, and that no other sample has."""
    seen: set[str] = set()
    for number, sample in enumerate(draft.samples):
        name = sample.id
        if not is_id(name):
            work.note(f"the id {shorten(name)!r} cannot be one; it is {number} here", sample.line)
            name = str(number)
        base, count = name, 2
        while name in seen:
            name, count = f"{base}-{count}", count + 1
        if name != base:
            work.note(f"the id {base!r} appears again; it is {name!r} here", sample.line)
        seen.add(name)
        sample.id = name


@contextmanager
def opened(folder: Path | None) -> Iterator[Output]:
    """An output for one conversion."""
    with tempfile.TemporaryDirectory(prefix="hiddenlayer-convert-") as staging:
        yield Output(folder, Path(staging))


def _refuse_others(paths: list[Path]) -> None:
    """Raise OverwriteError if one of the files exists, unless an earlier conversion wrote the task."""
    existing = [path for path in paths if path.exists()]
    task_file = next(path for path in paths if path.suffix == ".yaml")
    if not existing:
        return
    is_ours = False
    if task_file in existing:
        with task_file.open("rb") as file:
            is_ours = file.read(len(HEADER)) == HEADER.encode()
    if not is_ours:
        message = "exists and was not written by a conversion; name another folder with --output"
        raise OverwriteError(f"{existing[0]} {message}")


def write_files(draft: Draft, origin: str, folder: Path) -> None:
    """Write NAME.yaml, NAME.jsonl, and NAME.outputs.jsonl if samples have recorded answers."""
    form: dict[str, Any] = {"task": draft.name}
    form |= {key: value for key, value in draft.fields.items() if value not in (None, {}, [], "")}
    form["samples"] = f"{draft.name}.jsonl"
    form["scorers"] = draft.scorers
    if draft.against is not None:
        form["scorers"] = [{"win_rate": {"against": f"{draft.name}.against.jsonl"}}]
        _write_rows(folder / f"{draft.name}.against.jsonl", draft.against)
    _write_rows(folder / f"{draft.name}.jsonl", (sample.to_json() for sample in draft.samples))
    if any(sample.outputs is not None or sample.recording is not None for sample in draft.samples):
        form["outputs"] = f"{draft.name}.outputs.jsonl"
        _write_rows(folder / form["outputs"], _outputs(draft.samples))
    origin = "".join(character if character.isprintable() else "?" for character in origin)
    text = yaml.dump(form, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=110)
    (folder / f"{draft.name}.yaml").write_text(f"{HEADER} from {origin}\n{text}", encoding="utf-8")


def _outputs(samples: Iterable[DraftSample]) -> Iterator[dict[str, Any]]:
    for sample in samples:
        if sample.recording is not None:
            yield {"id": sample.id, **sample.recording}
        elif sample.outputs is not None:
            one = len(sample.outputs) == 1
            yield {"id": sample.id, **({"output": sample.outputs[0]} if one else {"outputs": sample.outputs})}


def _write_rows(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{json.dumps(row, ensure_ascii=False)}\n" for row in rows)


class _Dumper(yaml.SafeDumper):
    """Long texts as blocks; no aliases."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _text)


def samples_on(samples: list[DraftSample]) -> str:
    """`3 samples (lines 1, 5, 9)`."""
    lines = [str(sample.line) for sample in samples[:_LISTED] if sample.line is not None]
    count = "1 sample" if len(samples) == 1 else f"{len(samples)} samples"
    if not lines:
        return count
    more = ", ..." if len(samples) > _LISTED else ""
    return f"{count} (line{'s' if len(lines) > 1 else ''} {', '.join(lines)}{more})"


def replace_newlines(text: str) -> str:
    """Return the text as one line."""
    return "; ".join(line.strip() for line in text.splitlines() if line.strip())
