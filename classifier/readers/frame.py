"""A polars frame with a column of messages, row by row."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from classifier.errors import ClassifierError, InputError
from classifier.readers.chat import transcripts_from_chat
from classifier.readers.parquet import without_nulls
from classifier.records import Row, Unscored

if TYPE_CHECKING:
    import polars as pl


def read_frame(frame: pl.DataFrame, *, messages: str = "messages", id: str = "id") -> Iterator[Row]:
    """Yield one row for each row of a frame.

    Parameters
    ----------
    frame : polars.DataFrame
    messages : str
        Column of chat messages: list of structs, or JSON text.
    id : str
        Column of ids, where there is one.

    Raises
    ------
    InputError
        If the column of messages is missing.
    """
    if messages not in frame.columns:
        raise InputError(f"there is no column {messages!r}", where="frame", then=f"name one of {frame.columns}")
    for number, row in enumerate(frame.iter_rows(named=True), start=1):
        source = f"frame:{number}"
        name = str(row[id]) if row.get(id) is not None else source
        try:
            found = without_nulls(row[messages])
            found = json.loads(found) if isinstance(found, str) else found
            yield from transcripts_from_chat({"messages": found}, id=name, source=source)
        except ClassifierError as error:
            yield Unscored(name, source, str(error))
        except ValueError as error:
            yield Unscored(name, source, f"{source}: messages are not JSON ({error}); correct the row")
