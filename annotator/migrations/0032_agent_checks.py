from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotator", "0031_two_factor")]

    operations = [
        migrations.AddField(
            model_name="agent",
            name="checks",
            field=models.JSONField(
                blank=True, default=dict, help_text="What was checked on its machine, as it said last."
            ),
        ),
    ]
