"""Task files become test modules: one item per case, one gate per cell."""

from __future__ import annotations

import os
import types
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pytest

from ..taskfile.detect import SUFFIXES
from ..terminal_escape import one_line, visible
from .fixtures import fixture_probe, overridden, record_for
from .outcomes import apply_outcome
from .quiet_items.garbage import collect_garbage_rarely
from .quiet_items.hooks import QuietHooks, lives_as_long_as_session, prints_nothing
from .state import RECORDS, state_of

if TYPE_CHECKING:
    from ..engine.cases import Case, Cell


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> TaskFile | None:
    """Return the module of a task file that is named, or below a named folder or `eval_paths`; None for others.

    A named file that is not a task file is collected too if it is below `eval_paths` or nearly one:
    loading it says what it lacks. Elsewhere below `eval_paths`, a file that is nearly one is a warning.
    """
    if file_path.suffix.lower() not in SUFFIXES or not _wanted(file_path, parent):
        return None
    from ..taskfile import is_collected, is_nearly_task_file

    collected = is_collected(file_path)
    nearly = not collected and is_nearly_task_file(file_path)
    if collected or (parent.session.isinitpath(file_path) and (nearly or _in_folder(file_path, parent.config))):
        return _task_file(file_path, parent)
    if nearly and _in_folder(file_path, parent.config) and _below_asked(file_path, parent.config):
        from ..session.task_paths import ignored_message

        parent.warn(pytest.PytestCollectionWarning(ignored_message(file_path)))
    return None


def _task_file(path: Path, parent: pytest.Collector) -> TaskFile:
    """The module of a task file; a name that could steer a terminal is escaped in its id, and refused later."""
    task_file: TaskFile = TaskFile.from_parent(parent, path=path)
    if visible(str(task_file.nodeid)) != str(task_file.nodeid):
        escaped = type(task_file.id)(path=one_line(str(task_file.nodeid)))
        task_file = TaskFile.from_parent(parent, path=path, name=one_line(task_file.name), nodeid=escaped)
        task_file.misnamed = True
    return task_file


class TaskFile(pytest.Module):
    """A task file as a test module with one synthetic function."""

    prefetch: bool = False  # answers may be requested before their item's fixtures are set up
    quiet: bool = False  # its items run no fixture of the user's
    ready: bool = False  # the fixtures of its items are set up until the session ends
    item_hooks: Any = None  # shared by its items; set when the first one runs
    misnamed: bool = False  # its path has characters that a terminal obeys or does not show
    relative_path: str  # of its items, as pytest shows it

    def _getobj(self) -> types.ModuleType:
        module = types.ModuleType(self.path.stem)
        module.__file__ = str(self.path)
        module.__dict__.update(item_body=item_body, fixture_probe=fixture_probe)
        return module

    def collect(self) -> Iterator[pytest.Item]:
        """The items: the samples of every cell, then the gates. Raises CollectError if the file is wrong."""
        from ..errors import HiddenLayerError

        state = state_of(self.config)
        session = state.session
        collect_garbage_rarely()
        if self.misnamed:
            state.faulty_files.add(self.nodeid)
            raise self.CollectError(
                f"{self.nodeid}: the name of a task file is printed with every sample, and this one or its folder's "
                "has characters that steer a terminal, or invisible ones; rename it"
            )
        try:
            task = session.load_task(self.path)
            cells = session.plan_cells(task)
        except HiddenLayerError as error:
            state.faulty_files.add(self.nodeid)
            message, name = str(error), str(self.nodeid)
            names_file = name in message or self.path.name in message
            raise self.CollectError(message if names_file else f"{name}: {message}") from None
        self._register(task.tags)
        self.extra_keyword_matches.add(task.name)  # -k NAME selects the task, whatever its file is called
        self.session._fixturemanager.parsefactories(self)
        function = pytest.Function.from_parent(self, name="item_body")
        self.quiet = prints_nothing(function)
        self.relative_path = self.session._node_location_to_relpath(self.path)
        self.prefetch = not overridden(pytest.Function.from_parent(self, name="fixture_probe"))
        for cell in cells:
            yield from self._samples(cell, function)
        if session.options.gate != "off":
            for cell in cells:
                yield GateItem.make(self, cell)

    def _register(self, tags: Sequence[str]) -> None:
        for tag in tags:
            self.config.addinivalue_line("markers", f"{tag}: tag of a task file")
            self.add_marker(tag)

    def _samples(self, cell: Cell, function: pytest.Function) -> Iterator[EvalItem]:
        from ..engine.cases import cases

        for case in cases(cell):
            yield EvalItem.from_parent(
                self,
                name=f"{case.name}[{case.params}]",
                callobj=item_body,
                fixtureinfo=function._fixtureinfo,
                case=case,
            )


class EvalItem(pytest.Function):
    """The item of one case."""

    __slots__ = ("hl_case", "marked", "report_keywords")
    parent: TaskFile
    hl_case: Case
    marked: bool | None  # whether a mark may change its outcome; None: not known
    report_keywords: tuple[int, dict[str, Literal[1]]] | None  # for how many marks; names

    def __init__(self, *, case: Case, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.hl_case = case
        self.marked = self.report_keywords = None
        self._id = self.parent.id.child(case.name).with_params(case.params)

    @property
    def ihook(self) -> Any:
        """The hooks of this item, shared by all items of its file."""
        hooks = self.parent.item_hooks
        if hooks is None:
            hooks = self.parent.item_hooks = self._hooks()
        return hooks

    def _hooks(self) -> Any:
        every = super().ihook
        return QuietHooks(self, every) if self.parent.quiet else every

    @property
    def location(self) -> tuple[str, int | None, str]:
        """The file, relative to pytest's root, its first line and the item's name."""
        return self.parent.relative_path, 0, self.name

    def setup(self) -> None:
        """Set up autouse fixtures, then wait for the answer."""
        if not self.parent.ready:
            super().setup()
            self.parent.ready = self.parent.quiet and lives_as_long_as_session(self)
        record_for(self)

    def runtest(self) -> None:
        """Turn the record into pytest's outcome."""
        apply_outcome(self, self.stash[RECORDS][-1])

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """The file; the first line, because pytest needs one if a fixture skips."""
        return self.path, 0, self.name


class GateItem(pytest.Item):
    """The gate of a cell. Collected like any item; the controller reports it after all samples.

    It has the attributes of a test function without fixtures, because the hooks of a conftest.py
    read them from every item.
    """

    cell_key: tuple[str, ...]
    cls = None
    instance = None
    originalname = "gate"

    @property
    def function(self) -> Callable[..., Any]:
        """A function that does nothing."""
        return item_body

    obj = function

    @property
    def module(self) -> types.ModuleType:
        """The module of the task file."""
        module: types.ModuleType = self.parent.obj  # type: ignore[union-attr]
        return module

    @property
    def fixturenames(self) -> list[str]:
        """No names."""
        return []

    @property
    def funcargs(self) -> dict[str, Any]:
        """No values."""
        return {}

    @classmethod
    def make(cls, parent: TaskFile, cell: Cell) -> GateItem:
        """The gate item of a cell."""
        node_id = parent.id.child("gate").with_params(cell.params)
        item: GateItem = cls.from_parent(parent, name=f"gate[{cell.params}]", nodeid=node_id)
        item.cell_key = cell.key
        return item

    def runtest(self) -> None:
        """Never called: the controller reports gates when everything else has run."""
        raise RuntimeError("gates are reported by the controller")

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """The file, without a line."""
        return self.path, None, self.name


def case_of(item: pytest.Item) -> Case | None:
    """The case of an eval item: of a task file or of a marked function; None for any other test."""
    case = getattr(item, "hl_case", None)
    if case is None and (callspec := getattr(item, "callspec", None)) is not None:
        case = callspec.params.get("hl_case")
    return case


def item_body() -> None:
    """The body of every task file's item: pytest needs a function."""


def _wanted(path: Path, parent: pytest.Collector) -> bool:
    """Whether a file is named, or below a named folder or one of `eval_paths`."""
    config = parent.config
    if parent.session.isinitpath(path) or _in_folder(path, config):
        return True
    return config.args_source is pytest.Config.ArgsSource.ARGS and _below_asked(path, config)


def _below_asked(path: Path, config: pytest.Config) -> bool:
    """Whether a file is below a folder of the command line, or the command line names no path."""
    if config.args_source is not pytest.Config.ArgsSource.ARGS:
        return True
    named = (Path(os.path.abspath(config.invocation_params.dir / name.split("::")[0])) for name in config.args)
    return any(folder in path.parents for folder in named)


def _in_folder(path: Path, config: pytest.Config) -> bool:
    """Whether a file is in or below one of `eval_paths`."""
    folders = config.getini("eval_paths") or [state_of(config).session.root / "evals"]
    return any(folder == path or folder in path.parents for folder in folders)
