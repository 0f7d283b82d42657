from django.db import migrations, models
from django.db.models import F


def they_were_made(apps, schema_editor):
    """Reports that are there were made when their comparison began, or soon after."""
    apps.get_model("annotator", "Comparison").objects.filter(state="done").update(finished_at=F("created_at"))


class Migration(migrations.Migration):

    dependencies = [
        ("annotator", "0048_jobs_worker"),
    ]

    operations = [
        migrations.AddField(
            model_name="comparison",
            name="finished_at",
            field=models.DateTimeField(blank=True, help_text="When the report was made; null: there is none.", null=True),
        ),
        migrations.RunPython(they_were_made, migrations.RunPython.noop),
    ]
