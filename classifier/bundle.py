"""The folder a judge ships in: its layout, and the audit that comes before any part is parsed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

from classifier.errors import BundleError

FORMAT_VERSION: Final = 1
"""Raise it when an older reader would misread; keep a reader or a plain refusal for the old one."""
MANIFEST: Final = "manifest.json"
LARGEST_FILE: Final = 1 << 30
"""A part above a gibibyte is refused unread; the shipped encoder has 24 MB."""


@dataclass(frozen=True, slots=True)
class BundleLayout:
    """Where each part of a bundle lies."""

    encoder: Path
    """ONNX: word pieces to embeddings."""
    head: Path
    """ONNX: embeddings and principle vectors to logits."""
    tokenizer: Path
    """The tokenizer's own JSON."""
    constitution: Path
    """The constitution it was fitted on, as TOML."""
    principles: Path
    """NPY: float32 vectors of that constitution's principles, in its order."""
    calibration: Path
    """JSON: Platt factors, thresholds."""
    golden: Path
    """JSON: short transcripts and the probabilities that they must get."""
    card: Path
    """What it is for, what it was measured to do, what it cannot do."""
    manifest: Path
    """JSON: format and the sha256 of every other part."""

    @classmethod
    def in_folder(cls, folder: Path) -> BundleLayout:
        """Name the parts of a bundle in a folder; nothing is read."""
        return cls(
            encoder=folder / "encoder.onnx",
            head=folder / "head.onnx",
            tokenizer=folder / "tokenizer.json",
            constitution=folder / "constitution.toml",
            principles=folder / "principles.npy",
            calibration=folder / "calibration.json",
            golden=folder / "golden.json",
            card=folder / "README.md",
            manifest=folder / MANIFEST,
        )

    @property
    def folder(self) -> Path:
        """The folder itself."""
        return self.manifest.parent

    def parts(self) -> dict[str, Path]:
        """Return every part but the manifest, by file name."""
        paths = [getattr(self, field.name) for field in fields(self) if field.name != "manifest"]
        return {path.name: path for path in paths}


def find_bundle(model: str | Path) -> BundleLayout:
    """Find a bundle: the name of a shipped one (`default`), or a folder.

    Raises
    ------
    BundleError
        If there is neither.
    """
    here = Path(__file__).resolve().parent
    for shelf in (here / "models", here.parent / "models"):
        if "/" not in str(model) and (shelf / str(model) / MANIFEST).is_file():
            return BundleLayout.in_folder(shelf / str(model))
    layout = BundleLayout.in_folder(Path(model))
    if not layout.manifest.is_file():
        raise BundleError(
            f"{MANIFEST} is missing", where=str(model), then="name a bundle's folder, or leave --model out"
        )
    return layout


def audit(layout: BundleLayout) -> str:
    """Check format, file list and digests before any file is handed to a parser.

    A digest in the same folder shows damage and mix-ups, not malice.

    Returns
    -------
    digest : str
        sha256 of the manifest, which names the bundle in every verdict.

    Raises
    ------
    BundleError
        If anything is not as the manifest says.
    """
    where = str(layout.folder)
    digests = _read_manifest(layout)
    if set(digests) != set(layout.parts()):
        odd = ", ".join(sorted(set(digests) ^ set(layout.parts())))
        raise BundleError(f"the manifest and this version differ on {odd}", where=where, then="export it again")
    for name, path in layout.parts().items():
        if path.is_symlink() or not path.is_file():
            raise BundleError(f"{name} is missing or not a plain file", where=where, then="fetch the bundle again")
        if path.stat().st_size > LARGEST_FILE:
            raise BundleError(f"{name} is over {LARGEST_FILE} bytes", where=where, then="fetch the bundle again")
        if digest_file(path) != digests[name]:
            raise BundleError(f"{name} is not the file the manifest names", where=where, then="fetch the bundle again")
    return digest_file(layout.manifest)


def write_manifest(layout: BundleLayout) -> None:
    """Write the manifest of a folder whose other parts are in place."""
    digests = {name: digest_file(path) for name, path in sorted(layout.parts().items())}
    manifest = {"format": FORMAT_VERSION, "sha256": digests}
    layout.manifest.write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def digest_file(path: Path) -> str:
    """Return the sha256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_manifest(layout: BundleLayout) -> dict[str, str]:
    where = str(layout.folder)
    try:
        manifest = json.loads(layout.manifest.read_text(encoding="utf-8"))
        found, digests = manifest["format"], dict(manifest["sha256"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BundleError(f"{MANIFEST} cannot be read ({error})", where=where, then="fetch the bundle again") from error
    if found != FORMAT_VERSION:
        raise BundleError(
            f"bundle format is {found!r}, this version reads {FORMAT_VERSION}",
            where=where,
            then="upgrade transcript-judge or export the bundle again",
        )
    return digests
