"""A task file to a `Task`: read, check, find its data, render once, hash."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from ..errors import TaskError, UsageError
from ..parameters import output_file_parameters
from ..registry import scorers
from ..types import GenerationConfig, Sample, Spec, Task
from .detect import is_foreign_harness
from .document import Document, Field, format_path, merge
from .error_messages import faults
from .hashing import task_hash
from .json_source import parse_json
from .outputs import check_known, read_outputs_file
from .paths import MEGABYTE, Source, resolve_data_file, source
from .prompt import render_prompt
from .rows import read_rows
from .samples import Entry, build_samples, file_entries, inline_entries
from .scalar import describe
from .schema import DataFile, TaskForm
from .validators import check_task_name
from .yaml_source import parse_yaml

MAX_TASK_FILE = 5 * MEGABYTE
T = TypeVar("T")


def load_task(path: Path, root: Path) -> Task:
    """The task in the file `path`; its data must lie below the folder `root`.

    Raises TaskError, one for all faults that were found, each with its line and field.
    """
    return _Loader.open(path, root).load()


@dataclass(frozen=True, slots=True)
class _Loader:
    """One task file on its way: where it is, what stands in it, and what was made of it."""

    source: Source
    root: Path
    document: Document
    form: TaskForm

    @classmethod
    def open(cls, path: Path, root: Path) -> _Loader:
        file = source(path, root)
        if is_foreign_harness(path):
            raise file.error(_HARNESS)
        parse = parse_json if path.suffix.lower() == ".json" else parse_yaml
        document = parse(file.text(MAX_TASK_FILE), file)
        if not isinstance(document.data, dict):
            raise file.error(f"must be a mapping with `task:` and `samples:`, got {describe(document.data)}")
        return cls(file, root, document, _check(document, file))

    def load(self) -> Task:
        form = self.form
        samples = self._samples()
        task = Task(
            name=form.task or self._at(("task",), check_task_name, self.source.path.stem),
            path=self.source.shown,
            samples=samples,
            scorers=self._scorers({sample.id for sample in samples}),
            strategies=self._distinct("strategies", form.strategies or [Spec(name="single")], repr),
            generate=GenerationConfig(**form.generate.model_dump()),
            outputs=self._outputs({sample.id for sample in samples}),
            tags=tuple(dict.fromkeys(form.tags)),
            **{name: getattr(form, name) for name in _AS_THEY_ARE},
        )
        self._render_first(task)
        return replace(task, hash=task_hash(task))

    def _samples(self) -> tuple[Sample, ...]:
        samples = build_samples(self._entries(), self.form)
        if not samples:
            raise self._error(("samples",), "there is no sample; a task has at least one")
        return samples

    def _entries(self) -> Iterator[Entry | TaskError]:
        written = self.form.samples
        if isinstance(written, list):
            if self.form.fields.model_fields_set:
                why = "names columns of a data file, but the samples stand in this file"
                raise self._error(("fields",), why)
            return inline_entries(written, self.document, self.source)
        data = written if isinstance(written, DataFile) else DataFile(file=written)
        file = self._at(("samples",), lambda name: resolve_data_file(self.source, name, self.root), data.file)
        return file_entries(read_rows(file, data.path), file, self.form.fields)

    def _outputs(self, ids: set[str]) -> dict[str, tuple[str, ...]] | None:
        written = self.form.outputs
        if isinstance(written, str):
            file = self._at(("outputs",), lambda name: resolve_data_file(self.source, name, self.root), written)
            return read_outputs_file(file, ids)
        for name in written or ():
            self._at(("outputs", name), lambda name: check_known(name, ids), name)
        return written

    def _scorers(self, ids: set[str]) -> tuple[Spec, ...]:
        specs = self._distinct("scorers", self.form.scorers, lambda spec: spec.name)
        return tuple(self._with_outputs(number, spec, ids) for number, spec in enumerate(specs))

    def _with_outputs(self, number: int, spec: Spec, ids: set[str]) -> Spec:
        """The spec, its parameters that name a file of outputs replaced by what the file holds.

        A scorer annotates these parameters as `parameters.OutputFile`; it reads no file itself.
        """
        place: Field = ("scorers", number)
        try:
            names = output_file_parameters(scorers.get(spec.name))
        except UsageError as error:
            raise self._error(place, str(error)) from error
        read = {}
        for name in names & spec.params.keys():
            written = spec.params[name]
            if not isinstance(written, str):
                raise self._error(
                    place, f"{name} must be the name of a file of {{id, output}}, got {describe(written)}"
                )
            file = self._at(place, lambda text: resolve_data_file(self.source, text, self.root), written)
            read[name] = read_outputs_file(file, ids)
        return replace(spec, params={**spec.params, **read}) if read else spec

    def _distinct(self, field: str, specs: Sequence[Spec], key: Callable[[Spec], Hashable]) -> tuple[Spec, ...]:
        """The specs. Raises TaskError where two are the same: their items or scores would be one."""
        seen = set()
        for number, spec in enumerate(specs):
            if key(spec) in seen:
                raise self._error((field, number), f"{spec.name!r} is there twice; keep one")
            seen.add(key(spec))
        return tuple(specs)

    def _render_first(self, task: Task) -> None:
        try:
            render_prompt(task, task.samples[0])
        except TaskError as error:
            raise self._error(("prompt",), error.message) from error

    def _at(self, place: Field, read: Callable[[str], T], value: str) -> T:
        """What `read` makes of `value`; its ValueError becomes a fault at `place`."""
        try:
            return read(value)
        except ValueError as error:
            raise self._error(place, str(error)) from error

    def _error(self, place: Field, message: str) -> TaskError:
        return self.source.error(message, line=self.document.line(place), field=format_path(place))


_AS_THEY_ARE = (
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
)
_HARNESS = (
    "this is an lm-evaluation-harness task, which this version neither runs nor converts "
    "(`hiddenlayer convert` is planned); write `samples:` and `prompt:` by hand"
)


def _check(document: Document, file: Source) -> TaskForm:
    try:
        return TaskForm.model_validate(document.data)
    except ValidationError as error:
        found = faults(error, TaskForm)
    # By line: pydantic reports unknown fields last, people read from the top.
    found.sort(key=lambda fault: document.line(fault[0]) or 0)
    raise merge(file.error(why, line=document.line(place), field=format_path(place)) for place, why in found)
