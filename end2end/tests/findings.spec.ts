import { execFileSync } from "node:child_process";
import { expect, live, look, loose, owner, test, unfold } from "./support";

/** Gives the agency called `agency` a state with three findings, two of which are alerts, as a cycle does. */
function notice(agency: string) {
  const of = `(select organization_id from organization where name = '${agency}')`;
  const body = (kind: string, severity: string) =>
    `jsonb_build_object('kind', '${kind}', 'entity', jsonb_build_object('id', h.id, 'level', 'channel'), 'metric', 'clicks', 'first', current_date - 5,
      'last', current_date - 3, 'severity', '${severity}', 'probability', 0.97, 'size', '{"value":-320.4,"low":-400,"high":-240,"confidence":0.95,"unit":"count"}'::jsonb,
      'basis', jsonb_build_array(jsonb_build_object('name', 'clicks', 'value', 812, 'first', current_date - 5, 'last', current_date - 3)))::text`;
  const finding = (n: number, kind: string, severity: string) => `
    insert into brain_result (organization_id, state_id, number, kind, client_id, channel_id, body)
      select s.organization_id, s.id, ${n}, 'finding', c.id, h.id, ${body(kind, severity)}
      from brain_state s join client c using (organization_id) join channel h on h.organization_id = c.organization_id and h.client_id = c.id where s.organization_id = ${of};`;
  const alert = (n: number, kind: string, severity: string) => `
    insert into alert (organization_id, id, story, kind, level, entity, severity, first_day, last_day, client_id, channel_id, body, first_state_id, state_id, number, first_seen_at, last_seen_at)
      select r.organization_id, gen_random_uuid(), '${kind} ${n}', '${kind}', 'channel', r.channel_id, '${severity}', current_date - 5, current_date - 3, r.client_id, r.channel_id, r.body,
        r.state_id, r.state_id, ${n}, now() - interval '1 hour', now() from brain_result r where r.organization_id = ${of} and r.number = ${n};
    insert into alert_finding (organization_id, state_id, number, alert_id) select organization_id, state_id, number, id from alert where organization_id = ${of} and number = ${n};`;
  const sql = `begin;
    insert into brain_state (organization_id, id, day, input_hash, output_hash, code_version, created_at) select ${of}, gen_random_uuid(), current_date - 1, sha256('i'), sha256('o'), 'test', now();
    insert into brain_cycle (organization_id, id, cause, state, asked_at, cut_off, finished_at, state_id)
      select organization_id, gen_random_uuid(), 'manual', 'done', now(), now(), now(), id from brain_state where organization_id = ${of};
    ${finding(0, "drop", "high")} ${finding(1, "spike", "low")} ${finding(2, "change_point", "medium")} ${alert(0, "drop", "high")} ${alert(2, "change_point", "medium")} commit;`;
  execFileSync(process.env.E2E_PSQL!, ["-qX", "-v", "ON_ERROR_STOP=1", process.env.E2E_DATABASE!, "-c", sql]);
}

test("findings are read, narrowed and seen to, and their figures open", async ({ page }) => {
  test.setTimeout(150_000);
  const name = `Findings ${test.info().project.name} ${Date.now()}`;
  await owner(page, name);
  await page.goto("/findings");
  await live(page);
  await expect(page.getByTestId("nothing")).toContainText("Nothing has been analysed yet");
  await look(page, "findings-empty");
  const made = await page.request.post("/api/v1/clients", { data: { name: "Bakery Beta", currency: "EUR" } });
  const source = { name: "Search", holds: "ads", platform: "google_ads", currency: "EUR", time_zone: "UTC", client_id: (await made.json()).id };
  expect((await page.request.post("/api/v1/imports/sources", { data: source })).status()).toBe(201);
  notice(name);
  // On phones the alerts lead there.
  await page.goto("/alerts");
  await page.getByRole("link", { name: "All that was noticed" }).click();
  await expect(page).toHaveURL("/findings");
  await live(page);
  const open = page.getByTestId("finding open");
  await expect(open).toHaveCount(3);
  await expect(page.getByTestId("severity")).toHaveText(["High", "Medium", "Low"]);
  await expect(open.first().getByTestId("detail")).toContainText("−320.4 a day against what was to be expected (95 % sure: between −400 and −240)");
  await expect(page.getByTestId("controls"), "what is no alert needs nobody").toHaveCount(2);
  await unfold(page);
  expect(await loose(page)).toEqual([]);
  await look(page, "findings");

  const figure = open.first().getByTestId("detail").locator("a[data-figure]").first();
  await figure.focus();
  await page.keyboard.press("Enter");
  const drawer = page.getByRole("dialog", { name: "What it is made of" });
  await expect(drawer.getByTestId("evidence")).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(figure).toBeFocused();

  await open.first().getByRole("button", { name: /^Acknowledge/ }).click();
  await expect(page.getByTestId("finding acknowledged")).toContainText("by Olga Owner");
  await open.first().getByRole("button", { name: /^Snooze until tomorrow/ }).click();
  await expect(page.getByTestId("finding snoozed")).toHaveCount(1);
  const narrow = page.getByTestId("narrow");
  await narrow.getByLabel("State").selectOption("acknowledged");
  await narrow.getByRole("button", { name: "Show" }).click();
  await expect(page).toHaveURL(/state=acknowledged/);
  await live(page);
  await expect(page.getByTestId("finding acknowledged")).toHaveCount(1);
  await expect(page.getByTestId("finding open")).toHaveCount(0);
  await look(page, "findings-narrowed");
  // What was done to a finding was done to its alert.
  await page.goto("/alerts?state=acknowledged");
  await expect(page.getByTestId("alert acknowledged")).toHaveCount(1);
});
