"""`crossbook alerts apply`, `export`, `check`, `preview`, as a user types them, with running alerts."""

import asyncio
import os
from pathlib import Path

from typer.testing import CliRunner

from crossbook.cli.main import app
from crossbook.pb.v1 import alerts_pb2 as pb
from tests.support.alerts.alerts_process import RunningAlerts, running_alerts
from tests.support.alerts.stand_in_arbitrage import StandInArbitrage

FILE = """
rules:
  desk:
    min_net_percent: 0.15
    channels: [{id: chat, slack: {url: "${SLACK_URL}"}}]
  night:
    is_enabled: false
    channels: [{id: console, text_template: "{{ alert.opportunity.asset }} moves\\nnet", console: {}}]
"""


async def crossbook(*arguments: str, secret: str = "secret-1") -> tuple[int, str]:
    """Its exit code, and what it says."""
    os.environ["SLACK_URL"] = f"https://hooks.slack.com/services/{secret}"
    done = await asyncio.to_thread(CliRunner().invoke, app, ["alerts", *arguments])
    return done.exit_code, done.output


async def names(replica: RunningAlerts) -> list[str]:
    answer = await replica.stub.ListAlertRules(pb.ListAlertRulesRequest(), timeout=30)
    return [rule.name for rule in answer.alert_rules]


async def test_a_file_is_applied_once_and_exported_as_it_is(
    postgres_dsn: str, redis_url: str, arbitrage: StandInArbitrage, tmp_path: Path
) -> None:
    """Applied again nothing changes, not even by an export; a secret that was changed is seen; --prune deletes."""
    file, exported = tmp_path / "rules.yaml", tmp_path / "exported.yaml"
    file.write_text(FILE)
    async with running_alerts(postgres_dsn, redis_url, arbitrage.port) as replica:
        target = ("--target", f"127.0.0.1:{replica.port}")
        code, said = await crossbook("apply", str(file), "--dry-run", *target)
        assert (code, await names(replica)) == (0, ["alertRules/default"])
        assert "+min_net_percent: 0.15" in said
        code, said = await crossbook("apply", str(file), *target)
        assert "desk: created" in said
        assert "secret" not in said
        code, said = await crossbook("apply", str(file), *target)
        assert said.splitlines() == ["desk: unchanged", "night: unchanged"]
        code, said = await crossbook("export", *target)
        exported.write_text(said)
        assert "***" in said
        assert (await crossbook("check", str(exported)))[0] == 0
        _, said = await crossbook("apply", str(exported), *target)
        assert [line.split(": ")[1] for line in said.splitlines()] == ["unchanged"] * 3
        _, said = await crossbook("apply", str(file), "--prune", *target, secret="secret-2")
        assert "desk: changed" in said
        assert "alertRules/default: deleted" in said
        assert await names(replica) == ["alertRules/desk", "alertRules/night"]
