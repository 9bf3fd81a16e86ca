"""What the pages say in Chinese, and how they write numbers, scores and times.

The sentences of a position are templates with {facts}; the server's pages and the browser's live
module fill the same ones, so that a status never reads differently. Nothing here decides anything.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

Fact = str | int | float | None
Line = tuple[str, Mapping[str, Fact]]
"""A key of POSITION and the facts its sentence names."""

POSITION: Mapping[str, str] = {
    "number": "{n}",
    "title": "您在{name}的当前位置",
    "title_locked": "您在{name}的最终填报位置",
    "of": "计划 {plan} 人 · 已报 {applicants} 人",
    "inside": "计划线内，高出 {spare} 个名次",
    "inside_last": "计划线内，占到最后 1 个名额",
    "straddling": "压线：同分跨过计划线",
    "outside_plan": "线外，但在投档范围内",
    "outside": "投档线外，差 {short} 个名次",
    "outside_no_plan": "线外：计划为 0，不投档",
    "unknown": "位置未知：等待最新数据",
    "tie": "同分 {tied} 人（含您），占第 {first}–{last} 名",
    "tie_none": "没有人与您同分，占第 {first} 名",
    "lines": "应投档 {due} 人 · 预计 1:1 线 {line_plan} 分 · 预计投档线 {line_filing} 分",
    "lines_none": "应投档 {due} 人 · 已报人数不足，尚无投档线",
    "lines_plan": "应投档 {due} 人 · 预计 1:1 线 {line_plan} 分 · 尚无投档线",
    "major": "第一专业：{name}",
    "major_none": "第一专业",
    "major_of": "计划 {quota} 人",
    "major_inside": "专业计划内，高出 {spare} 个名次",
    "major_inside_last": "专业计划内，占到最后 1 个名额",
    "major_straddling": "压线：同分跨过专业计划",
    "major_outside": "超出专业计划 {short} 个名次",
    "major_unknown": "等待最新数据",
    "major_tie": "按投档分：同分 {tied} 人，占第 {first}–{last} 名",
    "major_tie_none": "按投档分：没有同分，占第 {first} 名",
    "major_exam": "按实考分：第 {first} 名",
    "major_exam_tied": "按实考分：同分 {tied} 人，占第 {first}–{last} 名",
    "major_hidden": "您目前在投档线外，不参加专业排名，所以没有第一专业名次。",
    "bounds": "您最终的院校名次会在第 {best}–{worst} 名之间，两头都可能出现。",
    "bounds_fixed": "您的院校名次不再变化：第 {best} 名。",
    "safe": "即使他们都改来这里，您仍在应投档的 {due} 人之内。",
    "out": "已锁定的高分考生已占满应投档的 {due} 人，名次不会再进入投档范围。",
    "safe_fixed": "分数比您高的人都已锁定，您在应投档的 {due} 人之内。",
    "out_fixed": "分数比您高的人都已锁定，您在应投档的 {due} 人之外。",
    "open": "还有 {open_above} 人分数更高、尚未锁定，应投档 {due} 人，结果还没有确定。",
    "lock_open": "距您的分数段停止修改",
    "lock_locked": "您的志愿已锁定",
    "lock_at": "{time} 锁定",
    "lock_done": "已停止修改，您仍可查看名次",
    "bar_open": "距 {time} 锁定",
    "bar_locked": "志愿已锁定",
    "seats": "每格 1 人，按投档分从高到低：前面已锁定 {locked} 人，前面仍可改 {open} 人，您与同分共 {tied} 人，计划 {plan} 人，应投档 {due} 人。",
    "seats_locked": "前面 · 已锁定 {n}",
    "seats_open": "前面 · 仍可改 {n}",
    "seats_you": "您",
    "seats_tied": "同分 {n}",
    "seats_behind": "后面",
    "seats_empty": "空位",
    "seats_beyond": "计划外（应投档 {due} 人）",
    "up": "▲ 比 5 分钟前上升 {n} 名",
    "down": "▼ 比 5 分钟前下降 {n} 名",
    "same": "与 5 分钟前相同",
    "spoken": "{name}，第 {rank} 名，{status}，截至 {time}。",
}

LINK: Mapping[str, str] = {
    "static": "未实时更新",
    "connecting": "正在连接",
    "live": "实时更新中",
    "polling": "每 5 秒更新一次",
    "paused": "已暂停更新",
    "stale": "连接中断，正在重连（第 {n} 次）",
    "offline": "您的设备没有联网",
    "signed_out": "登录已失效，请重新登录",
    "moved": "您的志愿已在别处改动",
    "as_of": "排名截至 {time}",
    "old": "下面是 {time} 的排名，已过去 {ago}，现在可能已变化",
    "pause": "暂停更新",
    "resume": "继续更新",
    "seq": "数据版本 {seq} · 服务器时间 {time}",
    "hours": "{n} 小时",
    "minutes": "{n} 分",
    "seconds": "{n} 秒",
}

ROUND_STATE: Mapping[str, str] = {
    "draft": "尚未公布",
    "published": "计划已公布，尚未开始填报",
    "paused": "暂停填报",
    "open": "正在填报",
    "delete_locked": "正在填报 · 已停止删除",
    "create_locked": "只能修改 · 已停止新填报",
    "closing": "分数段陆续锁定",
    "closed": "填报已结束",
    "filed": "填报已结束 · 已投档",
    "deciding": "院校正在审核",
    "results": "录取结果已公布",
    "unfilled_published": "录取结束 · 缺额已公布",
}

STATUS: Mapping[str, str] = {
    "inside": "线内\u00a0+{spare}",
    "inside_last": "线内\u00a0+0",
    "straddling": "压线",
    "outside_plan": "线外，投档范围内",
    "outside": "线外\u00a0−{short}",
    "outside_no_plan": "线外",
    "unknown": "位置未知",
}
"""Short forms for tables."""

ORDINALS = "一二三四五六七八九十"


def ordinal(n: int) -> str:
    """专业一, 专业二 … as forms number them; figures past ten."""
    return ORDINALS[n - 1] if n <= len(ORDINALS) else str(n)


def number(value: int) -> str:
    """1,846."""
    return f"{value:,}"


def score(value: float | None) -> str:
    """At most three decimals and no trailing zeros; a dash where there is none."""
    return "—" if value is None else f"{value:.3f}".rstrip("0").rstrip(".")


def percent(basis_points: int) -> str:
    """10500 → 105%."""
    return f"{score(basis_points / 100)}%"


def fact(value: Fact) -> str:
    """One fact inside a sentence."""
    if isinstance(value, int):
        return number(value)
    return value if isinstance(value, str) else score(value)


def line(template: str, facts: Mapping[str, Fact]) -> str:
    """A sentence as plain text."""
    return template.format_map({name: fact(value) for name, value in facts.items()})


def local(moment: datetime, zone: str) -> datetime:
    return moment.astimezone(ZoneInfo(zone))


def clock_time(moment: datetime, zone: str) -> str:
    """13:36:19."""
    return f"{local(moment, zone):%H:%M:%S}"


def day_time(moment: datetime, zone: str) -> str:
    """8 月 1 日 13:36."""
    there = local(moment, zone)
    return f"{there.month} 月 {there.day} 日 {there:%H:%M}"


def exact_time(moment: datetime, zone: str) -> str:
    """2026-08-01 13:37:02.118, to the millisecond as receipts show it."""
    there = local(moment, zone)
    return f"{there:%Y-%m-%d %H:%M:%S}.{there.microsecond // 1000:03d}"


def countdown(left: timedelta) -> str:
    """00:23:41; hours go on past 24; never below zero."""
    seconds = max(0, int(left.total_seconds()))
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def duration(left: timedelta) -> str:
    """22 分 57 秒."""
    seconds = max(0, int(left.total_seconds()))
    parts = (
        (seconds // 3600, "hours"),
        (seconds // 60 % 60, "minutes"),
        (seconds % 60, "seconds"),
    )
    said = [line(LINK[name], {"n": n}) for n, name in parts if n]
    return " ".join(said[:2]) if said else line(LINK["seconds"], {"n": 0})


def segment(lowest: float | None, above: float | None) -> str:
    """580–609 分; the span of a segment from its lowest score and the next higher segment's."""
    if lowest is None and above is None:
        return "全部考生"
    if lowest is None:
        return f"{score(above)} 分以下"
    if above is None:
        return f"{score(lowest)} 分及以上"
    return (
        f"{score(lowest)}–{score(above - 1)} 分"
        if _whole(lowest, above)
        else f"{score(lowest)} 分至不足 {score(above)} 分"
    )


def _whole(*values: float) -> bool:
    return all(float(value).is_integer() for value in values)
