# SPDX-License-Identifier: MIT
"""The members of a tar or a zip, read as a stream; nothing is extracted."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import stat
import tarfile
import zipfile
from collections.abc import Iterator
from typing import IO, BinaryIO, Protocol, cast

from grader.judge.members import (
    FILE_BYTES,
    FOLDER,
    MIB,
    Bad,
    Budget,
    Member,
    Wanted,
    kind_of,
    special,
)

ARCHIVE_BYTES = 32 * MIB  # as it was handed in
# tarfile's search for a pax keyword takes quadratic time in old Pythons.
EXTENSION_BYTES = 8192

_EXTENSIONS = (
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
)
_KINDS = {
    tarfile.SYMTYPE: "a symbolic link",
    tarfile.LNKTYPE: "a hard link",
    tarfile.FIFOTYPE: "a FIFO",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.DIRTYPE: FOLDER,
}


class _Source(Protocol):
    def read(self, size: int, /) -> bytes: ...


def archive_members(
    file: BinaryIO, status: os.stat_result, wanted: Wanted, budget: Budget
) -> Iterator[Member]:
    """The members of an open archive, told from its first bytes."""
    if not stat.S_ISREG(status.st_mode):
        raise Bad("is neither a folder nor a file")
    if status.st_size > ARCHIVE_BYTES:
        raise Bad(f"is larger than {ARCHIVE_BYTES // MIB} MiB")
    head = file.read(512)
    file.seek(0)
    if head.startswith((b"PK\3\4", b"PK\5\6")):
        return _zip(file, wanted, budget)
    if head.startswith(b"\x1f\x8b"):
        return _tar(gzip.GzipFile(fileobj=file), wanted, budget)
    if head.startswith(b"BZh"):
        return _tar(bz2.BZ2File(file), wanted, budget)
    if head.startswith(b"\xfd7zXZ\0"):
        return _tar(lzma.LZMAFile(file), wanted, budget)
    if head[257:262] == b"ustar":
        return _tar(file, wanted, budget)
    raise Bad("is not a tar (plain, gz, bz2, xz) or a zip")


class _Blocks:
    """A tar's blocks: charged to a budget, and looked at before tarfile does.

    tarfile's own search for the next header takes a damaged one for the end of
    the archive; `last`, the block that it read last, says which it was.
    """

    def __init__(self, stream: _Source, budget: Budget) -> None:
        self._stream = stream
        self._budget = budget
        self.last = b""

    def read(self, size: int) -> bytes:
        self.last = self._stream.read(size)
        self._budget.bytes(len(self.last))
        try:
            header = tarfile.TarInfo.frombuf(self.last, "ascii", "surrogateescape")
        except tarfile.HeaderError:
            return self.last  # a file's data, the end, or a damaged header
        if header.size < 0:
            raise Bad("is damaged (a negative size)")
        if header.type in _EXTENSIONS and header.size > EXTENSION_BYTES:
            raise Bad(f"has an extension header of {header.size} bytes")
        return self.last


def _tar(stream: _Source, wanted: Wanted, budget: Budget) -> Iterator[Member]:
    blocks = _Blocks(stream, budget)
    with tarfile.open(
        fileobj=cast("IO[bytes]", blocks),
        mode="r|",
        bufsize=tarfile.BLOCKSIZE,
        errors="surrogateescape",
    ) as tar:
        for info in tar:
            budget.members(1)
            kind = _KINDS.get(info.type, "")
            if not kind and info.sparse is not None:
                kind = "a sparse file"
            elif not kind and not info.isreg():
                kind = "a file of an unknown kind"
            data = None
            if not kind and wanted(info.name):
                content = tar.extractfile(info)
                data = content.read(FILE_BYTES + 1) if content else None
            yield Member(info.name, kind, data, special(info.mode))
    if blocks.last != bytes(tarfile.BLOCKSIZE):
        raise Bad("is damaged or cut short")
    while rest := stream.read(1 << 16):
        # To the end, where a compressed stream holds its checksum.
        budget.bytes(len(rest))


def _zip(file: BinaryIO, wanted: Wanted, budget: Budget) -> Iterator[Member]:
    # zipfile reads the whole directory at once, and takes half a minute over
    # the largest; each of its entries begins with this signature.
    budget.members(file.read().count(b"PK\1\2"))
    with zipfile.ZipFile(file) as archive:
        for info in archive.infolist():
            budget.bytes(0)
            # Some Windows programs write their own separator.
            name = info.filename.replace("\\", "/")
            mode = info.external_attr >> 16
            kind = kind_of(mode) if stat.S_IFMT(mode) else ""
            if name.endswith("/"):
                kind = FOLDER
            if not kind and info.flag_bits & 1:
                kind = "encrypted"
            # Only these two are inflated with a limit by zipfile.
            known = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
            if not kind and info.compress_type not in known:
                kind = "compressed in a way that is neither store nor deflate"
            data = None
            if not kind and wanted(name):
                with archive.open(info) as content:
                    data = content.read(FILE_BYTES + 1)
                budget.bytes(len(data))
            yield Member(name, kind, data, special(mode))
