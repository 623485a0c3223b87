"""Bytes that hold a 個人番号 are recognised however broken; times are not taken for one."""

import base64

import pytest

from api.records.incoming.unkept import holds_my_number

NUMBER = "123456789018"
WIDE = "１２３４５６７８９０１８"
HOLDING = {
    "half a JSON": f'{{"resourceType":"Patient","identifier":[{{"value":"{NUMBER}"'.encode(),
    "JSON escapes": "".join(f"\\u{ord(c):04x}" for c in NUMBER).encode(),
    "full width in JSON escapes": "".join(f"\\u{ord(c):04X}" for c in WIDE).encode(),
    "half an XML": f'<id root="1.2" extension="{NUMBER}"'.encode(),
    "XML references": "".join(f"&#{ord(c)};" for c in NUMBER).encode(),
    "XML references in hexadecimal": "".join(f"&#x{ord(c):x};" for c in NUMBER).encode(),
    "in groups": b"no 1234-5678-9018 more",
    "full width, UTF-8 cut in a character": WIDE.encode() + "山".encode()[:2],
    "full width, Shift_JIS": f"番号{WIDE}".encode("cp932"),
    "full width, EUC-JP": f"番号{WIDE}".encode("euc_jp"),
    "full width, ISO-2022-JP": f"番号{WIDE}".encode("iso2022_jp"),
    "full width, ISO-2022-JP with a broken end": b"\x1b$B"
    + f"番号{WIDE}".encode("iso2022_jp")[3:]
    + b"\x1b$B\xff\xfe",
    "UTF-16": f"番号{NUMBER}".encode("utf-16"),
    "UTF-16 without its mark": f"番号{NUMBER}".encode("utf-16-be"),
    "full width, UTF-16": f"番号{WIDE}".encode("utf-16"),
    "HL7 escapes": b"OBX|1|TX|||\\X" + NUMBER.encode().hex().upper().encode() + b"\\|||",
    "an HL7 patient": f"PID|1||{NUMBER}^^^^NI".encode(),
    "an attachment": b'{"data":"' + base64.b64encode(f"<id extension='{NUMBER}'/>".encode()) + b'"',
}
OTHERS = {
    "nothing": b"",
    "a time in HL7": b"PV1|1|O\rOBR|1|||X|||202405070845\rORC|SC|202405071102+0900^",
    "a time in CDA": b'<effectiveTime value="202405070845"/><low value="202405071102+0900"/>',
    "a UUID": b'"urn:uuid:1f2e3d4c-1234-4678-9018-123456789018"',
    "a card": b"1234567890123452",
    "a decimal": b'{"valueQuantity":{"value":7.40}}',
}


@pytest.mark.parametrize("name", HOLDING)
def test_a_number_is_found_in(name: str) -> None:
    assert holds_my_number(HOLDING[name])


@pytest.mark.parametrize("name", OTHERS)
def test_no_number_is_found_in(name: str) -> None:
    assert not holds_my_number(OTHERS[name])


@pytest.mark.parametrize("minute", range(60))
def test_no_minute_of_an_order_is_taken_for_a_number(minute: int) -> None:
    assert not holds_my_number(f"ORC|SC|1||||||2024050708{minute:02}|".encode())
    assert not holds_my_number(f'<time value="2024050708{minute:02}"/>'.encode())


def test_a_number_that_reads_like_a_time_is_one_where_persons_are_named() -> None:
    times = [f"1950010109{minute:02}" for minute in range(60)]
    assert any(holds_my_number(f"PID|1||{time}^^^^NI".encode()) for time in times)
    assert not any(holds_my_number(f"ORC|SC|{time}".encode()) for time in times)
