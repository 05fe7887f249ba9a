"""The hooks of items that run no user code, without those of pytest's own plugins that have no effect on them.

pytest captures what each phase prints by swapping file descriptors: a dozen system calls per phase.
Each call releases Python's lock, and the engine's thread takes it. Logging, marks and exceptions of
threads are looked at per phase too. A hook that only pytest implements then is called directly.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Sequence
from functools import partial
from typing import Any

import pytest
from _pytest.threadexception import collect_thread_exception
from _pytest.unraisableexception import collect_unraisable

from ..reporting.messages import LIVE_LINE
from ..state import STATE
from .logs import sections_replaced

_QUIET = ("_pytest", "pytest_hiddenlayer", "syrupy")
_MARKS = frozenset({"skip", "skipif", "xfail", "flaky"})
REPORTS = "hiddenlayer-passed-reports"
"""Name of the plugin that makes the reports of passed phases."""
_COLLECT = {"threadexception": collect_thread_exception, "unraisableexception": collect_unraisable}
"""Plugin → its part in the last phase."""
_EMPTY_PARTS = {
    "pytest_runtest_call": ("hypothesispytest",),
    "pytest_runtest_makereport": ("tmpdir", "unittest", "hypothesispytest"),
}
"""Hook → plugins that do nothing in it for an item without user code."""
_PARTS_DONE = {
    "pytest_runtest_logstart": (),
    "pytest_runtest_setup": ("runner", "skipping", "unraisableexception", "threadexception"),
    "pytest_runtest_call": ("runner", "skipping", "unraisableexception", "threadexception"),
    "pytest_runtest_teardown": ("runner", "unraisableexception", "threadexception"),
    "pytest_runtest_makereport": ("runner", "skipping", "hiddenlayer", REPORTS),
    "pytest_runtest_logfinish": (),
}
"""Hook that may be called directly → pytest's own plugins whose part in it is done here."""


def prints_nothing(function: pytest.Function) -> bool:
    """Whether every fixture of the function belongs to pytest or to this plugin, so that no user code runs."""
    fixtures = function._fixtureinfo.name2fixturedefs.values()
    return all(f.func.__module__.partition(".")[0] in _QUIET for definitions in fixtures for f in definitions)


def lives_as_long_as_session(function: pytest.Function) -> bool:
    """Whether every fixture that the function uses was set up for the whole session, so that it is set up once."""
    definitions = function._fixtureinfo.name2fixturedefs
    return all(definitions[name][-1].scope == "session" for name in function.fixturenames if name != "request")


def has_marks(item: pytest.Item) -> bool:
    """Whether the item, its file or its folders have a mark that changes what is done with it."""
    node: Any = item
    while node is not None:
        if node.own_markers and any(mark.name in _MARKS for mark in node.own_markers):
            return True
        node = node.parent
    return False


class QuietHooks:
    """The hooks of the items of one file that run no user code; each is looked up when it is first called."""

    def __init__(self, item: Any, hooks: Any) -> None:
        self._config: pytest.Config = item.config
        self._hooks = hooks
        self._manager: pytest.PytestPluginManager = self._config.pluginmanager

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if not name.startswith("pytest_runtest_"):
            return getattr(self._hooks, name)  # type: ignore[no-any-return]
        caller: Callable[..., Any] = self._direct(name) or self._without_effect(name)
        self.__dict__[name] = caller
        return caller

    def _direct(self, name: str) -> Callable[..., Any] | None:
        """Return what replaces a hook; None if another plugin or a conftest.py implements it."""
        if name not in _PARTS_DONE or self._others(name):
            return None
        match name:
            case "pytest_runtest_setup":
                return partial(_set_up, self._without_effect(name))
            case "pytest_runtest_call":
                return partial(_call, self._without_effect(name))
            case "pytest_runtest_teardown":
                collect = [_COLLECT[name] for name in _COLLECT if self._manager.has_plugin(name)]
                return partial(_tear_down, self._without_effect(name), collect)
            case "pytest_runtest_makereport":
                unmarked = self._manager.subset_hook_caller(name, remove_plugins=self._left_out(name, marked=False))
                return partial(_make_report, self._without_effect(name), unmarked, self._manager.get_plugin(REPORTS))
        return _nothing

    def _others(self, name: str) -> bool:
        """Whether a plugin takes part in a hook, apart from those whose part is empty or done here."""
        done, left_out = {*_PARTS_DONE[name], *self._own()}, self._left_out(name, marked=False)
        implementations = getattr(self._manager.hook, name).get_hookimpls()
        return any(i.plugin_name not in done and i.plugin not in left_out for i in implementations)

    def _own(self) -> Collection[str]:
        """Return this plugin's name if its setup has nothing to do: without --hl-adaptive."""
        state = self._config.stash.get(STATE, None)
        return ("hiddenlayer",) if state is None or state.session.early_stopping is None else ()

    def _without_effect(self, name: str) -> Callable[..., Any]:
        """Return the hook with all plugins on which an item's phase may depend."""
        return self._manager.subset_hook_caller(name, remove_plugins=self._left_out(name))

    def _left_out(self, name: str, *, marked: bool = True) -> set[object]:
        names = ["capturemanager", *_EMPTY_PARTS.get(name, ()), *_unused(self._config, marked=marked)]
        if sections_replaced(self._config):
            names.append("logging-plugin")
        live_line: Any = self._manager.get_plugin(LIVE_LINE)
        if live_line is not None and not live_line.drawing:
            names.append(LIVE_LINE)
        plugins = {plugin for name in names if (plugin := self._manager.get_plugin(name)) is not None}
        return plugins | set(getattr(self._hooks, "remove_mods", ()))


def _unused(config: pytest.Config, *, marked: bool) -> Collection[str]:
    """Return the plugins that do nothing without their option or, for items that may be `marked`, a mark."""
    manager, names = config.pluginmanager, []
    if manager.has_plugin("html") and not config.getoption("htmlpath", None):
        names.append("html")
    if (
        not marked
        and manager.has_plugin("rerunfailures")
        and not any(config.getoption(option, None) is not None for option in ("reruns", "force_reruns"))
        and not config.getini("reruns")
    ):
        names.append("rerunfailures")
    return names


def _make_report(
    every: Callable[..., pytest.TestReport],
    unmarked: Callable[..., pytest.TestReport],
    reports: Any,
    item: Any,
    call: pytest.CallInfo[None],
) -> pytest.TestReport:
    if item.marked is not False:
        return every(item=item, call=call)
    if call.excinfo is not None:
        return unmarked(item=item, call=call)
    report: pytest.TestReport = reports.complete(item, call)
    return report


def _set_up(every: Callable[..., None], item: Any) -> None:
    item.marked = has_marks(item)
    if item.marked:
        every(item=item)
        return
    _set_current(item, "setup")
    item.session._setupstate.setup(item)


def _call(every: Callable[..., None], item: Any) -> None:
    if item.marked is not False:
        every(item=item)
    else:
        _set_current(item, "call")
        item.runtest()


def _tear_down(
    every: Callable[..., None],
    collect: Sequence[Callable[[pytest.Config], None]],
    item: Any,
    nextitem: pytest.Item | None,
) -> None:
    if item.marked is not False:
        every(item=item, nextitem=nextitem)
        return
    _set_current(item, "teardown")
    item.session._setupstate.teardown_exact(nextitem)
    os.environ.pop("PYTEST_CURRENT_TEST", None)
    for collect_exceptions in collect:
        collect_exceptions(item.config)


def _set_current(item: pytest.Item, phase: str) -> None:
    os.environ["PYTEST_CURRENT_TEST"] = f"{item.nodeid} ({phase})".replace("\x00", "(null)")


def _nothing(**arguments: object) -> None:
    """The call of a hook that no plugin implements."""
