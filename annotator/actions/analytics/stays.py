"""When people are in the editor: stretches of time in which they move through a video."""

from __future__ import annotations

from datetime import datetime, timedelta

from annotator.actions.analytics.measures import IDLE_S
from annotator.models import Job, Stay, User


def note_stay(*, user: User, layer_id: int, job_id: int | None, began: datetime, ended: datetime) -> None:
    """Somebody moved through a layer from ``began`` to ``ended``: their latest stay there goes on, unless they were
    idle in between.

    Args:
        job_id: what their page says that it has open; a job of another layer counts as none.
    """
    job = Job.objects.filter(pk=job_id, layer_id=layer_id).first() if job_id else None
    going_on = Stay.objects.filter(
        layer_id=layer_id, person=user, job=job, ended__gte=began - timedelta(seconds=IDLE_S), began__lte=ended
    )
    latest = going_on.order_by("-ended").first()
    if latest is None:
        Stay.objects.create(layer_id=layer_id, person=user, job=job, began=began, ended=ended)
    elif ended > latest.ended:
        Stay.objects.filter(pk=latest.pk).update(ended=ended)
