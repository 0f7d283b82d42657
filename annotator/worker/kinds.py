"""Every kind of task that there is."""

from __future__ import annotations

from annotator.actions.analytics.counting import COUNTING
from annotator.actions.background import Background
from annotator.actions.comparisons import COMPARING
from annotator.actions.consensus.working import WORKING
from annotator.actions.ingest import OPENING, QUICKENING
from annotator.actions.inspecting import INSPECTING
from annotator.actions.joins import PROPOSING
from annotator.actions.parcels.parcels import PARCELLING
from annotator.actions.quality import SCORING
from annotator.actions.runs.condense import JOINING
from annotator.actions.stored_weights import CHECKING
from annotator.actions.transfers import TRANSFERRING
from annotator.actions.webhooks.deliver import DELIVERING

KINDS: dict[str, Background] = {
    kind.task.module_path: kind
    for kind in (
        OPENING,
        QUICKENING,
        TRANSFERRING,
        PARCELLING,
        COMPARING,
        JOINING,
        INSPECTING,
        PROPOSING,
        CHECKING,
        COUNTING,
        SCORING,
        WORKING,
        DELIVERING,
    )
}
