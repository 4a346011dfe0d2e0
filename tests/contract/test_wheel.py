"""The built wheel carries the bundle and the constitution, not the corpus, and works from any folder."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.conftest import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)]
    subprocess.run(command, check=True, capture_output=True)
    return next(out.glob("*.whl"))


def test_wheel_carries_bundle_and_constitution_but_no_corpus(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "classifier/models/default/encoder.onnx" in names
    assert "constitution/default.toml" in names
    assert not [name for name in names if name.endswith((".jsonl", ".jsonl.gz"))]


def test_unpacked_wheel_scores_from_another_folder(wheel: Path, tmp_path: Path) -> None:
    site, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    elsewhere.mkdir()
    zipfile.ZipFile(wheel).extractall(site)
    command = [sys.executable, "-m", "classifier.cli", "score", str(ROOT / "examples" / "shipyard.jsonl"), "--quiet"]
    environment = {**os.environ, "PYTHONPATH": str(site)}
    code = "import classifier; print(classifier.__file__)"
    found = subprocess.run(
        [sys.executable, "-c", code], env=environment, cwd=elsewhere, capture_output=True, text=True, check=True
    )
    assert Path(found.stdout.strip()).is_relative_to(site)
    scored = subprocess.run(command, env=environment, cwd=elsewhere, capture_output=True, text=True, check=True)
    assert len(scored.stdout.splitlines()) == 3
