"""Which column is which: headings in Chinese and English, and the mapping a person may give.

The English names are the ones of CONTRACT 2; everything else a heading may be called stands here.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from importers.cells import Cells
from importers.columns import Column, TextColumn
from importers.report import Report
from importers.tables import Table

MAX_MAJORS = 30
JOIN = "+"
"""Between file columns that together make one column: `院校专业组+专业代码=major_code`."""

GLUE = "-"
"""Between the cells of columns that are joined."""

_NUMERALS = ("", "一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns a kind of file may have: the headings each goes by, and which are needed."""

    names: Mapping[str, tuple[str, ...]]
    needed: tuple[str, ...]
    by_heading: dict[str, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        """Turn the names around."""
        turned = {
            plain(heading): column
            for column, headings in self.names.items()
            for heading in (column, *headings)
        }
        object.__setattr__(self, "by_heading", turned)


def plain(heading: str) -> str:
    """A heading as it is compared: half-width, lower case, without blanks."""
    return "".join(unicodedata.normalize("NFKC", heading).casefold().split())


SUBJECTS: Mapping[str, tuple[str, ...]] = {
    "语文": ("chinese",),
    "数学": ("mathematics", "math", "maths"),
    "外语": ("foreign_language", "foreign language", "英语", "english"),
    "综合": ("comprehensive", "文综", "理综", "文科综合", "理科综合"),
    "物理": ("physics",),
    "化学": ("chemistry",),
    "生物": ("biology", "生物学"),
    "历史": ("history",),
    "地理": ("geography",),
    "政治": ("politics", "思想政治"),
    "蒙古语文": ("mongolian", "蒙语文", "蒙语"),
    "信息技术": ("information_technology", "技术"),
    "专业基础": ("major_basics", "专业基础课"),
    "职业技能": ("vocational_skills", "技能", "职业技能测试"),
}
"""The subjects by the name that rules use, each with what else it is called."""

_INSTITUTION = ("院校代码", "院校代号", "学校代码", "院校编号")
_NATURE = ("计划性质",)
_NUMBER = ("考生号", "考号", "准考证号")
_TRACK = ("科类", "科类名称", "首选科目")

PLAN = Layout(
    {
        "batch": ("批次", "批次名称"),
        "track": _TRACK,
        "institution_code": _INSTITUTION,
        "institution_name": ("院校名称", "学校名称"),
        "plan_nature": _NATURE,
        "major_code": ("专业代码", "专业代号", "专业编号"),
        "major_name": ("专业名称",),
        "quota": ("计划数", "计划人数", "招生计划", "招生人数"),
        "tuition": ("学费", "收费标准", "学费标准"),
        "duration": ("学制", "学制年限"),
        "notes": ("备注", "专业备注", "说明"),
    },
    ("track", "institution_code", "institution_name", "major_code", "major_name", "quota"),
)
CANDIDATES = Layout(
    {
        "candidate_no": _NUMBER,
        "name": ("姓名", "考生姓名"),
        "track": _TRACK,
        "exam_score": ("实考分", "总分", "实考总分", "成绩"),
        "bonus": ("照顾分", "加分", "政策加分"),
        "id_number": ("身份证号", "身份证号码", "证件号码"),
        "phone": ("手机号", "手机号码", "联系电话"),
        "initial_code": ("初始密码",),
        **SUBJECTS,
    },
    ("candidate_no", "track", "exam_score"),
)
CHOICES = Layout(
    {
        "candidate_no": _NUMBER,
        "institution_code": _INSTITUTION,
        "plan_nature": _NATURE,
        "accepts_adjustment": ("服从调剂", "是否服从调剂", "是否服从", "专业服从"),
        "position": ("志愿序号", "志愿顺序", "志愿号"),
        **{
            f"major_{n}": (
                f"专业{n}",
                f"专业{n}代码",
                *((f"专业{_NUMERALS[n]}",) if n < len(_NUMERALS) else ()),
            )
            for n in range(1, MAX_MAJORS + 1)
        },
    },
    ("candidate_no", "institution_code"),
)


def subject_name(text: str) -> str | None:
    """The name that rules use for a subject; None when it is no subject."""
    column = CANDIDATES.by_heading.get(plain(text))
    return column if column in SUBJECTS else None


def recognise(
    table: Table, layout: Layout, mapping: Mapping[str, str], report: Report
) -> Cells | None:
    """The table's columns under their own names; None, with faults, where that fails.

    mapping says of file columns which column they are; several joined with "+" become one column,
    their cells joined with "-", and stay what they are besides.
    """
    chosen = _follow(table, layout, mapping, report)
    _add_known(chosen, table, layout, report)
    used = {part for source in chosen.values() for part in _parts(source, table)}
    ignored = [heading for heading in table.columns if heading not in used]
    if ignored:
        report.notices.append(f"columns that are not used: {', '.join(ignored)}")
    missing = [column for column in layout.needed if column not in chosen]
    if missing:
        report.reject(table.heading_line, "", "", f"lacks {_spoken(missing, layout)}")
    if not report.accepted:
        return None
    columns = {column: _cells(source, table) for column, source in chosen.items()}
    return Cells(columns, chosen, table.lines, report)


def _add_known(chosen: dict[str, str], table: Table, layout: Layout, report: Report) -> None:
    """Columns by their headings, where the mapping has not spoken; twice the same is a fault."""
    mapped = dict(chosen)
    for heading in table.columns:
        column = layout.by_heading.get(plain(heading))
        if column is None or column in mapped or heading in mapped.values():
            continue
        before = chosen.setdefault(column, heading)
        if before != heading:
            message = f"is the column {column} again, like {before}"
            report.reject(table.heading_line, heading, "", message)


def _follow(
    table: Table, layout: Layout, mapping: Mapping[str, str], report: Report
) -> dict[str, str]:
    """What the mapping says, column → file column(s); faults where it cannot be followed."""
    chosen: dict[str, str] = {}
    for source, target in mapping.items():
        column = layout.by_heading.get(plain(target))
        absent = [part for part in _parts(source, table) if part not in table.columns]
        if column is None:
            report.reject(
                0, "", "", f'has no column "{target}" to map to: {", ".join(layout.names)}'
            )
        elif absent:
            report.reject(
                table.heading_line, "", "", f"has no column {', '.join(absent)} to map from"
            )
        elif column in chosen:
            report.reject(0, "", "", f"cannot map both {chosen[column]} and {source} to {column}")
        else:
            chosen[column] = source
    return chosen


def _parts(source: str, table: Table) -> list[str]:
    return [source] if source in table.columns else source.split(JOIN)


def _cells(source: str, table: Table) -> Column:
    parts = [table.columns[part] for part in _parts(source, table)]
    if len(parts) == 1:
        return parts[0]
    rows = zip(*(part.texts for part in parts), strict=True)
    return TextColumn([GLUE.join(filter(None, cells)) for cells in rows])


def _spoken(columns: list[str], layout: Layout) -> str:
    """Columns with the first of their other names, for a person: `quota (计划数)`."""
    return ", ".join(f"{column} ({layout.names[column][0]})" for column in columns)
