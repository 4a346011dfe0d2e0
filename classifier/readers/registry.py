"""Every reader, the most particular first: the first that recognises a record reads it."""

from __future__ import annotations

from typing import Final

from classifier.readers import anthropic, chat, claude_code, codex, foreign, managed_agents, parquet, record, responses
from classifier.readers.inspect import log as inspect
from classifier.readers.reader import FileReader, Reader
from classifier.readers.stream import COMPRESSIONS

READERS: Final[tuple[Reader, ...]] = (
    inspect.ARCHIVE_READER,
    inspect.JSON_READER,
    claude_code.READER,
    codex.READER,
    managed_agents.READER,
    anthropic.READER,
    responses.READER,
    record.READER,
    chat.READER,
)
FORMATS: Final = tuple(dict.fromkeys(reader.name for reader in READERS))
"""Names that `--from` takes; a name may stand for several readers."""
TEXT_SUFFIXES: Final = (".jsonl", ".json")
SUFFIXES: Final = (
    *TEXT_SUFFIXES,
    *(text + ending for text in TEXT_SUFFIXES for ending in COMPRESSIONS),
    parquet.SUFFIX,
    *foreign.SUFFIXES,
    *(suffix for reader in READERS if isinstance(reader, FileReader) for suffix in reader.suffixes),
)
"""Files that are read in a folder; others are left alone."""
