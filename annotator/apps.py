from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_out


class AnnotatorConfig(AppConfig):
    name = "annotator"
    verbose_name = "Framewise"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from annotator import asking
        from annotator.sessions import note_signed_out

        user_logged_out.connect(note_signed_out, dispatch_uid="signed out")
        asking.connect()
