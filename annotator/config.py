"""What an installation may choose, read once from the environment (``FRAMEWISE_*``)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from socket import gethostname
from typing import Literal, Self
from urllib.parse import urlsplit

from django.core.management.utils import get_random_secret_key
from psutil import net_if_addrs
from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from tracking.encoders import Choice

ROOT = Path(__file__).resolve().parent.parent
LEAST_SECRET = 32


@dataclass(frozen=True)
class OpenId:
    """The provider of OpenID Connect that people may sign in by.

    ``domains``: of e-mails, in small letters; none: every one. ``workspace``: whose members newcomers become, with
    ``role``; None: nobody without an account comes in.
    """

    issuer: str
    client_id: str
    client_secret: str
    button: str
    domains: tuple[str, ...]
    workspace: int | None
    role: str


@dataclass(frozen=True)
class BucketAddress:
    """A bucket of an S3-compatible store. ``endpoint``, ``region``, ``access_key``, ``secret_key``: empty: as boto3
    finds them; ``prefix``: how all keys begin."""

    name: str
    endpoint: str
    region: str
    access_key: str
    secret_key: str
    prefix: str
    addressing: str


def requires_https(address: str) -> bool:
    """Whether secrets can't be sent there: it isn't HTTPS, and not on this machine either."""
    parts = urlsplit(address)
    return parts.scheme != "https" and not (
        parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1", "::1")
    )


class Config(BaseSettings):
    """Embedded defaults: SQLite, an in-memory channel layer and a local media folder, all below ``data``."""

    model_config = SettingsConfigDict(env_prefix="FRAMEWISE_")

    data: Path = Field(ROOT / "data", description="Folder of the database, the media and the secret key.")
    database_url: str = Field("", description="e.g. postgres://user:password@host/name; empty means SQLite in `data`.")
    redis_url: str = Field(
        "", description="e.g. redis://host:6379/0; needed as soon as there are several web processes."
    )
    secret_key: str = Field(
        "",
        description="What sessions and addresses are signed with, the same for all processes of a server, of at least "
        "32 characters. Empty: made on first use and kept in `data`, which all processes share then.",
    )
    s3_bucket: str = Field(
        "",
        description="Bucket of an S3-compatible store for videos, their copies, exports and weights, instead of "
        "`data`. Needs the extra: pip install 'framewise[s3]'.",
    )
    s3_endpoint: str = Field("", description="Where the store is, e.g. http://minio:9000; empty: AWS.")
    s3_region: str = Field("", description="Its region, where it has any.")
    s3_access_key: str = Field("", description="Who we are there; empty: as boto3 finds out, e.g. by a role.")
    s3_secret_key: str = Field("", description="Our secret there.")
    s3_prefix: str = Field("", description="How the keys of all files begin, e.g. framewise/.")
    s3_addressing: Literal["auto", "path", "virtual"] = Field(
        "auto", description="Whether the bucket's name is in the path or the host's name; path for most own stores."
    )
    scratch: Path | None = Field(
        None,
        description="With `s3_bucket`: folder of this machine for temporary copies of videos that are worked on, with "
        "three times the room of the largest; `data`/scratch by default.",
    )
    debug: bool = Field(False, description="Django's debug pages. Never on a machine that others reach.")
    allowed_hosts: list[str] = Field(
        [],
        description="More host names that this server answers to, beside localhost, its machine's own name and "
        'addresses, and the hosts of trusted_origins; "*" is every one.',
    )
    trusted_origins: list[str] = Field([], description="Origins of HTTPS proxies, e.g. https://label.example.org.")
    https: bool = Field(False, description="Served through an HTTPS proxy: mark cookies secure, tell browsers to stay.")
    proxies: int = Field(
        1,
        ge=1,
        description="With `https`: how many proxies stand in front. X-Forwarded-For tells where people are, so "
        "many places from its end.",
    )
    public_url: str = Field(
        "",
        description="Where people reach this server, e.g. https://label.example.org, for the links in mails. Empty: "
        "the first of trusted_origins, or http://localhost:8000.",
    )
    mail_host: str = Field("", description="The SMTP server that sends mails. Empty: they are written to the log.")
    mail_port: int = Field(587, ge=1, le=65535, description="Its port.")
    mail_security: Literal["starttls", "tls", "none"] = Field(
        "starttls", description="How the connection to it is encrypted: starttls (port 587), tls (port 465), or none."
    )
    mail_user: str = Field("", description="Who signs in there; empty: nobody has to.")
    mail_password: str = Field("", description="Their password.")
    mail_from: str = Field("Framewise <framewise@localhost>", description="Whom mails come from.")
    oidc_issuer: str = Field(
        "",
        description="The provider of OpenID Connect that people may sign in by, e.g. https://login.example.org, letter "
        "by letter as it calls itself. Empty: none.",
    )
    oidc_client_id: str = Field("", description="How this server is called there.")
    oidc_client_secret: str = Field("", description="Its password there; empty for a public client.")
    oidc_button: str = Field("Sign in with your organization", description="What the button says.")
    oidc_domains: list[str] = Field([], description="E-mail domains of who may come in by it; empty: all.")
    oidc_workspace: int | None = Field(
        None,
        description="The number of the workspace that people without an account become members of when they come by "
        "it. Empty: they don't come in.",
    )
    oidc_role: Literal["manager", "reviewer", "annotator", "viewer"] = Field(
        "annotator", description="Their role there."
    )
    review_looks_s: float = Field(
        4, ge=0, description="So many seconds the check of a layer may decode pictures to compare looks; 0: it doesn't."
    )
    stalled_s: float = Field(60, description="A reader that takes nothing for so many seconds is disconnected.")
    upload_limit: int = Field(50 * 2**30, description="Largest video that may be uploaded, in bytes.")
    project_limit: int = Field(500 * 2**30, description="Largest file of a project that may be imported, in bytes.")

    webhook_networks: list[IPv4Network | IPv6Network] = Field(
        [],
        description='Networks beside the public ones into which webhooks are sent, e.g. ["10.0.0.0/8"]. People who '
        "manage a project choose where to.",
    )

    audit_days: int = Field(
        365, ge=0, description="Days for which the audit log is kept: who did what, from where. 0: for ever."
    )

    proxy_codec: Choice = Field(
        "auto",
        description="Codec of the copies for quick playback: h264, written by libx264 (GPL-2.0 or later), or vp9, "
        "written by libvpx (BSD), in about twice the time. auto: h264 where the installed PyAV has libx264, else vp9.",
    )

    tasks_at_once: int = Field(
        2, ge=1, description="Imports, exports and videos that are prepared side by side; of one workspace one less."
    )
    transfer_memory: int = Field(
        700,
        ge=30,
        description="MiB of memory for an import or export; an import of over 50 MB gets more in proportion.",
    )
    transfer_minutes: float = Field(30, gt=0, description="Minutes that an import or export may take.")
    video_memory: int = Field(4096, ge=200, description="MiB of memory for preparing a video.")
    video_hours: float = Field(24, gt=0, description="Hours that preparing a video may take.")

    @model_validator(mode="after")
    def _openid_is_whole(self) -> Self:
        if self.oidc_issuer and not self.oidc_client_id:
            raise ValueError("FRAMEWISE_OIDC_ISSUER needs FRAMEWISE_OIDC_CLIENT_ID too: what the provider calls us.")
        if self.oidc_issuer and requires_https(self.oidc_issuer):
            raise ValueError(f"FRAMEWISE_OIDC_ISSUER has to begin with https://; it is {self.oidc_issuer}.")
        return self

    @cached_property
    def openid(self) -> OpenId | None:
        """The provider of OpenID Connect; None: there is none."""
        if not self.oidc_issuer:
            return None
        return OpenId(
            issuer=self.oidc_issuer,
            client_id=self.oidc_client_id,
            client_secret=self.oidc_client_secret,
            button=self.oidc_button,
            domains=tuple(domain.lower().lstrip("@") for domain in self.oidc_domains),
            workspace=self.oidc_workspace,
            role=self.oidc_role,
        )

    @model_validator(mode="after")
    def _bucket_can_be_used(self) -> Self:
        if self.s3_bucket and find_spec("boto3") is None:
            raise ValueError("FRAMEWISE_S3_BUCKET needs boto3, which isn't installed: pip install 'framewise[s3]'.")
        if (self.s3_access_key == "") != (self.s3_secret_key == ""):
            raise ValueError("FRAMEWISE_S3_ACCESS_KEY and FRAMEWISE_S3_SECRET_KEY go together; one of them is empty.")
        return self

    @model_validator(mode="after")
    def _secret_is_long(self) -> Self:
        if self.secret_key and len(self.secret_key) < LEAST_SECRET:
            raise ValueError(
                f"FRAMEWISE_SECRET_KEY has to have at least {LEAST_SECRET} characters; it has {len(self.secret_key)}. "
                "Make one: openssl rand -hex 32"
            )
        return self

    @cached_property
    def bucket(self) -> BucketAddress | None:
        """Where media is kept; None: in a folder."""
        if not self.s3_bucket:
            return None
        return BucketAddress(
            name=self.s3_bucket,
            endpoint=self.s3_endpoint,
            region=self.s3_region,
            access_key=self.s3_access_key,
            secret_key=self.s3_secret_key,
            prefix=self.s3_prefix,
            addressing=self.s3_addressing,
        )

    @cached_property
    def address(self) -> str:
        """Where people reach this server, without a slash at its end."""
        known = [self.public_url, *self.trusted_origins, "http://localhost:8000"]
        return next(filter(None, known)).rstrip("/")

    @cached_property
    def hosts(self) -> list[str]:
        """Every name this server answers to. A page elsewhere can have its own name lead here, but not one of these."""
        addresses = {address.address.partition("%")[0] for each in net_if_addrs().values() for address in each}
        own = {f"[{address}]" if ":" in address else address for address in addresses}
        name = gethostname().lower()
        origins = {host for origin in self.trusted_origins if (host := urlsplit(origin).hostname)}
        return sorted({"localhost", "127.0.0.1", "[::1]", name, f"{name}.local", *own, *origins, *self.allowed_hosts})

    @cached_property
    def signing_key(self) -> str:
        """What was set; or made on first use and kept in `data`, so that sessions survive a restart."""
        if self.secret_key:
            return self.secret_key
        path = self.data / "secret_key"
        if not path.exists():
            self.data.mkdir(parents=True, exist_ok=True)
            path.touch(mode=0o600)
            path.write_text(get_random_secret_key())
        return path.read_text().strip()


config = Config()
