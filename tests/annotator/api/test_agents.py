"""What agents ask over HTTP, and how the page shows what is amiss with a machine."""

from __future__ import annotations

import json
import re
import zipfile
from importlib.metadata import packages_distributions, requires
from io import BytesIO

import pytest
from django.test import Client

from annotator.actions.agents import create_agent, revoke_agent
from annotator.actions.machine_checks import forget_mended
from annotator.agent_package import OF_AN_AGENT, requirements
from annotator.models import Agent
from annotator.networks import networks_of
from tests.people import People, client_of
from tracking.protocol import PROTOCOL
from tracking.release import ROOT, release, sources

FAILED = {"name": "PyTorch", "state": "failed", "said": "It can't be loaded.", "mend": "Run the command again."}
PASSED = {"name": "Clock", "state": "passed", "said": "It agrees.", "mend": ""}
STEP = {"name": "Package", "state": "failed", "said": "pip couldn't install it.", "mend": "Give pip a mirror."}


@pytest.fixture
def box(people: People) -> tuple[Agent, dict[str, str]]:
    agent, token = create_agent(by=people.alice, workspace=people.workspace, name="box")
    return agent, {"Authorization": f"Bearer {token}"}


def test_an_agent_is_handed_its_server_s_version_as_a_wheel_without_the_web_parts(
    box: tuple[Agent, dict[str, str]],
) -> None:
    said = Client().get("/api/agents/version", headers=box[1]).json()
    assert (said["version"], said["protocol"]) == (release(), PROTOCOL)
    answer = Client().get("/api/agents/package", headers=box[1])
    assert f'filename="framewise-{release()}-py3-none-any.whl"' in answer["Content-Disposition"]
    with zipfile.ZipFile(BytesIO(answer.content)) as wheel:
        names = wheel.namelist()
        metadata = wheel.read(f"framewise-{release()}.dist-info/METADATA").decode()
    assert {"tracking/agent.py", "framewise/agent.py"} <= set(names)
    assert not [name for name in names if name.startswith(("annotator/", "framewise/bench/")) or "__pycache__" in name]
    assert f"Version: {release()}\n" in metadata
    assert "torch==2.13.0" in requirements()
    assert not re.search(r"(?i)django|daphne|channels|whitenoise", " ".join(requirements()))


def test_an_agent_s_requirements_are_what_its_sources_import() -> None:
    imports = "\n".join((ROOT / file).read_text() for file in sources() if file.suffix == ".py")
    modules = {name: module for module, names in packages_distributions().items() for name in names}
    imported = set()
    for requirement in requires("framewise") or ():
        name = re.split(r"[^\w.-]", requirement)[0]
        module = {"opencv-contrib-python-headless": "cv2", "pillow": "PIL", "torch": "torch"}.get(
            name, modules.get(name, name)
        )
        used = re.search(rf"(?:^ *(?:import|from) |[\"']){re.escape(module)}\b", imports, re.M)
        if used and "extra" not in requirement:
            imported.add(name)
    assert imported - {"Django"} == OF_AN_AGENT


def test_what_was_checked_is_shown_until_the_agent_is_let_in(people: People, box: tuple[Agent, dict[str, str]]) -> None:
    report = {"host": "gpu-1", "version": "", "checks": [FAILED, PASSED, STEP]}
    sent = Client().post("/api/agents/checks", json.dumps(report), content_type="application/json", headers=box[1])
    assert sent.status_code == 204

    def shown() -> list[str]:
        machines = networks_of(people.alice, people.workspace).machines
        return [check.name for machine in machines if machine.name == "box" for check in machine.checks]

    assert shown() == ["PyTorch", "Package"]
    forget_mended(box[0].pk)
    assert shown() == ["PyTorch"]


def test_a_revoked_token_gets_nothing(people: People, box: tuple[Agent, dict[str, str]]) -> None:
    revoke_agent(agent=box[0], why="Alice disconnected it.")
    for method, path in (("get", "version"), ("get", "package"), ("post", "checks")):
        answer = getattr(Client(), method)(f"/api/agents/{path}", headers=box[1])
        assert answer.status_code == 401
        assert "revoked" in answer.json()["message"]
    # Nor is anybody let in by being signed in.
    assert client_of(people.alice).get("/api/agents/package").status_code == 401


def test_the_script_knows_its_server_and_compiles_for_an_old_python() -> None:
    import ast

    answer = Client().get("/connect.py")
    text = answer.content.decode()
    assert 'SERVER = "http://testserver"' in text
    assert 'TORCH = "torch==2.13.0"' in text
    ast.parse(text, feature_version=(3, 7))
