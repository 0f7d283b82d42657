import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


def begin_now(apps, schema_editor):
    """Of what is there already nobody noted who has seen it."""
    apps.get_model("annotator", "Layer").objects.update(seen_from=models.F("revision"))


class Migration(migrations.Migration):
    dependencies = [("annotator", "0046_several_reviewers")]

    operations = [
        migrations.AddField(
            model_name="layer",
            name="seen_from",
            field=models.PositiveBigIntegerField(
                default=0, help_text="The revision up to which nobody noted who had which frames on screen."
            ),
        ),
        migrations.CreateModel(
            name="Seen",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "data",
                    models.BinaryField(
                        default=b"", help_text="Stretches of frames, each as of a revision (actions/seen.py)."
                    ),
                ),
                (
                    "layer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="seen", to="annotator.layer"
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("layer", "person"), name="one_seen_per_person"),
                ],
            },
        ),
        migrations.RunPython(begin_now, migrations.RunPython.noop),
    ]
