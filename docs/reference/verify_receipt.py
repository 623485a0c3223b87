"""Check a receipt offline: python verify_receipt.py RECEIPT.jws JWKS.json (needs: cryptography)."""

import json
import sys
from base64 import urlsafe_b64decode, urlsafe_b64encode

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def words(it):
    if isinstance(it, dict):
        return " ".join(f"{k} {words(it[k])}" for k in it if k not in ("id", "role", "type"))
    return ", ".join(map(words, it)) if type(it) is list else str(it).removeprefix("urn:tsunagu:")


try:
    with open(sys.argv[1], encoding="ascii") as receipt, open(sys.argv[2], "rb") as jwks:
        jws, keys = receipt.read().strip(), json.load(jwks)["keys"]
    header, text, signature = (urlsafe_b64decode(part + "==") for part in jws.split("."))
    x = {each["kid"]: each["x"] for each in keys}[json.loads(header)["kid"]]
    key = Ed25519PublicKey.from_public_bytes(urlsafe_b64decode(x + "=="))
    key.verify(signature, jws.rpartition(".")[0].encode())
    told = json.dumps(json.loads(text), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    if told.encode() != text or not jws.endswith(urlsafe_b64encode(signature)[:-2].decode()):
        raise ValueError("not written as RFC 8785 and RFC 7515 ask")
except Exception as error:
    sys.exit(f"NOT GENUINE, or not of these keys: {type(error).__name__} {error}")
print("GENUINE", words({**(consent := json.loads(text)), "contained": [], "provision": []}))
for rule in [consent["provision"], *consent["provision"].pop("provision", [])]:
    print("-", rule["type"], words(rule))
