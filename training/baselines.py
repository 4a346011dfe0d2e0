"""What a judge must beat: words, frozen and static embeddings, and what has no stance at all, length and context."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from classifier.oddities import assistant_texts
from classifier.segmentation import Segmenter
from training.corpus_reader import LabelledTranscript
from training.evaluate import TARGETS, Scores, label_rows
from training.network import load_base

FROZEN_PIECES: Final = 256
"""Word pieces that a frozen encoder reads at once, as all-MiniLM-L6-v2 was trained."""
FROZEN_WINDOWS: Final = 4
"""Windows of that size which are averaged; the middle of a longer transcript is left out."""


def baseline_scores(
    fit: Sequence[LabelledTranscript], test: Sequence[LabelledTranscript], segmenter: Segmenter, base: Path
) -> list[tuple[str, Scores]]:
    """Fit logistic regressions on the fit part and score the other with them.

    Parameters
    ----------
    fit, test : sequences of LabelledTranscript
        With no family in common.
    segmenter : Segmenter
        Of the base's tokenizer.
    base : Path
        The base encoder, for frozen and static embeddings.
    """
    records = [*fit, *test]
    texts = ["\n".join(assistant_texts(record.transcript)) for record in records]
    contexts = ["\n".join(m.content for m in r.transcript.messages if m.role != "assistant") for r in records]
    lengths = np.log1p(np.array([[len(text)] for text in texts], dtype=np.float64))
    frozen, static = _embeddings([segmenter.pieces(text) for text in texts], base)
    labels = label_rows(records)
    found = []
    for name, features in (
        ("TF-IDF", texts),
        ("frozen embeddings", frozen),
        ("static embeddings", static),
        ("context only", contexts),
        ("length only", lengths),
    ):
        values = np.full((len(test), len(TARGETS)), np.nan)
        for column in range(len(TARGETS)):
            known = np.flatnonzero(labels[: len(fit), column] >= 0)
            if len(set(labels[known, column].tolist())) == 2:
                values[:, column] = _fit_predict(features, labels[:, column], known, len(fit))
        found.append((name, Scores(values, label_rows(test), tuple(r.scenario for r in test))))
    return found


def _embeddings(pieces: Sequence[Sequence[int]], base: Path) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Average the base's hidden states, and its word embeddings; two arrays of shape (n_texts, n_hidden)."""
    encoder = load_base(base).eval()
    table = encoder.model.get_input_embeddings().weight.detach().numpy()
    half = FROZEN_PIECES * FROZEN_WINDOWS // 2
    frozen, static = [], []
    for ids in pieces:
        read = list(ids) if len(ids) <= 2 * half else [*ids[:half], *ids[-half:]]
        windows = [read[at : at + FROZEN_PIECES] for at in range(0, len(read), FROZEN_PIECES)] or [[0]]
        with torch.no_grad():
            states = [encoder.model(input_ids=torch.tensor([w])).last_hidden_state[0].mean(0) for w in windows]
        frozen.append(torch.stack(states).mean(0).numpy())
        static.append(table[list(ids) or [0]].mean(axis=0))
    return np.stack(frozen).astype(np.float64), np.stack(static).astype(np.float64)


def _fit_predict(features: Any, labels: NDArray[np.int8], fit: NDArray[np.int64], first: int) -> NDArray[np.float64]:
    # Imported here: only the baselines need scikit-learn.
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = LogisticRegression(max_iter=2000, class_weight="balanced", C=10.0 if isinstance(features, list) else 0.1)
    if isinstance(features, list):
        pipe = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True), model)
        pipe.fit([features[i] for i in fit], labels[fit])
        return np.asarray(pipe.predict_proba(features[first:])[:, 1])
    pipe = make_pipeline(StandardScaler(), model).fit(features[fit], labels[fit])
    return np.asarray(pipe.predict_proba(features[first:])[:, 1])
