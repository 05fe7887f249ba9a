"""The page's program and style, bundled from `web/` when the package is built."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path

from ...version import __version__

FOLDER = Path(__file__).parent / "bundle"
UNAVAILABLE = "unavailable.txt"
"""Holds one sentence if the bundle could not be built with the package; see `web/build.py`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Bundle:
    """JavaScript, CSS and the licences of what they contain."""

    script: str
    style: str
    licenses: str


def load_bundle() -> Bundle | None:
    """The bundle; None if it was not built, as `bundle_fault` says."""
    if (FOLDER / UNAVAILABLE).exists():
        return None
    try:
        script, style, licenses = (
            (FOLDER / name).read_text(encoding="utf-8") for name in ("app.js", "app.css", "licenses.txt")
        )
    except OSError:
        return None
    return Bundle(script=script, style=style, licenses=licenses)


def bundle_fault() -> str:
    """Why there is no bundle and how to get it, as two sentences; empty if there is one."""
    if load_bundle() is not None:
        return ""
    try:
        reason = (FOLDER / UNAVAILABLE).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        reason = "its files are missing from the installed package"
    return (
        f"The program of the interactive report is not installed: {reason}. "
        "Install the package again with a connection to the package indexes of Python and npm, or use a wheel."
    )


def generator() -> str:
    """What wrote a page: the version of this package and of the program in the page, if it has one."""
    bundle = load_bundle()
    program = "none" if bundle is None else hashlib.sha256((bundle.script + bundle.style).encode()).hexdigest()[:16]
    return f"pytest-hiddenlayer {__version__}, program {program}"


def csp_hash(text: str) -> str:
    """The source expression of a content security policy that allows this inline script or style."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
