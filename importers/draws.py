"""The published draw: who comes first among candidates equal on every key. RULES 5.5."""

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray


def draw_numbers(seed: str, candidate_no: Sequence[str]) -> NDArray[np.uint64]:
    """(n,) each candidate's lot, lower wins: 64 bits of BLAKE2b of the number, keyed by the seed.

    The key is the seed's own BLAKE2b-256. Anybody who knows the seed can compute a lot; no order
    of ids or of arrival enters it.
    """
    key = blake2b(seed.encode(), digest_size=32).digest()
    lots = b"".join(blake2b(one.encode(), key=key, digest_size=8).digest() for one in candidate_no)
    return np.frombuffer(lots, ">u8").astype(np.uint64)
