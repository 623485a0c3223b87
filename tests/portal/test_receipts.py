"""Hanako changes a setting, keeps the receipt, and anyone checks it without our software."""

import base64
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import rfc8785
from jwcrypto import jwk as jwcrypto_jwk
from jwcrypto import jws as jwcrypto_jws

from api.consent import service as consent
from api.consent.exchange import receipts
from api.consent.settings.switches import SetCategory
from api.core import runtime
from api.core.crypto import KeyRing, SigningKeys
from api.core.database import unit_of_work
from tests.cli.console import tsunagu
from tests.conftest import Deployment
from tests.portal.scene import Place, Visitor

ROOT = Path(__file__).parents[2]
VERIFY = ROOT / "docs" / "reference" / "verify_receipt.py"


async def changed(who: Visitor, place: Place, version: int = 0, *, on: bool = True) -> None:
    commands = [{"kind": "facility", "id": str(place.facility_id), "on": on}]
    answer = await who.tell("/me/disclosure/changes", {"version": version, "commands": commands})
    assert answer.status_code == 200, answer.text


async def kept(who: Visitor, folder: Path, version: int = 1) -> tuple[Path, Path]:
    """The receipt and the keys, as files of her own."""
    jws = await who.ask(f"/me/disclosure/receipts/{version}")
    assert (jws.status_code, jws.headers["content-type"]) == (200, "application/jose")
    keys = await who.browser.get("/.well-known/jwks.json")
    files = folder / "receipt.jws", folder / "jwks.json"
    files[0].write_text(jws.text)
    files[1].write_text(keys.text)
    return files


def verify(jws: Path, jwks: Path) -> subprocess.CompletedProcess[str]:
    """In a process that cannot import any of ours."""
    return subprocess.run(
        [sys.executable, "-I", str(VERIFY), str(jws), str(jwks)],
        env={"PATH": os.environ["PATH"]},
        cwd=jws.parent,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_the_script_is_short_enough_to_be_read_whole():
    text = VERIFY.read_text("utf-8")
    assert len(text.splitlines()) <= 30
    assert "api" not in {line.split()[1].partition(".")[0] for line in text.splitlines()
                         if line.startswith(("import ", "from "))}  # fmt: skip


async def test_a_receipt_is_checked_by_the_script_alone(
    hanako: Visitor, clinic: Place, tmp_path: Path
):
    await changed(hanako, clinic)
    found = verify(*await kept(hanako, tmp_path))
    assert found.returncode == 0, found.stderr
    assert "GENUINE" in found.stdout
    assert str(hanako.actor.participant_id) in found.stdout
    said = f"- permit actor reference identifier system facility value {clinic.facility_id}"
    assert said in found.stdout


async def test_one_altered_byte_anywhere_is_found(hanako: Visitor, clinic: Place, tmp_path: Path):
    await changed(hanako, clinic)
    jws, jwks = await kept(hanako, tmp_path)
    genuine = jws.read_text()
    places = [0, len(genuine) // 3, len(genuine) // 2, genuine.rindex(".") + 5, len(genuine) - 1]
    for at in places:  # the last holds bits that decode to nothing: the text differs all the same
        jws.write_text(genuine[:at] + ("B" if genuine[at] != "B" else "C") + genuine[at + 1 :])
        found = verify(jws, jwks)
        assert found.returncode == 1, at
        assert "NOT GENUINE" in found.stderr
        assert found.stdout == ""


async def test_a_wrong_key_is_found(hanako: Visitor, clinic: Place, tmp_path: Path):
    await changed(hanako, clinic)
    jws, jwks = await kept(hanako, tmp_path)
    kid = json.loads(jwks.read_text())["keys"][0]["kid"]
    other = SigningKeys(tmp_path / "other").published()[0]
    for keys in ([other], [other | {"kid": kid}]):
        jwks.write_text(json.dumps({"keys": keys}))
        found = verify(jws, jwks)
        assert (found.returncode, found.stdout) == (1, "")


async def test_a_payload_that_is_not_canonical_is_found(tmp_path: Path):
    keys = SigningKeys(tmp_path / "keys")
    payload = b'{"meta": {"versionId":"1"},"patient":{},"provision":{"type":"deny"}}'
    (tmp_path / "receipt.jws").write_text(receipts.signed(payload, keys.current()))
    (tmp_path / "jwks.json").write_text(json.dumps({"keys": keys.published()}))
    found = verify(tmp_path / "receipt.jws", tmp_path / "jwks.json")
    assert found.returncode == 1
    assert "RFC 8785" in found.stderr


async def test_after_a_rotation_old_and_new_receipts_are_good_in_every_worker(
    hanako: Visitor, clinic: Place, tmp_path: Path, database: Deployment
):
    await changed(hanako, clinic)
    old, _ = await kept(hanako, tmp_path)
    text = old.read_text()
    answer = tsunagu(
        "keys", "rotate", "receipts",
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT),
             "TSUNAGU_HOME": str(database.settings.home)},
    )  # fmt: skip
    assert answer.returncode == 0, answer.stderr
    await changed(hanako, clinic, 1, on=False)
    new, jwks = await kept(hanako, tmp_path, 2)
    kids = [json.loads(_part(each, 0))["kid"] for each in (new.read_text(), text)]
    published = [each["kid"] for each in json.loads(jwks.read_text())["keys"]]
    assert kids == published[:2]
    assert kids[0] in answer.stdout
    assert verify(new, jwks).returncode == 0
    old.write_text(text)
    assert verify(old, jwks).returncode == 0
    # Another process, and one started later, say the same.
    again = KeyRing(database.settings.home / "keys").receipts
    assert [each["kid"] for each in again.published()] == published
    folder = database.settings.home / "keys" / "receipts"
    assert len([p for p in folder.iterdir() if not p.name.endswith(".pub.pem")]) == 1


async def test_an_independent_library_verifies_it_too(hanako: Visitor, clinic: Place):
    await changed(hanako, clinic)
    compact = (await hanako.ask("/me/disclosure/receipts/1")).text
    answer = await hanako.browser.get("/.well-known/jwks.json")
    assert answer.headers["cache-control"] == "public, max-age=300"
    keys = jwcrypto_jwk.JWKSet.from_json(answer.text)
    token = jwcrypto_jws.JWS()
    token.deserialize(compact)
    key = keys.get_key(token.jose_header["kid"])
    assert key is not None
    assert key.thumbprint() == token.jose_header["kid"]
    token.verify(key)
    assert token.jose_header["typ"] == "consent-receipt+jws"
    wire = json.loads(token.payload)
    assert rfc8785.dumps(wire) == token.payload
    assert wire["patient"]["identifier"]["value"] == str(hanako.actor.participant_id)
    head, body, signature = compact.split(".")
    token.deserialize(".".join((head, body[:-2] + "AA", signature)))
    with pytest.raises(jwcrypto_jws.InvalidJWSSignature):
        token.verify(key)


async def test_every_way_to_save_a_version_gives_a_receipt(
    hanako: Visitor, clinic: Place, database: Deployment
):
    await changed(hanako, clinic)
    await consent.change(hanako.actor, [SetCategory("lab", on=False)], expected_version=1)
    await consent.undo(hanako.actor, expected_version=2)
    wire = (await hanako.ask("/me/disclosure/consent/2")).json()
    taken = await take(hanako, wire, 3)
    assert taken.status_code == 200, taken.text
    listed = (await hanako.ask("/me/disclosure/receipts?count=3")).json()
    assert [each["version"] for each in listed["receipts"]] == [4, 3, 2]
    assert [each["change"] for each in listed["receipts"]] == ["import", "undo", "switches"]
    assert all(each["kid"] for each in listed["receipts"])
    assert (await hanako.ask(f"/me/disclosure/receipts?before={listed['before']}")).json()[
        "receipts"
    ][0]["version"] == 1
    connection = await asyncpg.connect(database.admin_dsn)
    missing = await connection.fetchval(
        "SELECT count(*) FROM directive d WHERE participant_id = $1 AND NOT EXISTS (SELECT FROM"
        " receipt r WHERE (r.participant_id, r.version) = (d.participant_id, d.version)"
        " AND r.recorded_at = d.recorded_at)",
        hanako.actor.participant_id,
    )
    await connection.close()
    assert missing == 0


async def test_a_receipt_that_cannot_be_signed_saves_nothing(
    hanako: Visitor, clinic: Place, monkeypatch: pytest.MonkeyPatch
):
    class Broken:
        def current(self) -> None:
            raise OSError("the key cannot be read")

    monkeypatch.setitem(runtime.keys().__dict__, "receipts", Broken())
    commands = [{"kind": "facility", "id": str(clinic.facility_id), "on": True}]
    answer = await hanako.tell("/me/disclosure/changes", {"version": 0, "commands": commands})
    assert answer.status_code == 500
    assert (await consent.settings(hanako.actor)).directive.version == 0


async def test_a_receipt_belongs_to_its_participant_and_never_changes(
    hanako: Visitor, yumi: Visitor, clinic: Place
):
    await changed(hanako, clinic)
    for path in ("receipts/1", "receipts/2147483647", "consent/1", "consent/99"):
        answer = await yumi.ask(f"/me/disclosure/{path}")
        assert answer.status_code == 404, path
    async with unit_of_work(hanako.actor) as tx:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await tx.execute("DELETE FROM receipt")


# ── The FHIR Consent: out and in ─────────────────────────────────────────────────────────────────


async def take(who: Visitor, body: Any, version: int | None) -> Any:
    headers = {"authorization": f"Bearer {who.token}", "content-type": "application/fhir+json"}
    if version is not None:
        headers["if-match"] = f'W/"{version}"'
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await who.browser.post("/me/disclosure/consent", content=content, headers=headers)


async def test_settings_taken_out_and_in_again_are_the_same(
    hanako: Visitor, clinic: Place, pharmacy: Place
):
    await changed(hanako, clinic)
    await changed(hanako, pharmacy, 1)
    answer = await hanako.ask("/me/disclosure/consent")
    assert answer.headers["etag"] == 'W/"2"'
    assert answer.headers["content-type"] == "application/fhir+json"
    both = (await consent.settings(hanako.actor)).directive.provisions
    await consent.undo(hanako.actor, expected_version=2)
    taken = await take(hanako, answer.json(), 3)
    assert taken.headers["etag"] == 'W/"4"'
    now = (await consent.settings(hanako.actor)).directive.provisions
    assert [each.facility_id for each in now] == [each.facility_id for each in both]
    assert [each.origin for each in now] == ["participant", "import"]
    same = await take(hanako, answer.json(), 4)
    assert same.headers["etag"] == 'W/"4"'  # nothing new was said, so there is no new version
    assert (await hanako.log())[0]["sentence"] == (
        "だれに見せるかの設定を、ほかから持ってきたものに置きかえました。"
    )


async def test_a_stale_consent_changes_nothing(hanako: Visitor, clinic: Place):
    await changed(hanako, clinic)
    wire = (await hanako.ask("/me/disclosure/consent")).json()
    wire["provision"].pop("provision")
    assert (await take(hanako, wire, None)).status_code == 428
    late = await take(hanako, wire, 0)
    assert late.status_code == 409
    assert late.json()["current"] == (await hanako.ask("/me/disclosure")).json()
    assert len(late.json()["meanwhile"]) == 1
    assert (await consent.settings(hanako.actor)).directive.version == 1


async def test_what_does_not_fit_is_named_by_path_and_changes_nothing(
    hanako: Visitor, yumi: Visitor, clinic: Place, sato: Visitor, database: Deployment
):
    await changed(hanako, clinic)
    wire = (await hanako.ask("/me/disclosure/consent")).json()
    row = wire["provision"]["provision"][0]
    of_yumi = {"type": "Patient", "reference": f"Patient/{yumi.actor.participant_id}"}
    elsewhere = {
        "identifier": {"system": "urn:tsunagu:facility", "value": str(sato.actor.account_id)}
    }
    dr_sato = {
        "identifier": {
            "system": "urn:tsunagu:professional",
            "value": str(sato.actor.professional_id),
        }
    }
    connection = await asyncpg.connect(database.admin_dsn)
    await connection.execute(
        "UPDATE professional SET is_active = false WHERE professional_id = $1",
        sato.actor.professional_id,
    )
    await connection.close()
    deep = row | {"provision": [row]}

    def at(reference: Any) -> Any:
        return row | {"actor": [row["actor"][0] | {"reference": reference}]}

    def rows(*found: Any) -> Any:
        return wire | {"provision": wire["provision"] | {"provision": list(found)}}

    for body, where in (
        (wire | {"patient": of_yumi}, "Consent.patient"),
        (rows(row, deep), "Consent.provision.provision[1].provision"),
        (rows(at(elsewhere)), "Consent.provision.provision[0].actor"),
        (rows(at(dr_sato)), "Consent.provision.provision[0].actor"),  # who has left
        (b'{"resourceType":"Consent","status":"active","status":"active"}', "Consent"),
        (b"\xff", "Consent"),
        (b"[" * 100_000, "Consent"),
        (b"[]", "Consent.resourceType"),
    ):
        answer = await take(hanako, body, 1)
        assert answer.status_code == 422, answer.text
        problem = answer.json()
        assert problem["type"] == "urn:tsunagu:problem:error.consent.not_taken"
        assert where in problem["where"]
        assert problem["fields"][where]
        assert str(yumi.actor.participant_id) not in answer.text
    assert (await consent.settings(hanako.actor)).directive.version == 1


# ── The page ─────────────────────────────────────────────────────────────────────────────────────


async def test_the_page_lists_each_version_and_hands_out_its_receipt(
    hanako: Visitor, clinic: Place
):
    empty = (await hanako.get("/disclosure/receipts")).text
    assert "控えはまだありません" in empty
    await changed(hanako, clinic)
    await consent.undo(hanako.actor, expected_version=1)
    page = (await hanako.get("/disclosure/receipts")).text
    assert "れんげ内科クリニック" in page
    assert "ひとつ前の設定にもどしました。" in page
    assert page.index("ひとつ前の設定") < page.index("れんげ内科クリニック")
    file = await hanako.get("/disclosure/receipts/1")
    assert file.headers["content-disposition"] == 'attachment; filename="tsunagu-receipt-1.jws"'
    assert file.text == (await hanako.ask("/me/disclosure/receipts/1")).text
    assert (await hanako.get("/disclosure/receipts/3")).status_code == 404


def _part(jws: str, at: int) -> bytes:
    part = jws.split(".")[at]
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
