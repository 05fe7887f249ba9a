"""The page of one blind question: no names, everything escaped, usable by keyboard and without script."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from .question_card import what_is_asked
from .session import LabelingSession

if TYPE_CHECKING:
    from jinja2 import Template

MAX_BUTTONS = 11
"""Steps of a scale up to which each has a button."""

_STYLE = """
:root { color-scheme: light dark; --edge: color-mix(in srgb, currentColor 25%, transparent) }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 75rem; padding: 1rem 1rem 0 }
h1 { font-size: 1.3rem } h2 { font-size: 1rem; margin: 0 0 .5rem }
section { border: 1px solid var(--edge); border-radius: .5rem; padding: .8rem 1rem; margin: 1rem 0 }
.answers { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 24rem), 1fr)) }
.answers section { margin: 0 }
pre { font: inherit; margin: 0; overflow-wrap: anywhere; unicode-bidi: isolate; white-space: pre-wrap }
form.say { background: Canvas; border-top: 1px solid var(--edge); bottom: 0; margin-top: 1rem;
  padding: .8rem 0; position: sticky }
.row { display: flex; flex-wrap: wrap; gap: .5rem; align-items: center }
button { font: inherit; padding: .5rem .9rem; border-radius: .4rem; border: 1px solid var(--edge); cursor: pointer }
button.said { outline: 3px solid Highlight }
kbd { border: 1px solid var(--edge); border-radius: .25rem; font-size: .8em; margin-right: .4em; padding: 0 .35em }
.note { align-items: center; display: flex; flex: 1 1 14rem; gap: .5rem }
textarea { flex: 1; font: inherit; min-width: 4rem }
progress { flex: 1; min-width: 8rem }
"""

# A key presses the button that names it, except while a note is written.
_SCRIPT = """
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (event.target.closest("textarea, input")) return;
  const key = event.key.toLowerCase();
  const button = [...document.querySelectorAll("button[data-key]")].find((b) => b.dataset.key === key);
  if (button) { event.preventDefault(); button.click(); }
});
"""

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ asked or "Done" }}</title>
<style nonce="{{ nonce }}">{{ style|safe }}</style>
</head>
<body>
{% macro press(value, text, key="") -%}
<button name="answer" value="{{ value }}"{% if key %} data-key="{{ key }}"{% endif %}
 {%- if value == said %} class="said" aria-pressed="true"{% endif %}>
{%- if key and key != text %}<kbd>{{ key }}</kbd>{% endif %}{{ text }}</button>
{%- endmacro %}
<main>
<div class="row"><span id="count">{{ sitting.answered }} of {{ sitting.total }} answered</span>
<progress aria-labelledby="count" max="{{ sitting.total }}" value="{{ sitting.answered }}"></progress>
<form method="post" action="done"><button>Done</button></form></div>
{% if question %}
<h1>{{ asked }}</h1>
<section aria-labelledby="prompt"><h2 id="prompt">Prompt</h2><pre dir="auto">{{ question.prompt }}</pre></section>
<div class="answers">
{% for text in question.texts %}
{% set name = "Answer" if question.texts|length == 1 else "Answer %d"|format(loop.index) %}
<section aria-labelledby="answer-{{ loop.index }}"><h2 id="answer-{{ loop.index }}">{{ name }}</h2>
<pre dir="auto">{{ text }}</pre></section>
{% endfor %}
</div>
<form class="say" method="post" action="answer">
<input type="hidden" name="at" value="{{ sitting.at }}">
<div class="row">
{% if not question.scale %}
{{ press("1", "Answer 1 is better", "1") }} {{ press("2", "Answer 2 is better", "2") }} {{ press("tie", "Tie", "t") }}
{% elif choices|length <= buttons %}
{% for choice in choices %}{{ press(choice, choice, choice if choice|length == 1 else "") }} {% endfor %}
{% else %}
<label>Rating <select name="answer"><option value="skip">choose</option>
{% for choice in choices %}<option{{ " selected" if choice == said }}>{{ choice }}</option>{% endfor %}
</select></label> <button>Save</button>
{% endif %}
{{ press("skip", "Skip", "s") }}
{% if sitting.at %}{{ press("back", "Back", "b") }}{% endif %}
<label class="note">Note <textarea name="note" rows="1" maxlength="4000"></textarea></label>
</div>
</form>
{% else %}
<h1>That was the last question</h1>
<p>{{ skipped }} skipped; they come again when you start anew. Press Done to end.</p>
<form method="post" action="answer"><input type="hidden" name="at" value="{{ sitting.at }}">
{% if sitting.at %}{{ press("back", "Back", "b") }}{% endif %}</form>
{% endif %}
</main>
<script nonce="{{ nonce }}">{{ script|safe }}</script>
</body>
</html>
"""

_DONE = """\
<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Done</title><style nonce="{{ nonce }}">{{ style|safe }}</style></head>
<body><main><h1>Thank you</h1>
<p>{{ sitting.answers|length }} answers were saved now, {{ sitting.total - sitting.answered }} questions are open.
You can close this page.</p></main></body></html>
"""


def question_page(sitting: LabelingSession, nonce: str) -> str:
    """The page of the current question, or of the end; style and script carry `nonce`."""
    question = sitting.current
    return _template(_PAGE).render(
        sitting=sitting,
        question=question,
        asked=what_is_asked(question) if question else "",
        choices=sitting.choices(),
        said=sitting.answers.get(sitting.at),
        skipped=sitting.total - sitting.answered,
        buttons=MAX_BUTTONS,
        nonce=nonce,
        style=_STYLE,
        script=_SCRIPT,
    )


def done_page(sitting: LabelingSession, nonce: str) -> str:
    """What stands there when the server has ended."""
    return _template(_DONE).render(sitting=sitting, nonce=nonce, style=_STYLE)


@cache
def _template(source: str) -> Template:
    from jinja2 import Environment, StrictUndefined

    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    return environment.from_string(source)
