"""Logits of one transcript's segments to its verdict, with evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.calibration import Calibration, sigmoid
from classifier.oddities import find_gaps, find_warnings
from classifier.pooling import pool_principles, pool_segments
from classifier.records import (
    LABELS,
    NEGATIVE_LABELS,
    Evidence,
    Field,
    PrincipleScore,
    Transcript,
    Unscored,
    Verdict,
    VerdictWord,
)
from classifier.segmentation import Segment
from constitution import Constitution

MOST_EVIDENCE: Final = 3
"""Passages quoted for one label."""
MOST_PRINCIPLES: Final = 3
"""Principles named for each polarity."""
SHOWN_PROBABILITY: Final = 0.2
"""A label less likely than this is not argued for with evidence, unless it is flagged."""


@dataclass(frozen=True, slots=True)
class Lens:
    """What a judge sees through: a constitution, a calibration and lines, the same for every row."""

    constitution: Constitution
    """Principles that are judged by."""
    labels: tuple[str, ...]
    """Labels that have a principle: ours first, in the order of `LABELS`, then the owner's."""
    members: tuple[tuple[int, ...], ...]
    """For each label, indices of its principles."""
    calibration: Calibration
    """From pooled logits to log-odds."""
    flag_lines: Mapping[str, float]
    """Probability at which a negative label is flagged."""
    clean_lines: Mapping[str, float]
    """Probability below which it is clean."""
    bundle: str
    """Digest of the bundle."""
    warnings: tuple[str, ...]
    """What every verdict must own up to."""

    @classmethod
    def of(
        cls,
        constitution: Constitution,
        calibration: Calibration,
        *,
        flag_lines: Mapping[str, float],
        clean_lines: Mapping[str, float],
        bundle: str,
        fitted_on: str,
    ) -> Lens:
        """Group a constitution's principles by label."""
        found = [principle.label for principle in constitution.principles]
        labels = tuple(label for label in (*LABELS, *dict.fromkeys(found)) if label in found)
        labels = tuple(dict.fromkeys(labels))
        members = tuple(tuple(i for i, label in enumerate(found) if label == wanted) for wanted in labels)
        changed = constitution.digest != fitted_on
        warnings = ("constitution is not the one that the bundle was calibrated on",) if changed else ()
        return cls(constitution, labels, members, calibration, flag_lines, clean_lines, bundle, warnings)

    def logit(self, label: str, pooled: float, n_segments: int) -> float:
        """Return a label's log-odds; an owner's own label borrows the mean of the calibrations."""
        known = self.calibration.labels
        if label in known:
            return known[label].logit(pooled, n_segments)
        return float(np.mean([calibration.logit(pooled, n_segments) for calibration in known.values()]))


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a verdict is made from."""

    transcript: Transcript
    """The transcript."""
    segments: Sequence[Segment]
    """Its segments, in reading order."""
    logits: NDArray[np.float32]
    """Shape (n_segments, n_principles)."""


@dataclass(frozen=True, slots=True)
class SegmentScore:
    """What one segment would score if it stood alone."""

    message: int
    """Index of the message, from 0."""
    field: Field
    """Field of that message."""
    part: int
    """Index of the part within the field, from 0."""
    start: int
    """First character, in code points."""
    stop: int
    """One past the last."""
    probabilities: Mapping[str, float]
    """Probability of each label."""
    principle: Mapping[str, str]
    """For each label, id of the principle that matched best."""


def refuse(lens: Lens, row: Unscored) -> Verdict:
    """Give the verdict of a row that could not be judged."""
    return Verdict(
        id=row.id,
        source=row.source,
        status="unscored",
        error=row.reason,
        warnings=(),
        probabilities=dict.fromkeys(LABELS),
        other={},
        risk=None,
        verdict="unscored",
        flags=(),
        principles=(),
        evidence=(),
        judged_tokens=0,
        segments=0,
        bundle=lens.bundle,
        constitution=lens.constitution.digest,
    )


def rule(lens: Lens, ruling: Ruling) -> Verdict:
    """Give the verdict of one transcript."""
    transcript = ruling.transcript
    if not ruling.segments:
        unscored = refuse(lens, _nothing_to_judge(transcript))
        return replace(unscored, warnings=transcript.warnings, facts=transcript.facts)
    n_segments = len(ruling.segments)
    label_logits = pool_principles(ruling.logits, lens.members)
    pooled = pool_segments(label_logits)
    logits = {label: lens.logit(label, float(pooled[i]), n_segments) for i, label in enumerate(lens.labels)}
    probabilities = {label: sigmoid(logit) for label, logit in logits.items()}
    negative = [label for label in lens.labels if label in NEGATIVE_LABELS]
    flags = tuple(label for label in negative if probabilities[label] >= lens.flag_lines[label])
    gaps = (*transcript.gaps, *find_gaps(transcript))
    shown = [label for label in lens.labels if probabilities[label] >= SHOWN_PROBABILITY or label in flags]
    return Verdict(
        id=transcript.id,
        source=transcript.source,
        status="partial" if gaps else "scored",
        error="; ".join(gaps) or None,
        warnings=(*transcript.warnings, *find_warnings(transcript), *lens.warnings, *_uncalibrated(lens)),
        probabilities={label: probabilities.get(label) for label in LABELS},
        other={label: probabilities[label] for label in lens.labels if label not in LABELS},
        risk=lens.calibration.risk(logits) if negative else None,
        verdict=_word(lens, probabilities, flags, partial=bool(gaps)),
        flags=flags,
        principles=_principles(lens, ruling),
        evidence=tuple(item for label in shown for item in _evidence(lens, ruling, label_logits, label)),
        judged_tokens=sum(len(segment.tokens) for segment in ruling.segments),
        segments=n_segments,
        bundle=lens.bundle,
        constitution=lens.constitution.digest,
        facts=transcript.facts,
    )


def segment_scores(lens: Lens, segments: Sequence[Segment], logits: NDArray[np.float32]) -> list[SegmentScore]:
    """Score each segment as if it were a transcript of its own."""
    if not segments:
        return []
    label_logits = pool_principles(logits, lens.members)
    ids = [principle.id for principle in lens.constitution.principles]
    scores = []
    for row, segment in enumerate(segments):
        probabilities = {
            label: sigmoid(lens.logit(label, float(label_logits[row, i]), 1)) for i, label in enumerate(lens.labels)
        }
        best = {
            label: ids[max(members, key=lambda column: logits[row, column])]  # used within this turn
            for label, members in zip(lens.labels, lens.members, strict=True)
        }
        scores.append(
            SegmentScore(segment.message, segment.field, segment.part, segment.start, segment.stop, probabilities, best)
        )
    return scores


def _nothing_to_judge(transcript: Transcript) -> Unscored:
    turns = sum(message.role == "assistant" for message in transcript.messages)
    problem = "the assistant's turns hold no text" if turns else "there is no assistant turn"
    known = f" ({'; '.join(transcript.gaps)})" if transcript.gaps else ""
    reason = f"{transcript.source}: {problem}{known}; leave the row out"
    return Unscored(transcript.id, transcript.source, reason)


def _uncalibrated(lens: Lens) -> list[str]:
    return [f"label {label} is not calibrated" for label in lens.labels if label not in LABELS]


def _word(lens: Lens, probabilities: Mapping[str, float], flags: Sequence[str], *, partial: bool) -> VerdictWord:
    """Choose the word; where clean and flag line cross, the flag line alone decides."""
    if flags:
        return "flagged"
    lines = {label: min(lens.clean_lines[label], lens.flag_lines[label]) for label in NEGATIVE_LABELS}
    judged = [label for label in NEGATIVE_LABELS if label in probabilities]
    clean = judged and all(probabilities[label] < lines[label] for label in judged)
    return "clean" if clean and not partial else "uncertain"


def _principles(lens: Lens, ruling: Ruling) -> tuple[PrincipleScore, ...]:
    """Name the principles of each polarity that matched best, strongest first."""
    pooled = pool_segments(ruling.logits)
    n_segments = len(ruling.segments)
    scores = [
        PrincipleScore(p.id, p.polarity, sigmoid(lens.logit(p.label, float(pooled[i]), n_segments)))
        for i, p in enumerate(lens.constitution.principles)
    ]
    ranked = sorted(scores, key=lambda score: (-score.score, score.id))
    return tuple(
        score
        for polarity in ("violation", "virtue")
        for score in [score for score in ranked if score.polarity == polarity][:MOST_PRINCIPLES]
    )


def _evidence(lens: Lens, ruling: Ruling, label_logits: NDArray[np.float32], label: str) -> list[Evidence]:
    """Quote the segments that score highest for a label, strongest first."""
    column = lens.labels.index(label)
    members = lens.members[column]
    order = np.argsort(-label_logits[:, column], kind="stable")[:MOST_EVIDENCE]
    found: list[Evidence] = []
    for row in order:
        segment = ruling.segments[int(row)]
        score = sigmoid(lens.logit(label, float(label_logits[row, column]), 1))
        if found and score < SHOWN_PROBABILITY:
            break
        best = max(members, key=lambda index: ruling.logits[row, index])  # used within this turn
        text = ruling.transcript.messages[segment.message].parts(segment.field)[segment.part]
        found.append(
            Evidence(
                label=label,
                principle=lens.constitution.principles[best].id,
                message=segment.message,
                field=segment.field,
                part=segment.part,
                start=segment.start,
                stop=segment.stop,
                quote=text[segment.start : segment.stop],
                score=score,
            )
        )
    return found
