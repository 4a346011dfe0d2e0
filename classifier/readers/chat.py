"""Chat messages, as chat completion APIs take and give them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from classifier.errors import InputError
from classifier.readers.content import ROLE_WORDS, split_reasoning, text_of
from classifier.readers.exchange import branches, shape_of
from classifier.readers.reader import RecordReader
from classifier.readers.record import arguments_text
from classifier.records import ROLES, LogFacts, Message, Role, ToolCall, Transcript

SAID: Final = ("content", "value", "refusal", "audio")
"""Keys of what a message says; an answer in sound has its transcript in `audio`."""
THOUGHT: Final = ("reasoning_content", "reasoning", "thinking", "reasoning_details")
"""Keys of its reasoning, as vendors name them."""
NAMES: Final = ("custom_id", "id", "prompt_id", "conversation_id", "uuid")
"""Keys of a record's id, the one that its owner chose first."""


def transcripts_from_chat(record: Mapping[str, Any], *, id: str, source: str) -> Iterator[Transcript]:
    """Read one record, whatever its shape; one transcript a choice, or a preference.

    Raises
    ------
    InputError
        If there are no messages, or one of them is not as it should be.
    """
    name = next((str(record[key]) for key in NAMES if record.get(key) is not None), id)
    for branch in branches(record, source):
        places = (f"{source} message {index}" for index in range(len(branch.messages)))
        messages = tuple(map(read_message, branch.messages, places))
        gaps = (*branch.gaps, *_hidden(branch.messages))
        facts = LogFacts(subject_model=branch.model)
        yield Transcript(name + branch.suffix, source, messages, branch.warnings, gaps, facts)


def _hidden(messages: Iterable[object]) -> Iterator[str]:
    """Name the reasoning that is in the file and that nobody can read."""
    n_hidden = 0
    for message in messages:
        details = message.get("reasoning_details") if isinstance(message, Mapping) else None
        kinds = [str(d.get("type")) for d in details if isinstance(d, Mapping)] if isinstance(details, list) else []
        if kinds and all(kind.endswith("encrypted") for kind in kinds):
            n_hidden += 1
    if n_hidden:
        yield f"{n_hidden} reasoning blocks are encrypted"


def read_message(message: object, where: str) -> Message:
    """Read one chat message.

    Raises
    ------
    InputError
        If it is no object, or its role is unknown.
    """
    if not isinstance(message, Mapping):
        raise InputError(f"it is {type(message).__name__}, not an object", where=where, then="correct the row")
    role = read_role(message.get("role", message.get("from")), where)
    text = next((text for key in SAID if (text := text_of(message.get(key)))), "")
    name = message.get("name")
    if role != "assistant":
        return Message(role, text, name=name if isinstance(name, str) else None)
    tagged, said = split_reasoning(text)
    thinking = [*_reasoning(message), *tagged]
    return Message(role, said, tuple(thinking), _tool_calls(message), name if isinstance(name, str) else None)


def read_role(role: object, where: str) -> Role:
    """Return our word for a role.

    Raises
    ------
    InputError
        If it is unknown.
    """
    word = ROLE_WORDS.get(str(role).lower(), str(role).lower())
    for known in ROLES:
        if word == known:
            return known
    raise InputError(f"role is {role!r}, not one of {', '.join(ROLES)}", where=where, then="correct the row")


def _reasoning(message: Mapping[str, Any]) -> list[str]:
    found = [text_of(message[key]) for key in THOUGHT if message.get(key)]
    content = message.get("content")
    for block in content if isinstance(content, list) else ():
        if isinstance(block, Mapping) and block.get("type") in ("thinking", "reasoning"):
            found.append(text_of(block.get("thinking") or block.get("reasoning") or block.get("summary")))
    return [text for text in dict.fromkeys(found) if text.strip()]


def _tool_calls(message: Mapping[str, Any]) -> tuple[ToolCall, ...]:
    given = message.get("tool_calls")
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError:
            given = [{"arguments": given}]
    calls = list(given) if isinstance(given, list) else []
    content = message.get("content")
    for block in content if isinstance(content, list) else ():
        if isinstance(block, Mapping) and str(block.get("type")).endswith("tool_use"):
            calls.append({"name": block.get("name"), "input": block.get("input")})
    if message.get("function_call"):
        calls.append({"function": message["function_call"]})
    return tuple(_tool_call(call) for call in calls if isinstance(call, Mapping))


def _tool_call(call: Mapping[str, Any]) -> ToolCall:
    function = call.get("function")
    inner = function if isinstance(function, Mapping) else call.get("custom") or call
    name = inner.get("name") or (function if isinstance(function, str) else "")
    arguments = inner.get("arguments", inner.get("input", inner.get("args")))
    return ToolCall(str(name or ""), arguments_text(arguments))


READER: Final = RecordReader("chat", shape_of, transcripts_from_chat)
