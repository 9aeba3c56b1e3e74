"""The statement of an export; what comes of it is read back in tests/integration/plumbing/test_exporting.py."""

from datetime import UTC, datetime

from crossbook.plumbing.data.datasets import DATASETS, datasets_of
from crossbook.plumbing.data.exporting import copy_statement

SINCE, UNTIL = datetime(2026, 11, 30, 12, tzinfo=UTC), datetime(2026, 11, 30, 13, tzinfo=UTC)


def test_rows_are_of_a_time_in_one_order_and_of_types_that_any_reader_has() -> None:
    """Times in ISO's form, lists as JSON, truth in words."""
    columns = [("at", "timestamp with time zone"), ("bid", "double precision"), ("is", "boolean"), ("path", "ARRAY")]
    text = copy_statement(DATASETS["quotes"], columns, SINCE, UNTIL).as_string()
    assert '"crossbook_v1"."quotes"' in text
    assert 'ORDER BY "at", "venue", "symbol"' in text
    assert "to_char(\"at\" AT TIME ZONE 'UTC'" in text
    assert 'array_to_json("path")::text' in text
    assert '"is"::text' in text
    assert "2026-11-30 12:00:00" in text
    assert text.index("2026-11-30 12:00:00") < text.index("2026-11-30 13:00:00")


def test_every_service_exports_its_own() -> None:
    """And no dataset is nobody's."""
    owned = [name for service in ("aggregator", "arbitrage", "alerts") for name in datasets_of(service)]
    assert sorted(owned) == sorted(DATASETS)
