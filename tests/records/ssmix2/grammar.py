"""A grammar of HL7 v2 messages for Hypothesis: whole ones, and ones broken in every joint."""

from hypothesis import strategies as st

from tests.records.ssmix2 import writing
from tests.records.ssmix2.writing import Wanted

WORDS = st.text(st.sampled_from("山本花子髙ア12.<-AZaz 　"), max_size=8)
ESCAPES = st.sampled_from(
    ["\\F\\", "\\S\\", "\\T\\", "\\R\\", "\\E\\", "\\.br\\", "\\X00\\", "\\X0D\\", "\\Xzz\\", "\\"]
)
CODES = st.sampled_from(
    [
        *("F", "NM", "SN", "ST", "CWE", "TS", "ED", "1", "0.5", "<", '""', "Y", "D", "W", "-"),
        *("20240507", "00000000", "20240230", "20240507083000+0900"),
        *("JC10", "I10", "MDCDX2", "HOT9", "HL70127"),
    ]
)
ATOMS = st.one_of(WORDS, CODES, ESCAPES, st.just(""))
PARTS = st.lists(ATOMS, min_size=1, max_size=3).map("&".join)
REPETITIONS = st.lists(PARTS, min_size=1, max_size=4).map("^".join)
FIELDS = st.lists(REPETITIONS, min_size=1, max_size=2).map("~".join)
SEGMENTS = st.sampled_from(
    [
        *("PV1", "PV2", "NK1", "DB1", "OBX", "AL1", "IAM", "IN1", "PRB", "ZPR", "ZPD", "ZI1"),
        *("ORC", "RXE", "TQ1", "RXR", "RXC", "RXA", "SPM", "OBR", "SAC", "NTE", "ODS", "ODT"),
        *("EVN", "PID"),
    ]
)
LINES = st.builds(
    lambda name, fields: "|".join([name, *fields]), SEGMENTS, st.lists(FIELDS, max_size=20)
)


@st.composite
def good_lines(draw: st.DrawFn, kind: str) -> list[str]:
    """A telling message of its type with some fields replaced, and some segments of any kind."""
    lines = []
    for line in writing.BODIES[kind]:
        fields = line.split("|")
        for place in draw(st.lists(st.integers(1, max(len(fields) - 1, 1)), max_size=2)):
            if place < len(fields):
                fields[place] = draw(FIELDS)
        lines.append("|".join(fields))
    return draw(st.permutations(lines + draw(st.lists(LINES, max_size=3))))


@st.composite
def messages(draw: st.DrawFn, patient: str, kind: str) -> tuple[Wanted, bytes]:
    """A file as it might lie there: mostly whole, sometimes torn, cut or doubled."""
    charset = draw(st.sampled_from(["iso2022_jp", "iso2022_jp", "utf-8", "cp932", "euc_jp"]))
    wanted = Wanted(
        kind,
        order=f"{draw(st.integers(1, 4)):015}",
        stamp=f"2024050{draw(st.integers(7, 9))}083000000",
        flag=draw(st.sampled_from("1111120")),
        date=draw(st.sampled_from(["20240507", "20240507", "20240507", "00000000"])),
        body=tuple(draw(good_lines(kind))),
        pid=draw(st.sampled_from([None, None, None, "999"])),
        charset=charset,
        newline=draw(st.sampled_from(["\r", "\n", "\r\n"])),
    )
    text = "".join(line + wanted.newline for line in writing.lines(patient, wanted))
    body = text.encode(charset, "replace")
    for deed in draw(st.lists(st.sampled_from(["cut", "tear", "double", "swap"]), max_size=1)):
        place = draw(st.integers(0, len(body)))
        if deed == "cut":
            body = body[:place]
        elif deed == "tear":
            body = body[:place] + draw(st.binary(min_size=1, max_size=6)) + body[place:]
        elif deed == "double":
            body += body
        else:
            body = body[place:] + body[:place]
    return wanted, body


@st.composite
def storages(draw: st.DrawFn, patient: str) -> list[tuple[Wanted, bytes]]:
    kinds = draw(st.lists(st.sampled_from(sorted(writing.KINDS)), min_size=1, max_size=8))
    return [draw(messages(patient, kind)) for kind in kinds]
