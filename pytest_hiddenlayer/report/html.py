"""HTML of records and cells; every value is escaped by the templates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

from ..results.metrics.cells import CellMetrics
from ..results.regression.gate import GateResult
from .details import (
    BINS,
    CALIBRATION,
    REPEATS,
    bin_rows,
    calibration_note,
    calibration_rows,
    call_lines,
    interval_words,
    judging_lines,
    repeat_rows,
    with_interval,
)
from .table import HEADERS, cell_rows, self_judged

if TYPE_CHECKING:
    from jinja2 import Template

_RECORD = """\
<div style="white-space: normal; font-family: sans-serif; color: #222">
<p><b>{{ r.outcome }}</b>{% if score is not none %}, score {{ score }}{% endif %}
{%- if r.target is not none %}; expected <code>{{ r.target }}</code>{% endif %}
{%- if r.answer is not none %}, got <code>{{ r.answer }}</code>{% endif %}
{%- if r.error %}<br>{{ r.error }}{% endif %}</p>
{% for name, s in r.scores.items() %}<p>{{ name }}: {{ "unscored" if s.value is none else s.value }}
{%- if s.explanation %} ({{ s.explanation }}){% endif %}</p>
{% endfor %}
<details><summary>Transcript: {{ r.transcript|length }} call(s)</summary>
{% for c in r.transcript %}
<div style="border-left: 3px solid #888; margin: .6em 0; padding-left: .6em">
<p><b>{{ c.role }}</b>, round {{ c.round }}, {{ c.model }}, seed {{ c.seed }}, {{ c.finish_reason }},
{{ c.usage.input_tokens if c.usage.input_tokens is not none else "?" }} in,
{{ c.usage.output_tokens if c.usage.output_tokens is not none else "?" }} out, {{ "%.2f"|format(c.latency_s) }} s
{%- if c.time_to_first_token_s is defined %}, first token after
{{ "%.2f"|format(c.time_to_first_token_s) }} s{% endif %}
{%- if c.cached is defined %}, from the cache{% endif %}
{%- if c.attempts is defined %}, {{ c.attempts }} attempts{% endif %}
{%- for warning in c.warnings|default([]) %}<br><b>{{ warning }}</b>{% endfor %}</p>
{% for m in c.messages %}<p><i>{{ m.role }}</i></p>
<pre style="white-space: pre-wrap">{{ m.content }}</pre>{% endfor %}
<p><i>answer</i></p><pre style="white-space: pre-wrap"><b>{{ c.completion }}</b></pre>
</div>
{% endfor %}
{% if r.answer_metadata %}<p>Metadata</p><pre style="white-space: pre-wrap">{{ metadata }}</pre>{% endif %}
</details></div>
"""

_CELLS = """\
{% macro table(headers, rows) %}
<table style="border-collapse: collapse; color: #222">
<tr>{% for h in headers %}<th style="text-align: left; padding: .2em .8em">{{ h }}</th>{% endfor %}</tr>
{% for row in rows %}<tr>{% for value in row %}<td style="padding: .2em .8em">{{ value }}</td>{% endfor %}</tr>
{% endfor %}</table>
{% endmacro %}
<h2>Cells</h2>
{{ table(headers, rows) }}
{% if judged %}<p>* judged by the candidate itself</p>{% endif %}
{% if repeats %}<h3 style="color: #222">Repeats</h3><p>pass@k: any of k answers right; pass^k: all of k right.</p>
{{ table(repeat_headers, repeats) }}{% endif %}
{% if calibrated %}<h3 style="color: #222">Calibration</h3><p>{{ note }}</p>
{{ table(calibration_headers, calibrated) }}
<details style="color: #222"><summary>Bins</summary>{{ table(bin_headers, bins) }}</details>{% endif %}
{% for line in calls + judging %}<p>{{ line }}</p>{% endfor %}
<details style="color: #222"><summary>Gates: {{ counts }}</summary>
{% for message in messages %}<details style="margin-left: 1em"><summary>{{ message.splitlines()[0] }}</summary>
<pre style="white-space: pre-wrap">{{ message }}</pre></details>
{% endfor %}
</details>
"""


def record_html(record: Mapping[str, Any]) -> str:
    """A record's verdict with its transcript folded below it. One line: pytest-html joins lines by newline."""
    import json

    head = next(iter(record["scores"].values()), None)
    metadata = json.dumps(record["answer_metadata"], indent=1, ensure_ascii=False)
    return _template(_RECORD).render(r=record, score=head and head["value"], metadata=metadata)


def cells_html(metrics: Sequence[CellMetrics], gates: Mapping[tuple[str, ...], GateResult]) -> str:
    """The table of cells with their intervals, repeats and calibration, and each gate's message folded below it."""
    words = Counter(gate.word for gate in gates.values())
    after = HEADERS.index("score") + 1
    rows = zip(metrics, cell_rows(metrics, gates), strict=True)
    return _template(_CELLS).render(
        headers=(*HEADERS[:after], "95 % interval", *HEADERS[after:]),
        rows=[(*row[:after], ", ".join(interval_words(one.estimate)), *row[after:]) for one, row in rows],
        judged=any(map(self_judged, metrics)),
        repeat_headers=REPEATS,
        repeats=repeat_rows(metrics, with_interval, every=True),
        calibration_headers=CALIBRATION,
        calibrated=calibration_rows(metrics, with_interval),
        note=calibration_note(metrics),
        bin_headers=BINS,
        bins=bin_rows(metrics),
        calls=call_lines(metrics),
        judging=judging_lines(metrics),
        counts=", ".join(f"{n} {word}" for word, n in words.items()) or "none",
        messages=[gate.message for gate in gates.values()],
    )


@cache
def _template(source: str) -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(source)
