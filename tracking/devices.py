"""What a machine can compute with, found without loading torch."""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Iterator
from contextlib import suppress
from importlib.util import find_spec
from pathlib import Path

import psutil

from tracking.protocol import Device

NVML_SUCCESS = 0


def devices() -> list[Device]:
    """The processor, then the GPUs that the installed torch can use."""
    processor = Device(name=processor_name(), kind="cpu", memory_bytes=psutil.virtual_memory().total)
    return [processor, *(gpus() if torch_has_cuda() else [])]


def processor_name() -> str:
    """What the system calls its processor: "AMD EPYC 7763", or at least "x86_64"."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def torch_has_cuda() -> bool:
    """Whether torch is installed in a build for CUDA; importing it to ask would take seconds and memory."""
    spec = find_spec("torch")
    if spec is None or spec.origin is None:
        return False
    return any((Path(spec.origin).parent / "lib").glob("*torch_cuda*"))


def gpus() -> list[Device]:
    """NVIDIA GPUs as their driver lists them; none without the driver."""
    for library in ("libnvidia-ml.so.1", "nvml.dll"):
        with suppress(OSError):
            return list(_listed(ctypes.CDLL(library)))
    return []


class _Memory(ctypes.Structure):
    _fields_ = [(name, ctypes.c_ulonglong) for name in ("total", "free", "used")]


def _listed(nvml: ctypes.CDLL) -> Iterator[Device]:
    if nvml.nvmlInit_v2() != NVML_SUCCESS:
        return
    try:
        count = ctypes.c_uint()
        nvml.nvmlDeviceGetCount_v2(ctypes.byref(count))
        for index in range(count.value):
            handle, name, memory = ctypes.c_void_p(), ctypes.create_string_buffer(96), _Memory()
            if (
                nvml.nvmlDeviceGetHandleByIndex_v2(index, ctypes.byref(handle)) == NVML_SUCCESS
                and nvml.nvmlDeviceGetName(handle, name, len(name)) == NVML_SUCCESS
                and nvml.nvmlDeviceGetMemoryInfo(handle, ctypes.byref(memory)) == NVML_SUCCESS
            ):
                yield Device(name=name.value.decode(errors="replace"), kind="cuda", memory_bytes=memory.total)
    finally:
        nvml.nvmlShutdown()
