"""evals-comment.yml, run against a local server with the part of GitHub's API that it uses."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.ci_files import COMMENT, REPORT_URL, run_comment, steps_of
from support.comparisons import URL, hostile_markdown
from support.github_api import Api
from support.markdown_payloads import PAYLOADS


@pytest.fixture
def temp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runner's folder for temporary files."""
    return tmp_path_factory.mktemp("runner")


@pytest.fixture(scope="module")
def comment() -> str:
    """What `hiddenlayer compare` writes about hostile names and answers."""
    return hostile_markdown("x @me <b> #1 https://e.example").replace(URL, REPORT_URL)


def test_a_comment_is_posted_once_and_then_updated(comment, temp):
    """The first run posts the comment; the next one changes it, and leaves those of others alone."""
    api = Api(files={"number": "7\n", "comment.md": comment})
    others = [
        {"id": n, "user": {"login": "somebody"}, "body": "<!-- hiddenlayer -->\n" + "x" * 50_000 + "fake"}
        for n in range(100)
    ]
    api.comments += others
    assert not run_comment(api, temp).failed
    assert [entry["body"] for entry in api.comments[100:]] == [comment]
    api.files = {"number": "7\n", "comment.md": comment.replace("Notes", "Remarks")}
    job = run_comment(api, temp)
    assert "updated the comment of #7" in job.log["Post the comment"]
    assert [entry["body"] for entry in api.comments[100:]] == [comment.replace("Notes", "Remarks")]
    assert all(entry["body"].endswith("fake") for entry in api.comments[:100])


def test_the_token_stays_at_github(comment, temp):
    """The host of the artifact, to which GitHub redirects, does not get the token."""
    api = Api(files={"number": "7\n", "comment.md": comment})
    assert not run_comment(api, temp).failed
    assert api.tokens.pop("/blob") is None
    assert set(api.tokens.values()) == {"Bearer secret-token"}


FORGED = {
    "encoded mention": "&#64;everyone",
    "named mention": "&commat;everyone",
    "mention in an escaped element": "\\<code>&#64;everyone</code>",
    "mention between code spans": "`<code>` &#64;everyone `</code>`",
    "link through code": "[x <code>](https://e.example)</code>",
    "address in code": "<code>https://e.example</code>",
    "www in code": "<code>www.e.example</code>",
    "open element": "<code>x",
    "element in code": "<code><b>x</b></code>",
    "another page of the site": f"[x]({REPORT_URL}/../../../../../../evil)",
    "title": f"[x]({REPORT_URL} 'x')",
    "mention": "@everyone",
    "entity": "<!-- x -->",
    "picture": "![x](https://e.example/x.png)",
    "html": "<img src=x>",
    "tag": "<a href='https://e.example'>x</a>",
    "open tag": "<b",
    "link": "[x](https://e.example)",
    "autolink": "www.e.example",
    "address": "https://e.example",
    "other run": "[x](https://github.example/o/r/actions/runs/55/x)",
    "issue": "fixes #1",
    "issue of another": "a/b#1",
    "GH": "GH-1",
    "definition": "[x]: /y",
    "reference": "[x] [y]\n[y]: /z",
    "nested": "[![x][y]](/z)",
    "relative": "[x](/o/r)",
    "parenthesis": "[x](https://github.example/o/r/actions/runs/5/a) [y](//e.example)",
}


@pytest.fixture
def fault(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str | None]:
    """The workflow's check of a comment: the reason to refuse it, or None."""
    (step,) = steps_of(COMMENT)
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.example")
    monkeypatch.setenv("GITHUB_REPOSITORY", "o/r")
    monkeypatch.setenv("RUN_ID", "5")
    names: dict[str, Any] = {}
    exec(step["run"].partition("found = ")[0], names)
    return names["fault"]


def test_no_comment_of_hiddenlayer_is_refused(fault):
    """Whatever names and answers are, the workflow takes the comment for one that hiddenlayer wrote."""
    for payload in PAYLOADS:
        assert fault(hostile_markdown(payload).replace(URL, REPORT_URL)) is None, payload


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_comment_is_refused(fault, comment, name):
    """A mention, link, picture or reference that a pull request's code added to a comment is found."""
    assert fault(comment) is None
    assert fault(f"{comment}\n{FORGED[name]}\n") is not None


def test_a_forged_comment_is_not_posted(comment, temp):
    """The job fails with the reason, and posts nothing."""
    api = Api(files={"number": "7\n", "comment.md": f"{comment}\n@everyone\n"})
    job = run_comment(api, temp)
    assert job.failed
    assert "so hiddenlayer did not write it" in job.log["Post the comment"]
    assert api.comments == []


@pytest.mark.parametrize(
    "files",
    [
        {"number": "7; id", "comment.md": "{comment}"},
        {"number": "../7", "comment.md": "{comment}"},
        {"number": "7\n8", "comment.md": "{comment}"},
        {"number": "٧", "comment.md": "{comment}"},
        {"number": "7", "comment.md": b"<!-- hiddenlayer -->\n" + b"x" * 50_000_000},
        {"number": "7", "comment.md": b"\xff"},
        {"number": "7", "comment.md": "no marker"},
        {"number": "7", "../comment.md": "{comment}"},
        {"comment.md": "{comment}"},
    ],
)
def test_a_malformed_artifact_is_not_posted(comment, temp, files):
    """A number that is none, a file that is missing, too large or no text: nothing is posted or written."""
    whole = {name: text.format(comment=comment) if isinstance(text, str) else text for name, text in files.items()}
    api = Api(files=whole)
    assert run_comment(api, temp).failed
    assert api.comments == []
    assert {path.name for path in temp.iterdir()} == {"GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_ENV"}


def test_a_comment_of_another_commit_is_not_posted(comment, temp):
    """A run whose commit is not the newest of the pull request that it names leaves the comment alone, and passes."""
    api = Api(files={"number": "7", "comment.md": comment}, head_sha="def")
    assert not run_comment(api, temp).failed
    assert api.comments == []
    nothing = Api(files=None)
    assert not run_comment(nothing, temp).failed
    assert nothing.comments == []
