"""Sessions of Claude Code: one file, whose records are messages of the Anthropic Messages API."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from classifier.errors import InputError
from classifier.readers.anthropic_blocks import read_message
from classifier.readers.claude_code_sessions import Conversation, conversations_of, usable_entries
from classifier.readers.claude_code_tree import Entry, Links, answered, main_path
from classifier.readers.content import text_of
from classifier.readers.reader import Line, SessionReader
from classifier.readers.session import records_of, unreadable
from classifier.readers.turns import Turns
from classifier.records import LogFacts, Row, Transcript, compact_json

TASK: Final = "claude-code"
CLEARED: Final = "<command-name>/clear</command-name>"
"""What the user's command leaves in the session: a new conversation begins."""
PLACEHOLDER: Final = "<synthetic>"
"""Model of the assistant's messages that the harness wrote, such as those about errors of the API."""
SIDE_TYPES: Final = ("summary", "file-history-snapshot", "queue-operation")
"""Types of records that only these sessions have."""


def read_claude_code(lines: Iterable[Line], *, id: str, source: str) -> Iterator[Row]:
    """Read one file: the main conversation of each session in it, then a transcript for each sub-agent.

    The main conversation is the path to its latest message. Branches that the user rewound are not judged, with a
    warning; `/clear` cuts it into several transcripts. What the harness put in the user's mouth by its own mark (meta
    lines, summaries of compacted turns) and in the assistant's (errors of the API) is a system message. The session is
    the scenario. A line that cannot be read is a gap of every transcript of the file, and so is a missing parent.

    Raises
    ------
    InputError
        If no record is a message.
    """
    rest: list[Line] = []
    for line in lines:
        inside = line.value.get("loglines") if isinstance(line.value, Mapping) else None
        if not isinstance(inside, list):
            rest.append(line)
            continue
        logged = [Line(f"{line.place} record {index}", value) for index, value in enumerate(inside)]
        yield from _read_session(logged, id=line.place.rsplit("/", 1)[-1], source=line.place)
    if rest:
        yield from _read_session(rest, id=id, source=source)


def _read_session(lines: Iterable[Line], *, id: str, source: str) -> Iterator[Row]:
    session = records_of(lines)
    entries, bad = usable_entries(session.records, source)
    gaps = (*session.gaps, unreadable(bad)) if bad else session.gaps
    links = Links(entries)
    found = False
    for conversation in conversations_of(entries, links, id):
        for transcript in _transcripts(conversation, links, source, gaps):
            found = True
            yield transcript
    if not found:
        why = f"no record is a message{'; ' if gaps else ''}{'; '.join(gaps)}"
        raise InputError(why, where=source, then="leave the file out, or correct it")


def _transcripts(conversation: Conversation, links: Links, source: str, gaps: tuple[str, ...]) -> Iterator[Transcript]:
    path = main_path(conversation.entries, links)
    left = sum(entry.kind == "assistant" for entry in conversation.entries) - sum(e.kind == "assistant" for e in path)
    pieces = [piece for piece in _cut(path) if any(entry.kind != "system" for entry in piece)]
    for number, piece in enumerate(pieces, start=1):
        turns = Turns()
        for gap in gaps:
            turns.gap(gap)
        for _ in range(left):
            turns.warn("a record of the assistant on an abandoned branch is not judged")
        _read_piece(piece, links, turns, source)
        name = conversation.id if number == 1 else f"{conversation.id}#{number}"
        model = _model(piece, turns)
        facts = LogFacts(conversation.agent, model, TASK, scenario=conversation.session)
        yield turns.transcript(name, source, facts)


def _cut(path: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Cut a path where the user cleared the conversation; the command itself is left out."""
    piece: list[Entry] = []
    for entry in path:
        if entry.kind == "user" and _clears(entry):
            yield piece
            piece = []
        else:
            piece.append(entry)
    yield piece


def _clears(entry: Entry) -> bool:
    # A tool may have read another session's file, so a result does not count, nor a mention within other words.
    text = "" if answered(entry) else text_of(entry.value["message"]["content"])
    return CLEARED in text and text.lstrip().startswith("<command-")


def _read_piece(piece: Sequence[Entry], links: Links, turns: Turns, source: str) -> None:
    parts: dict[str, list[Any]] = {}
    for entry in piece:
        if entry.turn and not _written_by_harness(entry):
            parts.setdefault(entry.turn, []).extend(_content(entry))
    for entry in piece:
        if links.orphaned(entry):
            turns.gap("the record before one of these is not in the file")
        if _written_by_harness(entry):
            text = text_of(entry.value["message"]["content"] if entry.kind != "system" else entry.value.get("content"))
            if text:
                turns.add("system", text)
        elif entry.turn is None:
            read_message({"role": entry.kind, "content": _content(entry)}, turns, source)
        elif entry.turn in parts:
            read_message({"role": "assistant", "content": _distinct(parts.pop(entry.turn))}, turns, source)
        if entry.value.get("isCompactSummary"):
            turns.warn("earlier turns were compacted into a summary")


def _written_by_harness(entry: Entry) -> bool:
    value = entry.value
    if entry.kind == "system" or value.get("isCompactSummary") or value.get("isApiErrorMessage"):
        return True
    if entry.kind == "assistant":
        return str(value["message"].get("model")) == PLACEHOLDER
    return bool(value.get("isMeta")) and not answered(entry)


def _content(entry: Entry) -> list[Any]:
    content = entry.value["message"]["content"]
    return content if isinstance(content, list) else [{"type": "text", "text": content}]


def _distinct(blocks: list[Any]) -> list[Any]:
    """Drop repeated blocks: some versions write a turn again from its beginning when it grows."""
    return list({compact_json(block): block for block in blocks}.values())


def _model(piece: Sequence[Entry], turns: Turns) -> str | None:
    found = (entry.value["message"].get("model") for entry in piece if entry.kind == "assistant")
    models = dict.fromkeys(str(model) for model in found if model and model != PLACEHOLDER)
    if len(models) > 1:
        turns.warn(f"several models took turns: {', '.join(models)}")
    return next(iter(models), None)


def _recognise(record: Mapping[str, Any]) -> str | None:
    if isinstance(record.get("loglines"), list):
        return "loglines"
    kind = record.get("type")
    if "sessionId" in record and "uuid" in record and isinstance(kind, str):
        return f"record of type {kind} with sessionId and uuid"
    if kind in SIDE_TYPES and (kind != "summary" or "leafUuid" in record):
        return f"record of type {kind}"
    return None


READER: Final = SessionReader("claude-code", _recognise, read_claude_code)
