from importers.draws import draw_numbers


def test_a_lot_depends_on_seed_and_number_only() -> None:
    lots = draw_numbers("seed", ["1", "2", "3"])
    assert draw_numbers("seed", ["3", "1"]).tolist() == [lots[2], lots[0]]
    assert draw_numbers("other", ["1"]).tolist() != [lots[0]]


def test_a_lot_is_what_was_published() -> None:
    assert draw_numbers("2026-v-1", ["0001"]).tolist() == [PUBLISHED]


PUBLISHED = 5188072048540369295
