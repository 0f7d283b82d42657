"""Values that no field is for, in every field of every address and message: refused in words, never a fault."""

from __future__ import annotations

import copy
import json
import logging
import re
import struct
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from pydantic import BaseModel

from annotator.announce.messages import (
    Click,
    Edit,
    EditPart,
    FindOptions,
    Ping,
    Pong,
    Presence,
    PromptIn,
    Received,
    Refused,
    RunCorrect,
    RunExtend,
    RunOptions,
    RunStart,
    RunStop,
    SmartClicks,
)
from annotator.api.router import api
from annotator.live.agent_consumer import PROTOCOL_ERROR, REPLACED
from annotator.live.relay import in_thread
from annotator.models import Run, User
from tests.annotator.live.sockets import Browser, FakeAgent
from tests.annotator.routes import ROUTES, Route
from tests.annotator.test_refusals import RAW
from tests.annotator.test_routes import things
from tests.annotator.worlds import World, create, draw, frames_of, make_agent, make_world, predicted, put, update
from tests.annotator.worlds import keyframe as keyframe_row
from tests.people import Team, client_of
from tracking.protocol import (
    PROTOCOL,
    Batch,
    BatchTable,
    Device,
    DeviceLoad,
    Fetched,
    FoundObject,
    Hello,
    LegDone,
    Load,
    Previewed,
    RunDone,
    RunFailed,
    RunNote,
    SeenObject,
    Segmented,
    Start,
    Stored,
)
from tracking.shapes.payloads import single

__all__ = ["things"]

NUMBERS = (2**31, 2**32, 2**63, 10**30, -1, -(2**63) - 1, 1.5, 1e308)
TEXTS = ("\0", "a\0b", "\ud800", "a\udfffb", "²", "\u0661", "NaN", "Infinity", "1" + "0" * 30, "x" * 100_000, "", " ")
ODD: tuple[Any, ...] = (*NUMBERS, *TEXTS, float("nan"), float("inf"), -float("inf"), None, True, [], {}, [[]], ["\0"])
IN_PATHS = (
    "²",
    "2147483648",
    "4294967296",
    "9223372036854775808",
    "1" + "0" * 30,
    "-1",
    "%00",
    "%ED%A0%80",
    "NaN",
    "%F0",
)
IN_QUERIES = (*IN_PATHS, "Infinity", "-Infinity", "", "1e308", "a%00b", "x" * 5000)
HEADER_VALUES = ("²", "2147483648", "9223372036854775808", "1" + "0" * 30, "-1", "NaN", "Infinity", "", "\xff", "YQ")
METADATA = (
    "filename",
    "filename YQ==",
    "filename AA==,project MQ==",
    "filename 7aCA,project MQ==",
    "a b,c d",
    "=",
    "project",
)


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where in a JSON value there is something, the value itself first."""
    yield at
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from places(inner, (*at, key))


def with_value(value: Any, at: tuple[Any, ...], odd: Any) -> Any:
    if not at:
        return odd
    changed = copy.deepcopy(value)
    place = changed
    for key in at[:-1]:
        place = place[key]
    place[at[-1]] = odd
    return changed


def operation_of(route: Route) -> dict[str, Any]:
    """What the OpenAPI document says of an address of the API."""
    paths = api.get_openapi_schema()["paths"]
    found: dict[str, Any] = paths.get(route.path, {}).get(route.method.lower(), {})
    return found


def fields_of(schema: dict[str, Any]) -> dict[str, Any]:
    """Fields of a body that may be left out, each with nothing in it."""
    if "$ref" in schema:
        schema = api.get_openapi_schema()["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return dict.fromkeys(schema.get("properties", {}))


def bodies(route: Route) -> Iterator[str]:
    """JSON bodies, each with one odd value."""
    content = operation_of(route).get("requestBody", {}).get("content", {})
    schema = content.get("application/json", {}).get("schema", {})
    base = route.sent if isinstance(route.sent, dict | list) else {}
    optional = {name: None for name in fields_of(schema) if isinstance(base, dict) and name not in base}
    for at in [*places(base), *[(name,) for name in optional]]:
        for odd in ODD:
            yield json.dumps(with_value(base, at, odd))
    yield from (
        "",
        "{",
        "[" * 10_000,
        '{"a":' * 5_000,
        "\xed\xa0\x80",
        "nul\0",
    )


def requests(route: Route, things: dict[str, Any], client: Client) -> Iterator[tuple[str, Any]]:
    """Every odd request to an address: what it is, and its answer."""
    path, query = route.path.format_map(things), route.query.format_map(things)
    headers = {name: value.format_map(things) for name, value in route.headers.items()}
    kind = headers.pop("Content-Type", "application/json")
    raw = route.sent if isinstance(route.sent, bytes) else b""

    def ask(url: str, data: Any = raw, **given: Any) -> Any:
        return client.generic(route.method, url, data, content_type=kind, **{"headers": headers, **given})

    for name in re.findall(r"\{(\w+)\}", route.path):
        for odd in IN_PATHS:
            yield f"{name}={odd}", ask(route.path.format_map({**things, name: odd}) + query)
    named: dict[str, str] = dict(re.findall(r"[?&](\w+)=([^&]*)", query))
    named |= {each["name"]: "" for each in operation_of(route).get("parameters", []) if each["in"] == "query"}
    for name in named:
        for odd in IN_QUERIES:
            other = "&".join(f"{key}={value}" for key, value in named.items() if key != name and value)
            yield f"?{name}={odd}", ask(f"{path}?{other}&{name}={odd}")
    for name in headers:
        for odd in METADATA if name.endswith("Metadata") else HEADER_VALUES:
            yield f"{name}: {odd!r}", ask(path + query, headers={**headers, name: odd})
    if route.method in ("GET", "HEAD", "DELETE"):
        return
    is_form = not route.path.startswith("/api/") or (isinstance(route.sent, dict) and "file" in route.sent)
    if is_form:
        for name in route.sent or {}:
            for odd in (*map(str, NUMBERS), *TEXTS):
                form = {
                    key: form_field(odd if key == name else value, things if key != name else None)
                    for key, value in route.sent.items()
                }
                if name == "file":
                    form["file"] = SimpleUploadedFile(odd.encode("utf-8", "replace").decode() or "a", b"x\0")
                yield f"{name}={odd[:20]!r}", client.post(path, form)
    elif not raw:
        for body in bodies(route):
            yield body[:200], ask(path + query, body)


def form_field(value: str | bytes, things: dict[str, Any] | None) -> Any:
    """As a browser would send it, and as none would."""
    if isinstance(value, bytes):
        return SimpleUploadedFile("a", value)
    # In a list: of bytes alone Django's client would send each one as a field.
    return [(value.format_map(things) if things else value).encode("utf-8", "surrogatepass")]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_no_address_breaks_by_a_value(route: Route, team: Team, things: dict[str, Any]) -> None:
    sam = User.objects.create_superuser("sam", "sam@example.org")
    upload = route.path.startswith("/api/uploads")
    client = client_of(team.mona if upload else sam)
    client.raise_request_exception = False
    logging.disable(logging.ERROR)
    broken = []
    asked = requests(route, things, client)
    try:
        while True:
            with transaction.atomic():
                what, answer = next(asked)
                if answer.status_code >= 500:
                    broken.append((what, answer.status_code, repr(answer.exc_info and answer.exc_info[1])[:200]))
                elif answer.status_code == 422 and RAW.search(answer.content.decode()):
                    broken.append((what, answer.status_code, answer.content.decode()[:200]))
                transaction.set_rollback(True)
    except StopIteration:
        pass
    finally:
        logging.disable(logging.NOTSET)
    assert not broken, f"{len(broken)} of them: {broken[:8]}"


# ---------------------------------------------------------------- the live channel


@pytest.fixture
def world(transactional_db: None) -> World:
    return make_world()


def commands(world: World) -> dict[str, BaseModel]:
    track, run = uuid4(), uuid4()
    operations = [create(track, world.car), update(track, attributes={"1": 2}), put(track, [keyframe_row(5)])]
    find = FindOptions(finder="yolox", labels={"car": world.car.pk})
    options = RunOptions(find=find)
    prompt = PromptIn(track=track, frame=3)
    return {
        "edit": Edit(id=uuid4(), operations=operations, undoes=uuid4(), base=0, summary="Draw"),
        "part": EditPart(edit=uuid4(), index=0, last=True, text="{}"),
        "start": RunStart(
            id=run, model="classical", prompts=[prompt], first=0, last=9, options=options, settings={"a": 1.0}
        ),
        "correct": RunCorrect(run=run, track=track, frame=3),
        "extend": RunExtend(run=run, first=0, last=9),
        "stop": RunStop(run=run, tracks=[track]),
        "clicks": SmartClicks(
            request=1, model="a", frame=3, clicks=[Click(x=1, y=2, positive=True)], box=(1, 2, 3, 4), track=track
        ),
        "received": Received(sequence=1),
        "presence": Presence(frame=1, tracks=[track]),
        "ping": Ping(),
    }


@pytest.mark.timeout(300)
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "name", ["edit", "part", "start", "correct", "extend", "stop", "clicks", "received", "presence", "ping"]
)
async def test_no_message_of_a_browser_breaks_its_socket(
    name: str, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    browser = await Browser.on(world)
    base = commands(world)[name].model_dump(mode="json")
    for at in places(base):
        for odd in ODD:
            message = with_value(base, at, odd)
            if isinstance(message, dict) and isinstance(message.get("id"), str) and at != ("id",):
                message["id"] = str(uuid4())
            await browser.wire.send_to(text_data=json.dumps(message))
            await browser.send(Ping())
            while not isinstance(answer := await browser.next(), Pong):
                assert answer is not None
                assert not (isinstance(answer, Refused) and RAW.search(answer.message)), answer
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR], caplog.text[:3000]
    await browser.close()


async def looked_at_all(agent: FakeAgent) -> bool:
    """Wait until everything that an agent sent was looked at; False: that ended its connection."""
    # Of a run that isn't there an agent is told so.
    unknown = str(uuid4())
    await agent.send(RunNote(run=unknown, message="Is it there?"))
    while (raw := await agent.raw()) is not None:
        if unknown in str(raw):
            return True
    return False


FROM_AGENTS: dict[str, BaseModel] = {
    "hello": Hello(
        protocol=PROTOCOL,
        version="1",
        host="box",
        devices=[Device(name="cpu", kind="cpu", memory_bytes=1)],
        models=["a"],
        runs=[str(uuid4())],
    ),
    "leg": LegDone(run=str(uuid4()), object=str(uuid4()), direction="forward", epoch=0, sequence=1, problem="none"),
    "note": RunNote(run=str(uuid4()), message="It goes on."),
    "done": RunDone(run=str(uuid4()), sequence=1),
    "failed": RunFailed(run=str(uuid4()), message="It broke.", detail="Somewhere."),
    "segmented": Segmented(reader="r", request=1, stage="answered", table="AAAA", score=0.5, message="no"),
    "load": Load(
        cpu=0.5,
        memory_bytes=1,
        runs=0,
        models=["a"],
        stalled={str(uuid4()): 61.0},
        devices=[DeviceLoad(busy=0.5, memory_bytes=1)],
    ),
    "fetched": Fetched(model="xmem", stage="downloading", done=1, total=2, message="It comes."),
    "previewed": Previewed(
        preview=str(uuid4()),
        stage="done",
        seen=[SeenObject(label="car", confidence=0.5, box=(1, 2, 3, 4), same=[0])],
        left_out=1,
        seconds=0.5,
        shapes=["AAAA"],
        notes=["It left the picture."],
    ),
}


@pytest.mark.timeout(300)
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("name", FROM_AGENTS)
async def test_an_agent_s_message_is_taken_or_ends_its_socket_in_words(
    name: str, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await in_thread(make_agent, world, connected=False)
    base = FROM_AGENTS[name].model_dump(mode="json")
    agent: FakeAgent | None = None
    for at in places(base):
        for odd in (2**31, 2**63, 10**30, -1, 1e308, "\0", "\ud800", "²", "NaN", float("nan"), float("inf"), None, []):
            agent = agent or await FakeAgent.connected()
            await agent.wire.send_to(text_data=json.dumps(with_value(base, at, odd)))
            if not await looked_at_all(agent):
                assert agent.closed in (PROTOCOL_ERROR, REPLACED)
                await agent.close()
                agent = None
    if agent:
        await agent.close()
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR], caplog.text[:3000]


def batches(start: Start) -> Iterator[bytes]:
    """Binary messages about a run, each with something wrong in its header, in its tables or around them."""
    (leg,) = start.legs
    row = predicted(5, 5)
    table = single(row).pack()
    head = Batch(
        run=start.run,
        sequence=1,
        tables=[BatchTable(object=leg.prompt.object, epoch=0, bytes=len(table))],
        found=[FoundObject(object=str(uuid4()), label="car", frame=5, direction="forward", last=9)],
    ).model_dump(mode="json")
    for at in places(head):
        for odd in (-1, 2**63, "\0", float("nan"), None):
            text = json.dumps(with_value(head, at, odd)).encode()
            yield struct.pack("<I", len(text)) + text + table
    text = json.dumps(head).encode()
    for odd_head in (b"", b"{}", b"[" * 1000, b"\xff\xfe", text[:-1]):
        yield struct.pack("<I", len(odd_head)) + odd_head + table
    whole = struct.pack("<I", len(text)) + text + table
    yield from (b"\0", struct.pack("<I", 2**32 - 1) + text, whole[:-1], whole + b"\0", whole[: 4 + len(text)])
    for at in range(0, len(table), 3):
        yield whole[: -len(table)] + table[:at] + bytes([table[at] ^ 0xFF]) + table[at + 1 :]


@pytest.mark.timeout(300)
@pytest.mark.django_db(transaction=True)
async def test_a_batch_of_an_agent_is_taken_or_ends_its_socket_or_its_run_in_words(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    await in_thread(make_agent, world, connected=False)
    track = await in_thread(draw, world, 0)
    browser = await Browser.on(world)
    await browser.track(track)
    agent = await FakeAgent.connected()
    start = await agent.until(Start)
    closed = 0
    for message in batches(start):
        await agent.wire.send_to(bytes_data=message)
        if not (taken := await looked_at_all(agent)):
            assert agent.closed == PROTOCOL_ERROR
            closed += 1
        if not taken or await in_thread(Run.objects.exclude(state="running").exists):
            await agent.close()
            await in_thread(Run.objects.update, state="queued", tries=0)
            agent = await FakeAgent.connected()
            start = await agent.until(Start)
    assert closed > 30
    await agent.predict(start, 6, 7, 8)
    while (await agent.until(Stored)).sequence != agent.sequence:
        pass
    assert set(await in_thread(frames_of, track)) - {5} == {0, 6, 7, 8}
    await agent.close()
    await browser.close()
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR], caplog.text[:3000]
