"""The ``framewise`` command. Each subcommand imports what it needs when it runs, so that ``--help`` is instant and
tracking needs no Django."""

from __future__ import annotations

import sys
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.markup import escape

from framewise import __version__

if TYPE_CHECKING:
    from tracking.shapes.values import GeometryKind

FAILED, UNCHECKED, INTERRUPTED = 1, 2, 130


class Engine(StrEnum):
    """Where an agent carries runs out."""

    LOCAL = "local"
    RAY = "ray"


console = Console(stderr=True)
app = typer.Typer(
    name="framewise",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    add_completion=False,
    pretty_exceptions_show_locals=False,
    help="Label videos together while AI trackers do the repetitive part live.",
)
weights_app = typer.Typer(no_args_is_help=True, rich_markup_mode="markdown", help="Get and keep the weights of models.")
app.add_typer(weights_app, name="weights")


def fail(message: object, code: int = FAILED) -> NoReturn:
    """Tell what went wrong and end."""
    console.print(f"[bold red]framewise:[/] {escape(str(message))}", highlight=False, soft_wrap=True)
    raise typer.Exit(code)


def _version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"framewise {__version__}\n")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Label videos together while AI trackers do the repetitive part live.

    **Start here:** `framewise serve` starts everything and prints an address and a login.
    """


@app.command()
def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 for everybody on the network.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the web pages.")] = 8000,
    agent: Annotated[bool, typer.Option(help="Track on this machine too.")] = True,
    demo: Annotated[bool, typer.Option(help="Make a demo project and its login on a fresh data folder.")] = True,
) -> None:
    """Start everything: the web pages, the jobs workers and a local agent. Ctrl-C stops it.

    **Examples**

    - `framewise serve` on this machine only

    - `framewise serve --host 0.0.0.0 --port 80` for the whole network

    - `FRAMEWISE_DATA=/srv/framewise framewise serve` with another data folder
    """
    from framewise.serve import ServeError
    from framewise.serve import serve as run

    try:
        run(host=host, port=port, agent=agent, demo=demo)
    except ServeError as error:
        fail(error)


@app.command()
def prepare(
    demo: Annotated[bool, typer.Option(help="On a fresh database make a demo project and its login.")] = False,
) -> None:
    """Bring the database and the bucket to what this version needs, before its processes start.

    For servers of several processes (`framewise web`, `framewise jobs`, `framewise agent`); `framewise serve` does all
    of it by itself. On a fresh database the account `admin` gets the password in `FRAMEWISE_ADMIN_PASSWORD`.
    """
    from framewise.processes import NotPrepared
    from framewise.processes import prepare as run

    try:
        done = run(demo=demo)
    except (NotPrepared, OSError) as error:
        fail(error)
    for sentence in done:
        console.print(sentence, highlight=False)


@app.command()
def web(
    host: Annotated[
        str, typer.Option(help="Address to listen on; 0.0.0.0 for everybody on the network.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the web pages.")] = 8000,
) -> None:
    """One web process, and nothing else. Several need PostgreSQL, Redis and a proxy in front: docs/scaling.md."""
    from framewise.processes import become, web_command

    become(web_command(host, port))


class Queue(StrEnum):
    """What jobs workers do: what somebody waits for, and copies of videos for quick playback."""

    DEFAULT = "default"
    PLAYBACK = "playback"


@app.command()
def jobs(
    queue: Annotated[
        list[Queue] | None, typer.Option(help="Do only this: default, what somebody waits for, or playback.")
    ] = None,
    is_alive: Annotated[
        bool, typer.Option("--is-alive", help="Only say whether a jobs worker of this machine lives (exit status 0).")
    ] = False,
) -> None:
    """One jobs worker, of as many as you like: what one does that dies, another begins anew after 30 s."""
    from framewise.processes import become, jobs_command

    only = [word for each in queue or () for word in ("--queue", each.value)]
    become(jobs_command("--one-of-many", *only, *(["--is-alive"] if is_alive else [])))


@app.command()
def agent(
    server: Annotated[
        str,
        typer.Option(envvar="FRAMEWISE_SERVER", help="The server's address; else the one it was connected to."),
    ] = "",
    token: Annotated[
        str,
        typer.Option(
            envvar="FRAMEWISE_AGENT_TOKEN",
            help="As the page Neural networks shows it. Other users of this machine can read arguments: rather use the "
            "environment. Not needed where the machine was connected by the command of that page.",
        ),
    ] = "",
    name: Annotated[str, typer.Option(help="What to call this machine; its host name unless given.")] = "",
    runs: Annotated[int, typer.Option(min=1, help="How many runs to carry out at once.")] = 4,
    cache: Annotated[Path, typer.Option(envvar="FRAMEWISE_CACHE", file_okay=False, help="Folder for videos.")] = Path(
        "~/.cache/framewise/videos"
    ),
    cache_gb: Annotated[float, typer.Option(min=0.1, help="How many gigabytes of videos to keep there.")] = 20,
    idle_minutes: Annotated[
        float, typer.Option(min=0, help="After how many minutes without use a model leaves memory.")
    ] = 60,
    engine: Annotated[
        Engine,
        typer.Option(help="Where runs are carried out: on this machine, or in the Ray cluster that it is part of."),
    ] = Engine.LOCAL,
    address: Annotated[
        str,
        typer.Option(
            envvar="RAY_ADDRESS",
            help="Of --engine ray: the cluster, as host:port. Unless given, the one that was started on this machine, "
            "or else one of this machine alone.",
        ),
    ] = "",
    cpus: Annotated[float, typer.Option(min=0, help="Of --engine ray: cores for each model.")] = 1,
    gpu_share: Annotated[
        float,
        typer.Option(
            min=0, max=1, help="Of --engine ray: the share of a GPU for each model; 0: by the model's memory."
        ),
    ] = 0,
    split: Annotated[
        int,
        typer.Option(
            min=0,
            help="Of --engine ray: how many processes work at a run that finds objects, each at a range of its frames; "
            "0: as many as the cluster has room for, 1: it isn't split.",
        ),
    ] = 0,
    restart: Annotated[
        bool,
        typer.Option(
            help="Start it again when it dies: out of memory, or ended by itself because a model hung for ten minutes. "
            "--no-restart leaves that to a service manager; exit code 78: the server doesn't let it in."
        ),
    ] = True,
    patience: Annotated[
        float,
        typer.Option(min=0, help="How many seconds to wait without a warning for a server that is only starting."),
    ] = 0,
    check: Annotated[
        bool, typer.Option("--check", help="Check what an agent needs here, each by name with its mend, and end.")
    ] = False,
    install_service: Annotated[
        bool,
        typer.Option("--install-service", help="Show a systemd unit of this user, and install it when you agree."),
    ] = False,
    uninstall_service: Annotated[
        bool, typer.Option("--uninstall-service", help="Stop that service, and take its unit away.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Install the service without asking.")] = False,
) -> None:
    """Connect this machine to a server, to track for it. It only opens connections outwards, and comes back by itself.

    **Examples**

    - `FRAMEWISE_AGENT_TOKEN=… framewise agent --server https://label.example.org`

    - `framewise agent --server http://10.0.0.5:8000 --token … --name gpu-box --runs 8`

    - `framewise agent --server https://label.example.org --engine ray --address 10.0.0.7:6379`

    - `framewise agent --check`
    """
    from framewise import kept
    from framewise.agent import NOT_LET_IN, Cluster, keep_agent, run_agent
    from tracking.engine import Unreachable
    from tracking.types import TrackingError

    if uninstall_service:
        _uninstall_service()
        return
    known = kept.remembered()
    server = server or known.get(kept.SERVER, "")
    if server == known.get(kept.SERVER):
        token = token or known.get(kept.TOKEN, "")
    if not server or not token:
        fail(
            "An agent needs its server's address and a token; none is given or kept here. Connect a machine on the "
            "server's page Neural networks, and run the command that it shows.",
            UNCHECKED,
        )
    if check or install_service:
        from framewise.checks import check_machine

        try:
            sound = check_machine(server, token, cache=cache, update=kept.update_command(server))
        except TrackingError as error:
            fail(error, UNCHECKED)
        if not sound:
            raise typer.Exit(FAILED)
    if check:
        return
    if install_service:
        options = {"--name": name, "--runs": str(runs), "--cache-gb": f"{cache_gb:g}"}
        if engine is Engine.RAY:
            options |= {"--engine": "ray", "--address": address, "--cpus": f"{cpus:g}", "--gpu-share": f"{gpu_share:g}"}
            options["--split"] = str(split)
        _install_service(server, token, options | {"--idle-minutes": f"{idle_minutes:g}"}, agreed=yes)
        return
    cluster = Cluster(address, cpus, gpu_share, split) if engine is Engine.RAY else None
    if cluster is not None:
        _require_ray()
    work = keep_agent if restart else run_agent
    try:
        code = work(
            server=server,
            token=token,
            name=name,
            runs=runs,
            cache=cache.expanduser(),
            cache_gb=cache_gb,
            idle_minutes=idle_minutes,
            patience_s=patience,
            cluster=cluster,
        )
    except Unreachable as error:
        fail(error)
    except TrackingError as error:
        fail(error, NOT_LET_IN)
    raise typer.Exit(code)


def _require_ray() -> None:
    from importlib.util import find_spec

    if find_spec("ray") is None:
        fail(
            "The engine “ray” needs Ray, which isn't installed with this Framewise. Install it there, on every machine "
            "of the cluster: pip install 'framewise[ray]'. Or leave --engine out.",
            UNCHECKED,
        )


def _install_service(server: str, token: str, options: dict[str, str], *, agreed: bool) -> None:
    from framewise import kept, service

    text = service.unit(server, [word for name, value in options.items() if value for word in (name, value)])
    try:
        service.require_systemd()
        console.print(f"This goes to {service.unit_file()}:\n", highlight=False, soft_wrap=True)
        console.print(escape(text), highlight=False, soft_wrap=True)
        if not agreed and not typer.confirm("Install it, and start it now?", err=True):
            fail("Nothing was installed.")
        kept.save(server, token)
        left = service.install(text)
    except service.ServiceError as error:
        fail(error)
    console.print(f"The agent runs as the service {service.NAME}. Its log: journalctl --user -u {service.NAME} -f")
    if left:
        console.print(left, highlight=False, soft_wrap=True)


def _uninstall_service() -> None:
    from framewise import service

    if not service.uninstall():
        fail(f"There is no service here: {service.unit_file()} doesn't exist.")
    console.print("The service is stopped and taken away. The machine stays known to its server.")


class KeepAs(StrEnum):
    BOX = "box"
    ROTATED_BOX = "rotated-box"
    POLYGON = "polygon"
    MASK = "mask"

    @property
    def kind(self) -> GeometryKind:
        return self.name.lower()  # type: ignore[return-value] # as the kinds are called


@app.command()
def track(
    video: Annotated[Path, typer.Argument(help="A video file, or a folder of images in the order of their names.")],
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Where the tracks go (JSON).")] = None,
    out_masks: Annotated[
        Path | None, typer.Option(file_okay=False, help="A folder for a PNG of the masks on each frame, 00000.png …")
    ] = None,
    box: Annotated[
        list[str] | None,
        typer.Option(metavar="x1,y1,x2,y2@FRAME", help="An object: its box in pixels on a frame; repeat for more."),
    ] = None,
    rotated_box: Annotated[
        list[str] | None,
        typer.Option(metavar="x,y,width,height,degrees@FRAME", help="A box about its centre, turned clockwise."),
    ] = None,
    polygon: Annotated[
        list[str] | None, typer.Option(metavar="x,y;x,y;x,y@FRAME", help="An outline by its corners.")
    ] = None,
    polyline: Annotated[list[str] | None, typer.Option(metavar="x,y;x,y@FRAME", help="A line by its corners.")] = None,
    points: Annotated[list[str] | None, typer.Option(metavar="x,y;x,y@FRAME", help="One or more points.")] = None,
    skeleton: Annotated[
        list[str] | None, typer.Option(metavar="x,y;x,y@FRAME", help="Joints, in the order of their skeleton.")
    ] = None,
    mask: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FILE.png@FRAME",
            help="The pixels of an image that aren't black; each index of a palette is an object.",
        ),
    ] = None,
    model: Annotated[
        str, typer.Option(help="A model of `framewise models`; one that follows the first object unless given.")
    ] = "",
    direction: Annotated[str, typer.Option(help="forward, backward or both.")] = "forward",
    first: Annotated[int, typer.Option(min=0, help="Don't go before this frame.")] = 0,
    last: Annotated[int | None, typer.Option(min=0, help="Don't go beyond this frame.")] = None,
    label: Annotated[str, typer.Option(help="What to call the objects.")] = "object",
    keep_as: Annotated[
        KeepAs | None,
        typer.Option(help="Follow objects as masks, by a model of masks, and write the shape around each mask."),
    ] = None,
    setting: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A setting of the model; repeat for more.")
    ] = None,
    off_screen: Annotated[bool, typer.Option(help="End an object's track where it leaves the frame.")] = True,
    render: Annotated[Path | None, typer.Option(help="Also draw the shapes into a copy of all frames (MP4).")] = None,
    find: Annotated[
        str, typer.Option(metavar="CLASS,CLASS", help="Also find objects of these classes, or what these words name.")
    ] = "",
    detector: Annotated[str, typer.Option(help="Of --find: as `framewise detect --model`.")] = "",
    every: Annotated[int, typer.Option(min=1, help="Of --find: look at every N-th frame.")] = 10,
) -> None:
    """Follow objects through a video without a server, and write their shapes as JSON, or masks as pictures. Ctrl-C
    keeps what was found.

    Frames count from 0; pixels from the frame's top-left corner. It says which objects it couldn't follow to the end,
    where they ended and why, and so does the JSON (`tracking`). Exit status: 0 when every object was followed to its
    end or until it left the frame, 1 when something failed, 130 after Ctrl-C.

    **Examples**

    - `framewise track street.mp4 --box 120,80,260,310@0 --out tracks.json`

    - `framewise track frames/ --box 10,10,60,90@100 --direction both -o tracks.json --render seen.mp4`

    - `framewise track a.mp4 --box 1,2,30,40@0 --box 50,60,90,99@25 --last 300 --model transt -o t.json`

    - `framewise track a.mp4 --polygon "120,80;260,90;200,310@0" --mask person.png@0 --model MODEL -o t.json`

    - `framewise track a.mp4 --box 1,2,30,40@0 --keep-as polygon -o t.json`: the outline of the object in the box

    - `framewise track a.mp4 --mask first.png@0 --model xmem --out-masks masks/` with objects numbered as in first.png

    - `framewise track street.mp4 --find person,car -o tracks.json`: what a detector finds on every 10th frame

    Import the result into a project with `framewise import`.
    """
    from tracking import catalog
    from tracking.shapes.values import GEOMETRY_KINDS, kind_name, kind_of
    from tracking.types import TrackingError

    try:
        from framewise.prompts import parse_all

        typed = {
            "box": box,
            "rotated_box": rotated_box,
            "polygon": polygon,
            "polyline": polyline,
            "points": points,
            "skeleton": skeleton,
            "mask": mask,
        }
        prompts = parse_all((kind, typed[kind]) for kind in GEOMETRY_KINDS) if any(typed.values()) or not find else []
        kinds = [kind_name(kind_of(prompt.shape)) for prompt in prompts] + (["box"] if find else [])
        entry = catalog.entry_for(model, kinds, as_mask=keep_as is not None)
        if direction not in ("forward", "backward", "both"):
            raise TrackingError(f"--direction is forward, backward or both; {direction!r} came.")
        if out is None and out_masks is None:
            raise TrackingError("What is found has to go somewhere: give --out FILE.json, --out-masks FOLDER, or both.")
        from framewise import track as module
        from framewise.lookout import Lookout
        from framewise.outcome import End

        wanted = _names(find)
        outcome = module.track(
            video,
            prompts,
            model=entry.id,
            out=out,
            out_masks=out_masks,
            label=label,
            direction=direction,  # type: ignore[arg-type] # checked above
            first=first,
            last=last,
            keep_as=None if keep_as is None else keep_as.kind,
            settings=dict(module.parse_setting(entry, text) for text in setting or []),
            detect_off_screen=off_screen,
            render=render,
            lookout=Lookout(detector, wanted, every) if wanted else None,
        )
    except TrackingError as error:
        fail(error)
    if outcome.end is not End.REACHED:
        raise typer.Exit(INTERRUPTED if outcome.end is End.INTERRUPTED else FAILED)


@app.command()
def segment(
    image: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A picture.")],
    out: Annotated[Path, typer.Option("--out", "-o", dir_okay=False, help="Where the mask goes (PNG: 255 is object).")],
    point: Annotated[
        list[str] | None,
        typer.Option(metavar="x,y,+|-", help="A click on the object (+) or beside it (-), in pixels; repeat for more."),
    ] = None,
    box: Annotated[str, typer.Option(metavar="x1,y1,x2,y2", help="A box around the object, in pixels.")] = "",
    mask: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A mask that the clicks correct (PNG).")
    ] = None,
    model: Annotated[
        str,
        typer.Option(
            help="A model of `framewise models` that answers clicks; or a SAM, by its folder or its id on the Hugging "
            "Face hub, which is downloaded."
        ),
    ] = "",
) -> None:
    """Cut an object out of a picture by clicks or a box, and write its mask.

    **Examples**

    - `framewise segment street.jpg --point 240,180,+ --out mask.png`

    - `framewise segment street.jpg --point 240,180,+ --point 300,220,- --box 120,80,360,310 -o mask.png`

    - `framewise segment street.jpg --point 240,180,+ --model facebook/sam-vit-base -o mask.png`

    - `framewise segment street.jpg --mask old.png --point 300,220,- -o mask.png` to correct a mask

    Follow it through a video with `framewise track VIDEO --mask mask.png@0`.
    """
    from tracking.types import TrackingError

    try:
        from framewise.segment import segment as run

        run(image, point or [], box, mask, model=model, out=out)
    except TrackingError as error:
        fail(error)


@app.command()
def detect(
    video: Annotated[Path, typer.Argument(help="A video file, or a folder of images in the order of their names.")],
    out: Annotated[Path, typer.Option("--out", "-o", dir_okay=False, help="Where the boxes go: .json, or .txt (MOT).")],
    model: Annotated[
        str,
        typer.Option(
            help="A detector of `framewise models`; or its file (.onnx, .pth, .pt), its folder as on the Hugging Face "
            "hub, or its id there, which is downloaded. The default one unless given."
        ),
    ] = "",
    tracker: Annotated[
        str,
        typer.Option(
            help="Link the boxes into tracks: bytetrack, botsort, mcbyte, ocsort, deepsort or iou. Else they stay "
            "boxes."
        ),
    ] = "",
    every: Annotated[int, typer.Option(min=1, help="Look at every N-th frame only.")] = 1,
    classes: Annotated[
        str,
        typer.Option(metavar="NAME,NAME", help="Keep these classes only, by the names that the model has for them."),
    ] = "",
    words: Annotated[
        str,
        typer.Option(
            metavar="WORD,WORD", help="What to look for, of a model that finds what words name (owlv2-base …)."
        ),
    ] = "",
    first: Annotated[int, typer.Option(min=0, help="Begin with this frame.")] = 0,
    last: Annotated[int | None, typer.Option(min=0, help="End with this frame.")] = None,
    setting: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="NAME=VALUE", help="confidence=0.4, overlap=0.6, image_size=960 …; repeat for more."
        ),
    ] = None,
) -> None:
    """Find objects of known classes on the frames of a video, and write their boxes. Ctrl-C keeps what was found.

    In JSON, frames count from 0 and boxes are left, top, width and height in pixels from the frame's top-left corner. A
    .txt file is as MOTChallenge has detections: frames and pixels count from 1, and no classes. Exit status: 0 when all
    frames were looked at, 1 when something failed, 130 after Ctrl-C.

    With `--tracker` the boxes are linked into tracks, as in the editor: .json is then Framewise's own, which
    `framewise import` takes, and .txt as MOTChallenge has results. Where an object was hidden between two sightings it
    is on a straight line between them. Without `--set confidence=…` both are set as they go well together.

    **Examples**

    - `framewise detect street.mp4 --out boxes.json`

    - `framewise detect street.mp4 --model yolox-s --every 5 --classes person,car -o boxes.json`

    - `framewise detect street.mp4 --model ~/Downloads/yolov5s.pt --set confidence=0.4 -o det.txt`

    - `framewise detect frames/ --model my_detector.onnx -o boxes.json` with my_detector.json beside it

    - `framewise detect street.mp4 --model owlv2-base --words "traffic cone,person" -o boxes.json`

    - `framewise detect street.mp4 --classes person --tracker bytetrack -o tracks.json`, or `-o mot.txt`
    """
    from tracking import catalog
    from tracking.types import TrackingError

    chosen = model or catalog.DEFAULT_DETECTOR
    try:
        from framewise import detect as module

        wanted = _wanted(classes, words)
        if tracker:
            _link(
                video,
                out=out,
                detector=chosen,
                linked=tracker,
                every=every,
                classes=wanted,
                first=first,
                last=last,
                settings=dict(module.parse_setting(chosen, text) for text in setting or []),
            )
            return
        found = module.detect(
            video,
            model=chosen,
            out=out,
            every=every,
            first=first,
            last=last,
            classes=wanted,
            settings=dict(module.parse_setting(chosen, text) for text in setting or []),
        )
    except TrackingError as error:
        fail(error)
    if not found.complete:
        raise typer.Exit(INTERRUPTED if found.interrupted else FAILED)


def _wanted(classes: str, words: str) -> list[str]:
    """What a detector looks for: classes by its names, or words."""
    from tracking.types import TrackingError
    from tracking.words import split_words

    if classes and words:
        raise TrackingError(
            "--classes is of models that know classes, --words of those that find what words name; give one."
        )
    return list(split_words(words)) if words else _names(classes)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _link(video: Path, *, out: Path, first: int, last: int | None, **lookout: Any) -> None:
    """Of ``framewise detect --tracker``."""
    from framewise.lookout import Lookout
    from framewise.outcome import End
    from framewise.track import track as run
    from tracking import catalog
    from tracking.types import TrackingError

    if out.suffix.lower() not in (".json", ".txt"):
        raise TrackingError(f"--out is a .json file, or a .txt file in MOTChallenge's layout; {out.name} came.")
    model = catalog.DEFAULT_TRACKER["box"]  # It follows what a person draws, which nobody does here.
    outcome = run(video, [], model=model, out=out, first=first, last=last, lookout=Lookout(**lookout))
    if outcome.end is not End.REACHED:
        raise typer.Exit(INTERRUPTED if outcome.end is End.INTERRUPTED else FAILED)


@app.command("join")
def join_(
    tracks: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A .json of Framewise, or MOT's .txt.")],
    out: Annotated[Path, typer.Option("--out", "-o", dir_okay=False, help="The .json or .txt file to write.")],
    video: Annotated[
        Path | None, typer.Option(exists=True, help="The video: without it only where objects go is compared.")
    ] = None,
    sure: Annotated[float, typer.Option(min=0, max=1, help="How sure a join is at least.")] = 0.3,
    rate: Annotated[float | None, typer.Option(min=0.01, help="Frames a second, where the file doesn't say.")] = None,
) -> None:
    """Join tracklets of a file that are one object, and list what was joined; gaps are interpolated.

    **Examples**

    - `framewise join tracks.json --video street.mp4 -o joined.json`

    - `framewise join mot.txt --rate 30 --sure 0.5 -o joined.txt`
    """
    from tracking.types import TrackingError

    try:
        from framewise.join import join

        join(tracks, out=out, video=video, rate=rate, least=sure)
    except TrackingError as error:
        fail(error)


@app.command("export")
def export_(
    video: Annotated[str, typer.Argument(help="A video of this installation: its id, or its name.")],
    out: Annotated[Path, typer.Option("--out", "-o", dir_okay=False, help="The file to write.")],
    format: Annotated[str, typer.Option("--format", "-f", help="framewise (lossless), cvat or mot.")] = "framewise",
    layer: Annotated[str, typer.Option(help="Which layer of the video.")] = "main",
    option: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="An option of the format; repeat for more.")
    ] = None,
) -> None:
    """Write the tracks of a video to a file, and tell what the format could not hold.

    **Examples**

    - `framewise export street.mp4 --out street.json`

    - `framewise export 12 --format cvat --set frames=stored -o street.zip` with keyframes only

    - `framewise export 12 --format mot --set pixels=cvat -o street.zip` with pixels counted from 0, as CVAT does

    - `framewise export 12 --format mot --set contents=results -o street.zip` with the confidence of every shape
    """
    from framewise.transfer import TransferError, export_layer

    options = dict(text.partition("=")[::2] for text in option or [])
    try:
        export_layer(video, layer=layer, format_id=format, options=options, out=out)
    except TransferError as error:
        fail(error)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="An export, or what `track` wrote.")],
    video: Annotated[str, typer.Argument(help="The video it is of: its id, or its name.")] = "",
    project: Annotated[str, typer.Option(help="Instead of a video: each track to the one that the file names.")] = "",
    format: Annotated[str, typer.Option("--format", "-f", help="framewise, cvat or mot.")] = "framewise",
    layer: Annotated[str, typer.Option(help="Which layer of the video.")] = "main",
    create_labels: Annotated[bool, typer.Option(help="Make labels that the project lacks.")] = False,
    leave_out: Annotated[bool, typer.Option(help="Leave out rows that can't be taken, and name them.")] = False,
) -> None:
    """Read a file of tracks into a video. One undo in the editor takes it back.

    **Examples**

    - `framewise import tracks.json street.mp4 --create-labels`

    - `framewise import task_12.zip 12 --format cvat`

    - `framewise import project_3.zip --project Crossings --format cvat` for the videos of a project

    - `framewise import results.txt 12 --format mot --leave-out` without lines that can't be read
    """
    from framewise.transfer import TransferError, import_file

    try:
        import_file(
            file,
            video,
            layer=layer,
            project=project,
            format_id=format,
            create_labels=create_labels,
            leave_out=leave_out,
        )
    except TransferError as error:
        fail(error)


@app.command()
def check(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="An export, or what `track` wrote.")],
    format: Annotated[
        str, typer.Option("--format", "-f", help="framewise, cvat, mot or another one that can be imported.")
    ] = "framewise",
    fail_on: Annotated[
        str, typer.Option(help="How bad it must be for exit status 1: error, warning or hint.")
    ] = "warning",
    json: Annotated[bool, typer.Option("--json", help="Write JSON, for programs.")] = False,
) -> None:
    """Check the tracks of a file: out of bounds, degenerate, duplicates, jumps, gaps, broken rules of labels and more.

    It needs no server. The button Check of the editor checks the same by the same rules. Exit status: 0 when nothing as
    bad as `--fail-on` was found, 1 when something was, 2 when the file can't be checked.

    **Examples**

    - `framewise check street.json`

    - `framewise check task_12.zip --format cvat --fail-on error`

    - `framewise check street.json --json > findings.json`
    """
    from framewise import check as module
    from tracking.review.findings import Grade

    if fail_on not in list(Grade):
        fail(f"--fail-on is error, warning or hint; {fail_on!r} came.", UNCHECKED)
    try:
        results = module.check_file(file, format)
    except module.CheckError as error:
        fail(error, UNCHECKED)
    (module.write_json if json else module.tell)(results)
    if module.fails(results, Grade(fail_on)):
        raise typer.Exit(FAILED)


@app.command()
def models() -> None:
    """List the models that follow objects, detect them, or cut them out by clicks, their licence, and whether they can
    run here."""
    from rich.table import Column, Table

    from tracking import catalog

    columns = (Column("id", no_wrap=True), "name", "prompts", "licence", Column("here", no_wrap=True))
    table = Table(*columns, box=None, header_style="bold")
    for entry in catalog.entries():
        lacks = catalog.missing(entry)
        state = "[yellow]needs weights[/]" if lacks else "[green]ready[/]"
        default = " (default)" if entry.id in catalog.DEFAULT_TRACKER.values() else ""
        licence = entry.licence if entry.commercial else f"{entry.licence}, [red]non-commercial[/]"
        table.add_row(entry.id + default, entry.name, ", ".join(entry.prompts), licence, state)
    for detector in (*catalog.detectors(), *catalog.own()):
        needs = ", ".join(catalog.missing(detector))
        problem = detector.problem or (f"needs {needs}" if needs else "")
        state = f"[yellow]{escape(problem)}[/]" if problem else "[green]ready[/]"
        default = " (default)" if detector.id == catalog.DEFAULT_DETECTOR else ""
        licence = detector.licence
        if detector.weights_licence not in ("", licence):
            licence = f"{licence}, weights {detector.weights_licence}"
        table.add_row(detector.id + default, detector.name, "detects", licence, state)
    for segmenter in catalog.segmenters():
        lacks = catalog.missing(segmenter)
        state = f"[yellow]needs {', '.join(lacks)}[/]" if lacks else "[green]ready[/]"
        default = " (default)" if segmenter.id == catalog.DEFAULT_SEGMENTER else ""
        table.add_row(segmenter.id + default, segmenter.name, "clicks, box, mask", segmenter.licence, state)
    Console().print(table)
    Console().print("\n`framewise weights list` names the files that are needed and where they come from.", style="dim")


class PixelOrigin(StrEnum):
    AUTO = "auto"
    ZERO = "0"
    ONE = "1"


class Judged(StrEnum):
    BOXES = "boxes"
    MASKS = "masks"
    POINTS = "points"
    TRACKS = "tracks"


class Queries(StrEnum):
    FIRST = "first"
    STRIDED = "strided"


@app.command()
def evaluate(
    data: Annotated[Path, typer.Argument(exists=True, file_okay=False, help="A folder of clips with ground truth.")],
    model: Annotated[
        list[str] | None,
        typer.Option(
            help="A model of `framewise models`, or to compare with OpenCV's `csrt` (boxes) or `lucas-kanade` "
            "(points); repeat for more."
        ),
    ] = None,
    shapes: Annotated[Judged, typer.Option(help="What is followed and compared.")] = Judged.BOXES,
    only: Annotated[str, typer.Option(help="Take the clips whose names contain this.")] = "",
    frames: Annotated[
        int | None, typer.Option(min=2, help="Measure no more than so many frames of each clip, the first ones.")
    ] = None,
    pixels_from: Annotated[
        PixelOrigin,
        typer.Option(help="What ground truth counts pixels from. auto: 1 for OTB (pictures in img/) and MOTChallenge."),
    ] = PixelOrigin.AUTO,
    prompts: Annotated[
        int,
        typer.Option(
            min=1,
            max=100,
            help="Of boxes: prompt each object so many times, first as labelled, then as others would draw it: each "
            "edge up to 2 % of the box's side off, corrections likewise.",
        ),
    ] = 1,
    queries: Annotated[
        Queries,
        typer.Option(
            help="From where TAP-Vid's points are followed: their first visible frame, or every fifth, both ways."
        ),
    ] = Queries.FIRST,
    association: Annotated[
        list[str] | None,
        typer.Option(help="Of tracks: what links detections, e.g. bytetrack, botsort or iou; repeat for more."),
    ] = None,
    detections: Annotated[
        str, typer.Option(help="Of tracks: the name of the file of detections in each clip.")
    ] = "det.txt",
    looks: Annotated[
        Path | None,
        typer.Option(exists=True, dir_okay=False, help="Of tracks: a network (.onnx) that tells what they look like."),
    ] = None,
    join: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help="Of tracks: also as if all joins and swaps that are at least so sure (0.3) were accepted.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", dir_okay=False, help="Also write the scores as JSON.")
    ] = None,
) -> None:
    """Measure how well models follow objects, and how often a person would have to step in. Ctrl-C keeps what it has.

    It finds clips in the layouts of OTB and VOT (groundtruth.txt), DAVIS (Annotations/) and MOTChallenge (gt.txt), and
    says which of them it can't use. With `--shapes masks` it takes those of DAVIS, and tells J and F, and the seconds
    that a person works on an object. With `--shapes points` it takes TAP-Vid's pickles (.pkl) and joints labelled by
    hand (tracks.json beside a video and Annotations/). With `--shapes tracks` it links the detections of MOTChallenge
    (det/det.txt beside gt/gt.txt) into tracks, and tells HOTA, DetA, AssA, IDF1, MOTA and how often a number changes.
    Exit status: 1 when a model failed on a clip, 130 after Ctrl-C.

    **Examples**

    - `framewise evaluate clips/`

    - `framewise evaluate clips/ --model framewise-cf --model csrt --only bag --out scores.json`

    - `framewise evaluate clips/ --model framewise-cf --model csrt --frames 70` for a quick comparison

    - `framewise evaluate clips/ --prompts 3` to see what the figures owe to how a box is drawn

    - `framewise evaluate otb-copy/ --pixels-from 0` for ground truth whose first pixel is 0

    - `framewise evaluate DAVIS/ --shapes masks --model framewise-mask --only dog`

    - `framewise evaluate tapvid_davis/ --shapes points --model framewise-flow --model lucas-kanade`

    - `framewise evaluate MOT15/train --shapes tracks --association bytetrack --association deepsort`

    - `framewise evaluate MOT15/train --shapes tracks --join 0.3` to see what accepting proposed joins changes
    """
    from tracking.evaluate.points import main as run_points
    from tracking.evaluate.run import MASKS, boxes
    from tracking.evaluate.run import main as run
    from tracking.evaluate.tracks import main as run_tracks
    from tracking.types import TrackingError

    if (shapes is Judged.TRACKS and model) or (
        shapes is not Judged.TRACKS and (association or looks or join is not None)
    ):
        raise typer.BadParameter(
            "Tracks are linked by an --association, its --looks and --join, other shapes followed by a --model."
        )
    if prompts > 1 and shapes is not Judged.BOXES:
        raise typer.BadParameter(f"--prompts redraws boxes; {shapes.value} are prompted as labelled. Leave it out.")
    if shapes is Judged.TRACKS:
        try:
            linked = run_tracks(
                association or [], data, out, only=only, detections=detections, frames=frames, looks=looks, join=join
            )
        except TrackingError as error:
            fail(error)
        if not linked.complete:
            raise typer.Exit(INTERRUPTED if linked.interrupted else FAILED)
        return
    origin = None if pixels_from is PixelOrigin.AUTO else int(pixels_from)
    try:
        evaluation = (
            run_points(model or [], data, out, only=only, frames=frames, mode=queries.value)
            if shapes is Judged.POINTS
            else run(
                model or [],
                data,
                out,
                only=only,
                origin=origin,
                frames=frames,
                judging=MASKS if shapes is Judged.MASKS else boxes(prompts),
            )
        )
    except TrackingError as error:
        fail(error)
    if not evaluation.complete:
        raise typer.Exit(INTERRUPTED if evaluation.interrupted else FAILED)


@weights_app.command("list")
def weights_list() -> None:
    """Show every weights file, whether it is here, and where it comes from."""
    from framewise.weights import show_files

    show_files(Console())


AcceptLicence = Annotated[
    bool, typer.Option("--accept-licence", help="Accept the licence of weights that are given only to who does so.")
]


def _accepted(already: bool) -> Callable[[str], bool]:
    """Asks at the keyboard unless it was said before; where nobody is there, nobody accepts."""

    def accept(licence: str) -> bool:
        if already or not sys.stdin.isatty():
            return already
        return typer.confirm(f"These weights come under: {licence}. Do you accept this licence?")

    return accept


@weights_app.command("import")
def weights_import(
    file: Annotated[
        Path, typer.Argument(exists=True, help="A file from a model's official page, or a folder as on the hub.")
    ],
    accept_licence: AcceptLicence = False,
) -> None:
    """Put weights where models look for them, after checking that they are what the catalogue lists.

    **Example:** `framewise weights import ~/Downloads/transt.pth`
    """
    from framewise.hub import import_folder
    from framewise.weights import import_file
    from tracking.types import TrackingError

    try:
        target = import_folder(file, _accepted(accept_licence)) if file.is_dir() else import_file(file)
        console.print(f"It is in {target}", highlight=False, soft_wrap=True)
    except TrackingError as error:
        fail(error)


@weights_app.command("verify")
def weights_verify(
    model: Annotated[
        list[str] | None, typer.Argument(help="Models of `framewise models`; all files here without.")
    ] = None,
) -> None:
    """Check size, SHA-256 and keys of the weights files that are here.

    **Example:** `framewise weights verify transt`
    """
    from framewise.weights import verify_files
    from tracking.types import TrackingError

    try:
        right = verify_files(model or [], console)
    except TrackingError as error:
        fail(error)
    if not right:
        raise typer.Exit(FAILED)


@weights_app.command("download")
def weights_download(
    model: Annotated[str, typer.Argument(help="A model of `framewise models`, or its id on the Hugging Face hub.")],
    accept_licence: AcceptLicence = False,
) -> None:
    """Download a model's weights from its official address or from the hub, after showing their licence.

    **Example:** `framewise weights download nanotrack`
    """
    from framewise.hub import download_folder
    from framewise.weights import download
    from tracking.types import TrackingError

    try:
        if "/" in model:
            download_folder(model, console, _accepted(accept_licence))
        else:
            download(model, console)
    except TrackingError as error:
        fail(error)
