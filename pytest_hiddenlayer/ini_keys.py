"""The options of a run in an ini file: keys `hl_NAME`, read as pytest reads them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .errors import UsageError, did_you_mean
from .option_table import OPTIONS, is_own_key


def read_ini(values: Mapping[str, Any]) -> dict[str, Any]:
    """Option name → value of the `hl_NAME` keys of an ini file. Raises UsageError for an unknown key."""
    options = {option.dest: option for option in OPTIONS}
    refuse_unknown_keys(values)
    written: dict[str, Any] = {}
    for key, value in values.items():
        if not key.startswith("hl_"):
            continue
        option = options[key]
        if option.flag:
            written[option.name] = _boolean(key, value)
        elif option.repeatable:
            lines = value if isinstance(value, list) else str(value).splitlines()
            written[option.name] = tuple(line.strip() for line in lines if line.strip())
        else:
            written[option.name] = str(value)
    return written


def refuse_unknown_keys(keys: Iterable[str]) -> None:
    """Raise UsageError for a key of an ini file that is a misspelt option."""
    known = {"eval_paths", *(option.dest for option in OPTIONS)}
    for key in keys:
        if is_own_key(key) and key not in known:
            hint = did_you_mean(key.lower().replace("-", "_"), known) or "; remove it"
            raise UsageError(f"unknown ini key {key}{hint}")


def _boolean(key: str, value: Any) -> bool:
    """As pytest reads a bool of an ini file."""
    words = {"true": True, "1": True, "yes": True, "y": True, "t": True, "on": True}
    words |= {"false": False, "0": False, "no": False, "n": False, "f": False, "off": False, "": False}
    text = str(value).strip().lower()
    if text not in words:
        raise UsageError(f"ini key {key}: {value!r} is neither true nor false; write one of them")
    return words[text]
