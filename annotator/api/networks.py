"""Machines and the models on them: how they stand, and weights that are got onto them."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Router, Status
from pydantic import Field

from annotator.access import access_agent, access_workspace
from annotator.actions.agents import rest_agent
from annotator.actions.downloads import begin_download, cancel_download
from annotator.actions.errors import ActionError
from annotator.api.people import signed_in
from annotator.networks import NetworksOut, networks_of
from annotator.operations import Message

router = Router(tags=["networks"])


class DownloadIn(Message):
    """`workspace`: on whose page it is asked for. `accepted`: the licence of the weights was read and accepted."""

    workspace: int
    model: str = Field(max_length=200)
    accepted: bool = False


@router.get("/workspaces/{workspace_id}/networks", response=NetworksOut, summary="How machines and models stand")
def networks(request: HttpRequest, workspace_id: int) -> NetworksOut:
    user = signed_in(request)
    return networks_of(user, access_workspace(user, workspace_id, "view"))


class RestIn(Message):
    """`workspace`: on whose page it is asked for."""

    workspace: int
    resting: bool


@router.post("/machines/{agent_id}/resting", response=NetworksOut, summary="Begin or end its maintenance")
def rest(request: HttpRequest, agent_id: int, sent: RestIn) -> NetworksOut:
    user = signed_in(request)
    agent = access_agent(user, agent_id, "admin")
    workspace = access_workspace(user, sent.workspace, "view")
    rest_agent(agent=agent, resting=sent.resting)
    return networks_of(user, workspace)


@router.post("/machines/{agent_id}/downloads", response={201: NetworksOut}, summary="Get weights onto a machine")
def get_weights(request: HttpRequest, agent_id: int, sent: DownloadIn) -> Status[NetworksOut]:
    user = signed_in(request)
    agent = access_agent(user, agent_id, "admin")
    workspace = access_workspace(user, sent.workspace, "admin")
    if agent.workspace_id not in (None, workspace.pk):
        raise ActionError(f"{agent} works for another workspace than {workspace}. Get it on that one's page.")
    begin_download(by=user, agent=agent, workspace=workspace, model=sent.model, accepted=sent.accepted)
    return Status(201, networks_of(user, workspace))


@router.delete("/machines/{agent_id}/downloads/{model}", response={204: None}, summary="Cancel it")
def cancel_weights(request: HttpRequest, agent_id: int, model: str) -> Status[None]:
    cancel_download(agent=access_agent(signed_in(request), agent_id, "admin"), model=model)
    return Status(204, None)
