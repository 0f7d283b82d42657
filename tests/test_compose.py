"""What compose.yaml starts is there, reads what it is given, and is as closed as it says."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from annotator.config import Config
from framewise.cli import app

ROOT = Path(__file__).resolve().parent.parent
TEXT = (ROOT / "compose.yaml").read_text()
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]
OURS = [name for name, service in SERVICES.items() if service["image"] == "framewise"]
SECRET = re.compile("PASSWORD|SECRET|TOKEN")
COMMANDS: Any = typer.main.get_command(app)


def test_all_kinds_of_processes_are_there() -> None:
    assert set(OURS) == {"prepare", "web", "jobs", "agent"}
    assert set(SERVICES) == {*OURS, "proxy", "postgres", "redis", "minio"}
    assert {name: SERVICES[name]["deploy"]["replicas"] for name in ("web", "jobs")} == {"web": 2, "jobs": 2}


@pytest.mark.parametrize("name", OURS)
def test_each_command_exists_with_its_options(name: str) -> None:
    command, *arguments = SERVICES[name]["command"]
    # Parsed, not carried out.
    COMMANDS.commands[command].make_context(command, list(arguments))


def test_a_command_that_is_none_would_be_noticed() -> None:
    with pytest.raises(Exception, match="No such option"):
        COMMANDS.commands["web"].make_context("web", ["--hosts", "localhost"])


@pytest.mark.parametrize("name", OURS)
def test_each_variable_is_read_by_what_gets_it(name: str) -> None:
    settings = {f"FRAMEWISE_{field}".upper() for field in Config.model_fields}
    options = {option.envvar for command in COMMANDS.commands.values() for option in command.params if option.envvar}
    asked = {
        found
        for package in ("annotator", "framewise", "tracking")
        for path in (ROOT / package).rglob("*.py")
        for found in re.findall(r'environ(?:\.get\(|\[)"(FRAMEWISE_\w+)"', path.read_text())
    }
    given = {variable for variable in SERVICES[name]["environment"] if variable.startswith("FRAMEWISE_")}
    assert given - settings - options - asked == set()


def test_settings_are_taken_as_compose_gives_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in SERVICES["web"]["environment"].items():
        # As docker compose puts in defaults, and a secret of its own.
        shown = re.sub(r"\$\{\w+:\?[^}]*\}", "x" * 48, str(value))
        shown = re.sub(r"\$\{\w+:?-([^}]*)\}", r"\1", shown)
        monkeypatch.setenv(name, shown)
    monkeypatch.setenv("FRAMEWISE_DATA", str(tmp_path))
    config = Config()
    assert config.bucket is not None
    assert (config.bucket.endpoint, config.bucket.addressing) == ("http://minio:9000", "path")
    assert {"web", "localhost"} <= set(config.hosts)
    assert config.signing_key == "x" * 48


def test_no_secret_has_a_default_and_all_are_made() -> None:
    named = dict(re.findall(r"\$\{(\w+)(:?[?-])", TEXT))
    secret = {name for name in named if SECRET.search(name)}
    assert secret
    assert {name for name in secret if named[name] != ":?"} == set()
    made = set(re.findall(r"[A-Z0-9_]{6,}", (ROOT / "scripts/compose-secrets").read_text()))
    assert secret <= made


def test_secrets_are_random_and_for_nobody_else(tmp_path: Path) -> None:
    made = [_secrets(tmp_path / name) for name in ("a", "b")]
    assert set(made[0]) == set(made[1])
    assert not set(made[0].values()) & set(made[1].values())
    assert len(set(made[0].values())) == len(made[0])
    assert all(len(value) >= 32 for value in made[0].values())
    assert (tmp_path / "a" / ".env").stat().st_mode & 0o777 == 0o600
    again = subprocess.run([ROOT / "scripts/compose-secrets", tmp_path / "a"], capture_output=True, text=True)
    assert (again.returncode, "there already" in again.stdout) == (1, True)


def _secrets(folder: Path) -> dict[str, str]:
    folder.mkdir()
    subprocess.run([ROOT / "scripts/compose-secrets", folder], check=True, capture_output=True)
    lines = (folder / ".env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines)


def test_only_the_proxy_can_be_reached_from_elsewhere() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["proxy"]
    assert yaml.safe_load(TEXT)["networks"]["inside"] == {"internal": True}
    outside = {name for name, service in SERVICES.items() if "outside" in service.get("networks", ())}
    assert outside == {"proxy", "web", "jobs", "agent"}


def test_what_others_wait_for_says_whether_it_is_well() -> None:
    waited_for = {name for service in SERVICES.values() for name in service.get("depends_on", {})}
    assert {name for name in waited_for - {"prepare"} if "healthcheck" not in SERVICES[name]} == set()
    assert {"web", "jobs"} <= {name for name, service in SERVICES.items() if "healthcheck" in service}
    (asked,) = re.findall(r"http://localhost:8000(/\w+/)", str(SERVICES["web"]["healthcheck"]))
    assert asked == "/healthz/"


def test_the_proxy_leads_to_the_web_processes() -> None:
    proxy = (ROOT / "scripts/Caddyfile").read_text()
    command = SERVICES["web"]["command"]
    name, port = re.findall(r"dynamic a \{\$WEB_NAME:(\w+)\} \{\$WEB_PORT:(\d+)\}", proxy)[0]
    assert name in SERVICES
    assert port == command[command.index("--port") + 1]


def test_the_image_runs_as_nobody_in_particular_and_has_all_it_needs() -> None:
    image = (ROOT / "Dockerfile").read_text()
    assert re.findall("^USER (.*)$", image, re.M) == ["framewise"]
    extras = re.findall(r'--editable "\.\[(.*)\]"', image)[0].split(",")
    assert {"postgres", "redis", "s3"} <= set(extras)
    copied = {word for line in re.findall("^COPY (?!--from)(.*)$", image, re.M) for word in line.split()[:-1]}
    assert {word for word in copied if not (ROOT / word).exists()} == set()
    listed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert {word.split("/")[0] for word in copied} <= listed
