"""Signals that end a run."""

from __future__ import annotations

import importlib
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pytest_hiddenlayer.session.interruption import HeldBackSignals, terminated_as_interrupted, uninterrupted

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs signals")


def test_an_interruption_waits_for_the_end_of_the_block() -> None:
    """A Ctrl-C inside the block raises KeyboardInterrupt after it, so that an import in it is complete."""
    done = False
    handler = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt), uninterrupted():  # noqa: PT012
        signal.raise_signal(signal.SIGINT)
        done = True
    assert done
    assert signal.getsignal(signal.SIGINT) is handler


def test_without_an_interruption_nothing_happens() -> None:
    """The handlers are those of before, also if the block raises."""
    handlers = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(ImportError), uninterrupted():
        raise ImportError("x")
    with uninterrupted():
        pass
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == handlers


@contextmanager
def handled(name: str, handler: Any) -> Iterator[int]:
    """A signal with another handler than the one that pytest has set."""
    number = getattr(signal, name)
    before = signal.signal(number, handler)
    try:
        yield number
    finally:
        signal.signal(number, before)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_that_ends_programs_interrupts(name: str) -> None:
    """SIGTERM and SIGHUP raise KeyboardInterrupt inside the block; after it their handlers are those of before."""
    with handled(name, signal.SIG_DFL) as number:
        with pytest.raises(KeyboardInterrupt), terminated_as_interrupted():
            signal.raise_signal(number)
        assert signal.getsignal(number) is signal.SIG_DFL


def test_an_ignored_signal_stays_ignored() -> None:
    """Under nohup, which ignores SIGHUP, a closed terminal does not end a run."""
    with handled("SIGHUP", signal.SIG_IGN) as number, terminated_as_interrupted():
        signal.raise_signal(number)


def test_a_signal_that_is_held_back_takes_effect_when_it_is_released() -> None:
    """After the block a SIGTERM waits for `release`, which calls a function first; a second one interrupts."""
    happened: list[str] = []
    held = HeldBackSignals()
    with handled("SIGTERM", signal.SIG_DFL) as number:
        with terminated_as_interrupted(held):
            pass
        signal.raise_signal(number)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(number)
        signal.signal(number, signal.SIG_DFL)
        held_numbers, held._numbers = held._numbers, ()
        signal.signal(number, lambda *_: happened.append("signal"))
        held.release(lambda: happened.append("before"))
    assert number in held_numbers
    assert happened == ["before", "signal"]


def test_without_a_signal_a_release_restores_the_handlers() -> None:
    """Nothing is called, and the handlers are those of programs."""
    held = HeldBackSignals()
    with handled("SIGTERM", signal.SIG_DFL) as number:
        with terminated_as_interrupted(held):
            pass
        held.release(lambda: pytest.fail("no signal has arrived"))
        assert signal.getsignal(number) is signal.SIG_DFL


SIGNALLED = """
import signal

signal.raise_signal(signal.NUMBER)
loaded = True
"""


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_waits_for_an_import(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A module that is being imported is complete when KeyboardInterrupt is raised; the handler is that of before."""
    (tmp_path / f"signalled_{name}.py").write_text(SIGNALLED.replace("NUMBER", name), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    handler = signal.default_int_handler if name == "SIGINT" else signal.SIG_DFL
    with handled(name, handler) as number:
        with pytest.raises(KeyboardInterrupt), terminated_as_interrupted():  # noqa: PT012
            module = importlib.import_module(f"signalled_{name}")
            while True:
                pass
        assert signal.getsignal(number) is handler
    assert module.loaded


def test_an_import_that_does_not_end_is_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After `MAX_TRIES` a signal no longer waits."""
    monkeypatch.setattr("pytest_hiddenlayer.session.interruption.MAX_TRIES", 3)
    (tmp_path / "endless_module.py").write_text(
        "import signal\nsignal.raise_signal(signal.SIGTERM)\nwhile True:\n    pass\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)
    with handled("SIGTERM", signal.SIG_DFL), pytest.raises(KeyboardInterrupt), terminated_as_interrupted():
        importlib.import_module("endless_module")


RUNNING = """
import signal
from pytest_hiddenlayer.session.interruption import terminated_as_interrupted

with terminated_as_interrupted():
    signal.raise_signal(signal.SIGTERM)
    raise AssertionError("the signal waited")
"""


def test_a_run_within_an_import_is_interrupted_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A signal waits only for imports that began in the block: a module may run evals while it is imported."""
    (tmp_path / "running_module.py").write_text(RUNNING, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    with handled("SIGTERM", signal.SIG_DFL), pytest.raises(KeyboardInterrupt):
        importlib.import_module("running_module")
