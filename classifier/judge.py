"""The judge: load a bundle, read transcripts, give verdicts."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from classifier.bundle import BundleLayout, audit, find_bundle
from classifier.calibration import GATE, SCREEN, read_calibration
from classifier.encoder import Encoder, Head, Layouter, open_tokenizer
from classifier.errors import BundleError
from classifier.oddities import without_halves
from classifier.records import Row, Transcript, Unscored, Verdict
from classifier.segmentation import MAX_TOKENS, READING_ORDER, Segment
from classifier.verdicts import Lens, Ruling, SegmentScore, refuse, rule, segment_scores
from constitution import Constitution, ConstitutionError, parse_constitution

if TYPE_CHECKING:
    import polars as pl

CACHE_SEGMENTS: Final = 50_000
"""Segments whose logits are remembered; some 30 MB."""
WINDOW_SEGMENTS: Final = 1024
"""Segments gathered over transcripts before the encoder runs, so that batches fill; bounds memory and delay."""

WINDOW_CHARACTERS: Final = 20_000_000
"""Characters of transcripts, the other roles' too, gathered at most: long prompts with short answers fill no batch."""


@dataclass(slots=True)
class _Waiting:
    """A row between reading and verdict."""

    row: Row
    segments: list[Segment]


class Judge:
    """A bundle at work under one constitution; `Judge.load` makes one.

    A verdict depends on its transcript alone: not on its batch, on the order of rows, or on what was scored before.
    """

    def __init__(
        self,
        layout: BundleLayout,
        *,
        constitution: Constitution | None = None,
        operating_point: str = GATE,
        fpr: float | None = None,
        threads: int | None = None,
    ) -> None:
        self.layout = layout
        self.bundle_digest = audit(layout)
        self._frozen = _frozen_constitution(layout)
        self.constitution = self._frozen if constitution is None else constitution
        self.constitution_digest = self.constitution.digest
        self._calibration = read_calibration(
            layout.calibration.read_text(encoding="utf-8"), where=str(layout.calibration)
        )
        self._layouter = Layouter(open_tokenizer(layout.tokenizer))
        self._encoder = Encoder(layout.encoder, threads=threads)
        self._head = Head(layout.head, threads=threads)
        self._principles = self._principle_vectors()
        self._cache: OrderedDict[Segment, NDArray[np.float32]] = OrderedDict()
        self._lens = Lens.of(
            self.constitution,
            self._calibration,
            flag_lines=self._calibration.flag_lines(operating_point, fpr),
            clean_lines=dict(self._calibration.thresholds[SCREEN]),
            bundle=self.bundle_digest,
            fitted_on=self._frozen.digest,
        )
        self._lens = replace(self._lens, warnings=(*self._lens.warnings, *self._cut_principles()))

    @classmethod
    def load(
        cls,
        model: str | Path = "default",
        *,
        constitution: Constitution | None = None,
        operating_point: str = GATE,
        fpr: float | None = None,
        threads: int | None = None,
    ) -> Judge:
        """Load a bundle, audited first.

        Parameters
        ----------
        model : str or Path
            Name of a shipped bundle, or a folder.
        constitution : Constitution or None
            Principles to judge by; None takes those that the bundle was fitted on.
        operating_point : str
            Where the flag line lies: `gate` (FPR at most 1% a label on benign calibration data) or `screen`.
        fpr : float or None
            False-positive rate a label, 0 to 1, to set the flag line by instead.
        threads : int or None
            Threads of the encoder; None leaves the choice to ONNX Runtime.

        Raises
        ------
        BundleError
            If the bundle is missing, damaged or of another format.
        UsageError
            If the operating point or rate is not to be had.
        """
        return cls(
            find_bundle(model), constitution=constitution, operating_point=operating_point, fpr=fpr, threads=threads
        )

    def __call__(self, rows: Iterable[Row]) -> Iterator[Verdict]:
        """Judge rows as they come, in order; an `Unscored` row becomes a verdict that says so."""
        # A remembered logit carries the rounding of the batch it came from: each call starts with none.
        self._cache.clear()
        waiting: list[_Waiting] = []
        n_segments = n_characters = 0
        for row in map(without_halves, rows):
            segments = self._layouter.segmenter.segment(row) if isinstance(row, Transcript) else []
            waiting.append(_Waiting(row, segments))
            n_segments += len(segments)
            n_characters += _length(row)
            if max(n_segments, len(waiting)) >= WINDOW_SEGMENTS or n_characters >= WINDOW_CHARACTERS:
                yield from self._settle(waiting)
                waiting, n_segments, n_characters = [], 0, 0
        yield from self._settle(waiting)

    def score(self, transcript: Transcript) -> Verdict:
        """Judge one transcript."""
        return next(iter(self([transcript])))

    def score_frame(self, frame: pl.DataFrame, *, messages: str = "messages", id: str = "id") -> pl.DataFrame:
        """Judge a polars frame, one transcript a row.

        Parameters
        ----------
        frame : polars.DataFrame
            With a column of chat messages (list of structs, or JSON text) and, if there is one, a column of ids.
        messages, id : str
            Names of those columns.

        Returns
        -------
        verdicts : polars.DataFrame
            The verdict table, rows in the order given.
        """
        # Imported here: polars adds 0.15 s, which a single score need not pay.
        from classifier.readers.frame import read_frame
        from classifier.table import to_frame

        return to_frame(self(read_frame(frame, messages=messages, id=id)))

    def segment_scores(self, transcript: Transcript) -> list[SegmentScore]:
        """Return what each segment would score if it stood alone, in reading order."""
        segments = self._layouter.segmenter.segment(transcript)
        return segment_scores(self._lens, segments, self._logits(segments))

    def label_logits(self, transcript: Transcript) -> tuple[NDArray[np.float32], list[Segment]]:
        """Return logits of shape (n_segments, n_principles) before any pooling, and their segments."""
        segments = self._layouter.segmenter.segment(transcript)
        return self._logits(segments), segments

    def card_summary(self) -> dict[str, Any]:
        """Return what `judge info` says of the bundle."""
        return {
            "bundle": self.bundle_digest,
            "folder": str(self.layout.folder),
            "constitution": self.constitution_digest,
            "principles": len(self.constitution.principles),
            "labels": list(self._lens.labels),
            "thresholds": {name: dict(row) for name, row in self._calibration.thresholds.items()},
            "prevalence": dict(self._calibration.prevalence),
            "bytes": sum(path.stat().st_size for path in self.layout.parts().values()),
        }

    def _settle(self, waiting: Sequence[_Waiting]) -> Iterator[Verdict]:
        logits = self._logits([segment for item in waiting for segment in item.segments])
        at = 0
        for item in waiting:
            here = logits[at : at + len(item.segments)]
            at += len(item.segments)
            if isinstance(item.row, Unscored):
                yield refuse(self._lens, item.row)
            else:
                yield rule(self._lens, Ruling(item.row, item.segments, here))

    def _logits(self, segments: Sequence[Segment]) -> NDArray[np.float32]:
        """Score segments against every principle, each distinct one once; shape (n_segments, n_principles)."""
        keys = [_content(segment) for segment in segments]
        known = {key: self._cache[key] for key in keys if key in self._cache}
        fresh = list(dict.fromkeys(key for key in keys if key not in known))
        for first in range(0, len(fresh), WINDOW_SEGMENTS):
            some = fresh[first : first + WINDOW_SEGMENTS]
            embeddings = self._encoder([self._layouter.segment(key) for key in some])
            known.update(zip(some, self._head(embeddings, self._principles), strict=True))
        self._remember(fresh, known)
        n_principles = len(self.constitution.principles)
        return np.stack([known[key] for key in keys]) if keys else np.zeros((0, n_principles), dtype=np.float32)

    def _remember(self, fresh: Sequence[Segment], known: dict[Segment, NDArray[np.float32]]) -> None:
        for key in fresh[-CACHE_SEGMENTS:]:
            self._cache[key] = known[key]
        while len(self._cache) > CACHE_SEGMENTS:
            self._cache.popitem(last=False)

    def _cut_principles(self) -> Iterator[str]:
        pieces = self._layouter.segmenter.pieces
        for principle in self.constitution.principles:
            if any(len(pieces(text)) > MAX_TOKENS for text in (principle.text, *principle.paraphrases)):
                yield f"principle {principle.id} is read up to word piece {MAX_TOKENS} only"

    def _principle_vectors(self) -> NDArray[np.float32]:
        if self.constitution.digest == self._frozen.digest:
            vectors = np.load(self.layout.principles, allow_pickle=False)
            if vectors.dtype != np.float32 or vectors.shape[0] != len(self._frozen.principles):
                raise BundleError(
                    f"principles.npy has {vectors.shape[0]} rows, the constitution {len(self._frozen.principles)}",
                    where=str(self.layout.folder),
                    then="export it again",
                )
            return np.asarray(vectors)
        return embed_principles(self.constitution, self._layouter, self._encoder)


def embed_principles(constitution: Constitution, layouter: Layouter, encoder: Encoder) -> NDArray[np.float32]:
    """Embed each principle as the mean over its text and its paraphrases.

    Returns
    -------
    principles : float32 array of shape (n_principles, n_features)
        In the constitution's order.
    """
    vectors = []
    for principle in constitution.principles:
        embeddings = encoder([layouter.principle(text) for text in (principle.text, *principle.paraphrases)])
        vectors.append(embeddings.mean(axis=0))
    return np.stack(vectors)


def _length(row: Row) -> int:
    if isinstance(row, Unscored):
        return 0
    return sum(len(text) for message in row.messages for field in READING_ORDER for text in message.parts(field))


def _content(segment: Segment) -> Segment:
    """Return the segment without its place: equal text in equal context is scored once."""
    return Segment(0, segment.field, 0, 0, 0, segment.tokens, segment.context)


def _frozen_constitution(layout: BundleLayout) -> Constitution:
    text = layout.constitution.read_text(encoding="utf-8")
    try:
        return parse_constitution(text, where=str(layout.constitution))
    except ConstitutionError as error:
        raise BundleError(
            f"its constitution is not valid ({error})", where=str(layout.folder), then="export it again"
        ) from error
