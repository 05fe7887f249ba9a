"""The HTML of the live page: the program of the report, without data."""

from __future__ import annotations

from pathlib import Path

from markupsafe import Markup

from ..html_template import load_template
from ..page.bundle import Bundle
from ..page.page_writer import content_security_policy

TEMPLATE = Path(__file__).parent / "templates" / "live.html.jinja"


def live_page(title: str, bundle: Bundle) -> str:
    """The page; its program fetches the data from the server that the page came from."""
    return load_template(TEMPLATE).render(title=title, script=Markup(bundle.script), style=Markup(bundle.style))


def page_policy(bundle: Bundle) -> str:
    """A Content-Security-Policy that allows the page's own script and style, and requests to its own server only."""
    policy = content_security_policy(bundle, connect="'self'")
    return f"{policy}; frame-ancestors 'none'"
