"""The server's page and the browser's live module say the same of the same standing."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from playwright.sync_api import Page, Route, sync_playwright

from web.pages import position, words

STATIC = Path(words.__file__).parents[1] / "static"
ORIGIN = "http://mingci.test"
BATCH = 60


def serve_static(route: Route) -> None:
    name = route.request.url.removeprefix(ORIGIN + "/")
    if name == "":
        route.fulfill(body="<!doctype html>", content_type="text/html")
        return
    route.fulfill(body=(STATIC / name).read_bytes(), content_type="text/javascript")


@pytest.fixture(scope="module")
def page(chromium: Path) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(chromium), args=["--no-sandbox", "--disable-gpu"]
        )
        opened = browser.new_page()
        opened.route(f"{ORIGIN}/**", serve_static)
        opened.goto(ORIGIN + "/")
        yield opened
        browser.close()


@st.composite
def standings(draw: st.DrawFn) -> dict[str, Any]:
    """Any standing the ranking could give."""
    above, tied = draw(st.integers(0, 2000)), draw(st.integers(1, 40))
    below, plan = draw(st.integers(0, 300)), draw(st.integers(0, 200))
    due = draw(st.integers(plan, plan + 20))
    rank, last = above + 1, above + tied
    inside = due > 0 and rank <= due
    status = (
        "outside"
        if not inside
        else "inside"
        if last <= plan
        else "straddling"
        if rank <= plan
        else "outside_plan"
    )
    locked = draw(st.integers(0, above))
    open_above = above - locked + draw(st.sampled_from([0, 0, 1, 1500]))
    score = st.none() | st.integers(0, 750_000).map(lambda milli: milli / 1000)
    line_plan = draw(score)
    place = st.fixed_dictionaries({"rank": st.integers(1, 50), "tied": st.integers(1, 5)})
    major = {
        "code": "00",
        "name": "软件工程",
        "quota": draw(st.integers(0, 30)),
        "by_filing": draw(place),
        "by_exam": draw(place),
    }
    shows_major = inside and draw(st.booleans())
    return {
        "round": "r",
        "seq": 1,
        "as_of": "2026-08-01T13:36:19.000+08:00",
        "unit": {
            "institution_code": "5012",
            "institution_name": "北原大学",
            "track": "理科",
            "plan_nature": "",
        },
        "rank": rank,
        "rank_last": last,
        "tied": tied,
        "applicants": last + below,
        "plan": plan,
        "due": due,
        "line_filing": draw(score) if line_plan is not None else None,
        "line_plan": line_plan,
        "status": status,
        "first_major": major if shows_major else None,
        "first_major_hidden": None if inside else "outside_line",
        "certainty": {
            "verdict": draw(st.sampled_from(["safe", "open", "out"])),
            "best": 1 + locked,
            "worst": 1 + locked + open_above,
            "locked_above": locked,
            "open_above": open_above,
        },
        "lock": {
            "state": draw(st.sampled_from(["open", "modify_only", "locked"])),
            "closes_at": "2026-08-01T14:00:00.000+08:00",
        },
    }


def said_by_server(standing: dict[str, Any]) -> dict[str, Any]:
    lines = position.slots(standing, "Asia/Shanghai")
    return {
        "lines": {
            slot: words.line(words.POSITION[key], facts) for slot, (key, facts) in lines.items()
        },
        "seats": [list(run) for run in position.seats(standing)],
        "tone": position.major_tone(standing),
    }


IN_BROWSER = """async ([standings, sentences]) => {
    const position = await import("/position.js");
    const say = await import("/say.js");
    return standings.map((s) => ({
        lines: Object.fromEntries(Object.entries(position.slots(s, "Asia/Shanghai"))
            .map(([slot, [key, facts]]) => [slot, say.line(sentences[key], facts)])),
        seats: position.seats(s),
        tone: position.majorTone(s),
    }));
}"""


@settings(
    max_examples=3,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(standings(), min_size=BATCH, max_size=BATCH))
def test_server_and_browser_say_the_same_of_the_same_standing(
    page: Page, many: list[dict[str, Any]]
) -> None:
    there = page.evaluate(IN_BROWSER, [many, dict(words.POSITION)])
    for standing, said in zip(many, there, strict=True):
        assert said == said_by_server(standing), json.dumps(standing, ensure_ascii=False)
