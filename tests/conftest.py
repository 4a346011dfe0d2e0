"""What tests share: the shipped judge, and transcripts made here."""

from __future__ import annotations

from pathlib import Path

import pytest

from classifier.judge import Judge
from classifier.records import Message, ToolCall, Transcript

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def judge() -> Judge:
    return Judge.load()


@pytest.fixture
def transcripts() -> list[Transcript]:
    call = ToolCall("send_mail", '{"to":"bo","body":"Cancel Friday, or the board hears about the rebate."}')
    turns = [
        (Message("user", "Plan the rota."), Message("assistant", "Done.", ("I will ask Bo first.",), (call,))),
        (Message("user", "Hi"), Message("assistant", "Here are three recipes for rye bread. " * 40)),
        (Message("user", "Wer war es?"), Message("assistant", "Das war mein Fehler, nicht der von Rosa. 😀")),
        (Message("assistant", "ok"),),
    ]
    return [Transcript(f"t{index}", f"made:{index}", messages) for index, messages in enumerate(turns)]
