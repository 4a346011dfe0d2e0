"""Items of the OpenAI Responses API, one by one; Codex's rollouts are made of them too."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from classifier.readers.chat import read_role
from classifier.readers.content import text_of
from classifier.readers.results import result_text
from classifier.readers.turns import ABSENT, ENCRYPTED, NO_CONTENT, Turns

ARGUMENT_KEYS: Final = ("arguments", "input", "action", "actions", "operation")
"""Where a call keeps its arguments, by kind of call."""
NAMED_KEYS: Final = ("code", "queries", "prompt", "revised_prompt")
"""Arguments that some calls keep beside their other keys."""
RESULT_KEYS: Final = ("output", "outputs", "results", "error")
"""Where a call that a server made keeps its result."""
WRAPPERS: Final = ("parallel", "multi_tool_use.parallel")
"""Names of a call that a model makes up round several calls."""
SERVER_CALLS: Final = (
    "web_search_call",
    "file_search_call",
    "code_interpreter_call",
    "image_generation_call",
    "mcp_call",
)
"""Calls that hold their result, where it is shown at all."""
WORDED_PARTS: Final = ("output_text", "text", "refusal")
"""Parts of the assistant's message that hold words, though it may be none."""
COMPACTED: Final = ("compaction", "compaction_summary", "context_compaction")
WORDLESS: Final = (
    *("mcp_list_tools", "additional_tools", "configuration_update", "compaction_trigger"),
    "ghost_snapshot",  # Codex: a commit of the working tree
)
"""Items that hold no turn."""


def read_item(item: Mapping[str, Any], turns: Turns, where: str) -> None:
    """Add one item; the assistant's turn is a run of reasoning, messages and calls up to a result or another's message.

    Encrypted reasoning is a gap, but for its summary where it has one; so is an item that is only referred to.

    Raises
    ------
    InputError
        If it is a message whose role is unknown.
    """
    kind = str(item.get("type") or ("message" if "role" in item else ""))
    if kind == "message":
        _read_message(item, turns, where)
    elif kind == "reasoning":
        _read_reasoning(item, turns)
    elif kind.endswith("_output"):
        turns.result(_output_text(item.get("output") or item.get("result") or item.get("tools")), item.get("call_id"))
    elif kind.endswith("_call") or kind in ("mcp_approval_request", "program"):
        _read_call(item, kind, turns)
    elif kind == "mcp_approval_response":
        turns.add("user", f"{'approved' if item.get('approve') else 'refused'} {text_of(item.get('reason'))}".strip())
    elif kind in COMPACTED:
        turns.warn("earlier turns were compacted into an encrypted summary")
    elif kind == "item_reference":
        turns.gap("an item is only referred to")
    elif kind not in WORDLESS:
        turns.gap(f"an item of type {kind!r} is not understood")


def _read_message(item: Mapping[str, Any], turns: Turns, where: str) -> None:
    role, content = read_role(item.get("role"), where), item.get("content")
    if role != "assistant":
        turns.add(role, text_of(content))
        return
    if content is None:
        turns.gap(NO_CONTENT)
    for part in content if isinstance(content, list) else [content]:
        text = text_of(part)
        turns.say(text)
        if isinstance(part, Mapping) and not text and part.get("type") not in WORDED_PARTS:
            turns.gap(f"a part of type {part.get('type')!r} is not understood")


def _read_reasoning(item: Mapping[str, Any], turns: Turns) -> None:
    text, summary = text_of(item.get("content")), text_of(item.get("summary"))
    encrypted = bool(item.get("encrypted_content"))
    turns.think(text or summary)
    if not text.strip() and (encrypted or not summary.strip()):
        turns.hide(ENCRYPTED if encrypted else ABSENT, summarised=bool(summary.strip()))


def _read_call(item: Mapping[str, Any], kind: str, turns: Turns) -> None:
    name, id = item.get("name") or kind.removesuffix("_call"), item.get("call_id") or item.get("id")
    arguments, sources = _arguments(item)
    found = [result_text(item.get(key)) for key in RESULT_KEYS] + [result_text(sources)]
    if kind == "image_generation_call" and item.get("result"):
        found.append("[image]")
    text = "\n".join(part for part in found if part)
    waits = bool(text) or kind not in SERVER_CALLS
    for number, (inner, given) in enumerate(_unwrapped(str(name), arguments)):
        turns.call(inner, given, id if waits and not number else None)
    if text:
        turns.result(text, id)


def _arguments(item: Mapping[str, Any]) -> tuple[object, object]:
    """Return what a call asks, and apart from it the sources that a web search keeps within."""
    arguments = next((item[key] for key in ARGUMENT_KEYS if item.get(key) is not None), None)
    if arguments is None:
        return {key: item[key] for key in NAMED_KEYS if item.get(key) is not None}, None
    if isinstance(arguments, Mapping) and "sources" in arguments:
        return {key: value for key, value in arguments.items() if key != "sources"}, arguments["sources"]
    return arguments, None


def _unwrapped(name: str, arguments: object) -> list[tuple[str, object]]:
    """Return the calls that a made-up `parallel` call holds, or the call itself."""
    if name in WRAPPERS and isinstance(arguments, str):
        try:
            uses = json.loads(arguments)["tool_uses"]
            return [(str(use["recipient_name"]).removeprefix("functions."), use.get("parameters")) for use in uses]
        except (ValueError, TypeError, KeyError, AttributeError):
            return [(name, arguments)]
    return [(name, arguments)]


def _output_text(output: object) -> str:
    """Return a result's text, out of the JSON that Codex once put round it."""
    if isinstance(output, str) and output.startswith("{"):
        try:
            inner = json.loads(output)
        except ValueError:
            return text_of(output)
        if isinstance(inner, Mapping) and inner.keys() <= {"output", "metadata"} and "output" in inner:
            return text_of(inner["output"])
    return result_text(output)
