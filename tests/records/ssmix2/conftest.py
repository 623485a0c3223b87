"""Hanako's storage at the clinic, and whoever takes it in."""

from pathlib import Path

import pytest

from api.core.actor import Actor, ActorKind


@pytest.fixture
def operator(clinic: Actor) -> Actor:
    return Actor(kind=ActorKind.OPERATOR, facility_id=clinic.facility_id)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "storage"
    folder.mkdir()
    return folder
