"""Good and bad bundles, and what every verifier must answer to each."""

import copy
import json
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from api.access_log import verifier as v
from api.access_log.transparency import notes
from tests.access_log.synthetic import (
    HANAKO,
    HOUR,
    ORIGIN,
    SECOND,
    TARO,
    WITNESSES,
    Log,
    Witness,
    drawn,
    key,
)

Findings = tuple[tuple[str, int | None], ...]
Bundle = dict[str, Any]
KNOWN = tuple(str(each.vkey) for each in WITNESSES)


class Case(NamedTuple):
    """`seen` are the witnesses counted; `now` in microseconds since 1970 UTC."""

    name: str
    text: str
    now: int
    outcome: str
    findings: Findings = ()
    keys: tuple[str, ...] = ()
    witnesses: tuple[str, ...] = KNOWN
    remembered: str | None = None
    seen: tuple[str, ...] = ()
    kind: str = "bundle"


@cache
def story() -> Log:
    """Hanako has 12 events, of which the 7th is under an embargo, and Tarō has 5."""
    log = Log()
    for number in range(1, 13):
        if number == 7:
            log.append(HANAKO, embargo=embargo("actor", "purpose"))
        else:
            log.append(HANAKO)
        if number % 3 == 0:
            log.append(TARO)
        log.pad(number % 4)
        log.seal()
    log.append(TARO)
    log.seal()
    log.count()
    log.pad(3)
    return log


def embargo(*fields: str) -> dict[str, Any]:
    return {"fields": list(fields), "reason": "law_enforcement", "until": "2026-12-31"}


def copied(log: Log) -> Log:
    return copy.deepcopy(log)


def remembered(log: Log, bundle: Bundle | None = None) -> str:
    text = written(bundle or log.bundle())
    verdict = v.verify_bundle(text, log.vkeys, [], None, log.now)
    assert verdict.remember is not None, verdict.findings
    return str(verdict.remember)


def written(bundle: Bundle) -> str:
    return json.dumps(bundle, ensure_ascii=False)


def cases() -> list[Case]:
    every = [*good(), *bent(), *grown(), *lies(), *proofs()]
    assert len({each.name for each in every}) == len(every)
    return every


def good() -> Iterator[Case]:
    log = story()
    first = str(log.vkeys[0])
    both = tuple(each.name for each in WITNESSES)
    seen = written(log.bundle(witnesses=WITNESSES))
    yield Case("witnessed", seen, log.now, "verified", keys=(first,), seen=both)
    yield Case("key on trust", seen, log.now, "verified", seen=both)
    yield Case("unknown witnesses are ignored", seen, log.now, "verified", witnesses=())
    yield Case("years later", seen, log.now + 90_000 * HOUR, "verified", seen=both)
    yield Case("another participant", written(log.bundle(TARO)), log.now, "verified")
    memory = remembered(log)
    for name, before in (("later events only", 9), ("no later events", 12)):
        text = written(log.bundle(before=before))
        yield Case(name, text, log.now, "verified", remembered=memory)
        yield Case(f"{name}, to a stranger", text, log.now, "failed", (("gap", 1),))

    alone = Log()
    alone.append(HANAKO)
    alone.seal()
    yield Case("not counted yet", written(alone.bundle()), alone.now, "pending")
    alone.count()
    yield Case("one event", written(alone.bundle()), alone.now, "verified")
    nobody = Log()
    yield Case("no events at all", written(nobody.bundle()), nobody.now, "pending")

    waiting = copied(log)
    waiting.append(HANAKO)
    waiting.append(HANAKO)
    yield Case("two events wait", written(waiting.bundle()), waiting.now, "pending")
    waiting.seal()
    yield Case("newer than the count", written(waiting.bundle()), waiting.now, "verified")

    for size in (16, 17, 31, 32, 33):
        exact = Log()
        exact.append(HANAKO, detail={"text": 'ひらがな "x" \\ \u2028 😀 é'})
        exact.append(HANAKO)
        exact.seal()
        exact.count()
        exact.pad(size - exact.size)
        yield Case(f"a tree of {size}", written(exact.bundle()), exact.now, "verified")

    turned = copied(log)
    turned.rotate()
    turned.append(HANAKO)
    turned.rotate()
    turned.seal()
    turned.count()
    text = written(turned.bundle())
    for number, each in enumerate(turned.vkeys, 1):
        yield Case(
            f"changed keys, knowing {number}", text, turned.now, "verified", keys=(str(each),)
        )
    old = copied(log)
    yield Case(
        "remembered before the keys changed",
        written(turned.bundle(since=old.size)),
        turned.now,
        "verified",
        remembered=remembered(old),
    )


def bent() -> Iterator[Case]:
    """One thing in a good file is changed."""
    log = story()
    event, head = "event_altered", "head_mismatch"
    unsigned = (("bad_signature", None), ("not_included", None))
    altered: list[tuple[str, Callable[[Bundle], object], Findings]] = [
        ("a field", lambda b: told(b, 4, '"TREAT"', '"HRESCH"'), ((event, 4),)),
        ("a name", lambda b: told(b, 4, "佐藤", "伊藤"), ((event, 4),)),
        ("a time", lambda b: b["events"][3].update(at=b["events"][3]["at"] + 1), ((event, 4),)),
        ("a key", lambda b: b["events"][3].update(ek=url("other")), ((event, 4),)),
        ("a salt", lambda b: b["events"][6]["salts"].update(about=url("other")), ((event, 7),)),
        (
            "a digest of what is withheld",
            lambda b: b["events"][3]["withheld"][0].update(digest=url("other")),
            ((event, 4),),
        ),
        (
            "a commit",
            lambda b: b["events"][3].update(commit=url("other")),
            ((event, 4), (event, 5), ("not_included", None)),
        ),
        (
            "the last commit",
            lambda b: b["events"][-1].update(commit=url("other")),
            ((event, 12), ("not_included", None), (head, None)),
        ),
        (
            "the commit before",
            lambda b: b.update(log.bundle(before=9) | {"from": {"number": 9, "commit": url()}}),
            ((event, 10), ("gap", 1)),
        ),
        ("an embargo's reason", lambda b: kept(b, 7, reason="other"), ((event, 7),)),
        ("an embargo's day", lambda b: kept(b, 7, until="2026-06-01"), ((event, 7),)),
        (
            "the reason of what is untold",
            lambda b: b["events"][3]["withheld"][0].update(reason="secret"),
            ((event, 4),),
        ),
        (
            "a day for what is untold",
            lambda b: b["events"][3]["withheld"][0].update(until="2026-12-31"),
            ((event, 4),),
        ),
        ("a field withheld unannounced", lambda b: hide(log, b, 4, "actor"), ((event, 4),)),
        (
            "an event taken out",
            lambda b: b["events"].pop(4),
            (("gap", 5), (event, 6), ("not_included", None)),
        ),
        (
            "the first event taken out",
            lambda b: b["events"].pop(0),
            (("gap", 1), (event, 2), ("not_included", None)),
        ),
        (
            "the last event taken out",
            lambda b: b.update(cut(log, 11)),
            (("missing", 12),),
        ),
        (
            "two events exchanged",
            lambda b: b["events"].insert(3, b["events"].pop(4)),
            (("gap", 4), (event, 5), ("gap", 6), (event, 4), ("gap", 5), (event, 6)),
        ),
        (
            "a number",
            lambda b: b["events"][3].update(number=5),
            (("gap", 4), (event, 5), ("gap", 6)),
        ),
        ("somebody else's events", lambda b: b.update(participant=str(TARO)), every_event(12)),
        (
            "somebody else's event among them",
            lambda b: b["events"].__setitem__(2, log.bundle(TARO)["events"][2]),
            ((event, 3), (event, 4), ("not_included", None)),
        ),
        ("a leaf", lambda b: b["events"][3].update(leaf=0), (("not_included", None),)),
        (
            "a leaf twice",
            lambda b: b["events"][3].update(leaf=b["events"][2]["leaf"]),
            (("not_included", 4), ("not_included", None)),
        ),
        (
            "a leaf beyond the tree",
            lambda b: b["events"][3].update(leaf=log.size),
            (("not_included", 4), ("not_included", None), (head, None)),
        ),
        ("a node", lambda b: b["nodes"].update({first_node(b): url()}), (("not_included", None),)),
        (
            "a node taken out",
            lambda b: b["nodes"].pop(first_node(b)),
            (("not_included", None),),
        ),
        ("a node too many", lambda b: b["nodes"].update({"9/9": url()}), (("malformed", None),)),
        (
            "a leaf in the middle that waits",
            lambda b: wait(log, b, 4),
            (
                *(("not_included", number) for number in range(5, 13)),
                ("not_included", None),
                (head, None),
            ),
        ),
        ("the count's number", lambda b: b["head_map"].update(number=11), ((head, None),)),
        ("the count's number up", lambda b: b["head_map"].update(number=13), (("missing", 13),)),
        ("the count's place", lambda b: b["head_map"].update(position=1), ((head, None),)),
        ("the blind", lambda b: b["head_map"].update(blind=url()), ((head, None),)),
        (
            "the count's root",
            lambda b: b["head_map"].update(root=url()),
            (("not_included", None), (head, None)),
        ),
        (
            "the count's time",
            lambda b: b["head_map"].update(at=b["head_map"]["at"] + 1),
            (("not_included", None),),
        ),
        (
            "the count's leaf",
            lambda b: b["head_map"].update(leaf=b["head_map"]["leaf"] + 1),
            (("not_included", None),),
        ),
        (
            "the count's leaf beyond the tree",
            lambda b: b["head_map"].update(leaf=log.size),
            (("not_included", None),),
        ),
        ("the count's siblings", lambda b: b["head_map"]["proof"].clear(), ((head, None),)),
        (
            "the count of earlier events only",
            lambda b: b.update(log.bundle(before=12) | {"head_map": None}),
            (("gap", 1), ("malformed", None), (head, None)),
        ),
        ("the root signed", lambda b: sign_line(b, 2, v.to_base64(drawn())), unsigned),
        ("the size signed", lambda b: sign_line(b, 1, str(log.size + 1)), unsigned),
        (
            "the origin signed",
            lambda b: sign_line(b, 0, "log.example.jp/other"),
            (("wrong_origin", None), ("bad_signature", None)),
        ),
        (
            "the origin",
            lambda b: b.update(origin="log.example.jp/other"),
            (("wrong_origin", None),),
        ),
        (
            "the key in the file",
            lambda b: b.update(log_key=str(notes.vkey(ORIGIN, key("stranger")))),
            (("bad_signature", None),),
        ),
    ]
    for name, change, findings in altered:
        bundle = log.bundle()
        change(bundle)
        yield Case(f"{name} is altered", written(bundle), log.now, "failed", findings)
    yield from malformed(log)


def malformed(log: Log) -> Iterator[Case]:
    wrong: list[tuple[str, Callable[[Bundle], object]]] = [
        ("an unknown format", lambda b: b.update(format="tsunagu-log-bundle/2")),
        ("an unknown member", lambda b: b.update(note="hello")),
        ("an unknown member of an event", lambda b: b["events"][0].update(note="hello")),
        ("a member left out", lambda b: b.pop("nodes")),
        ("a size with a leading zero", lambda b: sign_line(b, 1, f"0{log.size}")),
        ("a checkpoint without a root", lambda b: sign_line(b, 2, "")),
        ("a note without signatures", lambda b: b.update(checkpoint="a\n1\nb\n")),
        ("padded base64", lambda b: b["events"][0].update(ek=b["events"][0]["ek"] + "=")),
        ("base64 with loose bits", lambda b: b["events"][0].update(ek=loose(b["events"][0]["ek"]))),
        ("a number as text", lambda b: b["events"][0].update(number="1")),
        ("a truth value as number", lambda b: b["events"][0].update(number=True)),
        ("a fraction", lambda b: b["events"][0].update(at=0.5)),
        ("a negative leaf", lambda b: b["events"][0].update(leaf=-1)),
        ("a number no script can hold", lambda b: b["events"][0].update(at=1 << 53)),
        ("a participant in capitals", lambda b: b.update(participant=str(HANAKO).upper())),
        ("a field left out", lambda b: b["events"][0]["fields"].pop()),
        ("a field twice", lambda b: b["events"][0]["fields"].append(b["events"][0]["fields"][0])),
        ("an unknown field", lambda b: b["events"][0]["fields"][0].__setitem__(0, "abuot")),
        ("a field that is no JSON", lambda b: b["events"][0]["fields"][0].__setitem__(1, "{")),
        ("the untold field told", lambda b: tell_other(log, b)),
        ("the untold field told with its salt", lambda b: tell_other(log, b, with_salts=True)),
        ("a key beside salts", lambda b: b["events"][6].update(ek=url())),
        ("a salt too few", lambda b: b["events"][6]["salts"].pop("about")),
        ("a salt of what is withheld", lambda b: b["events"][6]["salts"].update(actor=url())),
        ("a receipt beside a leaf", lambda b: b["events"][0].update(receipt=url())),
        ("a leaf without a receipt", lambda b: b["events"][-1].update(leaf=None)),
        ("an empty sibling spelled out", lambda b: b["head_map"]["proof"].update({"9": empty(9)})),
        ("a place outside the map", lambda b: b["head_map"].update(position=1 << 32)),
        ("a count of nothing", lambda b: b["head_map"].update(number=0)),
        ("a node at no place", lambda b: b["nodes"].update({"0/01": url()})),
        ("a beginning without zeros", lambda b: b["from"].update(commit=url())),
        ("a key change of another form", lambda b: b.update(key_changes=[b["checkpoint"]])),
    ]
    for name, change in wrong:
        bundle = log.bundle()
        change(bundle)
        yield Case(name, written(bundle), log.now, "failed", (("malformed", None),))
    whole = written(log.bundle())
    for name, text in {
        "a file cut in half": whole[: len(whole) // 2],
        "a file cut at its end": whole[:-1],
        "an empty file": "",
        "a file with more behind it": f"{whole}{{}}",
        "a list": "[]",
        "nothing": "null",
    }.items():
        yield Case(name, text, log.now, "failed", (("malformed", None),))


def grown() -> Iterator[Case]:
    """What a phone finds that has seen the log before."""
    log = story()
    memory = remembered(log)
    same = written(log.bundle())
    yield Case("nothing new", same, log.now, "verified", remembered=memory)
    later = copied(log)
    later.append(HANAKO)
    later.append(HANAKO)
    later.seal()
    later.count()
    linked = later.bundle(since=log.size)
    yield Case("grown", written(linked), later.now, "verified", remembered=memory)
    yield Case("a proof nobody asked for", written(linked), later.now, "verified")
    yield Case(
        "only what is new",
        written(later.bundle(since=log.size, before=12)),
        later.now,
        "verified",
        remembered=memory,
    )
    yield Case(
        "more left out than was seen",
        written(later.bundle(since=log.size, before=13)),
        later.now,
        "failed",
        (("gap", 13),),
        remembered=memory,
    )
    yield Case(
        "no proof of growth",
        written(later.bundle()),
        later.now,
        "failed",
        (("unlinked", None),),
        remembered=memory,
    )
    yield Case(
        "a proof from another size",
        written(later.bundle(since=log.size - 1)),
        later.now,
        "failed",
        (("unlinked", None),),
        remembered=memory,
    )
    bad = copy.deepcopy(linked)
    bad["consistency"]["proof"][0] = url()
    yield Case(
        "a broken proof of growth",
        written(bad),
        later.now,
        "failed",
        (("forked", None),),
        remembered=memory,
    )
    yield Case(
        "a broken proof nobody asked for", written(bad), later.now, "failed", (("forked", None),)
    )
    yield Case(
        "rolled back",
        same,
        later.now,
        "failed",
        (("rolled_back", None), ("missing", 13)),
        remembered=remembered(later, linked),
    )
    yield Case(
        "seen by Tarō's phone",
        same,
        log.now,
        "verified",
        remembered=remembered(log, log.bundle(TARO)),
    )
    moved = json.loads(memory)
    moved["heads"][str(HANAKO)]["position"] = 1
    yield Case(
        "another place in the count",
        same,
        log.now,
        "failed",
        (("head_mismatch", None),),
        remembered=json.dumps(moved),
    )
    moved["heads"][str(HANAKO)] |= {"position": 0, "commit": url()}
    yield Case(
        "another last event",
        same,
        log.now,
        "failed",
        (("event_altered", 12),),
        remembered=json.dumps(moved),
    )
    withdrawn = copied(log)
    withdrawn.maps.clear()
    yield Case("no count", written(withdrawn.bundle()), log.now, "pending")
    yield Case(
        "a count withdrawn",
        written(withdrawn.bundle()),
        log.now,
        "failed",
        (("head_mismatch", None),),
        remembered=memory,
    )
    stranger = json.loads(memory) | {"key": str(notes.vkey(ORIGIN, key("stranger")))}
    yield Case(
        "another key than remembered",
        same,
        log.now,
        "failed",
        (("unknown_key", None),),
        remembered=json.dumps(stranger),
    )
    elsewhere = Log(origin="log.example.jp/other")
    elsewhere.append(HANAKO)
    elsewhere.seal()
    elsewhere.count()
    yield Case(
        "another log than remembered",
        same,
        log.now,
        "failed",
        (("wrong_origin", None), ("unknown_key", None), ("unlinked", None)),
        remembered=remembered(elsewhere),
    )


def lies() -> Iterator[Case]:
    """What whoever runs the log could do with its key in hand."""
    log = story()
    good_key = (str(log.vkeys[0]),)

    rewritten = Log()
    for number in range(1, 13):
        rewritten.append(HANAKO, **({"detail": {"nothing": "to see"}} if number == 4 else {}))
    rewritten.seal()
    rewritten.count()
    rewritten.pad(log.size - rewritten.size)
    text = written(rewritten.bundle())
    yield Case("rewritten, for who has seen nothing", text, log.now, "verified", keys=good_key)
    yield Case(
        "rewritten at the same size",
        text,
        log.now,
        "failed",
        (("forked", None), ("event_altered", 12)),
        remembered=remembered(log),
    )
    rewritten.pad(5)
    yield Case(
        "rewritten and grown",
        written(rewritten.bundle(since=log.size)),
        log.now,
        "failed",
        (("forked", None), ("event_altered", 12)),
        remembered=remembered(log),
    )
    text = written(rewritten.bundle() | {"log_key": str(notes.vkey(ORIGIN, key("stranger")))})
    yield Case("another first key", text, log.now, "failed", (("bad_signature", None),))

    thief = copied(log)
    thief.keys = [key("stranger")]
    text = written(thief.bundle())
    yield Case("a stranger's key, on trust", text, log.now, "verified")
    yield Case("a stranger's key", text, log.now, "failed", (("unknown_key", None),), keys=good_key)
    forged = copied(log)
    forged.keys.append(key("stranger"))
    forged.changes.append(
        notes.sign(
            v.key_change_text(ORIGIN, log.vkeys[0], notes.vkey(ORIGIN, key("stranger"))),
            ORIGIN,
            key("stranger"),
        )
    )
    text = written(forged.bundle())
    yield Case(
        "a key change by the new key",
        text,
        log.now,
        "failed",
        (("bad_key_change", None),),
        keys=good_key,
    )
    turned = copied(log)
    turned.rotate()
    turned.rotate()
    bundle = turned.bundle()
    del bundle["key_changes"][0]
    yield Case(
        "a key change left out",
        written(bundle),
        log.now,
        "failed",
        (("bad_key_change", None),),
        keys=good_key,
    )
    bundle = turned.bundle()
    bundle["key_changes"][0] += str(notes.signature_line("", "somebody", key("somebody")))
    yield Case(
        "a key change with a line too many",
        written(bundle),
        log.now,
        "failed",
        (("malformed", None),),
        keys=good_key,
    )
    bundle = turned.bundle()
    del bundle["key_changes"][1]
    yield Case(
        "the last key change left out",
        written(bundle),
        log.now,
        "failed",
        (("bad_signature", None),),
        keys=good_key,
    )
    yield Case(
        "the key of another log",
        written(log.bundle()),
        log.now,
        "failed",
        (("wrong_origin", None), ("unknown_key", None)),
        keys=(str(notes.vkey("log.example.jp/other", key("stranger"))),),
    )

    pretender = Witness(WITNESSES[0].name, key("stranger"))
    line = notes.cosignature_line(log.checkpoint().text, *pretender, log.now // SECOND)
    note = log.checkpoint(WITNESSES[1:])
    line = line._replace(key_id=WITNESSES[0].vkey.key_id)
    text = written(log.bundle(checkpoint=v.Note(note.text, (*note.lines, line))))
    second = (WITNESSES[1].name,)
    yield Case(
        "a forged cosignature",
        text,
        log.now,
        "failed",
        (("forged_cosignature", None),),
        seen=second,
    )
    yield Case(
        "a forged cosignature of an unknown witness",
        text,
        log.now,
        "verified",
        witnesses=KNOWN[1:],
        seen=second,
    )

    yield Case(
        "a checkpoint from the future",
        written(log.bundle(checkpoint=log.checkpoint(WITNESSES, seconds=log.now // SECOND + 3600))),
        log.now,
        "failed",
        (("future", None),),
        seen=tuple(each.name for each in WITNESSES),
    )
    ahead = copied(log)
    ahead.append(HANAKO, after=HOUR)
    ahead.seal()
    yield Case(
        "an event from the future", written(ahead.bundle()), log.now, "failed", (("future", 13),)
    )
    ahead.count()
    yield Case(
        "a count from the future",
        written(ahead.bundle()),
        log.now,
        "failed",
        (("future", 13), ("future", None)),
    )
    yield Case(
        "the clock a little behind",
        written(log.bundle(witnesses=WITNESSES)),
        log.now - 4 * 60 * SECOND,
        "verified",
        seen=tuple(each.name for each in WITNESSES),
    )

    stale = copied(log)
    stale.append(HANAKO, after=3 * HOUR)
    stale.seal()
    yield Case(
        "not counted for long",
        written(stale.bundle()),
        stale.now,
        "failed",
        (("head_stale", None),),
    )
    idle = copied(log)
    idle.pad(1)
    idle.now += 3 * HOUR
    yield Case(
        "not counted though witnessed",
        written(idle.bundle(witnesses=WITNESSES)),
        idle.now,
        "failed",
        (("head_stale", None),),
        seen=tuple(each.name for each in WITNESSES),
    )
    uncounted = Log()
    uncounted.append(HANAKO)
    uncounted.append(HANAKO, after=3 * HOUR)
    uncounted.seal()
    yield Case(
        "never counted",
        written(uncounted.bundle()),
        uncounted.now,
        "failed",
        (("head_stale", None),),
    )

    short = copied(log)
    short.append(HANAKO)
    short.seal()
    short.count()
    del short.events[HANAKO][-1]
    yield Case(
        "the newest event deleted", written(short.bundle()), short.now, "failed", (("missing", 13),)
    )
    hasty = copied(log)
    hasty.append(HANAKO)
    hasty.count(is_hasty=True)
    hasty.seal()
    yield Case(
        "a count that stands before what it counts",
        written(hasty.bundle()),
        hasty.now,
        "failed",
        (("head_mismatch", None),),
    )

    endless = copied(log)
    endless.append(HANAKO, embargo={"fields": ["actor"], "reason": "because"})
    endless.seal()
    yield Case(
        "withheld without an end",
        written(endless.bundle()),
        endless.now,
        "failed",
        (("event_altered", 13),),
    )

    late = copied(log)
    late.append(HANAKO)
    promised = late.bundle()
    yield Case(
        "a promise broken", written(promised), late.now + 61 * SECOND, "failed", (("overdue", 13),)
    )
    late.keys = [key("stranger")]
    promised["events"][-1]["receipt"] = late.bundle()["events"][-1]["receipt"]
    yield Case(
        "a receipt of a stranger", written(promised), log.now, "failed", (("not_included", 13),)
    )
    other = copied(log)
    other.append(HANAKO, detail={"other": "event"})
    promised["events"][-1]["receipt"] = other.bundle()["events"][-1]["receipt"]
    yield Case(
        "a receipt of another event", written(promised), log.now, "failed", (("not_included", 13),)
    )
    told = other.events[HANAKO][-1]
    slow = v.receipt_message(told.commit, told.at, told.at + HOUR)
    promise = v.Receipt(
        log.vkeys[0].key_id, told.commit, told.at, told.at + HOUR, other.keys[-1].sign(slow)
    )
    promised = other.bundle()
    promised["events"][-1]["receipt"] = str(promise)
    yield Case(
        "a receipt that promises less",
        written(promised),
        log.now,
        "failed",
        (("not_included", 13),),
    )


def proofs() -> Iterator[Case]:
    """`.tlog-proof` files, for one event each."""
    log = story()
    keys = (str(log.vkeys[0]),)
    both = tuple(each.name for each in WITNESSES)
    told = log.events[HANAKO][4]
    text = log.proof(told, log.checkpoint(WITNESSES))
    lines = text.split("\n")
    yield Case("proof", text, log.now, "verified", keys=keys, seen=both, kind="proof")
    yield Case(
        "proof, remembered",
        text,
        log.now,
        "verified",
        seen=both,
        kind="proof",
        remembered=remembered(log),
    )
    yield Case(
        "proof without a key",
        text,
        log.now,
        "failed",
        (("unknown_key", None),),
        seen=both,
        kind="proof",
    )
    stranger = str(notes.vkey(ORIGIN, key("stranger")))
    yield Case(
        "proof with a stranger's key",
        text,
        log.now,
        "failed",
        (("unknown_key", None),),
        keys=(stranger,),
        seen=both,
        kind="proof",
    )
    elsewhere = str(notes.vkey("log.example.jp/other", key("stranger")))
    yield Case(
        "proof with the key of another log",
        text,
        log.now,
        "failed",
        (("wrong_origin", None), ("unknown_key", None)),
        keys=(elsewhere,),
        seen=both,
        kind="proof",
    )
    forked = copied(log)
    forked.entries[-1] = v.entry_of(v.PADDING, drawn())
    yield Case(
        "proof in a tree that is not the remembered one",
        forked.proof(told),
        log.now,
        "failed",
        (("forked", None),),
        remembered=remembered(log),
        kind="proof",
    )
    signed = lines.copy()
    signed[-4] = lines[-4][:-6] + "AAAA=="
    for name, bad, findings in [
        ("another index", text.replace(f"index {told.leaf}", "index 1"), (("not_included", 5),)),
        ("a hash less", "\n".join(lines[:3] + lines[4:]), (("not_included", 5),)),
        ("a hash more", "\n".join(lines[:3] + lines[3:4] + lines[3:]), (("not_included", 5),)),
        ("a broken signature", "\n".join(signed), (("bad_signature", None),)),
        ("no extra", "\n".join(lines[:1] + lines[2:]), (("malformed", None),)),
        ("an index with a zero", text.replace("index ", "index 0"), (("malformed", None),)),
        (
            "more extra",
            text.replace(lines[1], f"extra {v.to_base64(v.from_base64(lines[1][6:]) + bytes(3))}"),
            (("malformed", None),),
        ),
        ("no checkpoint", text[: text.index("\n\n") + 2], (("malformed", None),)),
        ("a version to come", text.replace("@v1", "@v2"), (("malformed", None),)),
    ]:
        seen = () if findings[0][0] == "malformed" else both
        yield Case(
            f"proof with {name}",
            bad,
            log.now,
            "failed",
            findings,
            keys=keys,
            seen=seen,
            kind="proof",
        )
    yield Case(
        "proof from the future",
        text,
        log.now - HOUR,
        "failed",
        (("future", 5),),
        keys=keys,
        seen=both,
        kind="proof",
    )


# --- Changes -------------------------------------------------------------------------------------


def url(*name: str) -> str:
    return v.to_base64url(drawn("changed", *name))


def empty(level: int) -> str:
    return v.to_base64url(v.EMPTY_HEADS[level])


def loose(text: str) -> str:
    """The last of 43 letters carries four bits: with others behind them, the bytes are the same."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    return text[:-1] + alphabet[alphabet.index(text[-1]) | 1]


def told(bundle: Bundle, number: int, old: str, new: str) -> None:
    for pair in bundle["events"][number - 1]["fields"]:
        pair[1] = pair[1].replace(old, new)


def kept(bundle: Bundle, number: int, **members: str) -> None:
    bundle["events"][number - 1]["withheld"][1].update(members)


def hide(log: Log, bundle: Bundle, number: int, name: str) -> None:
    """Withholds a field rightly but for one thing: that the event never said so."""
    kept_event, event = log.events[HANAKO][number - 1], bundle["events"][number - 1]
    ek = v.from_base64url(event.pop("ek"))
    event["fields"] = [pair for pair in event["fields"] if pair[0] != name]
    event["salts"] = {each: v.to_base64url(v.salt(ek, each)) for each, _ in event["fields"]}
    event["withheld"].append(
        {
            "name": name,
            "digest": v.to_base64url(kept_event.digests[name]),
            "reason": "law_enforcement",
            "until": "2026-12-31",
        }
    )


def tell_other(log: Log, bundle: Bundle, *, with_salts: bool = False) -> None:
    event = bundle["events"][0]
    event["withheld"] = []
    event["fields"].append(["other", log.events[HANAKO][0].texts["other"]])
    if with_salts:
        ek = v.from_base64url(event.pop("ek"))
        event["salts"] = {name: v.to_base64url(v.salt(ek, name)) for name in v.FIELDS}


def cut(log: Log, last: int) -> Bundle:
    """As if the events after this one had never been told."""
    short = copied(log)
    del short.events[HANAKO][last:]
    return short.bundle()


def wait(log: Log, bundle: Bundle, number: int) -> None:
    kept_event, event = log.events[HANAKO][number - 1], bundle["events"][number - 1]
    event["leaf"] = None
    event["receipt"] = str(notes.receipt(kept_event.commit, kept_event.at, ORIGIN, log.keys[-1]))


def first_node(bundle: Bundle) -> str:
    return next(iter(bundle["nodes"]))


def sign_line(bundle: Bundle, line: int, text: str) -> None:
    lines = bundle["checkpoint"].split("\n")
    lines[line] = text
    bundle["checkpoint"] = "\n".join(lines)


def every_event(count: int) -> Findings:
    return tuple(("event_altered", number) for number in range(1, count + 1))


def write(folder: Path) -> int:
    """Each case's file, and `cases.json` with what is to be answered; how many there are."""
    folder.mkdir(parents=True, exist_ok=True)
    listed = []
    for number, case in enumerate(cases()):
        name = f"{number:03}.{'tlog-proof' if case.kind == 'proof' else 'json'}"
        (folder / name).write_text(case.text, encoding="utf-8")
        members = case._asdict()
        del members["text"]
        listed.append({"file": name} | members)
    text = json.dumps(listed, ensure_ascii=False, indent=1)
    (folder / "cases.json").write_text(f"{text}\n", encoding="utf-8")
    return len(listed)
