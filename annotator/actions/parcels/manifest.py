"""The last member of the file, which says of all others how much is in them, and of what bytes they are."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

FORMAT = "framewise-project"
MANIFEST = "manifest.json"
PEOPLE = "people.jsonl"
MEDIA = "media/"

Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Size = Annotated[int, Field(ge=0, lt=2**62)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Member(_Part):
    """A list of records. ``bytes``: unpacked; ``sha256``: of these."""

    path: str = Field(max_length=200)
    records: Size
    bytes: Size
    sha256: Sha256


class Original(_Part):
    """The file of a video: in the archive as ``media/<video>``, unless it was made without."""

    video: int = Field(ge=1)
    bytes: Size
    sha256: Sha256
    included: bool


class Manifest(_Part):
    format: Literal["framewise-project"]
    version: int = Field(ge=1)
    made_by: str = Field(max_length=100, description="The program and its version.")
    made_at: AwareDatetime
    project: str = Field(max_length=120)
    members: list[Member] = Field(max_length=1000)
    media: list[Original] = Field(max_length=100_000)


def media_path(video: int) -> str:
    return f"{MEDIA}{video}"
