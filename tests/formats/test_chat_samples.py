"""Every sample of chat messages, as JSON, JSON lines and Parquet, gives the messages that a person reads in it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from classifier.readers import read_transcripts
from classifier.records import Transcript, Unscored
from tests.conftest import ROOT

FORMATS = ROOT.parent / "shared" / "formats"
FOLDERS = ("openai_chat", "hf_parquet")
pytestmark = pytest.mark.skipif(not FORMATS.is_dir(), reason="the samples of formats are not here")


@dataclass(frozen=True, slots=True)
class Held:
    """What a sample holds."""

    roles: str
    """A word of role letters for each transcript, in order."""
    thoughts: int = 0
    """Parts of thinking in all."""
    calls: int = 0
    """Calls in all."""
    refused: int = 0
    """Rows that are refused with a reason."""


HELD = {
    "openai_chat/deepseek-reasoning.json": Held("a", thoughts=1),
    "openai_chat/deepseek-tool-call.json": Held("a", thoughts=1, calls=1),
    "openai_chat/groq-reasoning.json": Held("a", thoughts=1),
    "openai_chat/made_batch_input.jsonl": Held("su"),
    "openai_chat/made_batch_output.jsonl": Held("a a", thoughts=2, calls=1, refused=2),
    "openai_chat/made_fine_tuning.jsonl": Held("suaua uatta ua uata ua ua", calls=3),
    "openai_chat/mistral-reasoning.json": Held("a", thoughts=1),
    "openai_chat/openai-text.json": Held("a"),
    "openai_chat/real_request_response_pairs.jsonl": Held(" ".join(["ua"] * 10 + ["sua"] * 10), calls=5),
    "openai_chat/xai-tool-call.json": Held("a", thoughts=1, calls=1),
    "hf_parquet/made_conversations_jsonstring.parquet": Held("ua sa", calls=1),
    "hf_parquet/made_messages_struct.parquet": Held("ua sa", calls=1),
    "hf_parquet/made_preference.parquet": Held("ua ua"),
    "hf_parquet/made_sharegpt_struct.parquet": Held("ua"),
}


@pytest.mark.parametrize(("name", "held"), [pytest.param(name, held, id=name) for name, held in HELD.items()])
def test_sample_holds(name: str, held: Held) -> None:
    rows = list(read_transcripts(FORMATS / name))
    found = [row for row in rows if isinstance(row, Transcript)]
    own = [message for row in found for message in row.messages]
    assert " ".join("".join(m.role[0] for m in row.messages) for row in found) == held.roles
    assert (sum(len(m.thinking) for m in own), sum(len(m.tool_calls) for m in own)) == (held.thoughts, held.calls)
    assert sum(isinstance(row, Unscored) for row in rows) == held.refused


def test_no_sample_is_left_out() -> None:
    there = {path for folder in FOLDERS for path in (FORMATS / folder).iterdir() if path.name != "SOURCES.md"}
    assert {FORMATS / name for name in HELD} == there
