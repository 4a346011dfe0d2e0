"""Segments cover the assistant's text, and point into it."""

from __future__ import annotations

import pytest

from classifier.bundle import find_bundle
from classifier.encoder import open_tokenizer
from classifier.records import Message, ToolCall, Transcript
from classifier.segmentation import CONTEXT_TOKENS, MAX_SENTENCES, MAX_TOKENS, Segmenter


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return Segmenter(open_tokenizer(find_bundle("default").tokenizer))


def of(*messages: Message) -> Transcript:
    return Transcript("t", "made", messages)


def test_only_the_assistant_is_cut(segmenter: Segmenter) -> None:
    segments = segmenter.segment(
        of(Message("system", "Be kind."), Message("user", "Hi."), Message("assistant", "Yes."))
    )
    assert [(s.message, s.field, s.start, s.stop) for s in segments] == [(2, "content", 0, 4)]


def test_empty_message_gives_no_segment(segmenter: Segmenter) -> None:
    assert segmenter.segment(of(Message("assistant", "  \n "))) == []


def test_offsets_count_code_points_of_the_original(segmenter: Segmenter) -> None:
    text = "Zoë wept 😀 twice. " * 20 + "Then she paid."
    segments = segmenter.segment(of(Message("assistant", text)))
    assert text[segments[-1].start : segments[-1].stop].endswith("Then she paid.")
    assert all(text[s.start : s.stop].strip() for s in segments)


def test_no_word_is_lost(segmenter: Segmenter) -> None:
    words = [f"word{index}" for index in range(3000)]
    text = " ".join(words)
    segments = segmenter.segment(of(Message("assistant", text)))
    covered = "".join(text[s.start : s.stop] for s in segments).replace(" ", "")
    assert covered == text.replace(" ", "")


def test_segment_is_short(segmenter: Segmenter) -> None:
    text = "This is one sentence of some length. " * 50
    segments = segmenter.segment(of(Message("assistant", text)))
    assert max(len(s.tokens) for s in segments) <= MAX_TOKENS
    assert max(len(s.context) for s in segments) <= CONTEXT_TOKENS
    assert max(text[s.start : s.stop].count(".") for s in segments) <= MAX_SENTENCES


def test_call_is_read_as_name_and_arguments(segmenter: Segmenter) -> None:
    call = ToolCall("mail", '{"to":"bo"}')
    (segment,) = segmenter.segment(of(Message("assistant", tool_calls=(call,))))
    assert call.text[segment.start : segment.stop] == 'mail {"to":"bo"}'


def test_context_is_what_went_before(segmenter: Segmenter) -> None:
    first = segmenter.segment(of(Message("user", "Did Rosa do it?"), Message("assistant", "Yes.")))
    second = segmenter.segment(of(Message("user", "Is rye nice?"), Message("assistant", "Yes.")))
    assert first[0].tokens == second[0].tokens
    assert first[0].context != second[0].context
