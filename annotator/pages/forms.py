"""The forms of the pages. Rules that need the database are the actions'; these only take what was typed apart."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from annotator.models import Happening, Role, Scope, User
from annotator.ontology import LONGEST_DESCRIPTION, MOST


class PageForm(forms.Form):
    """Labels without a colon."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.label_suffix = ""


class WorkspaceForm(PageForm):
    name = forms.CharField(max_length=120, help_text="Your team or department, for example.")


class ProjectForm(PageForm):
    name = forms.CharField(max_length=120)
    description = forms.CharField(
        required=False,
        max_length=LONGEST_DESCRIPTION,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="What is labelled, and how. Optional.",
    )


class NewProjectForm(ProjectForm):
    labels = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "placeholder": "person\ncar"}),
        help_text="The classes of objects, one a line. Colours, hotkeys and attributes can be set afterwards.",
    )

    def clean_labels(self) -> list[str]:
        names = [line.strip() for line in self.cleaned_data["labels"].splitlines() if line.strip()]
        if len(names) > MOST:
            raise ValidationError(f"A project may have {MOST} labels; {len(names):,} came.")
        return names


class InvitationForm(PageForm):
    role = forms.ChoiceField(choices=Role.choices, initial=Role.ANNOTATOR)
    email = forms.EmailField(required=False, label="For whom", help_text="An e-mail as a note. Optional.")


class MachineForm(PageForm):
    name = forms.CharField(max_length=120, label="Name of the machine")


class TokenForm(PageForm):
    name = forms.CharField(max_length=80, help_text="What it is for: the program or the machine.")
    scope = forms.ChoiceField(
        choices=[
            (Scope.READ, "Read: look at everything you may see, and export it"),
            (Scope.ANNOTATE, "Annotate: also draw, import, review and comment"),
            (Scope.MANAGE, "Manage: also upload videos, change labels, and all else that you may do"),
        ],
        help_text="Never more than your role in a workspace allows.",
    )
    days = forms.TypedChoiceField(
        label="Ends",
        choices=[("30", "after 30 days"), ("90", "after 90 days"), ("365", "after a year"), ("", "never")],
        coerce=int,
        empty_value=None,
        required=False,
        initial="90",
    )
    current = forms.CharField(
        label="Your password",
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text="A token is good after you signed out, and after you changed your password.",
    )

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not user.has_usable_password():
            del self.fields["current"]


class WebhookForm(PageForm):
    url = forms.CharField(
        max_length=500,
        label="Address",
        widget=forms.URLInput(attrs={"placeholder": "https://example.org/framewise"}),
        help_text="A public address that takes POST requests. They are signed.",
    )
    events = forms.MultipleChoiceField(
        choices=Happening.choices,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one event that the webhook tells of."},
    )
    active = forms.BooleanField(required=False, initial=True)


class DeleteForm(PageForm):
    name = forms.CharField(
        max_length=200,
        label="The project's name",
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text="Type it, so that it is the right one.",
    )


class SplitForm(PageForm):
    frames = forms.IntegerField(min_value=1, max_value=10_000_000, initial=500, label="Frames per job")


class NamesForm(PageForm):
    """Who somebody is."""

    name = forms.CharField(max_length=150, required=False, label="Full name", help_text="As others see it.")
    username = forms.CharField(max_length=150)
    email = forms.EmailField(label="E-mail")

    @classmethod
    def of(cls, user: User) -> dict[str, str]:
        return {"name": user.get_full_name(), "username": user.username, "email": user.email}


class AccountForm(NamesForm):
    current = forms.CharField(
        label="Current password",
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text="Only for another username or e-mail.",
    )


class SignUpForm(NamesForm):
    password = forms.CharField(
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 8 characters, not only digits, nothing common.",
    )
    field_order = ("name", "username", "email", "password")


class CodeForm(PageForm):
    """The second step of signing in."""

    code = forms.CharField(
        max_length=40,
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "one-time-code", "autocapitalize": "none"}),
        help_text="The 6 digits that your app shows now, or one of your recovery codes.",
    )


class ProofForm(PageForm):
    """Who is signed in proves that it is them. ``has_password``: their account has one, so that it is asked for."""

    code = forms.CharField(
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "autocapitalize": "none"}),
        help_text="The 6 digits that your app shows now, or a recovery code.",
    )
    current = forms.CharField(
        label="Current password", widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )

    def __init__(self, *args: Any, has_password: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not has_password:
            del self.fields["current"]


class SetUpForm(ProofForm):
    """The first code of an app."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].help_text = "The 6 digits that your app shows now."


class PasswordForm(PageForm):
    current = forms.CharField(
        label="Current password", widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )
    password = forms.CharField(label="New password", widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}))
    again = forms.CharField(
        label="New password again", widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("password") != values.get("again"):
            raise ValidationError("The new password was typed in two ways. Type it again.")
        return values
