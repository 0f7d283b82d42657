from __future__ import annotations

import pytest

from annotator.actions.errors import ActionError
from annotator.actions.projects import archive_project, change_project, create_project, restore_project
from annotator.actions.videos import begin_upload
from annotator.pages.forms import NewProjectForm, ProjectForm
from tests.people import People, Team


def test_a_project_begins_with_its_labels(people: People) -> None:
    project = create_project(user=people.mona, workspace=people.workspace, name=" Roads ", labels=["car", "bus"])
    assert (project.name, project.created_by) == ("Roads", people.mona)
    assert list(project.labels.values_list("name", "hotkey", "geometry_kinds")) == [
        ("car", "1", ["box"]),
        ("bus", "2", ["box"]),
    ]


def test_a_project_with_a_label_twice_is_not_made(people: People) -> None:
    with pytest.raises(ActionError, match="Two labels are called CAR"):
        create_project(user=people.mona, workspace=people.workspace, name="Roads", labels=["car", "CAR"])
    assert not people.workspace.projects.exists()


def test_a_project_is_renamed(team: Team) -> None:
    change_project(by=team.mona, project=team.project, name="Steppe", description="Lions")
    team.project.refresh_from_db()
    assert (team.project.name, team.project.description) == ("Steppe", "Lions")
    with pytest.raises(ActionError, match="1 to 120 characters"):
        change_project(by=team.mona, project=team.project, name=" ", description="")


def test_an_archived_project_takes_no_uploads_until_it_is_restored(team: Team) -> None:
    archive_project(by=team.mona, project=team.project)
    with pytest.raises(ActionError, match="archived"):
        begin_upload(user=team.mona, project=team.project, name="a.mp4", size=10)
    restore_project(by=team.mona, project=team.project)
    assert begin_upload(user=team.mona, project=team.project, name="a.mp4", size=10).pk


def test_a_description_has_a_limit_that_the_form_knows_too(people: People) -> None:
    with pytest.raises(ActionError, match="at most 10,000 characters; this one has 10,001"):
        create_project(user=people.mona, workspace=people.workspace, name="Long", description="x" * 10_001)
    assert ProjectForm().fields["description"].max_length == 10_000


def test_a_project_has_no_more_labels_than_there_may_be(people: People) -> None:
    names = [f"label {number}" for number in range(501)]
    with pytest.raises(ActionError, match="may have 500 labels; 501 came"):
        create_project(user=people.mona, workspace=people.workspace, name="Many", labels=names)
    assert "501 came" in NewProjectForm({"name": "Many", "labels": "\n".join(names)}).errors["labels"][0]
