"""The national ZIP of checkups: `DATA/h….xml` one person each, beside index, summary and bills.

Nothing is unpacked to disk, and no more is read of a member than a checkup may be long, whatever
the archive says of itself.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Final

from api.records.checkup_xml.reading import MAX_BYTES, Unreadable, parsed
from api.records.parse import Fault

MAX_ARCHIVE: Final = 50 * 1024 * 1024
MAX_MEMBERS: Final = 5_000
MAX_TOTAL: Final = 500 * 1024 * 1024
MAX_RATIO: Final = 200  # a checkup shrinks to a tenth; a bomb to a thousandth

_CHUNK: Final = 64 * 1024
_DATA: Final = "DATA"
_INDEX: Final = re.compile(r"ix\d\d_.*\.xml", re.IGNORECASE | re.ASCII)
_COUNT: Final = "totalRecordCount"
INDEX: Final = "checkup_index"
BESIDE: Final = frozenset({"checkup_beside", INDEX})


def is_archive(body: bytes) -> bool:
    """By how it begins, not by its name."""
    return body.startswith(b"PK\x03\x04")


def members(body: bytes) -> Iterator[tuple[str, bytes | Fault]]:
    """Every file of the archive in its order, with its bytes or why they are not taken.

    One fault under "" where the archive as a whole is not. An index that counts other checkups than
    lie beside it says so.
    """
    if len(body) > MAX_ARCHIVE:
        yield "", Fault("too_large", params={"limit": str(MAX_ARCHIVE // (1024 * 1024))})
        return
    try:
        archive = zipfile.ZipFile(io.BytesIO(body))
        listed = [each for each in archive.infolist() if not each.is_dir()]
    except (zipfile.BadZipFile, ValueError, OverflowError, NotImplementedError):
        yield "", Fault("checkup_archive")
        return
    if len(listed) > MAX_MEMBERS:
        yield "", Fault("checkup_too_much")
        return
    total = 0
    for each in listed:
        if not _is_checkup(each.filename):
            yield each.filename, _beside(archive, each, listed)
            continue
        found = _read(archive, each)
        total += 0 if isinstance(found, Fault) else len(found)
        if total > MAX_TOTAL:
            yield each.filename, Fault("checkup_too_much")
            return
        yield each.filename, found


def _beside(
    archive: zipfile.ZipFile, member: zipfile.ZipInfo, listed: Sequence[zipfile.ZipInfo]
) -> Fault:
    path = _path(member.filename)
    counted = _counted(_read(archive, member)) if _INDEX.fullmatch(path.name) else None
    came = sum(
        _is_checkup(each.filename) and _path(each.filename).parent.parent == path.parent
        for each in listed
    )
    if counted is None or counted == came:
        return Fault("checkup_beside")
    return Fault(INDEX, params={"counted": str(counted), "came": str(came)})


def _counted(body: bytes | Fault) -> int | None:
    """How many checkups an index says were sent; None where it does not say."""
    try:
        root = parsed(body) if isinstance(body, bytes) else None
    except Unreadable:
        return None
    for each in root.iter() if root is not None else ():
        value = each.get("value", "").strip()
        if each.tag.rpartition("}")[2] == _COUNT and value.isascii() and value.isdecimal():
            return int(value[:9])
    return None


def _path(name: str) -> PurePosixPath:
    return PurePosixPath(name.replace("\\", "/"))


def _is_checkup(name: str) -> bool:
    path = _path(name)
    is_xml = path.suffix.lower() == ".xml"
    return is_xml and path.parent.name.upper() == _DATA


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes | Fault:
    if member.flag_bits & 1:
        return Fault("checkup_locked")
    limit = Fault("too_large", params={"limit": str(MAX_BYTES // (1024 * 1024))})
    if member.file_size > MAX_BYTES:
        return limit
    if member.file_size > MAX_RATIO * max(member.compress_size, 1):
        return Fault("checkup_too_much")
    found = bytearray()
    try:
        with archive.open(member) as file:
            while chunk := file.read(_CHUNK):
                found += chunk
                if len(found) > MAX_BYTES:
                    return limit
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        ValueError,
    ):
        return Fault("checkup_archive")
    return bytes(found)
