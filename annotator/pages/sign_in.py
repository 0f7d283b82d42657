"""Signing in and out."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView, LogoutView
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse

from annotator.actions.people import sign_out
from annotator.models import User

TRIES = 8
TRY_WINDOW_S = 300


class SignInForm(AuthenticationForm):
    """Name and password; after too many wrong ones from one address the name has to wait."""

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

    def clean(self) -> dict[str, Any]:
        key = self._key()
        if cache.get(key, 0) >= TRIES:
            raise ValidationError("Too many wrong passwords. Wait five minutes, or ask your admin for a new one.")
        try:
            return super().clean()
        except ValidationError:
            cache.add(key, 0, TRY_WINDOW_S)
            cache.incr(key)
            raise

    def _key(self) -> str:
        address = self.request.META.get("REMOTE_ADDR", "") if self.request else ""
        name = str(self.cleaned_data.get("username", "")).lower()
        return "sign-in:" + sha256(f"{address} {name}".encode()).hexdigest()


class SignOut(LogoutView):
    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        # Looked up before its session is gone.
        user = User.objects.get(pk=request.user.pk) if request.user.is_authenticated else None
        answer = super().post(request, *args, **kwargs)
        if user is not None:
            sign_out(user=user)
        return answer


class SignIn(LoginView):
    template_name = "sign_in.html"
    authentication_form = SignInForm
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(no_accounts=not User.objects.exists(), **kwargs)
