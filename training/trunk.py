"""The lowest layers of the encoder, when they stay as the base has them: run once a fit, not once an epoch."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from classifier.encoder import Layout, batch_by_length, collate
from training.network import PooledEncoder

BATCH_TOKENS = 8192
"""Padded word pieces in one run."""


class FrozenTrunk:
    """Remembers what the lowest layers make of every sequence of a fit, in half precision.

    Parameters
    ----------
    encoder : PooledEncoder
        Its lowest layers must not change afterwards. They run without dropout.
    n_layers : int
        How many of them; 0 remembers the word embeddings alone.
    layouts : iterable of Layout
        Every sequence that will be asked for; some 60 kB of memory each.
    """

    def __init__(self, encoder: PooledEncoder, n_layers: int, layouts: Iterable[Layout]) -> None:
        self.n_layers = n_layers
        self._hidden: dict[Layout, NDArray[np.float16]] = {}
        distinct = list(dict.fromkeys(layouts))
        training = encoder.training
        encoder.eval()
        for indices in batch_by_length([len(layout.ids) for layout in distinct], batch_tokens=BATCH_TOKENS):
            some = [distinct[index] for index in indices]
            batch = collate(some)
            arrays = (batch.input_ids, batch.attention_mask, batch.token_type_ids)
            with torch.no_grad():
                hidden = encoder.lower(*(torch.from_numpy(array) for array in arrays), n_layers=n_layers).numpy()
            for row, layout in zip(hidden, some, strict=True):
                self._hidden[layout] = row[: len(layout.ids)].astype(np.float16)
        encoder.train(training)

    def __call__(self, layouts: Sequence[Layout]) -> Tensor:
        """Return hidden states of shape (n_sequences, n_tokens, n_hidden), padded with zeros to the longest."""
        rows = [self._hidden[layout] for layout in layouts]
        hidden = np.zeros((len(rows), max(len(row) for row in rows), rows[0].shape[1]), dtype=np.float32)
        for index, row in enumerate(rows):
            hidden[index, : len(row)] = row
        return torch.from_numpy(hidden)
