"""Messages of an Inspect log, with what was moved out of them put back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from classifier.errors import InputError
from classifier.readers.chat import read_role
from classifier.readers.content import split_reasoning, text_of
from classifier.readers.record import arguments_text
from classifier.records import Message, ToolCall

ATTACHMENT: Final = ("attachment://", "tc://")
"""Beginnings of a reference to a text that lies elsewhere in the sample; the second is of older logs."""


@dataclass(slots=True)
class Attachments:
    """The texts that a sample moved out of its messages; counts what it cannot give back."""

    texts: Mapping[str, Any]
    """By their hashes."""
    missing: set[str] = field(default_factory=set)
    """References that lead nowhere."""

    def resolve(self, value: Any) -> Any:
        """Return a JSON value with every reference replaced by its text."""
        if isinstance(value, str):
            return self._text(value) if value.startswith(ATTACHMENT) else value
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        if isinstance(value, Mapping):
            return {key: self.resolve(item) for key, item in value.items()}
        return value

    def _text(self, reference: str) -> str:
        found = self.texts.get(reference.partition("://")[2])
        if isinstance(found, str):
            return found
        self.missing.add(reference)
        return reference


@dataclass(frozen=True, slots=True)
class Conversation:
    """Messages as read."""

    messages: tuple[Message, ...]
    """In order; what a server-side tool gave back follows the turn that called it."""
    n_hidden: int
    """Reasoning blocks without readable text."""


def read_messages(raw: Sequence[object], where: str) -> Conversation:
    """Read resolved messages.

    Raises
    ------
    InputError
        If one is no object, or its role is unknown.
    """
    found: list[Message] = []
    n_hidden = 0
    for index, message in enumerate(raw):
        place = f"{where} message {index}"
        if not isinstance(message, Mapping):
            raise InputError(f"it is {type(message).__name__}, not an object", where=place, then="correct the row")
        role = read_role(message.get("role"), place)
        if role == "assistant":
            read, hidden = _assistant(message)
            n_hidden += hidden
            found.append(read)
            found.extend(_server_results(message))
        elif role == "tool":
            name = message.get("function")
            found.append(Message("tool", _tool_text(message), name=name if isinstance(name, str) else None))
        else:
            found.append(Message(role, text_of(message.get("content"))))
    return Conversation(tuple(found), n_hidden)


def _assistant(message: Mapping[str, Any]) -> tuple[Message, int]:
    thinking: list[str] = []
    hidden = 0
    for block in _blocks(message, "reasoning"):
        shown = block.get("summary") if block.get("redacted") else block.get("reasoning") or block.get("summary")
        text = text_of(shown)
        if text.strip():
            thinking.append(text)
        else:
            hidden += 1
    tagged, said = split_reasoning(text_of(message.get("content")))
    calls = [
        ToolCall(str(block.get("name") or ""), arguments_text(block.get("arguments"))) for block in _served(message)
    ]
    raw_calls = message.get("tool_calls")
    for call in raw_calls if isinstance(raw_calls, list) else ():
        if isinstance(call, Mapping):
            calls.append(ToolCall(str(call.get("function") or ""), arguments_text(call.get("arguments"))))
    return Message("assistant", said, (*thinking, *tagged), tuple(calls)), hidden


def _blocks(message: Mapping[str, Any], kind: str) -> Iterator[Mapping[str, Any]]:
    content = message.get("content")
    for block in content if isinstance(content, list) else ():
        if isinstance(block, Mapping) and block.get("type") == kind:
            yield block


def _served(message: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Yield the calls that the model's provider carried out within the turn."""
    yield from _blocks(message, "tool_use")


def _server_results(message: Mapping[str, Any]) -> Iterator[Message]:
    for block in _served(message):
        text = text_of(block.get("error")) or text_of(block.get("result"))
        if text:
            yield Message("tool", text, name=str(block.get("name") or "") or None)


def _tool_text(message: Mapping[str, Any]) -> str:
    """Return what a tool gave back; a failed call often has its text in the error alone."""
    error = message.get("error")
    said = error.get("message") if isinstance(error, Mapping) else message.get("tool_error")
    return text_of(message.get("content")) or text_of(said)
