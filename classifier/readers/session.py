"""What the readers of whole sessions share: the lines that are records, and a gap for those that are not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from classifier.readers.reader import Line


@dataclass(frozen=True, slots=True)
class Session:
    """The records of one session's file."""

    records: tuple[Mapping[str, Any], ...]
    """JSON objects, in the file's order."""
    gaps: tuple[str, ...] = ()
    """What is known of the lines that are no records: any of them may have held the assistant's words."""


def records_of(lines: Iterable[Line]) -> Session:
    """Keep the lines that are JSON objects."""
    records: list[Mapping[str, Any]] = []
    bad: list[str] = []
    for line in lines:
        if isinstance(line.value, Mapping):
            records.append(line.value)
        else:
            bad.append(f"{line.place}: {line.problem or f'it is {type(line.value).__name__}, not an object'}")
    return Session(tuple(records), (unreadable(bad),) if bad else ())


def unreadable(bad: list[str]) -> str:
    """Return the gap for some lines that could not be read, from the place and problem of each."""
    return (
        f"{len(bad)} lines cannot be read, the first is {bad[0]}"
        if len(bad) > 1
        else f"a line cannot be read, {bad[0]}"
    )
