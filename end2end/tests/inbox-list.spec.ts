// The inbox with much in it, and what comes while it is open. The mailbox is a sync's work in the database, and switched off.
import type { Page } from "@playwright/test";
import { randomUUID } from "node:crypto";
import { keep, mailbox, sql, type Letter } from "./mailbox";
import { expect, joined, live, look, owner, test } from "./support";

const from = { name: "Ana Lind", address: "ana@mill.example" };
const png = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXDIBKE0DHxgljNBAAO9TXL0Y4OHwAAAABJRU5ErkJggg==",
  "base64",
);
const rows = (page: Page) => page.getByTestId("conversation");
const row = (page: Page, subject: string) => rows(page).filter({ hasText: subject });
const called = (number: number) => `Letter ${String(number).padStart(3, "0")}`;

/** A mailbox with so many conversations; the first is the oldest. */
async function filled(page: Page, many: number) {
  const box = await mailbox(page);
  const letters: Letter[] = Array.from({ length: many }, (_, at) => ({ from, subject: called(at + 1), text: `Hello no. ${at + 1}` }));
  return { box, kept: keep(box, letters) };
}

/** Scrolls what scrolls: the list, or on phones the page. */
const scroll = (page: Page, end: boolean) =>
  page.evaluate((end) => {
    const list = document.querySelector(".inbox-rows")!;
    list.scrollTop = end ? list.scrollHeight : 0;
    window.scrollTo(0, end ? document.documentElement.scrollHeight : 0);
  }, end);

test("a long list goes on as one scrolls, draws what is near alone, and follows what comes", async ({ page, browser }) => {
  test.setTimeout(180_000);
  await owner(page, "Long Agency");
  const { box } = await filled(page, 420);
  await page.goto("/inbox");
  await live(page);
  await expect(rows(page)).toHaveCount(50);
  await expect(row(page, called(420))).toBeVisible();
  await page.evaluate(() => document.documentElement.setAttribute("data-marked", ""));
  let most = 0;
  await expect(async () => {
    await scroll(page, true);
    most = Math.max(most, await rows(page).count());
    await expect(row(page, called(1))).toBeInViewport({ timeout: 1_000 });
  }).toPass({ timeout: 90_000, intervals: [100] });
  most = Math.max(most, await rows(page).count());
  expect(most, "few of them are in the page at once").toBeLessThanOrEqual(150);
  await expect(row(page, called(420))).toHaveCount(0);
  await expect(row(page, called(1))).toHaveAttribute("aria-posinset", "420");
  await look(page, "inbox-long");

  // What comes meanwhile stands at the top, and moves nobody away from where they are.
  keep(box, [{ from, subject: "While you scroll", text: "Hello", at: 1_000 }]);
  await expect(row(page, called(1))).toHaveAttribute("aria-posinset", "421");
  await expect(row(page, called(4))).toBeInViewport();
  await scroll(page, false);
  await expect(row(page, "While you scroll")).toBeInViewport();
  await expect(row(page, called(420))).toBeVisible();
  expect(await rows(page).count()).toBeLessThanOrEqual(150);
  await expect(page.locator("html[data-marked]")).toHaveCount(1);

  // Without scripts each page leads to the next.
  const plain = await browser.newContext({ javaScriptEnabled: false, storageState: await page.context().storageState(), viewport: page.viewportSize() });
  const still = await plain.newPage();
  await still.goto(new URL("/inbox", page.url()).href);
  await expect(rows(still)).toHaveCount(50);
  await still.getByRole("link", { name: "Show older" }).click();
  await expect(row(still, called(371))).toBeVisible();
  await expect(row(still, called(372))).toHaveCount(0);
  await plain.close();
});

test("by keys one comes to what is not drawn", async ({ page }) => {
  test.skip(test.info().project.name === "phone", "phones have no keys");
  test.setTimeout(180_000);
  await owner(page, "Keys Agency");
  await filled(page, 220);
  await page.goto("/inbox");
  await live(page);
  await expect(async () => {
    await scroll(page, true);
    await expect(row(page, called(1))).toBeInViewport({ timeout: 1_000 });
  }).toPass({ timeout: 60_000, intervals: [100] });
  await row(page, called(1)).getByRole("link").focus();
  await scroll(page, false);
  await expect(row(page, called(1))).toHaveCount(0);
  await page.locator("main#page").focus();
  await page.keyboard.press("k");
  await expect(row(page, called(2)).getByRole("link")).toBeFocused();
});

test("a message stands in an open conversation without loading it again", async ({ page }) => {
  await owner(page, "Open Agency");
  const { box, kept } = await filled(page, 2);
  await page.goto(`/inbox/${kept[0].conversation}`);
  await live(page);
  await expect(page.getByTestId("text")).toHaveText("Hello no. 1");
  await page.evaluate(() => document.documentElement.setAttribute("data-marked", ""));
  keep(box, [{ from, subject: called(1), text: "And one more thing.", conversation: kept[0].conversation }]);
  const stored = Date.now();
  await expect(page.getByTestId("text").filter({ hasText: "And one more thing." })).toBeVisible();
  test.info().annotations.push({ type: "shown after", description: `${Date.now() - stored} ms` });
  await expect(page.locator("html[data-marked]")).toHaveCount(1);
});

test("files of an answer are looked at and taken away before it goes", async ({ page }) => {
  await owner(page, "Files Agency");
  const { kept } = await filled(page, 1);
  await page.goto(`/inbox/${kept[0].conversation}`);
  await live(page);
  const reply = page.getByTestId("reply");
  const files = reply.getByTestId("uploads");
  await reply.getByLabel("Add files").setInputFiles([
    { name: "logo.png", mimeType: "image/png", buffer: png },
    { name: "plan.txt", mimeType: "text/plain", buffer: Buffer.from("Monday: begin") },
  ]);
  await expect(files.getByRole("listitem")).toHaveCount(2);
  const preview = files.getByRole("img", { name: "Preview of logo.png" });
  await preview.scrollIntoViewIfNeeded();
  await expect.poll(() => preview.evaluate((image: HTMLImageElement) => image.complete && image.naturalWidth)).toBe(5);
  await look(page, "inbox-files");
  const plan = (await files.getByRole("link", { name: "plan.txt" }).getAttribute("href"))!;
  const got = await page.request.get(plan);
  expect(await got.text()).toBe("Monday: begin");
  expect(got.headers()["content-disposition"]).toContain('attachment; filename="plan.txt"');

  await expect(reply.getByTestId("draft")).toHaveText("Draft saved");
  await files.getByRole("button", { name: "Take plan.txt away" }).click();
  await expect(files.getByRole("listitem")).toHaveCount(1);
  await expect.poll(async () => (await page.request.get(plan)).status()).toBe(404);
  await expect(reply.getByTestId("draft")).toHaveText("Draft saved");
  await page.reload();
  await live(page);
  await expect(files.getByRole("listitem")).toHaveCount(1);
  await expect(files).toContainText("logo.png");
});

test("what did not go, and what nobody knows of, says so and waits for a person", async ({ page }) => {
  await owner(page, "Doubt Agency");
  const box = await mailbox(page);
  const [kept] = keep(box, [{ from, subject: "Doubtful", text: "When do we begin?" }]);
  const { user_id: member } = await (await page.request.get("/api/v1/auth/session")).json();
  for (const [state, text, fault] of [
    ["failed", "On Monday.", "the message is too large for this mailbox. Nothing was sent"],
    ["unconfirmed", "On Tuesday.", "its sending was interrupted. Look there first"],
  ]) {
    const id = randomUUID();
    sql(`insert into outgoing (organization_id, id, conversation_id, channel_id, answers_id, member_id, member_name, header_id, to_addresses,
        cc_addresses, bcc_addresses, subject, text, state, send_at, attempts, fault, created_at)
      values ('${box.organization}', '${id}', '${kept.conversation}', '${box.channel}', '${kept.message}', '${member}', 'Olga Owner',
        '${id.replaceAll("-", "")}@agency.test', '[{"name": "Ana Lind", "address": "ana@mill.example"}]', '[]', '[]', 'Re: Doubtful', '${text}',
        '${state}', now(), 1, '${fault}', now())`);
  }
  await page.goto(`/inbox/${kept.conversation}`);
  await live(page);
  const [failed, unconfirmed] = [page.getByTestId("outgoing failed"), page.getByTestId("outgoing unconfirmed")];
  await expect(failed).toContainText("too large for this mailbox");
  await expect(unconfirmed).toContainText("Nobody can find out whether it went");
  await look(page, "inbox-doubt");
  await failed.getByRole("button", { name: "Put it into the box again" }).click();
  await expect(failed).toHaveCount(0);
  await expect(page.getByTestId("reply").getByLabel("Answer")).toHaveValue("On Monday.");
  await unconfirmed.getByRole("button", { name: "Mark as sent" }).click();
  await expect(unconfirmed).toHaveCount(0);
  await expect(page.getByTestId("answer")).toContainText("On Tuesday.");
  await expect(page.getByTestId("stands")).not.toContainText("Needs reply");
});

test("what is made private goes from the open lists and counts of those who do not see it any more", async ({ page, browser }) => {
  await owner(page, "Sight Agency");
  const { guest, context } = await joined(page, browser, "Ada Admin", "admin");
  const { kept } = await filled(page, 2);
  await Promise.all([guest.waitForResponse((answer) => answer.url().includes("/app/events")), guest.goto(new URL("/inbox", page.url()).href)]);
  await live(guest);
  await expect(row(guest, called(1))).toBeVisible();
  await expect(guest.getByTestId("unread-count")).toContainText("2");
  await guest.evaluate(() => document.documentElement.setAttribute("data-marked", ""));
  const { user_id: own } = await (await page.request.get("/api/v1/auth/session")).json();
  const made = await page.request.put(`/api/v1/communications/conversations/${kept[0].conversation}/private`, { data: { members: [own] } });
  await expect(made).toBeOK();
  await expect(row(guest, called(1))).toHaveCount(0);
  await expect(row(guest, called(2))).toBeVisible();
  await expect(guest.getByTestId("unread-count")).toContainText("1");
  await expect(guest.locator("html[data-marked]")).toHaveCount(1);
  await context.close();
});
