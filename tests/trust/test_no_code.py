"""Nothing that a file of data says runs as code, and no template or regular expression outlives its limits."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from support.trust_scale import times

from pytest_hiddenlayer import regular_expressions
from pytest_hiddenlayer.errors import UsageError
from pytest_hiddenlayer.limited_process.client import LimitedProcess, LimitExceededError, ProcessFailedError
from pytest_hiddenlayer.regular_expressions import compile_regex
from pytest_hiddenlayer.taskfile import prompt
from pytest_hiddenlayer.taskfile.prompt import check_template, render_template
from pytest_hiddenlayer.taskfile.templates.harmless import is_harmless

PACKAGE = Path(prompt.__file__).parents[1]
LARGE = (  # templates that Jinja2 renders to gigabytes before their size can be measured
    "{{ '{0[}]:>2000000000}'.format({'}': 1}) }}",
    "{{ '%(a(b))2000000000s' % {'a(b)': 1} }}",
    "{{ ('{0}' * 1000).format(['a' * 1000000] * 10) }}",
    "{{ (('%(a)r' * 1000) % {'a': ['a' * 1000000] * 10}) | length }}",
    "{{ ([1] * 1000) | tojson(indent='a' * 1000000) | length }}",
    "{{ ('{0}' * 3000).format('a' * 1000000) | length }}",
)
SLOW = (  # and those that one operation keeps for minutes
    "{{ ([[1] * 1000] * 10000) | sum(start=[]) | length }}",
    "{{ ([{'a': [1] * 1000}] * 30000) | sum('a', []) | length }}",
    "{% set n = namespace(s=namespace(a=1)) %}{% for i in range(60) %}"
    "{% set n.s = namespace(a=n.s, b=n.s) %}{% endfor %}{{ n.s }}",
    "{{ (range(99999) | list * 50) | groupby('real') | length }}",
    "{{ (range(99999) | list * 50) | sort | length }}",
    "{{ ('\\n' * 10000000) | wordwrap(1) }}",
    "{% set s = [1] * 20000000 %}{{ ([s] * 1000000) | map('sum') | sum }}",
)
HUGE = (
    "(?:(?:a{1000}){1000}){1000}",
    "a{4294967294}",
    "((.?){1000}){1000}b",
    "(?:a{0,4000000000}){0,4000000000}b{9999999}",
)
ENDLESS = (
    ("(a+)+$", "a" * 100_000 + "b"),
    ("(?i)" + "ß" * 4000, "SS" * 50_000),
    ("(?=a*b)", "a" * 100_000),
    (r"(?:(a+)\1)+b", "a" * 100_000),
    ("(?>(?:a|aa)+)b", "a" * 100_000),
)


@pytest.mark.slow
@pytest.mark.parametrize("template", LARGE[: times(3, len(LARGE))] + SLOW[: times(2, len(SLOW))])
def test_a_template_that_no_estimate_stops_is_stopped(template: str) -> None:
    """It is an error of the prompt, this process takes no more memory, and the next template is rendered."""
    with pytest.raises(ValueError, match=r"the prompt does not render: .*(memory|longer|50,000,000)"):
        render_template(template, {})
    assert render_template("{{ 'a' * n }}", {"n": 3}) == "aaa"


def test_a_template_that_needs_too_much_memory_is_an_error() -> None:
    """The process has a limit, so that this computer is never short of memory."""
    if sys.platform != "linux":
        pytest.skip("only Linux limits the memory of a process")
    with pytest.raises(ValueError, match="too much memory; shorten it"):
        render_template(LARGE[0], {})


def test_a_request_that_takes_the_memory_costs_the_next_one_nothing() -> None:
    """After a template that needed all memory, another one that needs some of it is rendered."""
    process = LimitedProcess("pytest_hiddenlayer.taskfile.templates.worker", cpu_s=3.0, memory_mb=256)
    with closing(process):
        assert "error" in process.ask(LARGE[2], {})
        assert process.ask("{{ text | length }}", {"text": "a" * 30_000_000}) == {"text": "30000000"}


@pytest.mark.slow
def test_a_template_that_takes_long_to_compile_is_refused() -> None:
    """A list of three million numbers is an error of the file."""
    with pytest.raises(ValueError, match="takes longer than 3 s"):
        check_template("{{ [" + "1," * 3_000_000 + "] }}")


@pytest.mark.parametrize(
    "template",
    [
        "{{ input }}",
        "{% for c in choices %}{{ 'ABCD'[loop.index0] }}) {{ c }}\n{% endfor %}",
        "{% if metadata.a is defined %}{{ a | upper }}{% else %}{{ choices | join(', ') }}{% endif %}",
        "{% set name = name_value %}{{ name ~ input.strip() }} {{ loop.index + 1 if loop }}",
    ],
)
def test_usual_templates_need_no_process(template: str) -> None:
    """A template with the usual operations is rendered without a process."""
    assert is_harmless(template)


def test_the_prompts_of_the_package_need_no_process() -> None:
    """Every prompt of the package is rendered without a process."""
    files = [*(PACKAGE / "strategies" / "prompts").rglob("*.txt")]
    assert len(files) > 50
    assert [path for path in files if not is_harmless(path.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("template", LARGE + SLOW)
def test_dangerous_templates_are_rendered_in_the_process(template: str) -> None:
    """No operation that was ever dangerous is on the list of safe ones."""
    assert not is_harmless(template)


def test_a_process_renders_as_this_one_does() -> None:
    """Texts with any character, mappings, lists, tuples and None arrive as they are."""
    values = {"a": "ü\ud800\x00", "m": {"k": [1.5, None, True, (1, 2)]}, "big": 10**40}
    here = "{{ a }}|{{ m }}|{{ big }}|{{ m.k[3] }}"
    assert is_harmless(here)
    assert render_template(here + "{{ 2 * 3 }}", values) == render_template(here, values) + "6"


@pytest.mark.slow
@pytest.mark.parametrize("pattern", HUGE[: times(2, len(HUGE))])
def test_an_expression_that_takes_gigabytes_is_refused(pattern: str) -> None:
    """It is an error of the file, with what to do."""
    with pytest.raises(UsageError, match="write smaller numbers of repetitions"):
        compile_regex(pattern)


@pytest.mark.slow
@pytest.mark.parametrize(("pattern", "text"), ENDLESS[: times(2, len(ENDLESS))])
def test_every_search_ends_and_others_go_on(pattern: str, text: str) -> None:
    """A search ends also where `regex` ignores its deadline; meanwhile this process does other work."""
    ticks, ended = 0, threading.Event()

    def search() -> None:
        with pytest.raises(TimeoutError, match="was stopped after 1 s"):
            compile_regex(pattern).search(text)
        ended.set()

    thread = threading.Thread(target=search)
    thread.start()
    while not ended.wait(0.01) and thread.is_alive():
        ticks += 1
    thread.join()
    assert ended.is_set()
    assert ticks > 20


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"(?:(\d{1,3}),?)+", "1,234,567 and 8"),
        (r"(?P<q>['\"])(.*?)(?P=q)", "say 'a' and \"b\""),
        (r"(?<=x)y(?!z)|(?:a|b)*?c", "xy abc"),
        (r"(a)|(b)", "ab"),
        ("(?:ü)+(?:)", "aüü\ud800üb"),
    ],
)
def test_a_process_finds_what_python_finds(pattern: str, text: str) -> None:
    """Positions and groups are the same, with a process as without."""
    expected = list(re.finditer(pattern, text))
    regex = compile_regex(pattern)
    found = regex.find_all(text)
    assert [(m.span(), m.groups(), m[0], m.start(), m.end()) for m in found] == [
        (m.span(), m.groups(), m[0], m.start(), m.end()) for m in expected
    ]
    first, whole = regex.search(text), regex.fullmatch(text)
    assert first is not None
    assert first.span() == expected[0].span()
    assert (whole is None) == (re.fullmatch(pattern, text) is None)


@pytest.fixture
def process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LimitedProcess]:
    """A process of searches that starts in a folder with modules of the names that it imports, and with a key."""
    for name in ("json", "marshal", "regex", "resource", "jinja2", "sitecustomize", "usercustomize"):
        (tmp_path / f"{name}.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w').close()\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "sk-planted")
    process = LimitedProcess("pytest_hiddenlayer.regular_expressions.worker", cpu_s=0.2, memory_mb=1024)
    yield process
    process.close()


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_process_has_no_keys_and_imports_nothing_of_the_folder(process: LimitedProcess, tmp_path: Path) -> None:
    """Its environment has what Python needs, and modules next to the evals do not run."""
    assert process.ask("search", "a(b)", 0, "ab") == [[[0, 2], [1, 2]]]
    assert process._process is not None
    environment = Path(f"/proc/{process._process.pid}/environ").read_text(encoding="utf-8")
    assert "sk-planted" not in environment
    assert not (tmp_path / "ran").exists()


def test_a_process_that_was_killed_is_replaced(process: LimitedProcess) -> None:
    """One request costs one error; a kill from outside between requests costs none."""
    with pytest.raises(LimitExceededError, match=r"takes longer than 0\.2 s"):
        process.ask("search", *ENDLESS[0][:1], 0, ENDLESS[0][1])
    assert process.ask("search", "a", 0, "a") == [[[0, 1]]]
    assert process._process is not None
    os.kill(process._process.pid, signal.SIGKILL)
    process._process.wait()
    assert process.ask("search", "a", 0, "a") == [[[0, 1]]]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_fork_leaves_the_process_and_its_lock_to_its_parent(process: LimitedProcess) -> None:
    """A child that was forked while another thread asks starts a process of its own, and waits for no lock."""
    assert process.ask("search", "a", 0, "a") == [[[0, 1]]]
    before = process._process
    with process._lock, warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of Python 3.12: a fork while threads run
        child = os.fork()
    if child == 0:
        signal.alarm(60)
        right = process.ask("search", "a", 0, "ba") == [[[1, 2]]] and process._process is not before
        process.close()
        os._exit(0 if right else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert process.ask("search", "a", 0, "a") == [[[0, 1]]]
    assert process._process is before


def test_a_process_starts_where_no_path_leads_to_this_package(
    process: LimitedProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A relative PYTHONPATH leads nowhere after a change of the folder."""
    monkeypatch.setenv("PYTHONPATH", "src")
    assert process.ask("search", "a", 0, "a") == [[[0, 1]]]


@pytest.mark.parametrize(
    ("program", "module", "reason"),
    [
        ("", "worker", "cannot be started"),
        ("/missing/python", "worker", "cannot be started"),
        (sys.executable, "missing", "No module named pytest_hiddenlayer.regular_expressions.missing"),
    ],
)
def test_a_process_that_cannot_start_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, program: str, module: str, reason: str
) -> None:
    """It says why: no interpreter, or the last line that it wrote. A task file with such a pattern is refused."""
    monkeypatch.setattr(sys, "executable", program)
    process = LimitedProcess(f"pytest_hiddenlayer.regular_expressions.{module}", cpu_s=1.0, memory_mb=1024)
    with pytest.raises(ProcessFailedError, match=reason):
        process.ask("search", "a", 0, "a")
    monkeypatch.setattr(regular_expressions, "PROCESS", process)
    with pytest.raises(UsageError, match=f"cannot be checked.*{reason}"):
        regular_expressions.compile_regex("(a+)+b?c?")


AUDITED = """
import json, os, sys
FOLDER, EVENTS = os.getcwd() + os.sep, []
def hook(event, arguments):
    if event == "pickle.find_class" or event == "subprocess.Popen" and arguments[1]:
        EVENTS.append([event, str(arguments[:2])])
    elif event == "exec" and getattr(arguments[0], "co_filename", "").startswith(FOLDER):
        EVENTS.append([event, arguments[0].co_filename])
    elif event == "import" and str(arguments[1] or "").startswith(FOLDER):
        EVENTS.append([event, arguments[1]])
sys.addaudithook(hook)
try:
    COMMAND
finally:
    with open("events", "w") as file:
        json.dump(EVENTS, file)
"""
COMMANDS = {
    "command": "from pytest_hiddenlayer.cli import main; main(['run', 'evals', '--provider', 'recorded'])",
    "pytest": "import pytest; pytest.main(['evals', '--hl-provider', 'recorded', '-p', 'no:cacheprovider'])",
}
TRAPS = "math_verify numpy json yaml regex jinja2 sympy pydantic scipy conf t sitecustomize tests_data"


def hostile_project(folder: Path) -> None:
    """Write a project of data only, in every format, whose texts look like code; and modules that must not run."""
    trap = f"open({str(folder / 'ran')!r}, 'a').write(__name__)\n"
    for place in (folder, folder / "evals"):
        place.mkdir(exist_ok=True)
        for name in TRAPS.split():
            (place / f"{name}.py").write_text(trap, encoding="utf-8")
    code = "__import__('os').system('touch ran')"
    rows = [
        {"id": f"s{n}", "input": text, "target": "1/2"} for n, text in enumerate([code, "{{ 7 * 7 }}", "!!python/x"])
    ]
    (folder / "evals" / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    (folder / "evals" / "rows.csv").write_text('id,input,target\na,"=cmd()",1/2\n', encoding="utf-8")
    answer = f"{code} $\\frac{{1}}{{2}}$"
    for name, data, ids in (("lines", "rows.jsonl", ["s0", "s1", "s2"]), ("table", "rows.csv", ["a"])):
        task = {
            "task": name,
            "samples": data,
            "prompt": "{{ input * 1 }} {{ ''.__class__ if false }}",
            "scorers": ["math", {"pattern": {"pattern": "(?:(?:1|0)+)+"}}],
            "outputs": dict.fromkeys(ids, answer),
        }
        text = "".join(f"{key}: {json.dumps(value)}\n" for key, value in task.items())
        (folder / "evals" / f"{name}.yaml").write_text(text, encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("command", COMMANDS)
def test_a_project_of_data_runs_no_code(tmp_path: Path, command: str) -> None:
    """Modules next to the evals do not run, nothing is unpickled, and every process of Python is started with -P."""
    hostile_project(tmp_path)
    code = AUDITED.replace("COMMAND", COMMANDS[command])
    done = subprocess.run(
        [sys.executable, "-P", "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    events = json.loads((tmp_path / "events").read_text(encoding="utf-8"))
    assert "Traceback" not in done.stderr
    runs = (tmp_path / "reports").rglob("records.jsonl")
    records = [json.loads(line) for path in runs for line in path.read_text(encoding="utf-8").splitlines()]
    assert len(records) == 4, done.stdout + done.stderr
    assert all(record["outcome"] == "correct" for record in records), records
    assert not (tmp_path / "ran").exists()
    python = [arguments for event, arguments in events if event == "subprocess.Popen" and sys.executable in arguments]
    assert python
    assert all("'-P'" in arguments for arguments in python)
    assert [event for event in events if event[0] != "subprocess.Popen"] == []


def test_no_module_reads_pickles_or_builds_objects_from_files() -> None:
    """The two places that unpickle read what this program wrote; nothing else of the package could."""
    loads = re.compile(
        r"\bpickle\.loads?\(|\bmarshal\.loads?\(|\bdill\b|\bjoblib\b|\beval\(|\bexec\(|yaml\.(?:unsafe_|full_)?load\("
        r"|torch\.load|allow_pickle=True|\bshelve\b|weights_only|trust_remote_code=True|Loader=yaml\.(?!BaseLoader)"
    )
    found = {
        f"{path.relative_to(PACKAGE)}: {match[0]}"
        for path in PACKAGE.rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        for match in loads.finditer(line.partition("  #")[0])
        if "mx.eval(" not in line and "model.eval(" not in line
    }
    assert found == {
        "calls/cost/price_file.py: yaml.load(",  # BaseLoader: texts, lists and mappings only
        "limited_process/worker.py: marshal.loads(",  # from the process that started it
        "plugin/xdist/hosts/worker.py: exec(",  # xdist's own program, on a host of the run
        "ray_engine/worker.py: pickle.loads(",  # from the driver, through Ray
        "taskfile/streamed/spool.py: pickle.loads(",  # from a file without a name
    }
