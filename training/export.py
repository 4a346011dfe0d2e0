"""From a fitted network to a bundle: ONNX, weights of eight bits, parity, manifest."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import onnx
import torch
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from classifier.bundle import BundleLayout, write_manifest
from classifier.calibration import Calibration, write_calibration
from classifier.encoder import Encoder, Head, Layout, Layouter, collate, open_tokenizer
from classifier.errors import ClassifierError
from classifier.judge import embed_principles
from constitution import Constitution, default_text
from training.network import JudgeNetwork

OPSET: Final = 17
"""Understood by ONNX Runtime 1.14 and later."""
SMALLEST_QUANTISED: Final = 4096
"""Weights with fewer elements stay float32: biases and norms."""
PARITY: Final = 1e-3
"""Largest difference allowed between torch and ONNX embeddings, both with the same rounded weights."""


class ParityError(ClassifierError):
    """ONNX and torch disagree."""


@dataclass(frozen=True, slots=True)
class BundleParts:
    """What goes into a bundle beside the network."""

    constitution: Constitution
    """The constitution it was fitted on; the default one."""
    calibration: Calibration
    """Fitted on held-out transcripts."""
    tokenizer: Path
    """The tokenizer's JSON."""
    card: str
    """Markdown."""


def export_bundle(network: JudgeNetwork, parts: BundleParts, folder: Path, probes: Sequence[Layout]) -> BundleLayout:
    """Write a bundle and check it against the network; golden scores come last, by `write_golden`.

    Parameters
    ----------
    network : JudgeNetwork
        Its large weights are rounded in place to what eight bits can hold, so that torch and ONNX agree.
    parts : BundleParts
    folder : Path
        Made when missing; files of an earlier bundle are replaced.
    probes : sequence of Layout
        Sequences on which parity is checked; at least one.

    Raises
    ------
    ParityError
        If ONNX and torch embeddings differ by more than `PARITY`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    layout = BundleLayout.in_folder(folder)
    network.eval()
    round_weights(network.encoder)
    _export_encoder(network, layout.encoder, collate(probes))
    _export_head(network, layout.head)
    quantise_weights(layout.encoder)
    layout.tokenizer.write_bytes(parts.tokenizer.read_bytes())
    layout.constitution.write_text(default_text(), encoding="utf-8")
    layout.calibration.write_text(write_calibration(parts.calibration), encoding="utf-8")
    layout.card.write_text(parts.card, encoding="utf-8")
    encoder = Encoder(layout.encoder)
    layouter = Layouter(open_tokenizer(layout.tokenizer))
    np.save(layout.principles, embed_principles(parts.constitution, layouter, encoder), allow_pickle=False)
    check_parity(network, encoder, Head(layout.head), probes)
    layout.golden.write_text("[]\n", encoding="utf-8")
    write_manifest(layout)
    return layout


def write_golden(layout: BundleLayout, golden: Sequence[dict[str, Any]]) -> None:
    """Store what short transcripts score, so that another machine can verify its arithmetic; renew the manifest."""
    layout.golden.write_text(json.dumps(list(golden), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    write_manifest(layout)


def check_parity(network: JudgeNetwork, encoder: Encoder, head: Head, probes: Sequence[Layout]) -> float:
    """Return the largest difference between torch and ONNX embeddings and logits.

    Raises
    ------
    ParityError
        If it is above `PARITY`.
    """
    batch = collate(probes)
    with torch.no_grad():
        arrays = (batch.input_ids, batch.attention_mask, batch.token_type_ids)
        wanted = network.encoder(*(torch.from_numpy(array) for array in arrays))
        logits = network.head(wanted, wanted).numpy()
    found = encoder(probes)
    difference = max(float(np.abs(found - wanted.numpy()).max()), float(np.abs(head(found, found) - logits).max()))
    if difference > PARITY:
        raise ParityError(
            f"ONNX differs from torch by {difference:.2g}, more than {PARITY:g}",
            where="export",
            then="check the opset and the weights' rounding",
        )
    return difference


def round_weights(module: torch.nn.Module) -> None:
    """Round large matrices to eight bits a weight with one scale a row, in place."""
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.ndim == 2 and parameter.numel() >= SMALLEST_QUANTISED:
                scale = _scales(parameter)
                parameter.copy_(torch.clamp(torch.round(parameter / scale), -127, 127) * scale)


def quantise_weights(path: Path) -> None:
    """Store the large matrices of an ONNX file as int8 with a scale, cast back when the file is opened.

    ONNX Runtime folds the casts at load, so that the arithmetic stays float32: the file has a quarter of the size,
    and a score does not depend on the batch, as it does with dynamically quantised activations.
    """
    model = onnx.load(str(path))
    graph = model.graph
    nodes = []
    for tensor in list(graph.initializer):
        weights = numpy_helper.to_array(tensor)
        if weights.dtype != np.float32 or weights.ndim != 2 or weights.size < SMALLEST_QUANTISED:
            continue
        integers, scale = _quantise(weights)
        graph.initializer.remove(tensor)
        graph.initializer.append(numpy_helper.from_array(integers, f"{tensor.name}.int8"))
        graph.initializer.append(numpy_helper.from_array(scale, f"{tensor.name}.scale"))
        cast, product = f"{tensor.name}.cast", tensor.name
        nodes.append(helper.make_node("Cast", [f"{tensor.name}.int8"], [cast], to=TensorProto.FLOAT))
        nodes.append(helper.make_node("Mul", [cast, f"{tensor.name}.scale"], [product]))
    kept = list(graph.node)
    del graph.node[:]
    graph.node.extend([*nodes, *kept])
    onnx.checker.check_model(model)
    onnx.save(model, str(path))


def _quantise(weights: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Find the axis along which rounded weights have one scale, and return integers and scales.

    The exporter stores linear weights transposed; rounding was by row of the torch weight.
    """
    errors = []
    for axis in (1, 0):
        scale = np.maximum(np.abs(weights).max(axis=axis, keepdims=True) / 127.0, 1e-12).astype(np.float32)
        integers = np.clip(np.round(weights / scale), -127, 127).astype(np.int8)
        errors.append((float(np.abs(integers * scale - weights).max()), integers, scale))
    _, integers, scale = min(errors, key=lambda item: item[0])
    return integers, scale


def _scales(weights: torch.Tensor) -> torch.Tensor:
    return torch.clamp(weights.abs().amax(dim=1, keepdim=True) / 127.0, min=1e-12)


def _export_encoder(network: JudgeNetwork, path: Path, batch: Any) -> None:
    arrays = (batch.input_ids, batch.attention_mask, batch.token_type_ids)
    names = ["input_ids", "attention_mask", "token_type_ids"]
    _export(
        network.encoder,
        tuple(torch.from_numpy(array) for array in arrays),
        path,
        inputs=names,
        output="embeddings",
        axes={name: {0: "n_sequences", 1: "n_tokens"} for name in names} | {"embeddings": {0: "n_sequences"}},
    )


def _export_head(network: JudgeNetwork, path: Path) -> None:
    n_features = network.encoder.n_features
    _export(
        network.head,
        (torch.zeros(3, n_features), torch.zeros(2, n_features)),
        path,
        inputs=["embeddings", "principles"],
        output="logits",
        axes={
            "embeddings": {0: "n_segments"},
            "principles": {0: "n_principles"},
            "logits": {0: "n_segments", 1: "n_principles"},
        },
    )


def _export(
    module: torch.nn.Module,
    arguments: tuple[torch.Tensor, ...],
    path: Path,
    *,
    inputs: list[str],
    output: str,
    axes: dict[str, dict[int, str]],
) -> None:
    with warnings.catch_warnings(), torch.no_grad():
        # The tracing exporter says that it is old; the newer one needs one more package.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            module,
            arguments,
            str(path),
            input_names=inputs,
            output_names=[output],
            dynamic_axes=axes,
            opset_version=OPSET,
            dynamo=False,
        )
