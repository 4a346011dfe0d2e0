"""Verdicts and transcripts for people, in the terminal."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import Final

import click

from classifier.records import LABELS, Evidence, Transcript, Verdict
from classifier.segmentation import READING_ORDER

COLOURS: Final = {"flagged": "red", "uncertain": "yellow", "clean": "green", "unscored": "magenta"}
SHORT: Final = {
    "blackmail": "black",
    "sabotage": "sabot",
    "framing": "frame",
    "unethical_reasoning": "uneth",
    "admirable_reasoning": "admir",
}
WIDTH: Final = 100
"""Columns that quotes are wrapped to."""
CONTROL: Final = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""What a terminal may obey: a transcript must not clear the screen that shows it."""


def print_table(verdicts: Sequence[Verdict], *, quotes: bool) -> None:
    """Print one line a transcript, and under the table what was flagged, or why a row was not scored."""
    width = max([len(verdict.id) for verdict in verdicts] + [10])
    width = min(width, 44)
    heads = "  ".join(SHORT[label] for label in LABELS)
    click.echo(f"{'transcript':{width}}  verdict     risk  {heads}")
    for verdict in verdicts:
        numbers = "  ".join(f"{_number(verdict.probabilities[label]):>5}" for label in LABELS)
        word = click.style(f"{verdict.verdict:10}", fg=COLOURS[verdict.verdict])
        click.echo(f"{_clip(_shown(verdict.id), width):{width}}  {word}  {_number(verdict.risk)}  {numbers}")
    for verdict in verdicts:
        if verdict.error:
            click.echo(f"\n{_shown(verdict.id)}: {_shown(verdict.error)}")
        if verdict.flags:
            click.echo(f"\n{click.style(_shown(verdict.id), bold=True)}: {', '.join(verdict.flags)}")
            for item in verdict.evidence:
                if quotes and item.label in verdict.flags:
                    click.echo(_quote(item))


def print_transcript(transcript: Transcript, marks: Sequence[Evidence]) -> None:
    """Print a transcript with passages marked."""
    for index, message in enumerate(transcript.messages):
        click.echo(
            click.style(f"[{index}] {message.role}", bold=True) + (f" ({_shown(message.name)})" if message.name else "")
        )
        for field in READING_ORDER:
            for part, text in enumerate(message.parts(field)):
                if text:
                    here = [m for m in marks if (m.message, m.field, m.part) == (index, field, part)]
                    prefix = {"thinking": "thinks: ", "content": "", "tool_calls": "calls: "}[field]
                    click.echo(textwrap.indent(prefix + _marked(_shown(text), here), "    "))


def print_nearest(nearest: Mapping[str, Evidence]) -> None:
    """Print what came nearest to each label."""
    for label, item in nearest.items():
        click.echo(f"{label} {item.score:.2f} ({item.principle})")
        click.echo(_quote(item))


def _marked(text: str, marks: Sequence[Evidence]) -> str:
    """Set marks round the passages, in colour as well where the terminal has it; overlapping ones are joined."""
    pieces: list[str] = []
    at = 0
    for mark in sorted(marks, key=lambda mark: (mark.start, mark.stop)):
        start = max(mark.start, at)
        if start >= mark.stop:
            continue
        pieces.append(text[at:start])
        pieces.append(click.style(f"»{text[start : mark.stop]}«", fg="red") + f" ‹{mark.label} {mark.score:.2f}›")
        at = mark.stop
    return "".join([*pieces, text[at:]])


def _quote(item: Evidence) -> str:
    text = " ".join(_shown(item.quote or "").split())
    head = f"  {item.label} {item.score:.2f}, {item.principle}, message {item.message} {item.field}:"
    body = textwrap.fill(f"“{text}”", WIDTH, initial_indent="    ", subsequent_indent="    ")
    return f"{head}\n{body}"


def _shown(text: str) -> str:
    """Replace control characters one by one, so that offsets stay."""
    return CONTROL.sub("\ufffd", text)


def _number(value: float | None) -> str:
    return "   –" if value is None else f"{value:.2f}"


def _clip(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"
