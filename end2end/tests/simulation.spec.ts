import type { Page } from "@playwright/test";
import { expect, live, look, owner, test } from "./support";

/** Leaves the simulated agency, which asks first. */
async function leave(page: Page) {
  await live(page);
  await page.getByRole("button", { name: "More about the simulation" }).click();
  await page.getByRole("button", { name: "Leave and delete it…" }).click();
  const dialog = page.getByRole("dialog", { name: "Leave this rehearsal agency and delete it?" });
  await expect(dialog).toContainText("It cannot be undone");
  await dialog.getByRole("button", { name: "Leave and delete it" }).click();
}

/** What it looks like in both sizes. */
async function both(page: Page, name: string) {
  const size = page.viewportSize()!;
  await page.setViewportSize({ width: 375, height: 812 });
  await look(page, name, "phone");
  await page.setViewportSize(size);
  await look(page, name);
}

test("one click leads to a simulated agency that is read and analysed; an action is done in it, and a week later its truth is shown", async ({ page }) => {
  test.skip(test.info().project.name !== "desktop", "looks at both sizes itself: accounts take minutes to be read");
  test.setTimeout(900_000);
  await page.goto("/signup");
  await both(page, "signup-rehearsal");
  await page.getByRole("button", { name: "Try with a rehearsal agency" }).click();
  await expect(page).toHaveURL("/dashboard", { timeout: 60_000 });
  const banner = page.getByTestId("simulated");
  await expect(banner).toContainText("Rehearsal agency: simulated. Nobody here is real and no figure is.");
  await live(page);
  // It goes on by itself until the figures are there: nobody reads the page again.
  await expect(page.getByTestId("being-read")).toContainText(/of 26 done/);
  await both(page, "simulated-being-read");
  await expect(page.getByTestId("figure spend").locator("[data-figure]").first()).toBeVisible({ timeout: 240_000 });
  await expect(page.getByTestId("being-read")).toHaveCount(0, { timeout: 420_000 });

  await page.goto("/clients");
  await live(page);
  await expect(page.getByRole("row")).toHaveCount(9);
  await expect(page.getByRole("main")).toContainText("Live");
  await both(page, "simulated-clients");

  await page.goto("/settings/integrations");
  await live(page);
  await expect(banner).toBeVisible();
  await expect(page.getByTestId("connection TikTok Ads").getByText("Connected", { exact: true })).toBeVisible({ timeout: 120_000 });
  const mailbox = page.getByTestId("connection Mailbox (IMAP): desk@agency.example");
  await expect(mailbox.getByText("Connected", { exact: true })).toBeVisible({ timeout: 120_000 });
  await expect(page.getByTestId("all-simulated")).toBeVisible();
  await expect(page.getByRole("button", { name: /^Connect / })).toHaveCount(0);
  await both(page, "simulated-integrations");
  await page.goto("/clients");
  await page.getByRole("row").nth(1).getByRole("link").first().click();
  await expect(page.getByRole("heading", { level: 1 })).not.toHaveText("Clients");
  await expect(async () => {
    await page.reload();
    await expect(page.getByTestId("figure spend")).toBeVisible({ timeout: 5_000 });
  }).toPass({ timeout: 120_000 });
  await live(page);
  await page.getByRole("link", { name: "7 days" }).click();
  await expect(page).toHaveURL(/\?days=7$/);
  await expect(page.getByTestId("performance-days")).toContainText("against the 7 days before");
  await page.getByTestId("figure spend").locator("a[data-figure]").first().click();
  const drawer = page.getByRole("dialog", { name: "What it is made of" });
  await expect(drawer.getByTestId("figure-rows").getByRole("row").nth(1)).toBeVisible();
  await page.keyboard.press("Escape");
  await both(page, "client-performance");

  for (const path of ["/settings", "/members", "/audit", "/clients/board"]) {
    await page.goto(path);
    await expect(banner, path).toBeVisible();
  }

  // An action that names budgets, once what was read is analysed.
  const proposed = page.getByTestId("action proposed").filter({ has: page.getByTestId("steps") }).first();
  await expect(async () => {
    await page.goto("/actions?proposals=all");
    await expect(proposed).toBeVisible({ timeout: 5_000 });
  }).toPass({ timeout: 300_000 });
  await live(page);
  await expect(proposed.getByTestId("expected").first()).toContainText("net in");
  await proposed.getByTestId("approve").locator("summary").click();
  await proposed.getByRole("button", { name: /^Approve:/ }).click();

  const approved = page.getByTestId("action approved");
  await expect(approved.getByTestId("by-hand")).toContainText("changes nothing in the simulated accounts");
  await both(page, "simulated-approved");
  await approved.getByRole("button", { name: /^Do it in the simulated accounts/ }).click();
  const truth = page.getByTestId("action done").getByTestId("truth");
  await expect(truth).toContainText("No whole day has passed");

  await page.getByRole("button", { name: "Let a week pass" }).click();
  await expect(page.getByTestId("simulated")).toContainText("7 days ahead");
  await expect(page, "one stays on the page").toHaveURL("/actions?proposals=all");
  await expect(truth).toContainText("Truth of the simulation");
  for (const name of ["Advertising cost", "Orders", "Revenue by the shop's books"]) {
    await expect(truth.getByRole("row").filter({ hasText: name })).toHaveCount(1);
  }
  const cost = truth.getByRole("row").filter({ hasText: "Advertising cost" }).getByRole("cell");
  await expect(cost.last(), "budgets are others than they would have been").not.toHaveText(/ 0[.,]00$/);
  await both(page, "simulated-truth");
  await page.getByTestId("action done").getByTestId("undo").locator("summary").click();
  await expect(page.getByTestId("action done").getByTestId("undo")).toContainText("is set back in the simulated accounts");
  await both(page, "simulated-undo");

  await page.goto("/settings/integrations");
  await expect(page.getByRole("heading", { name: "What your changes truly brought" })).toBeVisible();

  await leave(page);
  await expect(page).toHaveURL("/signup");
  await page.goto("/clients");
  await expect(page).toHaveURL(/\/login/);
});

test("who looks into one from the settings comes back to the own agency", async ({ page }) => {
  test.setTimeout(120_000);
  await owner(page, "Own Agency");
  await page.goto("/settings");
  await page.getByRole("button", { name: "Try with a rehearsal agency" }).click();
  await expect(page.getByTestId("simulated")).toBeVisible({ timeout: 60_000 });
  // Whoever thinks better of it keeps it.
  await live(page);
  await page.getByRole("button", { name: "More about the simulation" }).click();
  await page.getByRole("button", { name: "Start again…" }).click();
  await page.getByRole("dialog", { name: /^Start again/ }).getByRole("button", { name: "Keep it" }).click();
  await expect(page.getByTestId("simulated")).toBeVisible();
  await leave(page);
  await expect(page.getByTestId("simulated")).toHaveCount(0);
  await expect(page).toHaveURL("/dashboard");
  await expect(page.getByText("Own Agency").first()).toBeAttached();
});
