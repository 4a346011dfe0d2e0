"""Probabilities behave: ordered, bounded, never below what they must not be below."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifier.calibration import Calibration, LabelCalibration, read_calibration, sigmoid, write_calibration
from classifier.errors import BundleError, UsageError
from classifier.pooling import pool_principles, pool_segments
from classifier.records import LABELS, NEGATIVE_LABELS

ONE = LabelCalibration(slope=1.5, length=-0.3, intercept=-1.0, log_segments=4.0)
LINES = dict.fromkeys(NEGATIVE_LABELS, 0.5)
CALIBRATION = Calibration(
    labels=dict.fromkeys(LABELS, ONE),
    risk_slope=0.8,
    risk_intercept=-0.5,
    thresholds={"screen": dict.fromkeys(NEGATIVE_LABELS, 0.2), "gate": LINES},
    false_positive_thresholds={label: [(0.01, 0.9), (0.1, 0.4)] for label in NEGATIVE_LABELS},
    prevalence={"risk": 0.4},
)
logits = st.floats(-50, 50)


@given(st.lists(logits, min_size=4, max_size=4))
def test_risk_is_never_below_the_highest_negative_label(values: list[float]) -> None:
    by_label = dict(zip(NEGATIVE_LABELS, values, strict=True))
    risk = CALIBRATION.risk(by_label)
    assert 0.0 <= risk <= 1.0
    assert risk >= max(sigmoid(value) for value in values)


@given(logits, logits, st.integers(1, 10_000))
def test_calibration_keeps_order(first: float, second: float, n_segments: int) -> None:
    low, high = sorted([first, second])
    assert ONE.logit(low, n_segments) <= ONE.logit(high, n_segments)


@given(logits, st.integers(1, 500))
def test_length_never_raises_a_score(pooled: float, n_segments: int) -> None:
    assert ONE.logit(pooled, n_segments + 1) <= ONE.logit(pooled, n_segments)


def test_harmless_segments_do_not_add_up() -> None:
    harmless = np.full((1000, 3), -4.0, dtype=np.float32)
    alone = pool_segments(pool_principles(harmless[:1], [[0, 1, 2]]))
    assert pool_segments(pool_principles(harmless, [[0, 1, 2]])) == pytest.approx(alone)


def test_one_bad_segment_is_found_among_a_thousand() -> None:
    rows = np.full((1000, 3), -4.0, dtype=np.float32)
    rows[617, 1] = 6.0
    assert float(pool_segments(pool_principles(rows, [[0, 1, 2]]))[0]) > 4.0


def test_flag_line_can_be_set_by_false_positive_rate() -> None:
    assert CALIBRATION.flag_lines("gate", 0.05)["framing"] == 0.9
    assert CALIBRATION.flag_lines("screen", None)["framing"] == 0.2


@pytest.mark.parametrize(
    ("point", "fpr", "sentence"),
    [
        pytest.param("door", None, "unknown name 'door'", id="name"),
        pytest.param("gate", 0.001, "lies outside 0.01 to 1", id="too-low"),
        pytest.param("gate", 1.5, "lies outside", id="too-high"),
    ],
)
def test_line_that_cannot_be_had_is_refused(point: str, fpr: float | None, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        CALIBRATION.flag_lines(point, fpr)


def test_calibration_survives_its_file() -> None:
    assert read_calibration(write_calibration(CALIBRATION), where="x") == CALIBRATION


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"labels": 3}'])
def test_damaged_calibration_is_refused(text: str) -> None:
    with pytest.raises(BundleError, match="x: calibration is not as expected"):
        read_calibration(text, where="x")
