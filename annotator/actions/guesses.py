"""How many wrong passwords, codes and tokens are taken before one has to wait, wherever one is asked for.

Each wrong one is a row: kept by the database, so that all web processes count together, and nobody's count is
pushed out by others'. A guess is counted before it is tried, so that many at once count too. What may be kept is
bounded by what is taken: ``OF_AN_ADDRESS`` rows per address and ``WINDOW_S``.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha256

from django.db.models import QuerySet
from django.utils import timezone

from annotator.actions.errors import ActionError
from annotator.models import Guess, SecondFactor, User

WINDOW_S = 300
OF_A_NAME_HERE = 8
"""For one account from one address."""
OF_A_NAME = 64
"""For one account from everywhere."""
OF_AN_ADDRESS = 64
"""From one address for all accounts: enough for an office behind one address."""
WRONG_TOKENS = 64
"""Tokens that there aren't, from one address."""
TOO_MANY = "Too many wrong passwords or codes. Wait five minutes, or ask your admin for help."


class TooManyGuesses(ActionError):
    """This one was not even looked at."""

    def __init__(self) -> None:
        super().__init__(TOO_MANY)


class TooManyWrongTokens(ActionError):
    """This one was not even looked at."""

    def __init__(self) -> None:
        super().__init__("Too many wrong tokens came from your address. Wait five minutes, and check the token.")


@contextmanager
def guessing(*, name: str, account: User | None, address: str) -> Iterator[Guess]:
    """Around the check of a password or code, which ``forget`` follows when it was right. Raises TooManyGuesses.

    Args:
        name: what was typed; ``account``: whose that is, by whichever of its names.
        address: IPv4 or IPv6; "" for none.
    """
    _recent(at__lte=timezone.now() - timedelta(seconds=WINDOW_S)).delete()
    guess = Guess.objects.create(whose=_whose(name, account), source=_source(address))
    if _is_beyond(guess, 0):
        guess.delete()
        raise TooManyGuesses
    yield guess


def forget(guess: Guess) -> None:
    """They were right: what was wrong before it, for the same account at the same place, counts no more."""
    _recent(whose=guess.whose, source=guess.source).delete()


def forget_password(guess: Guess, account: User) -> None:
    """A password was right. Where a code is asked for too, wrong codes before it go on counting: who knows the password
    would begin anew by it as often as they like."""
    if SecondFactor.objects.filter(user=account).exists():
        guess.delete()
    else:
        forget(guess)


def is_last(guess: Guess) -> bool:
    """Whether the next one after this wrong one won't be looked at."""
    return _is_beyond(guess, 1)


def check_password(*, user: User, password: str, address: str) -> None:
    """Somebody who is signed in proves who they are. Raises ActionError."""
    if not user.has_usable_password():
        raise ActionError("Your account has no password. Ask a site admin for one, if you need it.")
    with guessing(name=user.username, account=user, address=address) as guess:
        if not user.check_password(password):
            raise ActionError("The current password isn't right. Passwords know upper and lower case.")
        forget_password(guess, user)


def require_owner(*, user: User, password: str, address: str) -> None:
    """The same, before something that outlives a session; an account without a password (sign-in by OpenID Connect)
    needs none. Raises ActionError."""
    if user.has_usable_password():
        check_password(user=user, password=password, address=address)


def require_few_wrong_tokens(address: str) -> None:
    """Raises TooManyWrongTokens. They are counted apart from passwords: nobody is kept from signing in by a program
    beside them that has a wrong one."""
    since = timezone.now() - timedelta(seconds=WINDOW_S)
    if _recent(source=_token_source(address), at__gt=since).count() >= WRONG_TOKENS:
        raise TooManyWrongTokens


def note_wrong_token(address: str) -> None:
    """Count a token that there isn't."""
    _recent(at__lte=timezone.now() - timedelta(seconds=WINDOW_S)).delete()
    Guess.objects.create(whose=_hash("token"), source=_token_source(address))


def _token_source(address: str) -> str:
    return _hash(f"token from {_source(address)}")


def _is_beyond(guess: Guess, more: int) -> bool:
    return (
        _recent(whose=guess.whose, source=guess.source).count() + more > OF_A_NAME_HERE
        or _recent(whose=guess.whose).count() + more > OF_A_NAME
        or _recent(source=guess.source).count() + more > OF_AN_ADDRESS
    )


def _recent(**wanted: object) -> QuerySet[Guess]:
    return Guess.objects.filter(**wanted)


def _whose(name: str, account: User | None) -> str:
    """An account has two names; its guesses are counted together. Names of nobody are counted just so."""
    return _hash(f"account {account.pk}" if account is not None else f"name {name.strip().casefold()}")


def _source(address: str) -> str:
    """Who has one IPv6 address has at least 2^64 of them."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return _hash(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return _hash(str(parsed.ipv4_mapped))
        return _hash(str(ipaddress.ip_network((parsed, 64), strict=False)))
    return _hash(str(parsed))


def _hash(text: str) -> str:
    return sha256(text.encode(errors="surrogatepass")).hexdigest()
