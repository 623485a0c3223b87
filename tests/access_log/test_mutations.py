"""No byte of a bundle or a proof is beside the proof: what still verifies still says the same."""

import copy
import json
from functools import cache

from hypothesis import given, settings
from hypothesis import strategies as st

from api.access_log import verifier as v
from tests.access_log.cases import embargo, remembered
from tests.access_log.synthetic import HANAKO, TARO, WITNESSES, Log

OTHERS = 'AZaz09-_/+="\\{}[],: \né'


class Scene:
    """A small bundle in which everything occurs that a verified one can hold."""

    def __init__(self):
        log = Log()
        log.append(HANAKO)
        log.append(TARO)
        log.seal()
        log.rotate()
        log.count()
        self.memory = v.read_remembered(remembered(log))
        since = log.size
        log.append(HANAKO, embargo=embargo("actor"))
        log.append(HANAKO)
        log.pad(2)
        log.seal()
        log.count()
        self.log = log
        self.bundle = log.bundle(since=since, witnesses=WITNESSES)
        self.text = json.dumps(self.bundle, ensure_ascii=False)
        self.meaning = self.meaning_of(self.text)
        assert self.meaning

    def verdict(self, text):
        witnesses = [each.vkey for each in WITNESSES]
        return v.verify_bundle(text, self.log.vkeys[:1], witnesses, self.memory, self.log.now)

    def meaning_of(self, text):
        """What is said to be true; None where it is refused."""
        verdict = self.verdict(text)
        if verdict.outcome != "verified":
            return None
        bundle = verdict.subject
        return bundle._replace(note=bundle.note.text)

    def holds(self, text):
        """Refused, or the same; a cosignature that was altered away is no longer counted."""
        meaning = self.meaning_of(text)
        return meaning is None or meaning == self.meaning


@cache
def scene():
    return Scene()


def leaves(value, path=()):
    """Each text and number of a JSON value, with the way to it."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from leaves(each, (*path, name))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from leaves(each, (*path, number))
    else:
        yield path, value


def put(bundle, path, value):
    bent = copy.deepcopy(bundle)
    inner = bent
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return json.dumps(bent, ensure_ascii=False)


def test_every_letter_of_every_text_counts():
    """All but a witness's own line, without which the witness is not counted."""
    s = scene()
    lines = {each.name for each in WITNESSES}
    for path, value in leaves(s.bundle):
        if not isinstance(value, str):
            continue
        signed = len(value)
        if path == ("checkpoint",):
            signed = min(value.index(name) for name in lines) - 2
        for place in range(len(value)):
            other = OTHERS[place % len(OTHERS)]
            if other == value[place]:
                other = "B"
            text = put(s.bundle, path, value[:place] + other + value[place + 1 :])
            verdict = s.verdict(text)
            if place < signed:
                assert verdict.outcome == "failed", (path, place)
            elif verdict.outcome != "failed":
                assert len(verdict.witnesses) < len(WITNESSES), (path, place)
                assert s.holds(text)


def test_every_number_counts():
    s = scene()
    for path, value in leaves(s.bundle):
        if isinstance(value, int):
            for other in {0, 1, value - 1, value + 1, value * 2, 1 << 52, None, str(value)} - {
                value
            }:
                assert s.verdict(put(s.bundle, path, other)).outcome == "failed", (path, other)


def test_every_member_counts():
    s = scene()

    def without(value, path=()):
        if isinstance(value, dict | list):
            for step in value if isinstance(value, dict) else range(len(value)):
                yield (*path, step)
                yield from without(value[step], (*path, step))

    for path in without(s.bundle):
        bent = copy.deepcopy(s.bundle)
        inner = bent
        for step in path[:-1]:
            inner = inner[step]
        taken = inner.pop(path[-1])
        assert s.verdict(json.dumps(bent)).outcome == "failed", path
        if isinstance(inner, list):
            inner[path[-1] : path[-1]] = [taken, taken]
            assert s.verdict(json.dumps(bent)).outcome == "failed", path
        else:
            inner |= {path[-1]: taken, "another": taken}
            assert s.verdict(json.dumps(bent)).outcome == "failed", path


@given(st.data())
def test_parts_of_a_bundle_cannot_change_places(data):
    s = scene()
    places = list(leaves(s.bundle))
    (path, _), (_, value) = (data.draw(st.sampled_from(places)) for _ in range(2))
    assert s.holds(put(s.bundle, path, value))


@given(st.data())
def test_no_byte_of_a_bundle_changes_what_it_says(data):
    s = scene()
    raw = bytearray(s.text.encode())
    place = data.draw(st.integers(0, len(raw) - 1))
    match data.draw(st.sampled_from(["flip", "drop", "add", "cut"])):
        case "flip":
            raw[place] ^= data.draw(st.integers(1, 255))
        case "drop":
            del raw[place]
        case "add":
            raw.insert(place, data.draw(st.integers(0, 255)))
        case "cut":
            del raw[place:]
    assert s.holds(raw.decode(errors="surrogateescape"))


@settings(max_examples=30)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_whatever_else_is_read_is_refused_in_words(value):
    s = scene()
    for text in (json.dumps(value), str(value)):
        assert [each.code for each in s.verdict(text).findings] == ["malformed"]
    for name in s.bundle:
        verdict = s.verdict(json.dumps(s.bundle | {name: value}))
        assert verdict.outcome == "failed"


def test_every_letter_of_a_proof_counts():
    s = scene()
    event = s.log.events[HANAKO][1]
    good = s.log.proof(event)

    def verdict(text):
        return v.verify_proof(text, s.log.vkeys[1:], [], None, s.log.now)

    assert verdict(good).outcome == "verified"
    for place, letter in enumerate(good):
        for other in {"A", "0", "\n", "="} - {letter}:
            assert verdict(good[:place] + other + good[place + 1 :]).outcome == "failed"
        assert verdict(good[:place]).outcome == "failed"


def test_a_pending_event_cannot_be_altered_either():
    """The log's own receipt holds it until the tree does."""
    log = Log()
    log.append(HANAKO)
    log.seal()
    log.count()
    log.append(HANAKO)
    bundle = log.bundle()
    assert v.verify_bundle(json.dumps(bundle), log.vkeys, [], None, log.now).outcome == "pending"
    event = bundle["events"][-1]
    for path, value in leaves(event):
        for bent in bends(value):
            text = put(bundle, ("events", 1, *path), bent)
            assert v.verify_bundle(text, log.vkeys, [], None, log.now).outcome == "failed", path


def bends(value):
    if isinstance(value, str):
        return [
            value[:place] + "Z" + value[place + 1 :]
            for place in range(0, len(value), 3)
            if value[place] != "Z"
        ]
    return [0] if value is None else [value + 1]
