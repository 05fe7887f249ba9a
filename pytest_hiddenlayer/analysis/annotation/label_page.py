"""The HTML page of one blind question. It names no player, escapes every value, and works without script."""

from __future__ import annotations

from pathlib import Path

from ...report.html_template import load_template
from .session import LabelingSession

TEMPLATES = Path(__file__).parent / "templates"
MAX_BUTTONS = 11
"""Up to this many steps of a scale, each step has a button; above it, a list is shown."""


def question_page(session: LabelingSession, nonce: str) -> str:
    """The HTML page of the current question, or of the end. Its style and script carry `nonce`."""
    return load_template(TEMPLATES / "question.html.jinja").render(
        session=session,
        question=session.current,
        choices=session.choices(),
        previous_choice=session.answers.get(session.position),
        max_buttons=MAX_BUTTONS,
        nonce=nonce,
    )


def done_page(session: LabelingSession, nonce: str) -> str:
    """The last HTML page, shown after the server has stopped."""
    return load_template(TEMPLATES / "done.html.jinja").render(session=session, nonce=nonce)
