"""How fast a SS-MIX2 storage comes in: first all of it, then again with nothing new.

Run as `make bench NAME=ssmix2`; `--files N` for another size. Everything is on: fsync, row-level
security, the log, one transaction for each patient.
"""

import argparse
import asyncio
import json
import resource
import statistics
import tempfile
import time
from pathlib import Path

import asyncpg

from api.cli_ingest import collect_seldom
from api.core import database, runtime
from api.core.actor import Actor, ActorKind
from api.directory import service as directory
from api.records.ssmix2 import path, reading, service
from api.records.ssmix2.accounting import Account
from benchmarks.network import fill
from benchmarks.server import Place, place
from tests.records.ssmix2 import writing
from tests.records.ssmix2.writing import Wanted

FILES = 10_000
HOSPITAL = "4312345676"
# What twenty files of one patient are; a laboratory order has ten results.
KINDS = (
    *("ADT-00", "ADT-61", "PPR-01", "PPR-01"),
    *("ADT-12",) * 4,
    *("OMP-01",) * 3,
    *("OML-11",) * 6,
    *("OMG-11", "OMP-12", "OMD"),
)
RESULTS = tuple(
    f"OBX|{n}|NM|3B{n:03}000002327201^検査{n}^JC10||{n}.{n}|U/L^U/L^99XYZ|1-{n}|N|||F"
    for n in range(1, 11)
)


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--files", type=int, default=FILES)
    files = options.parse_args().files
    with place() as where, tempfile.TemporaryDirectory(prefix="tsunagu-ssmix2-") as folder:
        root = Path(folder)
        patients = -(-files // len(KINDS))
        count = _write(root, patients)
        figures = {"files": float(count), "parse_us": _parse_us(root)}
        figures |= asyncio.run(_measure(where, root, patients, count))
    for name, value in figures.items():
        print(f"{name:28} {value:12.1f}")
    print(json.dumps({"figures": {name: round(value, 1) for name, value in figures.items()}}))


def _number(patient: int) -> str:
    return f"{7_000_000_000 + patient}"


def _write(root: Path, patients: int) -> int:
    count = 0
    for patient in range(patients):
        for order, kind in enumerate(KINDS):
            body = writing.BODIES[kind]
            if kind == "OML-11":
                body = (*body[:3], *RESULTS)
            wanted = Wanted(kind, order=f"{order:015}", date=f"202405{1 + order:02}", body=body)
            writing.put(root, _number(patient), wanted)
            count += 1
    return count


def _parse_us(root: Path) -> float:
    """Bytes to checked FHIR resources, without a database: µs per file, median of five rounds."""
    files = [each for each in (root / "700" / "000").rglob("*_1") if each.is_file()][:500]
    read = [(each.read_bytes(), path.parse(each.name)) for each in files]
    rounds = []
    for _ in range(5):
        began = time.perf_counter()
        for body, name in read:
            if name is not None:
                reading.read(body, name, {"reference": "Patient/x"}, "urn:x")
        rounds.append((time.perf_counter() - began) / len(read) * 1e6)
    return statistics.median(rounds)


async def _measure(where: Place, root: Path, patients: int, count: int) -> dict[str, float]:
    runtime.start(where.settings, where.keys)
    await database.open_database(where.app_dsn, where.keys, connections=4)
    try:
        await directory.adopt_profile(where.settings.profile)
        network = await fill(where.admin_dsn, participants=patients, records=0)
        admin = await asyncpg.connect(where.admin_dsn)
        hospital = await admin.fetchval(
            "SELECT facility_id FROM facility WHERE code = $1", HOSPITAL
        )
        await admin.copy_records_to_table(
            "facility_patient",
            records=[
                (person, hospital, _number(n)) for n, person in enumerate(network.participants)
            ],
            columns=["participant_id", "facility_id", "local_id"],
        )
        collect_seldom()
        operator = Actor(kind=ActorKind.OPERATOR, facility_id=hospital)
        cpu = time.process_time()
        first, took = await _timed(operator, root)
        cpu = time.process_time() - cpu
        again, took_again = await _timed(operator, root)
        stored = await admin.fetchval("SELECT count(*) FROM record WHERE is_current")
        logged = await admin.fetchval("SELECT count(*) FROM access_event")
        await admin.close()
    finally:
        await database.close_database()
    lost = count - first.states["stored"] - first.states["text"]
    return {
        "ssmix2_files_per_s": count / took,
        "ssmix2_records_per_s": first.records / took,
        "ssmix2_unchanged_per_s": count / took_again,
        "cpu_us_per_file": cpu / count * 1e6,
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3,
        "records_not_current": float(first.records - stored),
        "log_rows": float(logged),
        "files_not_stored": float(lost),
        "files_changed_again": float(count - again.states["unchanged"]),
    }


async def _timed(operator: Actor, root: Path) -> tuple[Account, float]:
    began = time.perf_counter()
    account = await service.take_in(operator, root)
    return account, time.perf_counter() - began


if __name__ == "__main__":
    main()
