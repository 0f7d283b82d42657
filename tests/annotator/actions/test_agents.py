from __future__ import annotations

import pytest

from annotator.actions.agents import create_agent, revoke_agent
from annotator.actions.errors import ActionError
from annotator.actions.runs.presence import agent_of
from tests.people import People


def test_a_machine_is_let_in_by_its_token_until_that_is_revoked(people: People) -> None:
    agent, token = create_agent(by=people.alice, workspace=people.workspace, name=" gpu  box ")
    assert (agent.name, agent_of(token)) == ("gpu box", agent)
    assert token not in str(vars(agent))
    revoke_agent(agent=agent, why="Alice disconnected it.")
    assert agent_of(token) is None


def test_machines_have_different_names(people: People) -> None:
    agent, _ = create_agent(by=people.alice, workspace=people.workspace, name="box")
    with pytest.raises(ActionError, match="called BOX already"):
        create_agent(by=people.alice, workspace=people.workspace, name="BOX")
    create_agent(by=people.eve, workspace=people.eves_workspace, name="box")
    revoke_agent(agent=agent, why="Alice disconnected it.")
    create_agent(by=people.alice, workspace=people.workspace, name="box")
