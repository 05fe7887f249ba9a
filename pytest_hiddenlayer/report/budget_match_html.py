"""The findings under equal budget as a piece of HTML, with a picture of each front; everything is escaped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..results.budget_match.pareto import ParetoFront
from .budget_match import (
    FLIPS,
    FRONT,
    VERSUS,
    Findings,
    cost_words,
    flip_rows,
    front_rows,
    front_warnings,
    versus_rows,
    warnings,
)

WIDTH, HEIGHT, EDGE = 560, 240, 36  # pixels

_PAGE = """\
{% macro table(headers, rows) %}
<table style="border-collapse: collapse; color: #222; font-size: .9em">
<tr>{% for h in headers %}<th style="text-align: left; padding: .2em .6em">{{ h }}</th>{% endfor %}</tr>
{% for row in rows %}<tr>{% for value in row %}<td style="padding: .2em .6em">{{ value }}</td>{% endfor %}</tr>
{% endfor %}</table>
{% endmacro %}
<h2>Equal budget</h2>
<p>Each strategy against its own model asked as often, sample by sample; difference: strategy - control.</p>
{% if versus %}{{ table(versus_headers, versus) }}{% endif %}
{% for line in warnings %}<p>{{ line }}</p>
{% endfor %}
{% if flips %}<h3>What each round did</h3>{{ table(flip_headers, flips) }}{% endif %}
{% if front %}<h3>Score and cost</h3>{{ table(front_headers, front) }}
{% for line in front_warnings %}<p>{{ line }}</p>
{% endfor %}{% endif %}
{% for p in pictures %}
<svg viewBox="0 0 {{ width }} {{ height }}" width="{{ width }}" height="{{ height }}" role="img" \
style="background: #fff; font: 11px sans-serif">
<title>{{ p.title }}</title>
<line x1="{{ edge }}" y1="{{ height - edge }}" x2="{{ width - edge }}" y2="{{ height - edge }}" stroke="#888"/>
<line x1="{{ edge }}" y1="{{ edge }}" x2="{{ edge }}" y2="{{ height - edge }}" stroke="#888"/>
<text x="{{ edge }}" y="{{ edge - 12 }}">{{ p.title }}</text>
<text x="{{ edge - 6 }}" y="{{ edge + 4 }}" text-anchor="end">1</text>
<text x="{{ edge - 6 }}" y="{{ height - edge + 4 }}" text-anchor="end">0</text>
<text x="{{ width - edge }}" y="{{ height - edge + 16 }}" text-anchor="end">{{ p.most }} an answer</text>
<polyline points="{{ p.line }}" fill="none" stroke="#2a7"/>
{% for d in p.dots %}<circle cx="{{ d.x }}" cy="{{ d.y }}" r="4" fill="{{ '#2a7' if d.front else '#bbb' }}">\
<title>{{ d.words }}</title></circle>
<text x="{{ d.x }}" y="{{ d.y - 8 }}" text-anchor="middle">{{ d.number }}</text>
{% endfor %}</svg>
{% endfor %}
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Dot:
    x: float
    y: float
    front: bool
    number: int  # as in the table
    words: str


@dataclass(frozen=True, kw_only=True, slots=True)
class _Picture:
    title: str
    most: str  # the largest cost, as people read it
    dots: Sequence[_Dot]

    @property
    def line(self) -> str:
        """The points of the front, from the cheapest on."""
        return " ".join(f"{dot.x},{dot.y}" for dot in self.dots if dot.front)


def html(found: Findings) -> str:
    """The fragment; nothing in it is taken from a record without being escaped."""
    from jinja2 import Environment, StrictUndefined

    template = Environment(autoescape=True, undefined=StrictUndefined).from_string(_PAGE)
    return template.render(
        versus_headers=VERSUS,
        versus=versus_rows(found),
        warnings=warnings(found),
        flip_headers=FLIPS,
        flips=flip_rows(found),
        front_headers=FRONT,
        front=front_rows(found),
        front_warnings=front_warnings(found),
        pictures=[_picture(front) for front in found.fronts if front.points],
        width=WIDTH,
        height=HEIGHT,
        edge=EDGE,
    )


def _picture(front: ParetoFront) -> _Picture:
    most = max(front.points, key=lambda point: point.cost(front.unit) or 0.0)
    scale = most.cost(front.unit) or 1.0
    dots = []
    for number, point in enumerate(front.points, 1):
        score, cost = point.score.mean or 0.0, point.cost(front.unit) or 0.0
        dots.append(
            _Dot(
                x=round(EDGE + (WIDTH - 2 * EDGE) * cost / scale, 1),
                y=round(HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * score, 1),
                front=point.name not in front.dominated_by,
                number=number,
                words=f"{point.name}: score {score:.3f}, {cost_words(front, point)} an answer",
            )
        )
    return _Picture(title=f"{front.task}: score by cost", most=cost_words(front, most), dots=dots)
