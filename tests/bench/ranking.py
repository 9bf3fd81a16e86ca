"""Ranking beside what a user would pick instead: frames for everybody, Redis for one change.

All in one process, on the same round, in turn, medians of wall time. The peers' answers are held to
ours in the same run; a disagreement fails it.
"""

import statistics
import time
import tracemalloc
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial

import numpy as np

from ranking.book import Book
from ranking.current import Current
from ranking.lists import Lists
from ranking.outlook import Gates, outlook
from ranking.standing import Standings, standing_of, standings
from service.memory import keep_freed_memory
from tests.bench import peer_frames as frames
from tests.bench._floor import floors
from tests.bench._round import a_round, some_moves
from tests.bench.measure import machine, save
from tests.bench.peer_redis import Move, Sets, server

CANDIDATES = 200_000
TURNS = 11
GROWTH = (20_000, 200_000, 2_000_000)
BATCHES = (10, 100, 500, 1_500, 5_000)
CHANGES = 2_000
A_TRIP = 100
GATES = Gates(locked_from=600_000, creation_closed=False)


@dataclass
class Times:
    """Milliseconds of one thing, by turn: on the wall, and of all processors together."""

    ms: list[float]
    cpu_ms: list[float]

    @property
    def median(self) -> float:
        """The figure that is quoted."""
        return statistics.median(self.ms)

    @property
    def best(self) -> float:
        """How it is without neighbours."""
        return min(self.ms)

    @property
    def cpu(self) -> float:
        """What it costs in work; several threads add up. Neighbours hardly show in it."""
        return statistics.median(self.cpu_ms)


def in_turn(asks: Mapping[str, Callable[[], object]], turns: int = TURNS) -> dict[str, Times]:
    """Each once a turn, after one that does not count: a noisy moment hits all of them."""
    times = {name: Times([], []) for name in asks}
    for turn in range(turns + 1):
        for name, ask in asks.items():
            begun, worked = time.perf_counter(), time.process_time()
            answer = ask()
            took, work = time.perf_counter() - begun, time.process_time() - worked
            del answer
            if turn:
                times[name].ms.append(took * 1e3)
                times[name].cpu_ms.append(work * 1e3)
    return times


def run() -> int:
    """Measure, print, save; the number of disagreements, at most 1."""
    kept = keep_freed_memory()  # as `mingci serve` does; the peers have the same
    book = a_round(CANDIDATES)
    now = standings(book)
    inside = float(now.inside_line.mean())
    print(f"{CANDIDATES} candidates, {inside:.0%} inside, largest unit {now.applicants.max()}")
    print(f"freed memory is {'kept' if kept else 'given back'}\n")
    wrong = 0
    result: dict[str, object] = {**machine("numpy", "polars", "duckdb", "pandas", "redis")}
    result["keeps_freed_memory"] = kept
    for title, columns in (
        ("presorted", frames.presorted(book)),
        ("unsorted", frames.unsorted(book)),
    ):
        asks = peers(title, columns)
        wrong += sum(differs(title, name, now, ask()) for name, ask in asks.items())
        times = in_turn({"mingci": partial(standings, book), **asks})
        result[title] = told(f"everybody, peers on {title} columns", times, "mingci")
    result["floor"] = told(
        "floors", in_turn({"mingci": partial(standings, book), **floors(book, now)}), "mingci"
    )
    result["certainty"] = certainty(book)
    changes, wrong_changes = single_changes(book)
    result["changes"] = {"us": changes}
    result["batches"] = batches({name: changes[name] for name in changes if "redis" in name})
    result["growth"], result["memory"] = growth(), memory()
    result["disagreements"] = wrong + wrong_changes
    print(f"\ndisagreements with ours: {wrong + wrong_changes}")
    print(save("ranking", result))
    return 1 if wrong + wrong_changes else 0


def peers(title: str, columns: frames.Columns) -> dict[str, frames.Ask]:
    """Each peer, ready to be asked."""
    by_pandas = frames.pandas_presorted if title == "presorted" else frames.pandas_unsorted
    return {
        "polars": frames.polars_windows(columns),
        "duckdb": frames.duckdb_windows(columns),
        "pandas": by_pandas(columns),
    }


def differs(title: str, name: str, now: Standings, answer: frames.Answer) -> bool:
    """Whether a peer says something else than we do about anybody."""
    of_all, of_major = answer
    rows = of_major["row"]
    same = len(of_all["row"]) == len(now.rank) and len(rows) == np.count_nonzero(now.inside_line)
    for found, names in ((of_all, frames.OF_ALL[1:]), (of_major, frames.OF_MAJOR[1:])):
        same = same and all(
            np.array_equal(getattr(now, column)[found["row"]], found[column]) for column in names
        )
    if not same:
        print(f"{name} on {title} columns disagrees")
    return not same


def certainty(book: Book) -> dict[str, object]:
    """Standings with everybody's certainty interval, against without."""

    def both() -> object:
        now = standings(book)
        return now, outlook(book, now, GATES)

    times = in_turn({"plain": partial(standings, book), "with certainty": both})
    return told("everybody, with the certainty interval", times, "plain")


def single_changes(book: Book) -> tuple[dict[str, float], int]:
    """One change and its own standing: ours, and Redis by one or by a hundred changes a trip."""
    moves = some_moves(book, CHANGES)
    started = (book.unit.copy(), book.first_major.copy())
    lists = Lists(book)
    each: list[float] = []
    answers = []
    for row, unit, major in moves:
        begun = time.perf_counter_ns()
        lists.move(row, unit, major)
        answer = lists.standing(row, unit, major)
        each.append((time.perf_counter_ns() - begun) / 1e3)
        answers.append(answer)
    what_if = [timed_us(partial(lists.standing, row, unit)) for row, unit, _ in moves]
    ahead = [
        timed_us(partial(lists.outlook, answer, row, unit, GATES))
        for (row, unit, _), answer in zip(moves, answers, strict=True)
    ]
    now = standings(book)
    shown = {
        "one change and its standing": each,
        "what-if standing": what_if,
        "what-if certainty": ahead,
    }
    us: dict[str, float] = {name: statistics.median(times) for name, times in shown.items()}
    wrong = sum(lists.standing(*move) != standing_of(book, now, move[0]) for move in moves)
    with server() as link:
        for trip in (1, A_TRIP):
            sets = Sets(link, Book(book.plan, book.roll, *started))
            us[f"redis, {trip} a trip"] = by_trips(sets, moves, trip)
            wrong += final_disagreements(sets, moves, now)
    print("\none change: microseconds, median")
    mine = us["one change and its standing"]
    for name, value in us.items():
        print(f"  {name:32} {value:9.1f}  {value / mine:6.1f} x")
    return us, wrong


def by_trips(sets: Sets, moves: Sequence[Move], trip: int) -> float:
    """Median microseconds a change."""
    each = []
    for start in range(0, len(moves), trip):
        part = moves[start : start + trip]
        begun = time.perf_counter_ns()
        sets.apply(part)
        each.append((time.perf_counter_ns() - begun) / 1e3 / len(part))
    return statistics.median(each)


def final_disagreements(sets: Sets, moves: Sequence[Move], now: Standings) -> int:
    """Ask Redis again once all have moved: unit figures of all; the major's where all are inside."""
    wrong = 0
    for (row, unit, _), figures in zip(moves, sets.apply(moves), strict=True):
        wrong += figures[:2] != (now.rank[row], now.tied[row])
        if now.applicants[unit] <= now.due[unit]:
            wrong += figures[2:] != (now.major_rank[row], now.major_tied[row])
    if wrong:
        print(f"redis disagrees in {wrong} changes")
    return wrong


def timed_us(ask: Callable[[], object]) -> float:
    """Microseconds of one call."""
    begun = time.perf_counter_ns()
    ask()
    return (time.perf_counter_ns() - begun) / 1e3


def batches(us: Mapping[str, float]) -> dict[str, object]:
    """Batches of changes one after the other, every standing then true again; three ways.

    `us` are Redis's microseconds a change, which the first way is held against.
    """
    book, whole, sorted_ = a_round(CANDIDATES), a_round(CANDIDATES), a_round(CANDIDATES)
    current, lists = Current(book), Lists(sorted_)
    shown: dict[str, object] = {}
    print("\na batch of changes: milliseconds, median")
    for size in BATCHES:
        each = [some_moves(book, size, seed) for seed in range(TURNS)]
        ms = {
            "touched lists": [timed_ms(partial(refreshed, book, current, moves)) for moves in each],
            "all": [timed_ms(partial(recomputed, whole, moves)) for moves in each],
            "each mover, by lists": [timed_ms(partial(answered, lists, moves)) for moves in each],
        }
        medians = {name: statistics.median(times) for name, times in ms.items()}
        touched = np.isin(book.unit, [unit for _, unit, _ in each[-1]])
        apart = {
            name: value / (medians["touched lists"] * 1e3 / size) for name, value in us.items()
        }
        shown[str(size)] = {"share": float(touched.mean()), "ms": medians, "redis_ratio": apart}
        parts = "  ".join(f"{name} {value:8.2f}" for name, value in medians.items())
        beside = "  ".join(f"{name} {value:5.1f} x" for name, value in apart.items())
        print(f"  {size:6} touch the lists of {touched.mean():4.0%}   {parts}   {beside}")
    return shown


def timed_ms(ask: Callable[[], object]) -> float:
    """Milliseconds of one call."""
    return timed_us(ask) / 1e3


def moved(book: Book, moves: Sequence[Move]) -> None:
    """Write them all into the columns."""
    row, unit, major = np.array(moves, np.int32).T
    book.unit[row], book.first_major[row] = unit, major


def refreshed(book: Book, current: Current, moves: Sequence[Move]) -> None:
    """Let them all move, then compute the lists they touched."""
    moved(book, moves)
    current.standings()


def recomputed(book: Book, moves: Sequence[Move]) -> None:
    """Let them all move, then compute everybody's."""
    moved(book, moves)
    standings(book)


def answered(lists: Lists, moves: Sequence[Move]) -> None:
    """Let them all move, telling each one their standing."""
    for move in moves:
        lists.move(*move)
        lists.standing(*move)


def growth() -> dict[str, object]:
    """From a small province to ten times the largest."""
    print("\ngrowth: milliseconds for everybody, and nanoseconds a candidate")
    shown: dict[str, object] = {}
    for candidates in GROWTH:
        book = a_round(candidates)
        times = in_turn({"all": partial(standings, book)}, 5)["all"]
        ns = times.median * 1e6 / candidates
        shown[str(candidates)] = {"ms": times.median, "best_ms": times.best, "ns_each": ns}
        print(f"  {candidates:9} {times.median:9.2f} ms {ns:7.1f} ns")
    return shown


def memory() -> dict[str, float]:
    """MB of a book, and of the lists beside it."""
    tracemalloc.start()
    book = a_round(CANDIDATES)
    held = tracemalloc.get_traced_memory()[0] / 1e6
    lists = Lists(book)
    beside = tracemalloc.get_traced_memory()[0] / 1e6 - held
    tracemalloc.stop()
    del lists
    print(f"\nmemory: book {held:.1f} MB, lists beside it {beside:.1f} MB")
    return {"book_mb": held, "lists_mb": beside}


def told(title: str, times: Mapping[str, Times], ours: str) -> dict[str, object]:
    """Print medians and how often ours goes into each; the same as a value."""
    mine = times[ours]
    print(f"{title}: milliseconds, and how often ours goes into it")
    for name, one in times.items():
        ratios = f"{one.median / mine.median:6.2f} x {one.cpu / mine.cpu:6.2f} x of work"
        print(f"  {name:24} {one.median:8.2f} (best {one.best:8.2f}, work {one.cpu:8.2f}) {ratios}")
    return {
        name: {
            **asdict(one),
            "median": one.median,
            "ratio": one.median / mine.median,
            "cpu_ratio": one.cpu / mine.cpu,
        }
        for name, one in times.items()
    }
