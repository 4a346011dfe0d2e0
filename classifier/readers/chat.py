"""Chat messages, as chat completion APIs take and give them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from classifier.errors import InputError
from classifier.readers.content import ROLE_WORDS, split_reasoning, text_of
from classifier.readers.reader import RecordReader
from classifier.readers.record import arguments_text
from classifier.records import ROLES, LogFacts, Message, Role, ToolCall, Transcript


def transcripts_from_chat(record: Mapping[str, Any], *, id: str, source: str) -> Iterator[Transcript]:
    """Read one object with `messages`, or a response with `choices`, one transcript a choice.

    Raises
    ------
    InputError
        If there are no messages, or one of them is not as it should be.
    """
    name = str(record.get("id") or record.get("custom_id") or id)
    model = record.get("model")
    facts = LogFacts(subject_model=model if isinstance(model, str) else None)
    choices = record.get("choices")
    if isinstance(choices, list) and "messages" not in record:
        for index, choice in enumerate(choices):
            message = choice.get("message") if isinstance(choice, dict) else None
            messages = (read_message(message, f"{source} choice {index}"),)
            suffix = f"#{index}" if len(choices) > 1 else ""
            yield Transcript(name + suffix, source, messages, ("the prompt is not in the file",), facts=facts)
        return
    raw = record.get("messages")
    if not isinstance(raw, list) or not raw:
        raise InputError("there are no messages", where=source, then="add a list of messages, or leave the row out")
    read = tuple(read_message(message, f"{source} message {index}") for index, message in enumerate(raw))
    yield Transcript(name, source, read, facts=facts)


def read_message(message: object, where: str) -> Message:
    """Read one chat message.

    Raises
    ------
    InputError
        If it is no object, or its role is unknown.
    """
    if not isinstance(message, Mapping):
        raise InputError(f"it is {type(message).__name__}, not an object", where=where, then="correct the row")
    role = read_role(message.get("role"), where)
    text = text_of(message.get("content")) or text_of(message.get("refusal"))
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
    found = [text_of(message[key]) for key in ("reasoning_content", "reasoning", "thinking") if message.get(key)]
    content = message.get("content")
    for block in content if isinstance(content, list) else ():
        if isinstance(block, Mapping) and block.get("type") in ("thinking", "reasoning"):
            found.append(text_of(block.get("thinking") or block.get("reasoning") or block.get("summary")))
    return [text for text in dict.fromkeys(found) if text.strip()]


def _tool_calls(message: Mapping[str, Any]) -> tuple[ToolCall, ...]:
    calls = list(message.get("tool_calls") or ())
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


def _recognise(record: Mapping[str, Any]) -> str | None:
    messages = record.get("messages")
    if isinstance(messages, list) and messages and isinstance(messages[0], Mapping) and "role" in messages[0]:
        return "messages with roles"
    return "choices of a response" if isinstance(record.get("choices"), list) else None


READER: Final = RecordReader("chat", _recognise, transcripts_from_chat)
