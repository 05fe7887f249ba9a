"""The page's program and style, bundled from `web/` when the package is built."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "bundle"


@dataclass(frozen=True, kw_only=True, slots=True)
class Bundle:
    """JavaScript, CSS and the licences of what they contain."""

    script: str
    style: str
    licenses: str


def load_bundle() -> Bundle | None:
    """The bundle; None if it was not built."""
    try:
        script, style, licenses = (
            (FOLDER / name).read_text(encoding="utf-8") for name in ("app.js", "app.css", "licenses.txt")
        )
    except OSError:
        return None
    return Bundle(script=script, style=style, licenses=licenses)


def csp_hash(text: str) -> str:
    """The source expression of a content security policy that allows this inline script or style."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
