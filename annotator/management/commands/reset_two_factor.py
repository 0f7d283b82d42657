"""For who can't sign in and has no site admin to ask: switches an account's two-factor sign-in off."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from annotator.actions.errors import ActionError
from annotator.actions.second_factors import reset_second_factor
from annotator.models import User


class Command(BaseCommand):
    help = "Switch the two-factor sign-in of an account off, and tell its owner by mail."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        user = User.objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"No account has the username {username}.")
        try:
            mailed = reset_second_factor(by="Whoever runs this server", user=user)
        except ActionError as error:
            raise CommandError(str(error)) from error
        told = "and was told so by mail" if mailed else "but the mail that tells them could not be sent"
        self.stdout.write(f"{user} signs in by the password alone now, {told}.")
