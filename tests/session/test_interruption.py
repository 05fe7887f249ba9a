"""Signals that end a run."""

from __future__ import annotations

import signal

import pytest

from pytest_hiddenlayer.session.interruption import uninterrupted


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
