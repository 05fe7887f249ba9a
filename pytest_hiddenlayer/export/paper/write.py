"""Writes the folder of a paper."""

from __future__ import annotations

from pathlib import Path

from ...errors import UsageError
from ..exported_run import ExportedRun
from ..latex.table import latex_text
from ..significance import Significance
from ..writing import attempt, write_file
from .figures import figure_files
from .macros import macros_text
from .methods import methods_text

TEMPLATE = ("main.tex", "Makefile")
"""Files that are copied once, and are the author's from then on."""


def write_paper(run: ExportedRun, folder: Path, significance: Significance, *, force: bool) -> None:
    """Write tables, figures, macros and methods, and the template's files if the folder does not have them.

    Raises UsageError if the folder has content (without `force`; the template's files are never replaced), if
    matplotlib is not installed, or if it cannot be written.
    """
    if folder.is_dir() and any(folder.iterdir()) and not force:
        raise UsageError(
            f"--output {folder}: exists already; choose another folder, or renew its tables, figures and numbers "
            f"with --force, which keeps your {TEMPLATE[0]}"
        )
    generated = generated_files(run, significance)
    attempt(folder, lambda: folder.mkdir(parents=True, exist_ok=True))
    for name in TEMPLATE:
        if not (folder / name).exists():
            write_file(folder / name, (template_folder() / name).read_bytes(), force=False)
    for name, content in generated.items():
        write_file(folder / name, content, force=True)


def generated_files(run: ExportedRun, significance: Significance) -> dict[str, str | bytes]:
    """Name → content of every file that each export writes from the run."""
    return {
        **figure_files(run),
        "tables/scores.tex": latex_text(run, significance),
        "macros.tex": macros_text(run),
        "methods.tex": methods_text(run),
    }


def template_folder() -> Path:
    """The folder of the template: in the package, or in the checkout."""
    package = Path(__file__).parents[2]
    for folder in (package / "paper_template", package.parent / "docs" / "paper"):
        if (folder / TEMPLATE[0]).is_file():
            return folder
    raise UsageError("--to paper: the template is not installed; install pytest-hiddenlayer again")
