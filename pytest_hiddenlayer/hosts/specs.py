"""The specs of `--tx` and `--px`, as pytest-xdist reads them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING

from ..errors import UsageError

if TYPE_CHECKING:
    from execnet import XSpec

MISSING = "hosts need pytest-xdist and execnet, which are not installed: pip install 'pytest-hiddenlayer[xdist]'"
_NO_PLACE = ("id=", "env:", "nice=", "execmodel=")
_KEYS = (
    *("chdir", "dont_write_bytecode", "execmodel", "id", "installvia", "nice", "popen", "python"),
    *("socket", "ssh", "ssh_config", "vagrant_ssh", "via", "env:NAME"),
)
TYPES = "`popen`, `ssh=HOST`, `socket=HOST:PORT` or `via=ID//popen`"


@dataclass(frozen=True, kw_only=True, slots=True)
class HostSpec:
    """One host: how it is reached, and how many workers it gets."""

    text: str  # without a factor
    workers: int = 1
    proxies: tuple[str, ...] = ()  # specs of --px, of which `via=` names one

    def parsed(self) -> XSpec:
        """Returns execnet's own form."""
        return _parse(self.text, "--tx")

    @property
    def name(self) -> str:
        """The host in messages: its name for ssh, HOST:PORT for a socket, else what the spec says of the place."""
        spec = self.parsed()
        if spec.ssh:
            return str(spec.ssh).split()[-1]
        return (
            str(spec.socket)
            if spec.socket
            else "//".join(part for part in self.text.split("//") if not part.startswith(_NO_PLACE))
        )


def parse_specs(tx: Sequence[str], px: Sequence[str] = ()) -> list[HostSpec]:
    """Returns the hosts of `--tx` with `--px`, each once: `2*ssh=mac2` is one with two workers. Raises UsageError."""
    if not tx:
        raise UsageError("no host is named: write --tx SPEC for each, such as --tx ssh=mac2//python=.venv/bin/python")
    proxies = _proxies(px)
    workers: dict[str, int] = {}
    for text in tx:
        spec, factor = _factor(text)
        parsed = _parse(spec, "--tx")
        if parsed.via and parsed.via not in proxies:
            raise UsageError(f"--tx {text!r}: no --px has id={parsed.via}; write --px id={parsed.via}//ssh=HOST")
        workers[spec] = workers.get(spec, 0) + factor
    return [HostSpec(text=text, workers=number, proxies=tuple(px)) for text, number in workers.items()]


def _proxies(px: Sequence[str]) -> dict[str, XSpec]:
    found = {}
    for text in px:
        parsed = _parse(text, "--px")
        if not parsed.id:
            raise UsageError(f"--px {text!r} has no id, by which via=ID of --tx names it; write id=NAME//{text}")
        found[parsed.id] = parsed
    return found


def _factor(text: str) -> tuple[str, int]:
    """(the spec, 3) of `3*SPEC`."""
    number, star, spec = text.partition("*")
    if not star or not number.isdecimal():
        return text, 1
    if not int(number):
        raise UsageError(f"--tx {text!r} asks for no worker; write a number of at least 1, or leave the option out")
    return spec, int(number)


def _parse(text: str, option: str) -> XSpec:
    try:
        from execnet import XSpec
    except ImportError:
        raise UsageError(MISSING) from None
    try:
        spec = XSpec(text)
    except (ValueError, AttributeError, IndexError) as error:
        why = "a key is empty" if isinstance(error, IndexError) else error
        raise UsageError(
            f"{option} {text!r}: not a spec of a host ({why}); write {TYPES}, and further keys after //"
        ) from None
    kinds = [spec.popen is True, *(isinstance(value, str) and bool(value) for value in (spec.ssh, spec.socket))]
    if not any(kinds) and not (spec.vagrant_ssh or spec.installvia):
        raise UsageError(f"{option} {text!r} does not say how the host is reached; write {TYPES}")
    if isinstance(spec.socket, str) and not spec.socket.rpartition(":")[2].isdecimal():
        raise UsageError(f"{option} {text!r} has no port; write socket=HOST:PORT")
    if spec.ssh and not str(spec.ssh).split():
        raise UsageError(f"{option} {text!r} names no host; write ssh=HOST")
    _check_keys(text, option)
    return spec


def _check_keys(text: str, option: str) -> None:
    """Raise UsageError for a key that execnet does not know, which it would ignore."""
    for part in text.split("//"):
        key = part.partition("=")[0]
        if key in _KEYS or key.startswith("env:"):
            continue
        close = get_close_matches(key, _KEYS, n=1)
        instead = f"did you mean {close[0]}?" if close else f"keys are {', '.join(_KEYS)}"
        raise UsageError(f"{option} {text!r} has the unknown key {key!r}, which execnet would ignore; {instead}")
