"""A bundle is audited before any part of it is parsed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from classifier.bundle import BundleLayout, audit, find_bundle
from classifier.errors import BundleError
from classifier.judge import Judge


def swap_head(folder: Path) -> None:
    shutil.copy(folder / "encoder.onnx", folder / "head.onnx")


def drop_tokenizer(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()


def raise_format(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "format": 99}))


def spoil_manifest(folder: Path) -> None:
    (folder / "manifest.json").write_text("{")


def name_another_file(folder: Path) -> None:
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["sha256"]["../evil.onnx"] = "0" * 64
    (folder / "manifest.json").write_text(json.dumps(manifest))


@pytest.mark.parametrize(
    ("forge", "sentence"),
    [
        pytest.param(swap_head, "head.onnx is not the file the manifest names", id="head-swapped"),
        pytest.param(drop_tokenizer, "tokenizer.json is missing", id="part-missing"),
        pytest.param(raise_format, "bundle format is 99, this version reads 1", id="newer-format"),
        pytest.param(spoil_manifest, "manifest.json cannot be read", id="manifest-damaged"),
        pytest.param(name_another_file, r"differ on \.\./evil\.onnx", id="file-outside"),
    ],
)
def test_audit_refuses(forge: Callable[[Path], None], sentence: str, tmp_path: Path) -> None:
    folder = tmp_path / "bundle"
    shutil.copytree(find_bundle("default").folder, folder)
    forge(folder)
    with pytest.raises(BundleError, match=sentence):
        audit(BundleLayout.in_folder(folder))
    with pytest.raises(BundleError, match=sentence):
        Judge.load(folder)


def test_missing_bundle_is_named() -> None:
    with pytest.raises(BundleError, match=r"/nowhere: manifest\.json is missing"):
        find_bundle("/nowhere")
