"""What a round file must not say when it comes into the service."""

from collections.abc import Collection

from importers.round_file import RoundFile
from service.errors import Refusal
from service.terms import Terms


def check_served(file: RoundFile) -> None:
    """A form of the service holds one choice; the offline commands place forms of several.

    Where a form holds several choices a rank at one unit does not decide, so that a live standing
    would promise what placement does not keep. RULES.md 5.

    Raises:
        Refusal: `several-choices-not-served`.
    """
    if file.rules.regime != "dynamic" and file.rules.choices_per_form > 1:
        raise Refusal("several-choices-not-served", count=file.rules.choices_per_form)


def check_shared(
    before: Terms | None, file: RoundFile, kinds: Collection[str], names: Collection[str]
) -> None:
    """A round's file leaves alone what is not its own: the season's kind, the batch's name.

    `kinds` and `names` are what the other rounds go by. Only who may change a public round, which
    takes two people, may rename the batch they share; the kind decides what a unit is, so that
    nobody may change it under a plan that others use or the public sees.

    Raises:
        Refusal: `season-kind-in-use`, `batch-name-in-use`.
    """
    public = None if before is None or before.draft else before
    used = {*kinds, public.season_kind} if public else {*kinds}
    if used - {file.season_kind}:
        raise Refusal("season-kind-in-use", what=file.season_code)
    if public is None and set(names) - {file.batch_name}:
        raise Refusal("batch-name-in-use", what=file.batch_code)
