"""docker-compose.yml, as far as it can be judged without a container engine."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from monitor.cli import COMMANDS, main
from monitor.settings import Settings, load_settings

ROOT = Path(__file__).parents[2]
ROLES = ("poller", "worker", "slack", "web")


@pytest.fixture
def compose() -> dict[str, Any]:
    """Return the file, its anchors resolved."""
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))


def test_every_role_has_a_service_that_runs_its_command(compose: dict[str, Any]) -> None:
    """The first word of each command is one that newsmon knows."""
    words = {name: s["command"][0] for name, s in compose["services"].items() if "command" in s}

    assert words == {
        "topics": "topics", "poller": "poll", "worker": "worker", "slack": "slack", "web": "web",
    }  # fmt: skip
    assert set(words.values()) <= set(COMMANDS)


def test_images_are_pinned(compose: dict[str, Any]) -> None:
    """To a version of three numbers, never to `latest`."""
    images = [service["image"] for service in compose["services"].values()]
    images += re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)

    for image in images:
        assert re.fullmatch(r"[\w./-]+:\d+\.\d+(\.\d+)?(-[\w-]+)?", image), image


def test_ports_are_open_to_this_machine_only(compose: dict[str, Any]) -> None:
    """Each published port names the loopback address."""
    ports = [p for service in compose["services"].values() for p in service.get("ports", ())]

    assert len(ports) == 2
    assert all(port.startswith("127.0.0.1:") for port in ports)


def test_no_secret_stands_in_the_file(compose: dict[str, Any]) -> None:
    """Tokens come from a file or from the environment."""
    for service in compose["services"].values():
        for name, value in service.get("environment", {}).items():
            if re.search("TOKEN|SECRET|PASSWORD|WEBHOOK", name):
                assert name.endswith("_FILE") or re.fullmatch(r"\$\{\w+:-\}", value), name


def test_whoever_waits_waits_for_something_that_can_come(compose: dict[str, Any]) -> None:
    """A service that must be healthy has a check, one that must complete ends and stays ended."""
    services = compose["services"]
    for service in services.values():
        for name, wanted in service.get("depends_on", {}).items():
            if wanted["condition"] == "service_healthy":
                assert "healthcheck" in services[name]
            else:
                assert services[name]["restart"] == "no"


def settings_of(service: dict[str, Any]) -> Settings:
    """Return what a role makes of its environment, empty variables left out."""
    given = {name: str(value) for name, value in service["environment"].items()}
    return load_settings(environ={k: v for k, v in given.items() if not v.startswith("${")})


@pytest.mark.parametrize("name", ROLES)
def test_every_role_is_asked_where_it_answers(compose: dict[str, Any], name: str) -> None:
    """The check runs inside the container: its port is the one that the role listens on."""
    service = compose["services"][name]
    check = service["healthcheck"]
    program, flag, code = check["test"][1:]
    port, path = re.findall(r"http://127\.0\.0\.1:(\d+)(/\w+)'", code)[0]

    assert (check["test"][0], program, flag) == ("CMD", "python", "-c")
    compile(code, name, "exec")
    if name == "web":
        assert port == service["command"][service["command"].index("--port") + 1]
    else:
        assert int(port) == settings_of(service).metrics.port
    assert path == "/readyz"
    assert {check[key][-1] for key in ("interval", "timeout", "start_period")} == {"s"}


@pytest.mark.parametrize("name", ROLES)
def test_every_role_understands_its_environment_and_command(
    compose: dict[str, Any], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every variable is a setting, and every option one of the command."""
    service = compose["services"][name]

    assert settings_of(service).bootstrap_servers == ("kafka:9094",)
    known = {f"NEWSMON_{n}".upper() for n in _setting_names()}
    assert set(service["environment"]) <= known
    with pytest.raises(SystemExit) as ended:
        main([*service["command"], "--help"])
    assert ended.value.code == 0
    offered = capsys.readouterr().out
    assert all(word in offered for word in service["command"] if word.startswith("--"))


def _setting_names() -> set[str]:
    sections = {name: getattr(Settings(), name) for name in Settings.model_fields}
    inner = {
        f"{name}_{key}"
        for name, section in sections.items()
        for key in getattr(type(section), "model_fields", ())
    }
    return inner | set(sections)


def test_volumes_and_secrets_that_are_used_are_declared(compose: dict[str, Any]) -> None:
    """A typing mistake would make the stack fail to start."""
    for service in compose["services"].values():
        for volume in service.get("volumes", ()):
            assert volume.partition(":")[0] in compose["volumes"]
        assert set(service.get("secrets", ())) <= set(compose["secrets"])
