// Connecting, syncing and ending connections. Consent is given to an independent Google; its advertising is a stand-in's.
import { expect, joined, live, look, owner, test, watch } from "./support";
import type { Page } from "@playwright/test";

test.use({ allowedErrors: [/status of (403|404|409|422)/] });

const user = (name: string) => `${name}-${test.info().project.name}@acme.test`;

/** Changes what the stand-in answers to one user. */
async function world(page: Page, name: string, change: { fault?: string | null; delay?: number }) {
  const answer = await page.request.post(`${process.env.E2E_STAND_IN}/_world/${encodeURIComponent(user(name))}`, { data: change });
  expect(answer.headers()["server"]).toBe("stand-in");
}

/** Agrees on Google's page. */
async function agree(page: Page, name: string) {
  await expect(page).toHaveURL(/\/o\/oauth2\/v2\/auth\?/);
  await page.getByRole("button", { name: user(name) }).click();
}

async function addClient(page: Page, name: string) {
  await page.goto("/clients");
  await live(page);
  await page.getByLabel("Name of the new client").fill(name);
  await page.getByRole("button", { name: "Add client" }).click();
  await expect(page.getByRole("link", { name })).toBeVisible();
}

async function connect(page: Page, name: string) {
  await page.goto("/settings/integrations");
  await page.getByRole("button", { name: "Connect Google Ads" }).click();
  await agree(page, name);
  await expect(page).toHaveURL(/\/settings\/integrations\?connected=/);
}

async function chooseClient(page: Page, account: string, client: string) {
  await page.getByLabel(`Client of ${account}`, { exact: true }).selectOption({ label: client });
  await page.getByRole("button", { name: `Save the client of ${account}` }).click();
  await expect(page.getByTestId("toasts").getByText(`${account} has its client`)).toBeVisible();
}

test("consent, accounts, progress, history", async ({ page }) => {
  test.setTimeout(180_000);
  await owner(page, "Acme Agency");
  for (const name of ["Shoe Shop", "Boot Shop"]) await addClient(page, name);

  await page.goto("/settings/integrations");
  await expect(page.getByTestId("empty")).toBeVisible();
  await expect(page.getByRole("region", { name: "Meta Ads" }).getByTestId("unset")).toContainText("META_APP_ID, META_APP_SECRET are not set. Ask your operator");
  await look(page, "integrations-none");

  // The page between ours and Google's leads on by itself: it is held to be looked at.
  const between = "**/integrations/google_ads/connect*";
  await page.route(between, async (route) => {
    const answer = await route.fetch();
    const { refresh: _, ...headers } = answer.headers();
    await route.fulfill({ response: answer, headers });
  });
  await page.getByRole("button", { name: "Connect Google Ads" }).click();
  await expect(page.getByRole("heading", { name: "Connecting" })).toBeVisible();
  await look(page, "leaving");
  await page.unroute(between);
  await page.getByRole("link", { name: "Go on to Google Ads" }).click();
  await expect(page).toHaveURL(/\/o\/oauth2\/v2\/auth\?/);
  const state = new URL(page.url()).searchParams.get("state")!;
  // Saying no: where Google leads then (RFC 6749, 4.1.2.1).
  await page.goto(`/api/oauth/google_ads/callback?error=access_denied&state=${state}`);
  await expect(page.getByTestId("notice").first()).toContainText("access was refused on the provider's page");
  await look(page, "integrations-denied");
  // That way is used up.
  await page.goto(`/api/oauth/google_ads/callback?code=x&state=${state}`);
  await expect(page.getByTestId("notice").first()).toContainText("was not begun in this browser, or was used already");

  await connect(page, "olga");
  await live(page);
  await expect(page.getByTestId("notice").first()).toContainText("Connected. One more step");
  await expect(page.getByTestId("accounts").getByText("No client", { exact: true }).first()).toBeVisible();
  await look(page, "integrations-connected");
  await world(page, "olga", { delay: 300 });
  await chooseClient(page, "Acme Shoes", "Shoe Shop");
  const progress = page.getByTestId("progress");
  await expect(progress).toContainText(/[1-9]\d* of 90 days/, { timeout: 30_000 });
  const days = async () => Number((await progress.textContent())!.match(/(\d+) of 90 days/)![1]);
  const before = await days();
  await look(page, "integrations-progress");
  await expect.poll(days, { timeout: 30_000 }).toBeGreaterThan(before);
  await world(page, "olga", { delay: 0 });
  await expect(page.getByTestId("toasts").getByText(/Google Ads is synced: 270 rows new/)).toBeVisible({ timeout: 60_000 });
  await expect(progress).toHaveCount(0);
  await expect(page.getByTestId("facts")).toContainText("Last sync just now");

  await page.getByRole("link", { name: "Accounts and history of Google Ads" }).click();
  await expect(page.getByRole("heading", { name: "Sync history" })).toBeVisible();
  const first = page.getByTestId("runs").getByRole("row").nth(1);
  await expect(first).toContainText("First sync");
  await expect(first).toContainText("Done");
  await expect(first).toContainText("270");
  await expect(page.getByTestId("accounts").getByRole("listitem").first()).toContainText("Acme Boots");
  await look(page, "connection");

  await page.getByRole("button", { name: "Test Google Ads" }).click();
  await expect(page.getByTestId("toasts").getByText(/It works: the provider answered in \d+ ms/)).toBeVisible();
  await page.getByRole("button", { name: "Sync Google Ads" }).click();
  await expect(page.getByTestId("toasts").getByText(/Google Ads is synced/)).toBeVisible({ timeout: 30_000 });
  await expect(page.getByTestId("runs").getByRole("row").nth(1)).toContainText("Sync now");

  await page.getByRole("button", { name: "More about Google Ads" }).click();
  await page.getByRole("button", { name: "Switch off Google Ads" }).click();
  await expect(page.getByTestId("connection").getByText("Switched off", { exact: true })).toBeVisible();
  await expect(page.getByRole("button", { name: "Sync Google Ads" })).toHaveCount(0);
  await look(page, "connection-off");
  await page.getByRole("button", { name: "Switch on Google Ads" }).click();
  await expect(page.getByTestId("connection").getByText("Connected", { exact: true })).toBeVisible();
});

test("a sync that one browser starts is seen in another one, at another server", async ({ page }) => {
  test.setTimeout(180_000);
  await owner(page, "Twofold Agency");
  await addClient(page, "Shoe Shop");
  await connect(page, "tanja");
  await live(page);
  const id = new URL(page.url()).searchParams.get("connected")!;
  await chooseClient(page, "Acme Shoes", "Shoe Shop");
  const newest = async () => (await (await page.request.get(`/api/v1/integrations/${id}/runs`)).json()).items[0]?.state;
  await expect.poll(newest, { timeout: 60_000 }).toBe("succeeded");

  const context = await page.context().browser()!.newContext({ viewport: page.viewportSize() });
  await context.addCookies(await page.context().cookies());
  const other = watch(await context.newPage());
  const there = `${process.env.E2E_OTHER}/settings/integrations/${id}`;
  await Promise.all([other.waitForResponse((answer) => answer.url().includes("/app/events")), other.goto(there)]);
  await live(other);
  const runs = other.getByTestId("runs");
  await expect(runs).toContainText("First sync");
  await expect(runs).not.toContainText("Sync now");
  // A page that is loaded again has no mark.
  await other.evaluate(() => document.documentElement.setAttribute("data-marked", ""));

  await page.goto(`/settings/integrations/${id}`);
  await live(page);
  await page.getByRole("button", { name: "Sync Google Ads" }).click();
  const begun = Date.now();
  await expect(runs).toContainText("Sync now");
  console.log(`a sync was seen at the other server ${Date.now() - begun} ms after it was asked for`);
  await expect(runs.getByText("Done", { exact: true })).toHaveCount(2);
  await expect(other.locator("html[data-marked]")).toHaveCount(1);
  await context.close();
});

test("a fault with its reason, retry, reconnect, disconnect", async ({ page, browser }) => {
  test.setTimeout(180_000);
  await owner(page, "Troubled Agency");
  await addClient(page, "Shoe Shop");
  await connect(page, "otto");
  await live(page);
  await world(page, "otto", { fault: "rejected" });
  await chooseClient(page, "Acme Shoes", "Shoe Shop");
  const row = page.getByTestId("connection Google Ads");
  const reason = /The customer account can't be accessed because it is not yet enabled/;
  await expect(row.getByTestId("trouble").first()).toContainText(reason, { timeout: 30_000 });
  await expect(row.getByText("Last sync failed", { exact: true })).toBeVisible();
  await expect(row.getByTestId("facts")).toContainText("Never synced");
  await look(page, "integrations-fault");

  await row.getByRole("link", { name: "Google Ads", exact: true }).click();
  const fault = page.getByTestId("runs").getByTestId("fault");
  await expect(fault).toContainText(reason);
  await expect(fault).toContainText("Look at the provider's words");
  await look(page, "connection-fault");
  await world(page, "otto", { fault: null });
  await page.getByRole("button", { name: "Try the failed sync again" }).click();
  await expect(page.getByTestId("toasts").getByText(/Google Ads is synced: 270 rows new/)).toBeVisible({ timeout: 60_000 });
  await expect(page.getByTestId("connection").getByText("Connected", { exact: true })).toBeVisible();

  // Google takes the permission back: the token is refused, and so is renewing it.
  await world(page, "otto", { fault: "revoked" });
  await page.getByRole("button", { name: "Sync Google Ads" }).click();
  await expect(page.getByText("Reconnect needed", { exact: true })).toBeVisible({ timeout: 30_000 });
  await expect(page.getByTestId("trouble").first()).toContainText("Token has been expired or revoked");
  await expect(page.getByRole("button", { name: "Sync Google Ads" })).toHaveCount(0);
  await look(page, "connection-reconnect");
  await page.getByRole("button", { name: "Reconnect Google Ads" }).click();
  await agree(page, "otto");
  await expect(page).toHaveURL(/\/settings\/integrations\?connected=/);
  await expect(page.getByTestId("accounts").getByLabel("Client of Acme Shoes", { exact: true }).locator("option:checked")).toHaveText("Shoe Shop");
  await expect(row.getByText("Connected", { exact: true })).toBeVisible({ timeout: 30_000 });

  // A Manager sees, without buttons.
  const { guest, context } = await joined(page, browser, "Max Manager", "manager");
  await guest.goto(new URL("/settings/integrations", page.url()).href);
  await expect(guest.getByTestId("connection Google Ads")).toBeVisible();
  await expect(guest.getByText("Only an Admin or Owner connects and disconnects providers")).toBeVisible();
  await expect(guest.getByRole("main").getByRole("button")).toHaveCount(0);
  await look(guest, "integrations-manager");
  await context.close();

  await page.goto("/settings/integrations");
  await live(page);
  await row.getByRole("button", { name: "More about Google Ads" }).click();
  await row.getByRole("button", { name: "Disconnect Google Ads" }).click();
  const dialog = page.getByRole("dialog", { name: "Disconnect Google Ads" });
  await expect(dialog).toContainText("What stays: every figure that was read");
  await look(page, "integrations-disconnect");
  await dialog.getByRole("button", { name: "Disconnect", exact: true }).click();
  await expect(page.getByTestId("toasts").getByText("Disconnected. What was read stays")).toBeVisible();
  await expect(row).toHaveCount(0);
});

test("what is ended on its own page is asked for no more", async ({ page }) => {
  await owner(page, "Ending Agency");
  await connect(page, "olga");
  const gone: string[] = [];
  page.on("response", (response) => {
    if (response.status() === 404) gone.push(response.url());
  });
  await page.goto("/settings/integrations");
  await live(page);
  await page.getByTestId("connection Google Ads").getByRole("link", { name: "Google Ads", exact: true }).click();
  await expect(page).toHaveURL(/\/settings\/integrations\/[0-9a-f-]{36}$/);
  await expect(page.getByTestId("connection")).toBeVisible();
  await page.getByRole("button", { name: "More about Google Ads" }).click();
  await page.getByRole("button", { name: "Disconnect Google Ads" }).click();
  const dialog = page.getByRole("dialog", { name: "Disconnect Google Ads" });
  await dialog.getByRole("button", { name: "Disconnect", exact: true }).click();
  await expect(page.getByTestId("toasts").getByText("Disconnected. What was read stays")).toBeVisible();
  await expect(page).toHaveURL(/\/settings\/integrations$/);
  await expect(page.getByRole("region", { name: "Google Ads" })).toBeVisible();
  // What was asked before this has been answered by then.
  expect(await page.evaluate(() => fetch("/api/v1/integrations").then((answer) => answer.ok))).toBe(true);
  expect(gone).toEqual([]);
});

test("a token that was made by hand is tried, kept, replaced and thrown away", async ({ page }) => {
  await owner(page, "Token Agency");
  await addClient(page, "Social Shop");
  await page.goto("/settings/integrations");
  const card = page.getByRole("region", { name: "Meta Ads" });
  await expect(card.getByTestId("unset")).toContainText("Meta Ads cannot be connected on its own page on this server yet");
  await card.getByText("Connect Meta Ads with a token").click();
  const typed = card.getByLabel("Access token of a system user");
  await typed.fill("wrong-1");
  await card.getByRole("button", { name: "Connect Meta Ads with this token" }).click();
  // It comes back open, with the provider's reason, and without what was typed.
  await expect(card.getByText("Meta Ads refuses: Invalid OAuth access token")).toBeVisible();
  await expect(typed).toHaveValue("");
  await expect(page).toHaveURL(/\/settings\/integrations$/);
  await look(page, "integrations-token-refused");
  await typed.fill("narrow-1");
  await card.getByRole("button", { name: "Connect Meta Ads with this token" }).click();
  await expect(card.getByText("This token lacks ads_read")).toBeVisible();
  await typed.fill("good-1");
  await card.getByRole("button", { name: "Connect Meta Ads with this token" }).click();
  await expect(page).toHaveURL(/\/settings\/integrations\?connected=/);
  await expect(page.getByTestId("connected")).toContainText("Connected. One more step");
  await page.getByRole("link", { name: "Accounts and history of Meta Ads: Acme Social" }).click();

  await page.getByText("Replace the token").click();
  await look(page, "connection-token");
  await page.getByLabel("Access token of a system user").fill("good-2");
  await page.getByRole("button", { name: "Connect Meta Ads with this token" }).click();
  await expect(page).toHaveURL(/\/settings\/integrations\?connected=/);
  await page.goto("/settings/integrations");
  await live(page);
  await page.getByRole("button", { name: "More about Meta Ads: Acme Social" }).click();
  await page.getByRole("button", { name: "Disconnect Meta Ads: Acme Social" }).click();
  const dialog = page.getByRole("dialog", { name: "Disconnect Meta Ads: Acme Social" });
  await expect(dialog).toContainText("It works until somebody takes it back at Meta Ads");
  await dialog.getByRole("button", { name: "Disconnect", exact: true }).click();
  await expect(page.getByTestId("toasts").getByText("Disconnected. What was read stays")).toBeVisible();
});

test("an address that names no connection leaves the page as it is", async ({ page }) => {
  await owner(page, "Stray Agency");
  await page.goto("/settings/integrations?connected=018f0000-0000-7000-8000-000000000000");
  await expect(page.getByTestId("no-connection")).toContainText("names a connection that is not here");
  await expect(page.getByRole("region", { name: "Google Ads" })).toBeVisible();
  await look(page, "integrations-no-connection");
});

test.describe("before the page is live", () => {
  test.use({ javaScriptEnabled: false });
  test("connecting works, and a wrong shop's address is said at its field", async ({ page }) => {
    await owner(page, "Plain Agency");
    await page.goto("/settings/integrations");
    await page.getByLabel("The shop's address").fill("https://acme.example");
    await page.getByRole("button", { name: "Connect Shopify" }).click();
    await expect(page.getByText("Enter the shop's address as your-shop.myshopify.com")).toBeVisible();
    await expect(page.getByLabel("The shop's address")).toHaveValue("https://acme.example");
    await connect(page, "ines");
    await expect(page.getByTestId("notice").first()).toContainText("Connected. One more step");
  });

  test("a token that is refused keeps the shop's address, and never the token", async ({ page }) => {
    await owner(page, "Careful Agency");
    await page.goto("/settings/integrations");
    const card = page.getByRole("region", { name: "Shopify" });
    await card.getByText("Connect Shopify with a token instead").click();
    await card.getByLabel("Shop's address at Shopify").fill("acme.example");
    await card.getByLabel("Admin API access token").fill("shpat_1");
    await card.getByRole("button", { name: "Connect Shopify with this token" }).click();
    await expect(card.getByText("your-shop.myshopify.com, in small letters")).toBeVisible();
    await expect(card.getByLabel("Shop's address at Shopify")).toHaveValue("acme.example");
    await expect(card.getByLabel("Admin API access token")).toHaveValue("");
  });
});
