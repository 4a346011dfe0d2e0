"""What the tests of readers share: files to read, and a short form of what was read."""

from __future__ import annotations

import json
from pathlib import Path

from classifier.readers import read_transcripts
from classifier.records import Message, Transcript

Turn = tuple[str, str]


def write(path: Path, *rows: object) -> Path:
    """Write JSON lines; a text is written as it stands."""
    path.write_text("".join(row if isinstance(row, str) else json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def read(path: Path, *, format: str | None = None) -> list[Transcript]:
    """Read a file in which every row is a transcript."""
    found = []
    for row in read_transcripts(path, format=format):
        assert isinstance(row, Transcript), row
        found.append(row)
    return found


def short(message: Message) -> Turn:
    """Return role, and thinking, content and calls in one line."""
    parts = [f"({thought})" for thought in message.thinking] + [message.content] * bool(message.content)
    return message.role, " ".join(parts + [f"[{call.text}]" for call in message.tool_calls])


def turns(transcript: Transcript) -> list[Turn]:
    """Return the short form of each message."""
    return [short(message) for message in transcript.messages]
