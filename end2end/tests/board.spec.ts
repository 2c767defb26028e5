import { expect, live, look, owner, test } from "./support";
import type { Page } from "@playwright/test";

test.use({ allowedErrors: [/status of 500/] });

const long = "Donaudampfschifffahrtsgesellschaftskapitänsmützenfabrikation und Söhne von Llanfairpwllgwyngyllgogerychwyrndrobwll";

async function board(page: Page, organization: string, names: string[]) {
  await owner(page, organization);
  await live(page);
  for (const name of names) {
    await page.getByLabel("Name of the new client").fill(name);
    await page.keyboard.press("Enter");
    await expect(page.getByTestId("clients").getByRole("link", { name })).toBeVisible();
  }
  await page.getByRole("link", { name: "Board", exact: true }).click();
  await expect(page.getByTestId("board")).toBeVisible();
}

const column = (page: Page, name: string) => page.getByRole("region", { name, exact: true });

test("11.2: a card is dragged to another column and stays there", async ({ page, isMobile }) => {
  test.skip(isMobile, "phones have no drag; see the move button");
  await board(page, "Drag Agency", ["Bakery Beta", long]);
  await look(page, "board-long-names");
  const saved = page.waitForResponse((answer) => answer.url().includes("/app/move_client"));
  await column(page, "Onboarding").getByTestId("card").filter({ hasText: "Bakery Beta" }).dragTo(column(page, "Audit"));
  await expect(column(page, "Audit").getByText("Bakery Beta")).toBeVisible();
  expect((await saved).status()).toBe(200);
  await expect(page.getByTestId("told")).toHaveText("Bakery Beta stands in Audit");
  await page.reload();
  await expect(column(page, "Audit").getByText("Bakery Beta")).toBeVisible();
  await column(page, "Audit").getByRole("link", { name: "Bakery Beta" }).click();
  const moves = page.getByTestId("moves").getByRole("listitem");
  await expect(moves).toHaveCount(2);
  await expect(moves.first()).toContainText("Audit · Olga Owner · just now");
});

test("a card is moved by keyboard, and keeps the focus", async ({ page }) => {
  await board(page, "Keyboard Board", ["Bakery Beta"]);
  await page.getByRole("button", { name: "Move Bakery Beta" }).focus();
  await page.keyboard.press("Enter");
  const dialog = page.getByRole("dialog", { name: "Move Bakery Beta" });
  await expect(dialog).toBeVisible();
  await expect(dialog.getByRole("button", { name: "Onboarding" })).toHaveAttribute("aria-current", "true");
  await look(page, "board-move");
  await dialog.getByRole("button", { name: "Live" }).focus();
  // The card is in its column before the server has answered; a reload before that takes the request back.
  const saved = page.waitForResponse((answer) => answer.request().method() === "POST");
  await page.keyboard.press("Enter");
  await expect(dialog).toBeHidden();
  await expect(column(page, "Live").getByText("Bakery Beta")).toBeVisible();
  await expect(page.getByRole("button", { name: "Move Bakery Beta" })).toBeFocused();
  expect((await saved).status()).toBe(200);
  await page.reload();
  await expect(column(page, "Live").getByText("Bakery Beta")).toBeVisible();
});

async function move(page: Page, name: string, stage: string) {
  await page.getByRole("button", { name: `Move ${name}` }).click();
  await page.getByRole("dialog").getByRole("button", { name: stage, exact: true }).click();
}

const refusal = { status: 500, contentType: "application/json", body: JSON.stringify([7, ["0f3a"]]) };

test("11.2: a move that the server refuses puts the card back", async ({ page }) => {
  await board(page, "Refused Board", ["Bakery Beta"]);
  await page.route("**/app/move_client*", (route) => route.fulfill(refusal));
  await move(page, "Bakery Beta", "Live");
  await expect(page.getByTestId("notice")).toContainText("The move was not kept, so the card is back");
  await expect(page.getByTestId("notice")).toContainText("0f3a");
  await expect(column(page, "Onboarding").getByText("Bakery Beta")).toBeVisible();
  await expect(column(page, "Live").getByText("Bakery Beta")).toHaveCount(0);
  await look(page, "board-refused");
});

test("11.2: a late refusal leaves the newer move that holds", async ({ page }) => {
  await board(page, "Stale Board", ["Bakery Beta"]);
  let asked = 0;
  let refuse = () => {};
  await page.route("**/app/move_client*", async (route) => {
    asked += 1;
    if (asked > 1) return route.continue();
    await new Promise<void>((resolve) => (refuse = resolve));
    await route.fulfill(refusal);
  });
  await move(page, "Bakery Beta", "Live");
  await expect(column(page, "Live").getByText("Bakery Beta")).toBeVisible();
  await move(page, "Bakery Beta", "Audit");
  await expect(column(page, "Audit").getByText("Bakery Beta")).toBeVisible();
  const saved = page.waitForResponse((answer) => answer.url().includes("/app/move_client") && answer.status() === 200);
  refuse();
  await saved;
  await expect(column(page, "Audit").getByText("Bakery Beta")).toBeVisible();
  await expect(page.getByTestId("notice")).toHaveCount(0);
  await page.reload();
  await expect(column(page, "Audit").getByText("Bakery Beta")).toBeVisible();
});

test("columns scroll by themselves under their titles, and the board is searched", async ({ page }) => {
  test.setTimeout(150_000);
  const names = Array.from({ length: 12 }, (_, number) => `Client ${String.fromCharCode(65 + number)}`);
  await board(page, "Full Board", names);
  const cards = column(page, "Onboarding").getByRole("list");
  const title = column(page, "Onboarding").getByRole("heading");
  expect(await cards.evaluate((list) => list.scrollHeight - list.clientHeight)).toBeGreaterThan(0);
  const before = await title.boundingBox();
  await column(page, "Onboarding").getByText("Client A").scrollIntoViewIfNeeded();
  expect(await cards.evaluate((list) => list.scrollTop)).toBeGreaterThan(0);
  expect(await title.boundingBox()).toEqual(before);
  await page.getByLabel("Search").fill("client c");
  await expect(page.getByTestId("card")).toHaveCount(1);
  await look(page, "board-search");
});
