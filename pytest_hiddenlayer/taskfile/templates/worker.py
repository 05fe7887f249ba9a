"""The process that compiles and renders the templates which could take much time or memory."""

from __future__ import annotations

from typing import Any

from ...limited_process.worker import serve
from ..prompt import check_here, render_here


def answer(template: str, variables: dict[str, Any] | None) -> dict[str, str]:
    """Return {"text"} of a rendered template, or {"error"}; without variables the template is only checked."""
    try:
        return {"text": check_here(template) if variables is None else render_here(template, variables)}
    except ValueError as error:
        return {"error": str(error)}


if __name__ == "__main__":
    serve(answer)
