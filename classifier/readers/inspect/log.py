"""Inspect logs: the `.eval` archive, read a sample at a time, and the `.json` file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any, BinaryIO, Final

from classifier.errors import InputError
from classifier.readers.inspect.archive import DamageError, Listing, Member, list_members, read_member
from classifier.readers.inspect.head import LogHead
from classifier.readers.inspect.sample import read_sample
from classifier.readers.reader import FileReader, RecordReader
from classifier.records import Row, Unscored

HEADS: Final = ("header.json", "_journal/start.json")
"""Members that describe the log; the first is written when it ends, the second when it begins."""
SAMPLE: Final = re.compile(r"samples/(.+)_epoch_(\d+)\.json")
CHUNKED: Final = re.compile(r"samples/(.+)_epoch_(\d+)/sample\.json")
SUMMARIES: Final = re.compile(r"summaries\.json|_journal/summaries/\d+\.json")
FETCH: Final = "fetch the file again"


def read_archive(file: BinaryIO, *, source: str) -> Iterator[Row]:
    """Yield the rows of an `.eval` archive; what is listed, torn off or damaged is an unscored row.

    Raises
    ------
    InputError
        If it is a zip archive of another kind.
    """
    listing = list_members(file)
    if not any(name in HEADS or SAMPLE.fullmatch(name) for name in listing.members):
        problem = (
            "it is a zip archive, but no Inspect log" if listing.whole else "it is cut off before the first sample"
        )
        raise InputError(problem, where=source, then="name a log" if listing.whole else FETCH)
    head = _head(file, listing)
    name = PurePath(source).name
    if head.unsupported:
        yield Unscored(name, source, f"{source}: {head.unsupported}; upgrade transcript-judge")
        return
    met: set[tuple[str, str]] = set()
    for member in listing.members.values():
        parts = SAMPLE.fullmatch(member.name) or CHUNKED.fullmatch(member.name)
        if parts:
            met.add((parts[1], parts[2]))
            yield from _member_rows(file, member, head, id=f"{parts[1]}#{parts[2]}", source=f"{source}:{member.name}")
    yield from _lost(file, listing, met, source)
    if not listing.whole:
        yield Unscored(name, source, f"{source}: it is cut off after {len(met)} samples; {FETCH}")
    elif not met:
        yield Unscored(name, source, f"{source}: the log holds no samples ({head.ending}); leave it out")


def _head(file: BinaryIO, listing: Listing) -> LogHead:
    for name in HEADS:
        if name in listing.members:
            try:
                found = _json(file, listing.members[name])
            except DamageError:
                continue
            if isinstance(found, Mapping):
                return LogHead.of(found)
    return LogHead()


def _member_rows(file: BinaryIO, member: Member, head: LogHead, *, id: str, source: str) -> Iterator[Row]:
    if CHUNKED.fullmatch(member.name):
        problem = "the sample is stored in chunks, which is not read here"
        yield Unscored(id, source, f"{source}: {problem}; write the log without them")
        return
    try:
        sample = _json(file, member)
    except DamageError as error:
        yield Unscored(id, source, f"{source}: {error}; {FETCH}")
        return
    yield from read_sample(sample, head, id=id, source=source)


def _lost(file: BinaryIO, listing: Listing, met: set[tuple[str, str]], source: str) -> Iterator[Row]:
    """Yield the samples that the log's summaries list and no member holds."""
    listed: dict[tuple[str, str], None] = {}
    for member in listing.members.values():
        if SUMMARIES.fullmatch(member.name):
            try:
                found = _json(file, member)
            except DamageError:
                continue
            for summary in found if isinstance(found, list) else ():
                if isinstance(summary, Mapping) and "id" in summary:
                    listed[(str(summary["id"]), str(summary.get("epoch", 1)))] = None
    for name, epoch in listed:
        if (name, epoch) not in met:
            problem = f"sample {name} epoch {epoch} is listed but not held"
            yield Unscored(f"{name}#{epoch}", source, f"{source}: {problem}; {FETCH}")


def _json(file: BinaryIO, member: Member) -> object:
    content = read_member(file, member)
    try:
        return json.loads(content.decode("utf-8", errors="replace"))
    except (ValueError, RecursionError) as error:
        raise DamageError(f"it is not JSON ({error})") from error


def read_log(record: Mapping[str, Any], *, id: str, source: str) -> Iterator[Row]:
    """Yield the rows of a log that is one JSON object."""
    head = LogHead.of(record)
    if head.unsupported:
        yield Unscored(id, source, f"{source}: {head.unsupported}; upgrade transcript-judge")
        return
    samples = record.get("samples")
    if not isinstance(samples, list) or not samples:
        yield Unscored(id, source, f"{source}: the log holds no samples ({head.ending}); leave it out")
        return
    for index, sample in enumerate(samples):
        yield from read_sample(sample, head, id=f"{id}[{index}]", source=f"{source}:samples[{index}]")


def _recognise(record: Mapping[str, Any]) -> str | None:
    ours = {"version", "status", "eval"} <= record.keys() and isinstance(record["eval"], Mapping)
    return "version, status and eval of an Inspect log" if ours else None


JSON_READER: Final = RecordReader("inspect", _recognise, read_log)
ARCHIVE_READER: Final = FileReader(
    "inspect", b"PK", (".eval",), "a zip archive, as Inspect writes its logs", read_archive
)
