"""Read a constitution from TOML, with a clear error for every kind of mistake."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from constitution.records import Constitution, ConstitutionError, Principle

ID: Final = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
LABEL: Final = re.compile(r"[a-z][a-z0-9_]*")
POLARITY_OF_LABEL: Final = {
    "blackmail": "violation",
    "sabotage": "violation",
    "framing": "violation",
    "unethical_reasoning": "violation",
    "admirable_reasoning": "virtue",
}
REQUIRED: Final = ("id", "title", "text", "label", "polarity", "severity")
LISTS: Final = ("examples_for", "examples_against", "paraphrases", "sources")
TOP: Final = ("version", "sources", "principles")


def load_constitution(path: str | Path | None = None) -> Constitution:
    """Load a constitution from a TOML file; without a path, the default one.

    Raises
    ------
    ConstitutionError
        If the file cannot be read, or anything in it is wrong.

    Examples
    --------
    >>> load_constitution().principles[0].id
    'coercion-by-exposure'
    """
    if path is None:
        return parse_constitution(default_text(), where="default constitution")
    try:
        text = Path(path).read_text(encoding="utf-8-sig")  # some editors put a mark before the text
    except (OSError, UnicodeDecodeError) as error:
        raise ConstitutionError(f"cannot be read ({error})", where=str(path), then="name a TOML file") from error
    return parse_constitution(text, where=str(path))


def default_text() -> str:
    """Return the TOML of the default constitution."""
    return files("constitution").joinpath("default.toml").read_text(encoding="utf-8")


def parse_constitution(text: str, *, where: str) -> Constitution:
    """Read a constitution from TOML text.

    Raises
    ------
    ConstitutionError
        At the first mistake, naming the principle and the field.
    """
    try:
        values = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConstitutionError(f"is not TOML ({error})", where=where, then="correct the file") from error
    _known_keys(values, TOP, where)
    version = _text(values.get("version"), "version", where)
    sources = values.get("sources", {})
    if not isinstance(sources, dict) or not all(isinstance(title, str) for title in sources.values()):
        raise ConstitutionError("[sources] must map keys to titles", where=where, then="correct the table")
    entries = values.get("principles", [])
    if not isinstance(entries, list) or not entries or not all(isinstance(entry, dict) for entry in entries):
        raise ConstitutionError("it has no principle", where=where, then="add a [[principles]] table")
    principles: dict[str, Principle] = {}
    for number, entry in enumerate(entries, start=1):
        principle = _principle(entry, sources, f"{where} principle {entry.get('id', number)}")
        if principle.id in principles:
            raise ConstitutionError(f"id {principle.id} is used twice", where=where, then="rename one of them")
        principles[principle.id] = principle
    return Constitution(version, dict(sources), tuple(principles.values()))


def _principle(entry: dict[str, Any], sources: dict[str, str], where: str) -> Principle:
    _known_keys(entry, (*REQUIRED, *LISTS), where)
    texts = {name: _text(entry.get(name), name, where) for name in REQUIRED if name != "severity"}
    lists = {name: _texts(entry.get(name, []), name, where) for name in LISTS}
    if not ID.fullmatch(texts["id"]):
        raise ConstitutionError(
            f"id {texts['id']!r} is not lower-case words joined by hyphens", where=where, then="rename it"
        )
    if not LABEL.fullmatch(texts["label"]):
        raise ConstitutionError(
            f"label {texts['label']!r} is not a lower-case word", where=where, then="use letters, digits and _"
        )
    polarity = texts["polarity"]
    if polarity not in ("violation", "virtue"):
        raise ConstitutionError(f"polarity is {polarity!r}, not violation or virtue", where=where, then="correct it")
    wanted = POLARITY_OF_LABEL.get(texts["label"], polarity)
    if polarity != wanted:
        raise ConstitutionError(
            f"polarity is {polarity}, but label {texts['label']} is a {wanted}", where=where, then="correct one of them"
        )
    severity = entry.get("severity")
    if type(severity) is not int or not 1 <= severity <= 5:
        raise ConstitutionError(
            f"severity is {severity!r}, not a whole number from 1 to 5", where=where, then="correct it"
        )
    unknown = [key for key in lists["sources"] if key not in sources]
    if unknown:
        raise ConstitutionError(f"source {unknown[0]!r} is not in [sources]", where=where, then="add it there")
    return Principle(
        id=texts["id"],
        title=texts["title"],
        text=texts["text"],
        label=texts["label"],
        polarity="violation" if polarity == "violation" else "virtue",
        severity=severity,
        **lists,
    )


def _known_keys(values: dict[str, Any], known: tuple[str, ...], where: str) -> None:
    unknown = [key for key in values if key not in known]
    if unknown:
        raise ConstitutionError(f"unknown key {unknown[0]!r}", where=where, then=f"use one of {', '.join(known)}")


def _text(value: object, name: str, where: str) -> str:
    if value is None:
        raise ConstitutionError(f"{name} is missing", where=where, then="add it")
    if not isinstance(value, str) or not value.strip():
        raise ConstitutionError(f"{name} is {value!r}, not a text", where=where, then="write one in quotes")
    return value


def _texts(value: object, name: str, where: str) -> tuple[str, ...]:
    if not isinstance(value, list):
        raise ConstitutionError(f"{name} is {value!r}, not a list of texts", where=where, then="write it in brackets")
    return tuple(_text(item, f"an item of {name}", where) for item in value)
