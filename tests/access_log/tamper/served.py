"""The server lies to one phone: the database is as it was, the bundle on its way is not."""

import json
from collections.abc import Callable

from api.access_log import verifier as v
from tests.access_log.tamper import false_files
from tests.access_log.tamper.attack import Attack, Bundle
from tests.access_log.tamper.kinds import (
    KEPT,
    NEW,
    PHONES,
    By,
    Chapter,
    Holds,
)

served = Chapter("A bundle altered on its way", Holds.SERVER)
Alter = Callable[[Attack, Bundle], Bundle | None]


def altered(name: str, what: str, *by: By, note: str = "") -> Callable[[Alter], Alter]:
    def added(alter: Alter) -> Alter:
        async def deed(attack: Attack) -> None:
            async def lie(bundle: Bundle) -> Bundle:
                return alter(attack, bundle) or bundle

            await false_files.prepare(attack)
            attack.serving = lie

        served.add(name, what, *by, note=note)(deed)
        return alter

    return added


def event_of(bundle: Bundle, number: int) -> Bundle:
    return next(each for each in bundle["events"] if each["number"] == number)


@altered("shown-altered", "The name of who read is another one in the file", *PHONES)
def _shown(attack: Attack, bundle: Bundle) -> None:
    for field in event_of(bundle, attack.n)["fields"]:
        if field[0] == "actor":
            field[1] = field[1].replace("佐藤", "伊藤")


@altered("shown-left-out", "One event is left out", *PHONES)
def _left_out(attack: Attack, bundle: Bundle) -> None:
    bundle["events"].remove(event_of(bundle, attack.n))


@altered("shown-short", "The newest events are left out", *PHONES)
def _short(attack: Attack, bundle: Bundle) -> None:
    del bundle["events"][-3:]


@altered(
    "shown-late",
    "The oldest event is left out, as if it were known already",
    NEW,
    note="A phone with state knows it, and is not deceived.",
)
def _late(attack: Attack, bundle: Bundle) -> Bundle:
    first = bundle["events"].pop(0)
    return false_files.proved(attack, bundle | {"from": {"number": 1, "commit": first["commit"]}})


@altered("another-s-event", "An event of Tarō's is put into Hanako's file", *PHONES)
def _anothers(attack: Attack, bundle: Bundle) -> None:
    (foreign,) = [each for each in attack.taros["events"] if each["number"] == 2]
    bundle["events"][1] = foreign


@altered("another-s-file", "Hanako is served Tarō's file", *PHONES)
def _whole(attack: Attack, bundle: Bundle) -> Bundle:
    return attack.taros


@altered("another-s-name", "Tarō's file is served with Hanako's id in it", *PHONES)
def _renamed(attack: Attack, bundle: Bundle) -> Bundle:
    return attack.taros | {"participant": bundle["participant"]}


@altered("withheld-otherwise", "A withheld field is disclosed with another value", *PHONES)
def _disclosed(attack: Attack, bundle: Bundle) -> None:
    event = event_of(bundle, attack.scene.world.withheld)
    hidden = next(each for each in event["withheld"] if each["name"] == "actor")
    event["withheld"].remove(hidden)
    event["fields"].append(["actor", '{"name":"somebody harmless"}'])
    event["salts"]["actor"] = v.to_base64url(bytes(32))


@altered("withheld-unannounced", "A field is withheld that the event did not announce", *PHONES)
def _unannounced(attack: Attack, bundle: Bundle) -> None:
    event = event_of(bundle, attack.n)
    key = v.from_base64url(event.pop("ek"))
    shown = dict(event["fields"])
    digest = v.field_digest(v.salt(key, "actor"), "actor", shown.pop("actor"))
    event["fields"] = [list(each) for each in shown.items()]
    event["salts"] = {name: v.to_base64url(v.salt(key, name)) for name in shown}
    event["withheld"].append(
        {
            "name": "actor",
            "digest": v.to_base64url(digest),
            "reason": "law_enforcement",
            "until": "2099-12-31",
        }
    )


@altered("withheld-longer", "A withheld field is withheld for longer than announced", *PHONES)
def _longer(attack: Attack, bundle: Bundle) -> None:
    for each in event_of(bundle, attack.scene.world.withheld)["withheld"]:
        if "until" in each:
            each["until"] = "2099-12-31"


@altered("untold-guessed", "What is never disclosed is shown, as somebody guessed it", *PHONES)
def _guessed(attack: Attack, bundle: Bundle) -> None:
    """The guess is right, and yet the key she was given does not confirm it."""
    event = event_of(bundle, attack.n)
    guess = '{"ids":"","types":[]}'
    (untold,) = event["withheld"]
    salted = v.salt(v.from_base64url(event["ek"]), "other")
    assert v.field_digest(salted, "other", guess) != v.from_base64url(untold["digest"])
    event["withheld"] = []
    event["fields"].append(["other", guess])


@altered("receipt-forged", "A new event is shown with a promise that the log never signed", *PHONES)
def _receipt(attack: Attack, bundle: Bundle) -> None:
    event = bundle["events"][-1]
    commit = v.from_base64url(event["commit"])
    event["leaf"] = None
    event["receipt"] = str(
        v.Receipt(bytes(4), commit, event["at"], event["at"] + v.MERGE_DELAY, bytes(64))
    )


@altered("leaf-moved", "An event is said to stand elsewhere in the tree", *PHONES)
def _leaf(attack: Attack, bundle: Bundle) -> None:
    event_of(bundle, attack.n)["leaf"] -= 1


@altered("node-altered", "A node of the proof is altered", *PHONES)
def _node(attack: Attack, bundle: Bundle) -> None:
    name = next(iter(bundle["nodes"]))
    bundle["nodes"][name] = v.to_base64url(bytes(32))


@altered("map-fewer", "The count is said to be smaller", *PHONES)
def _fewer(attack: Attack, bundle: Bundle) -> None:
    bundle["head_map"]["number"] -= 1


@altered(
    "map-fewer-and-short", "The count is said to be smaller, and the file is shorter too", *PHONES
)
def _fewer_and_short(attack: Attack, bundle: Bundle) -> None:
    bundle["head_map"]["number"] = attack.n
    del bundle["events"][attack.n :]


@altered("map-elsewhere", "The count is said to stand at another place of the map", *PHONES)
def _elsewhere(attack: Attack, bundle: Bundle) -> None:
    bundle["head_map"]["position"] ^= 1


@altered(
    "map-withdrawn",
    "The file says that nothing was counted yet",
    KEPT,
    note="Until two hours after the first event, nobody without state can know better.",
)
def _withdrawn(attack: Attack, bundle: Bundle) -> Bundle:
    return false_files.proved(attack, bundle | {"head_map": None})


@altered("checkpoint-older", "Yesterday's checkpoint stands under today's events", *PHONES)
def _older_checkpoint(attack: Attack, bundle: Bundle) -> None:
    bundle["checkpoint"] = json.loads(attack.scene.world.old_bundle)["checkpoint"]


@altered("checkpoint-altered", "The checkpoint's size is altered under its signature", *PHONES)
def _size(attack: Attack, bundle: Bundle) -> None:
    origin, size, rest = bundle["checkpoint"].split("\n", 2)
    bundle["checkpoint"] = f"{origin}\n{int(size) - 1}\n{rest}"


def recosigned(bundle: Bundle, change: Callable[[v.SignatureLine], v.SignatureLine]) -> None:
    note = v.parse_note(bundle["checkpoint"])
    lines = (*note.lines[:-1], change(note.lines[-1]))
    bundle["checkpoint"] = str(note._replace(lines=lines))


@altered("cosignature-bytes", "A witness's signature is other bytes", *PHONES)
def _bytes(attack: Attack, bundle: Bundle) -> None:
    recosigned(
        bundle,
        lambda line: line._replace(
            signature=line.signature[:-1] + bytes((line.signature[-1] ^ 1,))
        ),
    )


@altered(
    "cosignature-later",
    "A witness is said to have seen the checkpoint later than it did",
    KEPT,
    NEW,
)
def _later(attack: Attack, bundle: Bundle) -> None:
    recosigned(
        bundle,
        lambda line: line._replace(
            signature=(int.from_bytes(line.signature[:8]) + 1).to_bytes(8) + line.signature[8:]
        ),
    )


@altered(
    "cosignature-older", "A witness's signature under yesterday's checkpoint is put here", *PHONES
)
def _older(attack: Attack, bundle: Bundle) -> None:
    old = v.parse_note(json.loads(attack.scene.world.old_bundle)["checkpoint"])
    recosigned(bundle, lambda line: old.lines[-1])


@altered("cosignature-of-another", "One witness's signature is shown in the other's name", *PHONES)
def _of_another(attack: Attack, bundle: Bundle) -> None:
    other = v.parse_note(bundle["checkpoint"]).lines[-2]
    recosigned(bundle, lambda line: line._replace(signature=other.signature))


@altered("proof-of-growth-forged", "The proof that the log continues is altered", KEPT)
def _growth(attack: Attack, bundle: Bundle) -> None:
    if bundle["consistency"]:
        bundle["consistency"]["proof"][0] = v.to_base64url(bytes(32))


@altered(
    "old-file",
    "Yesterday's file, true then, is served again as today's",
    KEPT,
    note="A phone without state sees the time of the count, and the witnesses'.",
)
def _old(attack: Attack, bundle: Bundle) -> Bundle:
    return json.loads(attack.scene.world.old_bundle)


@altered("another-log", "A whole log of the attacker's own making, under the same name", *PHONES)
def _another(attack: Attack, bundle: Bundle) -> Bundle:
    return false_files.own_log(attack)


CHAPTERS = (served,)
