"""Segments to embeddings: lay out word pieces, batch by length, run the encoder in ONNX."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from tokenizers import Tokenizer

from classifier.segmentation import MAX_TOKENS, Segment, Segmenter

BATCH_TOKENS: Final = 3072
"""Padded word pieces in one run of the encoder: benchmarks/throughput.py was flat from 2048 to 8192 on two cores."""
PRINCIPLE_MARK: Final = "principle :"


@dataclass(frozen=True, slots=True)
class Layout:
    """Word pieces of one sequence as the encoder reads them: [CLS] context [SEP] mark, own pieces [SEP]."""

    ids: tuple[int, ...]
    """All word pieces, special ones included."""
    first_own: int
    """Index of the first piece that is not context; from here on the type id is 1 and the mean is taken."""


class Layouter:
    """Lays out segments and principles for one tokenizer."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.segmenter = Segmenter(tokenizer)
        self._cls = _special(tokenizer, "[CLS]")
        self._sep = _special(tokenizer, "[SEP]")
        self._principle_mark = tuple(tokenizer.encode(PRINCIPLE_MARK, add_special_tokens=False).ids)

    def segment(self, segment: Segment) -> Layout:
        """Lay out a segment behind its context."""
        return self._join(segment.context, self.segmenter.mark(segment.field), segment.tokens)

    def principle(self, text: str) -> Layout:
        """Lay out a principle's text, which has no context."""
        return self._join((), self._principle_mark, self.segmenter.plain(text)[:MAX_TOKENS])

    def _join(self, context: tuple[int, ...], mark: tuple[int, ...], tokens: tuple[int, ...]) -> Layout:
        head = (self._cls, *context, self._sep)
        return Layout((*head, *mark, *tokens, self._sep), len(head))


@dataclass(frozen=True, slots=True)
class Batch:
    """Sequences of like length, padded; every array has shape (n_sequences, n_tokens) and type int64."""

    input_ids: NDArray[np.int64]
    attention_mask: NDArray[np.int64]
    token_type_ids: NDArray[np.int64]


def collate(layouts: Sequence[Layout]) -> Batch:
    """Pad sequences to the longest of them."""
    n_tokens = max(len(layout.ids) for layout in layouts)
    ids, mask, types = (np.zeros((len(layouts), n_tokens), dtype=np.int64) for _ in range(3))
    for row, layout in enumerate(layouts):
        ids[row, : len(layout.ids)] = layout.ids
        mask[row, : len(layout.ids)] = 1
        types[row, layout.first_own : len(layout.ids)] = 1
    return Batch(ids, mask, types)


def batch_by_length(lengths: Sequence[int], *, batch_tokens: int = BATCH_TOKENS) -> list[list[int]]:
    """Group indices of sequences of like length, so that little padding is computed.

    Examples
    --------
    >>> batch_by_length([3, 9, 3, 8], batch_tokens=18)
    [[0, 2], [3, 1]]
    """
    batches: list[list[int]] = []
    current: list[int] = []
    for index in sorted(range(len(lengths)), key=lambda index: lengths[index]):
        if current and (
            lengths[index] * (len(current) + 1) > batch_tokens or lengths[index] > 1.5 * lengths[current[0]] + 4
        ):
            batches.append(current)
            current = []
        current.append(index)
    return [*batches, current] if current else batches


class Encoder:
    """The encoder of a bundle.

    Parameters
    ----------
    path : Path
        The ONNX file; it maps the arrays of `Batch` to embeddings.
    threads : int or None
        Threads inside one run; None leaves the choice to ONNX Runtime.
    """

    def __init__(self, path: Path, *, threads: int | None = None) -> None:
        self._session = open_session(path, threads=threads)

    def __call__(self, layouts: Sequence[Layout]) -> NDArray[np.float32]:
        """Embed sequences.

        Returns
        -------
        embeddings : float32 array of shape (n_sequences, n_features)
            In the order given. Float32 sums differ in the last digits with the padding: below 1e-5.
        """
        rows: list[NDArray[np.float32] | None] = [None] * len(layouts)
        for indices in batch_by_length([len(layout.ids) for layout in layouts]):
            batch = collate([layouts[index] for index in indices])
            feed = {
                "input_ids": batch.input_ids,
                "attention_mask": batch.attention_mask,
                "token_type_ids": batch.token_type_ids,
            }
            (embeddings,) = self._session.run(None, feed)
            for index, row in zip(indices, embeddings, strict=True):
                rows[index] = row
        return np.stack([row for row in rows if row is not None]) if rows else np.zeros((0, 0), dtype=np.float32)


class Head:
    """The principle-conditioned head of a bundle: embeddings and principle vectors to logits."""

    def __init__(self, path: Path, *, threads: int | None = None) -> None:
        self._session = open_session(path, threads=threads)

    def __call__(self, embeddings: NDArray[np.float32], principles: NDArray[np.float32]) -> NDArray[np.float32]:
        """Score segments against principles.

        Parameters
        ----------
        embeddings : float32 array of shape (n_segments, n_features)
        principles : float32 array of shape (n_principles, n_features)

        Returns
        -------
        logits : float32 array of shape (n_segments, n_principles)
        """
        (logits,) = self._session.run(None, {"embeddings": embeddings, "principles": principles})
        return np.asarray(logits, dtype=np.float32)


def open_session(path: Path, *, threads: int | None) -> Any:
    """Open an ONNX file on the CPU, without telemetry or spinning threads."""
    options = ort.SessionOptions()
    options.log_severity_level = 3
    if threads is not None:
        options.intra_op_num_threads = threads
    # Spinning threads would burn the user's second core between batches and gain 2% here.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return ort.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def open_tokenizer(path: Path) -> Tokenizer:
    """Open a tokenizer file, with truncation and padding off: segments are cut by us."""
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _special(tokenizer: Tokenizer, name: str) -> int:
    token = tokenizer.token_to_id(name)
    if token is None:
        raise ValueError(f"the tokenizer has no {name}")
    return int(token)
