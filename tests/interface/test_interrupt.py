"""A cell of a notebook is interrupted, and the next one works."""

from __future__ import annotations

import signal
import threading

import pytest
from support.folder import Folder

import pytest_hiddenlayer as hl

SCRIPTED = "scripted:replies.json"


class Interrupt:
    """Interrupts the main thread at the first call, as a notebook's stop button does."""

    def __init__(self) -> None:
        self.sent = False

    def __call__(self, *_: object) -> None:
        """Send one SIGINT; later calls, which a debate may still end, send none."""
        if not self.sent:
            self.sent = True
            main = threading.main_thread().ident
            assert main is not None
            signal.pthread_kill(main, signal.SIGINT)


def test_the_next_call_works_after_an_interrupt(folder: Folder):
    """An interrupt during a debate ends it, and models, tracker and runs work as before."""
    folder.task(n=1)
    with pytest.raises(KeyboardInterrupt):
        hl.run_strategy("debate", "1+1?", provider=SCRIPTED, on_call=Interrupt())
    call = hl.llm_call("1+1?", provider=SCRIPTED)
    assert call.text
    assert hl.load_run("last").records[-1].output == call.text
