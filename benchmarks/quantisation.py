"""Compare ways to store and run the encoder: bytes, word pieces a second, drift, and dependence on the batch.

python benchmarks/quantisation.py training/corpus --transcripts 60

Every variant is made from the shipped encoder, whose weights are taken back to float32 first. Drift is the largest
difference of a label's pooled logit from float32; batch dependence is the largest difference of a segment's logits
between its own run and a run in a batch. Needs the `train` extra (onnx).
"""

from __future__ import annotations

import argparse
import tempfile
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantType, quantize_dynamic, quantize_static

from classifier.bundle import find_bundle
from classifier.encoder import Batch, Encoder, Head, Layout, Layouter, batch_by_length, collate, open_tokenizer
from classifier.pooling import pool_segments
from classifier.readers import read_many
from classifier.records import Transcript

CALIBRATION_BATCHES = 8
MATRICES = ["MatMul"]
"""Operators that are quantised; a Gather of word embeddings stays as it is stored."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to run the encoder."""

    name: str
    path: Path
    one_row: bool = False


class Calibration(CalibrationDataReader):  # type: ignore[misc]  # onnxruntime leaves it untyped
    """Batches on which static quantisation takes its scales."""

    def __init__(self, batches: Sequence[Batch]) -> None:
        self._feeds = iter([_feed(batch) for batch in batches])

    def get_next(self) -> dict[str, NDArray[np.int64]] | None:
        return next(self._feeds, None)


def to_float32(source: Path, target: Path) -> None:
    """Undo the storage in eight bits: fold every Cast and Mul of a stored matrix into a float32 one."""
    model = onnx.load(str(source))
    graph = model.graph
    stored = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    kept = []
    for node in graph.node:
        name = node.output[0]
        if node.op_type == "Cast" and node.input[0] in stored and name.endswith(".cast"):
            continue
        if node.op_type == "Mul" and f"{name}.int8" in stored:
            weights = stored[f"{name}.int8"].astype(np.float32) * stored[f"{name}.scale"]
            graph.initializer.append(numpy_helper.from_array(weights, name))
            continue
        kept.append(node)
    left = [tensor for tensor in graph.initializer if not tensor.name.endswith((".int8", ".scale"))]
    for field, values in ((graph.node, kept), (graph.initializer, left)):
        copies = [type(value)() for value in values]
        for copy, value in zip(copies, values, strict=True):
            copy.CopyFrom(value)
        del field[:]
        field.extend(copies)
    onnx.save(model, str(target))


def make_variants(folder: Path, shipped: Path, batches: Sequence[Batch]) -> Iterator[Variant]:
    full = folder / "fp32.onnx"
    to_float32(shipped, full)
    yield Variant("fp32", full)
    yield Variant("weight-only int8 (shipped)", shipped)
    for name, reduced in (("dynamic int8", False), ("dynamic int8, reduced range", True)):
        path = folder / f"dynamic-{reduced}.onnx"
        quantize_dynamic(full, path, op_types_to_quantize=MATRICES, weight_type=QuantType.QInt8, reduce_range=reduced)
        yield Variant(name, path)
        if not reduced:
            yield Variant("dynamic int8, one row a run", path, one_row=True)
    for name, reduced in (("static int8", False), ("static int8, reduced range", True)):
        path = folder / f"static-{reduced}.onnx"
        quantize_static(
            full,
            path,
            Calibration(batches),
            op_types_to_quantize=MATRICES,
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=reduced,
        )
        yield Variant(name, path)


def embed_one_by_one(encoder: Encoder, layouts: Sequence[Layout]) -> NDArray[np.float32]:
    return np.concatenate([encoder([layout]) for layout in layouts])


def measure(variant: Variant, transcripts: Sequence[Sequence[Layout]], score: Any) -> tuple[float, Any, float]:
    """Return word pieces a second, pooled logits, and dependence on the batch."""
    encoder = Encoder(variant.path)
    layouts = [layout for transcript in transcripts for layout in transcript]
    run = embed_one_by_one if variant.one_row else Encoder.__call__
    run(encoder, layouts[:32])
    started = time.perf_counter()
    logits = score(run(encoder, layouts))
    speed = sum(len(layout.ids) for layout in layouts) / (time.perf_counter() - started)
    alone = score(embed_one_by_one(encoder, layouts[:64]))
    ends = np.cumsum([len(transcript) for transcript in transcripts])[:-1]
    pooled = np.stack([pool_segments(part) for part in np.split(logits, ends)])
    return speed, pooled, float(np.abs(alone - logits[:64]).max())


def _feed(batch: Batch) -> dict[str, NDArray[np.int64]]:
    return {
        "input_ids": batch.input_ids,
        "attention_mask": batch.attention_mask,
        "token_type_ids": batch.token_type_ids,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("paths", type=Path, nargs="+")
    parser.add_argument("--transcripts", type=int, default=60)
    arguments = parser.parse_args()
    bundle = find_bundle("default")
    layouter = Layouter(open_tokenizer(bundle.tokenizer))
    rows = [row for row in read_many(arguments.paths) if isinstance(row, Transcript)]
    rows = rows[:: max(1, len(rows) // arguments.transcripts)]
    transcripts = [[layouter.segment(s) for s in layouter.segmenter.segment(row)] for row in rows]
    transcripts = [layouts for layouts in transcripts if layouts]
    layouts = [layout for transcript in transcripts for layout in transcript]
    batches = [
        collate([layouts[index] for index in indices])
        for indices in batch_by_length([len(layout.ids) for layout in layouts])
    ][:CALIBRATION_BATCHES]
    head, principles = Head(bundle.head), np.load(bundle.principles, allow_pickle=False)
    print(
        "| encoder | bytes | word pieces a second | drift of a pooled logit | dependence on the batch |\n"
        + "|---" * 5
        + "|"
    )
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reference: NDArray[np.float32] | None = None
        for variant in make_variants(Path(folder), bundle.encoder, batches):
            speed, pooled, dependence = measure(variant, transcripts, lambda e: head(e, principles))
            reference = pooled if reference is None else reference
            drift = float(np.abs(pooled - reference).max())
            size = variant.path.stat().st_size
            print(f"| {variant.name} | {size:,} | {speed:,.0f} | {drift:.1e} | {dependence:.1e} |", flush=True)


if __name__ == "__main__":
    main()
