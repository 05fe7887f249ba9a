"""A template cannot use up memory or time, and every other template renders as Jinja2 renders it."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from pytest_hiddenlayer.errors import TaskError
from pytest_hiddenlayer.taskfile.prompt import render_prompt
from pytest_hiddenlayer.types import Sample, Task

SAMPLE = Sample(
    id="a",
    input="Which\nsea is this?",
    choices=("Red", "Black"),
    metadata={"n": 3, "tags": ["x", "y"], "m": {"k": 1}},
)
DOUBLED = "{% set a = 'xxxxxxxxxx' %}" + "{% set a = OPERATION %}" * 60 + "{{ a | length }}"
BLOCKS = "{% set a %}x{% endset %}" + "{% set a %}{{ a }}{{ a }}{% endset %}" * 60 + "{{ a | length }}"
LISTS = "{% set a = [1] %}" + "{% set a = [a, a, a, a] %}" * 60


def rendered(template: str) -> str:
    task = Task(name="t", path="t.yaml", samples=(SAMPLE,), scorers=(), prompt=template)
    return render_prompt(task, SAMPLE)[0].content


@pytest.mark.parametrize(
    "template",
    [
        "{{ 'x' * 10**9 }}",
        "{{ 'x' * 2000000000 }}",
        "{{ 10**9 * 'x' }}",
        "{{ [0] * 10**9 }}",
        "{{ ((0, 1) * 10**9) | length }}",
        "{{ ['x' * 10**6] * 10**6 }}",
        "{% set a = 'x' * 10**9 %}",
        "{% if 'x' * 10**10 %}{% endif %}",
        "{{ 9**(9**9) }}",
        "{{ (2**40000 * 2**40000) % 7 }}",
        "{{ 1.5 | round(10**8, 'ceil') }}",
        "{{ 'a' | center(10**9) }}",
        "{{ 'a'.center(10**9) }}",
        "{{ 'a'.ljust(10**9) | length }}",
        "{{ 'a'.rjust(10**9) | length }}",
        "{{ '7'.zfill(10**9) | length }}",
        "{{ 'a'.encode().center(10**9) | length }}",
        "{{ (7).to_bytes(10**9, 'big') | length }}",
        "{{ '\\t'.expandtabs(10**9) | length }}",
        "{{ ('\\n' * 10**6) | indent(1000) }}",
        "{{ ('\\n' * 10**6) | indent('x' * 1000) }}",
        "{{ ('x' * 10**6) | wordwrap(1) }}",
        "{{ ('x ' * 10**4) | wordwrap(1, wrapstring='y' * 10**6) }}",
        "{{ ('x' * 10**5) | replace('x', 'y' * 10**5) }}",
        "{{ ('x' * 10**5).replace('x', 'y' * 10**5) | length }}",
        "{{ ('x' * 10**5).replace('', 'y' * 10**5) | length }}",
        "{{ ('x' * 10**5).translate({120: 'y' * 10**5}) | length }}",
        "{{ range(100000) | join('x' * 10**6) }}",
        "{{ range(100000) | map('string') | join('x' * 10**6) }}",
        "{{ ('x' * 10**6).join('y' * 10**6) | length }}",
        "{{ ('x' * 10**6).join(range(100000) | map('string')) | length }}",
        "{{ '%1000000000d' % 7 }}",
        "{{ '%*d' % (1000000000, 7) }}",
        "{{ '%.1000000000f' % 7 }}",
        "{{ '%1000000000s' | format('a') }}",
        "{{ '{:1000000000}'.format(7) }}",
        "{{ '{:{}}'.format(7, 1000000000) }}",
        "{{ 'ab' | batch(10**9, 'x') | list }}",
        "{{ 'ab' | slice(10**9, 'x') | list }}",
        "{{ [[[1]]] | tojson(indent=10**8) }}",
        "{{ range(10**9) | list }}",
        DOUBLED.replace("OPERATION", "a ~ a"),
        DOUBLED.replace("OPERATION", "a + a"),
        DOUBLED.replace("OPERATION", "[a, a] | join"),
        DOUBLED.replace("OPERATION", "'%s%s' % (a, a)"),
        DOUBLED.replace("OPERATION", "'{0}{0}'.format(a)"),
        DOUBLED.replace("OPERATION", "a | replace('x', 'xx')"),
        BLOCKS,
        LISTS + "{{ a }}",
        LISTS + "{{ a | string | length }}",
        LISTS + "{{ a | tojson }}",
        "{% for i in range(100000) %}{% for j in range(100000) %}{% endfor %}{% endfor %}",
        "{% for i in range(100000) %}{% set b = range(100000) | list %}{% endfor %}",
        "{% set a %}{% for i in range(100000) %}" + "x" * 1000 + "{% endfor %}{% endset %}{{ a | length }}",
        "{% macro f(n) %}{% if n %}{{ f(n - 1) }}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(60) }}",
        "{% macro f(n) %}{{ f(n) }}{% endmacro %}{{ f(1) }}",
        "{% for i in [[1]] recursive %}{{ loop([[1], [1]]) }}{% endfor %}",
    ],
)
def test_template_that_grows_without_bound_is_refused(template: str) -> None:
    """A value, a loop or a recursion that would take too much memory or time is an error of the prompt."""
    with pytest.raises(TaskError, match="the prompt does not render"):
        rendered(template)


@pytest.mark.parametrize(
    "template",
    [
        "{{ input }}\nAnswer.",
        "{% for choice in choices %}{{ 'ABCD'[loop.index0] }}) {{ choice }}\n{% endfor %}",
        "{% for a, b in [(1, 2), (3, 4)] %}{{ a * b }} {% else %}none{% endfor %}",
        "{% set x = namespace(n=0) %}{% for t in tags %}{% set x.n = x.n + 1 %}{% endfor %}{{ x.n }}",
        "{{ input | upper | replace('\\n', ' ') | truncate(9) | center(20) }}|{{ tags | join(', ') }}",
        "{{ choices | map('lower') | join('/') }} {{ choices | map('length') | sum }} {{ tags | tojson }}",
        "{{ '%s has %05.2f' % (tags[0], 1.5) }} {{ '{:>5}|{}'.format(n, m.k) }} {{ 'In 2000000000: %s' % n }}",
        "{{ input[:5] ~ n ~ tags[-1:] }} {{ n ** 10 }} {{ 7 // 2 }} {{ -n % 2 }} {{ m.items() | list }}",
        "{{ input | indent(2) }} {{ input | wordwrap(5) }} {{ [1, 2, 3] | batch(2, 0) | list }} {{ {'a': [n]} }}",
        "{% macro q(x, y=2) %}[{{ x }}:{{ y }}]{% endmacro %}{{ q(1) }}{{ q(y=5, x='z') }}",
        "{% macro q(x) %}[{{ x }}:{{ caller() }}]{% endmacro %}{% call q(3) %}c{{ n }}{% endcall %}",
        "{% filter upper %}a{{ n }}{% endfilter %}{% set b %}<{{ n }}>{% endset %}{{ b }}{{ b | length }}",
        "{% if n is odd and 'x' in tags %}yes{% endif %}{{ range(3) | list }}{{ 2.5 | round(1) }}{{ [3, 1] | sort }}",
        "{% for k, v in m | dictsort %}{{ k }}={{ v }}{% endfor %}{{ dict(a=1).a }}{{ tags | first }}{{ none }}",
        "{% for i in [1, [2, [3]]] recursive %}{{ loop(i) if i is iterable else i }}{% endfor %}",
    ],
)
def test_other_templates_render_as_in_jinja2(template: str) -> None:
    """Counting changes no prompt."""
    plain = ImmutableSandboxedEnvironment(undefined=StrictUndefined, keep_trailing_newline=True, autoescape=False)
    variables = {**SAMPLE.metadata, "input": SAMPLE.input, "choices": list(SAMPLE.choices), "id": "a"}
    assert rendered(template) == plain.from_string(template).render(variables)


def test_long_input_is_rendered() -> None:
    """The limits leave room for samples of a million characters."""
    text = "word " * 400_000
    sample = Sample(id="a", input=text)
    task = Task(name="t", path="t.yaml", samples=(sample,), scorers=(), prompt="{{ input | upper }}{{ input }}")
    assert render_prompt(task, sample)[0].content == text.upper() + text


def test_template_with_too_many_tags_is_refused(tmp_path: Path) -> None:
    """A template that takes minutes to compile is an error of the task file."""
    from pytest_hiddenlayer.taskfile import load_task

    (tmp_path / "t.yaml").write_text(
        "task: t\nsamples: [{input: q, target: a}]\nscorers: [exact]\nprompt: '" + "{{ input }}" * 20_000 + "'\n"
    )
    with pytest.raises(TaskError, match=r"t\.yaml:4: prompt: is a template with 20000 tags; at most 10000"):
        load_task(tmp_path / "t.yaml", tmp_path)
