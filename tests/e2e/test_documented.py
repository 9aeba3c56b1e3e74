"""What a running system answers over REST, beside its OpenAPI document; `make schemathesis` asks far more."""

from pathlib import Path

import pytest

from tests.support.gateway.schemathesis import IS_THERE, RANDOM, asked


@pytest.mark.skipif(not IS_THERE, reason="schemathesis is not installed: `make schemathesis` installs and runs it")
async def test_answers_are_as_documented(tmp_path: Path) -> None:
    """An example of each operation, by an administrator: statuses, types and shapes are those of the document."""
    code, said = await asked(tmp_path, 1, 1, RANDOM)
    assert code == 0, said[-6_000:]
    assert "Tested: 0" not in said
