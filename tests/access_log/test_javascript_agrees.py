"""The verifier in the browser's language answers every file as the one in Python does."""

import copy
import json
import random
import subprocess
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from api.access_log import verifier as v
from api.access_log.transparency import notes
from tests.access_log.cases import Case, cases, embargo, remembered, written
from tests.access_log.synthetic import HANAKO, ORIGIN, SECOND, WITNESSES, Log, key
from tests.checks.node import NODE, ROOT

CHANGED = 4000


def in_javascript(told: Iterable[Case], folder: Path) -> list[dict[str, Any]]:
    """All in one process of Node."""
    lines = folder / "cases.jsonl"
    with lines.open("w", encoding="utf-8") as file:
        for case in told:
            json.dump(case._asdict(), file)
            file.write("\n")
    run = subprocess.run(
        [NODE, "--no-warnings", ROOT / "tests" / "access_log" / "verify_many.mjs", lines],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    return [json.loads(line) for line in run.stdout.splitlines()]


def in_python(case: Case) -> dict[str, Any]:
    try:
        before = case.remembered and v.read_remembered(case.remembered)
    except v.Malformed:
        return {"threw": "Malformed"}
    verdict = v.verify_bundle(
        case.text,
        [v.parse_vkey(each) for each in case.keys],
        [v.parse_vkey(each, v.COSIGNATURE) for each in case.witnesses],
        before,
        case.now,
    )
    return {
        "outcome": str(verdict.outcome),
        "findings": [[str(each.code), each.number] for each in verdict.findings],
        "seen": dict(verdict.witnesses),
        "isOnTrust": verdict.is_on_trust,
        "remember": verdict.remember and json.loads(str(verdict.remember)),
    }


def disagreements(
    told: Sequence[Case], answers: Sequence[dict[str, Any]], folder: Path
) -> list[str]:
    found = []
    for case, expected, said in zip(told, answers, in_javascript(told, folder), strict=True):
        if said.get("remember"):
            said["remember"] = json.loads(said["remember"])
        if said != expected:
            found.append(f"{case.name}: JavaScript {said}, Python {expected}")
    return found


def test_both_answer_every_case_of_the_format_alike(tmp_path):
    told = [case for case in cases() if case.kind == "bundle"]
    assert disagreements(told, [in_python(case) for case in told], tmp_path) == []


def test_what_one_remembers_the_other_takes(tmp_path):
    log = Log()
    log.append(HANAKO)
    log.seal()
    log.count()
    first = Case("first", written(log.bundle()), log.now, "verified")
    (said,) = in_javascript([first], tmp_path)
    assert v.read_remembered(said["remember"]).heads[HANAKO].number == 1
    before = log.size
    log.append(HANAKO)
    log.seal()
    log.count()
    text = written(log.bundle(since=before))
    again = Case("again", text, log.now, "verified", remembered=said["remember"])
    answer = in_python(again)
    assert disagreements([again], [answer], tmp_path) == []
    assert answer["outcome"] == "verified"


def test_without_ed25519_nothing_is_said_to_be_checked(tmp_path):
    script = tmp_path / "old.mjs"
    script.write_text(
        f"""
        const own = crypto.subtle.importKey.bind(crypto.subtle);
        crypto.subtle.importKey = async (format, key, algorithm, ...rest) => {{
          if (algorithm === "Ed25519") throw new DOMException("", "NotSupportedError");
          return own(format, key, algorithm, ...rest);
        }};
        const {{ verify }} = await import("{ROOT}/web_portal/static/access-log-verifier.js");
        console.log(JSON.stringify(await verify("{{}}", {{ now: 0 }})));
        """,
        encoding="utf-8",
    )
    run = subprocess.run([NODE, "--no-warnings", script], capture_output=True, check=True)
    assert json.loads(run.stdout) == {"outcome": "cannot_check", "findings": []}


# --- Thousands of changed files ------------------------------------------------------------------


@cache
def grounds() -> list[Case]:
    """Small bundles of each kind, to be changed."""
    log = Log()
    log.append(HANAKO)
    log.append(HANAKO, embargo=embargo("actor", "purpose"))
    log.pad(3)
    log.seal()
    log.count()
    kept, size = remembered(log), log.size
    trusted = (str(log.vkeys[0]),)
    whole = Case("whole", written(log.bundle(witnesses=WITNESSES)), log.now, "", keys=trusted)
    log.rotate()
    log.append(HANAKO)
    log.pad(4)
    log.seal()
    log.count()
    grown = written(log.bundle(witnesses=WITNESSES[:1], since=size))
    later = written(log.bundle(before=2, since=size))
    log.append(HANAKO)
    waiting = written(log.bundle(since=size))
    return [
        whole,
        whole._replace(name="on trust", keys=()),
        Case("grown", grown, log.now, "", keys=trusted, remembered=kept),
        Case("later", later, log.now, "", remembered=kept),
        Case("waiting", waiting, log.now, "", remembered=kept),
        whole._replace(name="earlier", now=log.now, remembered=remembered(log)),
    ]


WILD: tuple[Any, ...] = (
    *(None, True, 0, 1, 2, 32, -1, 2**31, 2**32, 2**53 - 1, 2**53, 10**19, 1.5, "", "x", "0"),
    *([], {}, [""], {"0": "x"}, "A" * 43, "A" * 42 + "B", "佐藤", "a\u00a0b", "\n\n", "\ud800"),
)
LETTERS = 'A_-+/=0 "\\{}[],:.1eé\u2028\ufeff\n—'


def changed(seed: int) -> Case:
    """One to three changes of a file or of what is remembered; the same for the same seed."""
    chance = random.Random(seed)
    case = chance.choice(grounds())
    for _ in range(chance.choice((1, 1, 2, 3))):
        if case.remembered and chance.random() < 0.1:
            case = case._replace(remembered=_changed(chance, case.remembered))
        else:
            case = case._replace(text=_changed(chance, case.text))
    now = case.now + chance.choice((0, 0, 0, 61 * SECOND, -3600 * SECOND))
    stranger = str(notes.vkey(ORIGIN, key("stranger")))
    keys = (stranger,) if chance.random() < 0.05 else case.keys
    return case._replace(name=f"{case.name}, changed {seed}", now=now, keys=keys)


def _changed(chance: random.Random, text: str) -> str:
    if chance.random() < 0.1:
        return _spoilt(chance, text)
    try:
        value = json.loads(text)
    except ValueError:
        return text
    known = list(_places(value))
    if not known:
        return text
    holder, name = chance.choice(known)
    old = holder[name]
    if chance.random() < 0.1:
        holder[name] = chance.choice((*WILD, _spoilt(chance, old) if isinstance(old, str) else 0))
        return json.dumps(value, ensure_ascii=chance.random() < 0.5).replace("\ud800", "\\ud800")
    like = [each[at] for each, at in known if type(each[at]) is type(old)]
    match old:
        case int():
            steps = (-1, 1, 60 * SECOND, -60 * SECOND, 3 * 3600 * SECOND)
            holder[name] = chance.choice((old + chance.choice(steps), chance.choice(like)))
        case str():
            alike = [each for each in like if len(each) == len(old)]
            at = chance.randrange(len(old) + 1)
            other = f"{old[:at]}{chance.choice('AQgw')}{old[at + 1 :]}"
            holder[name] = chance.choice((old.replace("佐藤", "森"), chance.choice(alike), other))
        case list() if old:
            place = chance.randrange(len(old))
            match chance.randrange(3):
                case 0:
                    del old[place]
                case 1:
                    old.insert(chance.randrange(len(old) + 1), copy.deepcopy(old[place]))
                case _:
                    chance.shuffle(old)
        case dict() if old:
            place = chance.choice(list(old))
            match chance.randrange(3):
                case 0:
                    del old[place]
                case 1:
                    old[chance.choice(("__proto__", "until", "ek", "0/0", "1"))] = old[place]
                case _:
                    holder[name] = copy.deepcopy(chance.choice(like))
    return json.dumps(value, ensure_ascii=False)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every value of a file, as what holds it and the name it has there."""
    inside = value if isinstance(value, dict) else range(len(value))
    for name in inside:
        yield value, name
        if isinstance(value[name], dict | list):
            yield from _places(value[name])


def _spoilt(chance: random.Random, text: str) -> str:
    at, letter = chance.randrange(len(text) + 1), chance.choice(LETTERS)
    rest = text[at + chance.randrange(2) :] if chance.random() < 0.9 else ""
    return text[:at] + chance.choice(("", letter)) + rest


def test_both_answer_thousands_of_changed_files_alike(tmp_path):
    told = [changed(seed) for seed in range(CHANGED)]
    answers = [in_python(case) for case in told]
    assert disagreements(told, answers, tmp_path) == []
    found = Counter(code for said in answers for code, _ in said.get("findings", ()))
    assert found.keys() == set(v.Code), "a part of the verifier is not reached"
    assert found["malformed"] < CHANGED * 0.6, "most files should be read before they are refused"
