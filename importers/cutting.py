"""A whole file of bytes cut into columns at once, where it is plainly regular. Else: importers.tables.

What is not beyond doubt is said to be so by False or None, and read with care by others.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from importers.columns import ByteColumn
from importers.words import Int

Bytes: TypeAlias = NDArray[np.uint8]

NEWLINE = 10
_DOUBTFUL = (b"\0", b"\r", b'"', b"\xc0", b"\xc1", b"\xe0", b"\xed")
"""What needs care in a file, and bytes whose followers UTF-8 restricts further."""
_LAST_LEAD = 0xEF
BLOCK = 1 << 16


def is_plain(content: bytes) -> bool:
    """Whether this is beyond doubt UTF-8 text with line feeds only and without quotes or NUL.

    Of UTF-8 it knows characters of up to three bytes, but for a few first bytes: what follows
    bytes above 0xBF, and nothing else, continues a character. Rarer text is for a decoder.
    """
    if any(byte in content for byte in _DOUBTFUL):
        return False
    buffer = np.frombuffer(content, np.uint8)
    highest = buffer.max(initial=0)
    if highest < 0x80:
        return True
    if highest > _LAST_LEAD or buffer[-1] > 0xBF or buffer[-2:].max() >= 0xE0:
        return False
    first = np.concatenate([np.zeros(2, np.uint8), buffer[: BLOCK - 2]])
    return _continues_rightly(first) and all(
        _continues_rightly(buffer[begin - 2 : begin + BLOCK])
        for begin in range(BLOCK - 2, len(buffer), BLOCK)
    )


def _continues_rightly(buffer: Bytes) -> bool:
    """Whether exactly the bytes that first bytes of characters announce are continuing ones.

    The first two bytes are looked at only for what they announce.
    """
    continues = buffer[2:].view(np.int8) < -64
    announced = buffer[1:-1] >= 0xC0
    announced |= buffer[:-2] >= 0xE0
    return bool(np.array_equal(continues, announced))


def cut_evenly(data: bytes, delimiter: str, width: int) -> list[ByteColumn] | None:
    """The columns of lines that all have `width` cells and something in them; None if not so.

    `data` is UTF-8 with line feeds only and without quotes; its first line is left out.
    """
    if not data.endswith(b"\n"):
        data += b"\n"
    buffer = np.frombuffer(data, np.uint8)
    cuts, lines = _cuts(buffer, ord(delimiter))
    if len(cuts) % width != 1:
        return None
    before, end = cuts[:-1].reshape(-1, width), cuts[1:].reshape(-1, width)
    # There are as many line ends as lines, so if every line ends in one, no cell does.
    if lines != len(end) or np.any(buffer[end[:, -1]] != NEWLINE):
        return None
    if _has_blank_line(data, buffer, before[:, 0] + 1, end):
        return None
    return [ByteColumn(data, before[1:, place], end[1:, place]) for place in range(width)]


def _cuts(buffer: Bytes, delimiter: int) -> tuple[Int, int]:
    """-1 and then where delimiters and line feeds stand, and how many line feeds there are.

    Block by block, which stays in the processor's cache.
    """
    found = [np.array([-1], np.int32)]
    lines = 0
    for begin in range(0, len(buffer), BLOCK):
        block = buffer[begin : begin + BLOCK]
        newline = block == NEWLINE
        lines += int(np.count_nonzero(newline))
        newline |= block == delimiter
        found.append(np.flatnonzero(newline).astype(np.int32) + np.int32(begin))
    return np.concatenate(found), lines


def _has_blank_line(data: bytes, buffer: Bytes, begin: Int, end: Int) -> bool:
    """Whether a line has nothing but delimiters, spaces and tabs.

    begin (n,) where the lines begin; end (n, width) where their cells end.
    """
    if not (b" " in data or b"\t" in data):
        delimiters = end.shape[1] - 1
        return bool((end[:, -1] - begin == delimiters).any())
    something = (buffer != ord(" ")) & (buffer != ord("\t"))
    something[end] = False
    return not bool(np.logical_or.reduceat(something, begin).all())
