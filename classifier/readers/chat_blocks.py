"""What a chat message holds beside its text: reasoning, calls, and what cannot be read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from classifier.readers.content import text_of
from classifier.readers.record import arguments_text
from classifier.records import ToolCall

THOUGHT: Final = ("reasoning_content", "reasoning", "thinking")
"""Keys of a message's reasoning, as vendors name them; `reasoning_details` holds blocks of it."""
THOUGHT_BLOCKS: Final = ("thinking", "reasoning", "redacted_thinking")
"""Types of the blocks of content that hold reasoning."""
THOUGHT_WORDS: Final = ("thinking", "reasoning", "text", "content", "summary")
"""Keys of a block of reasoning that hold its words."""
CALL_BLOCKS: Final = ("tool_use", "tool_call", "tool-call")
"""Endings of the types of blocks that hold a call."""
NAMES: Final = ("name", "toolName")
ARGUMENTS: Final = ("arguments", "input", "args", "parameters")
CALL_MARKS: Final = frozenset({*NAMES, "id", "type", "index", "function", "toolCallId", "cache_control"})
"""Keys of a call that say nothing; any others are taken for arguments where none has a known name."""


def reasoning_of(message: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the reasoning of a message, each text once."""
    details = message.get("reasoning_details")
    told = [text_of(message[key]) for key in THOUGHT if message.get(key)]
    if isinstance(details, list):
        told.append("\n".join(text for text in map(_thought, details) if text))
    told.extend(_thought(block) for block in _blocks(message) if block.get("type") in THOUGHT_BLOCKS)
    return tuple(text for text in dict.fromkeys(told) if text.strip())


def calls_of(message: Mapping[str, Any]) -> tuple[ToolCall, ...]:
    """Return the calls of a message, wherever it keeps them; what is no object is kept as arguments."""
    given = message.get("tool_calls")
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except ValueError:
            given = [given]
    calls = list(given) if isinstance(given, list) else [given] if given else []
    calls.extend(block for block in _blocks(message) if str(block.get("type")).endswith(CALL_BLOCKS))
    if message.get("function_call"):
        calls.append({"function": message["function_call"]})
    return tuple(_tool_call(call if isinstance(call, Mapping) else {"arguments": call}) for call in calls)


def gaps_of(messages: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Name what of the assistant's messages is there and cannot be read."""
    n_hidden = 0
    unknown: dict[str, None] = {}
    for message in messages:
        blocks = _blocks(message)
        n_hidden += _details_are_hidden(message) + sum(map(_is_hidden, blocks))
        unknown.update(dict.fromkeys(str(block.get("type")) for block in blocks if _is_unknown(block)))
    if n_hidden:
        yield f"{n_hidden} reasoning blocks are encrypted"
    yield from (f"a block of type {kind!r} is not understood" for kind in unknown)


def _blocks(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    content = message.get("content")
    return [block for block in (content if isinstance(content, list) else [content]) if isinstance(block, Mapping)]


def _thought(block: object) -> str:
    if not isinstance(block, Mapping):
        return text_of(block)
    return next((text for key in THOUGHT_WORDS if (text := text_of(block.get(key)))), "")


def _details_are_hidden(message: Mapping[str, Any]) -> bool:
    details = message.get("reasoning_details")
    kinds = [str(d.get("type")) for d in details if isinstance(d, Mapping)] if isinstance(details, list) else []
    return bool(kinds) and all(kind.endswith("encrypted") for kind in kinds)


def _is_hidden(block: Mapping[str, Any]) -> bool:
    """Tell reasoning that is withheld from reasoning that is empty."""
    if block.get("type") not in THOUGHT_BLOCKS or _thought(block).strip():
        return False
    return bool(block.get("signature")) or all(block.get(key) is None for key in THOUGHT_WORDS)


def _is_unknown(block: Mapping[str, Any]) -> bool:
    kind = str(block.get("type"))
    known = kind in THOUGHT_BLOCKS or kind.endswith(CALL_BLOCKS) or isinstance(block.get("text"), str)
    return not known and not text_of(block)


def _tool_call(call: Mapping[str, Any]) -> ToolCall:
    function, custom = call.get("function"), call.get("custom")
    inner = function if isinstance(function, Mapping) else custom if isinstance(custom, Mapping) else call
    name = next((inner[key] for key in NAMES if inner.get(key)), function if isinstance(function, str) else "")
    arguments = next((inner[key] for key in ARGUMENTS if inner.get(key) is not None), None)
    if arguments is None:
        arguments = {key: value for key, value in inner.items() if key not in (*CALL_MARKS, *ARGUMENTS)}
    # Images pass through arguments too, and never reach the judge.
    return ToolCall(str(name), text_of(arguments_text(arguments)))
