"""What the office sees of a round after its close: the dry run, the filing, how decisions stand."""

from dataclasses import dataclass

from service.admission import Admission, DryRun
from service.board import Board
from service.store import admission
from service.store.admission import Filing, Tally
from service.store.engine import Engine, reading
from service.views.office import OfficeRound, office_round


@dataclass(frozen=True, slots=True)
class AfterClose:
    """A round on its way to its results; `dry_run` only until it is filed, `tally` only after."""

    round: OfficeRound
    dry_run: DryRun | None
    filing: Filing | None
    tally: Tally | None

    @property
    def checked(self) -> bool:
        """Whether the check that agreed has seen the newest decision."""
        if self.filing is None or self.tally is None or self.filing.checked_ms is None:
            return False
        return self.filing.checked_ms >= self.tally.last_decided_ms


async def after_close(engine: Engine, board: Board, code: str, writer: Admission) -> AfterClose:
    """How far a round has come.

    Raises:
        Refusal: `not-found`.
    """
    one = office_round(board, code)
    round_id = board.rounds[code].terms.round_id
    async with reading(engine) as connection:
        filing = await admission.filing_of(connection, round_id)
        tally = None if filing is None else await admission.tally_of(connection, round_id)
    dry_run = await writer.last_dry_run(code) if filing is None else None
    return AfterClose(one, dry_run, filing, tally)
