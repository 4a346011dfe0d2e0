"""What a transcript's text may hold that the judge should own up to: unreadable scripts, hidden characters."""

from __future__ import annotations

import re
from typing import Final

from classifier.records import Transcript
from classifier.segmentation import READING_ORDER

FOREIGN_SHARE: Final = 0.1
"""Share of letters outside the Latin script above which a transcript is partial; names and quotations stay below."""
FOREIGN_LETTERS: Final = 20
"""Fewer such letters are never reported."""

LETTER: Final = re.compile(r"[^\W\d_]")
# Letters past Latin Extended-B and IPA, Latin Extended Additional and the presentation ligatures left out: the base
# encoder's vocabulary holds these scripts letter by letter at best, and it was not trained on them.
FOREIGN: Final = re.compile(r"[^\W\d_\u0000-\u02ff\u1e00-\u1eff\ufb00-\ufb06]")
HIDDEN: Final = re.compile(r"[\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\U000e0000-\U000e007f]")
MIXED: Final = re.compile(r"\b(?=\w*[A-Za-z])(?=\w*[\u0370-\u03ff\u0400-\u04ff])\w+\b")


def find_gaps(transcript: Transcript) -> tuple[str, ...]:
    """Name what the encoder cannot read in the assistant's turns.

    Returns
    -------
    gaps : tuple of str
        Empty when all can be read.
    """
    letters = foreign = 0
    for text in assistant_texts(transcript):
        here = len(FOREIGN.findall(text))
        foreign += here
        letters += len(LETTER.findall(text)) if here or foreign else len(text)
    if foreign >= FOREIGN_LETTERS and foreign > FOREIGN_SHARE * letters:
        return (f"{foreign} letters are in a script that the encoder was not trained on",)
    return ()


def find_warnings(transcript: Transcript) -> tuple[str, ...]:
    """Name hidden and look-alike characters in the assistant's turns."""
    hidden = mixed = 0
    for text in assistant_texts(transcript):
        if not text.isascii():
            hidden += len(HIDDEN.findall(text))
            mixed += len(MIXED.findall(text))
    warnings = []
    if hidden:
        warnings.append(f"{hidden} hidden characters")
    if mixed:
        warnings.append(f"{mixed} words mix Latin with look-alike letters")
    return tuple(warnings)


def assistant_texts(transcript: Transcript) -> list[str]:
    """Return every part of every assistant turn, in reading order."""
    return [
        text
        for message in transcript.messages
        if message.role == "assistant"
        for field in READING_ORDER
        for text in message.parts(field)
    ]
