import { execFileSync } from "node:child_process";
import { expect, live, look, owner, test } from "./support";

test.use({ allowedErrors: [/status of (404|409|422)/] });

/** Puts proposals of a state into the ledger of the agency called `agency`, as a cycle of the brain does. */
function propose(agency: string) {
  const proposal = (key: string, kind: string, score: number | null, because: string) => `
    insert into action (organization_id, id, client_id, channel_id, key, kind, state, since, state_id, score, probability, proposal, proposed_at)
    select s.organization_id, gen_random_uuid(), c.id, h.id, '${key}', '${kind}', 'proposed', current_date, s.id, ${score ?? "null"}, 0.93,
      jsonb_build_object('key', '${key}', 'kind', '${kind}', 'target', jsonb_build_object('id', h.id, 'level', 'channel'),
        'currency', 'EUR', 'changes', ${score === null ? "'[]'::jsonb" : "jsonb_build_array(jsonb_build_object('channel', h.id, 'from', 120, 'to', 144))"},
        'horizon_days', 28, 'prediction', ${score === null ? "null::jsonb" : `jsonb_build_object('value', ${score}, 'low', ${score - 400}, 'high', ${score + 500}, 'loss', 0.08)`},
        'unpredicted', ${score === null ? "'no_margin'" : "null::text"}, 'probability', 0.93, 'effort_minutes', 15, 'score', ${score ?? "null::numeric"},
        'because', '[0]'::jsonb, 'basis', '[{"name":"spend_per_day","value":120,"first":"2026-10-01","last":"2026-10-28"}]'::jsonb,
        'doubts', '${because}'::jsonb), now()
    from brain_state s join client c using (organization_id) join channel h on h.organization_id = c.organization_id and h.client_id = c.id
    where s.organization_id = (select organization_id from organization where name = '${agency}');`;
  const sql = `begin;
    insert into brain_state (organization_id, id, day, input_hash, output_hash, code_version, created_at)
      select organization_id, gen_random_uuid(), current_date - 1, sha256('i'), sha256('o'), 'test', now() from organization where name = '${agency}';
    insert into brain_result (organization_id, state_id, number, kind, client_id, channel_id, body)
      select s.organization_id, s.id, 0, 'finding', c.id, h.id, '{"kind":"better","metric":"roas_claimed","first":"2026-10-01","last":"2026-10-28","probability":0.93,"size":{"value":0.2,"low":0.05,"high":0.4,"confidence":0.9,"unit":"change"}}'
      from brain_state s join client c using (organization_id) join channel h on h.organization_id = c.organization_id and h.client_id = c.id
      where s.organization_id = (select organization_id from organization where name = '${agency}');
    insert into brain_cycle (organization_id, id, cause, state, asked_at, cut_off, finished_at, state_id)
      select organization_id, gen_random_uuid(), 'manual', 'done', now(), now(), now(), id from brain_state where organization_id = (select organization_id from organization where name = '${agency}');
    ${[1800, 950, 420, 90].map((score, n) => proposal(`raise:${n}`, n % 2 ? "lower" : "raise", score, '["unseen","promotion"]')).join("\n")}
    ${proposal("fix:0", "fix_tracking", null, '["known_change"]')}
    insert into action_event (organization_id, id, action_id, state, at) select a.organization_id, gen_random_uuid(), a.id, 'proposed', now() from action a
      where not exists (select from action_event e where e.organization_id = a.organization_id and e.action_id = a.id);
    commit;`;
  execFileSync(process.env.E2E_PSQL!, ["-qX", "-v", "ON_ERROR_STOP=1", process.env.E2E_DATABASE!, "-c", sql]);
}

/** Gives the proposals of an agency newer figures, as a later cycle does: each is worth a euro more. */
function renew(agency: string) {
  const sql = `update action set proposal = jsonb_set(proposal, '{prediction,value}', to_jsonb((proposal #>> '{prediction,value}')::numeric + 1))
    where state = 'proposed' and jsonb_typeof(proposal -> 'prediction') = 'object'
      and organization_id = (select organization_id from organization where name = '${agency}')`;
  execFileSync(process.env.E2E_PSQL!, ["-qX", "-v", "ON_ERROR_STOP=1", process.env.E2E_DATABASE!, "-c", sql]);
}

test("actions are read, decided about and held to account", async ({ page }) => {
  test.setTimeout(150_000);
  const agency = `Ledger ${test.info().project.name} ${Date.now()}`;
  await owner(page, agency);
  await page.goto("/actions");
  await live(page);
  await expect(page.getByTestId("nothing")).toContainText("Nothing has been analysed yet");
  await look(page, "actions-empty");

  const made = await page.request.post("/api/v1/clients", { data: { name: "Bakery Beta", currency: "EUR" } });
  const client = (await made.json()).id;
  const source = { name: "Search", holds: "ads", platform: "google_ads", currency: "EUR", time_zone: "UTC", client_id: client };
  const sourced = await page.request.post("/api/v1/imports/sources", { data: source });
  expect(sourced.status(), await sourced.text()).toBe(201);
  propose(agency);
  await page.reload();
  await live(page);
  const proposed = page.getByTestId("action proposed");
  await expect(proposed).toHaveCount(3);
  await expect(proposed.first()).toContainText("+1,800.00 EUR");
  await expect(proposed.first()).toContainText("120.00 EUR → 144.00 EUR");
  await proposed.first().getByText("What it rests on").click();
  await expect(proposed.first().getByTestId("evidence")).toContainText("ROAS claimed of Search: better than before");
  await look(page, "actions");
  await page.getByTestId("more").click();
  await expect(proposed).toHaveCount(5);
  await expect(proposed.last()).toContainText("nobody said what stays of this client's revenue");

  // A refusal stands at the action that it is about, and what was typed stays.
  await proposed.nth(1).getByText("Dismiss…").click();
  await proposed.nth(1).getByLabel("Why not").fill(" ");
  await proposed.nth(1).getByRole("button", { name: /^Dismiss/ }).click();
  await expect(proposed.nth(1).getByRole("alert")).toContainText("Say why");
  await expect(page.getByRole("alert")).toHaveCount(1);
  await proposed.nth(1).getByLabel("Why not").fill("Stock is low");
  await proposed.nth(1).getByRole("button", { name: /^Dismiss/ }).click();
  await expect(proposed).toHaveCount(4);

  // Newer figures that came since are shown and asked about again; what is being typed elsewhere stays.
  await proposed.nth(1).getByText("Dismiss…").click();
  await proposed.nth(1).getByLabel("Why not").fill("Half a reason");
  renew(agency);
  await proposed.first().getByText("Approve…").click();
  await expect(proposed.first().getByTestId("approve").getByTestId("steps")).toContainText("120.00 EUR → 144.00 EUR");
  await expect(proposed.first().getByTestId("grounds")).toContainText("ROAS claimed of Search: better than before");
  await proposed.first().getByRole("button", { name: /^Approve/ }).click();
  await expect(proposed.first().getByRole("alert")).toContainText("newer figures");
  await expect(proposed.first()).toContainText("+1,801.00 EUR");
  await expect(proposed.nth(1).getByLabel("Why not")).toHaveValue("Half a reason");
  await proposed.first().getByRole("button", { name: /^Approve/ }).click();
  const approved = page.getByTestId("action approved");
  await expect(approved).toContainText("+1,801.00 EUR");
  await expect(proposed).toHaveCount(3);
  await expect(proposed.first().getByLabel("Why not")).toHaveValue("Half a reason");
  await expect(approved.getByTestId("checklist")).toContainText("In Google Ads, Search: raise the daily budgets");
  await look(page, "actions-to-do");
  await approved.getByRole("button", { name: /^Say that it is done/ }).click();
  const done = page.getByTestId("action done");
  await expect(done).toContainText("measured from the days until");
  const measured = { metric: "net_contribution", first: "2026-10-02", last: "2026-10-29", actual: 5400, expected: 4000, effect: 1400, low: 300, high: 2500, verdict: "won", model: "ETS", together_with: [] };
  const sql = `update action set state = 'measured', measured = '${JSON.stringify(measured)}' where state = 'done' and organization_id = (select organization_id from organization where name = '${agency}')`;
  execFileSync(process.env.E2E_PSQL!, ["-qX", process.env.E2E_DATABASE!, "-c", sql]);
  await page.goto("/actions?past=shown");
  await live(page);
  await expect(page.getByTestId("action measured")).toContainText("Came: +1,400.00 EUR");
  await expect(page.getByTestId("action measured")).toContainText("Won");
  await expect(page.getByTestId("rates")).toContainText("Raise spend: 1 won");
  await expect(page.getByTestId("action dismissed").getByTestId("history")).toContainText("“Stock is low”");
  await look(page, "actions-measured");
});

test("actions are decided about without scripts", async ({ browser, page }) => {
  test.setTimeout(150_000);
  const agency = `Still ${test.info().project.name} ${Date.now()}`;
  await owner(page, agency);
  const made = await page.request.post("/api/v1/clients", { data: { name: "Bakery Beta", currency: "EUR" } });
  const source = { name: "Search", holds: "ads", currency: "EUR", time_zone: "UTC", client_id: (await made.json()).id };
  await page.request.post("/api/v1/imports/sources", { data: source });
  propose(agency);
  const { viewport, isMobile } = test.info().project.use;
  const context = await browser.newContext({ javaScriptEnabled: false, viewport, isMobile, storageState: await page.context().storageState() });
  const still = await context.newPage();
  await still.goto(new URL("/actions", page.url()).href);
  const first = still.getByTestId("action proposed").first();
  await first.getByText("Dismiss…").click();
  await first.getByLabel("Why not").fill("x".repeat(1001));
  await first.getByRole("button", { name: /^Dismiss/ }).click();
  await expect(first.getByRole("alert")).toContainText("at most 1000 characters");
  await expect(first.getByLabel("Why not")).toHaveValue("x".repeat(1001));
  renew(agency);
  await first.getByText("Approve…").click();
  await first.getByRole("button", { name: /^Approve/ }).click();
  await expect(first.getByRole("alert")).toContainText("newer figures");
  await expect(first).toContainText("+1,801.00 EUR");
  await first.getByRole("button", { name: /^Approve/ }).click();
  await expect(still.getByTestId("action approved")).toContainText("To do");
  await context.close();
});
