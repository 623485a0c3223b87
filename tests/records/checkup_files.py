"""Writes checkups in the national form (HL7 CDA R2) from the item tables, about the cast."""

import io
import zipfile
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

from api.records.checkup_xml import items

# Code systems the form writes and nothing of ours looks at.
SECTION_SYSTEM = "1.2.392.200119.6.1010"
REPORT_SYSTEM = "1.2.392.200119.6.1001"
PROGRAM_SYSTEM = "1.2.392.200119.6.1002"
SEX_SYSTEM = "1.2.392.200119.6.1104"
KENSIN_CENTRE = ("4312345678", "くまもと健診センター")


class Examined(NamedTuple):
    """Whom the file is about; the defaults are Hanako's."""

    name: str = "クマモト　ハナコ"
    birth_on: date = date(1958, 3, 14)
    sex: str = "2"
    insurer: str = "00430017"
    symbol: str = "くま"
    number: str = "１２３"
    branch: str = "01"


def quantity(
    code: str, value: str, unit: str, *, level: str = "", low: str = "", high: str = ""
) -> str:
    name = quoteattr(items.NAMES.get(code, "一覧にない項目"))
    ends = [
        f"<{end} value={quoteattr(number)} unit={quoteattr(unit)}/>"
        for end, number in (("low", low), ("high", high))
        if number
    ]
    span = (
        '<referenceRange><observationRange><value xsi:type="IVL_PQ">'
        f"{''.join(ends)}</value></observationRange></referenceRange>"
        if ends
        else ""
    )
    said = (
        f'<interpretationCode code="{level}" codeSystem="2.16.840.1.113883.5.83"/>' if level else ""
    )
    return _entry(
        f'<code code="{code}" codeSystem="{items.ITEM_SYSTEM}" displayName={name}/>'
        f'<value xsi:type="PQ" value={quoteattr(value)} unit={quoteattr(unit)}/>{said}{span}'
    )


def choice(code: str, table: str, answer: str) -> str:
    return _entry(
        f'<code code="{code}" codeSystem="{items.ITEM_SYSTEM}"/>'
        f'<value xsi:type="CD" code="{answer}" codeSystem="{table}"/>'
    )


def words(code: str, text: str) -> str:
    return _entry(
        f'<code code="{code}" codeSystem="{items.ITEM_SYSTEM}"/>'
        f'<value xsi:type="ST">{escape(text)}</value>'
    )


def left_out(code: str) -> str:
    return _entry(f'<code code="{code}" codeSystem="{items.ITEM_SYSTEM}"/>', ' negationInd="true"')


def _entry(inner: str, extra: str = "") -> str:
    return (
        f'<entry><observation classCode="OBS" moodCode="EVN"{extra}>{inner}</observation></entry>'
    )


WEIGHT = "9N006000000000001"
SYSTOLIC = "9A751000000000001"
HBA1C = "3D046000001906202"
URINE_GLUCOSE = "1A020000000191111"
SMOKING = "9N736000000000011"
METABOLIC = "9N501000000000011"
HISTORY = "9N056160400000049"
ECG = "9A110160700000011"
SYPHILIS = "5E071000002399811"

USUAL = (
    quantity("9N001000000000001", "152.3", "cm"),
    quantity(WEIGHT, "54.0", "kg"),
    quantity(SYSTOLIC, "138", "mm[Hg]", level="H", high="129"),
    quantity(HBA1C, "5.70", "%", level="H", high="5.5"),
    choice(URINE_GLUCOSE, "1.2.392.200119.6.2102", "1"),
    choice(METABOLIC, "1.2.392.200119.6.1008", "3"),
    words(HISTORY, "若いころに虫垂炎"),
    left_out("2A020161001930149"),
)


def checkup(
    who: Examined | None = None,
    entries: Sequence[str] = USUAL,
    *,
    on: str = "20260512",
    institution: tuple[str, str] = KENSIN_CENTRE,
    program: str = "010",
    head: str = '<?xml version="1.0" encoding="UTF-8"?>',
    extra: str = "",
) -> bytes:
    who = who or Examined()
    number, name = institution
    place = f'<id extension="{number}" root="{items.INSTITUTION}"/><name>{escape(name)}</name>'
    sections = f"""
  <component><structuredBody><component><section>
    <code code="01010" codeSystem="{SECTION_SYSTEM}"/>
    <title>検査・問診結果セクション</title><text/>
    {"".join(entries)}
  </section></component></structuredBody></component>"""
    return f"""{head}
<ClinicalDocument xmlns="urn:hl7-org:v3" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
    xsi:schemaLocation="urn:hl7-org:v3 ../XSD/hc08_V08.xsd">
  <typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>
  <id nullFlavor="NI"/>
  <code code="10" codeSystem="{REPORT_SYSTEM}"/>
  <effectiveTime value="20260601"/>
  <confidentialityCode code="N"/>
  <recordTarget><patientRole>
    <id extension={quoteattr(who.insurer)} root="{items.INSURER}"/>
    <id extension={quoteattr(who.symbol)} root="{items.SYMBOL}"/>
    <id extension={quoteattr(who.number)} root="{items.NUMBER}"/>
    <id extension={quoteattr(who.branch)} root="{items.BRANCH}"/>{extra}
    <addr><postalCode>860-0001</postalCode></addr>
    <patient><name>{escape(who.name)}</name>
      <administrativeGenderCode code="{who.sex}" codeSystem="{SEX_SYSTEM}"/>
      <birthTime value="{who.birth_on:%Y%m%d}"/></patient>
  </patientRole></recordTarget>
  <author><time value="20260601"/><assignedAuthor><id nullFlavor="NI"/>
    <representedOrganization>{place}</representedOrganization></assignedAuthor></author>
  <documentationOf><serviceEvent>
    <code code="{program}" codeSystem="{PROGRAM_SYSTEM}"/>
    <effectiveTime value="{on}"/>
    <performer typeCode="PRF"><assignedEntity><id nullFlavor="NI"/>
      <representedOrganization>{place}</representedOrganization></assignedEntity></performer>
  </serviceEvent></documentationOf>{sections}
</ClinicalDocument>
""".encode()


def archive(files: dict[str, bytes], counted: int | None = None) -> bytes:
    """The national ZIP: checkups under DATA/, beside them an index, which may count them, and a
    summary."""
    count = "" if counted is None else f'<totalRecordCount value="{counted}"/>'
    index = f'<index xmlns="http://tokuteikenshin.jp/checkup/2007">{count}</index>'.encode()
    top = "4312345678_00430017_202606011_1"
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as zipped:
        zipped.writestr(f"{top}/ix08_V08.xml", index)
        zipped.writestr(f"{top}/su08_V08.xml", b"<summary/>")
        for name, body in files.items():
            zipped.writestr(f"{top}/DATA/{name}", body)
    return written.getvalue()
