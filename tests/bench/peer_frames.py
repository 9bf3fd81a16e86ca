"""The peers that people reach for: Polars, DuckDB and pandas, each in its own best form.

Each is asked for rank and tied in the unit, and for those inside the line rank and tied in the
first major by filing and by exam score. No lines, no status, no figures of units: less than ours.
Two inputs, never to be quoted as one another:
    presorted   narrow types, rows in ranking order; whoever can use the order does
    unsorted    64-bit integers, rows in no order, ranked by the library's own window function
"""

from collections.abc import Callable
from typing import TypeAlias

import duckdb
import numpy as np
import pandas as pd
import polars as pl

from ranking.book import Book, due_seats

Columns: TypeAlias = dict[str, np.ndarray]
Answer: TypeAlias = tuple[Columns, Columns]
"""Of everybody: row, rank, tied. Of those inside the line: row and the four figures."""
Ask: TypeAlias = Callable[[], Answer]

OF_ALL = ("row", "rank", "tied")
OF_MAJOR = ("row", "major_rank", "major_tied", "major_rank_exam", "major_tied_exam")


def presorted(book: Book) -> Columns:
    """The columns in ranking order, as narrow as they go; `due` joined to each row already."""
    return {
        "row": np.arange(len(book.roll), dtype=np.int32),
        "unit": book.unit.astype(np.uint16),
        "major": book.first_major.astype(np.uint16),
        "filing": book.roll.filing,
        "exam": book.roll.exam,
        "due": due_seats(book.plan.seats, book.plan.ratio)[book.unit],
    }


def unsorted(book: Book) -> Columns:
    """The same rows as a table of candidates has them."""
    order = np.random.default_rng(5).permutation(len(book.roll))
    return {name: column[order].astype(np.int64) for name, column in presorted(book).items()}


def polars_windows(columns: Columns) -> Ask:
    """One form for both inputs: counting places in presorted rows took it longer than ranking."""
    people = pl.DataFrame(columns)

    def rank(score: str, group: str) -> pl.Expr:
        return pl.col(score).rank("min", descending=True).over(group)

    def ask() -> Answer:
        of_unit = {"rank": rank("filing", "unit"), "tied": pl.len().over("unit", "filing")}
        everybody = people.lazy().with_columns(**of_unit).collect()
        inside = (
            everybody.lazy()
            .filter(pl.col("rank") <= pl.col("due"))
            .select(
                "row",
                major_rank=rank("filing", "major"),
                major_tied=pl.len().over("major", "filing"),
                major_rank_exam=rank("exam", "major"),
                major_tied_exam=pl.len().over("major", "exam"),
            )
            .collect()
        )
        return (
            {name: everybody[name].to_numpy() for name in OF_ALL},
            {name: inside[name].to_numpy() for name in OF_MAJOR},
        )

    return ask


def pandas_presorted(columns: Columns) -> Ask:
    people = pd.DataFrame(columns)

    def first(frame: pd.DataFrame, group: str) -> pd.Series:
        place = frame.groupby(group, sort=False).cumcount() + 1
        return place.groupby([frame[group], frame["filing"]], sort=False).transform("first")

    return lambda: _pandas(people, first)


def pandas_unsorted(columns: Columns) -> Ask:
    people = pd.DataFrame(columns)

    def rank(frame: pd.DataFrame, group: str) -> pd.Series:
        return frame.groupby(group)["filing"].rank(method="min", ascending=False)

    return lambda: _pandas(people, rank)


def _pandas(people: pd.DataFrame, rank: Callable[[pd.DataFrame, str], pd.Series]) -> Answer:
    def tied(frame: pd.DataFrame, group: str, score: str) -> pd.Series:
        return frame.groupby([group, score], sort=False)["row"].transform("size")

    of_unit = rank(people, "unit")
    of_all = {"row": people["row"], "rank": of_unit, "tied": tied(people, "unit", "filing")}
    inside = people[of_unit <= people["due"]]
    by_exam = inside.groupby("major", sort=False)["exam"].rank(method="min", ascending=False)
    of_major = {
        "row": inside["row"],
        "major_rank": rank(inside, "major"),
        "major_tied": tied(inside, "major", "filing"),
        "major_rank_exam": by_exam,
        "major_tied_exam": tied(inside, "major", "exam"),
    }
    return (
        {name: series.to_numpy() for name, series in of_all.items()},
        {name: series.to_numpy() for name, series in of_major.items()},
    )


UNIT_SQL = """
    CREATE OR REPLACE TEMP TABLE everybody AS SELECT row, major, filing, exam, due,
        rank() OVER (PARTITION BY unit ORDER BY filing DESC) AS rank,
        count(*) OVER (PARTITION BY unit, filing) AS tied FROM people
"""
MAJOR_SQL = """
    SELECT row, rank() OVER (PARTITION BY major ORDER BY filing DESC) AS major_rank,
        count(*) OVER (PARTITION BY major, filing) AS major_tied,
        rank() OVER (PARTITION BY major ORDER BY exam DESC) AS major_rank_exam,
        count(*) OVER (PARTITION BY major, exam) AS major_tied_exam
    FROM everybody WHERE rank <= due
"""


def duckdb_windows(columns: Columns) -> Ask:
    """One form for both inputs: DuckDB has no way to be told of an order."""
    link = duckdb.connect()
    frame = pd.DataFrame(columns)
    link.register("frame", frame)
    link.execute("CREATE TABLE people AS SELECT * FROM frame")

    def ask() -> Answer:
        link.execute(UNIT_SQL)
        everybody = link.execute("SELECT row, rank, tied FROM everybody").fetchnumpy()
        return everybody, link.execute(MAJOR_SQL).fetchnumpy()

    return ask
