"""Fit a bundle's calibration and operating points on held-out pooled logits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from classifier.calibration import GATE, SCREEN, Calibration, LabelCalibration
from classifier.records import LABELS, NEGATIVE_LABELS

GATE_FPR: Final = 0.01
"""Highest FPR of the gate on benign transcripts."""
SCREEN_TPR: Final = 0.95
"""Lowest TPR of the screen."""
LENGTH_QUANTILE: Final = 0.75
"""Share of the calibration transcripts within whose lengths the length factor counts. The longest are mostly harmless,
and a factor that follows them buries risky runs of hundreds of segments: docs/experiments.md."""
RATES: Final = (0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0)
"""False-positive rates for which a threshold is kept."""


@dataclass(frozen=True, slots=True)
class Pooled:
    """Held-out pooled logits of a calibration part."""

    logits: NDArray[np.float64]
    """Shape (n_transcripts, n_labels), columns as `LABELS`."""
    n_segments: NDArray[np.int64]
    """Shape (n_transcripts,)."""
    labels: NDArray[np.int8]
    """Shape (n_transcripts, n_labels): 1, 0 or -1 for unknown."""
    hits: NDArray[np.float64]
    """Shape (n_transcripts, n_labels): 1 where a label that holds has its highest segment in quoted evidence, 0 where
    elsewhere, NaN where the label does not hold or nothing is quoted."""

    @property
    def risk(self) -> NDArray[np.int8]:
        """Shape (n_transcripts,): 1 if any negative label is 1, 0 if all are 0, else -1."""
        negative = self.labels[:, [LABELS.index(label) for label in NEGATIVE_LABELS]]
        return np.where((negative == 1).any(axis=1), 1, np.where((negative == 0).all(axis=1), 0, -1)).astype(np.int8)


def fit_calibration(pooled: Pooled) -> Calibration:
    """Fit Platt factors for each label and for risk, and the thresholds of the operating points.

    Parameters
    ----------
    pooled : Pooled
        With positives and negatives of every label.
    """
    labels = {label: _fit_label(pooled, column) for column, label in enumerate(LABELS)}
    log_odds = calibrated_log_odds(pooled, labels)
    joined = np.logaddexp.reduce(log_odds[:, [LABELS.index(label) for label in NEGATIVE_LABELS]], axis=1)
    known = pooled.risk >= 0
    slope, _, intercept = _platt(joined[known], np.zeros(int(known.sum())), pooled.risk[known])
    benign = pooled.risk == 0
    thresholds: dict[str, dict[str, float]] = {SCREEN: {}, GATE: {}}
    curves: dict[str, list[tuple[float, float]]] = {}
    for label in NEGATIVE_LABELS:
        column = LABELS.index(label)
        probabilities = 1.0 / (1.0 + np.exp(-np.clip(log_odds[:, column], -500, 500)))
        negatives = np.sort(probabilities[benign])[::-1]
        thresholds[GATE][label] = threshold_at(negatives, GATE_FPR)
        positives = np.sort(probabilities[pooled.labels[:, column] == 1])
        thresholds[SCREEN][label] = float(positives[int((1.0 - SCREEN_TPR) * len(positives))])
        lowest = 1.0 / len(negatives)
        curves[label] = [(rate, threshold_at(negatives, rate)) for rate in RATES if rate >= min(lowest, 1.0)]
    prevalence = {label: _share(pooled.labels[:, column]) for column, label in enumerate(LABELS)}
    return Calibration(
        labels=labels,
        risk_slope=slope,
        risk_intercept=intercept,
        thresholds=thresholds,
        false_positive_thresholds=curves,
        prevalence={**prevalence, "risk": _share(pooled.risk)},
    )


def calibrated_log_odds(pooled: Pooled, labels: Mapping[str, LabelCalibration]) -> NDArray[np.float64]:
    """Return log-odds of shape (n_transcripts, n_labels)."""
    rows = [
        [labels[label].logit(float(row[column]), int(n)) for column, label in enumerate(LABELS)]
        for row, n in zip(pooled.logits, pooled.n_segments, strict=True)
    ]
    return np.array(rows, dtype=np.float64)


def threshold_at(negatives: Sequence[float] | NDArray[np.float64], rate: float) -> float:
    """Return the lowest probability that at most this share of negatives reaches.

    Parameters
    ----------
    negatives : sequence of float
        Probabilities of negatives, highest first.
    rate : float
        0 to 1.
    """
    allowed = int(rate * len(negatives))
    if allowed >= len(negatives):
        return 0.0
    return float(np.nextafter(np.float64(negatives[allowed]), 2.0))


def _fit_label(pooled: Pooled, column: int) -> LabelCalibration:
    known = pooled.labels[:, column] >= 0
    lengths = np.log(np.maximum(pooled.n_segments[known], 1)).astype(np.float64)
    longest = float(np.quantile(lengths, LENGTH_QUANTILE))
    slope, length, intercept = _platt(
        pooled.logits[known, column], np.minimum(lengths, longest), pooled.labels[known, column]
    )
    return LabelCalibration(slope, length, intercept, longest)


def _platt(
    logits: NDArray[np.float64], lengths: NDArray[np.float64], labels: NDArray[np.int8]
) -> tuple[float, float, float]:
    """Fit slope, length factor (at most 0) and intercept by logistic regression."""
    # Imported here: the corpus commands load this package without scikit-learn.
    from sklearn.linear_model import LogisticRegression

    both = np.column_stack([logits, lengths])
    model = LogisticRegression(C=10.0).fit(both, labels)
    if model.coef_[0, 1] > 0.0 or not lengths.any():
        # More segments can only raise a maximum by chance: a positive factor would be a leak of the corpus.
        model = LogisticRegression(C=10.0).fit(both[:, :1], labels)
        return max(float(model.coef_[0, 0]), 1e-3), 0.0, float(model.intercept_[0])
    return max(float(model.coef_[0, 0]), 1e-3), float(model.coef_[0, 1]), float(model.intercept_[0])


def _share(labels: NDArray[np.int8]) -> float:
    return float((labels == 1).sum() / max(1, (labels >= 0).sum()))
