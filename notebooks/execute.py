"""Executes notebooks and writes their outputs back: `python notebooks/execute.py [NAME ...]`, all without a name.

A notebook runs in a kernel of its own, in its own folder. One that raises is named with the cell, and its file
stays as it is. Needs the extra `notebook`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
TIMEOUT_S = 600  # of one cell
MISSING = "notebooks need nbclient, nbformat and ipykernel: pip install 'pytest-hiddenlayer[notebook]'"


def execute(path: Path) -> None:
    """Execute a notebook and write it back with its outputs. Raises nbclient's CellExecutionError."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook,
        timeout=TIMEOUT_S,
        kernel_name="python3",
        record_timing=False,
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
        resources={"metadata": {"path": str(path.parent)}},
    )
    client.execute()
    _remove_what_varies(notebook)
    nbformat.write(notebook, path)


def _remove_what_varies(notebook: Any) -> None:
    """Keep no names of the machine's kernel and no progress of the client: a diff shows what was computed."""
    notebook.metadata.kernelspec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook.metadata.language_info = {"name": "python"}
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number:02}"


def _sentence(error: Any) -> str:
    """What failed, and that the file is as it was."""
    source = error.traceback.partition("------------------\n")[2].partition("\n------------------")[0]
    return f"a cell raised {error.ename}: {error.evalue}; the file is unchanged. The cell:\n{source}"


def main(names: list[str]) -> int:
    """Execute the named notebooks, or all; 0 if every one ran."""
    try:
        import ipykernel  # noqa: F401
        import nbformat
        from nbclient.exceptions import CellExecutionError, DeadKernelError
        from nbformat.reader import NotJSONError
    except ImportError:
        print(MISSING, file=sys.stderr)
        return 1
    paths = [FOLDER / name for name in names] or sorted(FOLDER.glob("*.ipynb"))
    if missing := [path.name for path in paths if not path.is_file()]:
        known = ", ".join(path.name for path in sorted(FOLDER.glob("*.ipynb")))
        print(f"no notebook {', '.join(missing)} in {FOLDER.name}/; there are {known}", file=sys.stderr)
        return 1
    failed = False
    for path in paths:
        try:
            execute(path)
            print(f"{path.name}: executed")
        except CellExecutionError as error:
            failed = True
            print(f"{path.name}: {_sentence(error)}", file=sys.stderr)
        except (NotJSONError, nbformat.ValidationError):
            failed = True
            print(f"{path.name}: not a notebook: it is no JSON of nbformat 4; restore the file", file=sys.stderr)
        except DeadKernelError:
            failed = True
            print(f"{path.name}: its Python ended while it ran; the file is unchanged. Try again", file=sys.stderr)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
