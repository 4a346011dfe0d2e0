"""The records everyone speaks: a transcript as read, and a verdict as given."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Role = Literal["system", "user", "assistant", "tool"]
Field = Literal["content", "thinking", "tool_calls"]
Label = str
Status = Literal["scored", "partial", "unscored"]
VerdictWord = Literal["clean", "uncertain", "flagged", "unscored"]

ROLES: Final[tuple[Role, ...]] = ("system", "user", "assistant", "tool")
NEGATIVE_LABELS: Final = ("blackmail", "sabotage", "framing", "unethical_reasoning")
LABELS: Final = (*NEGATIVE_LABELS, "admirable_reasoning")
VERDICT_SCHEMA: Final = "1"
"""Version of the verdict table; raise it when a column changes its meaning."""


def compact_json(value: object) -> str:
    """Write a value as the JSON that evidence offsets are counted in.

    Examples
    --------
    >>> compact_json({"to": "Zoë", "n": [1, 2]})
    '{"to":"Zoë","n":[1,2]}'
    """
    # Parquet holds dates, bytes and the like, which are written as Python shows them.
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), default=str)


@dataclass(frozen=True, slots=True)
class ToolCall:
    """One call of a tool by the assistant."""

    name: str
    """Name of the tool; empty when the source names none."""
    arguments: str
    """Arguments as compact JSON, keys in the source's order; the raw text when it is not JSON."""

    @property
    def text(self) -> str:
        """The call as the judge reads it and as evidence offsets count it."""
        return f"{self.name} {self.arguments}"


@dataclass(frozen=True, slots=True)
class Message:
    """One turn by one role."""

    role: Role
    """Who speaks."""
    content: str = ""
    """What is said aloud."""
    thinking: tuple[str, ...] = ()
    """Reasoning in view, one string a part."""
    tool_calls: tuple[ToolCall, ...] = ()
    """Calls made in this turn."""
    name: str | None = None
    """Agent's or tool's name, where the source gives one."""

    def parts(self, field: Field) -> tuple[str, ...]:
        """Return the texts of one field; `Evidence.part` counts in this tuple."""
        if field == "content":
            return (self.content,)
        if field == "thinking":
            return self.thinking
        return tuple(call.text for call in self.tool_calls)


@dataclass(frozen=True, slots=True)
class LogFacts:
    """What a log says of itself; every field is None where it says nothing."""

    agent: str | None = None
    """Name of the agent that is judged, in multi-agent logs."""
    subject_model: str | None = None
    """Model that produced the assistant's turns."""
    task: str | None = None
    """Evaluation task, or harness."""
    condition: str | None = None
    """Experimental condition."""
    scenario: str | None = None
    """Unit that transcripts cluster by."""
    epoch: int | None = None
    """Repetition, counted as the source counts."""
    logged_scores: Mapping[str, Any] | None = None
    """Scores that the log already holds, by scorer."""


@dataclass(frozen=True, slots=True)
class Transcript:
    """One conversation, ready to be judged."""

    id: str
    """Identifier, from the source where it has one."""
    source: str
    """File and record that it came from."""
    messages: tuple[Message, ...]
    """All turns in order."""
    warnings: tuple[str, ...] = ()
    """Oddities met while reading; none of them lost text."""
    gaps: tuple[str, ...] = ()
    """What is known to be missing or unreadable; a transcript with gaps is `partial`, never clean."""
    facts: LogFacts = field(default_factory=LogFacts)
    """What the log says of itself."""


@dataclass(frozen=True, slots=True)
class Unscored:
    """A row that was met but could not be judged."""

    id: str
    """Identifier, from the source where it could be read; else made from its place."""
    source: str
    """File and record that it came from."""
    reason: str
    """Same sentence form as an error: where, what is wrong, what to do next."""


Row = Transcript | Unscored


@dataclass(frozen=True, slots=True)
class PrincipleScore:
    """How far one principle is violated, or honoured."""

    id: str
    """The principle's id."""
    polarity: str
    """`violation` or `virtue`."""
    score: float
    """Pooled probability, 0 to 1, on the scale of the principle's label."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A segment that moved a verdict most."""

    label: Label
    """Label it speaks for."""
    principle: str
    """Id of the principle it matched best."""
    message: int
    """Index of the message in the transcript, from 0."""
    field: Field
    """Field of that message."""
    part: int
    """Index of the part within the field, from 0."""
    start: int
    """First character within that part's text, in code points."""
    stop: int
    """One past the last character, in code points."""
    quote: str | None
    """The text itself; None when quotes are withheld."""
    score: float
    """Probability of the label if this segment stood alone, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One transcript under one constitution."""

    id: str
    """Identifier of the transcript."""
    source: str
    """File and record that it came from."""
    status: Status
    """Whether it was read whole, in part, or not judged."""
    error: str | None
    """Why it was not judged, or not whole."""
    warnings: tuple[str, ...]
    """Oddities met."""
    probabilities: Mapping[Label, float | None]
    """Calibrated probability of each of the five labels; None for a label without a principle, or when unscored."""
    other: Mapping[Label, float]
    """The same for the owner's own labels; not calibrated."""
    risk: float | None
    """Calibrated probability that any negative label holds."""
    verdict: VerdictWord
    """The word for it."""
    flags: tuple[Label, ...]
    """Negative labels at or over their flag line."""
    principles: tuple[PrincipleScore, ...]
    """The most violated and most honoured principles, strongest first."""
    evidence: tuple[Evidence, ...]
    """Strongest first within each label."""
    judged_tokens: int
    """Word pieces of the assistant's own text that were judged."""
    segments: int
    """Segments that were judged."""
    bundle: str
    """Digest of the bundle's manifest."""
    constitution: str
    """Digest of the constitution it was scored under."""
    facts: LogFacts = field(default_factory=LogFacts)
    """What the log says of itself."""
