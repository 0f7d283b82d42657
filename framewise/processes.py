"""The processes of a server one by one, for installations with several of each: what ``framewise serve`` starts
together."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

ADMIN = "admin"


class NotPrepared(Exception):
    """Why a server can't begin, for the person at the terminal."""


def prepare(*, demo: bool = False) -> list[str]:
    """Bring the database and the bucket to what this version needs. Safe to do again, and while others run.

    Lets the agent in that has the token ``FRAMEWISE_AGENT_TOKEN``, and on a fresh database makes the account ``admin``
    with the password ``FRAMEWISE_ADMIN_PASSWORD``, or the whole demo.

    Returns:
        What was done, in sentences.

    Raises:
        NotPrepared: a fresh database, and no password that is good enough.
        MediaAway: the bucket doesn't answer.
    """
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotator.settings")
    import django

    django.setup()
    from django.core.management import call_command

    from annotator.actions.agents import admit_local_agent
    from annotator.media import storage
    from annotator.models import User

    call_command("migrate", interactive=False, verbosity=0)
    done = ["The database is as this version needs it."]
    if storage.make_bucket():
        done.append("The bucket was made.")
    if token := os.environ.get("FRAMEWISE_AGENT_TOKEN", ""):
        admit_local_agent(token=token)
        done.append("The agent with FRAMEWISE_AGENT_TOKEN is let in.")
    if not User.objects.exists():
        if demo:
            call_command("demo", verbosity=0)
        else:
            _make_admin(os.environ.get("FRAMEWISE_ADMIN_PASSWORD", ""))
        done.append(f"Sign in as {ADMIN}.")
    return done


def _make_admin(password: str) -> None:
    from django.contrib.auth.password_validation import validate_password
    from django.core.exceptions import ValidationError

    from annotator.models import User

    if not password:
        raise NotPrepared(
            f"This database is fresh, and nobody could sign in. Set FRAMEWISE_ADMIN_PASSWORD, the password of {ADMIN}, "
            "or make the demo: framewise prepare --demo"
        )
    try:
        validate_password(password)
    except ValidationError as error:
        raise NotPrepared(f"FRAMEWISE_ADMIN_PASSWORD isn't good enough. {' '.join(error.messages)}") from error
    User.objects.create_superuser(ADMIN, "admin@example.org", password)


def web_command(host: str, port: int) -> list[str]:
    """The web process."""
    address = ["-b", host, "-p", str(port)]
    return [sys.executable, "-m", "annotator.web", "-v", "0", *address, "annotator.asgi:application"]


def jobs_command(*more: str) -> list[str]:
    """A jobs worker. ``more``: options of Django's command."""
    return [sys.executable, "-m", "django", "framewise_worker", *more]


def become(command: Sequence[str]) -> NoReturn:
    """Go on as another program: signals of a service manager reach it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "annotator.settings")
    # glibc gives each thread a heap, and the system nothing back of one that was once full of masks.
    os.environ.setdefault("MALLOC_ARENA_MAX", "2")
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    os.execv(command[0], list(command))  # noqa: S606 (our own command)
