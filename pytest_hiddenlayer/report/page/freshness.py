"""Whether the page of a run is as new as what it shows."""

from __future__ import annotations

import html
from pathlib import Path

from ...io.regular_files import open_regular
from .bundle import generator
from .run_page import REPORT

HEAD = 4096  # bytes of a page that hold its generator


def is_current(folder: Path) -> bool:
    """Whether the run's page exists, is newer than the other files of the folder, and was written by this version."""
    page = folder / REPORT
    try:
        written = page.stat().st_mtime_ns
        with open_regular(page) as file:
            head = file.read(HEAD).decode("utf-8", "replace")
    except OSError:
        return False
    if f'content="{html.escape(generator())}"' not in head:
        return False
    return all(written >= file.stat().st_mtime_ns for file in folder.iterdir() if file.is_file() and file != page)
