"""``framewise prepare``: who gets in on a fresh database."""

from __future__ import annotations

import pytest
from django.contrib.auth import authenticate

from annotator.models import User
from framewise.processes import NotPrepared, _make_admin

GOOD = "correct horse battery staple"


@pytest.mark.django_db
@pytest.mark.parametrize(("password", "said"), [("", "FRAMEWISE_ADMIN_PASSWORD"), ("password", "too common")])
def test_nobody_gets_in_by_no_password_or_a_weak_one(password: str, said: str) -> None:
    with pytest.raises(NotPrepared, match=said):
        _make_admin(password)
    assert not User.objects.exists()


@pytest.mark.django_db
def test_the_first_admin_gets_in_by_the_password_that_was_set() -> None:
    _make_admin(GOOD)
    admin = authenticate(username="admin", password=GOOD)
    assert isinstance(admin, User)
    assert admin.is_superuser
