"""The errors of this project: each knows its sentence and its exit code."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import ClassVar


class ClassifierError(Exception):
    """A failure with a sentence for the person at the terminal."""

    exit_code: ClassVar[int] = 1

    def __init__(self, problem: str, *, where: str, then: str) -> None:
        super().__init__(f"{where}: {problem}; {then}")


class UsageError(ClassifierError):
    """The command line, or an argument of a function, was wrong."""

    exit_code: ClassVar[int] = 2


class BundleError(ClassifierError):
    """A bundle is missing, damaged or of another format."""


class InputError(ClassifierError):
    """An input as a whole could not be read; a single bad row is an `Unscored` instead."""


class OutputError(ClassifierError):
    """An output could not be written."""


class ResumeError(ClassifierError):
    """A run cannot be continued, because something it depends on has changed."""


class MissingExtraError(ClassifierError):
    """A layer was asked for whose packages are not installed."""


def require_extra(extra: str, modules: Sequence[str], *, needed_by: str) -> None:
    """Raise `MissingExtraError` unless every module can be found; import none of them.

    Examples
    --------
    >>> require_extra("train", ["json"], needed_by="training")
    >>> require_extra("train", ["no_such_module"], needed_by="training")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    classifier.errors.MissingExtraError: training: no_such_module not installed; run: pip install ...
    """
    missing = [module for module in modules if find_spec(module) is None]
    if missing:
        raise MissingExtraError(
            f"{', '.join(missing)} not installed",
            where=needed_by,
            then=f"run: pip install 'transcript-judge[{extra}]'",
        )
