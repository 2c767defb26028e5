import { execFileSync } from "node:child_process";
import type { Page } from "@playwright/test";
import { expect, live, look, owner, picture, test } from "./support";

test.use({ allowedErrors: [/status of (404|409|422)/] });

/** Gives the agency called `agency` a state of the brain and alerts of it, as a cycle does: of every severity, and one that ended. */
function notice(agency: string) {
  const finding = (metric: string | null, size: string) => `{"metric":${metric ? `"${metric}"` : "null"},"probability":0.97,"size":${size},"basis":[{"name":"actual","value":812.4,"first":"2026-11-01","last":"2026-11-03"}]}`;
  const clicks = '{"value":-320.4,"low":-400,"high":-240,"confidence":0.95,"unit":"count"}';
  const more = '{"value":90,"low":40,"high":140,"confidence":0.95,"unit":"count"}';
  const spend = '{"value":1234.5,"low":900,"high":1500,"confidence":0.95,"unit":{"money":"EUR"}}';
  const alert = (n: number, kind: string, severity: string, metric: string | null, size: string, ended = false) => `
    insert into alert (organization_id, id, story, kind, level, entity, severity, first_day, last_day, client_id, channel_id, body,
        first_state_id, state_id, first_seen_at, last_seen_at, ended_at)
      select s.organization_id, gen_random_uuid(), '${kind} ${n}', '${kind}', 'channel', h.id, '${severity}', current_date - 5, current_date - 3,
        c.id, h.id, '${finding(metric, size)}', s.id, s.id, now() - interval '${n + 1} hours', now(), ${ended ? "now()" : "null"}
      from brain_state s join client c using (organization_id) join channel h on h.organization_id = c.organization_id and h.client_id = c.id
      where s.organization_id = (select organization_id from organization where name = '${agency}');`;
  const sql = `begin;
    insert into brain_state (organization_id, id, day, input_hash, output_hash, code_version, created_at)
      select organization_id, gen_random_uuid(), current_date - 1, sha256('i'), sha256('o'), 'test', now() from organization where name = '${agency}';
    insert into brain_cycle (organization_id, id, cause, state, asked_at, cut_off, finished_at, state_id)
      select organization_id, gen_random_uuid(), 'manual', 'done', now(), now(), now(), id from brain_state where organization_id = (select organization_id from organization where name = '${agency}');
    ${alert(0, "drop", "high", "clicks", clicks)}
    ${alert(1, "change_point", "medium", "spend", spend)}
    ${alert(2, "spike", "low", "clicks", more)}
    ${alert(3, "moved_together", "info", null, "null")}
    ${alert(4, "creative_fatigue", "medium", "ctr", "null", true)}
    commit;`;
  execFileSync(process.env.E2E_PSQL!, ["-qX", "-v", "ON_ERROR_STOP=1", process.env.E2E_DATABASE!, "-c", sql]);
}

/** An agency with a client that has a channel. */
async function agency(page: Page, name: string) {
  await owner(page, name);
  const made = await page.request.post("/api/v1/clients", { data: { name: "Bakery Beta", currency: "EUR" } });
  const source = { name: "Search", holds: "ads", platform: "google_ads", currency: "EUR", time_zone: "UTC", client_id: (await made.json()).id };
  const sourced = await page.request.post("/api/v1/imports/sources", { data: source });
  expect(sourced.status(), await sourced.text()).toBe(201);
}

/** A day so many days ahead, as a date field takes it. */
function ahead(days: number) {
  return new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10);
}

test("alerts are read and seen to", async ({ page }) => {
  test.setTimeout(150_000);
  const name = `Alerts ${test.info().project.name} ${Date.now()}`;
  await agency(page, name);
  await page.getByRole("navigation", { name: "Areas" }).getByRole("link", { name: "Alerts" }).click();
  await expect(page).toHaveURL("/alerts");
  await live(page);
  await expect(page.getByTestId("nothing")).toContainText("Nothing has been analysed yet");
  await look(page, "alerts-empty");

  notice(name);
  await page.reload();
  await live(page);
  const open = page.getByTestId("alert open");
  await expect(open).toHaveCount(4);
  await expect(page.getByTestId("severity")).toHaveText(["High", "Medium", "Low", "Info"]);
  await expect(open.first()).toContainText("Clicks: far below what was to be expected");
  await expect(open.first()).toContainText("Bakery Beta · Search");
  await expect(open.first().getByTestId("detail")).toContainText("−320.4 a day against what was to be expected (95 % sure: between −400 and −240)");
  await expect(open.nth(1).getByTestId("detail")).toContainText("+1,234.50 EUR");
  // What a figure was made from is one click away.
  const basis = open.first().getByTestId("basis").getByRole("listitem");
  await expect(basis.first()).toBeHidden();
  await open.first().getByText("What it was made from").click();
  await expect(basis).toHaveText(["Actual: 812.4, 2026-11-01 to 2026-11-03", /^In the state: [0-9a-f-]{36}$/]);
  await open.first().getByText("Snooze…").click();
  await look(page, "alerts");

  // What is refused stands at the alert that it is about, and what was chosen stays.
  await open.first().getByLabel("Until 08:00 on").fill(ahead(500));
  await open.first().getByRole("button", { name: /^Snooze until that day/ }).click();
  await expect(open.first().getByRole("alert")).toContainText("within a year");
  await expect(page.getByRole("alert")).toHaveCount(1);
  await expect(open.first().getByLabel("Until 08:00 on")).toHaveValue(ahead(500));
  await look(page, "alerts-refused");
  await open.first().getByLabel("Until 08:00 on").fill(ahead(30));
  await open.first().getByRole("button", { name: /^Snooze until that day/ }).click();
  await expect(open).toHaveCount(3);
  await open.first().getByText("Snooze…").click();
  // What is being chosen at one alert stays when another is seen to.
  await open.last().getByText("Snooze…").click();
  await open.last().getByLabel("Until 08:00 on").fill(ahead(40));
  await open.first().getByRole("button", { name: /^Snooze until tomorrow/ }).click();
  await expect(open).toHaveCount(2);
  await expect(open.last().getByLabel("Until 08:00 on")).toBeVisible();
  await expect(open.last().getByLabel("Until 08:00 on")).toHaveValue(ahead(40));
  await open.first().getByRole("button", { name: /^Acknowledge/ }).click();
  await expect(open).toHaveCount(1);
  await expect(open.first().getByLabel("Until 08:00 on")).toHaveValue(ahead(40));
  await expect(page.getByRole("heading", { name: "Alerts", level: 1 })).toBeFocused();

  const states = page.getByRole("navigation", { name: "How they stand" });
  await states.getByRole("link", { name: "Snoozed" }).click();
  await expect(page).toHaveURL("/alerts?state=snoozed");
  await expect(states.getByRole("link", { name: "Snoozed" })).toHaveAttribute("aria-current", "page");
  const snoozed = page.getByTestId("alert snoozed");
  await expect(snoozed).toHaveCount(2);
  await expect(snoozed.first().getByTestId("stand")).toContainText("by Olga Owner");
  await look(page, "alerts-snoozed");
  await snoozed.first().getByRole("button", { name: /^Open again/ }).click();
  await expect(snoozed).toHaveCount(1);
  await states.getByRole("link", { name: "Acknowledged" }).click();
  await expect(page.getByTestId("alert acknowledged")).toContainText("by Olga Owner");
  await states.getByRole("link", { name: "Ended" }).click();
  await expect(page.getByTestId("alert ended")).toContainText("not found any more");
  await expect(page.getByTestId("controls")).toHaveCount(0);
  await look(page, "alerts-ended");
  await states.getByRole("link", { name: "Open" }).click();
  await expect(page).toHaveURL("/alerts");
  await expect(open).toHaveCount(2);
});

test("rules and quiet hours are set", async ({ page }) => {
  test.setTimeout(150_000);
  const name = `Rules ${test.info().project.name} ${Date.now()}`;
  await agency(page, name);
  await page.goto("/alerts");
  await page.getByRole("link", { name: "Rules and quiet hours" }).click();
  await expect(page).toHaveURL("/settings/alerts");
  await live(page);
  const rules = page.getByTestId("rules");
  await expect(rules.getByRole("listitem")).toHaveCount(2);
  await look(page, "alert-settings");

  await page.getByLabel("Quiet from").fill("22:00");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByText("Say until when, or leave both empty")).toBeVisible();
  await expect(page.getByLabel("Quiet from")).toHaveValue("22:00");
  await page.getByLabel("Quiet until").fill("07:00");
  await page.getByRole("button", { name: "Save", exact: true }).click();
  await expect(page.getByText("Saved.")).toBeVisible();
  await expect(page.getByLabel("Quiet from")).toHaveValue("22:00");

  const add = page.getByRole("region", { name: "Add a rule" });
  await add.getByLabel("Name of the rule").fill("Falls of Bakery Beta");
  await add.locator("summary").filter({ hasText: "Only these kinds" }).click();
  await add.getByLabel("Falls", { exact: true }).check();
  await add.locator("summary").filter({ hasText: "Only these clients" }).click();
  await add.getByLabel("Bakery Beta").check();
  await add.getByRole("button", { name: "Add rule" }).click();
  await expect(add.getByRole("alert").first()).toContainText("Choose who hears of it");
  await expect(add.getByLabel("Name of the rule")).toHaveValue("Falls of Bakery Beta");
  await expect(add.getByLabel("Falls", { exact: true })).toBeChecked();
  await look(page, "alert-rule-refused");
  await add.getByLabel("Owner", { exact: true }).check();
  await add.getByRole("button", { name: "Add rule" }).click();
  const rule = page.getByTestId("rule Falls of Bakery Beta");
  await expect(rule.getByTestId("about")).toContainText("Mail at once: what is medium or worse, only Falls; only Bakery Beta");
  await expect(add.getByLabel("Name of the rule")).toHaveValue("");
  // What is being typed stays when something is done to a rule.
  await add.getByLabel("Name of the rule").fill("Half a thought");
  await rule.getByRole("button", { name: /^Switch off/ }).click();
  await expect(rule).toContainText("Off");
  await expect(add.getByLabel("Name of the rule")).toHaveValue("Half a thought");
  await rule.locator("summary").first().click();
  await rule.getByLabel("How bad").selectOption({ label: "High" });
  await look(page, "alert-rule-change");
  await rule.getByRole("button", { name: "Save rule" }).click();
  await expect(rule.getByTestId("about")).toContainText("what is high, only Falls");
  await rule.locator("summary").filter({ hasText: "Remove" }).click();
  await rule.getByRole("button", { name: "Remove “Falls of Bakery Beta”" }).click();
  await expect(rules.getByRole("listitem")).toHaveCount(2);
});

test("alerts are seen to and rules are set without scripts", async ({ browser, page }) => {
  test.setTimeout(150_000);
  const name = `Quiet ${test.info().project.name} ${Date.now()}`;
  await agency(page, name);
  notice(name);
  const { viewport, isMobile } = test.info().project.use;
  const context = await browser.newContext({ javaScriptEnabled: false, viewport, isMobile, storageState: await page.context().storageState() });
  const still = await context.newPage();
  await still.goto(new URL("/alerts", page.url()).href);
  const open = still.getByTestId("alert open");
  await open.first().getByText("Snooze…").click();
  await open.first().getByLabel("Until 08:00 on").fill(ahead(500));
  await open.first().getByRole("button", { name: /^Snooze until that day/ }).click();
  await expect(open.first().getByRole("alert")).toContainText("within a year");
  await expect(open.first().getByLabel("Until 08:00 on")).toHaveValue(ahead(500));
  await open.first().getByRole("button", { name: /^Snooze for a week/ }).click();
  await expect(open).toHaveCount(3);
  await open.first().getByRole("button", { name: /^Acknowledge/ }).click();
  await expect(open).toHaveCount(2);
  await picture(still, "alerts-still");

  await still.goto(new URL("/settings/alerts", page.url()).href);
  const add = still.getByRole("region", { name: "Add a rule" });
  await add.getByLabel("Name of the rule").fill("Jumps");
  await add.locator("summary").filter({ hasText: "Only these kinds" }).click();
  await add.getByLabel("Jumps", { exact: true }).check();
  await add.getByRole("button", { name: "Add rule" }).click();
  await expect(add).toContainText("Choose who hears of it");
  await expect(add.getByLabel("Jumps", { exact: true })).toBeChecked();
  await add.getByLabel("Manager", { exact: true }).check();
  await add.getByRole("button", { name: "Add rule" }).click();
  await expect(still.getByTestId("rule Jumps")).toContainText("To Managers");
  await picture(still, "alert-settings-still");
  await context.close();
});
