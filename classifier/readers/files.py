"""Files to transcripts: find them, detect the format, stream the rows."""

from __future__ import annotations

import gzip
import io
import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, Final

from classifier.errors import ClassifierError, InputError, UsageError
from classifier.readers.chat import transcripts_from_chat
from classifier.readers.record import transcript_from_record
from classifier.records import Row, Transcript, Unscored

FORMATS: Final = ("record", "chat")
"""Names that `--from` takes."""
SUFFIXES: Final = (".jsonl", ".json", ".jsonl.gz", ".json.gz", ".jsonl.zst", ".json.zst")
"""Files that are read in a folder; others are left alone."""
LONGEST_LINE: Final = 100_000_000
"""Bytes; a longer line is passed over without being held, and reported."""
PROBED_RECORDS: Final = 20
"""Records that detection looks at: the first ones may be headers."""
STDIN: Final = "-"


@dataclass(frozen=True, slots=True)
class Detection:
    """What a file was found to be."""

    format: str
    """One of `FORMATS`."""
    why: str
    """What gave it away."""


@dataclass(frozen=True, slots=True)
class _Line:
    """One record of a file, parsed or not."""

    place: str
    """File and line."""
    value: object
    """The JSON value; None when `problem` says why there is none."""
    problem: str | None = None


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
        If a file is missing, empty, or of no known format.
    """
    for path in find_files(paths):
        yield from read_transcripts(path, format=format)


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
            raise InputError("no such file or folder", where=path, then="check the name")
        inside = sorted(str(p) for p in Path(path).rglob("*") if p.is_file() and p.name.endswith(SUFFIXES))
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
    lines = _lines(str(path))
    probed: list[_Line] = []
    for line in lines:
        probed.append(line)
        if len(probed) == PROBED_RECORDS:
            break
    if not probed:
        raise InputError("it is empty", where=str(path), then="name a file with transcripts")
    kind = format or _vote(probed, str(path)).format
    for line in probed:
        yield from _rows(line, kind)
    for line in lines:
        yield from _rows(line, kind)


def detect(path: str | Path) -> Detection:
    """Say which format a file has, and why.

    Raises
    ------
    InputError
        If it cannot be read, or looks like nothing known.
    """
    lines = _lines(str(path))
    return _vote([line for line, _ in zip(lines, range(PROBED_RECORDS), strict=False)], str(path))


def _vote(lines: Iterable[_Line], path: str) -> Detection:
    seen: list[str] = []
    for line in lines:
        if isinstance(line.value, Mapping):
            found = _guess(line.value)
            if found:
                return found
            seen.append(", ".join(list(map(str, line.value))[:5]))
        elif line.problem:
            seen.append(line.problem)
    shown = seen[0] if seen else "nothing"
    raise InputError(
        f"unknown format (first record: {shown})", where=path, then=f"name it with --from {'|'.join(FORMATS)}"
    )


def _guess(record: Mapping[str, Any]) -> Detection | None:
    messages = record.get("messages")
    if isinstance(messages, list) and messages and isinstance(messages[0], Mapping):
        ours = [key for key in ("labels", "scenario", "variant", "evidence") if key in record]
        if ours or any(isinstance(m, Mapping) and "thinking" in m for m in messages):
            return Detection("record", f"messages beside {', '.join(ours) or 'thinking'}")
        if "role" in messages[0]:
            return Detection("chat", "messages with roles")
    if isinstance(record.get("choices"), list):
        return Detection("chat", "choices of a response")
    return None


def _rows(line: _Line, kind: str) -> Iterator[Row]:
    where = line.place
    if line.problem is not None:
        yield Unscored(_id(where), where, f"{where}: {line.problem}; correct the row")
        return
    if not isinstance(line.value, Mapping):
        yield Unscored(_id(where), where, f"{where}: it is {type(line.value).__name__}, not an object; correct the row")
        return
    try:
        if kind == "record":
            yield _with_oddities(transcript_from_record(line.value, id=_id(where), source=where), line.value)
        else:
            for transcript in transcripts_from_chat(line.value, id=_id(where), source=where):
                yield _with_oddities(transcript, line.value)
    except ClassifierError as error:
        yield Unscored(str(line.value.get("id") or _id(where)), where, str(error))


def _with_oddities(transcript: Transcript, record: Mapping[str, Any]) -> Transcript:
    """Add the warning that a file asks to be kept out of training sets, where it does."""
    marked = "canary_string" in record or any("canary GUID" in m.content for m in transcript.messages)
    if not marked:
        return transcript
    warnings = (*transcript.warnings, "holds a canary string: keep it out of training data")
    return Transcript(
        transcript.id, transcript.source, transcript.messages, warnings, transcript.gaps, transcript.facts
    )


def _lines(path: str) -> Iterator[_Line]:
    """Yield the records of a JSONL file, or of a whole-file JSON object or array."""
    if path != STDIN and path.removesuffix(".gz").removesuffix(".zst").endswith(".json"):
        yield from _whole(path)
        return
    with _open(path) as file:
        number = 0
        while True:
            raw = file.readline(LONGEST_LINE)
            if not raw:
                return
            number += 1
            place = f"{path}:{number}"
            if len(raw) >= LONGEST_LINE and not raw.endswith(b"\n"):
                while raw and not raw.endswith(b"\n"):
                    raw = file.readline(LONGEST_LINE)
                yield _Line(place, None, f"the line is over {LONGEST_LINE} bytes")
            elif raw.strip():
                yield _parse(raw, place, torn=not raw.endswith(b"\n"))


def _whole(path: str) -> Iterator[_Line]:
    with _open(path) as file:
        line = _parse(file.read(), path, torn=False)
    if isinstance(line.value, list):
        if line.value and all(isinstance(item, Mapping) and "role" in item for item in line.value):
            yield _Line(path, {"messages": line.value})
            return
        for index, value in enumerate(line.value):
            yield _Line(f"{path}:{index + 1}", value)
        return
    yield line


def _parse(raw: bytes, place: str, *, torn: bool) -> _Line:
    try:
        return _Line(place, json.loads(raw.decode("utf-8-sig", errors="replace")))
    except (ValueError, RecursionError) as error:
        return _Line(place, None, f"it is {'torn off' if torn else 'not JSON'} ({error})")


@contextmanager
def _open(path: str) -> Iterator[IO[bytes]]:
    """Open a file by its first bytes: gzip, zstandard or plain.

    Raises
    ------
    InputError
        If it cannot be opened.
    """
    if path == STDIN:
        yield sys.stdin.buffer
        return
    try:
        file = Path(path).open("rb")  # noqa: SIM115  # closed by the stack below
    except OSError as error:
        raise InputError(f"cannot be opened ({error.strerror})", where=path, then="check the name") from error
    with ExitStack() as stack:
        stack.enter_context(file)
        yield _decompressed(file, stack)


def _decompressed(file: BinaryIO, stack: ExitStack) -> IO[bytes]:
    magic = file.read(4)
    file.seek(0)
    if magic[:2] == b"\x1f\x8b":
        return stack.enter_context(io.BufferedReader(gzip.GzipFile(fileobj=file)))
    if magic == b"\x28\xb5\x2f\xfd":
        # Imported here: few inputs need it.
        import zstandard

        stream = zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
        return stack.enter_context(io.BufferedReader(stream))
    return file


def _id(place: str) -> str:
    return place.replace("\\", "/").rsplit("/", 1)[-1]
