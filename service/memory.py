"""How the process keeps memory between computations."""

import ctypes
import sys

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
"""glibc's names for its settings; see mallopt(3)."""

MIB = 1 << 20


def keep_freed_memory() -> bool:
    """Keep what a computation frees for the next one; whether the C library can.

    glibc else gives some megabytes back to the kernel after each, and takes them again page by
    page: a third of the time of everybody's standings (docs/performance.md). Keeps 128 MiB at most.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is None:
        return False
    settings = ((_TRIM_THRESHOLD, 128 * MIB), (_TOP_PAD, 16 * MIB), (_MMAP_THRESHOLD, 32 * MIB))
    return all(mallopt(name, value) == 1 for name, value in settings)
