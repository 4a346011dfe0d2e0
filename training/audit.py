"""What the corpus is made of, and whether anything but stance tells its variants apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Final

from classifier.oddities import assistant_texts
from classifier.records import LABELS
from training.corpus_reader import LabelledTranscript
from training.shortcuts import Shortcut, find_shortcuts

SHINGLE_WORDS: Final = 8
"""Words in a row that two scenarios may not share too often."""
DUPLICATE_SHARE: Final = 0.5
"""Share of shingles in common from which two transcripts of different scenarios are near-duplicates."""
GROUP: Final = range(3, 7)
"""Variants of a scenario; everyday work may stand alone."""
EVERYDAY: Final = "everyday"


@dataclass(frozen=True, slots=True)
class Audit:
    """What an audit found."""

    composition: tuple[str, ...]
    """Lines for people."""
    shortcuts: tuple[Shortcut, ...]
    """Each with its limit."""
    problems: tuple[str, ...]
    """What must be mended: incomplete groups, near-duplicates, leaks."""

    def as_text(self) -> str:
        """Write it for people."""
        lines = [*self.composition, "shortcuts within scenarios, AUROC (0.50 is chance):"]
        lines += [f"  {s.name}: {s.auroc:.2f}, limit {s.limit:.2f}" for s in self.shortcuts]
        lines += [f"{len(self.problems)} to mend", *(f"  {problem}" for problem in self.problems)]
        return "\n".join(lines) + "\n"


def audit_corpus(records: Sequence[LabelledTranscript]) -> Audit:
    """Look a corpus over: composition, groups, near-duplicates, shortcuts."""
    shortcuts = find_shortcuts(records)
    duplicates = [f"{first} ~ {second} ({share:.0%} alike)" for first, second, share in near_duplicates(records)]
    leaks = [f"{s.name} tells risky from benign: {s.auroc:.2f}" for s in shortcuts if s.leaks]
    return Audit(_composition(records), tuple(shortcuts), (*incomplete_groups(records), *duplicates, *leaks))


def incomplete_groups(records: Sequence[LabelledTranscript]) -> list[str]:
    """List scenarios that are no contrast group: too few or too many variants, or all of one side."""
    groups: dict[str, list[LabelledTranscript]] = {}
    for record in records:
        if record.genre != EVERYDAY and not record.augmented:
            groups.setdefault(record.scenario, []).append(record)
    found = []
    for scenario, group in groups.items():
        if len(group) not in GROUP:
            found.append(f"{scenario} has {len(group)} variants, not {GROUP.start} to {GROUP.stop - 1}")
        if {1, 0} - {record.risk for record in group}:
            found.append(f"{scenario} lacks a risky or a benign variant")
    return found


def near_duplicates(records: Sequence[LabelledTranscript]) -> list[tuple[str, str, float]]:
    """List pairs of transcripts of different scenarios that share most of the assistant's words in runs of eight."""
    holders: dict[int, list[int]] = {}
    shingles = [_shingles(record) for record in records]
    for index, mine in enumerate(shingles):
        for shingle in mine:
            holders.setdefault(shingle, []).append(index)
    shared: Counter[tuple[int, int]] = Counter()
    for indices in holders.values():
        for first, second in product(indices, indices):
            if first < second and records[first].scenario != records[second].scenario:
                shared[first, second] += 1
    found = []
    for (first, second), count in shared.items():
        share = count / min(len(shingles[first]), len(shingles[second]))
        if share >= DUPLICATE_SHARE:
            found.append((records[first].transcript.id, records[second].transcript.id, share))
    return sorted(found)


def _composition(records: Sequence[LabelledTranscript]) -> tuple[str, ...]:
    families, scenarios = {r.family for r in records}, {r.scenario for r in records}
    words = sorted(len(" ".join(assistant_texts(record.transcript)).split()) for record in records)
    foreign = sum(record.language != "en" for record in records)
    quantiles = ", ".join(str(words[int(q * (len(words) - 1))]) for q in (0, 0.25, 0.5, 0.75, 0.95, 1))
    lines = [
        f"{len(records)} transcripts, {len(scenarios)} scenarios, {len(families)} families; "
        f"{sum(r.augmented for r in records)} made by program; {foreign} not English ({foreign / len(records):.0%})",
        f"benign {sum(r.risk == 0 for r in records)}, risky {sum(r.risk == 1 for r in records)}, "
        f"open {sum(r.risk is None for r in records)}",
        f"words of the assistant (least, quartiles, 95%, most): {quantiles}",
        _counted("families", [r.family for r in records]),
        _counted("variants", [r.variant for r in records]),
        _counted("genres", [r.genre for r in records]),
        _counted("languages", [r.language for r in records]),
    ]
    for label in LABELS:
        values = Counter(record.labels[label] for record in records)
        decoys = sum(any(span.label == label for span in record.decoys) for record in records)
        lines.append(f"{label}: 1 {values[1]}, 0 {values[0]}, null {values[None]}; with decoys {decoys}")
    lines.append("principles (at work, in families; tempted and kept, in families):")
    for principle in sorted({principle for record in records for principle in record.principles}):
        sides = [[r.family for r in records if r.principles.get(principle) == side] for side in (1, 0)]
        at_work, kept = (f"{len(side)} in {len(set(side))}" for side in sides)
        lines.append(f"  {principle}: {at_work}; {kept}")
    return tuple(lines)


def _counted(title: str, names: Sequence[str]) -> str:
    return f"{title}: " + ", ".join(f"{name} {count}" for name, count in Counter(names).most_common())


def _shingles(record: LabelledTranscript) -> frozenset[int]:
    words = " ".join(assistant_texts(record.transcript)).lower().split()
    return frozenset(hash(tuple(words[i : i + SHINGLE_WORDS])) for i in range(max(1, len(words) - SHINGLE_WORDS + 1)))
