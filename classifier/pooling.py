"""From logits of segments and principles to one logit a label and transcript."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def pool_principles(logits: NDArray[np.float32], members: Sequence[Sequence[int]]) -> NDArray[np.float32]:
    """Join the principles of each label by log-mean-exp, a soft maximum that does not grow with their number.

    Parameters
    ----------
    logits : float32 array of shape (n_segments, n_principles)
    members : sequence of sequences of int
        For each label, the columns of its principles; none may be empty.

    Returns
    -------
    label_logits : float32 array of shape (n_segments, n_labels)

    Examples
    --------
    >>> pool_principles(np.array([[0.0, 0.0, 3.0]], dtype=np.float32), [[0, 1], [2]])
    array([[0., 3.]], dtype=float32)
    """
    columns = [
        np.logaddexp.reduce(logits[:, list(columns)], axis=1) - np.log(np.float32(len(columns))) for columns in members
    ]
    return np.stack(columns, axis=1).astype(np.float32)


def pool_segments(label_logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Take the highest logit of each label over the segments of one transcript.

    A maximum finds one bad line among a thousand harmless ones and does not add the harmless ones up; what it gains
    by chance from more segments is taken back in calibration, with length as a covariate, up to a length.

    Parameters
    ----------
    label_logits : float32 array of shape (n_segments, n_labels)
        At least one segment.

    Returns
    -------
    pooled : float32 array of shape (n_labels,)
    """
    return np.asarray(label_logits.max(axis=0), dtype=np.float32)
