"""Cut a transcript into segments: what the encoder sees at once.

Only the assistant's own parts are cut. A segment holds one to three sentences, never more than `MAX_TOKENS` word
pieces, and remembers the word pieces that went before it as context. Offsets count code points of the original text,
so that evidence can be quoted from the source. Training cuts with this module too: the judge must see what the head
was fitted on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from classifier.records import Field, Message, Transcript

if TYPE_CHECKING:
    from tokenizers import Tokenizer

MAX_TOKENS: Final = 72
"""Longest segment, in word pieces; the length that did best in the trials on 500 transcripts."""
MAX_SENTENCES: Final = 3
"""Most sentences in one segment."""
FRAGMENT_TOKENS: Final = 5
"""A shorter sentence (a list mark, a greeting) does not count as one."""
CONTEXT_TOKENS: Final = 32
"""Word pieces of preceding text that go before a segment: docs/experiments.md."""
OTHER_TOKENS: Final = 16
"""Most of them that may come from the message before, when the assistant's turn has just begun."""
BLOCK_CHARACTERS: Final = 50_000
"""A longer part is tokenised block by block, so that memory stays bounded."""

FIELD_MARKS: Final[dict[Field, str]] = {"thinking": "thinks :", "content": "says :", "tool_calls": "calls :"}
ROLE_MARKS: Final = {"system": "system :", "user": "user :", "tool": "result :", "assistant": "assistant :"}
READING_ORDER: Final[tuple[Field, ...]] = ("thinking", "content", "tool_calls")

# A sentence ends at closing punctuation before white space, at a line break, or between the members of a JSON object.
SENTENCE_END: Final = re.compile(r"(?<=[.!?…:;])[\"'”’)\]*_`]*\s+|\n+|(?<=[\"}\]]),(?=[\"{\[])|\\n")


@dataclass(frozen=True, slots=True)
class Segment:
    """A span of one part of one message."""

    message: int
    """Index of the message in the transcript, from 0."""
    field: Field
    """Field of that message."""
    part: int
    """Index of the part within the field, from 0."""
    start: int
    """First character within the part, in code points."""
    stop: int
    """One past the last character."""
    tokens: tuple[int, ...]
    """Word pieces of the segment, its field's mark not among them; at most `MAX_TOKENS`."""
    context: tuple[int, ...]
    """Word pieces that went before, marked with their role; at most `CONTEXT_TOKENS`."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A word piece and where it lies in its part."""

    token: int
    start: int
    stop: int


class Segmenter:
    """Cuts transcripts with one tokenizer.

    Parameters
    ----------
    tokenizer : tokenizers.Tokenizer
        Its truncation and padding must be off.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        self._field_marks = {field: self.pieces(mark) for field, mark in FIELD_MARKS.items()}
        self._role_marks = {role: self.pieces(mark) for role, mark in ROLE_MARKS.items()}

    def mark(self, field: Field) -> tuple[int, ...]:
        """Return the word pieces that tell the encoder which field a segment comes from."""
        return self._field_marks[field]

    def plain(self, text: str) -> tuple[int, ...]:
        """Return the word pieces of a text on its own, such as a principle's, cut to `MAX_TOKENS`."""
        return self.pieces(text)[:MAX_TOKENS]

    def pieces(self, text: str) -> tuple[int, ...]:
        """Return all word pieces of a text."""
        return tuple(self._tokenizer.encode(text, add_special_tokens=False).ids)

    def segment(self, transcript: Transcript) -> list[Segment]:
        """Cut every assistant message of a transcript, in reading order."""
        segments: list[Segment] = []
        before: tuple[int, ...] = ()
        for index, message in enumerate(transcript.messages):
            if message.role == "assistant":
                cut = list(self._cut_message(index, message, before))
                segments.extend(cut)
                before = self._tail(message) or before
            elif message.role != "system":
                before = self._tail(message)
        return segments

    def _cut_message(self, index: int, message: Message, before: tuple[int, ...]) -> Iterator[Segment]:
        history = list(before)
        for field in READING_ORDER:
            for part, text in enumerate(message.parts(field)):
                for pieces in self._pack(text):
                    tokens = tuple(piece.token for piece in pieces)
                    context = tuple(history[-CONTEXT_TOKENS:])
                    yield Segment(index, field, part, pieces[0].start, pieces[-1].stop, tokens, context)
                    history.extend(tokens)
                    del history[:-CONTEXT_TOKENS]

    def _tail(self, message: Message) -> tuple[int, ...]:
        """Return the marked end of a message, as context for the next one."""
        texts = [text for field in READING_ORDER for text in message.parts(field) if text.strip()]
        if not texts:
            return ()
        # A word piece is at least one character, and seldom more than a dozen; reading the end alone keeps this cheap.
        tokens = self.pieces(texts[-1][-12 * OTHER_TOKENS :])
        mark = self._role_marks[message.role]
        return mark + tokens[-(OTHER_TOKENS - len(mark)) :]

    def _pack(self, text: str) -> Iterator[list[Piece]]:
        """Join sentences while they fit; cut a sentence that does not fit anywhere."""
        packed: list[Piece] = []
        sentences = 0
        for sentence in self._sentences(text):
            if packed and (len(packed) + len(sentence) > MAX_TOKENS or sentences == MAX_SENTENCES):
                yield packed
                packed, sentences = [], 0
            while len(sentence) > MAX_TOKENS:
                yield sentence[:MAX_TOKENS]
                sentence = sentence[MAX_TOKENS:]
            packed = packed + sentence
            sentences += len(sentence) > FRAGMENT_TOKENS
        if packed:
            yield packed

    def _sentences(self, text: str) -> Iterator[list[Piece]]:
        for offset, block in _blocks(text):
            ends = [match.end() for match in SENTENCE_END.finditer(block)]
            ends.append(len(block))
            yield from _split(self._pieces(block, offset), [end + offset for end in ends])

    def _pieces(self, block: str, offset: int) -> list[Piece]:
        encoding = self._tokenizer.encode(block, add_special_tokens=False)
        return [
            Piece(token, start + offset, stop + offset)
            for token, (start, stop) in zip(encoding.ids, encoding.offsets, strict=True)
        ]


def _blocks(text: str) -> Iterator[tuple[int, str]]:
    """Cut a long text at line ends or spaces into blocks, with the offset of each."""
    start = 0
    while start < len(text):
        stop = min(start + BLOCK_CHARACTERS, len(text))
        if stop < len(text):
            space = max(text.rfind("\n", start, stop), text.rfind(" ", start, stop))
            stop = space + 1 if space > start else stop
        yield start, text[start:stop]
        start = stop


def _split(pieces: Sequence[Piece], ends: Sequence[int]) -> Iterator[list[Piece]]:
    """Deal word pieces out to the sentences that they start in."""
    at = 0
    for end in ends:
        first = at
        while at < len(pieces) and pieces[at].start < end:
            at += 1
        if at > first:
            yield list(pieces[first:at])
