from __future__ import annotations

from typing import Any

from annotator.models import Track, User
from tests.people import Team, client_of


def put(team: Team, user: User, body: dict[str, Any]) -> Any:
    return client_of(user).put(f"/api/projects/{team.project.pk}/labels", body, content_type="application/json")


def get(team: Team) -> list[dict[str, Any]]:
    answer: list[dict[str, Any]] = client_of(team.vic).get(f"/api/projects/{team.project.pk}/labels").json()
    return answer


def test_labels_are_read_changed_and_saved(team: Team) -> None:
    person, car = get(team)
    fur = {"name": "fur", "kind": "select", "choices": ["short", "long"], "default": "long", "per_frame": True}
    saved = put(
        team,
        team.mona,
        {"labels": [car | {"name": "van"}, person, {"name": "dog", "colour": "#123456", "attributes": [fur]}]},
    )
    assert saved.status_code == 200
    assert saved.json() == get(team)
    assert [label["name"] for label in get(team)] == ["van", "person", "dog"]
    attribute = get(team)[2]["attributes"][0]
    assert attribute | {"id": None} == fur | {"id": None}


def test_what_is_wrong_is_named_by_its_place(team: Team) -> None:
    person, car = get(team)
    refused = put(team, team.mona, {"labels": [person, car | {"hotkey": "1"}]})
    assert refused.status_code == 422
    assert refused.json()["problems"] == [{"path": ["1", "hotkey"], "message": "person has the hotkey 1 already."}]


def test_a_label_in_use_is_not_removed(team: Team) -> None:
    Track.objects.create(layer=team.layer, number=1, label=team.car)
    refused = put(team, team.mona, {"labels": [], "removed": [team.car.pk, team.person.pk]})
    assert (refused.status_code, refused.json()["problems"][0]["path"]) == (422, ["removed", str(team.car.pk)])
    assert len(get(team)) == 2


def test_what_classes_become_is_said_by_annotators_and_read_by_all(team: Team) -> None:
    address = f"/api/projects/{team.project.pk}/class-labels"
    sent = {"labels": {"automobile": team.car.pk, "kite": None}}
    said = client_of(team.bob).patch(address, sent, content_type="application/json")
    assert (said.status_code, said.json()) == (200, sent)
    assert client_of(team.vic).get(address).json() == sent
    assert client_of(team.vic).patch(address, sent, content_type="application/json").status_code == 403
    refused = client_of(team.bob).patch(address, {"labels": {"kite": 10**6}}, content_type="application/json")
    assert refused.status_code == 400
