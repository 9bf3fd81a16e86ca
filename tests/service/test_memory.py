"""What a computation frees is there for the next one."""

import resource
import sys

import numpy as np
import pytest

from service.memory import MIB, keep_freed_memory


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="a setting of glibc")
def test_freed_memory_is_taken_again_without_asking_the_kernel():
    if not keep_freed_memory():
        pytest.skip("not glibc")

    def compute() -> int:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        for _ in range(8):
            np.ones(MIB, np.uint8)
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

    compute()
    assert min(compute() for _ in range(5)) < MIB // resource.getpagesize()
