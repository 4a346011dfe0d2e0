"""Rows of a Parquet file as records, a slice at a time."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any, Final

from classifier.errors import InputError
from classifier.readers.reader import Line

MAGIC: Final = b"PAR1"
SUFFIX: Final = ".parquet"
SLICE_ROWS: Final = 2000
"""Rows held at once; a smaller slice decodes a large row group more often (40,000 rows in one: 1.7 s in all)."""
UNREAD: Final = ("events", "events_data", "timelines")
"""Columns that outweigh the conversation and that no reader looks at."""


def cut_rows(path: Path, place: str) -> Generator[Line]:
    """Yield the rows of a file, keys without a value left out.

    Parameters
    ----------
    path : Path
        Where it lies.
    place : str
        What it is called in errors and verdicts.

    Raises
    ------
    InputError
        If it is not a whole Parquet file.
    """
    # Imported here: only Parquet needs polars.
    import polars as pl

    try:
        frame = pl.scan_parquet(path, glob=False)  # brackets in a name are no pattern
        wanted = [name for name in frame.collect_schema() if name not in UNREAD]
        n_rows = frame.select(pl.len()).collect().item()
        for start in range(0, n_rows, SLICE_ROWS):
            rows = frame.select(wanted).slice(start, SLICE_ROWS).collect()
            for number, row in enumerate(rows.iter_rows(named=True), start=start + 1):
                yield Line(f"{place}:{number}", without_nulls(row))
    except (pl.exceptions.PolarsError, OSError) as error:
        problem = f"it cannot be read as Parquet ({str(error).splitlines()[0][:200]})"
        raise InputError(problem, where=place, then="write the file again") from error


def without_nulls(value: Any) -> Any:
    """Drop null keys: a struct column holds every key of every row."""
    if isinstance(value, Mapping):
        return {key: without_nulls(item) for key, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value]
    return value
