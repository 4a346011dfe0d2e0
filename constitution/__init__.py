"""Principles as data: their records, the default set, reading, comparing."""

from constitution.reading import default_text, load_constitution, parse_constitution
from constitution.records import Change, Constitution, ConstitutionError, Principle, diff

__all__ = [
    "Change",
    "Constitution",
    "ConstitutionError",
    "Principle",
    "default_text",
    "diff",
    "load_constitution",
    "parse_constitution",
]
