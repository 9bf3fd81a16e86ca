"""Work in a second thread: numpy computes without Python's lock, so two files are read at once."""

from collections.abc import Callable
from threading import Thread
from typing import Generic, TypeVar

Value = TypeVar("Value")


class Beside(Generic[Value]):
    """A computation that has begun."""

    def __init__(self, work: Callable[[], Value]) -> None:
        self._work = work
        self._values: list[Value] = []
        self._fault: BaseException | None = None
        self._thread = Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._values.append(self._work())
        except BaseException as fault:  # noqa: BLE001 - raised again where the result is wanted
            self._fault = fault

    def result(self) -> Value:
        """What the work gives, when it is done; or raises what it raised."""
        self._thread.join()
        if self._fault is not None:
            raise self._fault
        return self._values[0]
