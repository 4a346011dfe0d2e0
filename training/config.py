"""The settings of a training run, read from a small TOML file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from classifier.errors import InputError


@dataclass(frozen=True, slots=True)
class FitSettings:
    """How a network is fitted."""

    epochs: int = 4
    """Passes over the fit part."""
    batch_segments: int = 48
    """Segments in one step; whole scenarios."""
    transcript_segments: int = 8
    """Segments of one transcript in one step; evidence and decoys come first, the rest is drawn anew each time."""
    frozen_layers: int = 0
    """Lowest layers of the encoder that stay as the base has them, the word embeddings with them; 0 fits all."""
    encoder_rate: float = 1e-4
    """Peak learning rate of the encoder."""
    head_rate: float = 1e-3
    """Peak learning rate of the head."""
    weight_decay: float = 0.01
    """Decoupled weight decay."""
    warmup: float = 0.1
    """Share of the steps over which rates rise."""
    evidence_weight: float = 3.0
    """Weight of an evidence segment in the segment loss; a harmless one has 1."""
    decoy_weight: float = 3.0
    """Weight of a decoy."""
    principle_weight: float = 0.2
    """Weight of telling the principles of a label apart."""
    transcript_weight: float = 0.5
    """Weight of the loss on the pooled transcript."""
    pair_weight: float = 0.5
    """Weight of ranking positives above negatives within a scenario."""


@dataclass(frozen=True, slots=True)
class Settings:
    """A whole run."""

    corpus: tuple[str, ...] = ("training/corpus",)
    """Folders or files of labelled transcripts with evidence."""
    test_families: tuple[str, ...] = ()
    """Families that are never fitted on, looked at last."""
    calibration_share: float = 0.2
    """Share of the other transcripts, in whole families, that calibrates the bundle and measures the recipe."""
    readings: tuple[str, ...] = ()
    """Files of readings of public runs; they are used when the runs are at hand."""
    harmless: tuple[str, ...] = ()
    """Public sources whose runs with five zeros are used as harmless ones, when they are at hand."""
    harmless_runs: int = 60
    """Most runs taken from one such source."""
    held_out_scenarios: tuple[str, ...] = ()
    """Scenarios of public runs that are never fitted on nor calibrated on: an external test."""
    golden: tuple[str, ...] = ("examples",)
    """Files and folders of transcripts whose scores are stored in the bundle, for `judge verify` on other machines."""
    seed: int = 1
    """Decides parts, order, dropout and initial weights."""
    fit: FitSettings = field(default_factory=FitSettings)
    """How each network is fitted."""


def read_settings(path: Path) -> Settings:
    """Read a settings file.

    Raises
    ------
    InputError
        If it is not TOML, names an unknown key or gives a value of another type.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"cannot be read ({error})", where=str(path), then="correct the settings file") from error
    fit = FitSettings(**_checked(values.pop("fit", {}), FitSettings, f"{path} [fit]"))
    return Settings(**_checked(values, Settings, str(path)), fit=fit)


def _checked(values: dict[str, Any], record: type[FitSettings] | type[Settings], where: str) -> dict[str, Any]:
    defaults = {f.name: getattr(record(), f.name) for f in fields(record) if f.name != "fit"}
    checked: dict[str, Any] = {}
    for key, value in values.items():
        if key not in defaults:
            known = ", ".join(defaults)
            raise InputError(f"unknown key {key!r}", where=where, then=f"use one of {known}")
        wanted = type(defaults[key])
        value = tuple(value) if isinstance(value, list) else value
        value = float(value) if wanted is float and isinstance(value, int) else value
        if type(value) is not wanted:
            raise InputError(f"{key} is {value!r}, not a {wanted.__name__}", where=where, then="correct the value")
        checked[key] = value
    return checked
