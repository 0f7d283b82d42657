import numpy as np
from django.apps.registry import Apps
from django.db import migrations, models
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

from tracking.shapes.chunks import Flag, Table


def count(apps: Apps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    """Chunks that were stored before are counted once; all others are when they are written."""
    chunks = apps.get_model("annotator", "TrackChunk").objects.filter(predicted__gt=0).only("pk", "data")
    for chunk in chunks.iterator(chunk_size=500):
        chunk.doubtful = int(np.count_nonzero(Table.unpack(bytes(chunk.data)).flags & Flag.DOUBTFUL))
        if chunk.doubtful:
            chunk.save(update_fields=["doubtful"])


class Migration(migrations.Migration):

    dependencies = [
        ('annotator', '0003_label_skeleton'),
    ]

    operations = [
        migrations.AddField(
            model_name='trackchunk',
            name='doubtful',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.RunPython(count, migrations.RunPython.noop),
    ]
