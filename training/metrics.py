"""Figures of quality: per label and for risk, over transcripts and within scenarios."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Metric = Callable[[NDArray[np.int8], NDArray[np.float64], NDArray[np.int64]], float]
"""From labels (1, 0), scores and scenario numbers, each of shape (n_transcripts,), to one figure."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured figure with its bootstrap interval."""

    value: float
    """The figure; NaN where it is not defined."""
    low: float
    """2.5th percentile over resampled scenarios."""
    high: float
    """97.5th percentile."""

    def __str__(self) -> str:
        """Write the figure for a table."""
        return "–" if np.isnan(self.value) else f"{self.value:.2f} [{self.low:.2f}, {self.high:.2f}]"


def auroc(y_true: NDArray[np.int8], scores: NDArray[np.float64], scenarios: NDArray[np.int64]) -> float:
    """Return the chance that a random positive outscores a random negative, ties counting half.

    Examples
    --------
    >>> auroc(np.array([0, 0, 1], dtype=np.int8), np.array([0.1, 0.9, 0.5]), np.zeros(3, dtype=np.int64))
    0.5
    """
    positive, negative = scores[y_true == 1], scores[y_true == 0]
    if not len(positive) or not len(negative):
        return float("nan")
    gaps = positive[:, None] - negative[None, :]
    return float(((gaps > 0) + 0.5 * (gaps == 0)).mean())


def pairwise_accuracy(y_true: NDArray[np.int8], scores: NDArray[np.float64], scenarios: NDArray[np.int64]) -> float:
    """Return the share of (positive, negative) pairs of one scenario in which the positive outscores the negative."""
    same = scenarios[:, None] == scenarios[None, :]
    pairs = same & (y_true[:, None] == 1) & (y_true[None, :] == 0)
    if not pairs.any():
        return float("nan")
    gaps = (scores[:, None] - scores[None, :])[pairs]
    return float(((gaps > 0) + 0.5 * (gaps == 0)).mean())


def mean_score(y_true: NDArray[np.int8], scores: NDArray[np.float64], scenarios: NDArray[np.int64]) -> float:
    """Return the mean score, whatever the labels."""
    return float(scores.mean()) if len(scores) else float("nan")


def tpr_at(fpr: float) -> Metric:
    """Return the metric: share of positives above the threshold that at most this share of negatives reach."""

    def metric(y_true: NDArray[np.int8], scores: NDArray[np.float64], scenarios: NDArray[np.int64]) -> float:
        positive, negative = scores[y_true == 1], np.sort(scores[y_true == 0])[::-1]
        if not len(positive) or not len(negative):
            return float("nan")
        return float((positive > negative[min(int(fpr * len(negative)), len(negative) - 1)]).mean())

    return metric


def expected_calibration_error(
    y_true: NDArray[np.int8], scores: NDArray[np.float64], scenarios: NDArray[np.int64]
) -> float:
    """Return the mean gap between probability and frequency over ten bins of equal count.

    References
    ----------
    Nixon et al., "Measuring Calibration in Deep Learning", CVPR Workshops 2019 (adaptive bins).
    """
    if not len(scores):
        return float("nan")
    bins = np.array_split(np.argsort(scores, kind="stable"), min(10, len(scores)))
    return float(sum(abs(scores[b].mean() - y_true[b].mean()) * len(b) for b in bins) / len(scores))


def bootstrap(
    metric: Metric,
    y_true: NDArray[np.int8],
    scores: NDArray[np.float64],
    scenarios: Sequence[str],
    *,
    rng: np.random.Generator,
    n_resamples: int = 300,
) -> Figure:
    """Measure a metric with a 95% percentile interval over resampled scenarios.

    Parameters
    ----------
    metric : Metric
    y_true : int8 array of shape (n_transcripts,)
        1 or 0; rows with an unknown label are left out beforehand.
    scores : float64 array of shape (n_transcripts,)
    scenarios : sequence of str
        The unit that is resampled; a scenario drawn twice counts as two.
    rng : numpy.random.Generator
    n_resamples : int
    """
    names, numbers = np.unique(np.asarray(scenarios, dtype=np.str_), return_inverse=True)
    rows = [np.flatnonzero(numbers == index) for index in range(len(names))]
    values = []
    for _ in range(n_resamples):
        drawn = rng.integers(len(names), size=len(names))
        take = np.concatenate([rows[index] for index in drawn])
        copies = np.repeat(np.arange(len(drawn)), [len(rows[index]) for index in drawn])
        values.append(metric(y_true[take], scores[take], copies))
    kept = [value for value in values if not np.isnan(value)]
    low, high = np.percentile(kept, [2.5, 97.5]) if kept else (float("nan"), float("nan"))
    return Figure(metric(y_true, scores, numbers.astype(np.int64)), float(low), float(high))
