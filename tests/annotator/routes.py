"""Every address of the application, and whom it lets in.

A new route belongs here: a line with what it needs. ``{project_id}`` and the like stand for the objects of
``tests.people.Team`` and of ``test_routes.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from annotator.models import Role

SIGN_IN, NOTHING, NOT_ALLOWED, LET_IN = "has to sign in", "finds nothing", "is not allowed", "is let in"

EVERYBODY = ("nobody", "stranger", *reversed(Role.values), "site admin")


def from_role(least: str) -> dict[str, str]:
    """Members of at least that role, and site admins; the stranger can't tell whether there is anything."""
    roles = list(Role.values)
    enough = roles[: roles.index(least) + 1]
    return {
        "nobody": SIGN_IN,
        "stranger": NOTHING,
        **{role: LET_IN if role in enough else NOT_ALLOWED for role in reversed(roles)},
        "site admin": LET_IN,
    }


VIEW, ANNOTATE, REVIEW, MANAGE, ADMIN = map(from_role, reversed(Role.values))
PUBLIC = dict.fromkeys(EVERYBODY, LET_IN)
# By the token of a machine, which nobody is signed in with.
AN_AGENTS = dict.fromkeys(EVERYBODY, SIGN_IN)
SIGNED_IN = PUBLIC | {"nobody": SIGN_IN}
SITE_ADMIN = dict.fromkeys(EVERYBODY, NOT_ALLOWED) | {"nobody": SIGN_IN, "site admin": LET_IN}
# Uploads and previews are Mona's; even who could see them may not go on with them.
MONAS = dict.fromkeys(EVERYBODY, NOTHING) | {"nobody": SIGN_IN, Role.MANAGER: LET_IN}
# Who is scored against the gold doesn't learn that there is any.
GOLD = MANAGE | {Role.VIEWER: NOTHING, Role.ANNOTATOR: NOTHING}
# A comment is Mona's to change.
MONAS_WORDS = dict.fromkeys(EVERYBODY, NOT_ALLOWED) | {
    "nobody": SIGN_IN,
    "stranger": NOTHING,
    Role.MANAGER: LET_IN,
}
BOBS_OWN = dict.fromkeys(EVERYBODY, NOTHING) | {"nobody": SIGN_IN, Role.ANNOTATOR: LET_IN}
# Bob's own membership, which he may end himself.
BOBS = ADMIN | {Role.ANNOTATOR: LET_IN}


@dataclass(frozen=True)
class Route:
    """``sent``: the fields of a page's form, or the JSON of an API request."""

    method: str
    path: str
    outcome: Mapping[str, str]
    sent: Any = None
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


RESTORE = {"edit": "6f1c2f0a-0000-4000-8000-000000000000", "revision": 0}
TAKE_OVER = {"source": "{layer_id}"}
NO_TRACK = "6f1c2f0a-0000-4000-8000-000000000001"
VERDICT = {"spans": [{"track": NO_TRACK}], "verdict": "accepted"}
FORMER = f"?track={NO_TRACK}&revision=0&first=0&last=9"
ISSUE = {"id": NO_TRACK, "comment": NO_TRACK, "text": "Is it a car?", "first": 0, "last": 9, "region": [0, 0, 9, 9]}
LABELS = {"labels": [{"name": "dog", "colour": "#112233"}]}
ACCOUNT = {"username": "zoe", "email": "zoe@example.org", "password": "correct horse battery staple"}
CHUNK = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
NEW_UPLOAD = {"Upload-Length": "4", "Upload-Metadata": "filename YS5tcDQ=,project {project64}"}

SWEEP = {
    "id": "6f1c2f0a-0000-4000-8000-000000000001",
    "pipeline": "continue",
    "model": "framewise-cf",
    "videos": [1],
}

PREVIEW = {"id": NO_TRACK, "finder": "yolox-tiny", "frame": 0}
TRY = {"id": NO_TRACK, "workspace": "{workspace_id}", "model": "yolox-tiny", "video": "{video_id}"}

UNPIN = {"workspace": "{workspace_id}", "model": "nanotrack", "wanted": "unpin"}
GET_WEIGHTS = {"workspace": "{workspace_id}", "model": "xmem", "accepted": True}

NEW_PARCEL = {"Upload-Length": "4", "Upload-Metadata": "filename YS56aXA=,workspace {workspace64}"}

NEW_WEIGHTS = {"Upload-Length": "4", "Upload-Metadata": "file dHJhbnN0LnB0aA==,workspace {workspace64}"}

PAGES = (
    Route("GET", "/admin/login/", SITE_ADMIN),
    # Only leads to /account/.
    Route("GET", "/admin/password_change/", PUBLIC),
    Route("GET", "/", SIGNED_IN),
    Route("GET", "/connect.py", PUBLIC),
    Route("GET", "/healthz/", PUBLIC),
    Route("GET", "/sign-in/", PUBLIC),
    Route("POST", "/sign-in/", PUBLIC, {"username": "bob", "password": "wrong"}),
    Route("GET", "/sign-in/code/", PUBLIC),
    Route("POST", "/sign-in/code/", PUBLIC, {"code": "123456"}),
    # Nothing without a provider: tests/annotator/pages/test_openid.py has one.
    Route("GET", "/sign-in/openid/", dict.fromkeys(EVERYBODY, NOTHING)),
    Route("GET", "/sign-in/openid/return/", dict.fromkeys(EVERYBODY, NOTHING)),
    Route("POST", "/account/openid/", dict.fromkeys(EVERYBODY, NOTHING) | {"nobody": SIGN_IN}, {"do": "unlink"}),
    Route("POST", "/sign-out/", PUBLIC, {}),
    Route("GET", "/account/", SIGNED_IN),
    Route("POST", "/account/", SIGNED_IN, {"form": "theme", "theme": "dark"}),
    Route("GET", "/account/tokens/", SIGNED_IN),
    Route("POST", "/account/tokens/", SIGNED_IN, {"name": "script", "scope": "read"}),
    # Bob's own, and nobody else's.
    Route("POST", "/account/tokens/{api_token_id}/revoke/", BOBS_OWN, {}),
    Route("GET", "/account/two-factor/", SIGNED_IN),
    Route("POST", "/account/two-factor/", SIGNED_IN, {"form": "on", "code": "123456", "current": "wrong"}),
    Route("GET", "/notifications/", SIGNED_IN),
    Route("POST", "/notifications/read/", SIGNED_IN, {"id": "1"}),
    Route("GET", "/invite/{invitation}/", PUBLIC),
    Route("POST", "/invite/{invitation}/", PUBLIC, ACCOUNT),
    Route("GET", "/people/", SITE_ADMIN),
    Route("POST", "/people/", SITE_ADMIN, ACCOUNT),
    Route("POST", "/people/{person_id}/active/", SITE_ADMIN, {"active": "no"}),
    Route("POST", "/people/{person_id}/admin/", SITE_ADMIN, {"admin": "yes"}),
    Route("POST", "/people/{person_id}/password/", SITE_ADMIN, {}),
    Route("POST", "/people/{person_id}/two-factor/", SITE_ADMIN, {}),
    Route("GET", "/people/log/", SITE_ADMIN),
    Route("GET", "/people/storage/", SITE_ADMIN),
    Route("GET", "/workspaces/new/", SIGNED_IN),
    Route("POST", "/workspaces/new/", SIGNED_IN, {"name": "Birds"}),
    Route("GET", "/workspaces/{workspace_id}/", VIEW),
    Route("GET", "/workspaces/{workspace_id}/members/", VIEW),
    Route("GET", "/workspaces/{workspace_id}/networks/", VIEW),
    Route("GET", "/workspaces/{workspace_id}/log/", ADMIN),
    Route("GET", "/workspaces/{workspace_id}/settings/", ADMIN),
    Route("POST", "/workspaces/{workspace_id}/settings/", ADMIN, {"name": "Wild life"}),
    Route("POST", "/workspaces/{workspace_id}/quota/", SITE_ADMIN, {"gigabytes": "5"}),
    Route("POST", "/workspaces/{workspace_id}/second-factor/", ADMIN, {}),
    Route("POST", "/workspaces/{workspace_id}/invitations/", ADMIN, {"role": "viewer"}),
    Route("POST", "/workspaces/{workspace_id}/machines/", ADMIN, {"name": "box"}),
    Route("GET", "/workspaces/{workspace_id}/projects/new/", MANAGE),
    Route("POST", "/workspaces/{workspace_id}/projects/new/", MANAGE, {"name": "Tundra"}),
    Route("GET", "/workspaces/{workspace_id}/import/", ADMIN),
    Route("POST", "/invitations/{invitation_id}/end/", ADMIN, {}),
    Route("POST", "/members/{membership_id}/role/", ADMIN, {"role": "viewer"}),
    Route("POST", "/members/{membership_id}/end/", BOBS, {}),
    Route("POST", "/machines/{agent_id}/end/", ADMIN, {}),
    Route("GET", "/projects/{project_id}/", VIEW),
    Route("GET", "/projects/{project_id}/jobs/", VIEW),
    Route("POST", "/projects/{project_id}/jobs/split/", MANAGE, {"video": "{video_id}", "frames": "100"}),
    Route("POST", "/projects/{project_id}/jobs/hand-out/", MANAGE, {"job": "{job_id}", "do": "remove"}),
    Route("POST", "/projects/{project_id}/jobs/hand-out/", MANAGE, {"job": "{job_id}", "assignee": "1"}),
    Route("GET", "/projects/{project_id}/delete/", ADMIN),
    Route("POST", "/projects/{project_id}/delete/", ADMIN, {"name": "Savannah"}),
    Route("GET", "/projects/{project_id}/analytics/", ANNOTATE),
    Route("GET", "/projects/{project_id}/apply/", MANAGE),
    Route("GET", "/projects/{project_id}/review/", VIEW),
    Route("GET", "/projects/{project_id}/quality/", REVIEW),
    Route(
        "POST", "/projects/{project_id}/quality/gold/", MANAGE, {"layer": "{reference_id}", "first": "0", "last": "9"}
    ),
    Route("POST", "/projects/{project_id}/quality/pass-mark/", MANAGE, {"percent": "80"}),
    Route("POST", "/gold/{gold_id}/end/", GOLD, {}),
    Route("GET", "/projects/{project_id}/labels/", VIEW),
    Route("GET", "/projects/{project_id}/settings/", MANAGE),
    Route("POST", "/projects/{project_id}/settings/", MANAGE, {"name": "Steppe"}),
    Route("POST", "/projects/{project_id}/lock/", MANAGE, {"locks": "yes"}),
    Route("GET", "/projects/{project_id}/webhooks/", MANAGE),
    Route("POST", "/projects/{project_id}/webhooks/", MANAGE, {"url": "https://example.org/", "events": "run.done"}),
    Route("GET", "/webhooks/{webhook_id}/", MANAGE),
    Route("POST", "/webhooks/{webhook_id}/", MANAGE, {"url": "https://example.org/", "events": "run.done"}),
    Route("POST", "/webhooks/{webhook_id}/do/", MANAGE, {"do": "ping"}),
    Route("POST", "/webhooks/{webhook_id}/again/", MANAGE, {"delivery": "{delivery_id}"}),
    Route("POST", "/projects/{project_id}/archive/", MANAGE, {"archived": "yes"}),
    Route("POST", "/projects/{project_id}/jobs/take/", ANNOTATE),
    Route("POST", "/projects/{project_id}/jobs/take/", REVIEW, {"to": "review"}),
    Route("POST", "/projects/{project_id}/taking/", MANAGE, {"lets": "no"}),
    Route(
        "POST",
        "/projects/{project_id}/consensus/",
        MANAGE,
        {"video": "{video_id}", "first": "0", "last": "9", "free": "2"},
    ),
    Route("GET", "/consensus/{consensus_id}/", REVIEW),
    Route("POST", "/consensus/{consensus_id}/do/", MANAGE, {"do": "weigh"}),
    Route("POST", "/consensus/{consensus_id}/do/", MANAGE, {"do": "remove"}),
    Route("POST", "/consensus/{consensus_id}/decide/", MANAGE, {"rest": "leave"}),
    Route("GET", "/jobs/{job_id}/", VIEW),
    Route("POST", "/jobs/{job_id}/step/", ANNOTATE, {"step": "submit"}),
    Route("POST", "/jobs/{job_id}/reviewers/", MANAGE, {"reviewer": "1"}),
    Route("POST", "/projects/{project_id}/accepting/", MANAGE, {"all": "yes"}),
    Route("GET", "/videos/{video_id}/edit/", VIEW, query="?job={job_id}"),
    Route("GET", "/videos/{video_id}/compare/", VIEW, query="?compared={layer_id}&reference={reference_id}"),
)

API = (
    Route("GET", "/api/openapi.json", PUBLIC),
    Route("GET", "/api/docs", PUBLIC),
    Route("GET", "/api/audit", SITE_ADMIN),
    Route("GET", "/api/audit.csv", SITE_ADMIN),
    Route("GET", "/api/workspaces/{workspace_id}/storage", ADMIN),
    Route("GET", "/api/workspaces/{workspace_id}/audit", ADMIN),
    Route("GET", "/api/workspaces/{workspace_id}/audit.csv", ADMIN),
    Route("GET", "/api/me/tokens", SIGNED_IN),
    Route("POST", "/api/me/tokens", SIGNED_IN, {"name": "script", "scope": "read"}),
    Route("DELETE", "/api/me/tokens/{api_token_id}", BOBS_OWN),
    Route("GET", "/api/projects/{project_id}/webhooks", MANAGE),
    Route(
        "POST", "/api/projects/{project_id}/webhooks", MANAGE, {"url": "https://example.org/", "events": ["run.done"]}
    ),
    Route("PATCH", "/api/webhooks/{webhook_id}", MANAGE, {"active": False}),
    Route("DELETE", "/api/webhooks/{webhook_id}", MANAGE),
    Route("POST", "/api/webhooks/{webhook_id}/secret", MANAGE),
    Route("POST", "/api/webhooks/{webhook_id}/ping", MANAGE),
    Route("GET", "/api/webhooks/{webhook_id}/deliveries", MANAGE),
    Route("POST", "/api/webhooks/{webhook_id}/deliveries/{delivery_id}/again", MANAGE),
    Route("GET", "/api/me/preferences", SIGNED_IN),
    Route("PATCH", "/api/me/preferences", SIGNED_IN, {"theme": "dark"}),
    Route("GET", "/api/me/notifications", SIGNED_IN),
    Route("POST", "/api/me/notifications/read", SIGNED_IN, {"id": 1, "issue": NO_TRACK}),
    Route("GET", "/api/projects/{project_id}/labels", VIEW),
    Route("PUT", "/api/projects/{project_id}/labels", MANAGE, LABELS),
    Route("GET", "/api/projects/{project_id}/class-labels", VIEW),
    Route("PATCH", "/api/projects/{project_id}/class-labels", ANNOTATE, {"labels": {"dog": None}}),
    Route("GET", "/api/jobs/{job_id}", VIEW),
    Route("POST", "/api/jobs/{job_id}/steps", ANNOTATE, {"step": "submit"}),
    Route("PUT", "/api/jobs/{job_id}/reviewers", MANAGE, {"people": []}),
    Route("POST", "/api/projects/{project_id}/jobs/take", ANNOTATE, {}),
    Route("GET", "/api/projects/{project_id}/consensus", MANAGE),
    Route(
        "POST",
        "/api/projects/{project_id}/consensus",
        MANAGE,
        {"video": "{video_id}", "first": 0, "last": 9, "free": 2},
    ),
    Route("GET", "/api/consensus/{consensus_id}", REVIEW),
    Route("POST", "/api/consensus/{consensus_id}/steps", MANAGE, {"step": "weigh"}),
    Route("POST", "/api/consensus/{consensus_id}/decisions", MANAGE, {"conflict": "minority:0", "choice": "take"}),
    Route("DELETE", "/api/consensus/{consensus_id}", MANAGE),
    Route("POST", "/api/uploads/", MANAGE, headers=NEW_UPLOAD),
    Route("HEAD", "/api/uploads/{upload_id}", MONAS),
    Route("PATCH", "/api/uploads/{upload_id}", MONAS, b"abcd", headers=CHUNK),
    Route("DELETE", "/api/uploads/{upload_id}", MONAS),
    Route("GET", "/api/videos/", VIEW, query="?project={project_id}"),
    Route("GET", "/api/videos/{video_id}", VIEW),
    Route("PATCH", "/api/videos/{video_id}", MANAGE, {"name": "tigers.mp4"}),
    Route("DELETE", "/api/videos/{video_id}", MANAGE),
    Route("POST", "/api/videos/{video_id}/retry", MANAGE),
    Route("GET", "/api/videos/{video_id}/source", VIEW),
    Route("GET", "/api/videos/{video_id}/packets", VIEW),
    Route("GET", "/api/videos/{video_id}/proxy.mp4", VIEW),
    Route("GET", "/api/videos/{video_id}/strip.jpg", VIEW),
    Route("GET", "/api/videos/{video_id}/frames/{frame}.jpg", VIEW),
    Route("GET", "/api/videos/{video_id}/layers", VIEW),
    Route("POST", "/api/videos/{video_id}/layers", ANNOTATE, {"name": "mine", "kind": "replica"}),
    Route("POST", "/api/videos/{video_id}/layers", REVIEW, {"name": "truth", "kind": "ground_truth"}),
    Route("POST", "/api/videos/{video_id}/layers", REVIEW, {"name": "yolo", "kind": "model"}),
    Route("PATCH", "/api/layers/{layer_id}", REVIEW, {"name": "truth"}),
    Route("DELETE", "/api/layers/{layer_id}", MANAGE, query="?revision=0"),
    Route("POST", "/api/layers/{layer_id}/take-over", ANNOTATE, TAKE_OVER),
    Route("POST", "/api/layers/{layer_id}/comparisons/{reference_id}", VIEW),
    Route("GET", "/api/layers/{layer_id}/comparisons/{reference_id}", VIEW),
    Route("DELETE", "/api/layers/{layer_id}/comparisons/{reference_id}", VIEW),
    Route("GET", "/api/videos/{video_id}/comparisons", VIEW),
    Route("GET", "/api/layers/{layer_id}/window", VIEW, query="?first=0&last=9"),
    Route("GET", "/api/layers/{layer_id}/overview", VIEW),
    Route("GET", "/api/layers/{layer_id}/tracks", VIEW),
    Route("GET", "/api/layers/{layer_id}/events", VIEW),
    Route("GET", "/api/layers/{layer_id}/changes", VIEW),
    Route("GET", "/api/layers/{layer_id}/authors", VIEW),
    Route("GET", "/api/layers/{layer_id}/conflicts", VIEW, query="?since=0"),
    Route("GET", "/api/layers/{layer_id}/deleted", VIEW),
    Route("GET", "/api/layers/{layer_id}/verdicts", VIEW),
    Route("PUT", "/api/layers/{layer_id}/verdicts", REVIEW, VERDICT),
    Route("GET", "/api/layers/{layer_id}/former", VIEW, query=FORMER),
    Route("GET", "/api/layers/{layer_id}/clicked", VIEW, query=f"?track={NO_TRACK}&frame=0"),
    Route("GET", "/api/layers/{layer_id}/issues", VIEW),
    Route("POST", "/api/layers/{layer_id}/issues", VIEW, ISSUE),
    Route("GET", "/api/layers/{layer_id}/people", VIEW),
    Route("GET", "/api/issues/{issue_id}", VIEW),
    Route("PATCH", "/api/issues/{issue_id}", ANNOTATE, {"resolved": True}),
    Route("POST", "/api/issues/{issue_id}/comments", VIEW, {"id": NO_TRACK, "text": "Yes."}),
    Route("PATCH", "/api/comments/{comment_id}", MONAS_WORDS, {"text": "Really?"}),
    Route("DELETE", "/api/comments/{comment_id}", MANAGE),
    Route("GET", "/api/layers/{layer_id}/inspection", VIEW),
    Route("POST", "/api/layers/{layer_id}/inspection", VIEW),
    Route("GET", "/api/layers/{layer_id}/joins", VIEW),
    Route("POST", "/api/layers/{layer_id}/joins", ANNOTATE),
    Route("POST", "/api/layers/{layer_id}/joins/dismissed", ANNOTATE, {"key": "0" * 32, "dismissed": True}),
    Route("DELETE", "/api/layers/{layer_id}/joins", ANNOTATE),
    Route("GET", "/api/layers/{layer_id}/restore", MANAGE, query="?revision=0"),
    Route("POST", "/api/layers/{layer_id}/restore", MANAGE, RESTORE),
    Route("GET", "/api/workspaces/{workspace_id}/networks", VIEW),
    Route("POST", "/api/machines/{agent_id}/downloads", ADMIN, GET_WEIGHTS),
    Route("POST", "/api/machines/{agent_id}/resting", ADMIN, {"workspace": "{workspace_id}", "resting": True}),
    Route("POST", "/api/machines/{agent_id}/memory", ADMIN, UNPIN),
    Route("POST", "/api/machines/{agent_id}/log", ADMIN, {"after": 0}),
    Route("GET", "/api/machines/{agent_id}/log/{ask}", ADMIN),
    Route("POST", "/api/workspaces/{workspace_id}/limit", SITE_ADMIN, {"runs_at_once": 2}),
    Route("DELETE", "/api/machines/{agent_id}/downloads/{model}", ADMIN),
    Route("POST", "/api/stored-weights/", ADMIN, headers=NEW_WEIGHTS),
    Route("HEAD", "/api/stored-weights/{weights_id}", ADMIN),
    Route("PATCH", "/api/stored-weights/{weights_id}", ADMIN, b"abcd", headers=CHUNK),
    Route("DELETE", "/api/stored-weights/{weights_id}", ADMIN),
    # Whoever holds the signed token; test_stored_weights.py tries others.
    Route("GET", "/api/agent-weights/{weights_token}", PUBLIC),
    Route("GET", "/api/models/", VIEW, query="?workspace={workspace_id}"),
    # Whoever holds the signed token; test_agent_media.py tries others.
    Route("GET", "/api/agent-media/{token}/source", PUBLIC),
    Route("GET", "/api/agent-media/{token}/index", PUBLIC),
    Route("GET", "/api/agents/version", AN_AGENTS),
    Route("GET", "/api/agents/package", AN_AGENTS),
    Route("POST", "/api/agents/checks", AN_AGENTS, {"host": "box", "version": "", "checks": []}),
    Route("GET", "/api/formats", SIGNED_IN),
    Route("GET", "/api/layers/{layer_id}/transfers", VIEW),
    Route("POST", "/api/layers/{layer_id}/exports", VIEW, {"format": "mot"}),
    Route("POST", "/api/layers/{layer_id}/exports/losses", VIEW, {"format": "mot"}),
    Route("POST", "/api/layers/{layer_id}/imports", ANNOTATE, {"format": "mot", "file": b"not an archive"}),
    Route("POST", "/api/projects/{project_id}/imports", ANNOTATE, {"format": "mot", "file": b"not an archive"}),
    Route("GET", "/api/projects/{project_id}/queues", VIEW),
    Route("POST", "/api/projects/{project_id}/queues", REVIEW, {}),
    Route("DELETE", "/api/projects/{project_id}/queues", REVIEW),
    Route("GET", "/api/projects/{project_id}/analytics", ANNOTATE),
    Route("POST", "/api/projects/{project_id}/analytics", ANNOTATE),
    Route("GET", "/api/projects/{project_id}/analytics/counting", ANNOTATE),
    Route("GET", "/api/projects/{project_id}/analytics/{table}.csv", ANNOTATE),
    Route("POST", "/api/videos/{video_id}/previews", ANNOTATE, PREVIEW),
    Route("GET", "/api/workspaces/{workspace_id}/videos", VIEW, query="?words=clip"),
    Route("POST", "/api/machines/{agent_id}/tries", ANNOTATE, TRY),
    Route("GET", "/api/previews/{preview_id}", MONAS),
    Route("DELETE", "/api/previews/{preview_id}", MONAS),
    Route("GET", "/api/projects/{project_id}/quality", REVIEW),
    Route("GET", "/api/projects/{project_id}/quality/{quality_table}.csv", REVIEW),
    Route("GET", "/api/projects/{project_id}/sweeps", MANAGE),
    Route("POST", "/api/projects/{project_id}/sweeps", MANAGE, SWEEP),
    Route("GET", "/api/sweeps/{sweep_id}", MANAGE),
    Route("POST", "/api/sweeps/{sweep_id}/steps", MANAGE, {"step": "pause"}),
    Route("POST", "/api/sweeps/{sweep_id}/videos/{video_id}/take-over", MANAGE, {}),
    Route("GET", "/api/transfers/{transfer_id}", VIEW),
    Route("DELETE", "/api/transfers/{transfer_id}", MANAGE),
    Route("GET", "/api/transfers/{transfer_id}/file", VIEW),
    Route("GET", "/api/projects/{project_id}/parcels", ADMIN),
    Route("POST", "/api/projects/{project_id}/parcels", ADMIN, {"with_media": False}),
    Route("GET", "/api/workspaces/{workspace_id}/parcels", ADMIN),
    Route("POST", "/api/parcels/", ADMIN, headers=NEW_PARCEL),
    Route("GET", "/api/parcels/{parcel_id}", ADMIN),
    Route("GET", "/api/parcels/{parcel_id}/file", ADMIN),
    Route("HEAD", "/api/parcels/{parcel_id}", ADMIN),
    Route("PATCH", "/api/parcels/{parcel_id}", ADMIN, b"abcd", headers=CHUNK),
    Route("DELETE", "/api/parcels/{parcel_id}", ADMIN),
)

ROUTES = (*PAGES, *API)
