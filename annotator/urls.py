"""Every address of the web application."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.urls import URLPattern, URLResolver, path

from annotator.api.router import api
from annotator.pages.editor import editor
from annotator.pages.home import home
from annotator.pages.projects import project
from annotator.pages.sign_in import SignIn

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    path("api/", api.urls),
    path("", home, name="home"),
    path("sign-in/", SignIn.as_view(), name="sign-in"),
    path("sign-out/", LogoutView.as_view(), name="sign-out"),
    path("projects/<int:project_id>/", project, name="project"),
    path("videos/<int:video_id>/edit/", editor, name="editor"),
]
