import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
COMPOSE = (ROOT / "docker-compose.yml").read_text()
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(COMPOSE)["services"]


def test_every_setting_in_the_compose_file_is_a_setting_of_the_service():
    from service.settings import Settings

    given = {name for one in SERVICES.values() for name in one.get("environment", {})}
    ours = {name.removeprefix("MINGCI_").lower() for name in given if name.startswith("MINGCI_")}
    assert ours >= {"database_url", "redis_url"}
    assert ours <= set(Settings.model_fields)


@pytest.mark.parametrize("name", SERVICES)
def test_every_service_has_a_health_check(name: str):
    check = SERVICES[name]["healthcheck"]
    assert check["test"][0] == "CMD"
    assert {"interval", "timeout", "retries"} <= set(check)


def test_the_service_waits_for_healthy_neighbours():
    assert SERVICES["service"]["depends_on"] == {
        "database": {"condition": "service_healthy"},
        "redis": {"condition": "service_healthy"},
    }


def test_the_password_is_demanded_and_has_no_default():
    assert set(re.findall(r"\$\{MINGCI_DB_PASSWORD[^}]*\}", COMPOSE)) == {
        "${MINGCI_DB_PASSWORD:?set MINGCI_DB_PASSWORD}"
    }
    assert SERVICES["database"]["environment"]["POSTGRES_PASSWORD"].startswith("${")


def test_the_image_runs_locked_packages_as_nobody_special():
    steps = (ROOT / "Dockerfile").read_text()
    assert "--require-hashes" in steps
    assert re.search(r"^USER mingci$", steps, re.MULTILINE)
    assert "/healthz" in steps
