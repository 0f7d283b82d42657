from __future__ import annotations

import json
import re

from annotator.models import Project, Track
from tests.people import Team, client_of


def test_a_project_is_made_with_its_labels(team: Team) -> None:
    sent = {"name": "Tundra", "description": "Wolves", "labels": "wolf\n\n elk \n"}
    answer = client_of(team.mona).post(f"/workspaces/{team.workspace.pk}/projects/new/", sent)
    project = Project.objects.get(name="Tundra")
    assert answer["Location"] == f"/projects/{project.pk}/"
    assert list(project.labels.values_list("name", flat=True)) == ["wolf", "elk"]


def test_what_was_typed_stays_when_it_is_refused(team: Team) -> None:
    sent = {"name": "Tundra", "description": "Wolves", "labels": "wolf\nWolf"}
    page = client_of(team.mona).post(f"/workspaces/{team.workspace.pk}/projects/new/", sent).content.decode()
    assert "Two labels are called Wolf" in page
    assert "wolf\nWolf</textarea>" in page


def test_an_archived_project_leaves_the_lists_and_comes_back(team: Team) -> None:
    client = client_of(team.mona)
    client.post(f"/projects/{team.project.pk}/archive/", {"archived": "yes"})
    assert f'href="/projects/{team.project.pk}/"' not in client.get("/").content.decode()
    assert "1 archived project" in client.get(f"/workspaces/{team.workspace.pk}/").content.decode()
    client.post(f"/projects/{team.project.pk}/archive/", {"archived": "no"})
    assert f'href="/projects/{team.project.pk}/"' in client.get("/").content.decode()


def test_the_label_editor_knows_which_labels_are_used(team: Team) -> None:
    Track.objects.create(layer=team.layer, number=1, label=team.car)
    page = client_of(team.vic).get(f"/projects/{team.project.pk}/labels/").content.decode()
    found = re.search(r'<script id="labels-page" type="application/json">(.*?)</script>', page, re.S)
    assert found is not None
    data = json.loads(found[1])
    assert [label["name"] for label in data["labels"]] == ["person", "car"]
    assert data["used"] == {str(team.car.pk): 1}
    assert data["may_manage"] is False
    assert data["labels"] == client_of(team.vic).get(f"/api/projects/{team.project.pk}/labels").json()


def test_a_project_without_labels_says_what_to_do(team: Team) -> None:
    team.project.labels.all().delete()
    address = f"/projects/{team.project.pk}/"
    assert "Add labels" in client_of(team.mona).get(address).content.decode()
    assert "Add labels" not in client_of(team.bob).get(address).content.decode()
