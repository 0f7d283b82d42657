"""What the head of a CVAT file says: its videos, and its labels with their attributes and skeletons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from xml.etree.ElementTree import Element

from annotator.formats.base import AttributeInfo, LabelInfo, Report, VideoInfo
from annotator.formats.bounds import MOST_LABELS, check_count
from annotator.formats.cvat.templates import skeleton_of_svg
from annotator.formats.cvat.values import KINDS, of_text

UNTOLD = VideoInfo("", 0, 0, 0, 0.0)


@dataclass(frozen=True, slots=True)
class Task:
    """One video of a file. ``id``: what tracks of a project's export name; ``names``: its file and its task;
    ``step``: how many frames lie from one annotated frame to the next."""

    id: str
    names: tuple[str, ...]
    video: VideoInfo
    step: int = 1


@dataclass(frozen=True)
class Meta:
    """A file's tasks, of which a project's export has several, and its labels by name."""

    tasks: tuple[Task, ...] = (Task("", (), UNTOLD),)
    labels: tuple[LabelInfo, ...] = ()
    of_project: bool = False

    @cached_property
    def by_name(self) -> dict[str, LabelInfo]:
        return {label.name: label for label in self.labels}

    @cached_property
    def by_id(self) -> dict[str, Task]:
        return {task.id: task for task in self.tasks}


def meta_of(meta: Element, report: Report) -> Meta:
    project = meta.find("project")
    labels = tuple(_labels(meta, report))
    check_count("labels", len(labels), MOST_LABELS)
    if project is None:
        # A task's export has <task>, a job's <job>; both have the same fields.
        task = next((found for tag in ("task", "job") if (found := meta.find(tag)) is not None), meta)
        return Meta((_task_of(task, task),), labels)
    tasks = tuple(_task_of(task, project) for task in project.iterfind("tasks/task"))
    return Meta(tasks or (_task_of(project, project),), labels, of_project=True)


def _task_of(task: Element, described: Element) -> Task:
    """``described``: where the frames' size may stand too."""
    sizes = [size for place in (task, described) if (size := place.find("original_size")) is not None]
    names = (task.findtext("source") or "", task.findtext("name") or "")
    return Task(
        id=(task.findtext("id") or "").strip(),
        names=tuple(dict.fromkeys(filter(None, names))),
        video=VideoInfo(
            name=names[0] or names[1],
            width=_whole(sizes[0], "width") if sizes else 0,
            height=_whole(sizes[0], "height") if sizes else 0,
            frame_count=_whole(task, "size"),
            fps=0.0,
        ),
        step=_step(task.findtext("frame_filter") or ""),
    )


def _step(text: str) -> int:
    """A filter is "step=5" where only every fifth frame was annotated."""
    value = text.partition("step=")[2].strip()
    return max(int(value), 1) if value.isdecimal() and len(value) < 9 else 1


def _whole(element: Element, tag: str) -> int:
    text = (element.findtext(tag) or "").strip()
    return int(text) if text.isdecimal() and len(text) < 10 else 0


def _labels(meta: Element, report: Report) -> Iterator[LabelInfo]:
    """The labels of objects; a skeleton's joints are labels too, with a parent."""
    seen: set[str] = set()
    for label in meta.iter("label"):
        name = label.findtext("name") or ""
        if label.find("parent") is None and name and name not in seen:
            seen.add(name)
            yield _label_of(label, name, report)


def _label_of(label: Element, name: str, report: Report) -> LabelInfo:
    colour = (label.findtext("color") or "").lower()
    svg = label.findtext("svg") or ""
    skeleton = skeleton_of_svg(svg)
    if svg.strip() and skeleton is None:
        report.lose("templates of skeletons that can't be read: their joints are those of the shapes")
    return LabelInfo(
        name=name,
        colour=colour if len(colour) == 7 and colour.startswith("#") else "",
        attributes=tuple(_attribute_of(attribute, report) for attribute in label.iter("attribute")),
        skeleton=skeleton,
    )


def _attribute_of(attribute: Element, report: Report) -> AttributeInfo:
    kind = KINDS.get((attribute.findtext("input_type") or "text").strip(), "text")
    values, default = attribute.findtext("values") or "", attribute.findtext("default_value") or ""
    if kind == "number":
        report.lose("ranges of number attributes have no place here", int(bool(values.strip())))
    return AttributeInfo(
        name=attribute.findtext("name") or "",
        kind=kind,
        per_frame=(attribute.findtext("mutable") or "").strip().lower() == "true",
        choices=tuple(values.split("\n")) if kind == "select" and values else (),
        default=of_text(default, kind) if default or kind == "checkbox" else None,
    )
