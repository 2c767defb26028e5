import { expect, live, look, owner, test } from "./support";

test("one click at sign-up leads to a simulated agency that is being read", async ({ page }) => {
  test.setTimeout(300_000);
  await page.goto("/signup");
  await look(page, "signup-rehearsal");
  await page.getByRole("button", { name: "Try with a rehearsal agency" }).click();
  await expect(page).toHaveURL("/clients", { timeout: 60_000 });
  const banner = page.getByTestId("simulated");
  await expect(banner).toContainText("Rehearsal agency: simulated. Nobody here is real and no figure is.");
  await live(page);
  await expect(page.getByRole("row")).toHaveCount(9);
  await look(page, "simulated-clients");

  await page.goto("/settings/integrations");
  await live(page);
  await expect(banner).toBeVisible();
  await expect(page.getByTestId("connection TikTok Ads").getByText("Connected", { exact: true })).toBeVisible({ timeout: 120_000 });
  await look(page, "simulated-integrations");
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
  await look(page, "client-performance");

  for (const path of ["/settings", "/members", "/audit", "/clients/board"]) {
    await page.goto(path);
    await expect(banner, path).toBeVisible();
  }

  await page.getByRole("button", { name: "Let a week pass" }).click();
  await expect(banner).toContainText("7 days ahead");
  await page.getByRole("button", { name: "Leave and delete it" }).click();
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
  await page.getByRole("button", { name: "Leave and delete it" }).click();
  await expect(page).toHaveURL("/dashboard");
  await expect(page.getByTestId("simulated")).toHaveCount(0);
  await expect(page.getByText("Own Agency").first()).toBeAttached();
});
