"""What a run says by itself."""

import pytest

from crossbook.local.show.notices import Notices


@pytest.mark.parametrize("has_view", [True, False])
def test_the_last_notice_is_for_the_view_or_each_is_a_line(has_view: bool, capsys: pytest.CaptureFixture[str]) -> None:
    """Never both: a line would tear the screen."""
    notices = Notices(has_view=has_view)
    shown = notices.shown
    for text in ("one", "two"):
        notices.add(text)
    assert shown == ["two"]
    assert capsys.readouterr().out == ("" if has_view else "one\ntwo\n")
