"""One answered call of a case that has no record yet, as a line of JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from typing import Any

from ...calls.cache_key import cache_key_fields, call_key
from ...calls.reported_values import checked_completion
from ...io.codecs import completion_from_json, completion_to_json
from ...io.record_types import is_time
from ...types import Completion, Request

SCHEMA = 1
_OPTIONAL = frozenset(f.name for f in fields(Completion) if f.default is not MISSING)


@dataclass(frozen=True, kw_only=True, slots=True)
class CompletedCall:
    """A call that was answered, and what it belongs to."""

    key: str  # of the case
    started_at: str  # when the case started: a case that is run again is another one
    request: str  # see `request_key`
    elapsed_s: float  # from the start of the case to this answer
    completion: Completion

    @property
    def case(self) -> tuple[str, str]:
        """What the calls of one case have in common, and no other call."""
        return self.key, self.started_at

    def to_json(self) -> dict[str, Any]:
        """The values of one line; fields of the completion that have no value are omitted."""
        values = completion_to_json(self.completion)
        shown = {name: v for name, v in values.items() if name not in _OPTIONAL or v or _is_zero(v)}
        return {
            "schema": SCHEMA,
            "key": self.key,
            "started_at": self.started_at,
            "request": self.request,
            "elapsed_s": self.elapsed_s,
            "completion": shown,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> CompletedCall:
        """The call of one line. Raises TypeError for values that are not a call, or of a later version."""
        schema = values.get("schema")
        if schema != SCHEMA:
            raise TypeError(f"it has schema {schema!r:.20}, and this version reads {SCHEMA}")
        texts = [values.get(name) for name in ("key", "started_at", "request")]
        elapsed_s, completion = values.get("elapsed_s"), values.get("completion")
        if not all(isinstance(text, str) for text in texts):
            raise TypeError("`key`, `started_at` and `request` must be texts")
        if type(elapsed_s) not in (int, float) or not 0 <= elapsed_s <= 1e15:  # type: ignore[operator]
            raise TypeError(f"`elapsed_s` cannot be {elapsed_s!r:.60}")
        key, started_at, request = map(str, texts)
        if not is_time(started_at):
            raise TypeError(f"`started_at` cannot be {started_at!r:.60}")
        return cls(
            key=key,
            started_at=started_at,
            request=request,
            elapsed_s=float(elapsed_s),  # type: ignore[arg-type]
            completion=_completion(completion),
        )


def request_key(asked: str, model: str, request: Request) -> str:
    """Return the hash of a call within its case: the model it asks, and everything that can change the answer.

    Two calls of a case never have the same one: the seed of a call counts the equal ones before it.
    """
    return call_key(cache_key_fields(asked, model, "", request))


def _is_zero(value: Any) -> bool:
    """Whether a value is the number 0, which is known, and not False."""
    return type(value) in (int, float) and not value


def _completion(values: Any) -> Completion:
    """The completion, with unknown values in place of impossible ones. Raises TypeError."""
    try:
        completion = completion_from_json(values)
        return checked_completion(completion, str(values["model"]))
    except Exception as error:  # whatever the values of a file lead to
        raise TypeError(f"`completion` is not one: {type(error).__name__}: {error}") from error
