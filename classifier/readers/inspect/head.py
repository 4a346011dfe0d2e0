"""What an Inspect log says of itself before its samples."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from classifier.records import LogFacts

NEWEST_VERSION: Final = 3
"""Newest version of logs that is read; Inspect 0.3 writes 2, a development build wrote 3."""
CONDITIONS: Final = ("condition", "mode")
"""Keys of metadata that hold the experimental condition; control evaluations write `mode`."""


@dataclass(frozen=True, slots=True)
class LogHead:
    """The part of a log that all its samples share."""

    version: object = None
    """As the log gives it; None where the header is lost."""
    status: str | None = None
    """`started`, `success`, `cancelled` or `error`; None where the header is lost."""
    error: str | None = None
    """Why the evaluation failed."""
    task: str | None = None
    """Name of the task."""
    model: str | None = None
    """Name of the model under evaluation."""
    condition: str | None = None
    """Experimental condition, where the metadata name one."""

    @classmethod
    def of(cls, log: Mapping[str, Any]) -> LogHead:
        """Read a log's header, or the entry that a running log starts with."""
        spec = mapping(log.get("eval"))
        return cls(
            log.get("version"),
            _text(log.get("status")) or "started",
            _text(mapping(log.get("error")).get("message")),
            _text(spec.get("task")),
            _text(spec.get("model")),
            _condition(spec),
        )

    @property
    def unsupported(self) -> str | None:
        """Why the log cannot be read, where its version is newer than this reader."""
        if isinstance(self.version, int) and self.version > NEWEST_VERSION:
            return f"log version is {self.version}, this version reads up to {NEWEST_VERSION}"
        return None

    @property
    def ending(self) -> str:
        """How the evaluation ended, in words."""
        return f"status {self.status}" + (f": {self.error}" if self.error else "")

    def facts(self, sample: Mapping[str, Any], agent: str | None) -> LogFacts:
        """Return the facts of one sample's conversation."""
        epoch = sample.get("epoch")
        name = sample.get("id")
        return LogFacts(
            agent=agent,
            subject_model=self.model or _text(mapping(sample.get("output")).get("model")),
            task=self.task,
            condition=_condition(sample) or self.condition,
            scenario=None if name is None else str(name),
            epoch=epoch if type(epoch) is int else None,
            logged_scores=_scores(sample),
        )


def mapping(value: object) -> Mapping[str, Any]:
    """Return a JSON object, or an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _condition(holder: Mapping[str, Any]) -> str | None:
    metadata = mapping(holder.get("metadata"))
    return next((found for key in CONDITIONS if (found := _text(metadata.get(key)))), None)


def _scores(sample: Mapping[str, Any]) -> dict[str, Any] | None:
    scores = mapping(sample.get("scores")) or ({"score": sample["score"]} if sample.get("score") else {})
    return {name: _finite(mapping(score).get("value")) for name, score in scores.items()} or None


def _finite(value: Any) -> Any:
    """Write numbers that JSON does not know as their names."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, Mapping):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_finite(item) for item in value]
    return value
