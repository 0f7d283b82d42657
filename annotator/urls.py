"""Every address of the web application."""

from __future__ import annotations

from django.contrib import admin
from django.urls import URLPattern, URLResolver, path

from annotator.api.router import api

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    path("api/", api.urls),
]
