"""A sign-in from a device that an account has not seen before is told to its holder.

A browser keeps a secret for it, an app its own key; PostgreSQL a hash of either together with the
account, so that nothing tells that two accounts were on one device.
"""

from uuid import UUID

from api.core import i18n
from api.core.crypto import new_token, sha256
from api.core.database import Transaction
from api.identity import devices, queries
from api.identity.devices import Device
from notifications import service as notifications


async def note_in(
    tx: Transaction, device: Device, *, jkt: bytes | None, passkey_id: UUID | None
) -> str:
    """Answers the secret that a browser is to keep; "" for whatever keeps none.

    The first device of an account is the one it was made on, and not told. What has neither a mark
    nor a key is known by the passkey it shows.
    """
    kept = device.mark or new_token() if device.mark is not None else ""
    secret = kept or (jkt.hex() if jkt else str(passkey_id or ""))
    if not secret:
        return ""
    mark = sha256(f"{tx.acting.account_id}|{secret}".encode())
    if await queries.meet_device(tx, mark):
        words = {each: devices.said(device.code, each) for each in i18n.LOCALES}
        await notifications.enqueue(tx, "new_device", device=words)
    return kept
