"""A function that runs on the decoder thread, between two steps."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

from .loading import LoadedModel

T = TypeVar("T")


class FunctionJob(Generic[T]):
    """A function of the loaded model, and the future of its result."""

    def __init__(self, function: Callable[[LoadedModel], T]) -> None:
        self._function = function
        self.future: Future[T] = Future()

    def run(self, loaded: LoadedModel) -> None:
        """Call the function, unless its caller was cancelled; any exception goes to the caller."""
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            result = self._function(loaded)
        except StopIteration as error:  # asyncio cannot carry it
            self.future.set_exception(RuntimeError(f"the function raised {error!r}"))
        except BaseException as error:
            self.future.set_exception(error)
        else:
            self.future.set_result(result)
