"""What a rehearsal found, as lines of text."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from web.cli.rehearsal.people import Person


@dataclass(frozen=True, slots=True)
class Report:
    """The findings: who filed, how many standings and outcomes were compared, what is lost or disagrees."""

    people: Sequence[Person]
    standings: int
    outcomes: int
    lost: int
    disagreements: int

    def lines(self) -> Iterator[str]:
        """The report, one fact a line; the last two are what counts."""
        filed = [one for person in self.people for one in person.filed]
        refused = Counter(code for person in self.people for code in person.refused)
        reasons = ", ".join(f"{code} {count}" for code, count in sorted(refused.items()))
        pushed = [delay for person in self.people for delay in person.push_delays()]
        compared = f"standings compared {self.standings}, outcomes compared {self.outcomes}"
        yield f"candidates signed in {len(self.people)}, {compared}"
        yield f"choices acknowledged {len(filed)}, refused {refused.total()} ({reasons})"
        yield f"acknowledged choices {_percentiles([one.took_s for one in filed])}"
        yield f"pushed frames {_percentiles(pushed)}"
        yield f"lost {self.lost}"
        yield f"disagreements {self.disagreements}"


def _percentiles(seconds: Sequence[float]) -> str:
    if not seconds:
        return "none"
    p50, p90, p99 = np.percentile(np.array(seconds) * 1000, [50, 90, 99])
    return f"p50 {p50:.1f} ms, p90 {p90:.1f} ms, p99 {p99:.1f} ms ({len(seconds)})"
