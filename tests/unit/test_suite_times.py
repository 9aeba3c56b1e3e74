"""Which suite a test counts for."""

import pytest

from tests.suite_times import suite_of


@pytest.mark.parametrize(
    ("node_id", "suite"),
    [
        ("tests/unit/alerts/channels/test_registry.py::test_x[a/b]", "unit"),
        ("tests/integration/alerts/test_rules.py::test_x", "integration/alerts"),
        ("tests/e2e/test_up.py::test_x", "e2e"),
        ("tests/test_x.py::test_x", "tests"),
    ],
)
def test_a_test_counts_for_its_folder(node_id: str, suite: str) -> None:
    """Integration tests are told by part, for they take the most time."""
    assert suite_of(node_id) == suite
