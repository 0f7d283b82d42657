from __future__ import annotations

from typing import Any

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Max, Min
from django.utils import timezone


def move_out(apps: Any, schema_editor: Any) -> None:
    """A verdict on a track becomes one on all of its frames. Who gave it, and when, was not kept."""
    span_model, track_model = apps.get_model("annotator", "VerdictSpan"), apps.get_model("annotator", "Track")
    judged = track_model.objects.exclude(verdict="").annotate(low=Min("chunks__first"), high=Max("chunks__last"))
    spans = [
        span_model(
            layer_id=track.layer_id,
            track_id=track.pk,
            first=track.low,
            last=track.high,
            verdict=track.verdict,
            at=timezone.now(),
            revision=track.layer.revision,
        )
        for track in judged.select_related("layer").iterator(chunk_size=500)
        if track.low is not None
    ]
    span_model.objects.bulk_create(spans, batch_size=500)


class Migration(migrations.Migration):
    dependencies = [
        ("annotator", "0015_sweeps"),
    ]

    operations = [
        migrations.CreateModel(
            name="VerdictSpan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("first", models.PositiveIntegerField()),
                ("last", models.PositiveIntegerField()),
                (
                    "verdict",
                    models.CharField(
                        choices=[("accepted", "Accepted"), ("rejected", "Rejected"), ("check", "To be checked")],
                        max_length=16,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("at", models.DateTimeField()),
                ("revision", models.PositiveBigIntegerField(help_text="The layer's when it was given.")),
                ("reopened", models.JSONField(blank=True, null=True)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "layer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="verdicts", to="annotator.layer"
                    ),
                ),
                (
                    "track",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="verdicts", to="annotator.track"
                    ),
                ),
            ],
            options={
                "ordering": ["track", "first"],
                "indexes": [models.Index(fields=["layer", "verdict"], name="verdicts_of_a_layer")],
                "constraints": [
                    models.UniqueConstraint(fields=("track", "first"), name="one_verdict_from_a_frame"),
                    models.CheckConstraint(
                        condition=models.Q(("first__lte", models.F("last"))), name="a_span_has_frames"
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="project",
            name="locks_accepted",
            field=models.BooleanField(
                default=False,
                help_text="Annotators and runs leave accepted spans as they are; reviewers may change them.",
            ),
        ),
        migrations.RunPython(move_out, migrations.RunPython.noop),
    ]
