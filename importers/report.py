"""What an import found: faults with their place, notices, totals, and a digest of the content."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that cannot be right, where it stands, in a sentence without a subject.

    `line` counts from 1 as an editor shows it; 0 speaks of the file as a whole.
    """

    file: str
    line: int
    column: str
    value: str
    message: str

    def __str__(self) -> str:
        """As one line for a terminal: `plan.csv:17: quota "x" is not a whole number`."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        subject = f'{self.column} "{self.value}" ' if self.column else ""
        return f"{place}: {subject}{self.message}"


@dataclass(slots=True)
class Report:
    """The findings on one file, filled while it is read."""

    file: str
    rows: int = 0
    faults: list[Fault] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    totals: dict[str, int] = field(default_factory=dict)
    digest: str = ""

    @property
    def accepted(self) -> bool:
        """Whether the file may be applied: not one fault in it."""
        return not self.faults

    def reject(self, line: int, column: str, value: str, message: str) -> None:
        """Record a fault of this file."""
        self.faults.append(Fault(self.file, line, column, value, message))
