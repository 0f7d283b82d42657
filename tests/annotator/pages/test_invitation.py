from __future__ import annotations

import re
from html import unescape

from django.test import Client

from annotator.actions.workspaces import invite, revoke_invitation
from annotator.models import Invitation, Membership, Role, User
from tests.people import PASSWORD, People, client_of

ZOE = {"name": "Zoe", "username": "zoe", "email": "zoe@example.org", "password": PASSWORD}


def link_of(people: People) -> str:
    """What Alice copies from the members' page."""
    client = client_of(people.alice)
    sent = {"role": "reviewer", "email": "zoe@example.org"}
    page = client.post(f"/workspaces/{people.workspace.pk}/invitations/", sent, follow=True).content.decode()
    found = re.search(r'data-copy="http://testserver(/invite/[^"]+)"', page)
    assert found is not None
    again = client.get(f"/workspaces/{people.workspace.pk}/members/").content.decode()
    assert found[1] not in again, "a link is shown once"
    return unescape(found[1])


def test_a_newcomer_makes_an_account_and_is_a_member(people: People) -> None:
    client = Client()
    link = link_of(people)
    assert "as <strong>reviewer</strong>" in client.get(link).content.decode()
    answer = client.post(link, ZOE)
    assert answer["Location"] == f"/workspaces/{people.workspace.pk}/"
    assert client.get(answer["Location"]).status_code == 200
    assert Membership.objects.get(user__username="zoe").role == Role.REVIEWER


def test_what_was_typed_stays_when_it_is_refused(people: People) -> None:
    page = Client().post(link_of(people), ZOE | {"username": "bob"}).content.decode()
    assert "The username bob is taken" in page
    assert 'value="zoe@example.org"' in page
    assert not User.objects.filter(email="zoe@example.org").exists()


def test_who_has_an_account_joins_with_it(people: People) -> None:
    client, link = client_of(people.eve), link_of(people)
    assert "signed in as <strong>Eve</strong>" in client.get(link).content.decode()
    assert not Membership.objects.filter(user=people.eve, workspace=people.workspace).exists()
    client.post(link)
    assert Membership.objects.get(user=people.eve, workspace=people.workspace).role == Role.REVIEWER


def test_a_link_that_ended_says_so(people: People) -> None:
    invitation, token = invite(by=people.alice, workspace=people.workspace, role=Role.VIEWER)
    revoke_invitation(invitation=invitation)
    for address, words in ((f"/invite/{token}/", "was taken back"), ("/invite/nonsense/", "leads nowhere")):
        answer = Client().get(address)
        assert (answer.status_code, words in answer.content.decode()) == (410, True)


def test_an_invitation_is_taken_back(people: People) -> None:
    invitation, _ = invite(by=people.alice, workspace=people.workspace, role=Role.VIEWER)
    client_of(people.alice).post(f"/invitations/{invitation.pk}/end/")
    assert Invitation.objects.get().revoked_at is not None
