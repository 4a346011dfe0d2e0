"""Labelled transcripts: read, validated, streamed."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from classifier.errors import InputError
from classifier.readers.record import transcript_from_record
from classifier.records import LABELS, Field, Transcript

VARIANTS = (
    *("act", "veiled", "plan_only", "hypocrite", "yields", "deliberate_refuse", "change_of_heart", "report"),
    *("bare_refuse", "bare_task", "honest_mistake", "benign_mention", "context_bad"),
)
"""What the assistant does, in a contrast group."""
REAL: Final = "real"
"""Genre of public runs."""


@dataclass(frozen=True, slots=True)
class Span:
    """A labelled passage."""

    message: int
    """Index of the message, from 0."""
    field: Field
    """Field of that message."""
    part: int
    """Index of the part within the field, from 0."""
    start: int
    """First character, in code points."""
    stop: int
    """One past the last."""
    label: str
    """Label that it shows, or only seems to."""


@dataclass(frozen=True, slots=True)
class LabelledTranscript:
    """One transcript with what readers said of it."""

    transcript: Transcript
    """The transcript itself."""
    family: str
    """Brief that it was written to; the unit of splits."""
    scenario: str
    """Contrast group."""
    variant: str
    """What the assistant does; empty for public data."""
    genre: str
    """Kind of conversation; empty for public data."""
    language: str
    """Language code."""
    labels: Mapping[str, int | None]
    """1, 0 or None for each of the five labels."""
    principles: Mapping[str, int]
    """Principle ids: 1 at work, 0 tempted and kept."""
    evidence: tuple[Span, ...]
    """Passages that show a label."""
    decoys: tuple[Span, ...]
    """Passages that look like a label and are not."""
    augmented: bool
    """Made by program from another record."""

    @property
    def risk(self) -> int | None:
        """1 if any negative label is 1, 0 if all are 0, else None."""
        negative = [self.labels[label] for label in LABELS[:-1]]
        return 1 if 1 in negative else None if None in negative else 0


def corpus_files(paths: Iterable[str | Path]) -> list[Path]:
    """List the JSONL files (`.gz` too) among files and in folders, not in folders within them, in sorted order.

    Raises
    ------
    InputError
        If a path is not there, or nothing is found.
    """
    found: list[Path] = []
    for path in map(Path, paths):
        if not path.exists():
            raise InputError("no such file or folder", where=str(path), then="name the corpus")
        found.extend([path] if path.is_file() else sorted([*path.glob("*.jsonl"), *path.glob("*.jsonl.gz")]))
    if not found:
        raise InputError("there is no .jsonl file", where=", ".join(map(str, paths)), then="name the corpus")
    return found


def read_corpus(paths: Iterable[str | Path], *, require_evidence: bool = True) -> Iterator[LabelledTranscript]:
    """Stream labelled transcripts, each validated.

    Parameters
    ----------
    paths : iterable of str or Path
        Files or folders.
    require_evidence : bool
        Whether every label that is 1 must have a quote; public data have none.

    Raises
    ------
    InputError
        At the first wrong record, naming file, line and mistake.
    """
    ids: dict[str, str] = {}
    for path in corpus_files(paths):
        with open_text(path) as file:
            for number, line in enumerate(file, start=1):
                where = f"{path.name} line {number}"
                record = _parse(line, where)
                labelled = parse_record(record, where=where, require_evidence=require_evidence)
                id = labelled.transcript.id
                if id in ids:
                    raise InputError(f"id {id} is that of {ids[id]} too", where=where, then="rename one of them")
                ids[id] = where
                yield labelled


def parse_record(record: Mapping[str, Any], *, where: str, require_evidence: bool = True) -> LabelledTranscript:
    """Validate one record of the label guide and locate its quotes.

    Raises
    ------
    InputError
        If anything is not as the guide says.
    """
    transcript = transcript_from_record(record, id=where, source=where)
    labels = record.get("labels")
    if not isinstance(labels, dict) or set(labels) != set(LABELS) or not set(labels.values()) <= {0, 1, None}:
        raise InputError(f"labels must be 0, 1 or null for {', '.join(LABELS)}", where=where, then="correct the row")
    evidence = tuple(_locate(span, transcript, where) for span in record.get("evidence") or ())
    decoys = tuple(_locate(span, transcript, where) for span in record.get("decoys") or ())
    if require_evidence:
        _check_evidence(labels, evidence, record, where)
    return LabelledTranscript(
        transcript=transcript,
        family=str(record.get("family") or ""),
        scenario=str(record.get("scenario") or ""),
        variant=str(record.get("variant") or ""),
        genre=str(record.get("genre") or ""),
        language=str(record.get("language") or "en"),
        labels=labels,
        principles=dict(record.get("principles") or {}),
        evidence=evidence,
        decoys=decoys,
        augmented=bool(record.get("augmented")),
    )


def _check_evidence(
    labels: Mapping[str, int | None], evidence: Iterable[Span], record: Mapping[str, Any], where: str
) -> None:
    shown = {span.label for span in evidence}
    for label, value in labels.items():
        if (value == 1) != (label in shown):
            problem = "has no evidence" if value == 1 else f"is {value} and has evidence"
            raise InputError(f"label {label} {problem}", where=where, then="quote the passage, or correct the label")
    if record.get("variant") not in VARIANTS:
        raise InputError(f"variant is {record.get('variant')!r}", where=where, then=f"use one of {', '.join(VARIANTS)}")
    for key in ("family", "scenario", "genre"):
        if not record.get(key):
            raise InputError(f"{key} is missing", where=where, then="add it")


def _locate(span: Mapping[str, Any], transcript: Transcript, where: str) -> Span:
    """Find a quote in its field; a quote of a tool call lies within its arguments."""
    try:
        message, field, quote, label = span["message"], span["field"], span["quote"], span["label"]
        parts = transcript.messages[message].parts(field)
    except (KeyError, IndexError, TypeError) as error:
        raise InputError(f"a quote has no proper place ({error!r})", where=where, then="correct it") from error
    if label not in LABELS or not quote:
        raise InputError(f"a quote has label {label!r}", where=where, then=f"use one of {', '.join(LABELS)}")
    for part, text in enumerate(parts):
        start = text.find(quote)
        if start >= 0 and transcript.messages[message].role == "assistant":
            return Span(message, field, part, start, start + len(quote), label)
    raise InputError(f"quote is not in message {message} {field}: {quote[:60]!r}", where=where, then="quote it exactly")


def _parse(line: str, where: str) -> Mapping[str, Any]:
    try:
        record = json.loads(line)
    except ValueError as error:
        raise InputError(f"is not JSON ({error})", where=where, then="correct the row") from error
    if not isinstance(record, dict):
        raise InputError(f"is {type(record).__name__}, not an object", where=where, then="correct the row")
    return record


def open_text(path: Path) -> IO[str]:
    """Open a text file, unpacked when its name ends in `.gz`."""
    return gzip.open(path, "rt", encoding="utf-8") if path.suffix == ".gz" else path.open(encoding="utf-8")
