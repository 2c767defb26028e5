// The inbox: conversations of a mailbox at an independent Google, put to their clients, answered, and seen to.
import type { Page } from "@playwright/test";
import { expect, joined, live, look, owner, test, unfold, watch } from "./support";

// What is refused, and what is not there, stands in the browser's console as well.
test.use({ allowedErrors: [/status of (403|404|409|422)/] });

const user = (name: string) => `${name}-${test.info().project.name}@acme.test`;
const peer = (name: string) => `${process.env.E2E_STAND_IN}/_mail/${encodeURIComponent(user(name))}`;

/** Connects somebody's mailbox. */
async function connect(page: Page, name: string) {
  await page.goto("/settings/integrations");
  await page.getByRole("button", { name: "Connect Gmail" }).click();
  await expect(page).toHaveURL(/\/o\/oauth2\/v2\/auth\?/);
  await page.getByRole("button", { name: user(name) }).click();
  await expect(page).toHaveURL(/\/settings\/integrations\?connected=/);
}

interface Mail {
  id: string;
  from: string;
  subject: string;
  text: string;
  answers?: string;
}

/** A mail comes to the mailbox, and the mailbox is read until its conversation is there. */
async function arrives(page: Page, name: string, mail: Mail) {
  const lines = [
    `From: ${mail.from}`, `To: ${user(name)}`, `Subject: ${mail.subject}`, `Message-ID: <${mail.id}>`, `Date: ${new Date().toUTCString()}`,
    ...(mail.answers ? [`In-Reply-To: <${mail.answers}>`, `References: <${mail.answers}>`] : []),
    "MIME-Version: 1.0", "Content-Type: text/plain; charset=utf-8", "", mail.text, "",
  ];
  const answer = await page.request.post(peer(name), { data: lines.join("\r\n"), headers: { "content-type": "text/plain" } });
  await expect(answer).toBeOK();
  await expect(async () => {
    await page.request.post("/api/v1/integrations/sync/gmail");
    const listed = await (await page.request.post("/app/list_conversations", { form: { client_id: "", text: mail.text.split("\r\n")[0] }, headers: { accept: "application/json" } })).json();
    expect(listed.rows.length).toBeGreaterThan(0);
  }).toPass({ timeout: 60_000, intervals: [1_000] });
}

async function client(page: Page, name: string, email?: string): Promise<string> {
  const answer = await page.request.post("/api/v1/clients", { data: { name } });
  await expect(answer).toBeOK();
  const { id } = await answer.json();
  if (email) await expect(await page.request.post(`/api/v1/clients/${id}/contacts`, { data: { name: "Ana Lind", emails: [email] } })).toBeOK();
  return id;
}

const list = (page: Page) => page.getByTestId("conversations");
const row = (page: Page, subject: string) => page.getByTestId("conversation").filter({ hasText: subject });
const toast = (page: Page, words: string | RegExp) => expect(page.getByTestId("toasts").getByText(words).first()).toBeVisible();

/** Opens a conversation of the list. */
async function open(page: Page, subject: string) {
  await row(page, subject).getByRole("link").click();
  await expect(page.getByRole("heading", { name: subject, level: 2 })).toBeVisible();
}

test("an inbox without a mailbox says how to connect one", async ({ page }) => {
  await owner(page, "Empty Agency");
  await page.goto("/inbox");
  await expect(page.getByTestId("no-mailbox")).toBeVisible();
  await look(page, "inbox-none");
  await page.getByRole("link", { name: "Connect a mailbox" }).click();
  await expect(page).toHaveURL("/settings/integrations");
  await page.goto("/inbox/018f0000-0000-7000-8000-000000000000");
  await expect(page.getByRole("heading", { name: "There is no such conversation" })).toBeVisible();
});

test("triage teaches a rule, and the next mail finds its client", async ({ page }) => {
  test.setTimeout(180_000);
  await owner(page, "Triage Agency");
  await client(page, "Mill");
  await connect(page, "ina");
  await arrives(page, "ina", { id: "a1@mill.example", from: "Ana Lind <ana@mill.example>", subject: "Spring sale", text: "Can we begin on Monday?" });
  await page.goto("/inbox?show=triage");
  await live(page);
  await expect(row(page, "Spring sale")).toContainText("Waits for a client");
  await look(page, "inbox-triage");
  await open(page, "Spring sale");
  const triage = page.getByTestId("triage");
  await expect(triage).toContainText("ana@mill.example");
  await triage.getByLabel("Client", { exact: true }).selectOption({ label: "Mill" });
  await triage.getByLabel("Remember it").selectOption({ label: "always for everybody at mill.example" });
  await look(page, "inbox-conversation-triage");
  await triage.getByRole("button", { name: "Put it there" }).click();
  await toast(page, "The conversation has its client");
  await expect(triage).toHaveCount(0);
  await expect(page.getByTestId("client").getByRole("link", { name: "Mill" })).toBeVisible();

  await arrives(page, "ina", { id: "b1@mill.example", from: "Bo Berg <bo@mill.example>", subject: "Invoice 7", text: "Where do we send it?" });
  await page.goto("/inbox");
  await expect(row(page, "Invoice 7")).toContainText("Mill");
});

test("an answer is kept while it is written, taken back, sent once, and stands in the same thread at the mailbox", async ({ page }) => {
  test.setTimeout(180_000);
  await owner(page, "Answer Agency");
  await client(page, "Bakery", "ana@bakery.example");
  await connect(page, "ivo");
  await arrives(page, "ivo", { id: "q1@bakery.example", from: "Ana Lind <ana@bakery.example>", subject: "Opening hours", text: "Are you there on Friday?\r\n\r\nOn Tue, 3 Nov 2026 at 14:05, Olga <olga@acme.test> wrote:\r\n> Hello" });
  await page.goto("/inbox");
  await live(page);
  await expect(row(page, "Opening hours")).toContainText("Needs reply");
  await open(page, "Opening hours");
  await expect(page.getByTestId("text")).toHaveText("Are you there on Friday?");
  await expect(page.getByTestId("quoted")).toContainText("What it quotes");
  const reply = page.getByTestId("reply");
  await expect(reply.getByLabel("To", { exact: true })).toHaveValue("ana@bakery.example");
  const box = reply.getByLabel("Answer");
  await reply.getByRole("button", { name: "Send", exact: true }).click();
  await expect(reply.getByText("Write something first")).toBeVisible();
  await box.fill("Yes, from eight on.");
  await expect(reply.getByTestId("draft")).toHaveText("Draft saved");
  await unfold(page);
  await look(page, "inbox-conversation");
  await page.reload();
  await live(page);
  await expect(box).toHaveValue("Yes, from eight on.");

  await reply.getByRole("button", { name: "Send", exact: true }).click();
  const held = page.getByTestId("outgoing held");
  await expect(held).toContainText("Yes, from eight on.");
  await held.getByRole("button", { name: "Take it back" }).click();
  await toast(page, /It did not go/);
  await expect(held).toHaveCount(0);
  await expect(box).toHaveValue("Yes, from eight on.");
  const sent = async () => await (await page.request.get(peer("ivo"))).json();
  expect(await sent()).toEqual([]);

  await box.fill("Yes, from nine on.");
  await reply.getByRole("button", { name: "Send", exact: true }).dblclick();
  await expect(held).toHaveCount(1);
  await expect(box).toHaveValue("");
  // It may go while this is looked at.
  await look(page, "inbox-undo-send");
  await expect.poll(async () => (await sent()).length, { timeout: 60_000 }).toBe(1);
  const [{ source }] = await sent();
  expect(source).toContain("In-Reply-To: <q1@bakery.example>");
  expect(source).toContain("Subject: Re: Opening hours");
  expect(source).toContain("Yes, from nine on.");
  await page.request.post("/api/v1/integrations/sync/gmail");
  await expect(page.getByTestId("answer")).toContainText("Yes, from nine on.");
  await expect(page.getByTestId("stands")).not.toContainText("Needs reply");

  await page.getByTestId("client").getByRole("link", { name: "Ana Lind" }).click();
  await expect(page).toHaveURL(/\/people\//);
  await expect(page.getByRole("heading", { name: "Ana Lind", level: 1 })).toBeVisible();
  await expect(page.getByTestId("line")).toHaveCount(2);
  await look(page, "person");
  await page.getByTestId("line").last().getByRole("link", { name: "Opening hours" }).click();
  await expect(page.getByRole("heading", { name: "Opening hours", level: 2 })).toBeVisible();
});

test("notes, assigning, snoozing, closing and many at once; everything can be taken back", async ({ page }) => {
  test.setTimeout(180_000);
  await owner(page, "Desk Agency");
  await client(page, "Shop", "ana@shop.example");
  await connect(page, "ira");
  for (const at of ["One", "Two"])
    await arrives(page, "ira", { id: `${at}@shop.example`, from: "Ana Lind <ana@shop.example>", subject: `Question ${at}`, text: `About number ${at}.` });
  await page.goto("/inbox");
  await live(page);
  await open(page, "Question One");
  await page.getByLabel("Note for members only").fill("Please look, @Olga Owner");
  await page.getByRole("button", { name: "Add note" }).click();
  await expect(page.getByTestId("note")).toContainText("and calls you");

  const controls = page.getByTestId("controls");
  await controls.getByText("Assign…").click();
  await controls.getByLabel("Who sees to it").selectOption({ label: "Olga Owner (you)" });
  await controls.getByRole("button", { name: "Assign", exact: true }).click();
  await expect(controls.getByText("Assigned to you")).toBeVisible();
  await controls.getByText("Snooze…").click();
  await controls.getByRole("button", { name: "Until tomorrow morning" }).click();
  await toast(page, "The conversation is put aside");
  await expect(page.getByTestId("stands")).toContainText("Put aside");
  await page.getByTestId("toasts").getByRole("button", { name: "Undo" }).last().click();
  await expect(page.getByTestId("stands")).not.toContainText("Put aside");
  await controls.getByRole("button", { name: "Close", exact: true }).click();
  await expect(page.getByTestId("stands")).toContainText("Closed");
  await expect(page.getByTestId("timeline")).toContainText("closed it");

  await page.goto("/inbox?show=closed");
  await live(page);
  await expect(row(page, "Question One")).toBeVisible();
  const views = page.getByTestId("views");
  await views.getByText("Saved views").click();
  await expect(views.getByTestId("views-empty")).toBeVisible();
  await views.getByLabel("Keep what is chosen under the name").fill("What is done");
  await views.getByRole("button", { name: "Save view" }).click();
  await toast(page, "What is done is kept");
  await expect(views.getByRole("link", { name: "What is done" })).toHaveAttribute("href", "/inbox?show=closed");
  await page.goto("/inbox");
  await live(page);
  await expect(row(page, "Question One")).toHaveCount(0);
  await page.getByLabel("Choose Question Two").check();
  await page.getByRole("button", { name: "Close those that are chosen" }).click();
  await expect(row(page, "Question Two")).toHaveCount(0);
  await page.getByTestId("toasts").getByRole("button", { name: "Undo" }).last().click();
  await expect(row(page, "Question Two")).toBeVisible();

  await arrives(page, "ira", { id: "Three@shop.example", from: "Ana Lind <ana@shop.example>", subject: "Question Three", text: "About number Three." });
  await expect(row(page, "Question Three")).toBeVisible();
  const both = ["Question Two", "Question Three"];
  const choose = async () => {
    for (const subject of both) await page.getByLabel(`Choose ${subject}`).check();
  };
  await choose();
  const bulk = page.getByTestId("bulk");
  await expect(bulk).toContainText("2 chosen");
  await bulk.getByTestId("bulk-label").getByText("Label…").click();
  await bulk.getByLabel("Labels to add, with commas between").fill("Urgent, Sale");
  await look(page, "inbox-bulk");
  await bulk.getByRole("button", { name: "Add labels to those that are chosen" }).click();
  await toast(page, "2 conversations have new labels");
  for (const subject of both) await expect(row(page, subject)).toContainText("Urgent");
  await expect(bulk).toHaveCount(0);
  await choose();
  await bulk.getByRole("button", { name: "More for those that are chosen" }).click();
  await page.getByRole("button", { name: "Take the label Urgent away" }).click();
  for (const subject of both) await expect(row(page, subject)).not.toContainText("Urgent");
  await page.getByTestId("toasts").getByRole("button", { name: "Undo" }).last().click();
  for (const subject of both) await expect(row(page, subject)).toContainText("Urgent");
  await choose();
  await bulk.getByTestId("bulk-assign").getByText("Assign…").click();
  await bulk.getByRole("button", { name: "Olga Owner (you)" }).click();
  await toast(page, "2 conversations are assigned");
  for (const subject of both) await expect(row(page, subject)).toContainText("Olga Owner");
  await page.getByTestId("toasts").getByRole("button", { name: "Undo" }).last().click();
  for (const subject of both) await expect(row(page, subject)).not.toContainText("Olga Owner");

  await page.goto("/inbox");
  await page.getByTestId("views").getByText("Saved views").click();
  await page.getByTestId("views").getByRole("link", { name: "What is done" }).click();
  await expect(page).toHaveURL("/inbox?show=closed");
  await expect(row(page, "Question One")).toBeVisible();
});

test("a private conversation is shown to those who are ticked, and to one more when they are added", async ({ page, browser }) => {
  test.setTimeout(180_000);
  await owner(page, "Quiet Agency");
  await client(page, "Salon", "ana@salon.example");
  const { guest, context } = await joined(page, browser, "Ada Admin", "admin");
  await connect(page, "iva");
  await arrives(page, "iva", { id: "p1@salon.example", from: "Ana Lind <ana@salon.example>", subject: "Between us", text: "Not for everybody." });
  await page.goto("/inbox");
  await live(page);
  await open(page, "Between us");
  const who = page.getByTestId("private");
  await who.getByText("Who sees it…").click();
  await look(page, "inbox-private");
  await who.getByRole("button", { name: "Make it private" }).click();
  await toast(page, "Who sees it is changed");
  await expect(page.getByTestId("stands")).toContainText("Private");
  const address = page.url();
  await guest.goto(address);
  await expect(guest.getByRole("heading", { name: "There is no such conversation" })).toBeVisible();
  await who.getByLabel("Ada Admin").check();
  await who.getByRole("button", { name: "Save who sees it" }).click();
  await expect(page.getByTestId("timeline")).toContainText("Ada Admin, Olga Owner");
  await guest.goto(address);
  await expect(guest.getByRole("heading", { name: "Between us", level: 2 })).toBeVisible();
  await who.getByLabel("Ada Admin").uncheck();
  await who.getByRole("button", { name: "Save who sees it" }).click();
  await expect(page.getByTestId("timeline").getByText(/made it visible to Olga Owner$/)).toHaveCount(2);
  await guest.goto(address);
  await expect(guest.getByRole("heading", { name: "There is no such conversation" })).toBeVisible();
  await context.close();
});

test("by keyboard alone, and beside another browser that follows", async ({ page }) => {
  test.skip(test.info().project.name === "phone", "phones have no keys");
  test.setTimeout(180_000);
  await owner(page, "Keys and Tabs Agency");
  await client(page, "Studio", "ana@studio.example");
  await connect(page, "ida");
  await arrives(page, "ida", { id: "k1@studio.example", from: "Ana Lind <ana@studio.example>", subject: "First photo", text: "Here is the first." });

  const context = await page.context().browser()!.newContext({ viewport: page.viewportSize() });
  await context.addCookies(await page.context().cookies());
  const other = watch(await context.newPage());
  await Promise.all([other.waitForResponse((answer) => answer.url().includes("/app/events")), other.goto(new URL("/inbox", page.url()).href)]);
  await live(other);
  await expect(other.getByTestId("unread-count")).toContainText("1");
  await other.evaluate(() => document.documentElement.setAttribute("data-marked", ""));
  await arrives(page, "ida", { id: "k2@studio.example", from: "Ana Lind <ana@studio.example>", subject: "Second photo", text: "And the second." });
  await expect(row(other, "Second photo")).toBeVisible();
  await expect(other.getByTestId("unread-count")).toContainText("2");

  await page.goto("/inbox");
  await live(page);
  await page.locator("main#page").focus();
  await page.keyboard.press("j");
  await expect(row(page, "Second photo").getByRole("link")).toBeFocused();
  await page.keyboard.press("j");
  await expect(row(page, "First photo").getByRole("link")).toBeFocused();
  await page.keyboard.press("k");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "Second photo", level: 2 })).toBeVisible();
  await expect(other.getByTestId("unread-count")).toContainText("1");
  await page.keyboard.press("r");
  await expect(page.getByTestId("reply").getByLabel("Answer")).toBeFocused();
  await page.keyboard.type("By keys.");
  await page.keyboard.press("Control+Enter");
  await expect(page.getByTestId("outgoing held")).toContainText("By keys.");
  const heading = page.getByRole("heading", { name: "Second photo", level: 2 });
  await heading.focus();
  await page.keyboard.press("z");
  await toast(page, /It did not go/);
  await expect(page.getByTestId("reply").getByLabel("Answer")).toHaveValue("By keys.");
  await heading.focus();
  await page.keyboard.press("s");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("stands")).toContainText("Put aside");
  await heading.focus();
  await page.keyboard.press("u");
  await expect(page.getByTestId("stands")).not.toContainText("Put aside");
  await heading.focus();
  await page.keyboard.press("n");
  await expect(page.getByLabel("Note for members only")).toBeFocused();
  await page.keyboard.type("Seen by keys.");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("note")).toContainText("Seen by keys.");
  await page.getByRole("heading", { name: "Second photo", level: 2 }).focus();
  await page.keyboard.press("a");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Second photo", level: 2 }).focus();
  await page.keyboard.press("e");
  await expect(page.getByTestId("stands")).toContainText("Closed");
  await expect(row(other, "Second photo")).toHaveCount(0);
  await expect(other.locator("html[data-marked]")).toHaveCount(1);
  await page.locator("main#page").focus();
  await page.keyboard.press("?");
  const keys = page.getByRole("dialog", { name: "Keys of this page" });
  for (const words of ["Next conversation", "Answer", "Write a note", "Assign the conversation", "Search the conversations", "g i", "Go to Inbox", "Saved views"]) await expect(keys.getByText(words, { exact: true })).toBeVisible();
  await page.keyboard.press("Escape");
  await page.locator("main#page").focus();
  await page.keyboard.press("/");
  await expect(page.getByRole("searchbox", { name: "Search in conversations" })).toBeFocused();
  await page.keyboard.type("first photo");
  await page.keyboard.press("Enter");
  await expect(row(page, "First photo")).toBeVisible();
  await expect(row(page, "Second photo")).toHaveCount(0);
  await page.locator("main#page").focus();
  await page.keyboard.press("g");
  await page.keyboard.press("c");
  await expect(page).toHaveURL("/clients");
  await page.keyboard.press("g");
  await page.keyboard.press("i");
  await expect(page).toHaveURL("/inbox");
  await expect(list(page)).toBeVisible();
  await context.close();
});

test("a signature, and a template whose variables are filled in", async ({ page }) => {
  await owner(page, "Texts Agency");
  await page.goto("/settings/texts");
  await live(page);
  await expect(page.getByTestId("empty")).toBeVisible();
  await page.getByLabel("Your signature").fill("Olga Owner\nTexts Agency");
  await page.getByRole("button", { name: "Save signature" }).click();
  await toast(page, "Your signature is saved");
  await page.getByLabel("Name of the new template").fill("Thanks");
  await page.getByLabel("Text of the new template").fill("Dear {{first_name}}, thank you.");
  await page.getByRole("button", { name: "Add template" }).click();
  await expect(page.getByTestId("templates")).toContainText("Thanks");
  await look(page, "texts");
  await page.reload();
  await expect(page.getByLabel("Your signature")).toHaveValue("Olga Owner\nTexts Agency");
});
