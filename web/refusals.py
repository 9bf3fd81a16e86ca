"""Refusals and faults as RFC 9457 problems: the one place where a code becomes status and words."""

import re
from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from service.errors import Refusal
from service.store.engine import DatabaseFault
from web.csp import HEADERS

MEDIA_TYPE = "application/problem+json"
URN = "urn:mingci:problem:"

_log = structlog.get_logger(__name__)

SENTENCES: dict[str, tuple[int, str, str]] = {
    "not-open": (409, "填报尚未开始，没有保存。", "Filing has not opened yet. Nothing was saved."),
    "create-locked": (
        409,
        "新增志愿的时间已过；已有志愿的考生仍可修改。没有保存。",
        "New choices are no longer taken; those who hold one may still change it. Nothing was saved.",
    ),
    "delete-locked": (
        409,
        "撤销志愿的时间已过，您的志愿仍然有效，可以改报。",
        "Choices can no longer be withdrawn. Yours stands and may still be changed.",
    ),
    "segment-closed": (
        409,
        "您所在的分数段已停止修改（{closes_at}）。没有保存，您原来的志愿仍然有效。",
        "Your score segment closed at {closes_at}. Nothing was saved; the choice you held stands.",
    ),
    "unknown-unit": (
        422,
        "本轮计划中没有院校代号 {institution_code}（或需要注明计划性质）。",
        "No unit {institution_code} in this round's plan (or its plan nature must be named).",
    ),
    "unknown-major": (
        422,
        "该院校计划中没有专业代号 {major_code}。",
        "The unit has no major {major_code}.",
    ),
    "wrong-track": (
        422,
        "院校 {institution_code} 在您的科类没有招生计划。",
        "Institution {institution_code} takes nobody of your track in this round.",
    ),
    "duplicate-major": (
        422,
        "专业 {major_code} 填了两次。",
        "Major {major_code} is listed twice.",
    ),
    "too-many-majors": (
        422,
        "最多填 {limit} 个专业，您填了 {count} 个。",
        "At most {limit} majors are allowed; {count} were given.",
    ),
    "too-many-units": (422, "一次最多试算 {limit} 所院校。", "At most {limit} units at a time."),
    "version-conflict": (
        409,
        "志愿在别处已被修改。没有保存；请看过现在的志愿再改。",
        "The choice was changed elsewhere. Nothing was saved; look at it before changing it again.",
    ),
    "idempotency-mismatch": (
        422,
        "同一个幂等键用在了不同的请求上。没有保存。",
        "This idempotency key came with another request before. Nothing was saved.",
    ),
    "no-choice": (409, "您现在没有志愿，无需撤销。", "You hold no choice to withdraw."),
    "not-signed-in": (401, "请先登录。", "Please sign in."),
    "must-change-password": (
        403,
        "首次登录请先修改初始密码。",
        "The initial password must be changed first.",
    ),
    "wrong-credentials": (
        401,
        "考生号与密码（或身份证号）不符。",
        "The candidate number does not fit the password, or the ID number.",
    ),
    "weak-password": (
        422,
        "新密码需要 {least} 到 {most} 个字符，并且不能与原密码相同。",
        "The new password needs {least} to {most} characters and must differ from the old one.",
    ),
    "too-many-attempts": (429, "尝试次数过多，请稍后再试。", "Too many attempts; try again later."),
    "too-many-connections": (
        429,
        "同时打开的实时页面不能超过 {limit} 个。",
        "At most {limit} live connections at a time.",
    ),
    "not-published": (404, "尚未公布。", "Not published yet."),
    "no-pdf": (
        501,
        "本站没有安装生成 PDF 的组件；请打开招生计划册，用浏览器打印成 PDF。",
        "This site has no PDF component (the pdf extra); print the plan book from the browser.",
    ),
    "not-found": (404, "没有这一项。", "There is no such thing."),
    "round-in-use": (
        409,
        "这一轮已经开始：不能换年度，也不能去掉已过的时间点或改动已锁定的分数段。",
        "The round has begun: its season, and gates that have passed, can no longer change.",
    ),
    "season-kind-in-use": (
        409,
        "年度 {what} 的类型（普通、成人）已被其他轮次或已公开的本轮使用，不能更改。没有应用。",
        "Other rounds, or this public one, use the kind of season {what}; it cannot be changed.",
    ),
    "batch-name-in-use": (
        409,
        "批次 {what} 的名称由其他轮次共用，不能由未公开的轮次更改。没有应用。",
        "Other rounds share the name of batch {what}; a round that is a draft cannot change it.",
    ),
    "several-choices-not-served": (
        422,
        "在线填报每表只有一个志愿；每表 {count} 个的轮次只能用离线命令 admit 计算。没有导入。",
        "Served forms hold one choice; {count} a form are for the offline commands. Nothing was done.",
    ),
    "plan-in-use": (
        409,
        "院校 {institution_code} 专业 {major_code} 已有考生填报，不能从计划中删除；可以改为 0。",
        "Institution {institution_code} major {major_code} is held; it can only be set to 0.",
    ),
    "track-in-use": (
        409,
        "有 {count} 名考生已填报志愿，不能更改科类；须先撤销其志愿。",
        "{count} who hold a choice would change track; their choices must be withdrawn first.",
    ),
    "already-admitted": (
        409,
        "您已被录取，不再参加后面的填报。",
        "You have been admitted and no longer take part in filing.",
    ),
    "round-closed": (
        409,
        "这一轮的填报已经结束；计划和成绩到录取结果公布前不再改动。",
        "The round has closed: plan and scores stand still until its results are out.",
    ),
    "not-closed": (
        409,
        "还有分数段没有锁定，不能投档。",
        "Not every segment is sealed; the round cannot be filed yet.",
    ),
    "imported-since-close": (
        409,
        "填报结束后又导入过数据，不能投档。",
        "Data was imported after the close; the round cannot be filed.",
    ),
    "rules-misplaced": (
        409,
        "轮次文件的规则写到了计划中没有的院校或专业，不能投档：{rules}。",
        "The round file speaks of what the plan does not have; it cannot be filed: {rules}.",
    ),
    "already-filed": (409, "这一轮已经投档。", "The round has been filed already."),
    "not-filed": (409, "这一轮还没有投档。", "The round has not been filed yet."),
    "filing-differs": (
        409,
        "投档结果与看过的试算不一致，没有执行。请重新试算。",
        "The outcome is not that of the dry run that was looked at. Nothing was done; run it again.",
    ),
    "outcome-violates": (
        409,
        "结果违反了必须满足的性质，没有执行。",
        "The outcome violates a property that must hold. Nothing was done.",
    ),
    "earlier-round-undecided": (
        409,
        "本年度另一轮已投档而结果尚未公布，请先公布。",
        "Another round of the season is filed and its results are not out; release them first.",
    ),
    "check-disagrees": (
        409,
        "独立重算的结果与系统不一致，不能公布。",
        "The independent recomputation does not agree; results cannot be released.",
    ),
    "not-checked": (
        409,
        "投档或审核之后还没有独立重算，不能公布。",
        "No independent check since the filing or the last decision; results cannot be released.",
    ),
    "already-released": (409, "录取结果已经公布。", "The results are out already."),
    "not-released": (
        409,
        "录取结果还没有公布。",
        "The results are not out yet.",
    ),
    "already-published": (
        409,
        "已经公布，不再改动。",
        "It is published already and never changes.",
    ),
    "round-paused": (
        409,
        "本轮填报已暂停。没有保存，您原来的志愿仍然有效；恢复后请再提交。",
        "The round is paused. Nothing was saved; the choice you held stands. Send it again later.",
    ),
    "staff-must-change-password": (
        403,
        "首次登录请先修改初始密码。",
        "The initial password must be changed first.",
    ),
    "staff-not-signed-in": (401, "请先登录工作台。", "Please sign in to the office."),
    "wrong-code": (
        401,
        "动态码不对或已用过，请等下一个动态码再试。没有任何改动。",
        "The one-time code is wrong or was used. Wait for the next one. Nothing was changed.",
    ),
    "not-allowed": (
        403,
        "您的岗位不能做这件事。",
        "Your role does not allow this.",
    ),
    "two-persons-needed": (
        409,
        "发起人不能自己审批或审查，须由另一人办理。",
        "Who proposed it cannot also review or approve it; another person must.",
    ),
    "review-needed": (
        409,
        "公布之前须先通过保密审查（涉密不公开，公开不涉密）。",
        "A publication needs a confidentiality review that allows it first.",
    ),
    "review-contradicts": (
        422,
        "审查发现不宜公开的内容，不能同时决定公开。",
        "What was found secret cannot be decided to be published.",
    ),
    "act-ended": (
        409,
        "这件事已经办结，没有再次执行。",
        "This act has ended already; nothing was done again.",
    ),
    "reason-needed": (
        422,
        "请写明理由或依据，一行之内，不超过 {most} 个字符。",
        "A reason or basis is needed: one line of at most {most} characters.",
    ),
    "name-taken": (409, "这个工作人员名已经有人使用。", "This staff name is taken."),
    "not-a-draft": (409, "这一轮已经公布。", "The round is public already."),
    "changed-since": (
        409,
        "发起之后内容又改动过，审查的已不是现在的内容。请重新发起。",
        "It was changed since this was proposed, so what was reviewed is not what stands. Propose it anew.",
    ),
    "plan-missing": (409, "这一轮还没有招生计划，不能公布。", "The round has no plan yet."),
    "round-not-running": (
        409,
        "这一轮不在填报期间。",
        "The round is not at a stage where this can be done.",
    ),
    "round-not-paused": (409, "这一轮没有暂停。", "The round is not paused."),
    "extension-invalid": (
        422,
        "分数段 {segment} 的新截止时间不成立：须晚于现在和原截止时间，且不晚于更低的分数段。",
        (
            "Segment {segment} cannot close then: it must be later than now and than its close, "
            "and no later than any lower segment's."
        ),
    ),
    "ratio-invalid": (
        422,
        "投档比例要写成 105% 或 1:1.05 的样子。",
        'A ratio is written as "105%" or "1:1.05".',
    ),
    "upload-gone": (
        409,
        "这个文件已经办结，内容不再保留；需要时请重新上传。",
        "This file was dealt with and is no longer kept; bring it again if needed.",
    ),
    "codes-needed": (
        422,
        "文件里有 {count} 名新考生没有初始密码。请在文件中给出，或用命令导入并保存生成的密码。",
        (
            "{count} new candidates have no initial code. Give them in the file, or import by the "
            "command, which keeps those it makes."
        ),
    ),
    "passwords-differ": (
        422,
        "两次输入的新密码不一样。",
        "The two new passwords differ.",
    ),
    "file-rejected": (
        422,
        "文件里有错，整个文件没有收下。请改正下列各处后重新上传。",
        "The file has faults and was not taken at all. Correct them and bring it again.",
    ),
    "nothing-changes": (409, "与现在的内容相同，没有改动。", "This is what stands already."),
    "overloaded": (
        503,
        "系统繁忙，请几秒后重试；没有保存。",
        "Too busy just now; try again in a few seconds. Nothing was saved.",
    ),
    "unavailable": (
        503,
        "数据库暂时没有答复，不能确定这次是否已保存。请稍后查看您的志愿，或原样再提交一次，不会重复。",
        (
            "The database does not answer, so it is not known whether this was saved. Look at your choice "
            "in a moment, or send the same request again: it counts once."
        ),
    ),
    "invalid-request": (422, "请求的内容或格式不对。", "The request is not of the form expected."),
    "too-large": (413, "请求的内容过大。", "The request is too large."),
    "method-not-allowed": (
        405,
        "此地址不支持这种操作。",
        "This address does not take that method.",
    ),
    "internal": (
        500,
        "服务器内部错误。请查看您的志愿，确认是否已保存。",
        "An internal fault. Look at your choice to see whether it was saved.",
    ),
}


def status(refusal: Refusal) -> int:
    """The HTTP status of a refusal."""
    return SENTENCES[refusal.code][0]


def sentence(refusal: Refusal, language: str = "zh") -> str:
    """What a person is told, in Chinese or English; an instant is told as the schedule's own time."""
    _, chinese, english = SENTENCES[refusal.code]
    facts = {"institution_code": "", "major_code": "", "segment": "", **refusal.facts}
    closes_at = refusal.facts.get("closes_at")
    facts["closes_at"] = f"{datetime.fromisoformat(str(closes_at)):%H:%M:%S}" if closes_at else ""
    return (english if language == "en" else chinese).format(**facts)


def language_of(header: str) -> str:
    """The language an Accept-Language header prefers: "en" where English comes first, else "zh"."""
    weight = {"en": 0.0, "zh": 0.0}
    order = []
    for part in header.lower().split(","):
        name, _, parameter = part.strip().partition(";")
        language = name.strip()[:2]
        if language in weight and name.strip()[2:3] in ("", "-"):
            weight[language] = max(weight[language], _quality(parameter))
            order.append(language)
    if weight["en"] == weight["zh"]:
        return "en" if weight["en"] and order[0] == "en" else "zh"
    return max(weight, key=lambda language: weight[language])


def _quality(parameter: str) -> float:
    """The weight `q=0.8` gives; 1 without one, 0 where it cannot be read."""
    found = re.fullmatch(r"\s*q\s*=\s*(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)\s*", parameter, re.ASCII)
    return 1.0 if not parameter.strip() else float(found[1]) if found else 0.0


def problem(request: Request, refusal: Refusal, **more: object) -> JSONResponse:
    """A refusal as a response."""
    number = status(refusal)
    language = language_of(request.headers.get("accept-language", ""))
    body: dict[str, object] = {
        "type": URN + refusal.code,
        "title": HTTPStatus(number).phrase,
        "status": number,
        "detail": sentence(refusal, language),
        **refusal.facts,
        **more,
    }
    if refusal.current is not None:
        body["current"] = refusal.current
    headers = {"Cache-Control": "no-store", "Content-Language": language}
    if number == HTTPStatus.SERVICE_UNAVAILABLE or "retry_after" in refusal.facts:
        headers["Retry-After"] = str(refusal.facts.get("retry_after", 2))
    if number == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(body, number, headers, MEDIA_TYPE)


AsPage = Callable[[Request, Refusal], Response]


def install(app: FastAPI, as_page: AsPage) -> None:
    """Answer every refusal, bad request and fault of `app`: to programs a problem, to people a page."""

    def answer(request: Request, refusal: Refusal, **more: object) -> Response:
        return (
            as_page(request, refusal) if _wants_page(request) else problem(request, refusal, **more)
        )

    @app.exception_handler(Refusal)
    async def refused(request: Request, refusal: Refusal) -> Response:
        return answer(request, refusal)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, fault: RequestValidationError) -> Response:
        places = [
            {"place": "/".join(str(part) for part in error["loc"]), "message": error["msg"]}
            for error in fault.errors()
        ]
        return answer(request, Refusal("invalid-request"), errors=places)

    @app.exception_handler(HTTPException)
    async def http(request: Request, fault: HTTPException) -> Response:
        code = {404: "not-found", 405: "method-not-allowed", 413: "too-large"}.get(
            fault.status_code, "invalid-request"
        )
        response = answer(request, Refusal(code))
        for name, value in (fault.headers or {}).items():
            response.headers[name] = value
        return response

    @app.exception_handler(DatabaseFault)
    async def unreachable(request: Request, fault: DatabaseFault) -> Response:
        route = getattr(request.scope.get("route"), "path", None)
        _log.error("database_failed", route=route, fault=type(fault).__name__)
        return answer(request, Refusal("unavailable"))

    @app.exception_handler(Exception)
    async def broken(request: Request, fault: Exception) -> Response:
        route = getattr(request.scope.get("route"), "path", None)
        _log.error("request_failed", route=route, fault=type(fault).__name__, exc_info=fault)
        response = answer(request, Refusal("internal"))
        response.headers.update(HEADERS)  # this answer is made outside every middleware
        return response


def _wants_page(request: Request) -> bool:
    """Whether a browser asks for something to look at: never below /api."""
    asked = request.headers.get("accept", "")
    return "text/html" in asked and not request.url.path.startswith("/api/")
