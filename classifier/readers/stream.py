"""An input as a stream: opened by its first bytes, then cut into records."""

from __future__ import annotations

import io
import json
import re
import sys
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any, Final, cast

from classifier.errors import InputError
from classifier.readers.compressed import DAMAGE, decompressed
from classifier.readers.reader import Line

STDIN: Final = "-"
COMPRESSIONS: Final = (".gz", ".zst")
LONGEST_LINE: Final = 100_000_000
"""Bytes; a longer line is passed over without being held, and reported."""
LARGEST_JSON: Final = 1_000_000_000
"""Bytes of a JSON file that is one value: it is held whole, in some five times its size."""
OPENINGS: Final = (b"{", b"[", b"[{")
"""First lines of a JSON value that is spread over lines."""
ARRAY: Final = re.compile(rb"\[\s*\{")
"""Beginning of an array of objects; where one line is the whole file, it is one value."""


@contextmanager
def open_input(path: str) -> Iterator[io.BufferedReader]:
    """Open a file, or `-`, by its first bytes: gzip, zstandard or plain.

    Raises
    ------
    InputError
        If it cannot be opened, or its compression is damaged.
    """
    with ExitStack() as stack:
        if path == STDIN:
            # Standard input stays open; it is wrapped because a stand-in for it need not have `peek`.
            file = io.BufferedReader(cast(Any, sys.stdin.buffer))
            stack.callback(file.detach)
        else:
            try:
                file = stack.enter_context(io.BufferedReader(cast(Any, io.FileIO(path))))
            except OSError as error:
                raise InputError(f"cannot be opened ({error.strerror})", where=path, then="check the name") from error
        try:
            yield decompressed(file, stack)
        except DAMAGE as error:
            raise InputError(f"it is damaged ({error})", where=path, then="fetch the file again") from error


def cut_lines(file: io.BufferedReader, path: str) -> Generator[Line]:
    """Yield the records of JSONL, or of one JSON value: an object, or the items of an array."""
    number, first = _first_line(file)
    if not first:
        return
    if _is_whole(first, file, path):
        yield from _whole(first, file, path)
        return
    raw = first
    try:
        while raw:
            yield from _line(raw, file, f"{path}:{number}")
            raw = file.readline(LONGEST_LINE)
            number += 1
    except DAMAGE as error:
        yield Line(f"{path}:{number + 1}", None, f"the rest of the file is damaged ({error})", torn=True)


def _line(raw: bytes, file: io.BufferedReader, place: str) -> Iterator[Line]:
    if len(raw) >= LONGEST_LINE and not raw.endswith(b"\n"):
        while raw and not raw.endswith(b"\n"):
            raw = file.readline(LONGEST_LINE)
        yield Line(place, None, f"the line is over {LONGEST_LINE} bytes")
    elif raw.strip():
        line = _parse(raw, place, torn=not raw.endswith(b"\n"))
        yield Line(place, {"messages": line.value}) if _is_conversation(line.value) else line


def _first_line(file: io.BufferedReader) -> tuple[int, bytes]:
    number = 1
    while True:
        raw = file.readline(LONGEST_LINE)
        if not raw or raw.removeprefix(b"\xef\xbb\xbf").strip():
            return number, raw
        number += 1


def _is_whole(first: bytes, file: io.BufferedReader, path: str) -> bool:
    """Tell one JSON value from JSON lines: by the first line, and only then by the file's name."""
    bare = first.removeprefix(b"\xef\xbb\xbf").strip()
    if bare in OPENINGS or (ARRAY.match(bare) and not file.peek(1).strip()):
        return True
    if not bare_name(path).endswith(".json"):
        return False
    if not file.peek(1).strip():
        return True
    return _parse(first, path, torn=False).problem is not None


def bare_name(path: str) -> str:
    """Return a path in lower case, without the ending of its compression."""
    path = path.lower()
    for ending in COMPRESSIONS:
        path = path.removesuffix(ending)
    return path


def _whole(first: bytes, file: io.BufferedReader, path: str) -> Iterator[Line]:
    rest = file.read(LARGEST_JSON)
    if len(rest) == LARGEST_JSON:
        yield Line(path, None, f"it is one JSON value of over {LARGEST_JSON} bytes")
        return
    line = _parse(first + rest, path, torn=False)
    if _is_conversation(line.value):
        yield Line(path, {"messages": line.value})
    elif isinstance(line.value, list):
        for index, value in enumerate(line.value):
            yield Line(f"{path}:{index + 1}", value)
    else:
        yield line


def _is_conversation(value: object) -> bool:
    """Tell an array that is one conversation from an array of conversations."""
    if not isinstance(value, list) or not value or not all(isinstance(item, Mapping) for item in value):
        return False
    return any("role" in item for item in value) and not any("messages" in item for item in value)


def _parse(raw: bytes, place: str, *, torn: bool) -> Line:
    try:
        return Line(place, json.loads(raw.decode("utf-8-sig", errors="replace")))
    except (ValueError, RecursionError) as error:
        return Line(place, None, f"it is {'torn off' if torn else 'not JSON'} ({error})", torn)
