"""The console command `tsunagu`: one subcommand per thing an operator does."""

import argparse
import asyncio
import fcntl
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from api import cli_ingest, server
from api.access_log import verifier
from api.core.errors import Unavailable
from api.core.settings import SettingFault, Settings, from_environment

if TYPE_CHECKING:
    from api.core.crypto import KeyRing

FAULT: Final = 2
STOPPED: Final = 130
DATABASE: Final = "tsunagu"
UNFINISHED: Final = "tsunagu_unfinished"


def main(arguments: list[str] | None = None) -> int:
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, lambda *_: signal.raise_signal(signal.SIGINT))
    options = _parser().parse_args(arguments)
    try:
        if options.command == "verify":  # anywhere: without settings, database or network
            return verifier.run(options)
        settings = from_environment()
        return {
            "demo": _demo,
            "serve": _serve,
            "migrate": _migrate,
            "demo-token": _demo_token,
            "ingest": _ingest,
            "records": _records,
            "keys": _keys,
            "consent": _consent,
            "trained": _trained,
            "log": _log,
            "facility": _directory,
            "officer": _directory,
            "system": _directory,
            "app": _app,
            "witness": _witness,
            "worker": _worker,
        }[options.command](settings, options)
    except SettingFault as fault:
        print(fault, file=sys.stderr)
        return FAULT
    except Unavailable:
        print(
            "The database does not answer; what was not confirmed is not stored, "
            "so start again once it is back.",
            file=sys.stderr,
        )
        return FAULT
    except OSError as error:
        print(
            f"{error.filename or 'The system'} cannot be used: {error.strerror or error}.",
            file=sys.stderr,
        )
        return FAULT
    except KeyboardInterrupt:
        return STOPPED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tsunagu", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("demo", help="start everything with the demo network (make run)")
    commands.add_parser("serve", help="serve; needs DATABASE_URL or APP_DATABASE_URL")
    commands.add_parser(
        "worker", help="tell people of notices; beside `serve`, once or more"
    ).add_argument("--with-parent", action="store_true", help="end when standard input ends")
    commands.add_parser("migrate", help="make roles and tables ready; needs DATABASE_URL")
    token = commands.add_parser("demo-token", help="an access token of a demo clinic's system")
    token.add_argument("--as", dest="person", default="sato", choices=("sato", "ito", "mori"))
    token.add_argument("--scope", default="system/*.read system/*.write")
    keys = commands.add_parser("keys", help="keys that may be changed while it serves")
    keys.add_argument("deed", choices=("rotate",))
    keys.add_argument("name", choices=("receipts", "my-number", "emergency-card"))
    cli_ingest.add_arguments(commands.add_parser("ingest", help="take in a folder of files"))
    kept = commands.add_parser("records", help="what is kept").add_subparsers(
        dest="deed", required=True
    )
    kept.add_parser("retention", help="withdraw what is past its time").add_argument(
        "--dry-run", action="store_true", help="only say what would be withdrawn"
    )
    verifier.add_arguments(
        commands.add_parser("verify", help="check an access log without trusting whoever runs it")
    )
    _add_consent(commands.add_parser("consent", help="new terms for all; consents on paper"))
    _add_facility(commands.add_parser("facility", help="facilities and their administrators"))
    _add_officer(commands.add_parser("officer", help="officers of the support centre, auditors"))
    _add_system(commands.add_parser("system", help="facilities' systems and their public keys"))
    trained = commands.add_parser("trained", help="record somebody's safety training")
    trained.add_argument("person", type=UUID, help="the id of an officer or a professional")
    trained.add_argument("--on", required=True, type=date.fromisoformat, metavar="DATE")
    _add_log(commands.add_parser("log", help="the access log's upkeep"))
    _add_app(commands.add_parser("app", help="third-party apps participants may connect"))
    _add_witness(commands.add_parser("witness", help="cosign another network's access log"))
    return parser


def _add_facility(parser: argparse.ArgumentParser) -> None:
    deeds = parser.add_subparsers(dest="deed", required=True)
    adding = deeds.add_parser("add", help="a facility joins the network")
    for name, meaning in (
        ("code", "its 10-digit number"),
        ("name", "as participants read it"),
        ("kana", "its name in katakana"),
        ("name-en", "its name in English"),
        ("type", "a code of the network profile"),
        ("region", "a code of the network profile"),
    ):
        adding.add_argument(f"--{name}", required=True, help=meaning)
    deeds.add_parser("list", help="those there are")
    administrator = deeds.add_parser("administrator", help="who invites a facility's people")
    steps = administrator.add_subparsers(dest="step", required=True)
    appointing = steps.add_parser("appoint", help="prints the invitation for their passkey")
    appointing.add_argument("--name", required=True)
    appointing.add_argument("--kana", required=True)
    for each in (appointing, steps.add_parser("list", help="of one facility")):
        each.add_argument("--facility", required=True, metavar="CODE")
    for name, meaning in (
        ("invite", "a new invitation in place of a lost one"),
        ("end", "at once"),
    ):
        steps.add_parser(name, help=meaning).add_argument("administrator", type=UUID)


def _add_officer(parser: argparse.ArgumentParser) -> None:
    deeds = parser.add_subparsers(dest="deed", required=True)
    adding = deeds.add_parser("add", help="prints the invitation for their passkey")
    adding.add_argument("name")
    adding.add_argument("--kana", required=True, help="the name in katakana")
    adding.add_argument("--auditor", action="store_true", help="audits the log, and does no more")
    adding.add_argument(
        "--trained-on",
        type=date.fromisoformat,
        metavar="DATE",
        help="of their safety training; an officer needs it",
    )
    deeds.add_parser("list", help="those there are")
    for name, meaning in (
        ("invite", "a new invitation in place of a lost one"),
        ("end", "at once"),
    ):
        deeds.add_parser(name, help=meaning).add_argument("officer", type=UUID)


def _add_system(parser: argparse.ArgumentParser) -> None:
    deeds = parser.add_subparsers(dest="deed", required=True)
    adding = deeds.add_parser("add", help="a facility's system may ask for tokens")
    adding.add_argument("--facility", required=True, metavar="CODE")
    adding.add_argument("--name", required=True)
    changing = deeds.add_parser("keys", help="other public keys from now on")
    for each in (adding, changing):
        each.add_argument("client", metavar="CLIENT_ID")
        keys = each.add_mutually_exclusive_group(required=True)
        keys.add_argument("--jwks", type=Path, metavar="FILE", help="a JSON Web Key Set")
        keys.add_argument("--jwks-uri", metavar="URL", help="where the system publishes one")
    exporting = deeds.add_parser("export", help="may it export its own patients in bulk?")
    exporting.add_argument("client", metavar="CLIENT_ID")
    exporting.add_argument("answer", choices=("allow", "deny"))
    deeds.add_parser("end", help="no token any more").add_argument("client", metavar="CLIENT_ID")


def _add_consent(parser: argparse.ArgumentParser) -> None:
    deeds = parser.add_subparsers(dest="deed", required=True)
    campaign = deeds.add_parser("campaign", help="ask everybody to agree to new terms")
    steps = campaign.add_subparsers(dest="step", required=True)
    opening = steps.add_parser("open", help="ask all who take part under other terms")
    opening.add_argument("--terms", required=True, metavar="VERSION")
    opening.add_argument("--answer-by", required=True, type=date.fromisoformat, metavar="DATE")
    steps.add_parser("list", help="campaigns and how many have answered")
    ending = steps.add_parser("call-off", help="before its date: nobody need answer")
    ending.add_argument("campaign", type=UUID)
    papers = deeds.add_parser("import", help="take in a list of consents on paper")
    papers.add_argument("table", type=Path, metavar="CSV")
    papers.add_argument("--scans", required=True, type=Path, help="a folder or a zip file")
    papers.add_argument("--report", type=Path, help="write the lines not taken as CSV")


def _add_app(parser: argparse.ArgumentParser) -> None:
    deeds = parser.add_subparsers(dest="deed", required=True)
    adding = deeds.add_parser("add", help="let participants connect an app")
    adding.add_argument("client_id", metavar="CLIENT_ID")
    adding.add_argument("--name-ja", required=True, help="as participants read it")
    adding.add_argument("--name-en", required=True)
    adding.add_argument("--publisher", required=True, help="who answers for it")
    adding.add_argument(
        "--redirect",
        required=True,
        action="append",
        metavar="URI",
        help="where it is answered, letter by letter; once for each",
    )
    keys = adding.add_mutually_exclusive_group()
    keys.add_argument("--jwks", type=Path, metavar="FILE", help="its public keys; without, public")
    keys.add_argument("--jwks-url", metavar="URL", help="where its public keys are")
    deeds.add_parser("list", help="all apps, with those that have ended")
    ending = deeds.add_parser("end", help="for good, with everything participants gave it")
    ending.add_argument("client_id", metavar="CLIENT_ID")


def _add_witness(parser: argparse.ArgumentParser) -> None:
    deeds = parser.add_subparsers(dest="deed", required=True)
    serving = deeds.add_parser("serve", help="needs neither a database nor a network profile")
    serving.add_argument("--log", required=True, action="append", metavar="VKEY")
    serving.add_argument(
        "--mirror", action="store_true", help="keep the entries too, 34 bytes each"
    )
    serving.add_argument("--listen", default="127.0.0.1:8090", metavar="HOST:PORT")
    for each in (serving, deeds.add_parser("key", help="make the key if needed, and print it")):
        each.add_argument("--store", required=True, type=Path, metavar="DIR")
        each.add_argument("--name", help="such as witness.example.jp/1; kept from the first use on")


def _add_log(parser: argparse.ArgumentParser) -> None:
    deeds = parser.add_subparsers(dest="deed", required=True)
    deeds.add_parser("fsck", help="look at everything once more; 1 if anything was found")
    restoring = deeds.add_parser("restore-check", help="after a restore, before serving again")
    restoring.add_argument(
        "--recover-from", metavar="URL", help="a witness of ours that mirrors the entries"
    )
    deeds.add_parser("witnesses", help="who cosigns this log, and how far each has come")
    deeds.add_parser("rotate-key", help="sign with a new key, which the old one vouches for")
    erasing = deeds.add_parser("erase", help="make what the log says of one person unreadable")
    erasing.add_argument("--participant", required=True, metavar="ID")
    erasing.add_argument("--reason", required=True, help="stays readable in the certificate")
    erasing.add_argument("--early", action="store_true", help="before the log need be kept no more")
    giving = deeds.add_parser("hand-over", help="copy someone's records for an authority, by law")
    giving.add_argument("--participant", required=True, metavar="ID")
    giving.add_argument("--authority", required=True, help="who asks, such as a court")
    giving.add_argument("--reference", required=True, help="the number of its order")
    giving.add_argument("--clerk", required=True, help="the name of who hands it over")
    giving.add_argument("--kind", action="append", default=[], help="of record; all without it")
    giving.add_argument("--to", required=True, type=Path, metavar="FILE", help="a new file")
    giving.add_argument("--silent-until", type=date.fromisoformat, metavar="DATE")
    giving.add_argument("--silent-because", default="", help="the participant reads this meanwhile")


def _demo(settings: Settings, _: argparse.Namespace) -> int:
    from api import demo_outbox
    from api.core.crypto import KeyRing
    from api.core.provisioning import app_dsn

    server.check_port(settings)
    with _administering(settings) as (admin_dsn, is_own):
        keys = KeyRing(settings.home / "keys")
        settings = demo_outbox.arranged(settings)
        dsn, greeting = asyncio.run(_prepare_demo(settings, keys, admin_dsn, is_own=is_own))
        os.environ |= {"APP_DATABASE_URL": app_dsn(dsn, keys), "TSUNAGU_DEMO": "1"}
        os.environ |= demo_outbox.environment(settings)
        log = settings.home / "server.log"
        with (
            server.logging_to(log),
            demo_outbox.mailbox(settings),
            server.child(settings, "worker"),
        ):
            server.when_ready(settings, f"{greeting}\nLog: {log}")
            return 0 if server.run(settings) else 1


async def _prepare_demo(
    settings: Settings, keys: "KeyRing", admin_dsn: str, *, is_own: bool
) -> tuple[str, str]:
    """The database's DSN, and what to say once someone serves on it."""
    from api import demo
    from api.core import provisioning

    with _alone(settings.home):
        dsn = admin_dsn
        if is_own and not await provisioning.has_database(admin_dsn, DATABASE):
            # Filled under another name: a start cut short leaves nothing half-done.
            unfinished = await provisioning.begin_database(admin_dsn, UNFINISHED)
            async with _demo_ready(settings, keys, unfinished):
                pass
            await provisioning.rename_database(admin_dsn, UNFINISHED, DATABASE)
        if is_own:
            dsn = provisioning.database_dsn(admin_dsn, DATABASE)
        async with _demo_ready(settings, keys, dsn):
            demo.note_address(settings)
            await demo.tell_hanako(settings.home)
            return dsn, await demo.greeting(settings)


@asynccontextmanager
async def _demo_ready(settings: Settings, keys: "KeyRing", dsn: str) -> AsyncIterator[None]:
    from api import demo
    from api.core.provisioning import app_dsn, provision

    await provision(dsn, keys, kind="demo")
    async with _ready(settings, keys, app_dsn(dsn, keys), is_demo=True):
        if not await demo.is_seeded():
            print("つなぐ: デモのデータを準備しています / preparing the demo data …", flush=True)
            await demo.seed(settings.home, with_books=True)
        await demo.take_up(settings.home)
        yield


def _serve(settings: Settings, _: argparse.Namespace) -> int:
    from api.core.crypto import KeyRing

    server.check_port(settings)
    keys = KeyRing(settings.home / "keys")
    asyncio.run(_check(settings, keys, _given_dsn(settings, keys)))
    return 0 if server.run(settings) else 1


def _worker(settings: Settings, options: argparse.Namespace) -> int:
    from api.core.crypto import KeyRing

    if options.with_parent:
        server.end_with_input()
    keys = KeyRing(settings.home / "keys")
    asyncio.run(_work(settings, keys, _given_dsn(settings, keys)))
    return 0


async def _work(settings: Settings, keys: "KeyRing", dsn: str) -> None:
    from notifications import process

    async with _ready(settings, keys, dsn, is_demo=None, connections=process.CONNECTIONS):
        await process.run(settings, keys, dsn)


async def _check(settings: Settings, keys: "KeyRing", dsn: str) -> None:
    """What would stop a worker is said here, once and in one sentence."""
    async with _ready(settings, keys, dsn, is_demo=settings.is_demo):
        pass


def _given_dsn(settings: Settings, keys: "KeyRing") -> str:
    from api.core.provisioning import app_dsn

    if settings.app_database_url is not None:
        return settings.app_database_url
    if settings.database_url is not None:
        return app_dsn(settings.database_url, keys)
    raise SettingFault("Set DATABASE_URL or APP_DATABASE_URL, or start with `make run`.")


def _migrate(settings: Settings, _: argparse.Namespace) -> int:
    from api.core.crypto import KeyRing

    with _administering(settings) as (admin_dsn, is_own):
        asyncio.run(_provision(admin_dsn, KeyRing(settings.home / "keys"), is_own=is_own))
    print("The database is up to date.")
    return 0


async def _provision(admin_dsn: str, keys: "KeyRing", *, is_own: bool) -> None:
    from api.core.provisioning import ensure_database, provision

    await provision(await ensure_database(admin_dsn, DATABASE) if is_own else admin_dsn, keys)


def _demo_token(settings: Settings, options: argparse.Namespace) -> int:
    from msgspec.structs import replace

    from api import demo

    if not os.environ.get("PUBLIC_URL"):
        settings = replace(settings, public_url=demo.address(settings.home) or settings.public_url)
    print(demo.fetch_token(settings, options.person, options.scope))
    return 0


def _keys(settings: Settings, options: argparse.Namespace) -> int:
    """Running servers sign with the new key from the next receipt or login on."""
    from api.core.client_keys import ClientKeys
    from api.core.crypto import KeyRing

    if options.name == "my-number":
        kid = ClientKeys(KeyRing(settings.home / "keys").my_number_client).rotate()
        print(
            f"The My Number login is asked with the key {kid} from now on; the next is published."
        )
        return 0
    if options.name == "emergency-card":
        from api.emergency.cards.keys import keys_in

        kid = keys_in(KeyRing(settings.home / "keys")).rotate()
        print(f"Emergency cards are signed with the key {kid} from now on; the next is published.")
        return 0
    kid = KeyRing(settings.home / "keys").receipts.rotate()
    print(f"Receipts are signed with the key {kid} from now on; those before stay good.")
    return 0


def _witness(_: Settings, options: argparse.Namespace) -> int:
    from api.access_log.witnessing import process

    if options.deed == "key":
        print(process.vkey(options.store, options.name))
    else:
        process.serve(
            options.store, options.log, options.listen, options.name, is_mirror=options.mirror
        )
    return 0


def _ingest(settings: Settings, options: argparse.Namespace) -> int:
    from api.core.crypto import KeyRing

    cli_ingest.check(options)
    keys = KeyRing(settings.home / "keys")
    with _dsn(settings, keys) as dsn:
        print(asyncio.run(_taken_in(settings, keys, dsn, options)))
    return 0


def _records(settings: Settings, options: argparse.Namespace) -> int:
    from api.core.crypto import KeyRing

    keys = KeyRing(settings.home / "keys")
    with _dsn(settings, keys) as dsn:
        print(asyncio.run(_kept(settings, keys, dsn, is_dry_run=options.dry_run)))
    return 0


async def _kept(settings: Settings, keys: "KeyRing", dsn: str, *, is_dry_run: bool) -> str:
    from api.records.retention import service as retention

    async with _ready(settings, keys, dsn, is_demo=None):
        done = await retention.expire(is_dry_run=is_dry_run)
    if not done.participants:
        return "No record is past the time this network keeps its kind."
    counted = ", ".join(f"{count} {kind}" for kind, count in sorted(done.records.items()))
    verb = "would be" if is_dry_run else "were"
    return f"{counted}: records of {done.participants} participants {verb} withdrawn."


async def _taken_in(
    settings: Settings, keys: "KeyRing", dsn: str, options: argparse.Namespace
) -> str:
    locale = "ja" if _speaks_japanese() else "en"
    async with _ready(settings, keys, dsn, is_demo=None):
        return await cli_ingest.take_in(settings.home, options, locale)


@contextmanager
def _dsn(settings: Settings, keys: "KeyRing") -> Iterator[str]:
    """Of the database given, or of our own one, which runs as long as it is needed."""
    from api.core.provisioning import app_dsn, database_dsn

    if settings.app_database_url or settings.database_url:
        yield _given_dsn(settings, keys)
    elif (settings.home / "postgres").exists():
        with _administering(settings) as (admin_dsn, _):
            yield app_dsn(database_dsn(admin_dsn, DATABASE), keys)
    else:
        raise SettingFault(
            f"There is no database in {settings.home}; start it with `make run`, or set "
            "DATABASE_URL or TSUNAGU_HOME."
        )


def _consent(settings: Settings, options: argparse.Namespace) -> int:
    from api.core.crypto import KeyRing

    keys = KeyRing(settings.home / "keys")
    with _dsn(settings, keys) as dsn:
        print(asyncio.run(_consented(settings, keys, dsn, options)))
    return 0


def _directory(settings: Settings, options: argparse.Namespace) -> int:
    from api.core.crypto import KeyRing

    keys = KeyRing(settings.home / "keys")
    with _dsn(settings, keys) as dsn:
        print(asyncio.run(_kept_directory(settings, keys, dsn, options)))
    return 0


async def _kept_directory(
    settings: Settings, keys: "KeyRing", dsn: str, options: argparse.Namespace
) -> str:
    from api.directory import console
    from api.directory.registry import NewFacility

    of = options
    async with _ready(settings, keys, dsn, is_demo=None):
        match (of.command, of.deed, getattr(of, "step", None)):
            case ("facility", "add", _):
                return await console.add_facility(
                    NewFacility(of.code, of.name, of.kana, of.name_en, of.type, of.region)
                )
            case ("officer", "add", _):
                return await console.add_officer(
                    of.name, of.kana, of.trained_on, is_auditor=of.auditor
                )
            case ("officer", "list", _):
                return await console.list_officers()
            case ("officer", "invite", _):
                return await console.invite_officer(of.officer)
            case ("officer", _, _):
                return await console.end_officer(of.officer)
            case ("facility", "list", _):
                return await console.list_facilities()
            case (_, "administrator", "appoint"):
                return await console.appoint(of.facility, of.name, of.kana)
            case (_, "administrator", "list"):
                return await console.list_administrators(of.facility)
            case (_, "administrator", "invite"):
                return await console.invite(of.administrator)
            case (_, "administrator", _):
                return await console.end(of.administrator)
            case (_, "add", _):
                return await console.add_system(
                    of.facility, of.client, of.name, of.jwks, of.jwks_uri
                )
            case (_, "keys", _):
                return await console.change_keys(of.client, of.jwks, of.jwks_uri)
            case (_, "export", _):
                return await console.let_system_export(of.client, of.answer == "allow")
            case _:
                return await console.end_system(of.client)


def _trained(settings: Settings, options: argparse.Namespace) -> int:
    from api.core.crypto import KeyRing

    keys = KeyRing(settings.home / "keys")
    with _dsn(settings, keys) as dsn:
        print(asyncio.run(_recorded(settings, keys, dsn, options)))
    return 0


async def _recorded(
    settings: Settings, keys: "KeyRing", dsn: str, options: argparse.Namespace
) -> str:
    from api.core.actor import OPERATOR
    from api.core.errors import NotFound
    from api.directory import registry

    async with _ready(settings, keys, dsn, is_demo=None):
        try:
            await registry.record_training(OPERATOR, options.person, options.on)
        except NotFound as error:
            raise SettingFault("Nobody has this id. Nothing was changed.") from error
    return f"Trained on {options.on}: they may work from that day on."


def _log(settings: Settings, options: argparse.Namespace) -> int:
    from api.core.crypto import KeyRing

    if options.deed == "erase":
        return _erase(settings, options)
    if options.deed == "hand-over":
        return _hand_over(settings, options)
    keys = KeyRing(settings.home / "keys")
    with _dsn(settings, keys) as dsn:
        text, is_good = asyncio.run(_kept_up(settings, keys, dsn, options))
    print(text)
    return 0 if is_good else 1


def _app(settings: Settings, options: argparse.Namespace) -> int:
    from api.core.crypto import KeyRing

    keys = KeyRing(settings.home / "keys")
    with _dsn(settings, keys) as dsn:
        print(asyncio.run(_apps(settings, keys, dsn, options)))
    return 0


async def _apps(settings: Settings, keys: "KeyRing", dsn: str, options: argparse.Namespace) -> str:
    from api.core.actor import OPERATOR
    from api.identity.apps import registry

    async with _ready(settings, keys, dsn, is_demo=None):
        match options.deed:
            case "add":
                new = registry.NewApp(
                    options.client_id,
                    options.name_ja,
                    options.name_en,
                    options.publisher,
                    options.redirect,
                    options.jwks.read_text("utf-8") if options.jwks else None,
                    options.jwks_url,
                )
                await registry.add(OPERATOR, new)
                return f"Participants can connect {new.name_en} ({new.client_id}) from now on."
            case "end":
                await registry.end(OPERATOR, options.client_id)
                return f"{options.client_id} has ended; nothing it holds opens anything any more."
            case _:
                return registry.table(await registry.listed(OPERATOR))


async def _kept_up(
    settings: Settings, keys: "KeyRing", dsn: str, options: argparse.Namespace
) -> tuple[str, bool]:
    from api.access_log.sealing import console
    from api.records.incoming.report import show_progress

    locale = "ja" if _speaks_japanese() else "en"
    match options.deed:
        case "fsck":
            progress = show_progress(sys.stderr, locale, console.PROGRESS)
            return await console.check(dsn, keys, locale, progress)
        case "rotate-key":
            async with _ready(settings, keys, dsn, is_demo=None):
                return await console.rotate_key(dsn, keys, settings.home, locale)
        case "witnesses":
            return await console.list_witnesses(dsn, keys, settings.home, locale)
        case _:
            return await console.restore_check(
                dsn, keys, settings.home, options.recover_from, locale
            )


_Deed = Callable[[Settings, "KeyRing", str, argparse.Namespace, str], Coroutine[Any, Any, str]]


def _with_card(
    settings: Settings, options: argparse.Namespace, what_it_does: str, deed: _Deed
) -> int:
    """What concerns one participant asks for their card's number too."""
    from api.core.crypto import KeyRing

    print(f"{what_it_does}\nType the number of their card to go on: ", end="", flush=True)
    card = sys.stdin.readline().strip()
    keys = KeyRing(settings.home / "keys")
    with _dsn(settings, keys) as dsn:
        print(asyncio.run(deed(settings, keys, dsn, options, card)))
    return 0


def _erase(settings: Settings, options: argparse.Namespace) -> int:
    whom = f"participant {options.participant}"
    says = f"This makes all the log says of {whom} unreadable, for ever."
    return _with_card(settings, options, says, _erased)


async def _erased(
    settings: Settings, keys: "KeyRing", dsn: str, options: argparse.Namespace, card: str
) -> str:
    from api.support import erasure

    async with _ready(settings, keys, dsn, is_demo=None):
        done = await erasure.erase(
            card, options.participant, options.reason, is_early=options.early
        )
        is_clean = await erasure.left_no_trace()
    files = "The database's files do not hold the key any more."
    if not is_clean:
        files = (
            "The database is in use: its files hold the key until you run "
            "`VACUUM FULL keystore.participant_key; CHECKPOINT` as its administrator."
        )
    return (
        f"{done.events} events were made unreadable. Certificate {done.value.hex()}.\n{files}\n"
        "Remove them from the key store's backups too: within 35 days."
    )


def _hand_over(settings: Settings, options: argparse.Namespace) -> int:
    says = f"This copies records of participant {options.participant}, and their log says so."
    return _with_card(settings, options, says, _handed_over)


async def _handed_over(
    settings: Settings, keys: "KeyRing", dsn: str, options: argparse.Namespace, card: str
) -> str:
    from api.support import handing_over
    from api.support.handing_over import Order

    order = Order(
        options.authority,
        options.reference,
        options.clerk,
        tuple(options.kind),
        options.silent_until,
        options.silent_because,
    )
    try:
        file = os.open(options.to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise SettingFault(
            f"{options.to} cannot be made as a new file: {error.strerror}. Nothing was changed."
        ) from error
    try:
        with os.fdopen(file, "wb") as out:
            async with _ready(settings, keys, dsn, is_demo=None):
                done = await handing_over.hand_over(card, options.participant, order)
            out.write(done.bundle)
    except BaseException:
        options.to.unlink(missing_ok=True)
        raise
    counted = ", ".join(f"{count} {kind}" for kind, count in sorted(done.counts.items()))
    return f"{counted or 'No record'}: in {options.to}. Their log's event {done.event.number}."


async def _consented(
    settings: Settings, keys: "KeyRing", dsn: str, options: argparse.Namespace
) -> str:
    from api.consent.lifecycle import console
    from api.records.incoming.report import show_progress

    locale = "ja" if _speaks_japanese() else "en"
    async with _ready(settings, keys, dsn, is_demo=None):
        if options.deed == "import":
            progress = show_progress(sys.stderr, locale, console.PROGRESS)
            return await console.import_papers(
                options.table, options.scans, locale, progress, options.report
            )
        match options.step:
            case "open":
                return await console.open_campaign(options.terms, options.answer_by, locale)
            case "call-off":
                return await console.call_off(options.campaign, locale)
            case _:
                return await console.list_campaigns(locale)


def _speaks_japanese() -> bool:
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    return next((os.environ[name] for name in names if os.environ.get(name)), "").startswith("ja")


@asynccontextmanager
async def _ready(
    settings: Settings,
    keys: "KeyRing",
    dsn: str,
    *,
    is_demo: bool | None,
    connections: int = 4,
) -> AsyncIterator[None]:
    """Services may be called: the pool is open, the profile adopted, the kind of database right.

    None for `is_demo` takes either kind.
    """
    import asyncpg

    from api.access_log import service as access_log
    from api.core import runtime
    from api.core.database import close_database, open_database
    from api.core.provisioning import unusable
    from api.directory import service as directory
    from api.identity import demo_door

    runtime.start(settings, keys)
    try:
        await open_database(dsn, keys, connections=connections)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, ValueError) as error:
        raise unusable(dsn, error) from error
    try:
        try:
            if is_demo is not None:
                await demo_door.declare_deployment(is_demo=is_demo)
            await directory.adopt_profile(settings.profile)
            await access_log.prepare()
            yield
        finally:
            await close_database()
    except (
        asyncpg.InvalidSchemaNameError,
        asyncpg.UndefinedTableError,
        asyncpg.UndefinedFunctionError,
    ) as error:
        raise SettingFault("This database is not ready: run `tsunagu migrate` first.") from error


@contextmanager
def _administering(settings: Settings) -> Iterator[tuple[str, bool]]:
    """The administrator's connection string, and whether the server is our own one.

    Of our own one it names the maintenance database; it stops with the last who use it.
    """
    if settings.database_url is not None:
        yield settings.database_url, False
        return
    from api.core.embedded import EmbeddedPostgres, EmbeddedPostgresError

    own = EmbeddedPostgres(settings.home)
    try:
        try:
            yield own.start(), True
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # impatience must not leave it running
            own.stop()
    except EmbeddedPostgresError as error:
        raise SettingFault(str(error)) from error


@contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Two first starts at once would both fill the database."""
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(home / "demo.lock", os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


if __name__ == "__main__":
    sys.exit(main())
