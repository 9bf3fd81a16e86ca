"""The four files of a synthetic province, as bytes. Writing them is not an importer's business."""

from importers.choices import Choices
from importers.province import Province
from importers.round_file import round_file_toml
from importers.written import ChoiceRow, candidates_csv, choices_csv, plan_csv


def province_files(province: Province) -> dict[str, bytes]:
    """plan.csv, candidates.csv, choices.csv and round.toml."""
    choices = province.choices
    return {
        "plan.csv": plan_csv(province.plan),
        "candidates.csv": candidates_csv(province.candidates),
        "choices.csv": choices_csv(choice_rows(choices), choices.major_ids.shape[1]),
        "round.toml": round_file_toml(province.round_file).encode(),
    }


def choice_rows(choices: Choices) -> list[ChoiceRow]:
    """Choices one by one, in file order."""
    columns = (
        choices.candidate_no,
        choices.institution_code,
        choices.plan_nature,
        choices.majors,
        choices.accepts_adjustment.tolist(),
    )
    return [ChoiceRow(*row) for row in zip(*columns, strict=True)]
