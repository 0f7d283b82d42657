"""What machines were checked for, for their admins: what is missing there, and how to mend it."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from annotator.models import Agent
from tracking.protocol import PROTOCOL, Check, CheckReport
from tracking.release import release

LASTING = frozenset({"Driver", "PyTorch", "Disk of videos", "Disk of weights", "Clock"})
"""What may be amiss with a machine whose agent is connected all the same."""


def note_checks(agent_id: int, report: CheckReport) -> None:
    """Keep what was checked on a machine, in place of what was before."""
    kept = report.model_dump(mode="json") | {"at": timezone.now().timestamp()}
    Agent.objects.filter(pk=agent_id).update(checks=kept)


def note_outdated(agent_id: int, *, host: str, version: str, protocol: int | None) -> None:
    """An agent isn't let in because it speaks otherwise than this server. ``protocol`` None: nobody knows how."""
    speaks = "otherwise" if protocol is None else f"protocol {protocol}"
    said = f"Its agent{version and f' {version}'} speaks {speaks}, this server {PROTOCOL}. It isn't let in."
    update = "Run the command under “Update or mend a machine” on it."
    check = Check(name="Version", state="failed", said=said, mend=update)
    note_checks(agent_id, CheckReport(host=host[:255], version=version[:100], checks=[check]))


def forget_mended(agent_id: int) -> None:
    """An agent is let in: what kept it out is mended."""
    with transaction.atomic():
        agent = Agent.objects.select_for_update(of=("self",)).filter(pk=agent_id).first()
        if agent is not None and agent.checks:
            kept = [check for check in agent.checks["checks"] if check["name"] in LASTING]
            agent.checks |= {"checks": kept}
            agent.save(update_fields=["checks"])


def is_outdated(version: str) -> bool:
    """Whether an agent of this version is another one than this server hands out."""
    return bool(version) and version != release()
