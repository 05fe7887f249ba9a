"""The types of `run.json`, which may hold further facts of any type."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .json_types import Faults, Type, UnfitError, anything, count, flag, list_of, map_of, object_of, text
from .summary_types import unknown

_KNOWN: Mapping[str, Type] = {
    **dict.fromkeys(("run_id", "started_at", "ended_at", "finished_at", "engine"), text),
    **dict.fromkeys(("command", "models"), list_of(text)),
    **dict.fromkeys(("versions", "tasks"), map_of(text)),
    "git": object_of({}, {**unknown(text, "commit"), **unknown(flag, "dirty")}),
    "records": count,
    "complete": flag,
    "host": map_of(anything),
    "options": map_of(anything),
}


def manifest_type(value: Any, place: str, faults: Faults) -> dict[str, Any]:
    """The facts of a run. Raises UnfitError if the value is no object."""
    if not isinstance(value, dict):
        raise UnfitError(place)
    kept = {}
    for name, part in value.items():
        try:
            kept[name] = part if part is None else _KNOWN.get(name, anything)(part, f"{place}/{name}", faults)
        except UnfitError as error:
            faults.append(str(error))
    return kept
