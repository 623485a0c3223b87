"""Whatever lies in a storage: no exception, every file accounted for, nothing half stored."""

import shutil
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.core.actor import Actor
from api.records.parse import check, decode, encode
from api.records.ssmix2 import path, reading, service
from api.records.ssmix2.lifecycle import Offered, Standing, next_step
from api.records.ssmix2.reading import Read, Unreadable
from api.records.ssmix2.service import Wish
from tests.records import stored
from tests.records.conftest import Person
from tests.records.ssmix2 import grammar, writing

PATIENT = "N12345678"
KIND_AND_MESSAGE = st.sampled_from(sorted(writing.KINDS)).flatmap(
    lambda kind: grammar.messages(PATIENT, kind)
)


@given(KIND_AND_MESSAGE)
@settings(max_examples=300)
def test_any_message_is_read_or_refused_with_a_reason(drawn: tuple[writing.Wanted, bytes]):
    wanted, body = drawn
    name = path.parse(writing.path(Path("/"), PATIENT, wanted).name)
    assert name is not None
    found = reading.read(body, name, {"reference": "Patient/1"}, "urn:n")
    if isinstance(found, Unreadable):
        assert found.reason not in ("", "unforeseen")
        return
    names = [item.name for item in found.items]
    assert len(set(names)) == len(names)
    for item in found.items:
        text = encode(item.resource)
        assert check(decode(text.encode()), "r") == []
        assert item.effective_on.year >= 1


@given(st.sampled_from(sorted(writing.KINDS)), st.binary(max_size=400))
def test_any_bytes_are_refused_with_a_reason(kind: str, body: bytes):
    name = path.parse(writing.path(Path("/"), PATIENT, writing.Wanted(kind)).name)
    assert name is not None
    found = reading.read(body, name, {}, "urn:n")
    assert isinstance(found, Read) or found.reason not in ("", "unforeseen")


async def whole(operator: Actor, hanako: Person, root: Path) -> dict[str, Any]:
    """What stands, checked: one current version at most, and none of an order that is gone."""
    rows = await stored.records(hanako.id)
    current = [row for row in rows if row["is_current"]]
    assert len({row["record_id"] for row in current}) == len(current)
    for record_id in {row["record_id"] for row in rows}:
        numbers = sorted(row["version"] for row in rows if row["record_id"] == record_id)
        assert numbers == list(range(1, len(numbers) + 1))
    for row in rows:
        assert decode(row["body"].encode())["resourceType"] == row["resource_type"]
    return {(row["record_id"], row["version"]): row["is_current"] for row in rows}


async def test_any_storage_is_accounted_for_and_a_second_run_changes_nothing(
    operator: Actor, hanako: Person, tmp_path: Path
):
    @given(grammar.storages(hanako.number))
    @settings(
        max_examples=25,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
    def every(files: list[tuple[writing.Wanted, bytes]]) -> None:
        storages.append(files)

    storages: list[list[tuple[writing.Wanted, bytes]]] = []
    every()
    for number, files in enumerate(storages):
        root = tmp_path / str(number)
        root.mkdir()
        for wanted, body in files:
            writing.put(root, hanako.number, wanted, body)
        lying = [each for each in root.rglob("*") if each.is_file()]
        account = await service.take_in(operator, root, Wish(keeps_all=True))
        assert account.files == len(lying)
        assert {line.name for line in account.lines} == {
            each.relative_to(root).as_posix() for each in lying
        }
        assert ("quarantined", "unforeseen", "") not in account.reasons
        assert ("quarantined", "not_storable", "") not in account.reasons
        stands = await whole(operator, hanako, root)
        again = await service.take_in(operator, root)
        assert (again.files, again.records) == (len(lying), 0)
        assert await whole(operator, hanako, root) == stands
        shutil.rmtree(root)


STAMPS = st.integers(0, 3).map(lambda day: f"2024050{day}083000000")
VERSIONS = st.lists(
    st.tuples(STAMPS, st.sampled_from("120")), min_size=1, max_size=6, unique_by=lambda v: v[0]
)


@given(VERSIONS, st.randoms(use_true_random=False))
def test_in_whatever_order_versions_arrive_the_newest_decides(
    versions: list[tuple[str, str]], chance: Any
):
    offered = [
        Offered(stamp, flag, stamp.encode(), place) for place, (stamp, flag) in enumerate(versions)
    ]
    newest = max(offered, key=lambda each: each.stamp)
    order = list(offered)
    chance.shuffle(order)
    standing: Standing | None = None
    for each in order:
        step = next_step(standing, [each])
        if step.deed != "nothing" and step.newest is not None:
            standing = Standing(step.newest.stamp, step.newest.flag, step.newest.digest)
    assert standing == Standing(newest.stamp, newest.flag, newest.digest)
    at_once = next_step(None, order)
    assert at_once.newest == newest
    assert at_once.deed == ("show" if newest.flag == "1" else "withdraw")
