"""Previews that people ask of machines: who is asked what, what is kept of the answers, and for how long."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from annotator.actions.errors import ActionError
from annotator.actions.previews import (
    LOST,
    OF_ONE_PERSON,
    SILENT_S,
    as_it_stands,
    begin_preview,
    drop_preview,
    give_up_previews,
    note_previewed,
)
from annotator.models import Agent, Event, Preview, Video, VideoState
from tests.annotator.desk import Desk
from tests.annotator.worlds import make_agent
from tests.people import client_of
from tracking import protocol
from tracking.protocol import DropPreview, Previewed, SeenObject

SEEN = SeenObject(label="car", confidence=0.9, box=(1, 2, 30, 40))


@pytest.fixture
def agent(desk: Desk) -> Agent:
    agent = Agent.objects.get()
    agent.info |= {"finders": ["yolox-tiny", "owlv2-base"]}
    agent.save()
    return agent


def begin(
    desk: Desk, *, by: str = "annotator", finder: str = "yolox-tiny", frame: int = 7, words: Sequence[str] = ()
) -> Preview:
    return begin_preview(
        by=desk.world.people[by],
        video=desk.world.video,
        preview_id=uuid4(),
        finder=finder,
        frame=frame,
        confidence=0.05,
        words=words,
    )


def done(preview: Preview, agent: Agent, **more: object) -> Preview:
    told = Previewed.model_validate({"preview": str(preview.pk), "stage": "done", "seen": [SEEN], **more})
    note_previewed(agent_id=agent.pk, told=told)
    preview.refresh_from_db()
    return preview


def test_a_machine_is_asked_and_what_it_sees_is_kept_for_who_asked_and_nowhere_else(desk: Desk, agent: Agent) -> None:
    preview = begin(desk)
    (asked,) = desk.told(protocol.Preview)
    assert (asked.preview, asked.model, asked.frame, asked.confidence) == (str(preview.pk), "yolox-tiny", 7, 0.05)
    note_previewed(agent_id=agent.pk, told=Previewed(preview=str(preview.pk), stage="looking"))
    preview.refresh_from_db()
    assert preview.state == "looking"
    done(preview, agent, left_out=3, seconds=0.25)

    answer = client_of(desk.world.people["annotator"]).get(f"/api/previews/{preview.pk}").json()
    assert (answer["state"], answer["left_out"], answer["seconds"]) == ("done", 3, 0.25)
    assert answer["seen"] == [{"label": "car", "confidence": 0.9, "box": [1, 2, 30, 40], "same": []}]
    assert client_of(desk.world.people["admin"]).get(f"/api/previews/{preview.pk}").status_code == 404
    assert not Event.objects.exists()


def test_words_go_to_the_machine(desk: Desk, agent: Agent) -> None:
    begin(desk, finder="owlv2-base", words=["traffic cone", "person"])
    (asked,) = desk.told(protocol.Preview)
    assert (asked.model, asked.words) == ("owlv2-base", ["traffic cone", "person"])


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"finder": "nonsense"}, "nonsense"),
        (
            {"finder": "yolox-nano"},
            "YOLOX-nano isn't ready on any connected machine. Get it on the page Neural networks",
        ),
        ({"frame": 10**6}, "1000000 came"),
        ({"words": ["cone"]}, "YOLOX-tiny knows its own classes and looks for no words"),
        ({"finder": "owlv2-base"}, "1 to 40 words.*none came"),
        ({"finder": "owlv2-base", "words": ["x" * 10_000]}, "one of 10,000 came"),
    ],
)
def test_what_can_not_be_asked_says_why(desk: Desk, agent: Agent, wrong: dict[str, object], words: str) -> None:
    with pytest.raises(ActionError, match=words):
        begin(desk, **wrong)  # type: ignore[arg-type]
    assert not Preview.objects.exists()


def test_a_machine_that_is_away_and_a_video_that_is_not_ready_are_said(desk: Desk, agent: Agent) -> None:
    Agent.objects.update(connected=False)
    with pytest.raises(ActionError, match="isn't ready on any connected machine"):
        begin(desk)
    Video.objects.update(state=VideoState.FAILED)
    desk.world.video.refresh_from_db()
    with pytest.raises(ActionError, match="needs a video that is ready"):
        begin(desk)


def test_who_waits_when_the_machine_goes_is_told(desk: Desk, agent: Agent) -> None:
    over, waiting = done(begin(desk), agent), begin(desk)
    give_up_previews(agent.pk)
    for preview in (over, waiting):
        preview.refresh_from_db()
    assert (over.state, waiting.state, waiting.message) == ("done", "failed", LOST)
    # A word that comes late changes nothing.
    assert done(waiting, agent).state == "failed"


def test_who_hears_nothing_for_long_is_told(desk: Desk, agent: Agent) -> None:
    preview = begin(desk)
    assert as_it_stands(preview).state == "asked"
    Preview.objects.update(heard_at=timezone.now() - timedelta(seconds=SILENT_S + 1))
    assert "Nothing was heard of the machine" in as_it_stands(preview).message


def test_another_agent_s_words_and_words_about_nothing_are_not_taken(desk: Desk, agent: Agent) -> None:
    other = make_agent(desk.world, "other")
    preview = begin(desk)
    assert done(preview, other).state == "asked"
    for name in ("nonsense", str(uuid4())):
        note_previewed(agent_id=agent.pk, told=Previewed(preview=name, stage="done", seen=[SEEN]))
    assert Preview.objects.get().seen == []


def test_what_is_dropped_is_gone_and_its_machine_is_told_if_it_is_at_it(desk: Desk, agent: Agent) -> None:
    waiting, over = begin(desk), done(begin(desk), agent)
    drop_preview(over)
    drop_preview(waiting)
    assert desk.told(DropPreview) == [DropPreview(preview=str(waiting.pk))]
    assert not Preview.objects.exists()


def test_few_are_kept_of_one_person_and_none_for_long(desk: Desk, agent: Agent) -> None:
    theirs = begin(desk, by="manager")
    mine: list[UUID] = [begin(desk).pk for _ in range(OF_ONE_PERSON + 2)]
    kept = set(Preview.objects.values_list("pk", flat=True))
    assert kept == {theirs.pk, *mine[2:]}
    Preview.objects.update(created_at=timezone.now() - timedelta(hours=2))
    assert Preview.objects.filter(pk=begin(desk).pk).exists() and Preview.objects.count() == 1
