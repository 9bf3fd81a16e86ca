"""Why somebody was admitted or not, in words: Chinese first, then English.

Keyed by the reason that the ranking gives, with `_tied` where the score alone did not decide and
`institution` where the institution did. Facts in braces are filled by `service.rendering`.
"""

from collections.abc import Mapping

REASONS: Mapping[str, tuple[str, str]] = {
    "no_plan": (
        "该院校本轮计划为 0，不投档。",
        "The plan of this unit was 0, so nobody was filed.",
    ),
    "below_line": (
        "您的投档分 {filing} 分，低于投档线 {line_filing} 分，没有投档。",
        "Your filing score {filing} is below the filing line {line_filing}; you were not filed.",
    ),
    "below_line_tied": (
        "您与投档线同为 {filing} 分，按同分排序（{tie_keys}）排在应投档人数之后，没有投档。",
        "You tie at the filing line with {filing}; by the tie-break ({tie_keys}) others come first.",
    ),
    "no_room": (
        "轮到您时，所填志愿都已满额，没有投档。您的投档分 {filing} 分。",
        "When it was your turn every choice was full; you were not filed. Your score is {filing}.",
    ),
    "beyond_plan": (
        "已投档。计划名额按名次录满，1:1 线 {line_plan} 分；您 {filing} 分，排在计划之外，退档。",
        "Filed. The plan was filled in order, its line is {line_plan}; you have {filing}: beyond it.",
    ),
    "declines_adjustment": (
        "已投档。您 {score} 分，所填专业均已录满，且不服从专业调剂，退档。",
        "Filed. With {score} none of your majors had a seat, and you declined adjustment.",
    ),
    "nothing_left": (
        "已投档。您 {score} 分，所填专业均已录满；您服从调剂，但其他专业也没有空额，退档。",
        "Filed. With {score} no major you listed and no other major of the unit had a seat left.",
    ),
    "listed": (
        "按第 {position} 专业志愿录取。您 {score} 分，该专业录取最低 {lowest} 分。",
        "Admitted to your choice {position} of major. You have {score}; its lowest is {lowest}.",
    ),
    "adjusted": (
        "所填专业已录满，您服从调剂，调剂录取。您 {score} 分，该专业录取最低 {lowest} 分。",
        "Your majors were full; admitted by adjustment. You have {score}; its lowest is {lowest}.",
    ),
    "refilled": (
        "有名额空出，按名次递补录取。您 {score} 分，该专业录取最低 {lowest} 分。",
        "Admitted when a seat was left over. You have {score}; the major's lowest is {lowest}.",
    ),
    "institution": (
        "已投档。院校审核后退档，理由：{decision_zh}。",
        "Filed. Rejected by the institution: {decision_en}.",
    ),
}

NOTHING = "—"
"""In the place of a score where there is none."""

DRAW = "抽签"
"""What decides after the last tie-break key. RULES.md 5.5."""

KEPT_OUT_BY_DRAW = (
    "与您投档分和同分排序各科都相同的考生，由公布的抽签排在您之前。",
    " Somebody equal to you on every key came first by the published draw.",
)
"""Added where nothing else told them apart."""
