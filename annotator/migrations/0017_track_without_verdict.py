from __future__ import annotations

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("annotator", "0016_verdict_spans"),
    ]

    operations = [
        # Apart from the rows that were made of it: PostgreSQL alters no table whose rows wait to be checked.
        migrations.RemoveField(model_name="track", name="verdict"),
    ]
