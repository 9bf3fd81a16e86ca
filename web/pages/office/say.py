"""What the office's pages say in Chinese: kinds, states, roles, changes."""

from collections.abc import Mapping

from service.shapes import Change
from web.pages import words
from web.pages.position import moment

KIND: Mapping[str, str] = {
    "publish_round": "公布轮次",
    "pause": "暂停填报",
    "resume": "恢复填报",
    "extend_segment": "延长分数段",
    "amend": "更正",
    "apply_filing": "执行投档录取",
    "release_results": "发布录取结果",
    "publish_unfilled": "公布缺额",
}
STATE: Mapping[str, str] = {
    "proposed": "等待审批",
    "approved": "已批准并执行",
    "refused": "已驳回",
    "withdrawn": "发起人已撤回",
}
ROLE: Mapping[str, str] = {
    "importer": "导入",
    "reviewer": "保密审查",
    "publisher": "审批发布",
    "auditor": "审计",
    "security_admin": "账号管理",
}
FILE: Mapping[str, str] = {
    "plan": "招生计划",
    "candidates": "考生",
    "round": "轮次",
    "decisions": "院校结论",
}
OUTCOME: Mapping[str, str] = {"admitted": "录取", "rejected": "退档", "not_filed": "未投档"}
UPLOAD: Mapping[str, str] = {
    "rejected": "有错，未收下",
    "checked": "已收下，未应用",
    "proposed": "等待审批",
    "applied": "已应用",
    "dropped": "已放弃",
}
FOUND: Mapping[str, str] = {
    "state_secret": "涉及国家秘密",
    "trade_secret": "涉及商业秘密",
    "personal_data": "涉及个人隐私或个人信息",
    "safety": "公开可能危及国家安全、公共安全或社会稳定",
}
DECISION: Mapping[str, str] = {"publish": "可以公开", "withhold": "不予公开"}


def kind(name: str) -> str:
    """A kind of act; one that has no words of its own by its name."""
    return KIND.get(name, name)


def segment(name: str) -> str:
    """A segment by what its gate is called."""
    bound = name.removeprefix("segment:")
    return "其余全部考生" if bound == "rest" else f"{bound} 分及以上一段"


CHANGE: Mapping[str, str] = {
    "segment": "{where}：截止时间由 {before} 延长到 {after}",
    "state": "{after}",
    "quota": "招生计划 {where}：{before} 人改为 {after} 人",
    "seats": "计划总数：{before} 人变为 {after} 人",
    "ratio": "投档比例{where}：{before} 改为 {after}",
    "candidates": "考生信息更正（文件共 {after} 人）",
    "plan_text": "招生计划 {where}：“{before}”改为“{after}”",
    "round": "轮次文件 {where}：{before} 改为 {after}",
}


def change(one: Change, zone: str) -> str:
    """A change in one sentence."""
    facts = {"where": one["where"], "before": one["before"], "after": one["after"]}
    if one["what"] == "segment":
        facts["where"] = segment(one["where"])
        for name in ("before", "after"):
            facts[name] = words.day_time(moment(str(facts[name])), zone)
    elif one["what"] == "state":
        facts["after"] = "暂停填报" if one["after"] == "paused" else "恢复填报"
    elif one["what"] == "ratio" and one["where"]:
        facts["where"] = f"（{one['where']}）"
    elif one["what"] == "round":
        if not one["where"]:
            return "轮次的规则或时间安排有更正，见轮次说明"
        for name in ("before", "after"):
            facts[name] = facts[name] or "（无）"
    return CHANGE[one["what"]].format_map(facts)
