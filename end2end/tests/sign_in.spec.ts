// Settings › Sign-in: two-factor sign-in, access tokens, a session that ended elsewhere; and mail in the outbox.
import { createHmac } from "node:crypto";
import { address, expect, live, look, owner, password, signOut, test, watch } from "./support";

test.use({ allowedErrors: [/status of (401|403|410|422)/] });

/** The code that an app with this key shows in the time step at `seconds`. */
function code(key: string, seconds: number): string {
  const bits = [...key.replace(/ /g, "")].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0")).join("");
  const secret = Buffer.from(bits.match(/.{8}/g)!.map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(seconds / 30)));
  const mac = createHmac("sha1", secret).update(step).digest();
  const offset = mac[19] & 15;
  return String((mac.readUInt32BE(offset) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

test("two-factor sign-in: set up, sign in with code and recovery code, turn off", async ({ page }) => {
  const email = await owner(page, "Careful Agency");
  await page.goto("/settings/sign-in");
  await live(page);
  await look(page, "sign-in-settings");
  const panel = page.getByRole("region", { name: "Two-factor sign-in" });
  await panel.getByLabel("Your password").fill("wrong horse");
  await panel.getByRole("button", { name: "Set up two-factor sign-in" }).click();
  await expect(panel.getByText("this is not your password")).toBeVisible();
  await panel.getByLabel("Your password").fill(password);
  await panel.getByRole("button", { name: "Set up two-factor sign-in" }).click();
  await expect(panel.getByRole("img", { name: "QR code of the key" })).toBeVisible();
  const key = (await page.getByTestId("two-factor-key").textContent())!;
  await look(page, "two-factor-setup");
  await panel.getByLabel("Code from the app").fill("12345");
  await panel.getByRole("button", { name: "Turn on" }).click();
  await expect(panel.getByText("this code is wrong or was used already")).toBeVisible();
  const now = Date.now() / 1000;
  await panel.getByLabel("Code from the app").fill(code(key, now));
  await panel.getByRole("button", { name: "Turn on" }).click();
  await expect(page.getByTestId("recovery-codes").getByRole("listitem")).toHaveCount(10);
  const recovery = await page.getByTestId("recovery-codes").getByRole("listitem").allTextContents();
  await look(page, "two-factor-codes");
  await page.reload();
  await expect(panel.getByText("10 recovery codes are left.")).toBeVisible();
  await expect(page.getByTestId("recovery-codes")).toHaveCount(0);

  const signIn = async (words: string) => {
    await signOut(page);
    await page.goto("/login?redirect=/settings/sign-in");
    await page.getByLabel("E-mail").fill(email);
    await page.getByLabel("Password").fill(password);
    await page.getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("heading", { name: "Enter your code" })).toBeVisible();
    await page.getByLabel("Code").fill(words);
    await page.getByRole("button", { name: "Sign in" }).click();
  };
  await signIn("000000");
  await expect(page.getByText("this code is wrong")).toBeVisible();
  await look(page, "login-code-error");
  await page.getByLabel("Code").fill(code(key, now + 30));
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL("/settings/sign-in");
  await signIn(recovery[0]);
  await expect(page).toHaveURL("/settings/sign-in");
  await live(page);
  await expect(panel.getByText("9 recovery codes are left.")).toBeVisible();
  await panel.getByText("Turn off two-factor sign-in").click();
  await panel.getByLabel("Your password").last().fill(password);
  await panel.getByLabel("Code from the app, or a recovery code").fill(recovery[1]);
  await look(page, "two-factor-off");
  await panel.getByRole("button", { name: "Turn off", exact: true }).click();
  await expect(panel.getByText("Off", { exact: true })).toBeVisible();
});

test("an access token is shown once and taken back", async ({ page }) => {
  await owner(page, "Scripted Agency");
  await page.goto("/settings/sign-in");
  await live(page);
  const panel = page.getByRole("region", { name: "Access tokens" });
  await panel.getByRole("button", { name: "Make token" }).click();
  await expect(panel.getByText("Name is required")).toBeVisible();
  await panel.getByLabel("What it is for").fill("Nightly export");
  await panel.getByLabel("It may").selectOption("read");
  await panel.getByRole("button", { name: "Make token" }).click();
  await expect(page.getByTestId("new-token")).toHaveText(/^aos_[0-9a-f]{64}$/);
  const token = (await page.getByTestId("new-token").textContent())!;
  await expect(page.getByTestId("tokens").getByText("Nightly export")).toBeVisible();
  await look(page, "access-token");
  const ask = () => page.request.get("/api/v1/clients", { headers: { authorization: `Bearer ${token}`, cookie: "" } });
  expect((await ask()).status()).toBe(200);
  await page.reload();
  await live(page);
  await expect(page.getByTestId("new-token")).toHaveCount(0);
  await panel.getByRole("button", { name: "Take back Nightly export" }).click();
  await expect(panel.getByText("You have no tokens.")).toBeVisible();
  expect((await ask()).status()).toBe(401);
});

test("sessions are listed, and another one is ended", async ({ page, browser }) => {
  const email = await owner(page, "Listed Agency");
  const origin = new URL(page.url()).origin;
  const context = await browser.newContext();
  const there = watch(await context.newPage());
  await there.goto(`${origin}/login`);
  await there.getByLabel("E-mail").fill(email);
  await there.getByLabel("Password").fill(password);
  await there.getByRole("button", { name: "Sign in" }).click();
  await expect(there).toHaveURL(/\/dashboard$/);
  await page.goto("/settings/sign-in");
  await live(page);
  const sessions = page.getByTestId("sessions");
  await expect(sessions.getByRole("listitem")).toHaveCount(2);
  await expect(sessions.getByRole("listitem").filter({ hasText: "This browser" })).toHaveCount(1);
  await look(page, "sessions");
  await sessions.getByRole("button", { name: /^End the session of / }).click();
  await expect(sessions.getByRole("listitem")).toHaveCount(1);
  await expect(sessions.getByText("This browser")).toBeVisible();
  await there.goto(`${origin}/clients`);
  await expect(there).toHaveURL(/\/login\?redirect=\/clients$/);
  await context.close();
});

test("a session that ended elsewhere offers to sign in again and comes back", async ({ page, browser }) => {
  const email = await owner(page, "Two Browsers");
  await page.goto("/settings");
  await live(page);
  const other = await browser.newContext();
  const origin = new URL(page.url()).origin;
  await other.request.post(`${origin}/api/v1/auth/login`, { data: { email, password } });
  const sessions = await (await other.request.get(`${origin}/api/v1/auth/sessions`)).json();
  for (const session of sessions.items.filter((session: { current: boolean }) => !session.current)) {
    await other.request.delete(`${origin}/api/v1/auth/sessions/${session.id}`, { data: {} });
  }
  await other.close();
  await page.getByLabel("Nickname").fill("Olli");
  await page.getByRole("button", { name: "Save profile" }).click();
  await expect(page.getByText("your session has ended, and nothing was changed")).toBeVisible();
  await look(page, "signed-out");
  await page.getByRole("link", { name: "Sign in again" }).click();
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).toHaveURL("/settings");
});

test("mails in the outbox have links that work", async ({ page }) => {
  await owner(page, "Unconnected Agency");
  const guest = address("guest");
  await page.goto("/members");
  await live(page);
  await page.getByLabel("Invite by e-mail").fill(guest);
  await page.getByRole("button", { name: "Send invitation" }).click();
  await expect(page.getByTestId("invitations").getByText(guest)).toBeVisible();
  await expect(async () => {
    await page.goto("/settings/mail");
    await expect(page.getByTestId("outbox").getByText(guest)).toBeVisible({ timeout: 500 });
  }).toPass();
  await look(page, "outbox");
  const link = page.getByTestId("outbox").getByRole("link");
  await page.goto((await link.getAttribute("href"))!);
  await expect(page.getByRole("heading", { name: "Join Unconnected Agency" })).toBeVisible();
});

test.describe("without JavaScript", () => {
  test.use({ javaScriptEnabled: false });
  test("the wrong field has the focus, and a used reset link shows no form", async ({ page }) => {
    await page.goto("/signup");
    await page.getByLabel("Agency name").fill("Acme");
    await page.getByLabel("Your name").fill("Olga");
    await page.getByLabel("E-mail").fill("olga@example.com");
    await page.getByLabel("Password").fill("password");
  await page.getByLabel("Repeat it").fill("password");
    await page.getByRole("button", { name: "Create account" }).click();
    await expect(page.getByLabel("Password")).toBeFocused();
    await page.goto("/reset?token=cut");
    await expect(page.getByText("this link is not complete")).toBeVisible();
    await expect(page.getByLabel("New password")).toHaveCount(0);
  });
});
