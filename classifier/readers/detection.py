"""What a file is: by its first bytes, then by the first record that a reader recognises."""

from __future__ import annotations

import io
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, Final

from classifier.errors import InputError
from classifier.readers.foreign import foreign_family
from classifier.readers.parquet import MAGIC, cut_rows
from classifier.readers.reader import Detection, FileReader, Line, LineReader
from classifier.readers.registry import FORMATS, READERS
from classifier.readers.stream import cut_lines, open_input

PROBED_RECORDS: Final = 20
"""Records that detection looks at: the first ones may be headers."""


def detect(path: str | Path) -> Detection:
    """Say which format a file has, and why.

    Raises
    ------
    InputError
        If it cannot be read, or looks like nothing known.
    """
    with open_input(str(path)) as file:
        binary = file_reader(file)
        if binary is not None:
            return Detection(binary.name, binary.why)
        with cut(file, str(path)) as lines:
            reader, why = vote(islice(lines, PROBED_RECORDS), str(path))
            return Detection(reader.name, why)


def file_reader(file: io.BufferedReader) -> FileReader | None:
    """Return the reader whose first bytes a file has, if any."""
    head = file.peek(8)
    binary = [reader for reader in READERS if isinstance(reader, FileReader)]
    return next((reader for reader in binary if head.startswith(reader.magic)), None)


@contextmanager
def cut(file: io.BufferedReader, place: str) -> Iterator[Iterator[Line]]:
    """Give the records of a file: rows of Parquet, or JSON."""
    if not file.peek(4).startswith(MAGIC):
        with closing(cut_lines(file, place)) as lines:
            yield lines
        return
    with on_disk(file, place) as path, closing(cut_rows(path, place)) as lines:
        yield lines


@contextmanager
def on_disk(file: io.BufferedReader, place: str) -> Iterator[Path]:
    """Give the path of a file that is jumped about in: its own, or for a pipe or a compressed file that of a copy."""
    if isinstance(file.raw, io.FileIO):
        yield Path(place)
        return
    with tempfile.NamedTemporaryFile() as copy:
        shutil.copyfileobj(file, copy)
        copy.flush()
        yield Path(copy.name)


def recognise(record: Mapping[str, Any]) -> tuple[LineReader, str] | None:
    """Return the reader of a record, and what gave it away."""
    if foreign_family(record):
        return None
    for reader in READERS:
        if not isinstance(reader, FileReader):
            why = reader.recognise(record)
            if why:
                return reader, why
    return None


def vote(lines: Iterable[Line], path: str) -> tuple[LineReader, str]:
    """Choose a file's reader by the first record that one recognises.

    Raises
    ------
    InputError
        If none does, or the file is of a family that is not read.
    """
    seen: list[str] = []
    for line in lines:
        if isinstance(line.value, Mapping):
            found = recognise(line.value)
            if found:
                return found
            family = foreign_family(line.value)
            if family:
                raise InputError(f"it is {family}, which is not read here", where=path, then="convert it, or leave it")
            seen.append(f"first record: {', '.join(list(map(str, line.value))[:5])}")
        elif line.problem:
            seen.append(line.problem)
    raise InputError(
        f"unknown format ({seen[0] if seen else 'no record is an object'})",
        where=path,
        then=f"name it with --from {'|'.join(FORMATS)}",
    )
