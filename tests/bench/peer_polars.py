"""The peer: standings of everybody by Polars' window functions. Arguments: plan candidates choices out."""

import sys

import polars as pl

UNIT = ["track", "institution_code", "plan_nature"]


def main(plan: str, candidates: str, choices: str, out: str) -> None:
    """Rank, tied and applicants in the unit; in the first major too, for those inside the line."""
    seats = (
        pl.scan_csv(plan, infer_schema=False)
        .group_by(UNIT)
        .agg(plan=pl.col("quota").cast(pl.Int32).sum())
    )
    people = pl.scan_csv(candidates, infer_schema=False).select(
        "candidate_no", "track", filing_score=thousandths("exam_score") + thousandths("bonus")
    )
    filed = pl.scan_csv(choices, infer_schema=False).select(
        "candidate_no", "institution_code", "plan_nature", major_code="major_1"
    )
    (
        filed.join(people, on="candidate_no")
        .join(seats, on=UNIT, nulls_equal=True)
        .with_columns(
            rank=pl.col("filing_score").rank("min", descending=True).over(UNIT),
            tied=pl.len().over([*UNIT, "filing_score"]),
            applicants=pl.len().over(UNIT),
        )
        # At a ratio of 100 % `due` is the plan, and a tie shares one rank: all of it is inside.
        .with_columns(pl.when(pl.col("rank") <= pl.col("plan")).then("major_code"))
        .with_columns(
            major_rank=inside(
                pl.col("filing_score").rank("min", descending=True).over([*UNIT, "major_code"])
            ),
            major_tied=inside(pl.len().over([*UNIT, "major_code", "filing_score"])),
        )
        .sort([*UNIT, "rank", "candidate_no"])
        .with_columns(filing_score=pl.col("filing_score") / 1000)
        .collect()
        .write_csv(out)
    )


def thousandths(column: str) -> pl.Expr:
    """A score as a whole number of thousandths; none is zero."""
    return (pl.col(column).cast(pl.Float64).fill_null(0) * 1000).round().cast(pl.Int32)


def inside(of: pl.Expr) -> pl.Expr:
    """Only where the applicant is inside the line."""
    return pl.when(pl.col("major_code").is_not_null()).then(of)


if __name__ == "__main__":
    main(*sys.argv[1:])
