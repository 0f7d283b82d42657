"""Issues: what people say to each other about frames, objects and regions of a layer."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpRequest
from ninja import Router
from pydantic import Field

from annotator.access import access_issue, access_layer
from annotator.actions.issues.issues import (
    LONGEST_COMMENT,
    Place,
    change_comment,
    delete_comment,
    issues_of,
    open_issue,
    reply,
    settle,
    thread_of,
)
from annotator.announce.issues import CommentOut, IssueOut, ThreadOut, issues_out
from annotator.announce.messages import Region
from annotator.api.people import signed_in
from annotator.models import Membership
from annotator.operations import Frame, Message

router = Router(tags=["issues"])


class IssuesOut(Message):
    """All of a layer's, in the order of their numbers."""

    issues: list[IssueOut]


class IssueIn(Message):
    """An issue with its first comment. Ids are chosen by the client: what is sent twice counts once."""

    id: UUID
    comment: UUID = Field(description="The id of the comment.")
    text: str = Field(description=f"1 to {LONGEST_COMMENT} characters. @username calls a member of the workspace.")
    first: Frame
    last: Frame = Field(description="Part of it.")
    track: UUID | None = Field(None, description="The object that it is about.")
    region: Region | None = Field(
        None, description="x1, y1, x2, y2 in px: where it is; of an object: where that lies on the first frame."
    )


class CommentIn(Message):
    id: UUID = Field(description="Chosen by the client: what is sent twice counts once.")
    text: str


class TextIn(Message):
    text: str


class SettleIn(Message):
    resolved: bool = Field(description="false: it is opened again.")


class PersonOut(Message):
    """Somebody who can be called in a comment: by @ and their username."""

    id: int
    name: str
    username: str
    colour: str


class PeopleOut(Message):
    people: list[PersonOut]


@router.get("/layers/{layer_id}/issues", response=IssuesOut, summary="Issues of a layer, without their comments")
def list_issues(request: HttpRequest, layer_id: int) -> IssuesOut:
    layer = access_layer(request.user, layer_id, "view")
    return IssuesOut(issues=issues_out(list(issues_of(layer))))


@router.post("/layers/{layer_id}/issues", response=ThreadOut, summary="Open an issue")
def create_issue(request: HttpRequest, layer_id: int, sent: IssueIn) -> ThreadOut:
    """Every member may. Who is called by name is told, and whoever works on these frames in a job."""
    place = Place(sent.first, sent.last, sent.track, sent.region)
    return open_issue(
        user=signed_in(request),
        layer_id=layer_id,
        issue_id=sent.id,
        comment_id=sent.comment,
        place=place,
        text=sent.text,
    )


@router.get("/layers/{layer_id}/people", response=PeopleOut, summary="Who can be called in a comment")
def list_people(request: HttpRequest, layer_id: int) -> PeopleOut:
    layer = access_layer(request.user, layer_id, "view")
    members = Membership.objects.filter(workspace=layer.video.project.workspace_id, user__is_active=True)
    people = [each.user for each in members.select_related("user")]
    return PeopleOut(
        people=[PersonOut(id=each.pk, name=str(each), username=each.username, colour=each.colour) for each in people]
    )


@router.get("/issues/{issue_id}", response=ThreadOut, summary="An issue with its comments")
def read_issue(request: HttpRequest, issue_id: UUID) -> ThreadOut:
    return thread_of(access_issue(request.user, issue_id))


@router.patch("/issues/{issue_id}", response=ThreadOut, summary="Resolve an issue, or reopen it")
def settle_issue(request: HttpRequest, issue_id: UUID, sent: SettleIn) -> ThreadOut:
    """For annotators and above, and for who opened it."""
    return settle(user=signed_in(request), issue_id=issue_id, resolved=sent.resolved)


@router.post("/issues/{issue_id}/comments", response=ThreadOut, summary="Say something in an issue")
def create_comment(request: HttpRequest, issue_id: UUID, sent: CommentIn) -> ThreadOut:
    """Every member may. Who took part in it is told, and who is called by name."""
    return reply(user=signed_in(request), issue_id=issue_id, comment_id=sent.id, text=sent.text)


@router.patch("/comments/{comment_id}", response=CommentOut, summary="Change one's own comment")
def edit_comment(request: HttpRequest, comment_id: UUID, sent: TextIn) -> CommentOut:
    return change_comment(user=signed_in(request), comment_id=comment_id, text=sent.text)


@router.delete("/comments/{comment_id}", response=ThreadOut | None, summary="Delete a comment")
def remove_comment(request: HttpRequest, comment_id: UUID) -> ThreadOut | None:
    """One's own; managers: any. With its last text the issue goes, and the answer is null."""
    return delete_comment(user=signed_in(request), comment_id=comment_id)
