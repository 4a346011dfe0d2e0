"""Streams that decompress as they are read, and complain when they end too early."""

from __future__ import annotations

import gzip
import io
import zlib
from contextlib import ExitStack
from typing import Any, Final, cast

DAMAGE: Final = (EOFError, zlib.error, gzip.BadGzipFile)
"""What reading such a stream raises when its bytes are wrong or missing."""
BLOCK: Final = 4096
"""Compressed bytes taken at once; they may hold very many decompressed ones."""
GZIP: Final = b"\x1f\x8b"
ZSTANDARD: Final = b"\x28\xb5\x2f\xfd"


def decompressed(file: io.BufferedReader, stack: ExitStack) -> io.BufferedReader:
    """Return a stream of what a file holds, by its first bytes; the stack closes it."""
    magic = file.peek(4)[:4]
    if magic.startswith(GZIP):
        return stack.enter_context(io.BufferedReader(cast(Any, gzip.GzipFile(fileobj=file))))
    if magic == ZSTANDARD:
        return stack.enter_context(io.BufferedReader(cast(Any, _ZstandardFile(file))))
    return file


class _ZstandardFile(io.RawIOBase):
    """Frames of zstandard; the package's own reader ends without a word where a file is torn off."""

    def __init__(self, file: io.BufferedReader) -> None:
        # Imported here: few inputs need it.
        import zstandard

        self._file = file
        self._context = zstandard.ZstdDecompressor()
        self._error = zstandard.ZstdError
        self._frame = self._context.decompressobj()
        self._ready = b""
        self._begun = False

    def readable(self) -> bool:
        """Say yes, as a stream must."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill the buffer with the next bytes.

        Raises
        ------
        EOFError
            If the file is damaged, or ends within a frame.
        """
        while not self._ready and self._fill():
            pass
        n_bytes = min(len(buffer), len(self._ready))
        buffer[:n_bytes] = self._ready[:n_bytes]
        self._ready = self._ready[n_bytes:]
        return n_bytes

    def _fill(self) -> bool:
        """Decompress a block; False at the end."""
        if self._frame.eof:
            block = self._frame.unused_data
            self._frame, self._begun = self._context.decompressobj(), False
        else:
            block = b""
        block = block or self._file.read(BLOCK)
        if not block:
            if self._begun:
                raise EOFError("the compressed file ends too early")
            return False
        self._begun = True
        try:
            self._ready = self._frame.decompress(block)
        except self._error as error:
            raise EOFError(str(error)) from error
        return True
