"""What the editor page knows when it opens."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from django.urls import reverse
from pydantic import Field

from annotator.access import editable_ranges, may, role_in
from annotator.actions.class_labels import class_labels
from annotator.announce.labels import LabelOut, label_out
from annotator.announce.messages import OpenJob
from annotator.announce.surroundings import open_job
from annotator.media.strip import Strip
from annotator.models import Job, Layer, LayerKind, ProxyState, User, Video
from annotator.networks import machine_name, machines_of
from annotator.offers import offered_finders, offered_models, offered_segmenters
from annotator.operations import Message
from annotator.pages.associations import AssociationOffer, offered_associations
from tracking import catalog
from tracking.protocol import Setting


class SourceUrls(Message):
    url: str
    packets_url: str = Field(description="Where each frame's bytes lie in it.")


class EditorVideo(Message):
    id: int
    name: str
    width: int = Field(description="px, display-oriented")
    height: int = Field(description="px, display-oriented")
    frame_count: int
    fps: float = Field(description="The mean; frames are what is counted, not time.")
    proxy_state: ProxyState
    proxy_url: str = Field(description="The short-GOP proxy: frame N is its N-th picture. Taken once it is there.")
    source: SourceUrls | None = Field(description="The file itself, where browsers may decode it; null: they can't.")
    frame_url: str = Field(description="With {frame} in it: a picture of one frame, for browsers without WebCodecs.")
    strip: Strip | None = Field(description="Its thumbnails; null: none.")
    strip_url: str


class EditorLayer(Message):
    id: int
    project: int = Field(description="The id of its project.")
    name: str
    kind: LayerKind


class Reader(Message):
    id: int
    name: str


class ModelOffer(Message):
    """A model that runs may use. `why`: what it lacks, empty when it is available."""

    id: str
    name: str
    prompts: list[str]
    available: bool
    why: str
    commercial: bool = Field(description="False: its licence, or that of its weights, forbids commercial use.")
    settings: dict[str, Setting] = Field(description="What a run may set of it, with what it is otherwise.")


class MachineOffer(Message):
    """A machine that runs may be sent to."""

    id: int
    name: str
    connected: bool
    resting: bool = Field(description="In maintenance: it gets no new run.")


class SegmenterOffer(Message):
    """What answers clicks. `why`: what it lacks, empty when it is available."""

    id: str
    name: str
    available: bool
    why: str
    default: bool


class FinderOffer(Message):
    """What finds new objects. `why`: what it lacks, empty when it is available; `command`: what gets its weights."""

    id: str
    name: str
    classes: list[str] = Field(description="All that it knows, by its own names.")
    by_word: bool = Field(description="It looks for words that a person types, and knows no classes.")
    confidence: float | None = Field(description="What it finds is at least so sure unless a run says; null: not told.")
    available: bool
    why: str
    command: str
    commercial: bool = Field(description="False: its licence, or that of its weights, forbids commercial use.")
    default: bool


class EditorUrls(Message):
    networks: str = Field(description="The page with what every model needs.")
    live: str = Field(description="The live channel's path.")
    project: str


class EditorConfig(Message):
    """What the editor page knows when it opens."""

    video: EditorVideo
    layer: EditorLayer
    job: OpenJob | None = Field(description="Whose frames are shown; null: the whole layer.")
    labels: list[LabelOut]
    archived: bool = Field(description="Whether its project is put away: nobody changes anything then.")
    locks_accepted: bool = Field(description="Whether annotators and runs leave accepted spans as they are.")
    user: Reader
    can_edit: bool
    can_manage: bool = Field(description="Whether the reader may bring back an earlier state of the whole layer.")
    can_review: bool = Field(description="Whether the reader may give verdicts.")
    can_settle: bool = Field(description="Whether the reader may resolve and reopen issues that others opened.")
    editable_ranges: list[tuple[int, int]] = Field(description="Frames whose shapes the reader may change.")
    models: list[ModelOffer]
    segmenters: list[SegmenterOffer]
    finders: list[FinderOffer]
    machines: list[MachineOffer] = Field(description="Those that work for the workspace.")
    associations: list[AssociationOffer] = Field(description="What may link the objects that are found.")
    class_labels: dict[str, int | None] = Field(
        description="What classes of finders become here, by name: a label, null: nothing; the rest isn't said yet."
    )
    preferences: dict[str, Any]
    urls: EditorUrls
    csrf_token: str


def layer_of(video: Video, job: Job | None, chosen: Layer | None = None) -> Layer:
    """The layer that the editor shows: the job's, the ``chosen`` one of the video, or its main one. Raises Http404 when
    there is none yet."""
    main = video.layers.filter(kind=LayerKind.MAIN)
    layer = job.layer if job is not None else chosen or main.first()
    if layer is None:
        raise Http404("This video has no annotations yet: it isn't ready.")
    layer.video = video
    return layer


def editor_config(
    *, user: User, video: Video, job: Job | None, csrf_token: str, chosen: Layer | None = None
) -> EditorConfig:
    """Everything of a video that has been looked up with the user's access.

    Args:
        job: whose layer and frames to show; None: all of the layer.
        chosen: the layer to show where there is no job; None: the main one.
    """
    layer = layer_of(video, job, chosen)
    ranges = editable_ranges(user, layer)
    role = role_in(user, video.project.workspace_id)
    asked = f"?job={job.pk}" if job is not None else ""
    return EditorConfig(
        video=_video(video),
        layer=EditorLayer(id=layer.pk, project=video.project_id, name=layer.name, kind=LayerKind(layer.kind)),
        job=open_job(job) if job is not None else None,
        labels=[label_out(label) for label in video.project.labels.prefetch_related("attributes")],
        archived=video.project.archived_at is not None,
        locks_accepted=video.project.locks_accepted,
        user=Reader(id=user.pk, name=str(user)),
        can_edit=bool(ranges),
        can_manage=may(role, "manage"),
        can_review=bool(ranges) and may(role, "review"),
        can_settle=may(role, "annotate"),
        editable_ranges=ranges,
        models=[
            ModelOffer(
                id=model.entry.id,
                name=model.entry.name,
                prompts=list(model.entry.prompts),
                available=model.available,
                why=model.why,
                commercial=model.entry.commercial,
                settings=dict(model.entry.settings),
            )
            for model in offered_models(video.project.workspace_id)
        ],
        segmenters=[
            SegmenterOffer(
                id=offered.entry.id,
                name=offered.entry.name,
                available=offered.available,
                why=offered.why,
                default=offered.entry.id == catalog.DEFAULT_SEGMENTER,
            )
            for offered in offered_segmenters(video.project.workspace_id)
        ],
        finders=[
            FinderOffer(
                id=offered.entry.id,
                name=offered.entry.name,
                classes=list(offered.entry.classes),
                by_word=offered.entry.by_word,
                confidence=offered.confidence,
                available=offered.available,
                why=offered.why,
                command=offered.command,
                commercial=offered.commercial,
                default=offered.entry.id == catalog.DEFAULT_DETECTOR,
            )
            for offered in offered_finders(video.project.workspace_id)
        ],
        machines=[
            MachineOffer(id=agent.pk, name=machine_name(agent), connected=agent.connected, resting=agent.resting)
            for agent in machines_of(video.project.workspace)
        ],
        associations=offered_associations(),
        class_labels=class_labels(video.project),
        preferences=user.preferences,
        urls=EditorUrls(
            live=f"/ws/layers/{layer.pk}/{asked}",
            networks=reverse("networks", args=[video.project.workspace_id]),
            project=f"/projects/{video.project_id}/",
        ),
        csrf_token=csrf_token,
    )


def _video(video: Video) -> EditorVideo:
    base = f"/api/videos/{video.pk}"
    # Media is cached for ever; a database made anew would give the same id to another video.
    version = f"?v={video.key.hex[:12]}"
    return EditorVideo(
        id=video.pk,
        name=video.name,
        width=video.width,
        height=video.height,
        frame_count=video.frame_count,
        fps=video.fps,
        proxy_state=ProxyState(video.proxy_state),
        proxy_url=f"{base}/proxy.mp4{version}",
        source=SourceUrls(url=f"{base}/source{version}", packets_url=f"{base}/packets{version}")
        if video.direct
        else None,
        frame_url=f"{base}/frames/{{frame}}.jpg{version}",
        strip=Strip(**video.strip) if video.strip else None,
        strip_url=f"{base}/strip.jpg{version}",
    )
