"""What an operator and an administrator click, on a running system; what came of it is asked of REST, not the page."""

from typing import Any

import pytest

from tests.support.dashboard.chromium import missing
from tests.support.dashboard.page import Opened, opened
from tests.support.dashboard.site import Site
from tests.support.waiting import eventually

pytestmark = [pytest.mark.asyncio(loop_scope="package"), pytest.mark.skipif(bool(missing()), reason=missing())]

ASK = """async ([method, path]) => {
  const answer = await fetch(path, { method, cache: "no-store" });
  return answer.ok ? await answer.json() : { status: answer.status };
}"""


async def _ask(one: Opened, path: str) -> Any:
    """As anybody who may look."""
    return await one.page.evaluate(ASK, ["GET", path])


async def _active(one: Opened, venue: str) -> list[str]:
    markets = (await _ask(one, f"/api/{venue}/markets?limit=100"))["markets"]
    return sorted(each["symbol"] for each in markets if each.get("active"))


async def test_a_venue_is_stopped_and_started(admin: Opened) -> None:
    """One market by its button, then all of it, and the undo of that; clock, lanes and log stand beside."""
    await admin.go("venues?venue=kucoin")
    detail = admin.page.locator("aside.detail")
    assert "Our clock ahead of it by" in await detail.inner_text()
    assert await detail.locator("table tbody tr", has_text="main").count() == 1
    tracked = await _active(admin, "kucoin")
    await detail.get_by_role("button", name="List markets").click()
    first = detail.locator("tr", has_text=tracked[0])
    await first.get_by_role("button", name="Stop").click()
    await first.get_by_role("button", name="Start").wait_for()
    assert await _active(admin, "kucoin") == tracked[1:]
    await first.get_by_role("button", name="Start").click()
    await eventually(lambda: _is(_active(admin, "kucoin"), tracked))
    await detail.get_by_role("button", name="Stop all of it").click()
    await eventually(lambda: _is(_active(admin, "kucoin"), []))
    await admin.page.locator(".toast").get_by_role("button", name="Undo").click()
    await eventually(lambda: _is(_active(admin, "kucoin"), tracked))
    await admin.page.locator(".log div", has_text="kucoin").first.wait_for()


async def test_a_viewer_is_offered_no_button(site: Site) -> None:
    """Who came without the link sees no start, no stop, no rule to write, and is told the way."""
    async with opened(site.browser, site.address) as one:
        for link in ("venues?venue=okx", "alerts", "system", "accounts"):
            await one.go(link)
            for name in ("Stop all of it", "New rule", "Read files again", "Make a key"):
                assert await one.page.get_by_role("button", name=name).count() == 0
        assert "crossbook login" in await one.page.inner_text("main")


async def test_a_rule_is_written_tried_and_removed(admin: Opened) -> None:
    """What it would match is shown while it is written; its channel is tried; it is saved, changed, muted, and goes."""
    await admin.go("alerts")
    page = admin.page
    await page.get_by_role("button", name="New rule").click()
    form = page.locator("section[aria-label='New rule']")
    await form.get_by_label("Id, a-z").fill("desk")
    await form.get_by_label("Name").first.fill("For the desk")
    await form.get_by_label("Net % from").fill("50")
    assert "match nothing" in await form.locator(".verdict").inner_text()
    await form.get_by_role("button", name="Try it").click()
    await page.locator(".toast", has_text="took the sample").wait_for()
    await form.get_by_role("button", name="Save").click()
    row = page.locator("section[aria-label='Rules'] tbody tr", has_text="For the desk")
    await row.wait_for()
    assert (await _ask(admin, "/api/alerts/rules/desk"))["alertRule"]["minNetPercent"] == 50
    await row.get_by_role("button", name="Edit").click()
    await page.get_by_label("Net % from").fill("0.05")
    await page.get_by_role("button", name="Save", exact=True).click()
    await row.locator("td", has_text="0.050").wait_for()
    assert (await _ask(admin, "/api/alerts/rules/desk"))["alertRule"]["channels"][0]["id"] == "console"
    await row.get_by_role("checkbox").uncheck()
    assert await page.evaluate("localStorage.getItem('crossbook.silent.alertRules/desk')") == "yes"
    await row.get_by_role("button", name="History").click()
    await admin.until("location.hash.includes('rule=desk')")
    await page.get_by_role("button", name="Of all rules").click()
    await page.get_by_role("button", name="Evaluate scheduled rules now").click()
    await page.locator(".toast", has_text="were evaluated").wait_for()
    await page.get_by_role("button", name="Send what was given up once more").click()
    await page.locator(".toast", has_text="sent once more").wait_for()
    await row.get_by_role("button", name="Remove").click()
    await row.wait_for(state="detached")
    assert (await _ask(admin, "/api/alerts/rules/desk"))["status"] == 404


KINDS = {
    "feed": ("Instrument not live for, s", "30", ("feed", "staleAfter"), "30s"),
    "system": ("Disk free below, %", "5", ("system", "minFreeDiskPercent"), 5),
    "market_move": ("Moved by, %", "2", ("marketMove", "minPercent"), 2),
    "funding_spread": ("Funding apart by, % an hour", "0.01", ("fundingSpread", "minPercentPerHour"), 0.01),
    "basis": ("Mark off its index by, %", "0.3", ("basis", "minPercent"), 0.3),
    "canary": ("Every, s", "600", ("canary", "interval"), "600s"),
}


@pytest.mark.parametrize("kind", KINDS)
async def test_a_rule_of_every_kind_is_written(admin: Opened, kind: str) -> None:
    """Its own fields are asked for, and its sample is taken by its channel."""
    label, value, (condition, field), kept = KINDS[kind]
    await admin.go("alerts")
    page = admin.page
    await page.get_by_role("button", name="New rule").click()
    form = page.locator("section[aria-label='New rule']")
    await form.get_by_label("Id, a-z").fill(f"of-{kind.replace('_', '-')}")
    await form.get_by_label("Name").first.fill(f"Of {kind}")
    await form.get_by_label("Looks at").select_option(label=kind)
    await form.get_by_label(label).fill(value)
    if kind == "market_move":
        await form.get_by_label("within, s").fill("60")
    await form.get_by_role("button", name="Try it").click()
    await page.locator(".toast", has_text="took the sample").first.wait_for()
    await form.get_by_role("button", name="Save").click()
    await page.locator("section[aria-label='Rules'] tbody tr", has_text=f"Of {kind}").wait_for()
    rule = (await _ask(admin, f"/api/alerts/rules/of-{kind.replace('_', '-')}"))["alertRule"]
    assert rule[condition][field] == kept


async def test_channels_for_people_are_written_and_their_secrets_kept(admin: Opened) -> None:
    """What is wrong is said by its field; a change of the name alone leaves the token as it was."""
    await admin.go("alerts")
    page = admin.page
    await page.get_by_role("button", name="New rule").click()
    form = page.locator("section[aria-label='New rule']")
    await form.get_by_label("Id, a-z").fill("chat")
    await form.get_by_label("Name").first.fill("Into a chat")
    await form.get_by_label("Kind").select_option("telegram")
    await form.get_by_label("Bot's token").fill("not a token")
    await form.get_by_label("Chat").fill("-100123")
    await form.get_by_label("Own text").fill("{{ alert.group.label }}")
    await form.get_by_role("button", name="Save").click()
    await form.get_by_text("bot_token").first.wait_for()
    await form.get_by_label("Bot's token").fill("123456:" + "A" * 35)
    await form.get_by_role("button", name="Save").click()
    row = page.locator("section[aria-label='Rules'] tbody tr", has_text="Into a chat")
    await row.wait_for()
    await row.get_by_role("button", name="Edit").click()
    form = page.locator("section[aria-label='Rule Into a chat']")
    assert await form.get_by_label("Chat").input_value() == "-100123"
    assert "A" * 9 not in await form.get_by_label("Bot's token").input_value()
    await form.get_by_label("Name").first.fill("Into the chat")
    await form.get_by_role("button", name="Save").click()
    await page.locator("section[aria-label='Rules'] tbody tr", has_text="Into the chat").wait_for()
    (channel,) = (await _ask(admin, "/api/alerts/rules/chat"))["alertRule"]["channels"]
    assert (channel["telegram"]["chatId"], channel["textTemplate"]) == ("-100123", "{{ alert.group.label }}")


async def test_somebody_is_at_a_group_and_a_silence_holds(admin: Opened) -> None:
    """A group is acknowledged by the one who clicked; a silence holds until it is ended."""
    await admin.go("alerts")
    page = admin.page
    groups = page.locator("section[aria-label='Groups']")
    await groups.get_by_role("button", name="I am at it").first.click()
    await groups.locator("td", has_text="local,").first.wait_for()
    told = (await _ask(admin, "/api/alerts/groups?pageSize=50"))["groups"]
    assert [each for each in told if each.get("acknowledgement", {}).get("author") == "local"]
    silences = page.locator("section[aria-label='Silences']")
    await silences.get_by_label("Assets to silence").fill("doge")
    await silences.get_by_label("Why it is silent").fill("a listing")
    await silences.get_by_role("button", name="Silence", exact=True).click()
    row = silences.locator("tr", has_text="a listing")
    await row.wait_for()
    assert (await _ask(admin, "/api/alerts/silences"))["silences"][0]["assets"] == ["DOGE"]
    await row.get_by_role("button", name="End it").click()
    await row.wait_for(state="detached")


async def test_files_are_read_again_and_the_log_is_filtered(admin: Opened) -> None:
    """Every process says what it read; the log shows lines that hold a word, and no others."""
    await admin.go("system")
    await admin.page.get_by_role("button", name="Read files again").click()
    await admin.page.locator(".toast", has_text="arbitrage:").wait_for()
    await admin.page.get_by_label("Lines that hold").fill("opportunity_opened")
    await admin.page.keyboard.press("Enter")
    await admin.until("document.querySelectorAll('.log div').length > 0")
    await admin.until(
        "[...document.querySelectorAll('.log div')].every((line) => line.textContent.includes('opportunity_opened'))"
    )


async def test_accounts_are_made_used_and_ended(site: Site, admin: Opened) -> None:
    """A key is shown once, works, and ends when revoked; a user has what its role allows; all is in the audit."""
    await admin.go("accounts")
    page = admin.page
    keys = page.locator("section[aria-label='Keys for programs']")
    await keys.get_by_label("What it is for").fill("the desk's bot")
    await keys.get_by_role("button", name="Make a key").click()
    key = await keys.locator(".verdict code").inner_text()
    assert await page.evaluate(BEARER, key) == 200
    await keys.get_by_role("button", name="Revoke").first.click()
    await keys.locator("tr", has_text="revoked").first.wait_for()
    await eventually(lambda: _is(page.evaluate(BEARER, key), 401))
    users = page.locator("section[aria-label='Users with a password']")
    await users.get_by_label("Name").fill("ann")
    await users.get_by_label("Password, 12").fill("correct horse battery")
    await users.get_by_role("button", name="Make a user").click()
    await users.get_by_label("Role of ann").select_option("OPERATOR")
    await page.locator(".toast", has_text="The role is changed").wait_for()
    async with opened(site.browser, site.address) as other:
        await other.go("accounts")
        await other.page.get_by_label("Name").fill("ann")
        await other.page.get_by_label("Password").fill("correct horse battery")
        await other.page.get_by_role("button", name="Log in").click()
        await other.page.get_by_role("button", name="Log out").wait_for()
        await other.go("system")
        await other.page.get_by_role("button", name="Read files again").wait_for()
        await page.reload()
        await (
            page.locator("section[aria-label='Sessions'] tr", has_text="ann").get_by_role("button", name="End").click()
        )
        await other.until("document.querySelector('.rail .foot span')?.textContent === 'anonymous'")
    await users.locator("tr", has_text="ann").get_by_role("button", name="Remove").click()
    await users.locator("tr", has_text="ann").wait_for(state="detached")
    audit = page.locator("section[aria-label='What was done']")
    await audit.locator("tr", has_text="CreateUser").first.wait_for()
    assert key not in await audit.inner_text()


BEARER = """(key) => fetch("/api/stats", { cache: "no-store", headers: { authorization: `Bearer ${key}` } })
  .then((answer) => answer.status)"""


async def _is(found: Any, wanted: object) -> bool:
    return bool(await found == wanted)
