"""What the signed-in person prefers."""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpRequest
from ninja import Body, Router

from annotator.actions.people import change_preferences
from annotator.api.people import signed_in

router = Router(tags=["me"])


@router.get("/preferences", response=dict[str, Any], summary="All preferences")
def get_preferences(request: HttpRequest) -> dict[str, Any]:
    return cast(dict[str, Any], signed_in(request).preferences)


@router.patch("/preferences", response=dict[str, Any], summary="Merge changes in; null removes a key")
def patch_preferences(request: HttpRequest, changes: Body[dict[str, Any]]) -> dict[str, Any]:
    return change_preferences(user=signed_in(request), changes=changes)
