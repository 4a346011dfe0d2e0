"""What a transcript's text may hold that the judge should own up to: unreadable scripts, hidden characters."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import Any, Final

from classifier.records import Row, Transcript
from classifier.segmentation import READING_ORDER

FOREIGN_SHARE: Final = 0.1
"""Share of letters outside the Latin script above which a transcript is partial; names and quotations stay below."""
FOREIGN_LETTERS: Final = 20
"""Fewer such letters are never reported."""

# Circled and squared letters, Braille and regional indicators: symbols to Unicode, and words to a reader.
DRAWN: Final = "\u2460-\u24ff\u2800-\u28ff\U0001f110-\U0001f1ff"
LETTER: Final = re.compile(rf"[^\W\d_]|[{DRAWN}]")
# Letters past Latin Extended-B and IPA, Latin Extended Additional and the presentation ligatures left out: the base
# encoder's vocabulary holds these scripts letter by letter at best, and it was not trained on them.
FOREIGN: Final = re.compile(rf"[^\W\d_\u0000-\u02ff\u1e00-\u1eff\ufb00-\ufb06]|[{DRAWN}]")
# WordPiece makes one unknown piece of a word above 100 characters.
ENDLESS: Final = re.compile(r"(?<![A-Za-z0-9\u00c0-\u02ff])[A-Za-z0-9\u00c0-\u02ff]{101,}")
HIDDEN: Final = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\U000e0000-\U000e007f]")
UNDECODED: Final = "\ufffd"
"""What stands for bytes that are no text in the file's encoding; the encoder passes over it."""
HALF: Final = re.compile("[\ud800-\udfff]")
"""Half of a character in UTF-16; JSON can spell it alone, and neither the tokenizer nor an output can take it."""
MIXED: Final = re.compile(r"\b(?=\w*[A-Za-z])(?=\w*[\u0370-\u03ff\u0400-\u04ff])\w+\b")


def find_gaps(transcript: Transcript) -> tuple[str, ...]:
    """Name what the encoder cannot read in the assistant's turns.

    Returns
    -------
    gaps : tuple of str
        Empty when all can be read.
    """
    letters = foreign = undecoded = endless = 0
    for text in assistant_texts(transcript):
        here = len(FOREIGN.findall(text))
        foreign += here
        undecoded += text.count(UNDECODED)
        endless += sum(map(len, ENDLESS.findall(text)))
        letters += len(LETTER.findall(text)) if here or foreign else len(text)
    unread = foreign + undecoded + endless
    if unread < FOREIGN_LETTERS or unread <= FOREIGN_SHARE * (letters + undecoded):
        return ()
    gaps = (
        (foreign, "letters are in a script that the encoder was not trained on"),
        (undecoded, "characters could not be decoded"),
        (endless, "characters are in words too long for the encoder"),
    )
    return tuple(f"{count} {what}" for count, what in gaps if count)


def find_warnings(transcript: Transcript) -> tuple[str, ...]:
    """Name hidden, look-alike and undecoded characters in the assistant's turns."""
    hidden = mixed = undecoded = 0
    for text in assistant_texts(transcript):
        if not text.isascii():
            hidden += len(HIDDEN.findall(text))
            mixed += len(MIXED.findall(text))
            undecoded += text.count(UNDECODED)
    warnings = []
    if hidden:
        warnings.append(f"{hidden} hidden characters")
    if mixed:
        warnings.append(f"{mixed} words mix Latin with look-alike letters")
    if undecoded:
        warnings.append(f"{undecoded} characters could not be decoded")
    return tuple(warnings)


def without_halves(row: Row) -> Row:
    """Replace halves of characters in a row by the mark for what could not be decoded; offsets stay."""
    mended: Row = _without_halves(row)
    return mended


def _without_halves(value: Any) -> Any:
    if isinstance(value, str):
        return value if value.isascii() else HALF.sub(UNDECODED, value)
    if isinstance(value, tuple | list):
        return type(value)(map(_without_halves, value))
    if isinstance(value, Mapping):
        return {_without_halves(key): _without_halves(item) for key, item in value.items()}
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{f.name: _without_halves(getattr(value, f.name)) for f in fields(value)})
    return value


def assistant_texts(transcript: Transcript) -> list[str]:
    """Return every part of every assistant turn, in reading order."""
    return [
        text
        for message in transcript.messages
        if message.role == "assistant"
        for field in READING_ORDER
        for text in message.parts(field)
    ]
