"""The server of the page: which requests it accepts, and what it writes."""

from __future__ import annotations

import http.client
import json
import socket

import pytest
from support.labelling import ask, pair, post, session

from pytest_hiddenlayer.analysis.annotation.label_server import MAX_BODY
from pytest_hiddenlayer.analysis.annotation.labels import read_labels


@pytest.mark.parametrize(("shown", "choice", "winner"), [("ab", "1", "a"), ("ba", "1", "b"), ("ba", "2", "a")])
def test_the_winner_is_found_whatever_stood_first(serve, path, shown, choice, winner):
    """Answer 1 is a or b as `shown` says."""
    server = serve(pair(shown=shown))
    page = ask(server, "GET", f"/{server.token}/")[1]
    assert (page.index("short") < page.index("long")) == (shown == "ab")
    assert post(server, f"position=0&answer={choice}") == 303
    (saved,) = read_labels(path)
    assert (saved.winner, saved.shown) == (winner, shown)


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("token", ["", "wrong", "%00", "%C3%A9"])
def test_without_the_token_there_is_nothing(serve, path, method, token):
    """A path without the token is not found, and no label is written."""
    server = serve(pair())
    where = f"/{token}/answer" if method == "POST" else f"/{token}/"
    status, text, _ = ask(server, method, where, "position=0&answer=1")
    assert status == 404
    assert "short" not in text
    assert not path.exists()


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", "127.0.0.1:1"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_another_host_is_refused(serve, path, method, host):
    """A request with another Host (DNS rebinding) is refused, even with the right token."""
    server = serve(pair())
    where = f"/{server.token}/{'answer' if method == 'POST' else ''}"
    assert ask(server, method, where, "position=0&answer=1", Host=host)[0] == 421
    assert not path.exists()


def test_localhost_is_this_computer(serve):
    """The address also works as localhost."""
    server = serve(pair())
    assert ask(server, "GET", f"/{server.token}/", Host=f"localhost:{server.server_port}")[0] == 200


def test_two_servers_have_different_tokens(serve):
    """Each server draws its own token of at least 128 bits."""
    one, two = serve(pair()), serve(pair())
    assert one.token != two.token
    assert len(one.token) >= 22


def test_only_this_computer_is_listened_to(serve):
    """The server is bound to 127.0.0.1."""
    assert serve(pair()).server_address[0] == "127.0.0.1"


def test_headers(serve):
    """The headers forbid caching, framing, content sniffing and loading anything."""
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
        *("", "position=0", "answer=1", "position=0&answer=9", "position=0&answer=", "position=0&answer=a"),
        *(
            "position=x&answer=1",
            "position=7&answer=1",
            "position=-1&answer=1",
            "position=1&answer=1",
            "position=%C2%B2&answer=1",
        ),
        *("position=%FF%FE&answer=1", "&".join(f"x{i}=1" for i in range(100))),
    ],
)
def test_a_form_that_says_nothing_is_refused(serve, path, form):
    """A form that answers no question of the session gets status 400, and nothing is written."""
    assert post(serve(pair()), form) == 400
    assert not path.exists()


@pytest.mark.parametrize("length", [str(MAX_BODY + 1), "-1", "x"])
def test_a_length_that_cannot_be_is_refused(serve, path, length):
    """A form with a malformed or too large length is refused."""
    server = serve(pair())
    assert ask(server, "POST", f"/{server.token}/answer", "position=0&answer=1", Content_Length=length)[0] == 400
    assert not path.exists()


def test_the_same_form_twice_is_one_answer(serve, path):
    """A double click answers one question, once."""
    server = serve(pair(0), pair(1))
    assert [post(server, "position=0&answer=1"), post(server, "position=0&answer=1")] == [303, 303]
    (saved,) = read_labels(path)
    assert saved.sample_id == "s0"


def test_a_lone_surrogate_breaks_no_page(serve):
    """A text with a lone surrogate is served."""
    server = serve(pair(outputs=("a \ud800 b", "c")))
    assert ask(server, "GET", f"/{server.token}/")[0] == 200


def test_a_connection_that_says_nothing_stops_nobody(serve):
    """An idle connection does not block other requests."""
    server = serve(pair())
    silent = http.client.HTTPConnection("127.0.0.1", server.server_port)
    silent.connect()
    assert ask(server, "GET", f"/{server.token}/")[0] == 200
    silent.close()


def test_the_terminal_and_the_page_write_the_same(serve, path, tmp_path):
    """A label from the page has the form of one from the terminal."""
    post(serve(pair()), "position=0&answer=tie&note=so%0D%0Ait+is")
    other = tmp_path / "other.jsonl"
    session(other, pair()).answer("tie", "so\nit is")
    assert json.loads(path.read_text()) == json.loads(other.read_text())


@pytest.mark.parametrize("length", ["9" * 5000, "-1", "1e3", "٣", ""])
def test_a_length_that_is_no_number_of_bytes_is_a_bad_request(serve, length):
    """The client gets the status 400, not a broken connection."""
    server = serve(pair())
    name = length.encode().decode("latin-1")
    assert ask(server, "POST", f"/{server.token}/answer", Content_Length=name)[0] == 400


def test_a_position_of_5000_digits_is_a_bad_request(serve):
    """The client gets the status 400: no question has such a position."""
    server = serve(pair())
    assert ask(server, "POST", f"/{server.token}/answer", f"position={'9' * 5000}&answer=1")[0] == 400


def test_a_client_that_sends_slowly_keeps_nobody_waiting(serve):
    """While one form has not arrived in full, the page is served."""
    server = serve(pair())
    with socket.create_connection(("127.0.0.1", server.server_port)) as slow:
        host = f"127.0.0.1:{server.server_port}"
        head = f"POST /{server.token}/answer HTTP/1.1\r\nHost: {host}\r\nContent-Length: 99\r\n\r\n"
        slow.sendall(head.encode() + b"position=0")
        assert ask(server, "GET", f"/{server.token}/")[0] == 200
