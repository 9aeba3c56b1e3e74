"""Whether a moment lies in a mute time, by the clock on the wall."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import requires
from typing import Any

import pytest

from crossbook.alerts.holding.mute_times import check_mute_times, is_muted
from crossbook.pb.v1 import alerts_pb2 as pb
from crossbook.plumbing.timestamps import SECOND_NS

WORK = {"time_zone": "Europe/Berlin", "weekdays": [1, 2, 3, 4, 5], "from_time": "09:00", "to_time": "17:30"}
NIGHT = {"weekdays": [5], "from_time": "22:00", "to_time": "06:00"}


def muted(at: str, *mutes: dict[str, Any]) -> bool:
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    rule = pb.AlertRule(mute_times=[pb.AlertMuteTime(**one) for one in mutes])
    return is_muted(rule, int(moment.timestamp()) * SECOND_NS)


@pytest.mark.parametrize(
    ("at", "is_in"),
    [
        ("2026-01-05 08:00", True),  # Monday, 09:00 in Berlin
        ("2026-01-05 07:59", False),
        ("2026-01-05 16:29", True),
        ("2026-01-05 16:30", False),
        ("2026-07-06 07:00", True),  # in summer an hour earlier
        ("2026-01-04 12:00", False),  # Sunday
    ],
)
def test_it_is_so_by_the_wall_clock_of_its_zone(at: str, is_in: bool) -> None:
    """In summer as in winter; its end is not in it."""
    assert muted(at, WORK) is is_in


@pytest.mark.parametrize(
    ("at", "is_in"),
    [("2026-01-02 23:00", True), ("2026-01-03 05:59", True), ("2026-01-03 22:30", False), ("2026-01-02 05:00", False)],
)
def test_one_that_goes_over_midnight_belongs_to_the_day_on_which_it_began(at: str, is_in: bool) -> None:
    """That of Friday ends on Saturday."""
    assert muted(at, NIGHT) is is_in


def test_of_several_one_is_enough_and_empty_lists_fit_every_day() -> None:
    """Parts of the year work as those of the week do."""
    year = {"months": [12], "days_of_month": [24, 25]}
    assert muted("2026-12-25 23:59", WORK, year)
    assert not muted("2026-11-25 23:59", WORK, year)
    assert not muted("2026-11-25 23:59")


def test_every_wrong_field_is_named() -> None:
    """A zone that nobody knows would mute at the wrong time."""
    wrong = {"time_zone": "Mars/Base", "weekdays": [8], "months": [0], "from_time": "9:00", "to_time": "24:00"}
    rule = pb.AlertRule(mute_times=[pb.AlertMuteTime(**wrong)])  # type: ignore[arg-type]
    fields = {one.field.rpartition(".")[2] for one in check_mute_times(rule)}
    assert fields == set(wrong)
    assert list(check_mute_times(pb.AlertRule(mute_times=[pb.AlertMuteTime(**WORK)]))) == []  # type: ignore[arg-type]
    many = pb.AlertRule(mute_times=[pb.AlertMuteTime()] * 21)
    assert [one.field for one in check_mute_times(many)] == ["alert_rule.mute_times"]


def test_a_time_zone_is_known_where_the_machine_has_no_database_of_them() -> None:
    """As in a small image: the zones come with the service, so 10:00 in Berlin is muted and 10:00 in UTC is not."""
    assert any(one.startswith("tzdata") for one in requires("crossbook") or ())
    program = (
        "from crossbook.alerts.holding.mute_times import check_mute_times, is_muted\n"
        "from crossbook.pb.v1 import alerts_pb2 as pb\n"
        "mute = pb.AlertMuteTime(time_zone='Europe/Berlin', from_time='10:00', to_time='11:00')\n"
        "rule = pb.AlertRule(mute_times=[mute])\n"
        "summer = 1_782_891_000 * 10**9  # 2026-07-01 07:30 UTC\n"
        "muted = [is_muted(rule, summer + seconds * 10**9) for seconds in (3600, 9000)]\n"
        "print(list(check_mute_times(rule)), *muted)\n"
    )
    environment = {**os.environ, "PYTHONTZPATH": ""}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["[]", "True", "False"]
