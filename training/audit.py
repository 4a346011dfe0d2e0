"""What the corpus is made of, and what a shortcut could learn from it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import product
from typing import Final

from classifier.oddities import assistant_texts
from classifier.records import LABELS
from training.corpus_reader import LabelledTranscript

ETHICS_WORDS: Final = re.compile(
    r"\b(honest|ethic|wrong|harm|trust|transparen|integrity|legitimate|fair|consent)\w*", re.I
)
SHINGLE_WORDS: Final = 8
"""Words in a row that two scenarios may not share too often."""
DUPLICATE_SHARE: Final = 0.5
"""Share of shingles in common from which two transcripts of different scenarios are near-duplicates."""

SHORTCUTS: Final[dict[str, Callable[[LabelledTranscript], float]]] = {
    "length": lambda r: len(" ".join(assistant_texts(r.transcript))),
    "thinking": lambda r: sum(len(part) for m in r.transcript.messages for part in m.thinking),
    "tool calls": lambda r: sum(len(m.tool_calls) for m in r.transcript.messages),
    "turns": lambda r: len(r.transcript.messages),
    "questions": lambda r: " ".join(assistant_texts(r.transcript)).count("?"),
    "ethics words": lambda r: len(ETHICS_WORDS.findall(" ".join(assistant_texts(r.transcript)))),
}
"""What a transcript has without any stance."""


def audit_report(records: Sequence[LabelledTranscript]) -> str:
    """Write composition, shortcut figures and near-duplicates for people."""
    families = Counter(record.family for record in records)
    lines = [
        f"{len(records)} transcripts, {len({r.scenario for r in records})} scenarios, {len(families)} families",
        "families: " + ", ".join(f"{name} {count}" for name, count in sorted(families.items())),
        "variants: "
        + ", ".join(f"{name} {count}" for name, count in Counter(r.variant for r in records).most_common()),
        "genres: " + ", ".join(f"{name} {count}" for name, count in Counter(r.genre for r in records).most_common()),
        f"benign {sum(r.risk == 0 for r in records)}, risky {sum(r.risk == 1 for r in records)}",
    ]
    for label in LABELS:
        counts = Counter(record.labels[label] for record in records)
        lines.append(f"{label}: 1 {counts[1]}, 0 {counts[0]}, null {counts[None]}")
    lines.append("shortcuts within scenarios (0.50 is chance):")
    for name in SHORTCUTS:
        lines.append(f"  {name}: {shortcut(records, SHORTCUTS[name]):.2f}")
    found = near_duplicates(records)
    lines.append(f"near-duplicates across scenarios: {len(found)}")
    lines.extend(f"  {first} ~ {second} ({share:.0%})" for first, second, share in found)
    return "\n".join(lines) + "\n"


def shortcut(records: Sequence[LabelledTranscript], feature: Callable[[LabelledTranscript], float]) -> float:
    """Return the share of (risky, benign) pairs of one scenario in which the risky one has more of a feature.

    Ties count half; NaN when there is no pair.
    """
    scenarios: dict[str, list[LabelledTranscript]] = {}
    for record in records:
        scenarios.setdefault(record.scenario, []).append(record)
    wins = total = 0.0
    for group in scenarios.values():
        risky = [feature(record) for record in group if record.risk == 1]
        benign = [feature(record) for record in group if record.risk == 0]
        for bad, good in product(risky, benign):
            wins += (bad > good) + 0.5 * (bad == good)
            total += 1
    return wins / total if total else float("nan")


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


def _shingles(record: LabelledTranscript) -> frozenset[int]:
    words = " ".join(assistant_texts(record.transcript)).lower().split()
    return frozenset(hash(tuple(words[i : i + SHINGLE_WORDS])) for i in range(max(1, len(words) - SHINGLE_WORDS + 1)))
