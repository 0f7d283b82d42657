"""What agents, and the command that installs one, ask over HTTP: each by the token of its machine."""

from __future__ import annotations

import time
from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router, Status
from ninja.errors import HttpError
from ninja.security import HttpBearer

from annotator.actions.machine_checks import note_checks
from annotator.actions.runs.presence import agent_of
from annotator.agent_package import file_name, package
from annotator.models import Agent
from tracking.protocol import PROTOCOL, CheckReport, Release
from tracking.release import release


class AgentToken(HttpBearer):
    """Lets an agent in by the token that its page showed once."""

    def __call__(self, request: HttpRequest) -> Any:
        found = super().__call__(request)
        if found is None:
            raise HttpError(401, "Send the token of a machine: Authorization: Bearer … This one is unknown or revoked.")
        return found

    def authenticate(self, request: HttpRequest, token: str) -> Agent | None:
        return agent_of(token.strip())


router = Router(tags=["agents"], auth=AgentToken())


@router.get("/version", response=Release, summary="The version that an agent should have")
def version(request: HttpRequest) -> Release:
    return Release(version=release(), protocol=PROTOCOL, now=time.time())


@router.get("/package", summary="The agent as a wheel")
def get_package(request: HttpRequest) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{file_name()}"', "Cache-Control": "no-store"}
    return HttpResponse(package(), content_type="application/zip", headers=headers)


@router.post("/checks", response={204: None}, summary="What was checked on the machine")
def checks(request: HttpRequest, sent: CheckReport) -> Status[None]:
    agent: Agent = request.auth  # type: ignore[attr-defined]  # AgentToken's answer.
    note_checks(agent.pk, sent)
    return Status(204, None)
