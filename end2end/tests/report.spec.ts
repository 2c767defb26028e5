import { expect, live, look, owner, test } from "./support";

// What cannot be taken is refused with words at its field.
test.use({ allowedErrors: [/status of 422/] });

test("a report is asked for, made, opened as the same file and removed", async ({ page }) => {
  test.setTimeout(120_000);
  await owner(page, "Report Agency");
  await page.goto("/reports");
  await live(page);
  await expect(page.getByTestId("empty")).toContainText("No report is here yet");
  await look(page, "reports-empty");

  const form = page.getByRole("region", { name: "Make a report" });
  await form.getByLabel("Title").fill("November for <everybody>");
  for (const section of ["Summary", "Forecast", "Findings"]) await form.getByLabel(section, { exact: true }).uncheck();
  await form.getByLabel("First day").fill("2026-11-08");
  await form.getByLabel("Last day").fill("2026-11-01");
  await form.getByRole("button", { name: "Make report" }).click();
  await expect(form.getByText("The last day must not be before the first")).toBeVisible();
  await expect(form.getByLabel("Title"), "nothing typed is lost").toHaveValue("November for <everybody>");
  await form.getByLabel("Last day").fill("2026-11-14");
  await form.getByRole("button", { name: "Make report" }).click();

  const row = page.getByTestId("report").first();
  await expect(row.getByTestId("stand made")).toBeVisible({ timeout: 60_000 });
  await look(page, "reports");
  await row.getByRole("link", { name: "November for <everybody>" }).click();
  await expect(page.getByRole("heading", { name: "November for <everybody>", level: 1 })).toBeVisible();
  await live(page);
  const file = await page.getByRole("link", { name: "Open PDF" }).getAttribute("href");
  const [first, second] = [await page.request.get(file!), await page.request.get(file!)];
  expect(first.headers()["content-type"]).toBe("application/pdf");
  expect((await first.body()).subarray(0, 5).toString()).toBe("%PDF-");
  expect((await first.body()).equals(await second.body())).toBe(true);
  await look(page, "report");

  await page.getByRole("button", { name: "Remove report" }).click();
  await expect(page).toHaveURL("/reports");
  await expect(page.getByTestId("empty")).toBeVisible();
});

test("a report that comes by itself is set, changed, switched off and removed", async ({ page }) => {
  await owner(page, "Schedule Agency");
  await page.goto("/reports");
  await live(page);
  const form = page.getByRole("region", { name: "Have one come by itself" });
  await form.getByLabel("Recipients").fill("nobody");
  await form.getByRole("button", { name: "Set schedule" }).click();
  await expect(form.getByText("Enter an e-mail address like name@example.com")).toBeVisible();
  await form.getByLabel("Recipients").fill("jane@client.test");
  await form.getByRole("button", { name: "Set schedule" }).click();
  const schedule = page.getByTestId("schedule");
  await expect(schedule).toContainText("Every Monday at 08:00");
  await schedule.getByText("Change", { exact: true }).click();
  await schedule.getByLabel("Hour", { exact: true }).fill("24");
  await schedule.getByRole("button", { name: "Save schedule" }).click();
  await expect(schedule.getByText("Choose an hour from 0 to 23")).toBeVisible();
  await schedule.getByLabel("Day", { exact: true }).fill("2");
  await schedule.getByLabel("Hour", { exact: true }).fill("9");
  await look(page, "report-schedule-change");
  await schedule.getByRole("button", { name: "Save schedule" }).click();
  await expect(schedule).toContainText("Every Tuesday at 09:00");
  await schedule.getByRole("button", { name: "Switch off" }).click();
  await expect(schedule.getByText("Off", { exact: true })).toBeVisible();
  await look(page, "report-schedule");
  await schedule.getByRole("button", { name: "Remove" }).click();
  await expect(page.getByTestId("no-schedules")).toBeVisible();
});

test("what is being typed elsewhere stays while a schedule is set, switched, changed and removed", async ({ page }) => {
  await owner(page, "Typing Agency");
  await page.goto("/reports");
  await live(page);
  const form = page.getByRole("region", { name: "Have one come by itself" });
  const set = async (title: string) => {
    await form.getByLabel("Title").fill(title);
    await form.getByRole("button", { name: "Set schedule" }).click();
    await expect(page.getByTestId("schedule").filter({ hasText: title })).toBeVisible();
    await expect(form.getByLabel("Title"), "what was set is not typed any more").toHaveValue("Report");
  };
  await set("Alpha");
  const [alpha, beta] = ["Alpha", "Beta"].map((title) => page.getByTestId("schedule").filter({ hasText: title }));
  await page.getByRole("region", { name: "Make a report" }).getByLabel("Title").fill("Half a title");
  await page.getByRole("region", { name: "How reports look" }).getByRole("textbox", { name: "Colour" }).fill("#1d4");
  await alpha.getByText("Change", { exact: true }).click();
  await alpha.getByLabel("Hour", { exact: true }).fill("17");
  const typed = async () => {
    await expect(page.getByRole("region", { name: "Make a report" }).getByLabel("Title")).toHaveValue("Half a title");
    await expect(page.getByRole("region", { name: "How reports look" }).getByRole("textbox", { name: "Colour" })).toHaveValue("#1d4");
    await expect(alpha.getByLabel("Hour", { exact: true })).toHaveValue("17");
  };

  await set("Beta");
  await typed();
  await beta.getByRole("button", { name: "Switch off" }).click();
  await expect(beta.getByText("Off", { exact: true })).toBeVisible();
  await typed();
  await beta.getByText("Change", { exact: true }).click();
  await beta.getByLabel("Day", { exact: true }).fill("2");
  await beta.getByRole("button", { name: "Save schedule" }).click();
  await expect(beta).toContainText("Every Tuesday at 08:00");
  await typed();
  await beta.getByRole("button", { name: "Remove" }).click();
  await expect(beta).toHaveCount(0);
  await typed();
  await expect(alpha).toContainText("Every Monday at 08:00");
});
