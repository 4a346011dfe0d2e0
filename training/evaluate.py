"""The quality table: the judge beside its baselines, per label and for risk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from classifier.calibration import Calibration, sigmoid
from classifier.judge import Judge
from classifier.records import LABELS, NEGATIVE_LABELS, Verdict
from training.calibrate import Pooled, calibrated_log_odds, fit_calibration
from training.corpus_reader import LabelledTranscript
from training.examples import touches
from training.metrics import (
    Figure,
    auroc,
    bootstrap,
    expected_calibration_error,
    mean_score,
    pairwise_accuracy,
    tpr_at,
)

TARGETS: Final = (*LABELS, "risk")
METRICS: Final = {
    "AUROC": auroc,
    "pairwise": pairwise_accuracy,
    "TPR@5%": tpr_at(0.05),
    "TPR@1%": tpr_at(0.01),
    "ECE": expected_calibration_error,
}

EVIDENCE: Final = "evidence"
"""Evidence hit rate: of the transcripts where a label holds, the share whose strongest segment was quoted for it."""


@dataclass(frozen=True, slots=True)
class Scores:
    """One judge's scores of labelled transcripts."""

    values: NDArray[np.float64]
    """Shape (n_transcripts, n_targets), columns as `TARGETS`; NaN where it gives none."""
    labels: NDArray[np.int8]
    """The same shape: 1, 0 or -1 for unknown."""
    scenarios: tuple[str, ...]
    """Scenario of each transcript."""
    hits: NDArray[np.float64] | None = None
    """Shape (n_transcripts, n_labels): 1 where a label that holds has its strongest segment in quoted evidence, 0 where
    elsewhere, NaN where the label does not hold or nothing is quoted; None for a judge that quotes nothing."""

    def rows(self, first: int, stop: int | None) -> Scores:
        """Return the scores of a run of transcripts."""
        hits = None if self.hits is None else self.hits[first:stop]
        return Scores(self.values[first:stop], self.labels[first:stop], self.scenarios[first:stop], hits)


@dataclass(frozen=True, slots=True)
class QualityRow:
    """One judge on one target."""

    judge: str
    """Name of the judge or baseline."""
    target: str
    """A label, or `risk`."""
    positives: int
    """Support."""
    negatives: int
    """Support."""
    figures: dict[str, Figure]
    """Metric name to figure."""


@dataclass(frozen=True, slots=True)
class QualityTable:
    """The table of the quality protocol."""

    rows: tuple[QualityRow, ...]
    """Judges in the order given, targets in the order of `TARGETS`."""

    def as_markdown(self) -> str:
        """Write the table for people."""
        columns = (*METRICS, EVIDENCE)
        head = "| judge | target | pos / neg | " + " | ".join(columns) + " |"
        lines = [head, "|---" * (3 + len(columns)) + "|"]
        for row in self.rows:
            figures = " | ".join(str(row.figures[name]) for name in columns)
            lines.append(f"| {row.judge} | {row.target} | {row.positives} / {row.negatives} | {figures} |")
        return "\n".join(lines)

    def as_rows(self) -> list[dict[str, Any]]:
        """Return the table as JSON values; an undefined figure is null."""
        rows = []
        for row in self.rows:
            figures = {
                name: {key: None if np.isnan(value) else value for key, value in asdict(figure).items()}
                for name, figure in row.figures.items()
            }
            rows.append({**asdict(row), "figures": figures})
        return rows


def quality_table(judges: Sequence[tuple[str, Scores]], *, seed: int) -> QualityTable:
    """Measure each judge on each target that has positives and negatives, intervals over scenarios."""
    rows = []
    for name, scores in judges:
        for column, target in enumerate(TARGETS):
            known = (scores.labels[:, column] >= 0) & ~np.isnan(scores.values[:, column])
            y_true, values = scores.labels[known, column], scores.values[known, column]
            if not (y_true == 1).any() or not (y_true == 0).any():
                continue
            scenarios = [scenario for scenario, keep in zip(scores.scenarios, known, strict=True) if keep]
            figures = {
                metric_name: bootstrap(metric, y_true, values, scenarios, rng=np.random.default_rng(seed))
                for metric_name, metric in METRICS.items()
            }
            figures[EVIDENCE] = _hit_rate(scores, column, seed)
            rows.append(QualityRow(name, target, int((y_true == 1).sum()), int((y_true == 0).sum()), figures))
    return QualityTable(tuple(rows))


def _hit_rate(scores: Scores, column: int, seed: int) -> Figure:
    if scores.hits is None or column >= len(LABELS):
        return Figure(float("nan"), float("nan"), float("nan"))
    known = ~np.isnan(scores.hits[:, column])
    scenarios = [scenario for scenario, keep in zip(scores.scenarios, known, strict=True) if keep]
    if not scenarios:
        return Figure(float("nan"), float("nan"), float("nan"))
    hits = scores.hits[known, column]
    rng = np.random.default_rng(seed)
    return bootstrap(mean_score, np.ones(len(hits), dtype=np.int8), hits, scenarios, rng=rng)


def judge_scores(judge: Judge, records: Sequence[LabelledTranscript]) -> Scores:
    """Score labelled transcripts with a bundle."""
    values, hits = [], []
    for record, verdict in zip(records, judge([record.transcript for record in records]), strict=True):
        probabilities = (*(verdict.probabilities[label] for label in LABELS), verdict.risk)
        values.append([np.nan if p is None else p for p in probabilities])
        hits.append([_hit(record, verdict, label) for label in LABELS])
    scenarios = tuple(r.scenario for r in records)
    return Scores(np.array(values, dtype=np.float64), label_rows(records), scenarios, np.array(hits))


def _hit(record: LabelledTranscript, verdict: Verdict, label: str) -> float:
    quoted = [span for span in record.evidence if span.label == label]
    strongest = next((item for item in verdict.evidence if item.label == label), None)
    if record.labels[label] != 1 or not quoted or strongest is None:
        return float("nan")
    return float(any(touches(strongest, span) for span in quoted))


def calibrated_scores(records: Sequence[LabelledTranscript], pooled: Pooled) -> Scores:
    """Turn held-out pooled logits to probabilities by a calibration fitted on the other half of the scenarios.

    The calibration that ships is fitted on all of them; this one measures without that advantage.
    """
    scenarios = [record.scenario for record in records]
    half = np.array([sum(map(ord, scenario)) % 2 for scenario in scenarios])
    values = np.full((len(records), len(TARGETS)), np.nan)
    for side in (0, 1):
        calibration = fit_calibration(_take(pooled, half != side))
        values[half == side] = _probabilities(calibration, _take(pooled, half == side))
    return Scores(values, label_rows(records), tuple(scenarios), pooled.hits)


def scores_under(calibration: Calibration, records: Sequence[LabelledTranscript], pooled: Pooled) -> Scores:
    """Turn pooled logits to probabilities by a calibration that was fitted elsewhere."""
    scenarios = tuple(r.scenario for r in records)
    return Scores(_probabilities(calibration, pooled), label_rows(records), scenarios, pooled.hits)


def _probabilities(calibration: Calibration, pooled: Pooled) -> NDArray[np.float64]:
    log_odds = calibrated_log_odds(pooled, calibration.labels)
    risk = [calibration.risk({label: row[LABELS.index(label)] for label in NEGATIVE_LABELS}) for row in log_odds]
    return np.column_stack([np.vectorize(sigmoid)(log_odds), risk])


def label_rows(records: Sequence[LabelledTranscript]) -> NDArray[np.int8]:
    """Return labels and risk, 1, 0 or -1 for unknown; shape (n_transcripts, n_targets)."""
    rows = [[-1 if v is None else v for v in (*(r.labels[label] for label in LABELS), r.risk)] for r in records]
    return np.array(rows, dtype=np.int8)


def _take(pooled: Pooled, rows: NDArray[np.bool_]) -> Pooled:
    return Pooled(pooled.logits[rows], pooled.n_segments[rows], pooled.labels[rows], pooled.hits[rows])
