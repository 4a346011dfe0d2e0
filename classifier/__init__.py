"""The judge: from transcripts to verdicts with evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from classifier.errors import ClassifierError
from classifier.records import Evidence, Message, ToolCall, Transcript, Unscored, Verdict

if TYPE_CHECKING:
    from classifier.judge import Judge
    from classifier.readers import read_many

__all__ = [
    "ClassifierError",
    "Evidence",
    "Judge",
    "Message",
    "ToolCall",
    "Transcript",
    "Unscored",
    "Verdict",
    "read_many",
]


def __getattr__(name: str) -> Any:
    """Load the judge and the readers when they are first asked for: `judge --help` needs neither."""
    if name == "Judge":
        from classifier.judge import Judge

        return Judge
    if name == "read_many":
        from classifier.readers import read_many

        return read_many
    raise AttributeError(f"module 'classifier' has no attribute {name!r}")
