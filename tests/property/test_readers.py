"""No record, however misshapen, brings a reader down."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from classifier.readers import read_transcripts
from classifier.records import Transcript, Unscored

KEYS = (
    *("type", "role", "content", "message", "messages", "id", "uuid", "parentUuid", "timestamp", "sessionId", "text"),
    *("input", "output", "request", "response", "payload", "name", "arguments", "tool_use_id", "call_id", "thinking"),
    *("result", "system", "model", "loglines", "summary", "action", "events", "isSidechain", "stop_reason", "error"),
)
WORDS = (
    *("user", "assistant", "tool", "system", "message", "text", "thinking", "tool_use", "tool_result", "reasoning"),
    *("function_call", "function_call_output", "response_item", "session_meta", "compacted", "agent.message"),
    *("user.message", "summary", "a", "b", "web_search_call", "compaction", "image_generation_call", "parallel"),
)
LEAVES = st.none() | st.booleans() | st.integers(-1, 2) | st.sampled_from(WORDS) | st.text(max_size=3)
VALUES: st.SearchStrategy[Any] = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=5),
    max_leaves=25,
)


@pytest.mark.parametrize("format", ["anthropic", "claude-code", "codex", "managed-agents", "responses"])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=st.lists(VALUES, min_size=1, max_size=5))
def test_every_row_is_a_transcript_or_a_reason(rows: list[Any], format: str, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    found = list(read_transcripts(path, format=format))
    assert found
    assert all(isinstance(row, Transcript | Unscored) for row in found)
