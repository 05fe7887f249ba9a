"""The calls of one case: those that were answered are on disk while others follow, and a resumed run reuses them."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from ...protocols import Provider
from ...types import Completion, Request
from .completed_call import CompletedCall, request_key

MIN_LATENCY_S = 0.001
"""A call without a cost that took less time is not written: asking again takes as long as reading it."""
_Pending = tuple[str, str, Request, Completion, float]

WriteCalls = Callable[[Sequence[CompletedCall]], None]


@dataclass(slots=True)
class CaseCalls:
    """Makes the calls of one case. Used on one event loop.

    A call is written when the case starts another one, or while another one is in flight. So a case with one call
    writes nothing, and of the others a kill loses what was in flight.
    """

    find_key: Callable[[], str]  # of the case; computed if it is needed
    write: WriteCalls | None = None
    earlier: Sequence[CompletedCall] = ()  # of this case, made by a run that was killed
    started_at: str = field(init=False)
    reused: int = 0  # number of calls that were found in `earlier`
    reused_s: float = 0.0  # what the case had taken when the last of them was answered
    _began_s: float = field(default_factory=time.perf_counter)
    _key: str = ""  # once it is found
    _in_flight: int = 0
    _pending: list[_Pending] = field(default_factory=list)  # answered, and not written
    _reusable: dict[str, CompletedCall] = field(default_factory=dict)  # by request

    def __post_init__(self) -> None:
        self._reusable = {call.request: call for call in self.earlier}
        self.started_at = self.earlier[0].started_at if self.earlier else datetime.now(UTC).isoformat()

    async def complete(self, provider: Provider, request: Request, asked: str) -> Completion:
        """Return the completion of a call, of the earlier run or from the provider. Raises ProviderError.

        `asked` distinguishes candidate, judge and named models.
        """
        self._write_pending()
        if (found := self._find(provider, request, asked)) is not None:
            return found
        self._in_flight += 1
        try:
            completion = await provider.complete(request)
        finally:
            self._in_flight -= 1
        self._keep(provider, request, asked, completion)
        return completion

    def elapsed_s(self) -> float:
        """Seconds since the case started, without those between the runs."""
        return self.reused_s + time.perf_counter() - self._began_s

    def _find(self, provider: Provider, request: Request, asked: str) -> Completion | None:
        if not self._reusable:
            return None
        call = self._reusable.pop(request_key(asked, provider.model, request), None)
        if call is None:
            return None
        self.reused += 1
        self.reused_s = max(self.reused_s, call.elapsed_s)
        self._keep(provider, request, asked, call.completion)
        return call.completion

    def _keep(self, provider: Provider, request: Request, asked: str, completion: Completion) -> None:
        if self.write is None or not _is_worth_keeping(completion):
            return
        self._pending.append((asked, provider.model, request, completion, self.elapsed_s()))
        if self._in_flight:
            self._write_pending()

    def _write_pending(self) -> None:
        if not self._pending or self.write is None:
            return
        pending, self._pending = self._pending, []
        self._key = self._key or self.find_key()
        self.write(
            [
                CompletedCall(
                    key=self._key,
                    started_at=self.started_at,
                    request=request_key(asked, model, request),
                    elapsed_s=elapsed_s,
                    completion=completion,
                )
                for asked, model, request, completion, elapsed_s in pending
            ]
        )


def _is_worth_keeping(completion: Completion) -> bool:
    """Whether a call is worth keeping: a cached one is kept already."""
    return not completion.cached and (completion.latency_s >= MIN_LATENCY_S or bool(completion.cost_usd))
