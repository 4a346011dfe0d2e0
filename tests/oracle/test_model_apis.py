"""Our readers of responses against the packages of the two APIs: the texts and calls that they see are ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from classifier.readers.anthropic import transcripts_from_anthropic
from classifier.readers.content import split_reasoning
from classifier.readers.responses import transcripts_from_responses
from classifier.records import Transcript, compact_json
from tests.conftest import ROOT

pytest.importorskip("anthropic", reason="anthropic is not installed; it is in the oracle extra")
pytest.importorskip("openai", reason="openai is not installed; it is in the oracle extra")
pytestmark = pytest.mark.filterwarnings("ignore")  # the packages' own, on import

FORMATS = ROOT.parent / "shared" / "formats"
MADE_BLOCKS: list[dict[str, Any]] = [
    {"type": "thinking", "thinking": "The tide decides.", "signature": "x"},
    {"type": "redacted_thinking", "data": "x"},
    {"type": "text", "text": "Looking it up."},
    {"type": "server_tool_use", "id": "s", "name": "web_search", "input": {"query": "tide"}},
    {"type": "web_search_tool_result", "tool_use_id": "s", "content": []},
    {"type": "mcp_tool_use", "id": "q", "name": "wind", "server_name": "w", "input": {}},
    {"type": "mcp_tool_result", "tool_use_id": "q", "is_error": False, "content": [{"type": "text", "text": "5"}]},
    {"type": "text", "text": "High water is at six."},
    {"type": "tool_use", "id": "t", "name": "book", "input": {"hour": 6}},
]
MADE_ITEMS: list[dict[str, Any]] = [
    {"type": "reasoning", "id": "i", "summary": [{"type": "summary_text", "text": "The tide decides."}]},
    {"type": "message", "id": "i", "role": "assistant", "status": "completed", "content": [
        {"type": "output_text", "text": "Looking it up.", "annotations": []},
        {"type": "refusal", "refusal": "I will not sail."},
    ]},
    {"type": "function_call", "id": "i", "call_id": "c", "name": "book", "arguments": '{"hour": 6}'},
    {"type": "custom_tool_call", "id": "i", "call_id": "d", "name": "note", "input": "six o'clock"},
    {"type": "mcp_call", "id": "i", "name": "wind", "server_label": "w", "arguments": "{}", "output": "5"},
]  # fmt: skip
Seen = tuple[list[str], str, list[tuple[str, str]]]


def bodies(family: str, key: str) -> Iterator[Any]:
    """Yield the responses of a family's samples, where they lie beside the project."""
    for path in sorted((FORMATS / family).glob("*.json*")):
        rows = path.read_text(encoding="utf-8").split("\n") if path.suffix == ".jsonl" else [path.read_text("utf-8")]
        for number, row in enumerate(rows):
            record = json.loads(row) if row else {}
            body = record.get("response", record) if isinstance(record, dict) else {}
            if isinstance(body, dict) and isinstance(body.get(key), list):
                yield pytest.param(body, id=f"{path.name}:{number + 1}")


def ours(transcript: Transcript) -> Seen:
    """Return the assistant's reasoning, text and calls over all its turns."""
    own = [message for message in transcript.messages if message.role == "assistant"]
    calls = [(call.name, call.arguments) for message in own for call in message.tool_calls]
    said = "\n".join(message.content for message in own if message.content)
    return [thought for message in own for thought in message.thinking], said, calls


@pytest.mark.parametrize(
    "body", [pytest.param({"content": MADE_BLOCKS}, id="made"), *bodies("anthropic_messages", "content")]
)
def test_anthropic_sees_the_same(body: dict[str, Any]) -> None:
    from anthropic.types.beta import BetaContentBlock
    from pydantic import TypeAdapter

    # The blocks alone: what a response must say of its use changes from release to release.
    blocks: list[Any] = TypeAdapter(list[BetaContentBlock]).validate_python(body["content"])
    texts = [b.text if b.type == "text" else b.content for b in blocks if b.type in ("text", "compaction")]
    tagged, said = split_reasoning("\n".join(texts))
    thinking = [block.thinking for block in blocks if block.type == "thinking"]
    calls = [(b.name, compact_json(b.input)) for b in blocks if b.type.endswith("tool_use")]
    (found,) = transcripts_from_anthropic(body, id="i", source="s")
    assert ours(found) == ([*thinking, *tagged], said, calls)
    cut = body.get("stop_reason") == "max_tokens"
    assert bool(found.gaps) == (cut or any(block.type == "redacted_thinking" for block in blocks))


@pytest.mark.parametrize(
    "body", [pytest.param({"output": MADE_ITEMS}, id="made"), *bodies("openai_responses", "output")]
)
def test_openai_sees_the_same(body: dict[str, Any]) -> None:
    from openai.types.responses import ResponseOutputItem
    from pydantic import TypeAdapter

    items: list[Any] = TypeAdapter(list[ResponseOutputItem]).validate_python(body["output"])
    parts = [part for item in items if item.type == "message" for part in item.content]
    said = "\n".join(part.refusal if part.type == "refusal" else part.text for part in parts)
    summaries = [item.summary for item in items if item.type == "reasoning" and item.summary]
    named = [item for item in items if item.type.endswith("_call") and hasattr(item, "name")]
    (found,) = transcripts_from_responses(body, id="i", source="s")
    thinking, text, calls = ours(found)
    assert (thinking, text) == (["\n".join(part.text for part in summary) for summary in summaries], said)
    if any(item.name == "parallel" for item in named):
        assert len(calls) == 2
        return
    assert [call for call in calls if call[0] in {item.name for item in named}] == [
        (item.name, item.input if item.type == "custom_tool_call" else compact_json(json.loads(item.arguments)))
        for item in named
    ]
    assert len(calls) == sum(item.type.endswith("_call") for item in items)
