from django.db import migrations, models


def move_to_the_end(apps, schema_editor):
    """SQLite walks through all that lies before the column it is asked for: the packed shapes become the last one."""
    if schema_editor.connection.vendor != 'sqlite':
        return
    for statement in (
        "ALTER TABLE annotator_trackchunk ADD COLUMN packed BLOB NOT NULL DEFAULT x''",
        'UPDATE annotator_trackchunk SET packed = data',
        'ALTER TABLE annotator_trackchunk DROP COLUMN data',
        'ALTER TABLE annotator_trackchunk RENAME COLUMN packed TO data',
    ):
        schema_editor.execute(statement)


class Migration(migrations.Migration):
    """Chunks as they are stay whole windows; one that is too large is split when it is written next."""

    dependencies = [
        ('annotator', '0006_project_transfer'),
    ]

    operations = [
        migrations.AddField(
            model_name='trackchunk',
            name='span',
            field=models.PositiveSmallIntegerField(default=256, help_text='Its length: 256 frames, or 128, 64, … 1 where the shapes are large.'),
        ),
        migrations.AlterField(
            model_name='trackchunk',
            name='start',
            field=models.PositiveIntegerField(help_text='First frame of the stretch, a multiple of its span.'),
        ),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(move_to_the_end, migrations.RunPython.noop)],
            # Where Django makes the table again, it keeps this order.
            state_operations=[
                migrations.RemoveField(model_name='trackchunk', name='data'),
                migrations.AddField(
                    model_name='trackchunk',
                    name='data',
                    field=models.BinaryField(default=b''),
                    preserve_default=False,
                ),
            ],
        ),
    ]
