"""Mails about what people were told of in the pages and haven't read there.

A mail is for one person and one issue or job, with all that is new in it. Who reads it in a page within ``AFTER`` gets
none, and nobody gets more than one of an issue or job within ``AT_MOST_EVERY``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail import EmailMessage
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from annotator.access import my_workspaces
from annotator.announce.notifications import RELATED, Kind, address_of, in_words, text_of
from annotator.models import Issue, Job, Notification, User

AFTER = timedelta(seconds=60)
AT_MOST_EVERY = timedelta(minutes=10)
MAILED = (
    *(Kind.MENTION, Kind.REPLY, Kind.JOB),
    *(Kind.JOB_GIVEN, Kind.JOB_RETURNED, Kind.JOB_REOPENED, Kind.TO_REVIEW, Kind.BELOW_MARK),
)
"""Of what people are told by mail. What only ends something waits in the pages."""
AT_ONCE = 500
"""Notifications that one round looks at."""
PREFERENCE = "mails"
"""``preferences[PREFERENCE]`` is False for who wants none."""


def send_mails(now: datetime | None = None) -> int:
    """Send what is due. Returns how many mails that were.

    Each is claimed before it is sent, so that of several web processes one sends it; a process that is killed in
    between loses that one mail, and never sends one twice.

    Raises:
        OSError, SMTPException: a mail could not be sent; it is due again, and so are those behind it.
    """
    now = now or timezone.now()
    sent = 0
    for (user, topic), new in _due(now).items():
        if _mailed_lately(user, topic, now) or not _claim(new, now):
            continue
        if not wants_mails(user) or not my_workspaces(user).filter(projects__videos__layers=topic.layer_id).exists():
            continue
        try:
            _mail(user, topic, new).send()
        except Exception:
            _rows(new).update(mailed_at=None)
            raise
        sent += 1
    return sent


def wants_mails(user: User) -> bool:
    return bool(user.email) and user.is_active and user.preferences.get(PREFERENCE) is not False


def _due(now: datetime) -> dict[tuple[User, Issue | Job], list[Notification]]:
    waiting = Notification.objects.filter(mailed_at=None, read_at=None, at__lte=now - AFTER, kind__in=MAILED)
    found: defaultdict[tuple[User, Issue | Job], list[Notification]] = defaultdict(list)
    for notification in waiting.select_related("user", *RELATED).order_by("at", "id")[:AT_ONCE]:
        found[notification.user, notification.topic].append(notification)
    return found


def _mailed_lately(user: User, topic: Issue | Job, now: datetime) -> bool:
    about = Q(step__job=topic) if isinstance(topic, Job) else Q(issue=topic)
    return Notification.objects.filter(about, user=user, mailed_at__gt=now - AT_MOST_EVERY).exists()


def _claim(new: Sequence[Notification], now: datetime) -> bool:
    return _rows(new).filter(mailed_at=None).update(mailed_at=now) == len(new)


def _rows(new: Sequence[Notification]) -> QuerySet[Notification]:
    return Notification.objects.filter(pk__in=[each.pk for each in new])


def _mail(user: User, topic: Issue | Job, new: Sequence[Notification]) -> EmailMessage:
    said = "\n\n".join(_said(each) for each in new)
    way = "Look at it" if isinstance(topic, Job) else "Look at it and answer"
    body = (
        f"{said}\n\n"
        f"{way}: {settings.PUBLIC_URL}{address_of(topic)}\n\n"
        f"You can switch these mails off in your account: {settings.PUBLIC_URL}{reverse('account')}#mails\n"
    )
    return EmailMessage(subject=_one_line(in_words(new[-1])), body=body, to=[user.email])


def _said(notification: Notification) -> str:
    quoted = "\n".join(f"> {line}" for line in text_of(notification).splitlines())
    return f"{in_words(notification)}\n{quoted}" if quoted else in_words(notification)


def _one_line(text: str) -> str:
    """Names may hold what a mail's head can't."""
    return " ".join(text.split())[:200]
