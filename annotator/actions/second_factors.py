"""Two-factor sign-in: an app's codes (TOTP, RFC 6238), and codes on paper for when the app is gone.

Codes are guessed no more often than passwords: they are counted together (``guesses.py``).
"""

from __future__ import annotations

import base64
import logging
import re
import secrets
import time
from smtplib import SMTPException

import pyotp
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils import timezone
from pyotp.utils import strings_equal

from annotator.actions.agents import token_hash
from annotator.actions.audit import record
from annotator.actions.errors import ActionError
from annotator.actions.guesses import TooManyGuesses, forget, guessing, is_last, require_owner
from annotator.models import AuditKind, RecoveryCode, SecondFactor, User
from annotator.sealing import Unreadable, seal, unseal

STEP_S = 30
DRIFT = 1
"""Steps by which the clocks of the app and of the server may differ, either way (RFC 6238, 5.2)."""
RECOVERY_CODES = 10
PURPOSE = "second factor"
WRONG_CODE = (
    "This code isn't right, or was used before. Take the one that the app shows now, and see that the clocks of the "
    "phone and of the server are right."
)
log = logging.getLogger(__name__)


def has_second_factor(user: User) -> bool:
    return SecondFactor.objects.filter(user=user).exists()


def codes_left(user: User) -> int:
    """Recovery codes that are still good."""
    return RecoveryCode.objects.filter(user=user, used_at=None).count()


def new_secret() -> str:
    """160 random bits (RFC 4226, 4) as 32 characters of base32, for an app; nothing is stored."""
    return pyotp.random_base32()


def set_up(*, user: User, secret: str, code: str, password: str, address: str) -> list[str]:
    """From now on ask for codes of the app that knows ``secret``.

    Args:
        code: what the app shows, as proof that it does.
        password: the current one; an account that has none (sign-in by OpenID Connect) needs none.
        address: where it is asked from, for the limit of wrong passwords.

    Returns:
        The recovery codes: told here only.

    Raises:
        ActionError: the code or the password is wrong, or the account has an app already.
    """
    require_owner(user=user, password=password, address=address)
    step = _step_of(secret, code)
    if step is None:
        raise ActionError(WRONG_CODE)
    with transaction.atomic():
        _, is_new = SecondFactor.objects.get_or_create(
            user=user, defaults={"sealed_secret": seal(secret, purpose=PURPOSE), "last_step": step}
        )
        if not is_new:
            raise ActionError("This account has two-factor sign-in already. Switch it off first to use another app.")
        codes = _replace_codes(user)
        record(AuditKind.ACCOUNT, f"switched two-factor sign-in of {user.username} on.", person=user, by=user)
    tell(user, "Two-factor sign-in is on", "From now on you are asked for a code of your app when you sign in.")
    return codes


def check_code(*, user: User, code: str, address: str) -> bool:
    """The second step of a sign-in. A code is good once.

    Returns:
        Whether it was a recovery code.

    Raises:
        ActionError: it is wrong or was used.
        TooManyGuesses: it wasn't looked at.
    """
    with guessing(name=user.username, account=user, address=address) as guess:
        typed = re.sub(r"[\s-]", "", code).lower()
        from_app = re.fullmatch(r"[0-9]{6}", typed) is not None
        if not (_use_app(user, typed) if from_app else _use_recovery(user, typed)):
            record(AuditKind.SIGN_IN_FAILED, f"gave a wrong code for the account {user.username}.", person=user)
            if is_last(guess):
                _warn(user)
                raise TooManyGuesses
            raise ActionError(WRONG_CODE)
        forget(guess)
    return not from_app


def new_recovery_codes(*, user: User, code: str, password: str, address: str) -> list[str]:
    """Ten others; the former ones end. Raises ActionError as ``switch_off`` does."""
    _prove(user, code, password, address)
    with transaction.atomic():
        codes = _replace_codes(user)
        record(AuditKind.ACCOUNT, f"made new recovery codes of {user.username}.", person=user, by=user)
    tell(user, "You have new recovery codes", "The former ones are no longer good.")
    return codes


def switch_off(*, user: User, code: str, password: str, address: str) -> None:
    """Sign in by the password alone again. Raises ActionError for a wrong password or code."""
    _prove(user, code, password, address)
    _remove(user)
    record(AuditKind.ACCOUNT, f"switched two-factor sign-in of {user.username} off.", person=user, by=user)
    tell(user, "Two-factor sign-in is off", "You are no longer asked for a code when you sign in.")


def reset_second_factor(*, by: str, user: User) -> bool:
    """For who lost the app and the codes: they sign in by the password alone, and are told so by mail.

    Args:
        by: who did it, as the mail says it.

    Returns:
        Whether the mail was sent.
    """
    if not has_second_factor(user):
        raise ActionError(f"{user} has no two-factor sign-in: there is nothing to reset.")
    _remove(user)
    record(AuditKind.ACCOUNT, f"reset the two-factor sign-in of {user.username}.", person=user)
    return tell(
        user,
        "Two-factor sign-in was reset",
        f"{by} switched it off for your account. You are no longer asked for a code when you sign in.",
    )


def tell(user: User, subject: str, what: str) -> bool:
    """A mail about the safety of somebody's account, which nobody can switch off. Returns whether it was sent."""
    body = (
        f"{what}\n\nAccount: {user.username}, {settings.PUBLIC_URL}\n\n"
        "If this surprises you, change your password at once and tell your admin.\n"
    )
    try:
        EmailMessage(subject=f"Framewise: {subject}", body=body, to=[user.email]).send()
    except (OSError, SMTPException) as error:
        log.warning("A mail to the account %s could not be sent: %s", user.pk, error)
        return False
    return True


def _warn(user: User) -> None:
    tell(
        user,
        "Many wrong codes",
        "Somebody signed in with your password, or is signed in, and then gave so many wrong codes that they have to "
        "wait. They were not let in.",
    )


def _prove(user: User, code: str, password: str, address: str) -> None:
    require_owner(user=user, password=password, address=address)
    check_code(user=user, code=code, address=address)


def _remove(user: User) -> None:
    with transaction.atomic():
        SecondFactor.objects.filter(user=user).delete()
        RecoveryCode.objects.filter(user=user).delete()


def _step_of(secret: str, code: str) -> int | None:
    """The step of time that the code is of; None: of none that is near."""
    typed = re.sub(r"\s", "", code)
    app = pyotp.TOTP(secret, interval=STEP_S)
    now = int(time.time()) // STEP_S
    good = [step for step in range(now - DRIFT, now + DRIFT + 1) if strings_equal(app.generate_otp(step), typed)]
    return good[-1] if good else None


def _use_app(user: User, code: str) -> bool:
    """Codes of the step that was used last, and of those before it, are no longer good: also of two at once."""
    factor = SecondFactor.objects.filter(user=user).first()
    if factor is None:
        return False
    try:
        secret = unseal(factor.sealed_secret, purpose=PURPOSE)
    except Unreadable as error:
        raise ActionError(
            "This server has another secret key than when you set this up, and can't check codes of apps any more. "
            "Use a recovery code, or ask a site admin to reset your two-factor sign-in."
        ) from error
    step = _step_of(secret, code)
    if step is None:
        return False
    return SecondFactor.objects.filter(pk=factor.pk, last_step__lt=step).update(last_step=step) == 1


def _use_recovery(user: User, code: str) -> bool:
    unused = RecoveryCode.objects.filter(user=user, code_hash=token_hash(code), used_at=None)
    return unused.update(used_at=timezone.now()) == 1


def _replace_codes(user: User) -> list[str]:
    """80 random bits each: a plain hash is enough."""
    plain = [base64.b32encode(secrets.token_bytes(10)).decode().lower() for _ in range(RECOVERY_CODES)]
    RecoveryCode.objects.filter(user=user).delete()
    RecoveryCode.objects.bulk_create([RecoveryCode(user=user, code_hash=token_hash(each)) for each in plain])
    return ["-".join(re.findall("....", each)) for each in plain]
