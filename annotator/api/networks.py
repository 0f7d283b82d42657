"""Machines and the models on them: how they stand, and weights that are got onto them."""

from __future__ import annotations

from typing import Literal
from uuid import UUID

from django.http import HttpRequest
from ninja import Router, Status
from pydantic import Field

from annotator.access import access_agent, access_server, access_workspace
from annotator.actions.agents import rest_agent
from annotator.actions.downloads import begin_download, cancel_download
from annotator.actions.errors import ActionError
from annotator.actions.machine_log import ask_log, log_told
from annotator.actions.warm_models import load_model, pin_model, unload_model
from annotator.actions.workspaces import limit_runs
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


class WarmIn(Message):
    """`workspace`: on whose page it is asked for. `wanted`: `load` brings the model into memory, `unload` lets it go,
    `pin` keeps it there from now on, `unpin` ends that."""

    workspace: int
    model: str = Field(max_length=200)
    wanted: Literal["load", "unload", "pin", "unpin"]


class LimitIn(Message):
    """`runs_at_once`: so many runs of the workspace are under way at once at most; null: any number."""

    runs_at_once: int | None = Field(ge=1, le=1000)


@router.post("/workspaces/{workspace_id}/limit", response=NetworksOut, summary="How many runs it may have at once")
def limit(request: HttpRequest, workspace_id: int, sent: LimitIn) -> NetworksOut:
    """For whoever runs this installation. What is under way goes on."""
    user = signed_in(request)
    access_server(user)
    workspace = access_workspace(user, workspace_id, "view")
    limit_runs(workspace=workspace, runs_at_once=sent.runs_at_once)
    workspace.refresh_from_db()
    return networks_of(user, workspace)


@router.post("/machines/{agent_id}/memory", response=NetworksOut, summary="Load, unload or pin a model")
def change_memory(request: HttpRequest, agent_id: int, sent: WarmIn) -> NetworksOut:
    """What has become of it, `loaded` of the machine says a moment later."""
    user = signed_in(request)
    agent = access_agent(user, agent_id, "admin")
    workspace = access_workspace(user, sent.workspace, "view")
    if sent.wanted == "load":
        load_model(agent=agent, model=sent.model)
    elif sent.wanted == "unload":
        unload_model(agent=agent, model=sent.model)
    else:
        pin_model(agent=agent, model=sent.model, pinned=sent.wanted == "pin")
    return networks_of(user, workspace)


class LogAskIn(Message):
    """`after`: the number of the last line that is known; 0: all that are kept are wanted."""

    after: int = Field(0, ge=0, le=2**53)


class LogAskedOut(Message):
    """`ask`: what the answer is read by, within a minute."""

    ask: UUID


class LogLineOut(Message):
    """A line of a machine's log. `at`: seconds since 1970. `number`: counts up since the agent was started."""

    number: int
    at: float
    level: Literal["info", "warning", "error"]
    text: str


class LogOut(Message):
    """What a machine told of its log. `told`: whether it has answered yet; ask again a moment later. `lost`: so many
    lines more were asked for, and are kept no more."""

    told: bool
    lines: list[LogLineOut] = []
    lost: int = 0


@router.post("/machines/{agent_id}/log", response={201: LogAskedOut}, summary="Ask a machine for its log")
def ask_for_log(request: HttpRequest, agent_id: int, sent: LogAskIn) -> Status[LogAskedOut]:
    """Its last 2000 lines at most, with tokens and signed addresses taken out."""
    agent = access_agent(signed_in(request), agent_id, "admin")
    return Status(201, LogAskedOut(ask=ask_log(agent=agent, after=sent.after)))


@router.get("/machines/{agent_id}/log/{ask}", response=LogOut, summary="What it answered")
def get_log(request: HttpRequest, agent_id: int, ask: UUID) -> LogOut:
    told = log_told(access_agent(signed_in(request), agent_id, "admin"), ask)
    if told is None:
        return LogOut(told=False)
    return LogOut(told=True, lines=told["lines"], lost=told["lost"])


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
