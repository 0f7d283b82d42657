"""What detectors' classes become in a project: labels, or nothing."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction

from annotator.actions.errors import ActionError
from annotator.models import Label, Project

MOST_CLASSES = 5000
"""That a project remembers: a few detectors with hundreds of classes each."""


def map_classes(*, project: Project, labels: Mapping[str, int | None]) -> dict[str, int | None]:
    """Remember which label objects of each class get, by the classes' names; None: they are left out. Classes that
    aren't named stay as they are.

    Returns:
        All that the project remembers now.

    Raises:
        ActionError: one of the labels isn't the project's (any more), or there would be too many classes.
    """
    wanted = {label for label in labels.values() if label is not None}
    with transaction.atomic():
        locked = Project.objects.select_for_update().get(pk=project.pk)
        if Label.objects.filter(project=locked, pk__in=wanted).count() < len(wanted):
            raise ActionError("Classes become labels of the project; one of these isn't there (any more).")
        merged = class_labels(locked) | dict(labels)
        if len(merged) > MOST_CLASSES:
            raise ActionError(
                f"A project remembers {MOST_CLASSES} classes at most; with these it would be {len(merged)}."
            )
        locked.class_labels = merged
        locked.save(update_fields=["class_labels"])
    return merged


def class_labels(project: Project) -> dict[str, int | None]:
    """What the project remembers of classes, without those whose label was deleted."""
    there = set(project.labels.values_list("pk", flat=True))
    return {name: label for name, label in project.class_labels.items() if label is None or label in there}
