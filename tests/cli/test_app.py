"""The operator lets an app in, sees which there are, and ends one."""

import json
import shutil
from pathlib import Path

import asyncpg
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key

from tests.cli.console import environment, tsunagu
from tests.conftest import Deployment
from tests.serving import free_port

MIDORI = ("--name-ja", "おくすり手帳ミドリ", "--name-en", "Midori", "--publisher", "株式会社みどり")


@pytest.fixture
def env(tmp_path: Path, database: Deployment) -> dict[str, str]:
    shutil.copytree(database.keys.folder, tmp_path / "home" / "keys")
    dsn = {"DATABASE_URL": database.admin_dsn}
    return environment(tmp_path / "home", free_port()) | dsn


async def test_an_app_is_added_listed_and_ended_for_good(env: dict[str, str], database: Deployment):
    keys = Path(env["TSUNAGU_HOME"]) / "keys.json"
    public = jwt.algorithms.ECAlgorithm.to_jwk(
        generate_private_key(SECP256R1()).public_key(), as_dict=True
    )
    keys.write_text(json.dumps({"keys": [dict(public) | {"kid": "1"}]}))
    address = ("--redirect", "jp.example.midori:/callback")
    added = tsunagu("app", "add", "cli-midori", *MIDORI, *address, "--jwks", str(keys), env=env)
    assert added.returncode == 0, added.stderr
    listed = tsunagu("app", "list", env=env).stdout
    (line,) = [each for each in listed.splitlines() if each.startswith("cli-midori ")]
    assert "confidential" in line
    assert "in force" in line
    assert "おくすり手帳ミドリ / Midori, 株式会社みどり" in line
    again = tsunagu("app", "add", "cli-midori", *MIDORI, *address, env=env)
    assert again.returncode == 2
    assert again.stderr == "There was an app cli-midori before. Nothing was changed.\n"
    assert tsunagu("app", "end", "cli-midori", env=env).returncode == 0
    assert "ended" in tsunagu("app", "list", env=env).stdout
    twice = tsunagu("app", "end", "cli-midori", env=env)
    assert (twice.returncode, twice.stderr) == (
        2,
        "No app cli-midori is in force. Nothing was changed.\n",
    )
    connection = await asyncpg.connect(database.admin_dsn)
    logged = await connection.fetchval(
        "SELECT count(*) FROM system_event WHERE event = 'operator:deployment:changed'"
    )
    await connection.close()
    assert logged >= 2
