"""What a JSON file says of a detector that another program serves over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from tracking.weights import WeightsError

MOST_BYTES = 2**20
TOLD = 5
"""So many mistakes are spelt out."""

Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class RemoteDescription(BaseModel):
    """``server``: address of the program. ``protocol``: how it is spoken to (``protocols.py``). ``classes``: the names
    that its answers use; others are left out. ``model``: which of its models, for Roboflow Inference. ``key_from``: the
    environment variable that holds its key; keys never stand in the file. ``picture``: how frames are sent.
    ``timeout_s``: how long an answer may take."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    server: str
    protocol: Literal["roboflow", "cvat"]
    classes: tuple[Name, ...] = Field(min_length=1, max_length=1000)
    model: str = ""
    key_from: str = ""
    picture: Literal["jpeg", "png"] = "jpeg"
    timeout_s: float = Field(60.0, gt=0, le=3600)

    @model_validator(mode="after")
    def _check(self) -> RemoteDescription:
        address = urlsplit(self.server)
        if address.scheme not in ("http", "https") or not address.hostname:
            raise ValueError("server is an address that begins with http:// or https://")
        if address.username or address.password:
            raise ValueError("server holds no password; name an environment variable with it as key_from")
        if self.protocol == "roboflow" and not self.model:
            raise ValueError('model is missing: Roboflow Inference serves several; write "model": "project/version"')
        return self


def read(path: Path) -> RemoteDescription:
    """Raises WeightsError naming what is wrong and where."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise WeightsError(f"A description has {MOST_BYTES} bytes at most; {path.name} has more.")
        return RemoteDescription.model_validate_json(path.read_bytes())
    except OSError as error:
        raise WeightsError(f"{path.name} can't be read ({error}). See tracking/detectors/remote/README.md.") from error
    except ValidationError as error:
        wrong = [f"{'.'.join(map(str, each['loc'])) or 'the file'}: {each['msg']}" for each in error.errors()[:TOLD]]
        raise WeightsError(f"{path.name} doesn't describe a detector. {'; '.join(wrong)}.") from error
