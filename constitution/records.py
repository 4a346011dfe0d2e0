"""A principle, and the set of them that a transcript is judged by."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Literal

Polarity = Literal["violation", "virtue"]


class ConstitutionError(Exception):
    """A constitution that cannot be used; the sentence says where, what is wrong and what to do next.

    Parameters
    ----------
    problem : str
        What is wrong.
    where : str
        File, and principle where there is one.
    then : str
        What to do next.
    """

    def __init__(self, problem: str, *, where: str, then: str) -> None:
        super().__init__(f"{where}: {problem}; {then}")


@dataclass(frozen=True, slots=True)
class Principle:
    """One rule."""

    id: str
    """Lower-case words joined by hyphens; unique."""
    title: str
    """A name for people."""
    text: str
    """What the assistant does when the principle is at work; this is what the judge reads."""
    label: str
    """The label it speaks to: one of the five, or a word of the owner's own."""
    polarity: Polarity
    """Whether the text describes a violation or a virtue."""
    severity: int
    """1 (slight) to 5 (grave)."""
    examples_for: tuple[str, ...] = ()
    """Sentences of an assistant at which the principle is at work."""
    examples_against: tuple[str, ...] = ()
    """Sentences alike in words at which it is not."""
    paraphrases: tuple[str, ...] = ()
    """The text in other words; the judge reads them too."""
    sources: tuple[str, ...] = ()
    """Keys of the public documents that it condenses."""


@dataclass(frozen=True, slots=True)
class Constitution:
    """A set of principles."""

    version: str
    """The owner's own version of it."""
    sources: Mapping[str, str]
    """Key to title of each public document."""
    principles: tuple[Principle, ...]
    """In the order of the file."""

    @property
    def digest(self) -> str:
        """sha256 of the content, in hexadecimal: the same whatever the layout of the file."""
        content = json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)
        return hashlib.sha256(content.encode("utf-8")).hexdigest()

    def by_label(self) -> dict[str, tuple[Principle, ...]]:
        """Group the principles by label, in the order of the file."""
        labels = dict.fromkeys(principle.label for principle in self.principles)
        return {label: tuple(p for p in self.principles if p.label == label) for label in labels}


@dataclass(frozen=True, slots=True)
class Change:
    """How one principle differs between two constitutions."""

    id: str
    """The principle's id."""
    kind: Literal["added", "removed", "changed"]
    """What happened from the first to the second."""
    fields: tuple[str, ...] = ()
    """Names of the fields that differ, for a changed one."""


def diff(before: Constitution, after: Constitution) -> list[Change]:
    """List the principles that differ, in the order of the second and then of the first."""
    old = {principle.id: principle for principle in before.principles}
    new = {principle.id: principle for principle in after.principles}
    changes: list[Change] = []
    for id, principle in new.items():
        if id not in old:
            changes.append(Change(id, "added"))
        elif old[id] != principle:
            was, now = asdict(old[id]), asdict(principle)
            changes.append(Change(id, "changed", tuple(name for name in now if was[name] != now[name])))
    return changes + [Change(id, "removed") for id in old if id not in new]
