"""Every address of the web application."""

from __future__ import annotations

from django.contrib import admin
from django.urls import URLPattern, URLResolver, path

from annotator.api.router import api
from annotator.pages.editor import editor

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    path("api/", api.urls),
    path("videos/<int:video_id>/edit/", editor, name="editor"),
]
