"""A list of papers and a zip of scans made to stop the import, fill the memory or run in Excel."""

import csv
import io
import struct
import zipfile
from datetime import date

import pytest

from api.consent.lifecycle import paper_import, paper_jobs, paper_report, papers
from api.consent.lifecycle.papers import Fault, NotAList, Paper
from api.consent.lifecycle.scans import MOST_BYTES, NotAnArchive, in_archive
from api.core.actor import OPERATOR
from api.identity.card import CardScheme
from tests.attacks.conftest import World
from tests.portal import scene

HEADER = "card,birth_date,choice,facilities,signed_on,until,scan"
CARD = scene.issue("50000000000001", CardScheme.MOD97).digits
TODAY = date(2026, 11, 21)
PDF = b"%PDF-1.7 signed"


def read(table: bytes) -> list[Paper | list[Fault]]:
    return papers.read(table, scheme=CardScheme.MOD97, schemes=frozenset(), today=TODAY)


def zipped(content: bytes, *, method: int = zipfile.ZIP_DEFLATED, name: str = "a.pdf") -> bytearray:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        archive.writestr(name, content)
    return bytearray(out.getvalue())


@pytest.mark.parametrize(
    "table",
    [
        b"x" * 200_000,
        b'"' + b"x" * 200_000,
        f"{HEADER}\n".encode() + b"x" * 200_000,
        HEADER.encode() + b"," * 500_000,
        b'"' * 1_000_001,
        b"",
    ],
    ids=["one cell", "open quote", "a huge cell", "columns", "quotes", "nothing"],
)
def test_a_table_that_is_none_is_refused_whole(table: bytes) -> None:
    with pytest.raises(NotAList):
        read(table)


@pytest.mark.parametrize("typed", ["4311234566\0;4312345676", "a\0b", "4311234566;\x1b[2J"])
def test_characters_nobody_writes_spoil_their_own_line_alone(typed: str) -> None:
    line = f"{CARD},1940-04-09,participate,{typed},2026-11-05,,a.pdf"
    (found,) = read(f"{HEADER}\n{line}".encode())
    assert isinstance(found, list)
    assert {each.line for each in found} == {2}


def corrupt(at: bytes) -> bytes:
    """The compressed bytes of a good archive, spoilt."""
    start = at.index(b"a.pdf") + len("a.pdf")
    return bytes(at[:start] + b"\xff" * 12 + at[start + 12 :])


def of_version(at: bytearray, version: int) -> bytes:
    entry = at.rindex(b"PK\x01\x02")
    at[entry + 6 : entry + 8] = struct.pack("<H", version)
    return bytes(at)


def named_badly(at: bytearray) -> bytes:
    entry = at.rindex(b"PK\x01\x02")
    at[entry + 8 : entry + 10] = struct.pack("<H", 0x800)
    at[entry + 46 : entry + 51] = b"\xff\xfe\xff\xfe\xff"
    return bytes(at)


def test_a_spoilt_scan_is_not_there_and_the_others_are() -> None:
    for archive in (
        corrupt(zipped(PDF * 100)),
        bytes(zipped(PDF, method=zipfile.ZIP_LZMA)),
        bytes(zipped(PDF, method=zipfile.ZIP_BZIP2)),
        bytes(zipped(b"\0" * (MOST_BYTES + 1))),
    ):
        assert in_archive(io.BytesIO(archive))("a.pdf") is None
    assert in_archive(io.BytesIO(bytes(zipped(PDF))))("a.pdf") == PDF
    inside = in_archive(io.BytesIO(bytes(zipped(PDF, name="../../etc/a.pdf"))))
    assert (inside("a.pdf"), inside("../../etc/a.pdf")) == (PDF, None)


@pytest.mark.parametrize(
    "archive", [of_version(zipped(PDF), 990), named_badly(zipped(PDF)), b"PK\x05\x06", b""]
)
def test_an_archive_that_is_none_is_refused(archive: bytes) -> None:
    with pytest.raises(NotAnArchive):
        in_archive(io.BytesIO(archive))


async def test_nothing_in_the_report_is_a_formula() -> None:
    faults = [
        Fault(2, "unknown_facility", {"code": code}) for code in ("=1+1", "+1", "-1", "@x", "\t=1")
    ]
    rows = list(csv.reader(io.StringIO(paper_report.as_csv(faults).decode("utf-8-sig"))))
    assert len(rows) == 6
    assert not any(cell[:1] in "=+-@\t\r" for row in rows for cell in row if cell)


async def test_a_list_of_any_name_is_taken_in(own_world: World) -> None:
    for name in ("a\0b.csv", "\udcff.csv", "x" * 5000, ""):
        import_id = await paper_jobs.start(own_world.ueda, name, HEADER.encode(), zipped(PDF))
        await paper_jobs.finished()
        done, _ = await paper_import.one_import(OPERATOR, import_id)
        assert done.finished_at
        assert "\0" not in done.name


async def test_one_bad_line_never_stops_the_others(own_world: World) -> None:
    taro = own_world.card.digits
    spoilt = f"{taro},1940-04-09,participate,4311234566\0;1,2026-11-05,,a.pdf"
    zip_name = f"{CARD},1940-04-09,refuse,,2026-11-05,,b.pdf"
    table = "\n".join([HEADER, spoilt, zip_name]).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("b.pdf", PDF)
        archive.writestr("a.pdf", PDF * 100)
    import_id = await paper_jobs.start(
        own_world.ueda, "list.csv", table, corrupt(bytearray(out.getvalue()))
    )
    await paper_jobs.finished()
    done, faults = await paper_import.one_import(OPERATOR, import_id)
    assert done.finished_at
    assert (done.refused, done.taken) == (2, 0)
    assert {each.line for each in faults} == {2, 3}
