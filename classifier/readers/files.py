"""Files to transcripts: find them, detect the format, stream the rows."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from classifier.errors import ClassifierError, InputError, UsageError
from classifier.readers.detection import PROBED_RECORDS, cut, file_reader, on_disk, recognise, vote
from classifier.readers.foreign import foreign_family
from classifier.readers.reader import FileReader, Line, LineReader, RecordReader, SessionReader
from classifier.readers.registry import FORMATS, READERS, SUFFIXES
from classifier.readers.stream import STDIN, open_input
from classifier.records import Row, Transcript, Unscored


def read_many(paths: Iterable[str | Path], *, format: str | None = None) -> Iterator[Row]:
    """Read files, folders and `-` (standard input), folders in sorted order.

    Parameters
    ----------
    paths : iterable of str or Path
    format : str or None
        One of `FORMATS`; None detects it file by file.

    Raises
    ------
    InputError
        If a file is missing; or if it is the only one and is empty, or of no known format. Among several, such a file
        is one unscored row.
    """
    files = find_files(paths)
    for path in files:
        try:
            yield from read_transcripts(path, format=format)
        except InputError as error:
            if len(files) == 1:
                raise
            yield Unscored(_id(path), path, str(error))


def find_files(paths: Iterable[str | Path]) -> list[str]:
    """List the files to read.

    Raises
    ------
    InputError
        If a path is not there, or a folder holds nothing that can be read.
    """
    found: list[str] = []
    for path in map(str, paths):
        if path == STDIN or Path(path).is_file():
            found.append(path)
            continue
        if not Path(path).is_dir():
            if Path(path).exists():
                raise InputError("it is neither a file nor a folder", where=path, then="send it to - instead")
            raise InputError("no such file or folder", where=path, then="check the name")
        inside = sorted(str(p) for p in Path(path).rglob("*") if p.is_file() and p.name.lower().endswith(SUFFIXES))
        if not inside:
            raise InputError(f"no file ends in {', '.join(SUFFIXES)}", where=path, then="name files")
        found.extend(inside)
    return found


def read_transcripts(path: str | Path, *, format: str | None = None) -> Iterator[Row]:
    """Stream one file; a row that cannot be read is `Unscored` with its reason.

    Raises
    ------
    InputError
        If the file as a whole cannot be read.
    UsageError
        If the format is not one of `FORMATS`.
    """
    if format is not None and format not in FORMATS:
        raise UsageError(f"unknown format {format!r}", where="--from", then=f"use one of {', '.join(FORMATS)}")
    place = str(path)
    with open_input(place) as file:
        binary = file_reader(file)
        if binary is not None:
            if format not in (binary.name, None):
                raise InputError(f"it is {binary.why}, not {format}", where=place, then="leave --from out")
            yield from _read_file(binary, file, place)
            return
        with cut(file, place) as lines:
            probed = list(islice(lines, PROBED_RECORDS))
            if not probed:
                raise InputError("it is empty", where=place, then="name a file with transcripts")
            reader = _named(format) if format else vote(probed, place)[0]
            yield from _read_lines(chain(probed, lines), reader, place, forced=format is not None)


def _read_file(reader: FileReader, file: io.BufferedReader, place: str) -> Iterator[Row]:
    with on_disk(file, place) as path, path.open("rb") as seekable:
        for row in reader.read(seekable, source=place):
            yield _marked(row, {})


def _named(format: str) -> LineReader:
    return next(reader for reader in READERS if reader.name == format and not isinstance(reader, FileReader))


def _read_lines(lines: Iterable[Line], reader: LineReader, path: str, *, forced: bool) -> Iterator[Row]:
    if isinstance(reader, SessionReader):
        try:
            for row in reader.read(lines, id=_id(path), source=path):
                yield _marked(row, {})
        except (ClassifierError, RecursionError) as error:
            yield Unscored(_id(path), path, _reason(error, path))
        return
    for line in lines:
        yield from _read_line(line, reader, forced=forced)


def _read_line(line: Line, reader: RecordReader, *, forced: bool) -> Iterator[Row]:
    """Read one record by its own reader, where it is of another format than the file's first."""
    where, record = line.place, line.value
    if line.problem is not None or not isinstance(record, Mapping):
        problem = line.problem or f"it is {type(record).__name__}, not an object"
        yield Unscored(_id(where), where, f"{where}: {problem}; correct the row")
        return
    family = None if forced else foreign_family(record)
    if family:
        yield Unscored(_id(where), where, f"{where}: it is {family}, which is not read here; convert it, or leave it")
        return
    own = None if forced else recognise(record)
    if own and isinstance(own[0], RecordReader):
        reader = own[0]
    try:
        for row in reader.read(record, id=_id(where), source=where):
            yield _marked(row, record)
    except (ClassifierError, RecursionError) as error:
        yield Unscored(str(record.get("custom_id") or record.get("id") or _id(where)), where, _reason(error, where))


def _reason(error: ClassifierError | RecursionError, where: str) -> str:
    return str(error) if isinstance(error, ClassifierError) else f"{where}: it is nested too deep; correct the row"


def _marked(row: Row, record: Mapping[str, Any]) -> Row:
    """Add the warning that a file asks to be kept out of training sets, where it does."""
    if not isinstance(row, Transcript):
        return row
    if "canary_string" not in record and not any("canary GUID" in message.content for message in row.messages):
        return row
    return replace(row, warnings=(*row.warnings, "holds a canary string: keep it out of training data"))


def _id(place: str) -> str:
    return place.replace("\\", "/").rsplit("/", 1)[-1]
