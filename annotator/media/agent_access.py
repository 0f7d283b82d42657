"""What an agent gets to read a video with: addresses that are signed for that agent and expire, so that they need no
session."""

from __future__ import annotations

from django.core import signing
from django.http import Http404

from annotator.models import Agent, Video
from tracking.protocol import VideoAccess

SALT = "framewise.agent-media.2"
VALID_S = 24 * 3600
"""A run gets fresh addresses whenever it is given to an agent."""


def media_token(video: Video, agent: Agent) -> str:
    return signing.dumps([str(video.key), agent.pk], salt=SALT, compress=True)


def video_of(token: str) -> Video:
    """The video a token was made for. Raises Http404 for one that is forged, expired, or whose video is gone, and when
    its agent is let in no more."""
    try:
        key, agent_id = signing.loads(token, salt=SALT, max_age=VALID_S)
    except signing.BadSignature as error:
        raise Http404("This address has expired. Start the run again.") from error
    video = Video.objects.filter(key=key).select_related("project").first()
    if video is None:
        raise Http404("This video was deleted.")
    agent = Agent.objects.let_in().filter(pk=agent_id).first()
    if agent is None or agent.workspace_id not in (None, video.project.workspace_id):
        raise Http404("The agent that got this address is let in no more.")
    return video


def video_access(video: Video, agent: Agent) -> VideoAccess:
    """Where ``agent`` reads ``video``; the addresses are relative to the server."""
    base = f"/api/agent-media/{media_token(video, agent)}"
    return VideoAccess(
        key=str(video.key),
        source=f"{base}/source",
        index=f"{base}/index",
        width=video.width,
        height=video.height,
        frame_count=video.frame_count,
    )
