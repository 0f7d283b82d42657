from __future__ import annotations

from django.conf import settings
from django.db import models

from annotator.models.workspace import Workspace
from annotator.ontology import AttributeKind, GeometryKind, fits, takes


class Project(models.Model):
    """An ontology (labels with their attributes) and a set of videos."""

    workspace = models.ForeignKey(Workspace, on_delete=models.CASCADE, related_name="projects")
    name = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    class_labels = models.JSONField(
        default=dict,
        blank=True,
        help_text="What detectors' classes become: {name: label id}; null: such objects are left out.",
    )
    archived_at = models.DateTimeField(null=True, blank=True)
    pass_mark = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="IDF1 against gold that a submitted job should reach, in per cent."
    )
    locks_accepted = models.BooleanField(
        default=False, help_text="Annotators and runs leave accepted spans as they are; reviewers may change them."
    )
    all_reviewers_accept = models.BooleanField(
        default=False,
        help_text="A job is accepted once all who are named to review it accepted it; else by any of them.",
    )
    lets_take_jobs = models.BooleanField(
        default=True, help_text="People take the next job that is nobody's themselves."
    )

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


def boxes_only() -> list[str]:
    return [GeometryKind.BOX.value]


class Label(models.Model):
    """A class of object."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="labels")
    name = models.CharField(max_length=80)
    colour = models.CharField(max_length=7, help_text="#rrggbb")
    hotkey = models.CharField(max_length=1, blank=True, help_text="A digit or letter, unique in the project.")
    geometry_kinds = models.JSONField(default=boxes_only, help_text="Which of GeometryKind it may be drawn as.")
    skeleton = models.JSONField(
        null=True,
        blank=True,
        help_text="Its joints and lines (tracking/shapes/skeletons.py), where it may be a skeleton.",
    )
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="label_name_unique_in_project"),
            models.UniqueConstraint(
                fields=["project", "hotkey"], condition=~models.Q(hotkey=""), name="label_hotkey_unique_in_project"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Attribute(models.Model):
    """A typed field of a label: constant per track, or set frame by frame."""

    label = models.ForeignKey(Label, on_delete=models.CASCADE, related_name="attributes")
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=16, choices=[(kind.value, kind.words) for kind in AttributeKind])
    per_frame = models.BooleanField(default=False)
    choices = models.JSONField(default=list, blank=True, help_text="The values of a select.")
    default = models.JSONField(default=None, null=True, blank=True)
    position = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
        constraints = [models.UniqueConstraint(fields=["label", "name"], name="attribute_name_unique_in_label")]

    def __str__(self) -> str:
        return self.name

    @property
    def takes(self) -> str:
        """What a value is, in words."""
        return takes(AttributeKind(self.kind), self.choices)

    def fits(self, value: object) -> bool:
        """Whether a track can have the value; none is always possible."""
        return fits(AttributeKind(self.kind), self.choices, value)
