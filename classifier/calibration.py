"""Pooled logits to calibrated probabilities, and the thresholds that make them verdicts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np

from classifier.errors import BundleError, UsageError
from classifier.records import NEGATIVE_LABELS

GATE: Final = "gate"
"""Operating point at which a label is flagged: FPR at most 1% on benign calibration data."""
SCREEN: Final = "screen"
"""Operating point below which a label is clean: TPR at least 95% on calibration data."""


@dataclass(frozen=True, slots=True)
class LabelCalibration:
    """Platt scaling after pooling, with length as a covariate."""

    slope: float
    """Factor of the pooled logit; above 0."""
    length: float
    """Factor of log(n_segments); at most 0, so that a longer transcript needs a stronger segment."""
    intercept: float
    """Constant."""
    log_segments: float
    """Up to where the length factor was fitted, as log(n_segments); a longer transcript counts as this long."""

    def logit(self, pooled: float, n_segments: int) -> float:
        """Return the calibrated log-odds of a label for one transcript."""
        length = min(float(np.log(max(n_segments, 1))), self.log_segments)
        return self.slope * pooled + self.length * length + self.intercept


@dataclass(frozen=True, slots=True)
class Calibration:
    """What turns a bundle's logits into verdicts; fitted on the calibration part."""

    labels: Mapping[str, LabelCalibration]
    """Calibration of each label."""
    risk_slope: float
    """Factor of the soft maximum of the negative labels' log-odds."""
    risk_intercept: float
    """Constant of the same."""
    thresholds: Mapping[str, Mapping[str, float]]
    """Operating point to label to probability; `screen` and `gate` always."""
    false_positive_thresholds: Mapping[str, Sequence[tuple[float, float]]]
    """For each negative label, pairs of false-positive rate and the threshold that costs it, rates rising."""
    prevalence: Mapping[str, float]
    """Share of positives in the calibration part, for each label and `risk`."""

    def risk(self, logits: Mapping[str, float]) -> float:
        """Return the probability that any negative label holds; never below the highest of them.

        Parameters
        ----------
        logits : mapping of label to calibrated log-odds
            At least one negative label.
        """
        negative = np.array([logits[label] for label in NEGATIVE_LABELS if label in logits])
        joined = float(np.logaddexp.reduce(negative))
        return max(sigmoid(self.risk_slope * joined + self.risk_intercept), sigmoid(float(negative.max())))

    def flag_lines(self, operating_point: str, fpr: float | None) -> dict[str, float]:
        """Return the probability at which each negative label is flagged.

        Parameters
        ----------
        operating_point : str
            Name of a row of `thresholds`.
        fpr : float or None
            False-positive rate a label on benign data, 0 to 1; overrides the operating point.

        Raises
        ------
        UsageError
            If the name is unknown, or the rate lies below what the calibration part can tell.
        """
        if fpr is None:
            if operating_point not in self.thresholds:
                known = ", ".join(sorted(self.thresholds))
                raise UsageError(
                    f"unknown name {operating_point!r}", where="--operating-point", then=f"use one of {known}"
                )
            return {label: self.thresholds[operating_point][label] for label in NEGATIVE_LABELS}
        return {label: self._threshold_at(label, fpr) for label in NEGATIVE_LABELS}

    def _threshold_at(self, label: str, fpr: float) -> float:
        curve = self.false_positive_thresholds[label]
        lowest = curve[0][0]
        if not lowest <= fpr <= 1.0:
            raise UsageError(
                f"{fpr} lies outside {lowest:g} to 1, the rates that the calibration data can tell",
                where="--fpr",
                then="choose a rate within them",
            )
        return [threshold for rate, threshold in curve if rate <= fpr][-1]


def sigmoid(logit: float) -> float:
    """Squash log-odds to a probability.

    Examples
    --------
    >>> sigmoid(0.0), sigmoid(-2000.0)
    (0.5, 0.0)
    """
    # exp(-x) overflows below about -709 and we fail on warnings; logaddexp does not overflow.
    return float(np.exp(-np.logaddexp(0.0, -logit)))


def write_calibration(calibration: Calibration) -> str:
    """Write a calibration as the JSON of a bundle."""
    return json.dumps(asdict(calibration), indent=1, sort_keys=True) + "\n"


def read_calibration(text: str, *, where: str) -> Calibration:
    """Read the JSON of a bundle.

    Raises
    ------
    BundleError
        If a field is missing or of another type.
    """
    try:
        values: dict[str, Any] = json.loads(text)
        values["labels"] = {label: LabelCalibration(**fields) for label, fields in values["labels"].items()}
        values["false_positive_thresholds"] = {
            label: [(float(rate), float(threshold)) for rate, threshold in curve]
            for label, curve in values["false_positive_thresholds"].items()
        }
        calibration = Calibration(**values)
        for point in (SCREEN, GATE):
            _ = [float(calibration.thresholds[point][label]) for label in NEGATIVE_LABELS]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise BundleError(
            f"calibration is not as expected ({error})", where=where, then="fetch the bundle again"
        ) from error
    return calibration
