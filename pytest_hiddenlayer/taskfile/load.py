"""Loads a task file: parses and checks it, reads its data files, renders one prompt and hashes the task."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeAlias, TypeVar

from pydantic import ValidationError

from ..confidence import MEASURES
from ..errors import TaskError, UsageError
from ..parameters import output_file_parameters
from ..registry import scorers
from ..types import GenerationConfig, Recording, Sample, Spec, Task
from .detect import is_foreign_harness
from .document import Document, FieldPath, format_path, merge
from .error_messages import faults
from .hashing import task_hash
from .json_source import parse_json
from .outputs import check_known, read_outputs_file
from .paths import MEGABYTE, Source, resolve_data_file, task_source
from .prompt import render_prompt
from .rows import read_rows
from .samples import SampleEntry, build_samples, file_entries, inline_entries
from .scalar import describe
from .schema import DataFile, TaskForm
from .streamed.spool import SampleList, sample_ids
from .validators import check_task_name
from .yaml_source import parse_yaml

MAX_TASK_FILE = 5 * MEGABYTE
T = TypeVar("T")
Ids: TypeAlias = Callable[[], set[str]]
"""The ids of all samples, which need much memory in a large file."""


def load_task(path: Path, root: Path, *, samples: str | None = None, in_memory: int | None = None) -> Task:
    """Return the task in the file `path`. Its data files must be below the folder `root`.

    If it has more samples than `in_memory`, they are on disk (`SpooledSamples`); None: never.
    `samples` names a data file, relative to the task file, that is read instead of the task's own
    samples, such as its training split; recorded outputs are then left out. Raises one TaskError for
    all faults, each with its line and field.
    """
    loader = _Loader.open(path, root)
    if samples is not None:
        form = loader.form.model_copy(update={"samples": samples, "outputs": None})
        loader = replace(loader, form=form)
    return loader.load(in_memory)


def refuse_duplicate_name(task: Task, loaded: Mapping[Path, Task]) -> None:
    """Raise TaskError if a loaded task has the same name: names are unique in a session, also without capitals.

    Their snapshots have folders of these names, and a file system may see no difference between `Sums` and `sums`.
    """
    for path, loaded_task in loaded.items():
        if loaded_task.name.casefold() == task.name.casefold():
            raise TaskError(
                f"task name {task.name!r} is taken by {path.name}; choose a name that is unique in the session",
                file=task.path,
                field="task",
            )


@dataclass(frozen=True, slots=True)
class _Loader:
    """Loads one task file: its source, the parsed document and the checked form."""

    source: Source
    root: Path
    document: Document
    form: TaskForm

    @classmethod
    def open(cls, path: Path, root: Path) -> _Loader:
        source = task_source(path, root)
        if is_foreign_harness(path):
            raise source.error(_HARNESS)
        parse = parse_json if path.suffix.lower() == ".json" else parse_yaml
        document = parse(source.text(MAX_TASK_FILE), source)
        if not isinstance(document.data, dict):
            raise source.error(f"must be a mapping with `task:` and `samples:`, got {describe(document.data)}")
        return cls(source, root, document, _check(document, source))

    def load(self, in_memory: int | None = None) -> Task:
        form = self.form
        samples = self._samples(in_memory)
        ids = partial(_id_set, samples)  # of a large file, only if they are needed
        recordings: dict[str, Recording] = {}
        outputs = self._outputs(ids, recordings)
        if recordings:
            samples = _with_recordings(samples, recordings, in_memory)
        task = Task(
            name=form.task or self._read(("task",), check_task_name, self.source.path.stem),
            path=self.source.display_path,
            samples=samples,
            scorers=self._scorers(ids),
            strategies=self._distinct("strategies", form.strategies or [Spec(name="single")], repr),
            generate=GenerationConfig(**form.generate.model_dump(), omitted=form.generate.omitted()),
            outputs=outputs,
            expect=self._expect(),
            tags=tuple(dict.fromkeys(form.tags)),
            lines=self._lines(),
            **{name: getattr(form, name) for name in _COPIED_FIELDS},
        )
        self._render_first(task)
        return replace(task, hash=task_hash(task))

    def _expect(self) -> dict[str, str]:
        """Return the bounds that are set. Raises TaskError for ECE or Brier score of a measure that has neither."""
        expect: dict[str, str] = self.form.expect.model_dump(exclude_none=True)
        measure = expect.get("measure")
        if measure is not None and len(expect) == 1:
            message = f'nothing is expected of {measure}; add a bound, such as auroc: ">0.6"'
            raise self._error(("expect", "measure"), message)
        for name in ("ece", "brier"):
            if measure is not None and name in expect and not MEASURES[measure].bounded:
                message = f"{measure} is not in [0, 1], so it has no {name}; expect auroc, aurc or wqd"
                raise self._error(("expect", name), message)
        return expect

    def _samples(self, in_memory: int | None) -> Sequence[Sample]:
        samples = build_samples(self._entries(), self.form, in_memory=in_memory)
        if not samples:
            raise self._error(("samples",), "there are no samples; write at least one")
        return samples

    def _entries(self) -> Iterator[SampleEntry | TaskError]:
        written = self.form.samples
        if isinstance(written, list):
            if self.form.fields.model_fields_set:
                reason = "names columns of a data file, but the samples are in this file; remove `fields:`"
                raise self._error(("fields",), reason)
            return inline_entries(written, self.document, self.source)
        data = written if isinstance(written, DataFile) else DataFile(file=written)
        source = self._data_source(("samples",), data.file)
        return file_entries(read_rows(source, data.path), source, self.form.fields)

    def _outputs(self, ids: Ids, recordings: dict[str, Recording]) -> dict[str, tuple[str, ...]] | None:
        """Return the recorded outputs by id; recorded samples and debates are added to `recordings`."""
        written = self.form.outputs
        if isinstance(written, str):
            return read_outputs_file(self._data_source(("outputs",), written), ids(), recordings)
        known = ids() if written else set()
        for name in written or ():
            self._read(("outputs", name), lambda name: check_known(name, known), name)
        return written

    def _scorers(self, ids: Ids) -> tuple[Spec, ...]:
        specs = self._distinct("scorers", self.form.scorers, lambda spec: spec.label or spec.name)
        return tuple(self._with_outputs(index, spec, ids) for index, spec in enumerate(specs))

    def _with_outputs(self, index: int, spec: Spec, ids: Ids) -> Spec:
        """Return the spec with each parameter that names a file of outputs replaced by the file's content.

        A scorer annotates these parameters as `parameters.OutputFile`; it reads no file itself.
        """
        field_path: FieldPath = ("scorers", index)
        try:
            names = output_file_parameters(scorers.get(spec.name))
        except UsageError as error:
            raise self._error(field_path, str(error)) from error
        outputs = {}
        for name in set(names) & spec.params.keys():
            written = spec.params[name]
            if not isinstance(written, str):
                raise self._error(
                    field_path, f"{name} must be the name of a file of {{id, output}}, got {describe(written)}"
                )
            outputs[name] = read_outputs_file(self._data_source(field_path, written), ids())
        return replace(spec, params={**spec.params, **outputs}) if outputs else spec

    def _distinct(self, field: str, specs: Sequence[Spec], key: Callable[[Spec], Hashable]) -> tuple[Spec, ...]:
        """Return the specs. Raises TaskError if two have the same key: their items or scores would coincide."""
        seen = set()
        for index, spec in enumerate(specs):
            if key(spec) in seen:
                raise self._error((field, index), _twice(field, spec))
            seen.add(key(spec))
        return tuple(specs)

    def _lines(self) -> dict[str, int]:
        """Return the lines of all fields but the samples and their outputs."""
        lines = self.document.lines.items()
        return {format_path(path): line for path, line in lines if path and path[0] not in ("samples", "outputs")}

    def _render_first(self, task: Task) -> None:
        try:
            render_prompt(task, task.samples[0])
        except TaskError as error:
            raise self._error(("prompt",), error.message) from error

    def _data_source(self, field_path: FieldPath, name: str) -> Source:
        """Return the data file `name` of the field at `field_path`. Raises TaskError if it may not be read."""
        return self._read(field_path, lambda written: resolve_data_file(self.source, written, self.root), name)

    def _read(self, field_path: FieldPath, read: Callable[[str], T], value: str) -> T:
        """Return `read(value)`; its ValueError becomes a TaskError at `field_path`."""
        try:
            return read(value)
        except ValueError as error:
            raise self._error(field_path, str(error)) from error

    def _error(self, field_path: FieldPath, message: str) -> TaskError:
        return self.source.error(message, line=self.document.line(field_path), field=format_path(field_path))


def _id_set(samples: Sequence[Sample]) -> set[str]:
    return set(sample_ids(samples))


def _with_recordings(
    samples: Sequence[Sample], recordings: Mapping[str, Recording], in_memory: int | None
) -> Sequence[Sample]:
    recorded = SampleList(in_memory)
    for sample in samples:
        recorded.append(replace(sample, recording=recordings.get(sample.id)))
    return recorded.all()


def _twice(field: str, spec: Spec) -> str:
    if field != "scorers":
        return f"{spec.name!r} appears twice; keep one"
    return f"{(spec.label or spec.name)!r} appears twice; keep one, or name its scores: `- {spec.name}: {{as: NAME}}`"


_COPIED_FIELDS = (
    "description",
    "prompt",
    "system",
    "epochs",
    "reducer",
    "pass_score",
    "threshold",
    "min_scored",
    "margin",
    "min_effect",
    "judge",
    "reasoning",
)
_HARNESS = (
    "this is an lm-evaluation-harness task, which this version cannot run; write its `samples:` and `prompt:` as a "
    "task file (docs/task-files.md)"
)


def _check(document: Document, source: Source) -> TaskForm:
    try:
        return TaskForm.model_validate(document.data)
    except ValidationError as error:
        form_faults = faults(error, TaskForm)
    # By line: pydantic reports unknown fields last, but people read from the top.
    form_faults.sort(key=lambda fault: document.line(fault[0]) or 0)
    raise merge(
        source.error(message, line=document.line(field_path), field=format_path(field_path))
        for field_path, message in form_faults
    )
