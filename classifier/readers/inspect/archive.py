"""Members of a zip archive, one at a time: zstandard is read, sizes are bounded, a torn archive is walked through."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from classifier.readers.stream import LARGEST_JSON

STORED, DEFLATED, ZSTANDARD = 0, 8, 93
LOCAL_HEADER: Final = b"PK\x03\x04"
LOCAL_FIELDS: Final = struct.Struct("<4sHHHHHIIIHH")
STREAMED: Final = 0x08
"""Flag of a member whose sizes follow its data."""
LARGEST_RATIO: Final = 1000
"""Decompressed to compressed bytes; logs of repeated text reach some hundreds."""
RATIO_FREE: Final = 10_000_000
"""Decompressed bytes that any member may have, whatever the ratio."""
WIDE: Final = 0xFFFFFFFF
"""Size that says: look into the extra field for the real one."""


class DamageError(Exception):
    """A member that cannot be read; its text says why, without a place."""


@dataclass(frozen=True, slots=True)
class Member:
    """Where one member lies."""

    name: str
    """Its path in the archive."""
    method: int
    """How it is compressed."""
    header: int
    """Offset of its local header."""
    compressed: int
    """Bytes that it takes up."""
    size: int | None
    """Bytes when decompressed; None when the archive does not say."""
    checksum: int | None
    """CRC-32 of the decompressed bytes; None likewise."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What an archive holds."""

    members: dict[str, Member]
    """By name, in the archive's order; of two with one name the last."""
    whole: bool
    """Whether the archive has its directory; without it, members were found by walking."""


def list_members(file: BinaryIO) -> Listing:
    """List an archive by its directory; where that is lost, by the header before each member."""
    try:
        with zipfile.ZipFile(file) as archive:
            found = [
                Member(
                    info.filename, info.compress_type, info.header_offset, info.compress_size, info.file_size, info.CRC
                )
                for info in archive.infolist()
            ]
    except (zipfile.BadZipFile, NotImplementedError, struct.error, ValueError, OverflowError, EOFError, OSError):
        return Listing({member.name: member for member in _walk(file)}, whole=False)
    return Listing({member.name: member for member in found}, whole=True)


def read_member(file: BinaryIO, member: Member) -> bytes:
    """Return the decompressed bytes of a member.

    Raises
    ------
    DamageError
        If it is cut off, damaged, too large, or compressed in an unknown way.
    """
    limit = min(LARGEST_JSON, RATIO_FREE + LARGEST_RATIO * member.compressed)
    if max(member.compressed, member.size or 0) > limit:
        raise DamageError(f"it is larger than {limit} bytes")
    start = _data_start(file, member.header)
    file.seek(start)
    raw = file.read(member.compressed)
    if len(raw) < member.compressed:
        raise DamageError("it is cut off")
    content = _decompress(raw, member.method, limit + 1)
    if len(content) > limit:
        raise DamageError(f"it is larger than {limit} bytes")
    if member.size is not None and len(content) != member.size:
        raise DamageError(f"it has {len(content)} bytes, not the {member.size} that the archive says")
    if member.checksum is not None and zlib.crc32(content) != member.checksum:
        raise DamageError("its checksum is wrong")
    return content


def _data_start(file: BinaryIO, header: int) -> int:
    file.seek(max(header, 0))
    raw = file.read(LOCAL_FIELDS.size)
    if header < 0 or len(raw) < LOCAL_FIELDS.size or not raw.startswith(LOCAL_HEADER):
        raise DamageError("its header is damaged")
    *_, name_length, extra_length = LOCAL_FIELDS.unpack(raw)
    return header + LOCAL_FIELDS.size + int(name_length) + int(extra_length)


def _decompress(raw: bytes, method: int, most: int) -> bytes:
    """Decompress up to `most` bytes: a small member may hold very many."""
    if method == STORED:
        return raw
    if method == DEFLATED:
        inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            return inflater.decompress(raw, most)
        except zlib.error as error:
            raise DamageError(f"it is damaged ({error})") from error
    if method != ZSTANDARD:
        raise DamageError(f"it is compressed by method {method}, not one of {STORED}, {DEFLATED}, {ZSTANDARD}")
    # Imported here: logs of older versions need it not.
    import zstandard

    try:
        with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(raw), read_across_frames=True) as reader:
            return reader.read(most)
    except (zstandard.ZstdError, MemoryError) as error:
        raise DamageError(f"it is damaged ({error})") from error


def _walk(file: BinaryIO) -> Iterator[Member]:
    """Find members by the headers before them, up to the first that is not there."""
    end = file.seek(0, io.SEEK_END)
    offset = 0
    while True:
        file.seek(offset)
        raw = file.read(LOCAL_FIELDS.size)
        if len(raw) < LOCAL_FIELDS.size or not raw.startswith(LOCAL_HEADER):
            return
        _, _, flags, method, _, _, checksum, compressed, size, name_length, extra_length = LOCAL_FIELDS.unpack(raw)
        name = file.read(name_length).decode("utf-8", errors="replace")
        extra = file.read(extra_length)
        start = offset + LOCAL_FIELDS.size + name_length + extra_length
        if start > end:
            return
        if flags & STREAMED:
            following = _find_header(file, start)
            yield Member(name, method, offset, following - start, None, None)
            offset = following
            continue
        if WIDE in (compressed, size):
            size, compressed = _wide_sizes(extra, size, compressed)
        yield Member(name, method, offset, compressed, size, checksum)
        offset = start + compressed


def _wide_sizes(extra: bytes, size: int, compressed: int) -> tuple[int, int]:
    while len(extra) >= 4:
        kind, length = struct.unpack("<HH", extra[:4])
        if kind == 1 and length >= 16 and len(extra) >= 20:
            wide: tuple[int, int] = struct.unpack("<QQ", extra[4:20])
            return wide
        extra = extra[4 + length :]
    return size, compressed


def _find_header(file: BinaryIO, start: int) -> int:
    """Return where the next header begins, or the file ends."""
    file.seek(start)
    offset, tail = start, b""
    while block := file.read(1 << 20):
        found = (tail + block).find(LOCAL_HEADER)
        if found >= 0:
            return offset - len(tail) + found
        offset += len(block)
        tail = (tail + block)[-3:]
    return offset
