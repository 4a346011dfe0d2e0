"""Calibration rests on the lengths where there is data, and reaches no further."""

from __future__ import annotations

import numpy as np
import pytest

from classifier.records import LABELS
from training.calibrate import LENGTH_QUANTILE, Pooled, fit_calibration

pytestmark = pytest.mark.train


def test_length_factor_stops_where_the_calibration_part_thins_out() -> None:
    rng = np.random.default_rng(1)
    n_segments = np.exp(rng.uniform(0.0, 5.0, size=400)).astype(np.int64)
    labels = rng.integers(0, 2, size=(400, len(LABELS))).astype(np.int8)
    # A positive gains two units, and every transcript half a unit for each unit of log length.
    logits = 2.0 * labels + 0.5 * np.log(n_segments)[:, None] + rng.normal(scale=0.5, size=labels.shape)
    calibration = fit_calibration(Pooled(logits, n_segments, labels, np.full(labels.shape, np.nan)))
    dense = float(np.quantile(np.log(n_segments), LENGTH_QUANTILE))
    for label in LABELS:
        fitted = calibration.labels[label]
        assert fitted.slope > 0.0 > fitted.length
        assert fitted.log_segments == pytest.approx(dense)
        assert fitted.logit(1.0, 2) > fitted.logit(1.0, 20)
        assert fitted.logit(1.0, 200) == fitted.logit(1.0, 2000)
