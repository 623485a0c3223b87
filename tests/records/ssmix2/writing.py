"""Writes a SS-MIX2 storage of our own: every type, in any encoding, with any flag."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

KINDS = {
    "ADT-00": "ADT^A08^ADT_A01",
    "ADT-01": "ADT^A54^ADT_A54",
    "ADT-12": "ADT^A04^ADT_A01",
    "ADT-21": "ADT^A14^ADT_A05",
    "ADT-22": "ADT^A01^ADT_A01",
    "ADT-31": "ADT^A21^ADT_A21",
    "ADT-32": "ADT^A22^ADT_A21",
    "ADT-41": "ADT^A15^ADT_A15",
    "ADT-42": "ADT^A02^ADT_A02",
    "ADT-51": "ADT^A16^ADT_A16",
    "ADT-52": "ADT^A03^ADT_A03",
    "ADT-61": "ADT^A60^ADT_A60",
    "PPR-01": "PPR^ZD1^PPR_ZD1",
    "OMD": "OMD^O03^OMD_O03",
    "OMP-01": "RDE^O11^RDE_O11",
    "OMP-02": "RDE^O11^RDE_O11",
    "OMP-11": "RAS^O17^RAS_O17",
    "OMP-12": "RAS^O17^RAS_O17",
    "OML-01": "OML^O33^OML_O33",
    "OML-11": "OUL^R22^OUL_R22",
    "OMG-01": "OMG^O19^OMG_O19",
    "OMG-02": "OMG^O19^OMG_O19",
    "OMG-03": "OMG^O19^OMG_O19",
    "OMG-11": "OMI^Z23^OMI_Z23",
    "OMG-12": "OMI^Z23^OMI_Z23",
    "OMG-13": "ORU^R01^ORU_R01",
}
UNDATED = ("ADT-00", "ADT-61", "PPR-01")
HANAKO_BORN = "19680503"
DOCTOR = "0001^佐藤^健一^^^^^^^L^^^^^I"
ORDERED = f"ORC|NW|000000000000001||000000000000001_01|||||20240507083000|||{DOCTOR}"

# One telling body of each type, below MSH, EVN and PID.
BODIES: dict[str, tuple[str, ...]] = {
    "ADT-00": (
        "NK1|1|山本^ゆみ^^^^^L^I|DAU^娘^HL70063|^^^^862-0950^JPN^H^熊本市|^PRN^PH^^^^^^^^^096-000-0001",
        "PV1|0001|O",
        "OBX|1|NM|9N001000000000001^身長^JC10||156.2|cm^cm^ISO+|||||F",
        "AL1|1|FA^食物^HL70127|J9FC11000000^そば^J-FAGY|SV|呼吸困難",
        "IN1|1|C0^国民健康保険^JHSD0001|432001|くまもと市|||||||||20240401|20250331",
    ),
    "ADT-01": ("PV1|0001|I|3B^5^3^^^N||||" + DOCTOR,),
    "ADT-12": ("PV1|0001|O|01^^^^^C||||" + DOCTOR + "|||01^内科" + "|" * 34 + "20240507083000",),
    "ADT-21": ("PV1|0001|I", "PV2||||||||20240510"),
    "ADT-22": ("PV1|0001|I|3B^5^3^^^N||||" + DOCTOR + "|" * 37 + "20240507100000",),
    "ADT-31": ("PV1|0001|I|3B^5^3^^^N",),
    "ADT-32": ("PV1|0001|I|3B^5^3^^^N",),
    "ADT-41": ("PV1|0001|I", "PV2||||||||20240512"),
    "ADT-42": ("PV1|0001|I|4A^1^1^^^N",),
    "ADT-51": ("PV1|0001|I", "PV2|||||||||20240520"),
    "ADT-52": ("PV1|0001|I|3B^5^3^^^N" + "|" * 41 + "20240507100000|20240515110000",),
    "ADT-61": (
        "IAM|1|DA^薬剤^HL70127|620004444^ペニシリン^99XYZ|SV^重度^HL70128|発疹|A||||||||20240507"
        "||||C^確定^HL70438",
    ),
    "PPR-01": (
        "PRB|AD|20240507090000|20058577^急性肺炎^MDCDX2|000000000000001|||20240501||"
        "|J189^^I10^O^外来時^JHSD0004||||||20240501",
        ORDERED,
    ),
    "OMD": (
        ORDERED,
        "TQ1|1||||||2024050708|2024051018",
        "ODS|T||A00101^糖尿病食1600^99XYZ|塩分6g",
        "ODS|D|12^昼^99XYZ|B001^全粥^99XYZ",
    ),
    "OMP-01": (
        ORDERED,
        "RXE||103835401^メトグルコ錠250mg^HOT9|2||TAB^錠^MR9P|TAB^錠剤^MR9P||||60|TAB^錠^MR9P",
        "TQ1|1||1012040400000000&内服・経口・１日２回朝夕食後&JAMISDP01|||30^d|20240507",
        "RXR|PO^口^HL70162",
    ),
    "OMP-02": (
        ORDERED,
        "RXE||^点滴^99XYZ|1||BAG^袋^MR9P",
        "TQ1|1||||||202405071000|202405071100",
        "RXR|IV^静脈内^HL70162",
        "RXC|B|107750603^生理食塩液100mL^HOT9|1|BTL^瓶^MR9P",
        "RXC|A|111563502^セファゾリンNa注射用1g^HOT9|1|VIAL^V^MR9P",
    ),
    "OMP-11": (
        ORDERED,
        "RXA|0|1|202405070830|202405070830|103835401^メトグルコ錠250mg^HOT9|1|TAB^錠^MR9P|||"
        "0002^伊藤^恵|||||||||||CP",
        "RXR|PO^口^HL70162",
    ),
    "OMP-12": (
        ORDERED,
        "RXA|0|1|202405071000|202405071100|111563502^セファゾリンNa注射用1g^HOT9|1|VIAL^V^MR9P"
        "|||||||||||||CP",
        "RXR|IV^静脈内^HL70162",
    ),
    "OML-01": (
        ORDERED,
        "SPM|1|||023^血清^JC10",
        "OBR|1|000000000000001||3^生化学的検査^JC10",
        "SAC|||000000000000001",
    ),
    "OML-11": (
        "SPM|1|000000000000002||023^血清^JC10|||||||||||||202405070845",
        "OBR|1|000000000000001||3^生化学的検査^JC10|||202405070840",
        "ORC|SC|000000000000001",
        "OBX|1|NM|3D046000001906202^HbA1c(NGSP)^JC10||7.40|%^%^99XYZ|4.9-6.0|H|||F",
        "NTE|1||食後3時間",
        "OBX|2|ST|5C070000002306201^CRP^JC10||< 0.5|mg/dL^mg/dL^99XYZ|<0.3||||F",
    ),
    "OMG-01": (ORDERED, "TQ1|1||||||202405081000", "OBR|1|||RX01^胸部正面^99XYZ"),
    "OMG-02": (ORDERED, "OBR|1|||ES01^上部消化管内視鏡^99XYZ"),
    "OMG-03": (ORDERED, "OBR|1|||PH01^心電図^99XYZ"),
    "OMG-11": (
        ORDERED,
        "OBR|1|||RX01^胸部正面^99XYZ|||202405071030",
        "OBX|1|TX|FIND^所見^99XYZ||心胸郭比 48%。肺野に異常なし。||||||F",
    ),
    "OMG-12": (
        ORDERED,
        "OBR|1|||ES01^上部消化管内視鏡^99XYZ|||202405071030",
        "OBX|1|TX|FIND^所見^99XYZ||びらん性胃炎||||||F",
    ),
    "OMG-13": (
        ORDERED,
        "OBR|1|||PH01^心電図^99XYZ|||202405071030",
        "OBX|1|NM|HR^心拍数^99XYZ||72|/min^/min^99XYZ|||||F",
    ),
}


class Wanted(NamedTuple):
    """One file to write. `name` and `folder_patient` make it lie where it does not belong."""

    type: str
    order: str = "000000000000001"
    stamp: str = "20240507083000000"
    flag: str = "1"
    date: str = "20240507"
    body: tuple[str, ...] | None = None
    pid: str | None = None
    born: str = HANAKO_BORN
    kind: str | None = None
    charset: str = "iso2022_jp"
    newline: str = "\r"
    declared: str = "~ISO IR87"


def lines(patient: str, wanted: Wanted) -> list[str]:
    kind = wanted.kind if wanted.kind is not None else KINDS[wanted.type]
    body = wanted.body if wanted.body is not None else BODIES[wanted.type]
    return [
        f"MSH|^~\\&|HIS|SEND|GW|RCV|{wanted.stamp[:14]}||{kind}|1|P|2.5||||||{wanted.declared}"
        "||ISO 2022-1994",
        "EVN||20240507083000||||20240507083000",
        f"PID|0001||{wanted.pid or patient}^^^^PI||山本^花子^^^^^L^I~ヤマモト^ハナコ^^^^^L^P"
        f"||{wanted.born}|F|||^^^^862-0950^JPN^H^熊本市中央区",
        *body,
    ]


def encoded(patient: str, wanted: Wanted) -> bytes:
    text = "".join(line + wanted.newline for line in lines(patient, wanted))
    return text.encode(wanted.charset)


def path(root: Path, patient: str, wanted: Wanted) -> Path:
    date = "-" if wanted.type in UNDATED else wanted.date
    name = f"{patient}_{date}_{wanted.type}_{wanted.order}_{wanted.stamp}_01_{wanted.flag}"
    heads = [patient[:3], patient[3:6]]
    return root.joinpath(*heads, patient, date, wanted.type, name)


def put(root: Path, patient: str, wanted: Wanted, body: bytes | None = None) -> Path:
    place = path(root, patient, wanted)
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(encoded(patient, wanted) if body is None else body)
    return place


def put_all(root: Path, patient: str, kinds: Sequence[str] = tuple(KINDS)) -> list[Path]:
    return [put(root, patient, Wanted(kind)) for kind in kinds]


def reflag(place: Path, flag: str) -> Path:
    return place.rename(place.with_name(place.name[:-1] + flag))


def put_torn_names(root: Path, good: Path) -> None:
    """The same file under a name, and in a folder, that are no UTF-8."""
    name = os.fsencode(good.name).replace(b"_01_1", b"_\xff_1")
    Path(os.fsdecode(os.fsencode(good.parent) + b"/" + name)).write_bytes(good.read_bytes())
    folder = Path(os.fsdecode(os.fsencode(root) + b"/\x83e"))
    folder.mkdir()
    (folder / good.name).write_bytes(good.read_bytes())
