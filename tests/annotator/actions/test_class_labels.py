"""What detectors' classes become: remembered by project, checked against its labels."""

from __future__ import annotations

import pytest

from annotator.actions.class_labels import class_labels, map_classes
from annotator.actions.errors import ActionError
from annotator.models import Label, Project
from tests.annotator.worlds import World, make_world


@pytest.fixture
def world(db: None) -> World:
    return make_world()


@pytest.fixture
def project(world: World) -> Project:
    return world.video.project


def test_classes_become_labels_or_nothing_and_the_rest_stays(world: World, project: Project) -> None:
    map_classes(project=project, labels={"car": world.car.pk, "dog": None})
    assert map_classes(project=project, labels={"dog": world.car.pk}) == {"car": world.car.pk, "dog": world.car.pk}


def test_a_label_of_another_project_is_refused(project: Project) -> None:
    other = Project.objects.create(workspace=project.workspace, name="Other")
    label = Label.objects.create(project=other, name="dog", colour="#112233")
    with pytest.raises(ActionError, match="labels of the project"):
        map_classes(project=project, labels={"dog": label.pk})


def test_a_class_whose_label_was_deleted_is_to_be_said_again(project: Project) -> None:
    label = Label.objects.create(project=project, name="dog", colour="#112233")
    map_classes(project=project, labels={"dog": label.pk, "cat": None})
    label.delete()
    assert class_labels(Project.objects.get(pk=project.pk)) == {"cat": None}


def test_a_project_remembers_so_many_classes(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("annotator.actions.class_labels.MOST_CLASSES", 2)
    with pytest.raises(ActionError, match="2 classes at most"):
        map_classes(project=project, labels=dict.fromkeys("abc"))
