"""The one way out of an action: what it committed reaches everybody whom it concerns.

Nothing is told before the transaction is committed, and nothing when it is rolled back.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from annotator.announce.bus import send
from annotator.announce.issues import issue_out
from annotator.announce.messages import Cleared, IssueChanged, Notified
from annotator.announce.notices import (
    AgentGone,
    AgentNotice,
    ClearedNotice,
    EventNotice,
    IssueNotice,
    LookAgain,
    Notice,
    NotifiedNotice,
    RunNotice,
)
from annotator.announce.outgoing import event_out, run_info
from annotator.models import Event, Issue, Run
from tracking.protocol import ToAgent


def publish_on_commit(event: Event) -> None:
    """A change of a layer, to everybody watching it."""
    _send_on_commit(EventNotice(layer=event.layer_id, event=event_out(event)))


def announce_run(run: Run) -> None:
    """How a run stands, to everybody watching its layer."""
    _send_on_commit(RunNotice(layer=run.layer_id, run=run_info(run), owner=run.created_by_id))


def announce_cleared(run: Run, *, track: UUID, epoch: int, ranges: Sequence[tuple[int, int]]) -> None:
    """Predictions of a track are stale from now on; the event that takes them away follows."""
    cleared = Cleared(run=run.pk, track=track, epoch=epoch, ranges=list(ranges))
    _send_on_commit(ClearedNotice(layer=run.layer_id, cleared=cleared))


def announce_issue(issue: Issue) -> None:
    """An issue as it is now, to everybody on its layer."""
    changed = IssueChanged(id=issue.pk, issue=issue_out(issue))
    _send_on_commit(IssueNotice(layer=issue.layer_id, changed=changed))


def announce_issue_gone(issue_id: UUID, *, layer_id: int) -> None:
    """An issue was deleted."""
    _send_on_commit(IssueNotice(layer=layer_id, changed=IssueChanged(id=issue_id, issue=None)))


def announce_unread(*, user: int, unread: int, message: str = "") -> None:
    """How many notifications a person has not read, to all pages that they have open.

    Args:
        message: what the newest one says; empty: none is new.
    """
    _send_on_commit(NotifiedNotice(user=user, notified=Notified(unread=unread, message=message)))


def announce_rights(*, user: int | None = None, layer: int | None = None, why: str = "") -> None:
    """What a person (None: everybody) may do or see on a layer (None: on all) has changed: their open pages look again.

    Args:
        why: what happened, as a sentence for them.
    """
    _send_on_commit(LookAgain(user=user, layer=layer, why=why))


def announce_names(*, project: int | None = None, layer: int | None = None, why: str) -> None:
    """Names, labels or jobs around the layers of a project, or around one layer, have changed: open pages show them.

    Args:
        why: what happened, as a sentence.
    """
    _send_on_commit(LookAgain(project=project, layer=layer, why=why))


def tell_agent(agent_id: int, message: ToAgent, *, layer_id: int | None, doubtful_below: float = 0.0) -> None:
    """A message for an agent. Lost when it isn't connected: its runs go back to the queue then.

    Args:
        layer_id: of a run's; None: the message is about the machine.
    """
    _send_on_commit(AgentNotice(agent=agent_id, layer=layer_id, message=message, doubtful_below=doubtful_below))


def announce_agent_gone(agent_id: int) -> None:
    """An agent is let in no more: its connection ends, whichever web process holds it."""
    _send_on_commit(AgentGone(agent=agent_id))


def _send_on_commit(notice: Notice) -> None:
    transaction.on_commit(lambda: send(notice))
