"""Signing in and out."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, redirect_to_login
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.views import View

from annotator.actions.second_factors import has_second_factor
from annotator.asking import signed_in_by
from annotator.models import User
from annotator.pages.second_step import begin_second_step
from annotator.sign_in import refusal


class SignInForm(AuthenticationForm):
    """Name and password; after too many wrong ones one has to wait (``actions/guesses.py``)."""

    username = forms.CharField(
        label="Username or e-mail", widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "username"})
    )
    error_messages = {
        **AuthenticationForm.error_messages,
        "invalid_login": "No account has this name and password. Check both; passwords know upper and lower case.",
    }

    def __init__(self, request: HttpRequest | None = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.label_suffix = ""

    def get_invalid_login_error(self) -> ValidationError:
        if words := refusal(self.request):
            return ValidationError(words)
        return super().get_invalid_login_error()


class AdminSignIn(View):
    """The database admin's own address for it: there is one door."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if admin.site.has_permission(request):
            return redirect("admin:index")
        if request.user.is_authenticated:
            raise PermissionDenied("The database admin is for site admins.")
        wanted = request.GET.get(REDIRECT_FIELD_NAME) or reverse("admin:index")
        return redirect_to_login(wanted)


class SignIn(LoginView):
    template_name = "sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        """The password is right: who has a second factor goes on to it and isn't signed in yet."""
        user = form.get_user()
        if has_second_factor(user):
            begin_second_step(self.request, user, self.get_success_url())
            return redirect("sign-in-code")
        signed_in_by(self.request, "by password")
        return super().form_valid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(no_accounts=not User.objects.exists(), openid=settings.OPENID, **kwargs)
