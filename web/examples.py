"""One example of every answer and body, as the OpenAPI document and /docs show it.

All tell of one candidate of one small round, so that they can be read together.
"""

from collections.abc import Mapping

_UNIT = {
    "institution_code": "5012",
    "institution_name": "北原大学",
    "track": "理科",
    "plan_nature": "",
}
_SCHEDULE = {
    "opens": "2026-08-01T08:00:00.000+08:00",
    "delete_lock": "2026-08-01T10:00:00.000+08:00",
    "create_lock": "2026-08-01T10:30:00.000+08:00",
    "closes": "2026-08-01T14:00:00.000+08:00",
    "statistics_every_s": 3600,
    "segments": [
        {
            "min_score": 600,
            "max_score": None,
            "closes": "2026-08-01T11:00:00.000+08:00",
            "sealed": False,
        },
        {
            "min_score": None,
            "max_score": 600,
            "closes": "2026-08-01T14:00:00.000+08:00",
            "sealed": False,
        },
    ],
}
_ROUND = {
    "code": "2026-first-1",
    "name": "本科一批",
    "season": "2026-general",
    "batch": "本科一批",
    "state": "open",
    "regime": "dynamic",
    "ratio": "105%",
    "majors_per_choice": 6,
    "draw_seed": "2026-first-1",
    "tracks": ["文科", "理科"],
    "schedule": _SCHEDULE,
}
_MAJOR = {
    "code": "01",
    "name": "计算机科学与技术",
    "quota": 2,
    "tuition": "5000",
    "duration": "4",
    "notes": "",
}
_PLAN_UNIT = {**_UNIT, "plan": 2, "ratio": "105%", "majors": [_MAJOR]}
_RECEIPT = {
    "id": "7KQ2-9XWM-3T0B-HC5D",
    "seq": 184377,
    "received_at": "2026-08-01T01:12:08.214+00:00",
    "candidate_no": "26150100001",
    "round": "2026-first-1",
    "institution_code": "5012",
    "institution_name": "北原大学",
    "plan_nature": "",
    "majors": ["01"],
    "accepts_adjustment": True,
    "version": 1,
    "replaces": None,
    "fingerprint": "M3PB-6T9A-0VXE",
}
_STANDING = {
    "round": "2026-first-1",
    "seq": 184377,
    "as_of": "2026-08-01T09:12:08.214+08:00",
    "unit": _UNIT,
    "rank": 1,
    "rank_last": 2,
    "tied": 2,
    "applicants": 5,
    "plan": 2,
    "due": 3,
    "line_filing": 605.5,
    "line_plan": 615,
    "status": "inside",
    "first_major": {
        "code": "01",
        "name": "计算机科学与技术",
        "quota": 2,
        "by_filing": {"rank": 1, "tied": 2},
        "by_exam": {"rank": 1, "tied": 1},
    },
    "first_major_hidden": None,
    "certainty": {"verdict": "open", "best": 1, "worst": 9, "locked_above": 0, "open_above": 7},
    "lock": {"state": "open", "closes_at": "2026-08-01T11:00:00.000+08:00"},
}
_TABLE_ROW = {
    **_UNIT,
    "plan": 2,
    "line_plan": 615,
    "ratio": "105%",
    "line_filing": 605.5,
    "due": 3,
    "applicants": 42,
    "missing": 0,
    "majors": [
        {
            "code": "01",
            "name": "计算机科学与技术",
            "plan": 2,
            "first_choice_inside": 2,
            "tuition": "5000",
            "notes": "",
        }
    ],
}

_UNFILLED = {
    "round": "2026-first-1",
    "name": "本科一批",
    "published_at": "2026-08-05T10:00:00.000+08:00",
    "majors": 1,
    "seats_left": 1,
    "items": [
        {
            **_UNIT,
            "major_code": "01",
            "major_name": "计算机科学与技术",
            "quota": 2,
            "admitted": 1,
            "unfilled": 1,
            "tuition": "5000",
            "duration": "4",
            "notes": "",
        }
    ],
    "next": None,
}
_RESULT = {
    "round": "2026-first-1",
    "round_name": "本科一批",
    "outcome": "admitted",
    "institution_code": "5012",
    "institution_name": "北原大学",
    "track": "理科",
    "plan_nature": "",
    "major": {"code": "01", "name": "计算机科学与技术"},
    "major_position": 1,
    "on_behalf": False,
    "reason": {
        "code": "listed",
        "zh": "按第 1 专业志愿录取。您 615.5 分，该专业录取最低 615.5 分。",
        "en": "Admitted to your choice 1 of major. You have 615.5; its lowest is 615.5.",
    },
    "compared": {
        "score": 615.5,
        "by": "filing",
        "filing_score": 615.5,
        "tie_keys": [{"subject": "数学", "score": 131}],
        "line_filing": 605.5,
        "line_plan": 615,
        "lowest_admitted": 615.5,
        "line_at": "2026-08-02T09:00:00.000+08:00",
    },
    "steps": [
        {"step": "chosen", "at": "2026-08-01T09:12:08.214+08:00"},
        {"step": "filed", "at": "2026-08-02T09:00:00.000+08:00"},
        {"step": "under_review", "at": "2026-08-02T09:00:00.000+08:00"},
        {"step": "admitted", "at": "2026-08-04T16:20:00.000+08:00"},
    ],
}

BY_SHAPE: Mapping[str, object] = {
    "UnfilledView": _UNFILLED,
    "ResultQuery": {"candidate_no": "26150100001", "id_number": "150102200801011234"},
    "ResultAnswer": {
        "candidate_no": "26150100001",
        "name": "李明",
        "viewed": {"times": 2, "last_at": "2026-08-05T10:00:07.000+08:00"},
        "items": [{"released_at": "2026-08-05T10:00:00.000+08:00", "result": _RESULT}],
    },
    "SignIn": {"candidate_no": "26150100001", "password": "u7kd9xw3nf"},
    "NewPassword": {"old": "u7kd9xw3nf", "new": "correct horse battery"},
    "ChoiceWish": {
        "institution_code": "5012",
        "majors": ["01"],
        "accepts_adjustment": True,
        "version": 0,
    },
    "SessionView": {
        "token": "3j-U9qojakBdU28kXnR_jCPasgfUM7ocol8HSOFf3qI",
        "expires_at": "2026-08-01T21:00:00.000+08:00",
        "must_change_password": False,
    },
    "CorrectionList": {
        "items": [
            {
                "id": 7,
                "kind": "extend_segment",
                "at": "2026-08-01T11:05:31.000+08:00",
                "seq": 184391,
                "reason": "机房停电二十分钟",
                "changes": [
                    {
                        "what": "segment",
                        "where": "600",
                        "before": "2026-08-01T11:00:00.000+08:00",
                        "after": "2026-08-01T11:40:00.000+08:00",
                    }
                ],
            }
        ],
        "next": None,
    },
    "Me": {
        "candidate_no": "26150100001",
        "name": "李明",
        "track": "理科",
        "exam_score": 605.5,
        "bonus": 10,
        "filing_score": 615.5,
        "rounds": [
            {
                "code": "2026-first-1",
                "name": "本科一批",
                "state": "open",
                "gates": _SCHEDULE,
                "closes_at": "2026-08-01T11:00:00.000+08:00",
                "lock": "open",
            }
        ],
    },
    "RoundList": {"items": [_ROUND], "next": None},
    "UnitView": _PLAN_UNIT,
    "UnitList": {"items": [_PLAN_UNIT], "next": "50"},
    "StatisticsView": {
        "round": "2026-first-1",
        "number": 1,
        "seq": 184001,
        "as_of": "2026-08-01T09:00:00.000+08:00",
        "since_seq": 0,
        "since": None,
        "next_at": "2026-08-01T10:00:00.000+08:00",
        "items": [
            {
                **_TABLE_ROW,
                "entered": 47,
                "left": 5,
                "ladder": [{"low": 600, "count": 12}, {"low": 0, "count": 30}],
                "ladder_as_of": "2026-08-01T09:00:00.000+08:00",
                "left_since_ladder": 0,
            }
        ],
    },
    "PublicationList": {
        "items": [
            {
                "number": 1,
                "seq": 184002,
                "published_at": "2026-08-01T09:00:00.214+08:00",
                "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            }
        ],
        "next": None,
    },
    "PlanBook": {
        "round": "2026-first-1",
        "track": "理科",
        "edition": 2,
        "previous": 1,
        "seq": 1207,
        "imported_at": "2026-07-28T16:00:00.000+08:00",
        "digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "majors": 1,
        "seats": 2,
        "seats_before": 1,
        "units": [_PLAN_UNIT],
        "errata": [
            {
                **_UNIT,
                "kind": "changed",
                "major_code": "01",
                "major_name": "计算机科学与技术",
                "quota": 2,
                "fields": [{"name": "quota", "before": "1", "after": "2"}],
            }
        ],
    },
    "ChoiceView": {
        "version": 1,
        "institution_code": "5012",
        "institution_name": "北原大学",
        "plan_nature": "",
        "majors": ["01"],
        "accepts_adjustment": True,
        "receipt": _RECEIPT,
    },
    "Filed": {"receipt": _RECEIPT, "standing": _STANDING},
    "History": {"items": [{"device": "Firefox", "receipt": _RECEIPT}], "next": None},
    "StandingView": _STANDING,
    "StandingList": {"items": [_STANDING], "next": None},
    "Alive": {"status": "alive"},
    "Readiness": {
        "ready": True,
        "database": True,
        "migrations": True,
        "book": True,
        "feed": True,
        "seq": 184377,
    },
}
"""By the name of the schema in the document."""

BY_MEDIA: Mapping[str, str] = {
    "text/csv": "as_of,seq,track,institution_code,institution_name,plan_nature,plan,line_plan,"
    "ratio,line_filing,due,applicants,missing,entered,left\n"
    "2026-08-01T09:00:00.000+08:00,184001,理科,5012,北原大学,,2,615,105%,605.5,3,42,0,47,5\n",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "(a workbook)",
    "text/event-stream": 'id: 3f9c:184377\ndata: {"type":"standing","seq":184377}\n\n',
    "text/plain": "mingci_board_seq 184377.0\n",
}
"""By media type, of what is no JSON."""
