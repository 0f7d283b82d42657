from base64 import b64decode, b64encode
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import django.db.models.deletion
from django.db import migrations, models


def move_out(apps: Any, schema_editor: Any) -> None:
    """Prompts lay in the runs' progress, which each moment of a run writes."""
    run_model, prompt_model = apps.get_model('annotator', 'Run'), apps.get_model('annotator', 'LegPrompt')
    for run in run_model.objects.iterator(chunk_size=50):
        apart = []
        for leg in _legs(run):
            prompt = prompt_model(id=uuid4(), run=run, data=b64decode(leg['prompt']))
            leg['prompt'] = str(prompt.id)
            apart.append(prompt)
        prompt_model.objects.bulk_create(apart)
        run.save(update_fields=['objects_state'])


def move_back(apps: Any, schema_editor: Any) -> None:
    run_model = apps.get_model('annotator', 'Run')
    for run in run_model.objects.iterator(chunk_size=50):
        kept = dict(run.prompts.values_list('pk', 'data'))
        for leg in _legs(run):
            leg['prompt'] = b64encode(kept.get(UUID(leg['prompt']), b'')).decode()
        run.save(update_fields=['objects_state'])


def _legs(run: Any) -> Iterator[dict[str, Any]]:
    return (leg for state in run.objects_state.values() for leg in state['legs'])


class Migration(migrations.Migration):

    dependencies = [
        ('annotator', '0013_run_tries'),
    ]

    operations = [
        migrations.CreateModel(
            name='LegPrompt',
            fields=[
                ('id', models.UUIDField(primary_key=True, serialize=False)),
                ('data', models.BinaryField(help_text='A packed table of its one row (tracking/shapes/chunks.py).')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='prompts', to='annotator.run')),
            ],
        ),
        migrations.RunPython(move_out, move_back),
    ]
