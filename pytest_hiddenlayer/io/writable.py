"""Whether a folder can be written, checked before anything is paid for."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

PROBE_BYTES = 8192
"""Size of the file that is written to check a folder: larger than the manifest of a run."""


def write_fault(folder: Path) -> str | None:
    """Why nothing can be written in a folder, which need not exist yet; None if something can.

    A small file is written and removed: permissions do not show that a disk is full or read-only.
    Nothing is left behind, the folder itself included.
    """
    existing = next(path for path in (folder, *folder.parents) if os.path.lexists(path))
    probe = existing / f".hiddenlayer-{secrets.token_hex(4)}.tmp"
    try:
        with probe.open("xb", buffering=0) as file:
            written = file.write(b" " * PROBE_BYTES)
            os.fsync(file.fileno())
        return None if written == PROBE_BYTES else "No space left on device"
    except OSError as error:
        return reason(error)
    finally:
        with suppress(OSError):
            probe.unlink(missing_ok=True)


def reason(error: OSError) -> str:
    """The system's reason in words, such as `No space left on device`."""
    return error.strerror or str(error) or type(error).__name__
