"""What an operator does to the directory at the console, and what the console says then."""

from datetime import date
from pathlib import Path
from uuid import UUID

from api.core import clock, i18n
from api.core.actor import OPERATOR
from api.core.errors import NotFound
from api.core.settings import SettingFault
from api.directory import registry, service
from api.directory.registry import BadFacility, NewFacility
from api.directory.staff import checked_name
from api.identity.enrolling import intake
from api.identity.errors import HasKey
from api.identity.staff.invitations import Invitation
from api.identity.tokens.system_keys import BadKeys


async def add_facility(facility: NewFacility) -> str:
    try:
        facility_id = await registry.register_facility(OPERATOR, facility)
    except BadFacility as fault:
        raise _unchanged(str(fault)) from fault
    return f"{facility.name} ({facility.code}) has joined: {facility_id}."


async def list_facilities() -> str:
    found = await service.facilities(OPERATOR)
    lines = [f"{each.code}  {each.facility_type:<18} {each.region}  {each.name}" for each in found]
    return "\n".join(lines) or "This network has no facility yet."


async def appoint(code: str, name: str, kana: str) -> str:
    called, read = checked_name(name), checked_name(kana)
    if called is None or read is None:
        raise _unchanged("An administrator has a name, and one in kana.")
    made, invitation = await registry.appoint_administrator(
        OPERATOR, await _facility(code), name=called, name_kana=read
    )
    return f"{called} is an administrator: {made.administrator_id}.\n{_said(invitation)}"


async def list_administrators(code: str) -> str:
    found = await registry.administrators(OPERATOR, await _facility(code))
    lines = [
        f"{each.administrator_id}  {'at work' if each.is_active else 'ended  '}  {each.name}"
        for each in found
    ]
    return "\n".join(lines) or "This facility has no administrator yet."


async def invite(administrator_id: UUID) -> str:
    try:
        return _said(await registry.invite_administrator(OPERATOR, administrator_id))
    except NotFound as fault:
        raise _unchanged(f"There is no administrator {administrator_id}.") from fault
    except HasKey as fault:
        raise _unchanged("This administrator has a passkey, or has ended.") from fault


async def end(administrator_id: UUID) -> str:
    try:
        await registry.end_administrator(OPERATOR, administrator_id)
    except NotFound as fault:
        raise _unchanged(f"There is no administrator {administrator_id} at work.") from fault
    return "Their sign-ins have ended, and their passkeys open nothing any more."


async def add_officer(name: str, kana: str, trained_on: date | None, *, is_auditor: bool) -> str:
    called, read = checked_name(name), checked_name(kana)
    if called is None or read is None:
        raise _unchanged("An officer has a name, and one in kana.")
    if not is_auditor and (trained_on is None or trained_on > clock.today_in_japan()):
        raise _unchanged(
            "An officer is added once they are trained: --trained-on, today at latest."
        )
    officer_id, invitation = await registry.appoint_officer(
        OPERATOR, name=called, name_kana=read, is_auditor=is_auditor, trained_on=trained_on
    )
    what = "an auditor" if is_auditor else "an officer"
    return f"{called} is {what}: {officer_id}.\n{_said(invitation)}"


async def list_officers() -> str:
    lines = [
        f"{each.officer_id}  {'at work' if each.is_active else 'ended  '}  {each.kind:<7}  "
        f"{each.name}"
        for each in await registry.officers(OPERATOR)
    ]
    return "\n".join(lines) or "This network has no officer yet."


async def invite_officer(officer_id: UUID) -> str:
    try:
        return _said(await registry.invite_officer(OPERATOR, officer_id))
    except NotFound as fault:
        raise _unchanged(f"There is no officer {officer_id}.") from fault
    except HasKey as fault:
        raise _unchanged("This officer has a passkey, or has ended.") from fault


async def end_officer(officer_id: UUID) -> str:
    try:
        await registry.end_officer(OPERATOR, officer_id)
    except NotFound as fault:
        raise _unchanged(f"There is no officer {officer_id} at work.") from fault
    return "Their sign-ins have ended, and their passkeys open nothing any more."


async def add_system(
    code: str, client_id: str, name: str, jwks: Path | None, jwks_uri: str | None
) -> str:
    if not (0 < len(client_id) <= 100 and client_id.isascii() and client_id.isprintable()):
        raise _unchanged("A client id has up to 100 ASCII characters.")
    facility_id = await _facility(code)
    try:
        await intake.add_system(
            OPERATOR,
            facility_id,
            client_id=client_id,
            name=name,
            jwks=_text(jwks),
            jwks_uri=jwks_uri,
        )
    except BadKeys as fault:
        raise _unchanged(str(fault)) from fault
    return f"The system {client_id} of {code} may ask for tokens."


async def change_keys(client_id: str, jwks: Path | None, jwks_uri: str | None) -> str:
    try:
        await intake.change_system_keys(OPERATOR, client_id, jwks=_text(jwks), jwks_uri=jwks_uri)
    except BadKeys as fault:
        raise _unchanged(str(fault)) from fault
    except NotFound as fault:
        raise _unchanged(f"There is no system {client_id}.") from fault
    return f"The system {client_id} signs with its new keys from now on."


async def let_system_export(client_id: str, may: bool) -> str:
    try:
        await intake.let_system_export(OPERATOR, client_id, may=may)
    except NotFound as fault:
        raise _unchanged(f"There is no system {client_id}.") from fault
    if not may:
        return f"The system {client_id} may not export any more; what it has running stops."
    return f"The system {client_id} may export what its facility may see of its own patients."


async def end_system(client_id: str) -> str:
    try:
        await intake.end_system(OPERATOR, client_id)
    except NotFound as fault:
        raise _unchanged(f"There is no system {client_id}.") from fault
    return f"The system {client_id} gets no token any more; its last lives five minutes at most."


async def _facility(code: str) -> UUID:
    found = await service.facility_of_code(code)
    if found is None:
        raise _unchanged(f"This network has no facility with the code {code}.")
    return found


def _said(invitation: Invitation) -> str:
    until = i18n.moment("en", invitation.expires_at)
    return (
        f"Their invitation, which works once, until {until}, and is not shown again:\n"
        f"  {invitation.link}\n  code {invitation.code.printed}"
    )


def _text(path: Path | None) -> str | None:
    if path is None:
        return None
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError as error:
        raise _unchanged(f"{path} is no text.") from error


def _unchanged(reason: str) -> SettingFault:
    return SettingFault(f"{reason.rstrip('.')}. Nothing was changed.")
