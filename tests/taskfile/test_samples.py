"""Samples and recorded outputs from data files."""

from __future__ import annotations

import csv
import json
import os
import sys
from datetime import date
from pathlib import Path

import pytest

from pytest_hiddenlayer.errors import TaskError
from pytest_hiddenlayer.taskfile import load_task
from pytest_hiddenlayer.types import Task

REST = "scorers: [exact]\n"


def load(folder: Path, text: str, **files: str) -> Task:
    """Load the task `text`; `rows_jsonl="..."` writes a data file `rows.jsonl`."""
    for name, content in files.items():
        (folder / name.replace("_", ".")).write_text(content)
    (folder / "t.yaml").write_text(f"task: t\n{text}\n{REST}")
    return load_task(folder / "t.yaml", folder)


def fault(folder: Path, text: str, **files: str) -> TaskError:
    with pytest.raises(TaskError) as caught:
        load(folder, text, **files)
    return caught.value


def lines(*rows: object) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


def test_jsonl_rows_become_samples(tmp_path: Path) -> None:
    """Known columns become fields, other columns metadata with native values; blank lines are skipped."""
    text = '{"id": 7, "input": "a", "target": 1.50, "n": 2.50}\n\n{"input": "b", "group": null}\n'
    first, second = load(tmp_path, "samples: rows.jsonl", rows_jsonl=text).samples
    assert (first.id, first.target, first.metadata) == ("7", "1.50", {"n": 2.5})
    assert (second.id, second.target, second.group) == ("1", None, None)


def test_fields_map_foreign_and_dotted_names(tmp_path: Path) -> None:
    """`fields` maps columns to fields, and dotted paths select values inside objects and lists."""
    row = {"q": {"turns": ["first", "second"]}, "a": {"value": "x"}, "input": "other"}
    text = "samples: rows.jsonl\nfields: {input: q.turns.1, target: a.value}"
    sample = load(tmp_path, text, rows_jsonl=lines(row)).samples[0]
    assert (sample.input, sample.target, sample.metadata) == ("second", "x", {"input": "other"})


def test_target_pattern_extracts_the_answer(tmp_path: Path) -> None:
    """`target_pattern` replaces each accepted answer by the text of its group."""
    text = "samples: rows.jsonl\ntarget_pattern: '#### (.+)$'"
    rows = lines({"input": "a", "target": "so\n#### 18"}, {"input": "b", "target": ["#### 1", "#### one"]})
    assert [s.target for s in load(tmp_path, text, rows_jsonl=rows).samples] == ["18", ("1", "one")]


def test_target_without_match_names_the_row(tmp_path: Path) -> None:
    """A target that the pattern does not match is an error with its row and line."""
    text = "samples: rows.jsonl\ntarget_pattern: '#### (.+)$'"
    error = fault(
        tmp_path, text, rows_jsonl=lines({"input": "a", "target": "#### 1"}, {"input": "b", "target": "18"})
    )
    assert str(error) == "rows.jsonl:2: row 1: target: target_pattern '#### (.+)$' finds nothing in '18'"


def test_missing_column_is_reported_once(tmp_path: Path) -> None:
    """A wrong column name is one message for all rows and lists the existing columns."""
    error = fault(
        tmp_path, "samples: rows.jsonl\nfields: {input: questoin}", rows_jsonl=lines(*[{"question": "a"}] * 3)
    )
    assert str(error) == (
        "rows.jsonl:1: row 0: input: there is no column 'questoin', did you mean 'question'? "
        "(`fields: {input: questoin}`; columns: question) (also on lines 2, 3)"
    )


def test_message_for_rows_without_input_suggests_fields(tmp_path: Path) -> None:
    """The message for rows without an `input` column suggests `fields`."""
    error = fault(tmp_path, "samples: rows.jsonl", rows_jsonl=lines({"question": "a"}))
    assert "name yours: `fields: {input: NAME}` (columns: question)" in str(error)


def test_csv_rows_become_samples(tmp_path: Path) -> None:
    """CSV cells are text, an empty cell is None, and quoted cells may contain newlines."""
    text = '\ufeffinput,target,must_pass,note\n"a\nb",1.10,true,\nc,,,x\n'
    first, second = load(tmp_path, "samples: rows.csv", rows_csv=text).samples
    assert (first.input, first.target, first.must_pass, first.metadata) == (
        "a\nb",
        "1.10",
        True,
        {"note": None},
    )
    assert (second.target, second.must_pass, second.metadata) == (None, False, {"note": "x"})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("input,target\na\n", "rows.csv:2: row 0 has 1 cells, the header has 2"),
        ("input,input\na,b\n", "rows.csv:1: column 'input' appears twice; rename one"),
        ('input\n"a"b\n', "rows.csv:2: this is not CSV: ',' expected after '\"'"),
    ],
)
def test_faulty_csv_is_refused(tmp_path: Path, text: str, expected: str) -> None:
    """A row of the wrong length, a repeated column and broken quotes are refused with their line."""
    assert str(fault(tmp_path, "samples: rows.csv", rows_csv=text)) == expected


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rows.csv", "input,target\r\na,b\r\n,\r\nc,d\r\n"),
        ("rows.csv", "input,target\ra,b\r\rc,d"),
        ("rows.csv", "\ufeffinput;target\na;b\n\nc;d\n"),
        ("rows.csv", "sep=;\n input ; target\na;b\nc;d"),
        ("rows.csv", "input\ttarget\na\tb\nc\td\n"),
        ("rows.csv", "input|target\na|b\nc|d\n"),
        ("rows.csv", "input,target,,\na,b,,\nc,d,,\n"),
        ("rows.csv", ",input,target\n0,a,b\n1,c,d\n"),
        ("rows.TSV", "input\ttarget\na\tb\nc\td\n"),
    ],
)
def test_dialects_of_csv_are_read_alike(tmp_path: Path, name: str, text: str) -> None:
    """Line ends, separators, blank rows and columns without a name do not change the samples."""
    (tmp_path / name).write_bytes(text.encode())
    first, second = load(tmp_path, f"samples: {name}").samples
    assert (first.input, first.target, second.input, second.target) == ("a", "b", "c", "d")


def test_csv_cells_have_any_length(tmp_path: Path) -> None:
    """A cell longer than the limit of the module `csv` is read, and the limit stays as it is."""
    limit = csv.field_size_limit()
    long = "word, " * 100_000
    (sample,) = load(tmp_path, "samples: rows.csv", rows_csv=f'input,target\n"{long}",b\n').samples
    assert sample.input == long
    assert csv.field_size_limit() == limit


def test_parquet_rows_become_samples(tmp_path: Path) -> None:
    """Numbers keep their text, missing values are None, and other columns become metadata."""
    parquet = pytest.importorskip("pyarrow.parquet")
    pyarrow = pytest.importorskip("pyarrow")
    columns = {
        "id": [7, 8],
        "input": ["a", "b"],
        "target": [1.5, float("nan")],
        "must_pass": [True, False],
        "choices": [["x", "y"], None],
        "day": [date(2026, 1, 31), None],
    }
    parquet.write_table(pyarrow.table(columns), tmp_path / "rows.parquet")
    first, second = load(tmp_path, "samples: rows.parquet").samples
    assert (first.id, first.input, first.target, first.must_pass, first.choices) == (
        "7",
        "a",
        "1.5",
        True,
        ("x", "y"),
    )
    assert (second.id, second.target, second.must_pass) == ("8", None, False)
    assert (first.metadata, second.metadata) == ({"day": "2026-01-31"}, {"day": None})


def test_outputs_are_read_from_parquet(tmp_path: Path) -> None:
    """Recorded outputs, one text or one per epoch, may be in a Parquet file."""
    parquet = pytest.importorskip("pyarrow.parquet")
    pyarrow = pytest.importorskip("pyarrow")
    parquet.write_table(pyarrow.table({"id": [0, 1], "outputs": [["x", None], ["y", "z"]]}), tmp_path / "out.parquet")
    task = load(tmp_path, "samples: [{input: a}, {input: b}]\noutputs: out.parquet")
    assert task.outputs == {"0": ("x", ""), "1": ("y", "z")}


def test_broken_parquet_is_refused(tmp_path: Path) -> None:
    """A file that is not Parquet is an error of the task, not a traceback."""
    pytest.importorskip("pyarrow")
    (tmp_path / "rows.parquet").write_bytes(b"PAR1 nothing PAR1")
    message = str(fault(tmp_path, "samples: rows.parquet"))
    assert "rows.parquet: this is not Parquet" in message
    assert message.endswith("; write or copy the file again")
    assert ".;" not in message


@pytest.mark.parametrize(
    ("data", "samples"),
    [
        ([{"input": "a"}], "rows.json"),
        ({"canary": "x", "examples": [{"input": "a"}], "empty": []}, "rows.json"),
        ({"b": {"c": [{"input": "a"}]}, "d": [{}]}, "{file: rows.json, path: b.c}"),
    ],
)
def test_json_rows_are_found(tmp_path: Path, data: object, samples: str) -> None:
    """Rows in a JSON file are the top-level list, the only list of objects, or the list at `path`."""
    assert load(tmp_path, f"samples: {samples}", rows_json=json.dumps(data)).samples[0].input == "a"


@pytest.mark.parametrize(
    ("data", "samples", "words"),
    [
        (
            {"a": [{}], "b": [{}]},
            "rows.json",
            "several lists (a, b); choose one: `samples: {file: rows.json, path: a}`",
        ),
        ({"rows": [{}]}, "{file: rows.json, path: row}", "has nothing at `path: row`, did you mean 'rows'?"),
        ({"a": 1}, "rows.json", "must hold a list of objects, got a mapping with a"),
        (["x"], "rows.json", "row 0 must be an object, got 'x'"),
        ([], "rows.json", "there are no samples; write at least one"),
    ],
)
def test_json_with_ambiguous_rows_is_refused(tmp_path: Path, data: object, samples: str, words: str) -> None:
    """If the location of the rows is ambiguous, the message says how to specify it."""
    assert words in str(fault(tmp_path, f"samples: {samples}", rows_json=json.dumps(data)))


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ('{"input": "a", "input": "b"}', "rows.jsonl:2: key 'input' appears twice"),
        ('{"input": NaN}', "rows.jsonl:2: NaN is not a JSON number"),
        ('{"input": "\\udfff"}', "rows.jsonl:2: \\udfff is a lone surrogate"),
        ('{"input": "a"', "rows.jsonl:2: this is not JSON"),
        ('{"input": "a", "x": 1e999}', "rows.jsonl:2: row 1: metadata: 1e999 is not a finite number"),
        ('{"input": "a", "x": ' + "[" * 100_000 + "]" * 100_000 + "}", "rows.jsonl:2: is nested too deeply"),
        (
            '{"input": {"a": 1}}',
            "rows.jsonl:2: row 1: input: must be text or a list of chat messages, got a mapping",
        ),
    ],
)
def test_faulty_row_is_refused_with_its_line(tmp_path: Path, row: str, words: str) -> None:
    """The message for a faulty row names its line."""
    assert words in str(fault(tmp_path, "samples: rows.jsonl", rows_jsonl=f'{{"input": "a"}}\n{row}\n'))


def test_duplicate_ids_name_both_rows(tmp_path: Path) -> None:
    """Two samples with the same id are refused, even if one id is a row number."""
    error = fault(tmp_path, "samples: [{id: 1, input: a}, {input: b}]")
    assert str(error) == "t.yaml:2: samples[1].id: '1' (its row number) is already the id of row 0; ids are unique"


def test_id_prefix_applies_to_row_numbers_only(tmp_path: Path) -> None:
    """`id_prefix` precedes row numbers and does not change written ids."""
    task = load(tmp_path, "samples: [{id: x, input: a}, {input: b}]\nid_prefix: count-")
    assert [sample.id for sample in task.samples] == ["x", "count-1"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("/etc/passwd", "absolute path"),
        ("C:\\data\\rows.csv", "absolute path"),
        ("sub/../rows.csv", "goes up with '..'"),
        ("..\\rows.csv", "goes up with '..'"),
        ("sub", "'sub' is not a regular file"),
        ("pipe.jsonl", "'pipe.jsonl' is not a regular file"),
        ("link.jsonl", "leads out of the root folder"),
        ("folder/secret.jsonl", "leads out of the root folder"),
        ("rwos.jsonl", "there is no file 'rwos.jsonl' in the folder 'evals', did you mean 'rows.jsonl'?"),
        ("rows.txt", "has the suffix '.txt'; use .jsonl, .json, .csv, .tsv or .parquet"),
    ],
)
def test_paths_out_of_the_root_are_refused(tmp_path: Path, name: str, words: str) -> None:
    """Only regular files below the root folder are read."""
    evals = tmp_path / "root" / "evals"
    (evals / "sub").mkdir(parents=True)
    (tmp_path / "secret.jsonl").write_text('{"input": "secret"}')
    (evals / "link.jsonl").symlink_to(tmp_path / "secret.jsonl")
    (evals / "folder").symlink_to(tmp_path)
    (evals / "rows.jsonl").touch()
    (evals / "rows.txt").touch()
    os.mkfifo(evals / "pipe.jsonl")
    (evals / "t.yaml").write_text(f"task: t\nsamples: '{name}'\n{REST}")
    with pytest.raises(TaskError) as caught:
        load_task(evals / "t.yaml", tmp_path / "root")
    assert words in str(caught.value)


def test_task_file_that_links_out_of_the_root_is_refused(tmp_path: Path) -> None:
    """A task file below the root that links to a file outside the root is refused."""
    (tmp_path / "root").mkdir()
    (tmp_path / "t.yaml").write_text("task: t\n")
    (tmp_path / "root" / "t.yaml").symlink_to(tmp_path / "t.yaml")
    with pytest.raises(TaskError, match="leads out of the root folder by a symbolic link"):
        load_task(tmp_path / "root" / "t.yaml", tmp_path / "root")


def test_outputs_are_read_by_id(tmp_path: Path) -> None:
    """Recorded outputs are read by sample id; other keys are ignored, and a sample may have no output."""
    rows = lines({"id": 0, "output": "x", "is_correct": False}, {"id": "2", "outputs": ["y", 1.5]})
    task = load(tmp_path, "samples: [{input: a}, {input: b}, {input: c}]\noutputs: out.jsonl", out_jsonl=rows)
    assert task.outputs == {"0": ("x",), "2": ("y", "1.5")}


NULLS = {
    "out.jsonl": lines({"id": "0", "output": None}, {"id": "1"}, {"id": "2", "outputs": ["y", None]}),
    "out.json": json.dumps([{"id": "0", "output": None}, {"id": "1"}, {"id": "2", "outputs": ["y", None]}]),
    "out.csv": 'id,output,note\n0,"",a\n1\n2,y,b,,\n',
    "out.tsv": "id\toutput\r\n0\t\r\n1\r\n2\ty\r\n",
}


@pytest.mark.parametrize("name", NULLS)
def test_missing_output_is_an_empty_answer(tmp_path: Path, name: str) -> None:
    """A null, an empty cell and a row without its output are empty answers; the other rows are read."""
    form = f"samples: [{{input: a}}, {{input: b}}, {{input: c}}]\noutputs: {name}"
    outputs = load(tmp_path, form, **{name.replace(".", "_"): NULLS[name]}).outputs
    assert outputs is not None
    assert (outputs["0"], outputs["1"], outputs["2"][0]) == (("",), ("",), "y")
    assert outputs["2"][1:] == (("",) if "json" in name else ())


def test_null_outputs_in_the_task_file_are_empty_answers(tmp_path: Path) -> None:
    """`outputs: {id: null}`, an empty list and a null epoch are empty answers, as in a file."""
    form = "samples: [{id: a, input: a}, {id: b, input: b}, {id: c, input: c}]\noutputs: {a: , b: [x, ~], c: []}"
    assert load(tmp_path, form).outputs == {"a": ("",), "b": ("x", ""), "c": ("",)}


def test_file_in_which_no_row_has_an_output_is_refused(tmp_path: Path) -> None:
    """Another name of the column in every row is an error, not a file of empty answers."""
    rows = lines({"id": "0", "answer": "x"}, {"id": "1", "answer": "y"})
    error = fault(tmp_path, "samples: [{input: a}, {input: b}]\noutputs: out.jsonl", out_jsonl=rows)
    assert "needs either `output` or `outputs` (it has id, answer) (also on lines 2)" in str(error)


def test_faulty_outputs_are_all_reported(tmp_path: Path) -> None:
    """Each output without an id or text, with an unknown id or a repeated id is reported."""
    rows = lines(
        {"output": "x"},
        {"id": "0", "ouput": "x"},
        {"id": "0", "output": "x"},
        {"id": "0", "output": "y"},
        {"id": "9", "output": "x"},
    )
    error = fault(tmp_path, "samples: [{input: a}]\noutputs: out.jsonl", out_jsonl=rows)
    assert str(error).splitlines() == [
        "out.jsonl:1: row 0: needs the `id` of its sample, got nothing",
        "out.jsonl:2: row 1: needs either `output` or `outputs`, did you mean 'ouput'? (it has id, ouput)",
        "out.jsonl:4: row 3: id '0' is already in row 2; put epochs into `outputs: [...]`",
        "out.jsonl:5: row 4: no sample has the id '9'",
    ]


@pytest.mark.skipif(sys.platform == "win32", reason="file names with control characters")
@pytest.mark.parametrize("name", ["a\u202eb.yaml", "a\x1b[31m.yaml", "a\u3164/sums.yaml", "a\nb.yaml"])
def test_a_name_that_steers_a_terminal_is_refused(tmp_path, name):
    """Whoever reads the task: the name of its file, or of its folder, is printed."""
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("task: sums\nsamples: [{id: a, input: x, target: y}]\nstrategies: [single]\nscorers: [exact]\n")
    with pytest.raises(TaskError, match="nobody sees; rename it"):
        load_task(path, tmp_path)
