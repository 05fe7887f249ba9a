"""Writes a page: rows and chunks of records first, into a temporary file, then the page around them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any

from markupsafe import Markup

from ...io.atomic import replacing
from .bundle import Bundle, csp_hash, generator, load_bundle
from .columns import Columns
from .log_reader import LoggedRecord
from .plain import WrongAnswers, plain_page
from .record_texts import search_text
from .sections import SectionFile, encoded_section, json_bytes, section

CHUNK_RECORDS = 100
CHUNK_BYTES = 1_000_000  # of a chunk's records: a browser inflates and parses them in 10 ms
MAX_IN_MEMORY = 8_000_000  # bytes of sections; more are in a temporary file

TEMPLATES = Path(__file__).parent / "templates"


class PageWriter:
    """Takes records one by one, and writes the page of them. Use it as a context manager.

    `tags` and `changes` are those of `Columns`. The memory it needs grows with the columns of the
    table, by about 1 kB per record, and not with the transcripts.
    """

    def __init__(
        self,
        *,
        tags: Mapping[tuple[str, ...], str] | None = None,
        changes: Mapping[tuple[str, ...], str] | None = None,
    ) -> None:
        self.columns = Columns(tags=tags or {}, changes=changes or {})
        self._open = ExitStack()
        self._file = self._open.enter_context(tempfile.SpooledTemporaryFile(MAX_IN_MEMORY))  # noqa: SIM115
        self._sections = SectionFile(self._file)
        self._open.callback(self._sections.close)
        self._starts: list[int] = []
        self._contents: list[bytes] = []
        self._texts: list[str] = []
        self._bytes = 0
        self._wrong = WrongAnswers()

    def __enter__(self) -> PageWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        self._open.close()

    def add(self, logged: LoggedRecord, run: str) -> None:
        """Append a row and its record. The content `null` is a row without a record. Raises OSError."""
        size = len(logged.content)
        if self._contents and (len(self._contents) == CHUNK_RECORDS or self._bytes + size > CHUNK_BYTES):
            self._end_chunk()
        self.columns.add(logged.record, run)
        self._contents.append(logged.content)
        self._texts.append(search_text(logged.record))
        self._wrong.add(logged.record)
        self._bytes += size

    def _end_chunk(self) -> None:
        number = len(self._starts)
        self._starts.append(self.columns.n - len(self._contents))
        self._sections.add(f"records-{number}", b"[" + b",".join(self._contents) + b"]")
        self._sections.add(f"search-{number}", json_bytes(self._texts))
        self._contents, self._texts, self._bytes = [], [], 0

    def write(self, path: Path, overview: Mapping[str, Any], changes: Mapping[str, Any] | None = None) -> None:
        """Write the page with all rows added so far, in place of a file that exists. Raises OSError."""
        if self._contents:
            self._end_chunk()
        self._sections.finish()
        bundle = load_bundle()
        overview = {**overview, "notices": [*overview["notices"], *self.columns.notices()]}
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            for text in self._page(bundle, overview, changes):
                file.write(text.encode("utf-8", "backslashreplace"))

    def _page(
        self, bundle: Bundle | None, overview: Mapping[str, Any], changes: Mapping[str, Any] | None
    ) -> Iterator[str]:
        from ..html_template import load_template

        style = (TEMPLATES / "plain.css").read_text(encoding="utf-8")
        yield from load_template(TEMPLATES / "page.html.jinja").generate(
            policy=content_security_policy(bundle, style),
            generator=generator(),
            plain_style=Markup(style),
            bundle=bundle and {"script": Markup(bundle.script), "style": Markup(bundle.style)},
            sections=() if bundle is None else self._first_sections(bundle, overview, changes),
            record_sections=() if bundle is None else self._record_sections(),
            **plain_page(overview, self._wrong, bundle),
        )

    def _first_sections(
        self, bundle: Bundle, overview: Mapping[str, Any], changes: Mapping[str, Any] | None
    ) -> Iterator[Markup]:
        yield Markup(section("overview", overview))
        yield Markup(encoded_section("index", self._index()))
        yield Markup(section("licenses", bundle.licenses))
        if changes is not None:
            yield Markup(section("changes", changes))

    def _record_sections(self) -> Iterator[Markup]:
        self._file.seek(0)
        for line in self._file:
            yield Markup(line.decode("ascii"))

    def _index(self) -> Iterator[bytes | bytearray]:
        yield b'{"n":%d,"chunks":%s,"columns":' % (self.columns.n, json_bytes(self._starts))
        yield from self.columns.parts()
        yield b"}"


def content_security_policy(bundle: Bundle | None, *styles: str, connect: str = "'none'") -> str:
    """The policy of a page: no script and no style but those given, and no request; live pages connect to 'self'."""
    script = csp_hash(bundle.script) if bundle else "'none'"
    hashes = " ".join(map(csp_hash, (*((bundle.style,) if bundle else ()), *styles)))
    return (
        f"default-src 'none'; script-src {script}; style-src {hashes}; img-src data:; connect-src {connect}; "
        "object-src 'none'; frame-src 'none'; base-uri 'none'; form-action 'none'"
    )
