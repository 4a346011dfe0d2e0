"""The project's own record: messages with thinking and tool calls, one transcript a JSON object."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from classifier.errors import InputError
from classifier.readers.reader import RecordReader
from classifier.records import ROLES, LogFacts, Message, Row, ToolCall, Transcript, compact_json

OURS: Final = ("labels", "scenario", "variant", "evidence")
"""Keys beside `messages` that only our records have."""


def transcript_from_record(record: Mapping[str, Any], *, id: str, source: str) -> Transcript:
    """Read one record; keys that are not part of a conversation, such as labels, are left alone.

    Parameters
    ----------
    record : mapping
        With `messages`, and maybe `scenario` and `model`.
    id : str
        Used when the record has none.
    source : str
        File and line, for errors and verdicts.

    Raises
    ------
    InputError
        If it has no messages, or one of them is not as it should be.
    """
    messages = record.get("messages")
    if not isinstance(messages, list) or not messages:
        raise InputError("there are no messages", where=source, then="add a list of messages, or leave the row out")
    read = tuple(_message(message, f"{source} message {index}") for index, message in enumerate(messages))
    scenario = record.get("scenario")
    facts = LogFacts(scenario=scenario if isinstance(scenario, str) else None)
    return Transcript(str(record.get("id") or id), source, read, facts=facts)


def _message(message: object, where: str) -> Message:
    if not isinstance(message, dict):
        raise InputError(f"it is {type(message).__name__}, not an object", where=where, then="correct the row")
    role = message.get("role")
    if role not in ROLES:
        raise InputError(f"role is {role!r}, not one of {', '.join(ROLES)}", where=where, then="correct the row")
    content = message.get("content")
    if content is not None and not isinstance(content, str):
        raise InputError(f"content is {type(content).__name__}, not text", where=where, then="correct the row")
    name = message.get("name")
    return Message(
        role=role,
        content=content or "",
        thinking=_thinking(message.get("thinking"), where),
        tool_calls=tuple(_tool_call(call, where) for call in message.get("tool_calls") or ()),
        name=name if isinstance(name, str) else None,
    )


def _thinking(value: object, where: str) -> tuple[str, ...]:
    if value is None or value == "":
        return ()
    parts = [value] if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise InputError("thinking is neither text nor a list of texts", where=where, then="correct the row")
    return tuple(parts)


def _tool_call(call: object, where: str) -> ToolCall:
    if not isinstance(call, dict):
        raise InputError(f"a tool call is {type(call).__name__}, not an object", where=where, then="correct the row")
    return ToolCall(str(call.get("name") or ""), arguments_text(call.get("arguments")))


def arguments_text(arguments: object) -> str:
    """Return a call's arguments as compact JSON; raw text when a string is not JSON."""
    if arguments is None or arguments == "":
        return "{}"
    if isinstance(arguments, str):
        try:
            return compact_json(json.loads(arguments))
        except (ValueError, RecursionError):
            return arguments
    return compact_json(arguments)


def _recognise(record: Mapping[str, Any]) -> str | None:
    messages = record.get("messages")
    if not isinstance(messages, list) or not messages or not isinstance(messages[0], Mapping):
        return None
    ours = [key for key in OURS if key in record]
    if ours or any(isinstance(message, Mapping) and "thinking" in message for message in messages):
        return f"messages beside {', '.join(ours) or 'thinking'}"
    return None


def _read(record: Mapping[str, Any], *, id: str, source: str) -> Iterator[Row]:
    yield transcript_from_record(record, id=id, source=source)


READER: Final = RecordReader("record", _recognise, _read)
