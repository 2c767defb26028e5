import { type Page } from "@playwright/test";
import { expect, live, owner, test, watch } from "./support";

/** Another browser of the same person, with this page open and live. */
async function beside(page: Page, path: string) {
  const context = await page.context().browser()!.newContext({ viewport: page.viewportSize() });
  await context.addCookies(await page.context().cookies());
  const other = watch(await context.newPage());
  // Both know of each other what changes from here on.
  await Promise.all([other.waitForResponse((answer) => answer.url().includes("/app/events")), other.goto(new URL(path, page.url()).href)]);
  await live(other);
  return other;
}

/** A mark that a page which is loaded again has not. */
const mark = (page: Page) => page.evaluate(() => document.documentElement.setAttribute("data-marked", ""));
const marked = (page: Page) => page.locator("html[data-marked]");

async function made(page: Page, path: string, data: object): Promise<string> {
  const answer = await page.request.post(path, { data });
  await expect(answer).toBeOK();
  return (await answer.json()).id;
}

test("figures of another browser's import come by themselves", async ({ page }) => {
  await owner(page, "Quick Agency");
  const client = await made(page, "/api/v1/clients", { name: "Bakery", currency: "EUR" });
  const source = await made(page, "/api/v1/imports/sources", {
    name: "Radio", holds: "ads", currency: "EUR", time_zone: "UTC", client_id: client,
  });
  const other = await beside(page, `/clients/${client}/dashboard`);
  await expect(other.getByTestId("figures-empty")).toBeVisible();
  await mark(other);
  await other.getByRole("heading", { level: 1 }).focus();

  const day = (ago: number) => new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
  const rows = [...Array(60).keys()].map((ago) => ({ day: day(ago + 1), spend: 10 }));
  const begun = Date.now();
  await expect(await page.request.post("/api/v1/ingest/file", { data: { source_id: source, rows } })).toBeOK();
  await expect(other.getByTestId("figure spend").locator("[data-figure]").first()).toContainText("280");
  test.info().annotations.push({ type: "shown after", description: `${Date.now() - begun} ms` });
  await expect(marked(other)).toHaveCount(1);
  await expect(other.getByRole("heading", { level: 1 })).toBeFocused();
  await other.context().close();
});

test("what a program pushes appears among the imports by itself", async ({ page }) => {
  await owner(page, "Pushed Agency");
  const source = await made(page, "/api/v1/imports/sources", { name: "Radio Berlin", holds: "ads", currency: "EUR", time_zone: "UTC", client_id: null });
  const other = await beside(page, "/settings/integrations/import");
  await expect(other.getByTestId("sources").getByText("Radio Berlin")).toBeVisible();
  await mark(other);
  const rows = [{ day: "2026-02-01", spend: 10 }];
  await expect(await page.request.post("/api/v1/ingest/file", { data: { source_id: source, rows } })).toBeOK();
  await expect(other.getByTestId("imports").getByRole("row", { name: /Pushed to file/ })).toContainText("Imported");
  await expect(marked(other)).toHaveCount(1);
  await other.context().close();
});

test("the board takes in another browser's change, and waits while something is typed", async ({ page }) => {
  await owner(page, "Patient Agency");
  const client = await made(page, "/api/v1/clients", { name: "Bakery" });
  const rename = async (name: string) => expect(await page.request.patch(`/api/v1/clients/${client}`, { data: { name } })).toBeOK();
  const other = await beside(page, "/clients/board");
  await expect(other.getByTestId("card")).toContainText("Bakery");
  await mark(other);
  await rename("Brewery");
  await expect(other.getByTestId("card")).toContainText("Brewery");

  const search = other.getByRole("searchbox", { name: "Search" });
  await search.fill("b");
  const told = other.waitForRequest((request) => request.url().includes("/app/get_board"));
  await rename("Butchery");
  // A second passes several times in which it could have been read.
  await other.waitForTimeout(3000);
  await expect(other.getByTestId("card")).toContainText("Brewery");
  await expect(search).toHaveValue("b");
  await search.fill("");
  await told;
  await expect(other.getByTestId("card")).toContainText("Butchery");
  await expect(marked(other)).toHaveCount(1);
  await other.context().close();
});

test("the list of clients takes in what another browser adds, and forms stay as they are typed", async ({ page }) => {
  await owner(page, "Growing Agency");
  const other = await beside(page, "/clients");
  await expect(other.getByTestId("empty")).toBeVisible();
  await mark(other);
  await made(page, "/api/v1/clients", { name: "Bakery" });
  await expect(other.getByTestId("clients")).toContainText("Bakery");

  const name = other.getByLabel("Name of the new client");
  await name.fill("Typed");
  const told = other.waitForRequest((request) => request.url().includes("/app/list_clients"));
  await made(page, "/api/v1/clients", { name: "Brewery" });
  // A second passes several times in which it could have been read.
  await other.waitForTimeout(3000);
  await expect(other.getByTestId("clients")).not.toContainText("Brewery");
  await expect(name).toHaveValue("Typed");
  await name.fill("");
  await told;
  await expect(other.getByTestId("clients")).toContainText("Brewery");
  await expect(marked(other)).toHaveCount(1);
  await other.context().close();
});

test("a page that was out of reach catches up", async ({ page }) => {
  await owner(page, "Tunnel Agency");
  const client = await made(page, "/api/v1/clients", { name: "Bakery" });
  const other = await beside(page, "/clients/board");
  await expect(other.getByTestId("card")).toContainText("Bakery");
  await mark(other);
  // What happened just before it was opened is told once more, and shown.
  await other.waitForTimeout(3000);
  // As for a page behind others: it hears nothing, and asks for what it missed when it is in front again.
  const sight = (hidden: boolean) =>
    other.evaluate((hidden) => {
      Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
      document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
    }, hidden);
  await sight(true);
  await expect(await page.request.patch(`/api/v1/clients/${client}`, { data: { name: "Brewery" } })).toBeOK();
  await other.waitForTimeout(1500);
  await expect(other.getByTestId("card")).toContainText("Bakery");
  await sight(false);
  await expect(other.getByTestId("card")).toContainText("Brewery");
  await expect(marked(other)).toHaveCount(1);
  await other.context().close();
});
