"""A file's content as one short value: the same content gives the same digest, however written."""

from collections.abc import Mapping, Sequence
from hashlib import sha256

import numpy as np
from numpy.typing import NDArray


def digest_of(columns: Mapping[str, Sequence[str] | NDArray[np.generic]]) -> str:
    """SHA-256 of accepted columns, by name. Encoding, delimiter and order of columns do not show.

    A cell never holds NUL, so joined by it cells cannot run into one another.
    """
    total = sha256()
    for name in sorted(columns):
        column = columns[name]
        data = column.tobytes() if isinstance(column, np.ndarray) else "\0".join(column).encode()
        total.update(f"{name}\0{len(column)}\0{len(data)}\0".encode())
        total.update(data)
    return total.hexdigest()
