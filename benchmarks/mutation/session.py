"""pytest, with all tests imported once: forks of it run chosen tests, traced or with a fault in the package."""

from __future__ import annotations

import gc
import importlib
import io
import os
import sys
import time
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from mutation.processes import silence
from mutation.targets import ROOT, Mutant, mutants
from mutation.tracing import Tracer

KILLED, SURVIVED, NOT_APPLIED = 1, 0, 3
OPTIONS = ("-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-m", "not slow", "--rootdir", str(ROOT))


def in_session(folders: Sequence[str], work: Callable[[WarmTests], None]) -> int:
    """pytest's exit status after `work` was called with the tests collected in these folders."""
    paths = [str(ROOT / "tests" / name) for name in folders]
    return _pytest([*OPTIONS, *paths], WarmTests(work))


def run_cold(mutant: Mutant, tests: Sequence[str], folder: Path) -> int:
    """KILLED or SURVIVED, of a fault in what runs when its module is imported."""
    silence()
    sys.meta_path.insert(0, _MutatedImport(mutant))
    chosen = [str(ROOT / name) for name in tests]
    status = _pytest([*OPTIONS, "-x", "--basetemp", str(folder / "t"), *chosen], ColdTests())
    return SURVIVED if status == 0 else KILLED


def _pytest(args: list[str], plugin: object) -> int:
    os.chdir(ROOT)
    os.environ["PYTHONPATH"] = f"{ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    sys.path[:0] = [str(ROOT)]
    return int(pytest.main([*args, "-W", "ignore::pytest.PytestAssertRewriteWarning"], plugins=[plugin]))


class ColdTests:
    """Runs that tests start are forked from this process."""

    def pytest_configure(self) -> None:
        """Examples of hypothesis are the same in every run, and are not made smaller."""
        from hypothesis import HealthCheck, Phase, settings

        settings.register_profile(
            "mutants", deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        settings.load_profile("mutants")

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> None:
        """Before the first test: a process to fork runs from, while there is no thread."""
        _fork_server()


class WarmTests(ColdTests):
    """All tests, collected and imported."""

    def __init__(self, work: Callable[[WarmTests], None]) -> None:
        self._work = work
        self.items: dict[str, pytest.Item] = {}
        self._functions: dict[str, list[types.FunctionType]] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Instead of running the tests: the work."""
        self.items = {item.nodeid: item for item in session.items}
        paths = {str(mutant.path): mutant.path for mutant in mutants()}
        for path in paths.values():
            parts = path.relative_to(ROOT).with_suffix("").parts
            importlib.import_module(".".join(parts[:-1] if parts[-1] == "__init__" else parts))
        gc.unfreeze()
        for function in gc.get_objects():
            if isinstance(function, types.FunctionType) and function.__code__.co_filename in paths:
                self._functions.setdefault(function.__code__.co_filename, []).append(function)
        gc.freeze()
        self._work(self)
        return True

    def traced(self, names: Sequence[str], folder: Path) -> Iterator[tuple[str, bool, float, dict[str, set[int]]]]:
        """(test, whether it passed, seconds, lines that it ran) of each test, with nothing kept from before."""
        silence()
        self._prepare(names, folder)
        tracer = Tracer(self._functions, folder)
        tracer.start()
        _fork_server()
        shared: dict[str, dict[str, set[int]]] = {}
        for name, following in _pairs(names):
            item = self.items[name]
            _clear_caches()
            tracer.take()
            before, began = sum(os.times()[:2]), time.monotonic()
            phases = _Phases(tracer)
            passed = _passes(item, self.items.get(following or ""), phases)
            lines = tracer.take()
            if phases.setup and _shares_fixtures(item):
                module = name.split("::")[0]
                _add(shared.setdefault(module, {}), phases.setup)
                _add(lines, shared[module])
            _add(lines, phases.setup)
            took = (time.monotonic() - began) if _forks(item) else sum(os.times()[:2]) - before
            yield name, passed, took, lines

    def with_fault(self, mutant: Mutant | None, names: Sequence[str], folder: Path) -> int:
        """KILLED or SURVIVED, of a fault in a function (None: of no fault)."""
        silence()
        if mutant and not self._apply(mutant):
            return NOT_APPLIED
        self._prepare(names, folder)
        if any(_forks(self.items[name]) for name in names):
            _fork_server()
        for name, following in _pairs(names):
            if not _passes(self.items[name], self.items.get(following or ""), None):
                return KILLED
        return SURVIVED

    def _prepare(self, names: Sequence[str], folder: Path) -> None:
        config = self.items[names[0]].config
        factory = config._tmp_path_factory  # type: ignore[attr-defined]
        factory._basetemp = folder / "t"
        factory._basetemp.mkdir()

    def _apply(self, mutant: Mutant) -> bool:
        """Whether the code of the function was replaced, wherever it is referred to."""
        assert mutant.mutation.function
        outer, line = mutant.mutation.function
        replaced = False
        codes = dict(_codes(compile(mutant.code(), str(mutant.path), "exec", dont_inherit=True)))
        for function in self._functions.get(str(mutant.path), []):
            code = function.__code__
            own = code.co_qualname
            new = codes.get((own, code.co_firstlineno))
            if new is None or not (own == outer or own.startswith(f"{outer}.<locals>.")):
                continue
            if new.co_freevars == code.co_freevars:
                function.__code__ = new
                replaced = replaced or (own == outer and code.co_firstlineno == line)
        return replaced


class _Phases:
    """What the setup of a test ran."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self.setup: dict[str, set[int]] = {}

    def after_setup(self) -> None:
        self.setup = self._tracer.take()


def _passes(item: pytest.Item, following: pytest.Item | None, phases: _Phases | None) -> bool:
    from _pytest.runner import call_and_report

    item._initrequest()  # type: ignore[attr-defined]
    reports = [call_and_report(item, "setup", log=False)]
    if phases:
        phases.after_setup()
    if reports[0].passed:
        reports.append(call_and_report(item, "call", log=False))
    reports.append(call_and_report(item, "teardown", log=False, nextitem=following))
    return all(report.passed or hasattr(report, "wasxfail") for report in reports)


def _shares_fixtures(item: pytest.Item) -> bool:
    fixtures = item._fixtureinfo.name2fixturedefs.values()  # type: ignore[attr-defined]
    return any(d.scope in {"module", "class"} for definitions in fixtures for d in definitions)


def _forks(item: pytest.Item) -> bool:
    """Whether a test may start runs in `support.folder.Folder`."""
    own = {"folder", "sums", "shared"} & set(item.fixturenames)  # type: ignore[attr-defined]
    return bool(own) or hasattr(item.module, "Folder")  # type: ignore[attr-defined]


def _clear_caches() -> None:
    """Functions forget what they returned, so that each test runs what it needs."""
    for name, module in list(sys.modules.items()):
        if name.startswith(("pytest_hiddenlayer.", "tests.")):
            for value in list(vars(module).values()):
                if hasattr(value, "cache_clear") and getattr(value, "__module__", "").startswith(
                    ("pytest_hiddenlayer.scorers", "pytest_hiddenlayer.stats", "pytest_hiddenlayer.results", "tests.")
                ):
                    value.cache_clear()


def _add(lines: dict[str, set[int]], more: Mapping[str, set[int]]) -> None:
    for path, found in more.items():
        lines.setdefault(path, set()).update(found)


def _pairs(names: Sequence[str]) -> Iterator[tuple[str, str | None]]:
    yield from zip(names, [*names[1:], None], strict=True)


def _codes(code: types.CodeType) -> Iterator[tuple[tuple[str, int], types.CodeType]]:
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield (constant.co_qualname, constant.co_firstlineno), constant
            yield from _codes(constant)


class _MutatedImport:
    """Finds one module with a fault in it, and no other."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant
        parts = mutant.path.relative_to(ROOT).with_suffix("").parts
        self._name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        """As importlib asks for it."""
        if name != self._name:
            return None
        from importlib.machinery import SourceFileLoader
        from importlib.util import spec_from_file_location

        mutant = self._mutant

        class Loader(SourceFileLoader):
            def get_code(self, fullname: str) -> Any:
                return compile(mutant.code(), str(mutant.path), "exec", dont_inherit=True)

        return spec_from_file_location(name, mutant.path, loader=Loader(name, str(mutant.path)))


def _fork_server() -> None:
    """Runs of `support.folder.Folder` are forked from a copy of this process, which has the fault."""
    from support import folder, zygote

    to_read, to_write = os.pipe()
    answers, answered = os.pipe()
    if not os.fork():
        os.close(to_write)
        os.close(answers)
        os.dup2(to_read, 0)
        os.dup2(answered, 1)
        sys.stdin, sys.stdout = open(0, closefd=False), open(1, "w", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
        environment = folder._environment()
        os.environ.clear()
        os.environ.update(environment)
        try:
            zygote.main()
        finally:
            os._exit(0)
    os.close(to_read)
    os.close(answered)
    started = types.SimpleNamespace(
        stdin=io.TextIOWrapper(os.fdopen(to_write, "wb"), line_buffering=True), stdout=os.fdopen(answers)
    )
    folder._zygote = lambda: started  # type: ignore[assignment]
