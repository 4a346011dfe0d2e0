"""Importing stays light: no torch at run time, no numpy for --help."""

from __future__ import annotations

import subprocess
import sys
import tomllib

import pytest

from tests.conftest import ROOT
from training import TRAIN_MODULES

HEAVY = {"torch", "transformers", "sentence_transformers", "sklearn", "joblib", "dill"}
LISTING = "import sys, {module}; print(*sorted({{n.partition('.')[0] for n in sys.modules}}))"


@pytest.mark.parametrize(
    ("module", "also"),
    [
        pytest.param("classifier.judge", set(), id="judge"),
        pytest.param("classifier.run", set(), id="run"),
        pytest.param("classifier", {"numpy", "onnxruntime", "polars"}, id="front"),
        pytest.param("classifier.cli.main", {"numpy", "onnxruntime", "polars"}, id="help"),
    ],
)
def test_import_stays_light(module: str, also: set[str]) -> None:
    command = [sys.executable, "-c", LISTING.format(module=module)]
    listed = subprocess.run(command, capture_output=True, text=True, check=True)
    assert set(listed.stdout.split()).isdisjoint(HEAVY | also)


def test_train_extra_installs_what_training_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {
        "sklearn" if m == "scikit-learn" else m
        for m in (r.split(">=")[0] for r in project["optional-dependencies"]["train"])
    }
    assert wanted == set(TRAIN_MODULES)
