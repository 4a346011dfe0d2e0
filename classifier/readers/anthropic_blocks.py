"""Messages of the Anthropic Messages API, block by block; Claude Code's sessions are made of them too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from classifier.readers.chat import read_role
from classifier.readers.content import text_of
from classifier.readers.record import OTHERS
from classifier.readers.results import result_text
from classifier.readers.turns import ABSENT, ENCRYPTED, NO_CONTENT, Turns
from classifier.records import Role

CHAT_ONLY: Final = frozenset({"tool_calls", "tool_call_id", "thinking", *OTHERS})
"""Keys that only messages of the Chat Completions API and its like have."""
WORDLESS: Final = frozenset({"container_upload", "fallback", "mcp_tool_listing"})
"""Blocks in the assistant's turn that hold no words."""


def read_message(message: Mapping[str, Any], turns: Turns, where: str) -> None:
    """Add one message: the assistant's as a turn, tools' results apart from the user's own text.

    A server's tools answer within the assistant's message: the turn is cut in two there, so that the order stays.
    Calls that the assistant's code made (`caller`) count as its own.

    Raises
    ------
    InputError
        If its role is unknown.
    """
    role = read_role(message.get("role"), where)
    content = message.get("content")
    blocks = content if isinstance(content, list) else [] if content is None else [content]
    if role != "assistant":
        _read_other(role, blocks, turns)
        return
    if content is None:
        turns.gap(NO_CONTENT)
    for key in sorted(CHAT_ONLY & message.keys()):
        if message[key]:
            turns.gap(f"{key} of a message is not read")
    turns.open_turn()
    for block in blocks:
        _read_block(block, turns)
    turns.close_turn()


def _read_other(role: Role, blocks: list[Any], turns: Turns) -> None:
    results = [block for block in blocks if _is_result(block)]
    for block in results:
        turns.result(result_text(block.get("content")), block.get("tool_use_id"))
    text = text_of([block for block in blocks if not _is_result(block)])
    if text or not results:
        turns.add(role, text)


def _is_result(block: object) -> bool:
    return isinstance(block, Mapping) and str(block.get("type")).endswith("tool_result")


def _read_block(block: object, turns: Turns) -> None:
    if not isinstance(block, Mapping):
        turns.say(text_of(block))
        return
    kind = str(block.get("type"))
    if kind == "thinking":
        thinking = text_of(block.get("thinking"))
        turns.think(thinking)
        # Display of thinking can be switched off: the signature then stands for text that only the API can read.
        if not thinking.strip() and (block.get("signature") or block.get("thinking") is None):
            turns.hide(ENCRYPTED if block.get("signature") else ABSENT)
    elif kind == "redacted_thinking":
        turns.hide(ENCRYPTED)
    elif kind.endswith("tool_use"):
        turns.call(block.get("name") or kind.removesuffix("_tool_use"), block.get("input"), block.get("id"))
    elif _is_result(block):
        turns.result(result_text(block.get("content")), block.get("tool_use_id"))
    elif kind == "compaction":
        turns.warn("earlier turns were compacted into a summary")
        turns.say(text_of(block.get("content")))
    elif kind not in WORDLESS:
        _read_unknown(block, kind, turns)


def _read_unknown(block: Mapping[str, Any], kind: str, turns: Turns) -> None:
    text = text_of(block)
    turns.say(text)
    if not text and not isinstance(block.get("text"), str):
        turns.gap(f"a block of type {kind!r} is not understood")
