"""The git checkout around a folder: its commit, and the output of git commands."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any


def git_state(root: Path) -> dict[str, Any] | None:
    """{commit, dirty} of the checkout around `root`; None without git or outside of a checkout."""
    try:
        commit = git_output(root, "rev-parse", "HEAD").strip()
        changed = git_output(root, "status", "--porcelain", "--untracked-files=no")
        return {"commit": commit, "dirty": bool(changed.strip())}
    except (OSError, subprocess.SubprocessError):
        return None


def git_commit(root: Path, ref: str) -> str | None:
    """The commit that `ref` names in the checkout around `root`; None if it names no commit."""
    if ref.startswith("-"):
        return None
    try:
        return git_output(root, "rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}").strip() or None
    except (OSError, subprocess.SubprocessError):
        return None


def git_output(root: Path, *arguments: str) -> str:
    """The output of `git ARGUMENTS` in `root`. Raises OSError without git, subprocess.SubprocessError if it fails."""
    completed = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, timeout=30, check=True)
    return completed.stdout
