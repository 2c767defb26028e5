// The pages of what went wrong, and forms where nothing runs in the browser: they are read like every other page.
import { execFileSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { address, expect, joined, live, look, mailedLink, owner, password, picture, test, watch } from "./support";

test.use({ allowedErrors: [/status of (403|404|422|500)/] });

test("what is not there, for anybody and for the signed in", async ({ page }) => {
  expect((await page.goto("/no-such-page"))!.status()).toBe(404);
  await expect(page.getByRole("heading", { name: "There is nothing here", level: 1 })).toBeVisible();
  await look(page, "404-anybody");
  await owner(page, "Lost Agency");
  expect((await page.goto("/no-such-page"))!.status()).toBe(404);
  await expect(page.getByRole("navigation", { name: "Areas" })).toBeVisible();
  await look(page, "404");
});

test("what is not allowed: another site's form, and a page beyond one's role", async ({ page, browser, baseURL }) => {
  await owner(page, "Guarded Agency");
  await page.goto("about:blank");
  await page.setContent(`<form method="post" action="${baseURL}/logout"><button>Win a prize</button></form>`);
  const answer = page.waitForResponse((response) => response.url().endsWith("/logout"));
  await page.getByRole("button", { name: "Win a prize" }).click();
  expect((await answer).status()).toBe(403);
  await expect(page.getByRole("heading", { name: "This is not allowed", level: 1 })).toBeVisible();
  await look(page, "403");
  await page.goto("/clients");
  await expect(page).toHaveURL("/clients");
  const { guest, context } = await joined(page, browser, "Mel Member", "member");
  expect((await guest.goto("/audit"))!.status()).toBe(403);
  await look(guest, "403-role");
  await context.close();
});

test("what a rule refuses is explained, and what was typed stays", async ({ page, browser }) => {
  test.setTimeout(150_000);
  await owner(page, "Explaining Agency");
  await live(page);
  await page.getByLabel("Name of the new client").fill("Bakery Beta");
  await page.keyboard.press("Enter");
  await expect(page.getByTestId("clients").getByRole("link", { name: "Bakery Beta" })).toBeVisible();
  const { email, guest, context } = await joined(page, browser, "Max Manager", "manager");
  await page.goto("/members");
  await live(page);
  const row = page.getByTestId(`member ${email}`);
  await row.getByRole("button", { name: "Find clients for Max Manager" }).click();
  await row.getByRole("button", { name: "Assign Bakery Beta to Max Manager" }).click();
  await expect(row.getByRole("button", { name: "Take Bakery Beta from Max Manager" })).toBeVisible();
  await guest.goto(new URL("/clients", page.url()).href);
  await live(guest);
  await guest.getByTestId("clients").getByRole("link", { name: "Bakery Beta" }).click();
  await expect(guest.getByLabel("Website")).toBeVisible();

  // The role is another one before the form is sent.
  await row.getByLabel("Role of Max Manager", { exact: true }).selectOption("member");
  await row.getByRole("button", { name: "Change role of Max Manager" }).click();
  await expect(page.getByTestId("toasts").getByText("Max Manager is Member now")).toBeVisible();
  await guest.getByLabel("Website").fill("beta.example");
  await guest.getByRole("button", { name: "Save", exact: true }).click();
  const notice = guest.getByTestId("notice");
  await notice.getByText("Explain", { exact: true }).click();
  await expect(notice).toContainText("clients.edit");
  await expect(guest.getByLabel("Website")).toHaveValue("beta.example");
  await look(guest, "refused-explained");
  await notice.getByRole("link", { name: "Who may do what" }).click();
  await expect(guest).toHaveURL(/\/api\/docs#clients\.edit$/);
  await context.close();
});

test("what failed on our side", async ({ page }) => {
  // A row that no code of ours writes: reading it fails, and nothing else does.
  const id = randomUUID();
  const sql = `insert into sign_up (id, organization_id, member_id, email, name, organization, password_hash, token_hash, created_at, expires_at)
    values ('${id}', gen_random_uuid(), gen_random_uuid(), 'no address', 'n', 'o', 'x', decode(replace('${id}', '-', ''), 'hex'), now(), now())`;
  execFileSync(process.env.E2E_PSQL!, ["-qX", process.env.E2E_DATABASE!, "-c", sql]);
  expect((await page.goto(`/signup/sent?id=${id}`))!.status()).toBe(500);
  await expect(page.getByRole("heading", { name: "Something failed on our side", level: 1 })).toBeVisible();
  await look(page, "500");
  execFileSync(process.env.E2E_PSQL!, ["-qX", process.env.E2E_DATABASE!, "-c", `delete from sign_up where id = '${id}'`]);
});

test("5.6: sign-up and joining wait until they are complete", async ({ page, browser }) => {
  await page.goto("/signup");
  const create = page.getByRole("button", { name: "Create account" });
  await expect(create).toBeDisabled();
  await look(page, "signup-empty");
  await page.getByLabel("Agency name").fill("Acme");
  await page.getByLabel("Your name").fill("Olga");
  await page.getByLabel("E-mail").fill(address("whole"));
  await page.getByLabel("Password").fill(password);
  await expect(create).toBeDisabled();
  await page.getByLabel("Repeat it").fill(password);
  await expect(create).toBeEnabled();
  await page.getByLabel("Your name").fill("  ");
  await expect(create).toBeDisabled();

  await owner(page, "Inviting Agency");
  await page.goto("/members");
  await live(page);
  const email = address("asked");
  await page.getByLabel("Invite by e-mail").fill(email);
  await page.getByRole("button", { name: "Send invitation" }).click();
  await expect(page.getByTestId("invitations").getByText(email)).toBeVisible();
  const context = await browser.newContext();
  const guest = watch(await context.newPage());
  await guest.goto(new URL(await mailedLink(email, "/invite/"), page.url()).href);
  const join = guest.getByRole("button", { name: "Join" });
  await expect(join).toBeDisabled();
  await guest.getByLabel("Your name").fill("Mel");
  await guest.getByLabel("Password").fill("password");
  await expect(join).toBeEnabled();
  // Refused by the server, it comes back with the name, and waits for the password again.
  await join.click();
  await expect(guest.getByText("This password is easy to guess")).toBeVisible();
  await expect(guest.getByLabel("Your name")).toHaveValue("Mel");
  await expect(join).toBeDisabled();
  await guest.getByLabel("Password").fill(password);
  await guest.keyboard.press("Enter");
  await expect(guest).toHaveURL(/\/dashboard/);
  await context.close();
});

test("a form that was posted before the page was live comes back, and goes on live", async ({ page }) => {
  await owner(page, "Early Agency");
  // The page's program comes late: the browser posts the form by itself.
  await page.route("**/*.wasm", () => {});
  await page.goto("/settings", { waitUntil: "domcontentloaded" });
  await page.getByLabel("Agency name").fill("Early & Son");
  await page.getByLabel("Slow after days").fill("9");
  await page.getByLabel("Stuck after days").fill("3");
  await page.unroute("**/*.wasm");
  await page.getByRole("button", { name: "Save agency" }).click();
  await live(page);
  await expect(page).toHaveURL("/settings");
  await expect(page.getByLabel("Agency name")).toHaveValue("Early & Son");
  await expect(page.getByLabel("Slow after days")).toHaveValue("9");
  await look(page, "settings-came-back");
  await page.getByLabel("Stuck after days").fill("12");
  await page.getByRole("button", { name: "Save agency" }).click();
  await expect(page.getByText("Saved.")).toBeVisible();
  await page.reload();
  await expect(page.getByLabel("Agency name")).toHaveValue("Early & Son");
  await expect(page.getByLabel("Stuck after days")).toHaveValue("12");
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });
  test("the agency's settings and stages keep what was typed", async ({ page }) => {
    await owner(page, "Patient Agency");
    await page.goto("/settings");
    await page.getByLabel("Agency name").fill("Patient & Son");
    await page.getByLabel("Time zone").selectOption("Asia/Tokyo");
    await page.getByLabel("Slow after days").fill("9");
    await page.getByLabel("Stuck after days").fill("3");
    await page.getByRole("button", { name: "Save agency" }).click();
    await expect(page.getByRole("heading", { name: "Settings", level: 1 })).toBeVisible();
    await expect(page.getByLabel("Agency name")).toHaveValue("Patient & Son");
    await expect(page.getByLabel("Time zone")).toHaveValue("Asia/Tokyo");
    await expect(page.getByLabel("Slow after days")).toHaveValue("9");
    await page.getByLabel("Stuck after days").fill("12");
    await page.getByRole("button", { name: "Save agency" }).click();
    await expect(page).toHaveURL("/settings");
    await expect(page.getByLabel("Agency name")).toHaveValue("Patient & Son");
    await page.getByLabel("Stage 1", { exact: true }).fill("S".repeat(200));
    await page.getByLabel("Stage 7", { exact: true }).fill("One more");
    await page.getByRole("button", { name: "Save stages" }).click();
    await expect(page.getByLabel("Stage 1", { exact: true })).toHaveValue("S".repeat(200));
    await expect(page.getByLabel("Stage 7", { exact: true })).toHaveValue("One more");
    await picture(page, "settings-kept");
  });
});
