"""Who is named in the file of a project, found among the members of a workspace, or kept as a name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from annotator.actions.parcels.records import PersonRecord
from annotator.models import Membership, User, Workspace
from annotator.ontology import storable

NOWHERE = "not-here.invalid"
"""No mail ever gets there: https://www.rfc-editor.org/rfc/rfc2606#section-2"""
NAMELESS = "Somebody"


class Found:
    """Members and others by the ids that the file has for them."""

    def __init__(self, workspace: Workspace) -> None:
        memberships = Membership.objects.filter(workspace=workspace, user__is_active=True).select_related("user")
        self._workspace = workspace
        self._members = {each.user.email.casefold(): each for each in memberships}
        self.users: dict[int, int] = {}
        self.roles: dict[int, str] = {}
        self.here: list[str] = []
        self.not_here: list[str] = []

    def find(self, people: Iterable[PersonRecord]) -> None:
        """Find members by e-mail; of others a name is kept. Nobody of these can ever sign in: they have no password and
        no e-mail, and are switched off."""
        for person in people:
            member = self._members.get(person.email.casefold()) if person.email else None
            if member is not None:
                self.users[person.id] = member.user_id
                self.roles[person.id] = member.role
                self.here.append(str(member.user))
            else:
                absent = self._absent(person)
                self.users[person.id] = absent.pk
                self.not_here.append(absent.get_full_name())

    def _absent(self, person: PersonRecord) -> User:
        """The same one at each import into the workspace. Only a hash of the e-mail is kept."""
        name = " ".join(storable(person.name).split())[:300] or NAMELESS
        known = f"{self._workspace.pk}\n{person.email.casefold() or f'{person.id} {name}'}"
        handle = f"not-here-{hashlib.sha256(known.encode()).hexdigest()[:32]}"
        first, _, last = name.partition(" ")
        user, made = User.objects.get_or_create(
            username=handle,
            defaults={
                "email": f"{handle}@{NOWHERE}",
                "first_name": first[:150],
                "last_name": last[:150],
                "is_active": False,
                "not_here": True,
            },
        )
        if made:
            user.set_unusable_password()
            user.save(update_fields=["password"])
        return user
