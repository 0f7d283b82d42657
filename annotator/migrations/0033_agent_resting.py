from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("annotator", "0032_agent_checks")]

    operations = [
        migrations.AddField(
            model_name="agent",
            name="resting",
            field=models.BooleanField(
                default=False, help_text="In maintenance: it ends what it does, and gets no new run."
            ),
        ),
    ]
