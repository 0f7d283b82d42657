from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models

from annotator.ontology import PALETTE


class User(AbstractUser):
    """A person. Signs in by username or e-mail."""

    email = models.EmailField("e-mail", unique=True)
    preferences = models.JSONField(default=dict, blank=True, help_text="Theme, layout, keys, track settings.")
    not_here = models.BooleanField(
        default=False,
        editable=False,
        help_text="No account: somebody who worked in a project on another server, from where it was imported. It has "
        "a name, and nobody can sign in as it.",
    )

    last_seen = models.DateTimeField(null=True, blank=True, help_text="To about five minutes.")

    REQUIRED_FIELDS = ["email"]

    token_scope = ""
    """Of whoever asks by a token of theirs: its ``Scope``, which ``access.py`` goes by. Empty: they ask themselves."""

    @property
    def colour(self) -> str:
        """#rrggbb: what tells the person apart wherever people are shown."""
        return PALETTE[self.pk % len(PALETTE)]

    def __str__(self) -> str:
        name = self.get_full_name() or self.username
        return f"{name} (not here)" if self.not_here else name
