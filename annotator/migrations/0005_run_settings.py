from base64 import b64encode
from typing import Any

from django.db import migrations, models

from tracking.shapes.chunks import Flag, Kind, Row, Table


def name_shapes(apps: Any, schema_editor: Any) -> None:
    """Legs began from a box; now they keep the row of whatever kind of shape they begin from."""
    run_model = apps.get_model("annotator", "Run")
    for run in run_model.objects.only("objects_state").iterator(chunk_size=200):
        for state in run.objects_state.values():
            for leg in state.get("legs", []):
                if "box" in leg:
                    leg["prompt"] = _prompt(leg["origin"], leg.pop("box"))
        run.options.pop("auto_track", None)
        run.save(update_fields=["objects_state", "options"])


def _prompt(frame: int, box: list[float]) -> str:
    x1, y1, x2, y2 = box
    row = Row(frame, Kind.BOX, Flag.KEYFRAME, 1.0, (x1, y1, x2, y2))
    return b64encode(Table.of(frame - frame % 256, [row]).pack()).decode()


class Migration(migrations.Migration):
    dependencies = [
        ("annotator", "0004_chunk_doubtful"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="run",
            name="prompts",
        ),
        migrations.AddField(
            model_name="run",
            name="model_settings",
            field=models.JSONField(
                default=dict, help_text="Of the model, by its names; absent ones are its defaults."
            ),
        ),
        migrations.RunPython(name_shapes, migrations.RunPython.noop),
    ]
