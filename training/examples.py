"""Labelled transcripts to what the network is fitted on: segments with a target for each label and principle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.encoder import Layout, Layouter
from classifier.records import LABELS, Evidence
from classifier.segmentation import Segment
from constitution import Constitution
from training.corpus_reader import LabelledTranscript, Span

UNKNOWN: Final = -1
"""Target that is left out of the loss."""
OVERLAP: Final = 0.5
"""A segment is evidence when at least this share of it, or of the quoted span, lies in the other."""


@dataclass(frozen=True, slots=True)
class Example:
    """One transcript, cut and laid out for the network."""

    record: LabelledTranscript
    """Where it comes from."""
    layouts: tuple[Layout, ...]
    """One a segment, in reading order."""
    labels: NDArray[np.int8]
    """Shape (n_labels,): the transcript's own labels; 1, 0 or `UNKNOWN`."""
    targets: NDArray[np.int8]
    """Shape (n_segments, n_labels): 1 for evidence, 0 where the transcript's label is 0, else `UNKNOWN`."""
    decoys: NDArray[np.bool_]
    """Shape (n_segments, n_labels): looks like the label and is not."""
    principles: NDArray[np.int8]
    """Shape (n_segments, n_principles): 1 where a named principle meets its label's evidence, else `UNKNOWN` or 0."""


def make_example(record: LabelledTranscript, layouter: Layouter, constitution: Constitution) -> Example:
    """Cut a transcript as the judge does, and carry labels, evidence and decoys over to its segments."""
    segments = layouter.segmenter.segment(record.transcript)
    labels = np.array([_target(record.labels[label]) for label in LABELS], dtype=np.int8)
    targets = np.full((len(segments), len(LABELS)), UNKNOWN, dtype=np.int8)
    targets[:, labels == 0] = 0
    decoys = np.zeros((len(segments), len(LABELS)), dtype=np.bool_)
    for row, segment in enumerate(segments):
        for column, label in enumerate(LABELS):
            if labels[column] == 1 and any(s.label == label and touches(segment, s) for s in record.evidence):
                targets[row, column] = 1
            elif any(s.label == label and touches(segment, s) for s in record.decoys):
                decoys[row, column] = True
                targets[row, column] = 0
    layouts = tuple(layouter.segment(segment) for segment in segments)
    return Example(record, layouts, labels, targets, decoys, _principle_targets(record, targets, constitution))


def touches(segment: Segment | Evidence, span: Span) -> bool:
    """Say whether a segment and a quoted span are about the same words."""
    if (segment.message, segment.field, segment.part) != (span.message, span.field, span.part):
        return False
    shared = min(segment.stop, span.stop) - max(segment.start, span.start)
    return shared > 0 and shared >= OVERLAP * min(segment.stop - segment.start, span.stop - span.start)


def _principle_targets(
    record: LabelledTranscript, targets: NDArray[np.int8], constitution: Constitution
) -> NDArray[np.int8]:
    """Name the principles at work in evidence; where a transcript names some of a label, its others are 0 there."""
    found = np.full((len(targets), len(constitution.principles)), UNKNOWN, dtype=np.int8)
    for column, principle in enumerate(constitution.principles):
        label = LABELS.index(principle.label)
        rows = targets[:, label] == 1
        if record.principles.get(principle.id) == 1:
            found[rows, column] = 1
        elif any(record.principles.get(other.id) == 1 for other in constitution.by_label()[principle.label]):
            found[rows, column] = 0
    return found


def _target(label: int | None) -> int:
    return UNKNOWN if label is None else label


def thin(example: Example, most: int, rng: np.random.Generator) -> Example:
    """Keep so many segments of a long transcript: evidence and decoys first, the rest drawn at random."""
    n_segments = len(example.layouts)
    if n_segments <= most:
        return example
    marked = (example.targets == 1).any(axis=1) | example.decoys.any(axis=1)
    kept = np.sort(np.argsort(rng.random(n_segments) - marked.astype(np.float64))[:most])
    return replace(
        example,
        layouts=tuple(example.layouts[int(row)] for row in kept),
        targets=example.targets[kept],
        decoys=example.decoys[kept],
        principles=example.principles[kept],
    )


def batch_scenarios(
    examples: Sequence[Example], *, most_segments: int, rng: np.random.Generator
) -> list[list[Example]]:
    """Deal whole scenarios out to batches in random order, so that the variants of one are contrasted in one step.

    Parameters
    ----------
    examples : sequence of Example
    most_segments : int
        A batch is closed before it passes this number; one scenario alone may be larger.
    rng : numpy.random.Generator
        Decides the order.
    """
    scenarios: dict[str, list[Example]] = {}
    for example in examples:
        if example.layouts:
            scenarios.setdefault(example.record.scenario, []).append(example)
    names = sorted(scenarios)
    batches: list[list[Example]] = []
    current: list[Example] = []
    for index in rng.permutation(len(names)):
        group = scenarios[names[index]]
        if current and sum(len(e.layouts) for e in [*current, *group]) > most_segments:
            batches.append(current)
            current = []
        current = [*current, *group]
    return [*batches, current] if current else batches
