"""Names of items, which differ from each other."""

from __future__ import annotations

from ...errors import TaskError
from ...identifiers import item_name
from ...taskfile.streamed.spool import sample_ids
from ...types import Task


def refuse_clashes(task: Task) -> None:
    """Raise TaskError if two items would share a name: brackets become parentheses, and `gate` is reserved."""
    ids = sample_ids(task.samples)
    changed = {name for sample_id in ids if (name := item_name(sample_id)) != sample_id}
    taken = {"gate": "the gate of its cell"}
    for sample_id in ids:
        name = item_name(sample_id) if changed else sample_id
        if name in taken:
            raise TaskError(
                f"sample {sample_id!r} would have the same item as {taken[name]}: rename the sample",
                file=task.path,
                field="id",
            )
        if name in changed:  # ids are unique, so the others cannot clash
            taken[name] = f"sample {sample_id!r}"
