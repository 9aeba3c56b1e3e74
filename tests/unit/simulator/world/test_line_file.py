"""What becomes of lines that the simulator writes for whoever judges from outside."""

import stat
from pathlib import Path

from crossbook.simulator.world.line_file import FLUSH_NS, LineFile


def test_lines_are_only_for_this_user_and_written_through_once_a_second(tmp_path: Path) -> None:
    """Whatever stood there before is gone."""
    path = tmp_path / "lines"
    path.write_text("of a run before\n")
    file = LineFile(path)
    for at_ns in (FLUSH_NS, 2 * FLUSH_NS - 1):
        file.write(str(at_ns), at_ns)
    assert path.read_text() == f"{FLUSH_NS}\n"
    file.close()
    assert path.read_text() == f"{FLUSH_NS}\n{2 * FLUSH_NS - 1}\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_where_there_is_no_path_and_after_the_end_lines_go_nowhere(tmp_path: Path) -> None:
    """And that can be asked, before a line is made."""
    silent, ended = LineFile(None), LineFile(tmp_path / "lines")
    ended.close()
    for file in (silent, ended):
        assert not file.is_open
        file.write("never", FLUSH_NS)
        file.close()
    assert (tmp_path / "lines").read_text() == ""
