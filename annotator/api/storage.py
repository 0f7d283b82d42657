"""How much of the server's disk a workspace takes, for admins' programs."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router
from pydantic import Field

from annotator.access import access_workspace
from annotator.actions.storage_use import use_of
from annotator.api.people import signed_in
from annotator.operations import Message

router = Router(tags=["workspaces"])


class StorageOut(Message):
    """Bytes. `files`: exports, kept for a week, and imports under way; `coming`: uploads under way."""

    total: int
    quota: int | None = Field(description="null: there is no limit.")
    media: int
    proxies: int
    files: int
    weights: int
    coming: int


@router.get("/workspaces/{workspace_id}/storage", response=StorageOut, summary="What a workspace takes on the disk")
def storage(request: HttpRequest, workspace_id: int) -> StorageOut:
    use = use_of(access_workspace(signed_in(request), workspace_id, "admin"))
    return StorageOut(
        total=use.total,
        quota=use.quota,
        media=use.media,
        proxies=use.proxies,
        files=use.files,
        weights=use.weights,
        coming=use.coming,
    )
