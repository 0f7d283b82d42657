"""Documents with the structure that CVAT's exporter writes, and values made up here."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

CAR = """<label><name>car</name><color>#ff7f7f</color><type>any</type><attributes>
<attribute><name>plate</name><mutable>False</mutable><input_type>text</input_type><default_value></default_value><values></values></attribute>
<attribute><name>paint</name><mutable>False</mutable><input_type>select</input_type><default_value>red</default_value><values>red
green</values></attribute>
<attribute><name>parked</name><mutable>False</mutable><input_type>checkbox</input_type><default_value>false</default_value><values>false</values></attribute>
<attribute><name>doors</name><mutable>False</mutable><input_type>number</input_type><default_value>4</default_value><values>2;5;1</values></attribute>
<attribute><name>pose</name><mutable>True</mutable><input_type>radio</input_type><default_value>sit</default_value><values>sit
go</values></attribute>
</attributes></label>"""
TEMPLATE = (
    '<line x1="20" y1="20" x2="80" y2="20" data-type="edge" data-node-from="1" data-node-to="2"></line>'
    + "".join(
        f'<circle r="1.5" cx="{x}" cy="{y}" data-type="element node" data-element-id="{node}" data-node-id="{node}" '
        f'data-label-name="{name}"></circle>'
        for node, (name, x, y) in enumerate([("head", 20, 20), ("foot", 80, 20), ("hand", 50, 80)], start=1)
    )
)
PERSON = (
    f"<label><name>person</name><color>#00ff00</color><type>skeleton</type><svg>{escape(TEMPLATE)}</svg></label>"
    + (
        "".join(
            f"<label><name>{name}</name><color>#d12345</color><type>points</type><parent>person</parent></label>"
            for name in ("head", "foot", "hand")
        )
    )
)


def task(labels: str = "", *, name: str = "clip", source: str = "clip.mp4", step: int = 1) -> str:
    frames = f"step={step}" if step > 1 else ""
    return (
        f"<meta><task><id>5</id><name>{escape(name)}</name><size>{100 // step}</size><mode>interpolation</mode>"
        f"<start_frame>0</start_frame><stop_frame>99</stop_frame><frame_filter>{frames}</frame_filter>"
        "<owner><username>a</username></owner>"
        f"<labels>{labels}</labels><original_size><width>320</width><height>240</height></original_size>"
        f"<source>{escape(source)}</source></task><dumped>2026-01-01</dumped></meta>"
    )


def project(*names: str, labels: str = "") -> str:
    """Tasks with the ids 1, 2, …, each with a file and a name of its own."""
    tasks = "".join(
        f"<task><id>{index}</id><name>{escape(name.partition('.')[0])}</name><size>100</size>"
        f"<original_size><width>320</width><height>240</height></original_size><source>{escape(name)}</source></task>"
        for index, name in enumerate(names, start=1)
    )
    return f"<meta><project><id>3</id><name>All</name><labels>{labels}</labels><tasks>{tasks}</tasks></project></meta>"


def document(*tracks: str, meta: str = "") -> str:
    head = '<?xml version="1.0" encoding="utf-8"?>\n<annotations><version>1.1</version>'
    return f"{head}{meta or task()}{''.join(tracks)}</annotations>"


def track(*shapes: str, label: str = "car", number: int = 0, **more: object) -> str:
    rest = "".join(f" {name}={quoteattr(str(value))}" for name, value in more.items())
    return f'<track id="{number}" label={quoteattr(label)} source="manual"{rest}>{"".join(shapes)}</track>'


def shape(tag: str, frame: int, inner: str = "", keyframe: int = 1, outside: int = 0, **own: object) -> str:
    geometry = "".join(f' {name}="{value}"' for name, value in own.items())
    states = f'frame="{frame}" keyframe="{keyframe}" outside="{outside}" occluded="0"'
    return f'<{tag} {states}{geometry} z_order="0">{inner}</{tag}>'


def box(frame: int, x: float = 10, inner: str = "", keyframe: int = 1, outside: int = 0, **more: object) -> str:
    corners = {"xtl": f"{x:.2f}", "ytl": "20.00", "xbr": f"{x + 40:.2f}", "ybr": "80.00"}
    return shape("box", frame, inner, keyframe, outside, **corners, **more)


def values(**texts: str) -> str:
    return "".join(f'<attribute name="{name}">{escape(text)}</attribute>' for name, text in texts.items())


def joint(name: str, x: float, outside: int = 0, keyframe: int = 1, y: float = 50) -> str:
    states = f'keyframe="{keyframe}" outside="{outside}" occluded="0"'
    return f'<points label="{name}" {states} points="{x:.2f},{y:.2f}"></points>'


def skeleton(frame: int, *joints: str, keyframe: int = 1) -> str:
    """As CVAT writes it: whether it is there stands in the joints alone."""
    return f'<skeleton frame="{frame}" keyframe="{keyframe}" z_order="0">{"".join(joints)}</skeleton>'


def person(frame: int, x: float, outside: int = 0, keyframe: int = 1) -> str:
    names = ("head", "foot", "hand")
    joints = (joint(name, x + 40 * at, outside, keyframe) for at, name in enumerate(names))
    return skeleton(frame, *joints, keyframe=keyframe)
