"""What a reader is: a name, how it recognises its own, and how it reads it; three kinds, by what it reads at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

from classifier.records import Row


@dataclass(frozen=True, slots=True)
class Line:
    """One record of an input, parsed or not: a line of JSONL, an item of a JSON array, a row of Parquet."""

    place: str
    """File and line."""
    value: object
    """The JSON value; None when `problem` says why there is none."""
    problem: str | None = None
    """What is wrong with it, without its place."""
    torn: bool = False
    """Whether the file ends within it."""


@dataclass(frozen=True, slots=True)
class Detection:
    """What a file was found to be."""

    format: str
    """Name of a reader."""
    why: str
    """What gave it away."""


Recognise = Callable[[Mapping[str, Any]], str | None]
"""Returns what gives a record away as the reader's own, or None."""


class ReadRecord(Protocol):
    """Reads one record that holds whole conversations; may raise `ClassifierError`, which makes the row unscored."""

    def __call__(self, record: Mapping[str, Any], *, id: str, source: str) -> Iterator[Row]:
        """Yield its rows; `id` is made from the place, for a record that has none."""


class ReadSession(Protocol):
    """Reads the lines of one file that are one session; may raise `ClassifierError`, which makes the file unscored."""

    def __call__(self, lines: Iterable[Line], *, id: str, source: str) -> Iterator[Row]:
        """Yield its rows; `id` is the file's name, `source` its path."""


class ReadFile(Protocol):
    """Reads a binary file; may raise `InputError`, when nothing in it can be read."""

    def __call__(self, file: BinaryIO, *, source: str) -> Iterator[Row]:
        """Yield its rows; the file can be sought in."""


@dataclass(frozen=True, slots=True)
class RecordReader:
    """A format in which each record stands by itself, whatever holds it: JSON, JSONL or Parquet."""

    name: str
    """Name that `--from` takes."""
    recognise: Recognise
    """Tells its records."""
    read: ReadRecord
    """Reads one of them."""


@dataclass(frozen=True, slots=True)
class SessionReader:
    """A format in which the records of one file make one session."""

    name: str
    """Name that `--from` takes."""
    recognise: Recognise
    """Tells its records."""
    read: ReadSession
    """Reads all of them."""


@dataclass(frozen=True, slots=True)
class FileReader:
    """A binary format, told by its first bytes."""

    name: str
    """Name that `--from` takes."""
    magic: bytes
    """First bytes of the file."""
    suffixes: tuple[str, ...]
    """Endings of its files' names, for the search in folders."""
    why: str
    """What the first bytes say."""
    read: ReadFile
    """Reads a file."""


LineReader = RecordReader | SessionReader
Reader = RecordReader | SessionReader | FileReader
