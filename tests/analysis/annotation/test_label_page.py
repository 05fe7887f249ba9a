"""The page of blind questions: used in a real browser by keyboard, and asked by strangers."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.browser import CHROMIUM, Browser
from support.records import record
from support.requirements import NEEDS_CHROMIUM

from pytest_hiddenlayer.analysis.annotation.label_page import question_page
from pytest_hiddenlayer.analysis.annotation.label_server import MAX_BODY, LabelServer
from pytest_hiddenlayer.analysis.annotation.labels import read_labels
from pytest_hiddenlayer.analysis.annotation.questions import Question, Side
from pytest_hiddenlayer.analysis.annotation.session import LabelingSession
from pytest_hiddenlayer.results.log.run_log import RunLog

EVIL = "<script>document.title='broken'</script><img src='http://127.0.0.1:9/x' onerror=\"document.title='broken'\">"
RUN = "20260101T000000Z-aaaaaaaa"


def side(name: str, output: str, at: int = 0) -> Side:
    """An answer of player `name` to sample `at`."""
    made = record(f"s{at}", 1.0, output=output, label=name, key=f"{name}{at}", input=f"question {at}", run_id=RUN)
    return Side(player=f"{name}@scripted:m", run_id=RUN, record=made)


def pair(at: int = 0, shown: str = "ab", outputs: tuple[str, str] = ("short", "long")) -> Question:
    """A question about two answers."""
    return Question(kind="pairwise", a=side("debate", outputs[0], at), b=side("single", outputs[1], at), shown=shown)


def sitting(path: Path, *questions: Question) -> LabelingSession:
    """A sitting of ann's."""
    return LabelingSession.begin(path, "ann", questions, lambda: "2026-01-01T00:00:00+00:00")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where labels go."""
    return tmp_path / "labels.jsonl"


@pytest.fixture
def serve(path: Path) -> Iterator[object]:
    """`serve(QUESTION, ...)`: a server of these questions, running until the test ends."""
    servers: list[LabelServer] = []

    def started(*questions: Question) -> LabelServer:
        server = LabelServer(sitting(path, *questions))
        servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        return server

    yield started
    for server in servers:
        server.shutdown()
        server.server_close()


def ask(
    server: LabelServer, method: str, where: str, body: str = "", **headers: str
) -> tuple[int, str, dict[str, str]]:
    """(status, text, headers) of a request."""
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=60)
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request(method, where, body or None, named)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), dict(answer.getheaders())
    finally:
        connection.close()


def post(server: LabelServer, form: str) -> int:
    """The status of a form sent to the page's own address."""
    return ask(server, "POST", f"/{server.token}/answer", form)[0]


# ---------------------------------------------------------------- in a browser

needs_browser = pytest.mark.skipif(CHROMIUM is None, reason=NEEDS_CHROMIUM)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for the module."""
    with Browser() as opened:
        yield opened


@needs_browser
def test_questions_are_answered_by_keyboard(serve, browser, path):
    """1, 2, t, s and b do what the buttons say; the last page says that it is the last."""
    browser.open(serve(*map(pair, range(4))).address)
    assert browser.evaluate("document.title") == "Which answer is better?"
    assert "0 of 4 answered" in browser.text
    for key in "12ts":
        with browser.loading():
            browser.press(key)
    assert "That was the last question" in browser.text
    assert "3 of 4 answered" in browser.text
    with browser.loading():
        browser.press("b")
    assert "question 3" in browser.text
    assert [label.winner for label in read_labels(path)] == ["a", "b", "tie"]


@needs_browser
def test_back_shows_what_was_said(serve, browser, path):
    """After b the former answer is marked, and another replaces it."""
    browser.open(serve(pair(0), pair(1)).address)
    for key in "1b":
        with browser.loading():
            browser.press(key)
    assert browser.evaluate("document.querySelector('[aria-pressed=true]').value") == "1"
    with browser.loading():
        browser.press("2")
    (found,) = read_labels(path)
    assert found.winner == "b"


@needs_browser
def test_a_note_is_written_without_answering(serve, browser, path):
    """Keys in the note are text, Enter too; the note goes with the answer."""
    browser.open(serve(pair(0), pair(1)).address)
    browser.evaluate("document.querySelector('textarea').focus()")
    for key in ("1", "t", "Enter", "2"):
        browser.press(key)
    assert not path.exists()
    with browser.loading():
        browser.evaluate("document.querySelector('button[value=tie]').click()")
    (found,) = read_labels(path)
    assert found.note == "1t\n2"


@needs_browser
def test_the_buttons_are_reached_by_tab(serve, browser, path):
    """Whoever has no letter keys tabs to a button and presses Enter."""
    browser.open(serve(pair(0), pair(1)).address)
    reached = []
    for _ in range(6):
        browser.press("Tab")
        reached.append(browser.evaluate("document.activeElement.value || document.activeElement.innerText"))
    assert reached[:5] == ["Done", "1", "2", "tie", "skip"]
    browser.evaluate("document.querySelector('button[value=\"2\"]').focus()")
    with browser.loading():
        browser.press("Enter")
    assert [label.winner for label in read_labels(path)] == ["b"]


@needs_browser
def test_ratings_have_keys(serve, browser, path):
    """A digit rates on a short scale."""
    browser.open(serve(Question(kind="rating", a=side("single", "text"), scale=(1, 5))).address)
    assert "How good is this answer, from 1 (worst) to 5 (best)?" in browser.text
    with browser.loading():
        browser.press("4")
    assert [label.rating for label in read_labels(path)] == [4]


@needs_browser
def test_a_long_scale_is_a_list(serve, browser, path):
    """Beyond eleven steps a list is offered; what was not chosen is skipped, not guessed."""
    asked = [Question(kind="rating", a=side("single", "text", at), scale=(0, 100)) for at in range(2)]
    browser.open(serve(*asked).address)
    with browser.loading():
        browser.evaluate("document.querySelector('.say button').click()")
    assert not path.exists()
    with browser.loading():
        browser.evaluate(
            "document.querySelector('select').value = '73'; document.querySelector('.say button').click()"
        )
    assert [label.rating for label in read_labels(path)] == [73]


@needs_browser
def test_hostile_text_stays_text(serve, browser):
    """Markup in prompt and answers is shown, not run, and nothing is asked of anybody else."""
    evil = pair(outputs=(EVIL, f"</pre></textarea>{EVIL}"))
    evil = replace(evil, a=replace(evil.a, record=replace(evil.a.record, input=EVIL)))
    server = serve(evil)
    before = len(browser.requests())
    browser.open(server.address)
    assert browser.evaluate("document.title") == "Which answer is better?"
    assert browser.text.count("<script>document.title='broken'</script>") == 3
    assert browser.evaluate("document.querySelectorAll('img').length") == 0
    asked = {address.split("/")[2] for address in browser.requests()[before:]}
    assert asked == {f"127.0.0.1:{server.server_port}"}


@needs_browser
def test_the_policy_refuses_no_part_of_our_page(serve, browser):
    """Style and script are allowed by their nonce: the browser has no complaint of the policy."""
    before = len(browser.complaints())
    browser.open(serve(pair()).address)
    assert browser.evaluate("getComputedStyle(document.querySelector('pre')).whiteSpaceCollapse") == "preserve"
    assert not [text for text in browser.complaints()[before:] if "Content Security Policy" in text]


@needs_browser
def test_done_ends_the_command(tmp_path, browser):
    """`hiddenlayer label --page` prints an address; Done says what was saved and ends it with status 0."""
    for name in ("single", "debate"):
        RunLog(tmp_path, RUN).append(record("s0", 1.0, label=name, output=name * 2, key=name, run_id=RUN))
    command = [sys.executable, "-m", "pytest_hiddenlayer.cli", "label", "--page", "--rater", "ann"]
    started = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        address = next(line.split()[1] for line in started.stdout if line.startswith("open http://127.0.0.1:"))
        browser.open(address)
        for press in (
            lambda: browser.press("1"),
            lambda: browser.evaluate("document.querySelector('button').click()"),
        ):
            with browser.loading():
                press()
        assert "1 answers were saved now, 0 questions are open" in browser.text
        rest, _ = started.communicate(timeout=300)
        assert "1 answered now, 0 left" in rest
        assert started.returncode == 0
    finally:
        started.kill()
    assert len(read_labels(tmp_path / "reports" / "labels.jsonl")) == 1


# ---------------------------------------------------------------- blindness


def test_no_player_is_told(path):
    """Nothing on the page names a strategy, model, run, task, sample or record."""
    page = question_page(sitting(path, pair()), "nonce")
    assert "short" in page
    for name in ("single", "debate", "scripted", RUN, "s0", "@"):
        assert name not in page.replace("@media", "")


@pytest.mark.parametrize(("shown", "choice", "winner"), [("ab", "1", "a"), ("ba", "1", "b"), ("ba", "2", "a")])
def test_the_winner_is_found_whatever_stood_first(serve, path, shown, choice, winner):
    """Answer 1 is a or b as `shown` says."""
    server = serve(pair(shown=shown))
    page = ask(server, "GET", f"/{server.token}/")[1]
    assert (page.index("short") < page.index("long")) == (shown == "ab")
    assert post(server, f"at=0&answer={choice}") == 303
    (found,) = read_labels(path)
    assert (found.winner, found.shown) == (winner, shown)


# ---------------------------------------------------------------- strangers


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("token", ["", "wrong", "%00", "%C3%A9"])
def test_without_the_token_there_is_nothing(serve, path, method, token):
    """Another path than the one with the token is not found, and no label is written."""
    server = serve(pair())
    where = f"/{token}/answer" if method == "POST" else f"/{token}/"
    status, text, _ = ask(server, method, where, "at=0&answer=1")
    assert status == 404
    assert "short" not in text
    assert not path.exists()


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", "127.0.0.1:1"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_another_host_is_refused(serve, path, method, host):
    """A name that was turned to this address by DNS reaches nothing, token or not."""
    server = serve(pair())
    where = f"/{server.token}/{'answer' if method == 'POST' else ''}"
    assert ask(server, method, where, "at=0&answer=1", Host=host)[0] == 421
    assert not path.exists()


def test_localhost_is_this_computer(serve):
    """The address works under its other name too."""
    server = serve(pair())
    assert ask(server, "GET", f"/{server.token}/", Host=f"localhost:{server.server_port}")[0] == 200


def test_two_servers_have_different_tokens(serve):
    """The token is drawn anew each time, with at least 128 bits."""
    one, two = serve(pair()), serve(pair())
    assert one.token != two.token
    assert len(one.token) >= 22


def test_only_this_computer_is_listened_to(serve):
    """The server is bound to 127.0.0.1."""
    assert serve(pair()).server_address[0] == "127.0.0.1"


def test_headers(serve):
    """The page is not kept, not framed, not sniffed, and loads nothing."""
    server = serve(pair())
    _, text, headers = ask(server, "GET", f"/{server.token}/")
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    nonce = policy.split("script-src 'nonce-")[1].split("'")[0]
    assert text.count(f'nonce="{nonce}"') == 2
    assert nonce not in ask(server, "GET", f"/{server.token}/")[1]


@pytest.mark.parametrize(
    "form",
    [
        *("", "at=0", "answer=1", "at=0&answer=9", "at=0&answer=", "at=0&answer=a"),
        *("at=x&answer=1", "at=7&answer=1", "at=-1&answer=1", "at=1&answer=1", "at=%C2%B2&answer=1"),
        *("at=%FF%FE&answer=1", "&".join(f"x{i}=1" for i in range(100))),
    ],
)
def test_a_form_that_says_nothing_is_refused(serve, path, form):
    """What is no answer to a question of this sitting is status 400, and is not written."""
    assert post(serve(pair()), form) == 400
    assert not path.exists()


@pytest.mark.parametrize("length", [str(MAX_BODY + 1), "-1", "x"])
def test_a_length_that_cannot_be_is_refused(serve, path, length):
    """A body too long to be a note is not read."""
    server = serve(pair())
    assert ask(server, "POST", f"/{server.token}/answer", "at=0&answer=1", Content_Length=length)[0] == 400
    assert not path.exists()


def test_the_same_form_twice_is_one_answer(serve, path):
    """A double click answers one question, once."""
    server = serve(pair(0), pair(1))
    assert [post(server, "at=0&answer=1"), post(server, "at=0&answer=1")] == [303, 303]
    (found,) = read_labels(path)
    assert found.sample_id == "s0"


def test_a_lone_surrogate_breaks_no_page(serve):
    """A text that is no Unicode is served all the same."""
    server = serve(pair(outputs=("a \ud800 b", "c")))
    assert ask(server, "GET", f"/{server.token}/")[0] == 200


def test_a_connection_that_says_nothing_stops_nobody(serve):
    """Browsers open connections ahead of time; others are answered meanwhile."""
    server = serve(pair())
    silent = http.client.HTTPConnection("127.0.0.1", server.server_port)
    silent.connect()
    assert ask(server, "GET", f"/{server.token}/")[0] == 200
    silent.close()


def test_the_terminal_and_the_page_write_the_same(serve, path, tmp_path):
    """A label from the page has the form of one from the terminal."""
    post(serve(pair()), "at=0&answer=tie&note=so%0D%0Ait+is")
    other = tmp_path / "other.jsonl"
    sitting(other, pair()).answer("tie", "so\nit is")
    assert json.loads(path.read_text()) == json.loads(other.read_text())
