"""HL7 v2 in its vertical-bar form: segments, fields, repetitions, components, escapes."""

import re
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

_NAME: Final = re.compile(r"[A-Z][A-Z0-9]{2}", re.ASCII)
_HEX: Final = re.compile(r"X((?:[0-9A-F]{2})+)", re.ASCII)
_BREAKS: Final = {".br": "\n", ".sp": "\n", ".sk": " ", ".ce": "\n"}
NULL: Final = '""'


class Delimiters(NamedTuple):
    """As MSH-1 and MSH-2 name them."""

    field: str = "|"
    component: str = "^"
    repetition: str = "~"
    escape: str = "\\"
    subcomponent: str = "&"


class Segment:
    """One line. Fields count from 1 as in the standard; what is not there is an empty text."""

    __slots__ = ("fields", "line", "marks", "name")

    def __init__(self, name: str, fields: list[str], line: str, marks: Delimiters) -> None:
        self.name = name
        self.fields = fields
        self.line = line
        self.marks = marks

    def raw(self, field: int) -> str:
        return self.fields[field] if field < len(self.fields) else ""

    def repetitions(self, field: int) -> list[str]:
        whole = self.raw(field)
        return whole.split(self.marks.repetition) if whole else []

    def components(self, field: int, repetition: int = 0) -> "Components":
        whole = self.raw(field)
        if self.marks.repetition in whole:
            several = whole.split(self.marks.repetition)
            whole = several[repetition] if repetition < len(several) else ""
        elif repetition:
            whole = ""
        return Components(whole, self.marks)

    def every(self, field: int) -> "Iterator[Components]":
        for each in self.repetitions(field):
            if each:
                yield Components(each, self.marks)

    def text(self, field: int, component: int = 1) -> str:
        """The unescaped first repetition's component; an explicit null is an empty text."""
        return self.components(field).text(component)

    def whole(self, field: int) -> str:
        """All of a field that holds text rather than parts, repetitions as lines."""
        lines = (unescaped(each, self.marks) for each in self.repetitions(field))
        return "\n".join(line for line in lines if line)


class Components:
    """One repetition of a field; `of` goes down to the subcomponents of one component."""

    __slots__ = ("marks", "parts")

    def __init__(self, whole: str, marks: Delimiters, separator: str = "") -> None:
        self.marks = marks
        self.parts = whole.split(separator or marks.component) if whole else []

    def __bool__(self) -> bool:
        return any(part not in ("", NULL) for part in self.parts)

    def raw(self, component: int) -> str:
        return self.parts[component - 1] if component <= len(self.parts) else ""

    def text(self, component: int = 1) -> str:
        return unescaped(self.raw(component), self.marks)

    def of(self, component: int) -> "Components":
        return Components(self.raw(component), self.marks, self.marks.subcomponent)

    def texts(self) -> list[str]:
        return [unescaped(part, self.marks) for part in self.parts]


class Message(NamedTuple):
    """Segments in their order, MSH first."""

    segments: tuple[Segment, ...]

    @property
    def head(self) -> Segment:
        return self.segments[0]

    def first(self, name: str) -> Segment | None:
        return next((each for each in self.segments if each.name == name), None)

    def all(self, name: str) -> list[Segment]:
        return [each for each in self.segments if each.name == name]


class NotAMessage(Exception):
    """`reason` is a text key's last part."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def parse(lines: Sequence[str]) -> Message:
    """Raises `NotAMessage` where the lines do not begin with one header, or hold another."""
    if not lines or not lines[0].startswith("MSH") or len(lines[0]) < 8:
        raise NotAMessage("not_a_message")
    field = lines[0][3]
    coding = lines[0][4:].split(field, 1)[0]
    if field.isalnum() or len(coding) < 3 or len({field, *coding}) != len(coding) + 1:
        raise NotAMessage("not_a_message")
    if any(mark.isalnum() or mark.isspace() for mark in coding):
        raise NotAMessage("not_a_message")
    marks = (
        Delimiters(field, *(coding + "&")[:4])
        if len(coding) == 3
        else Delimiters(field, *coding[:4])
    )
    segments: list[Segment] = []
    for line in lines:
        line = line.strip("\x0b\x1c\x1a\x00")
        name = line[:3]
        if not line.strip():
            continue
        if not _NAME.fullmatch(name) or line[3:4] not in ("", field):
            raise NotAMessage("bad_segment")
        if name == "MSH":
            if segments:
                raise NotAMessage("several_messages")
            fields = ["MSH", field, *line[4:].split(field)]
        else:
            fields = line.split(field)
        segments.append(Segment(name, fields, line, marks))
    return Message(tuple(segments))


def unescaped(text: str, marks: Delimiters) -> str:
    """What a part says; an explicit null says nothing."""
    if text == NULL:
        return ""
    if marks.escape not in text:
        return text.strip()
    pieces = text.split(marks.escape)
    out = [pieces[0]]
    place = 1
    while place < len(pieces):
        # A lone escape character is a character: not every writer escapes it.
        if place + 1 == len(pieces):
            out += [marks.escape, pieces[place]]
            break
        said = _said(pieces[place], marks)
        if said is None:
            out += [marks.escape, pieces[place]]
            place += 1
            continue
        out += [said, pieces[place + 1]]
        place += 2
    return "".join(out).strip()


def _said(sequence: str, marks: Delimiters) -> str | None:
    named = {
        "F": marks.field,
        "S": marks.component,
        "R": marks.repetition,
        "E": marks.escape,
        "T": marks.subcomponent,
        "H": "",
        "N": "",
    }
    if sequence in named:
        return named[sequence]
    if sequence[:3] in _BREAKS and len(sequence) <= 6:
        return _BREAKS[sequence[:3]]
    if sequence[:1] == "." and sequence[:3] in (".in", ".ti", ".fi", ".nf") and len(sequence) <= 6:
        return ""
    found = _HEX.fullmatch(sequence)
    if found:
        raw = bytes.fromhex(found[1]).replace(b"\x00", b"")
        try:
            return raw.decode("ascii" if raw.isascii() else "utf-8")
        except UnicodeDecodeError:
            return raw.decode("cp932", "replace").replace("\ufffd", "〓")
    if re.fullmatch(r"[CM][0-9A-F]{4,6}", sequence, re.ASCII):
        return ""
    return None
