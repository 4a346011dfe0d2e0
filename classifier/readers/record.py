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
OTHERS: Final = ("reasoning_content", "reasoning", "reasoning_details", "function_call", "refusal", "audio")
"""Keys of a message in which other formats keep the assistant's words."""
CALL_KEYS: Final = frozenset({"name", "arguments", "id", "type"})
"""Keys of a tool call that may stand beside `arguments`, or without."""


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
    name = record.get("id")
    return Transcript(id if name in (None, "") else str(name), source, read, facts=facts)


def _message(message: object, where: str) -> Message:
    if not isinstance(message, dict):
        raise InputError(f"it is {type(message).__name__}, not an object", where=where, then="correct the row")
    role = message.get("role")
    if role not in ROLES:
        raise InputError(f"role is {role!r}, not one of {', '.join(ROLES)}", where=where, then="correct the row")
    misfit = _misfit(message)
    if misfit:
        raise InputError(misfit, where=where, then="correct the row, or read it with --from chat")
    name = message.get("name")
    return Message(
        role=role,
        content=message.get("content") or "",
        thinking=_thinking(message.get("thinking"), where),
        tool_calls=tuple(map(_tool_call, message.get("tool_calls") or ())),
        name=name if isinstance(name, str) else None,
    )


def _misfit(message: Mapping[str, Any]) -> str | None:
    """Say what a message holds that a record does not, and that would be lost."""
    content, calls = message.get("content"), message.get("tool_calls") or []
    if content is not None and not isinstance(content, str):
        return f"content is {type(content).__name__}, not text"
    others = [key for key in OTHERS if message.get(key)]
    if others:
        return f"it has {others[0]}, which a record does not"
    if not isinstance(calls, list):
        return f"tool_calls is {type(calls).__name__}, not a list"
    for call in calls:
        if not isinstance(call, Mapping):
            return f"a tool call is {type(call).__name__}, not an object"
        if "arguments" not in call and call.keys() - CALL_KEYS:
            return f"a tool call has {', '.join(call)}, but no arguments"
    return None


def _thinking(value: object, where: str) -> tuple[str, ...]:
    if value is None or value == "":
        return ()
    parts = [value] if isinstance(value, str) else value
    if not isinstance(parts, list) or not all(isinstance(part, str) for part in parts):
        raise InputError("thinking is neither text nor a list of texts", where=where, then="correct the row")
    return tuple(parts)


def _tool_call(call: Mapping[str, Any]) -> ToolCall:
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
    # Chat messages may stand beside the same keys, and have `thinking` too; the chat reader knows their other keys.
    if any(isinstance(message, Mapping) and _misfit(message) for message in messages):
        return None
    ours = [key for key in OURS if key in record]
    if ours or any(isinstance(message, Mapping) and "thinking" in message for message in messages):
        return f"messages beside {', '.join(ours) or 'thinking'}"
    return None


def _read(record: Mapping[str, Any], *, id: str, source: str) -> Iterator[Row]:
    yield transcript_from_record(record, id=id, source=source)


READER: Final = RecordReader("record", _recognise, _read)
