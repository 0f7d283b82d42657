"""What a machine can compute with, found without loading torch."""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import psutil

from tracking.protocol import Device, DeviceLoad

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
    return list(_listed(_driver()))


def loads(known: Sequence[Device], *, cpu: float) -> list[DeviceLoad]:
    """How busy the devices are, in their order.

    Args:
        cpu: the share of all cores that is in use, in [0, 1].
    """
    memory = psutil.virtual_memory()
    gpus = iter(_measured(_driver())) if any(device.kind == "cuda" for device in known) else iter(())
    processor = DeviceLoad(busy=min(max(cpu, 0.0), 1.0), memory_bytes=memory.total - memory.available)
    return [processor if device.kind == "cpu" else next(gpus, DeviceLoad(memory_bytes=0)) for device in known]


class _Memory(ctypes.Structure):
    _fields_ = [(name, ctypes.c_ulonglong) for name in ("total", "free", "used")]


class _Use(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint) for name in ("gpu", "memory")]


@cache
def _driver() -> ctypes.CDLL | None:
    """NVIDIA's driver, begun once and for all: beginning it takes up to a second where nothing else uses it."""
    for library in ("libnvidia-ml.so.1", "nvml.dll"):
        with suppress(OSError):
            driver = ctypes.CDLL(library)
            return driver if driver.nvmlInit_v2() == NVML_SUCCESS else None
    return None


def _handles(driver: ctypes.CDLL | None) -> Iterator[ctypes.c_void_p]:
    count = ctypes.c_uint()
    if driver is None or driver.nvmlDeviceGetCount_v2(ctypes.byref(count)) != NVML_SUCCESS:
        return
    for index in range(count.value):
        handle = ctypes.c_void_p()
        if driver.nvmlDeviceGetHandleByIndex_v2(index, ctypes.byref(handle)) == NVML_SUCCESS:
            yield handle


def _listed(driver: ctypes.CDLL | None) -> Iterator[Device]:
    for handle in _handles(driver):
        name, memory = ctypes.create_string_buffer(96), _Memory()
        if (
            driver is not None
            and driver.nvmlDeviceGetName(handle, name, len(name)) == NVML_SUCCESS
            and driver.nvmlDeviceGetMemoryInfo(handle, ctypes.byref(memory)) == NVML_SUCCESS
        ):
            yield Device(name=name.value.decode(errors="replace"), kind="cuda", memory_bytes=memory.total)


def _measured(driver: ctypes.CDLL | None) -> Iterator[DeviceLoad]:
    for handle in _handles(driver):
        memory, use = _Memory(), _Use()
        if driver is not None and driver.nvmlDeviceGetMemoryInfo(handle, ctypes.byref(memory)) == NVML_SUCCESS:
            known = driver.nvmlDeviceGetUtilizationRates(handle, ctypes.byref(use)) == NVML_SUCCESS
            yield DeviceLoad(busy=min(use.gpu, 100) / 100 if known else None, memory_bytes=memory.used)
