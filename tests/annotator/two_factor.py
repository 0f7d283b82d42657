"""A person's phone, and the clock that it goes by."""

from __future__ import annotations

from types import SimpleNamespace

import pyotp
import pytest

from annotator.actions import second_factors
from annotator.actions.second_factors import STEP_S, new_secret, set_up
from annotator.models import User
from tests.people import PASSWORD


class Phone:
    """Shows the codes of a secret. The server's clock stands still but for ``wait``."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, secret: str = "") -> None:
        self.secret = secret or new_secret()
        self.now = 1_800_000_000.0
        monkeypatch.setattr(second_factors, "time", SimpleNamespace(time=lambda: self.now))

    def code(self, steps: int = 0) -> str:
        """Of now, or of so many steps later."""
        return pyotp.TOTP(self.secret).at(int(self.now) + steps * STEP_S)

    def wrong(self) -> str:
        near = {self.code(steps) for steps in range(-3, 4)}
        return next(code for code in map("{:06d}".format, range(10)) if code not in near)

    def wait(self, steps: int = 1) -> None:
        self.now += steps * STEP_S

    def set_up(self, user: User) -> list[str]:
        """Switch two-factor sign-in on. The code of now is used up by it."""
        return set_up(user=user, secret=self.secret, code=self.code(), password=PASSWORD, address="127.0.0.1")
