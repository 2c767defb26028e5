// A stand-in for Google Ads in browser tests; it is not Google, and says so in every answer (`Server: stand-in`). It also says
// what Meta would of a token that somebody made by hand: `good-…` reaches an account, `narrow-…` lacks a permission.
//
// Who somebody is and what they agree to is not ours: consent, codes, PKCE and tokens come from `emulate`, an
// independent Google, to which this leads. Advertising, which no peer serves, is made up here in the shapes of Google Ads'
// REST API (listAccessibleCustomers and googleAds:searchStream), with faults on demand. Mail is that Google's own; what it
// lacks of Gmail, the profile and a search by Message-ID that finds something, is added when it is loaded.
//   AUDIENCEOS_PEER_EMULATE=FOLDER node stand-in.mjs PORT URL_OF_THE_PRODUCT
// Each user is a world of its own, so that tests do not meet: `POST /_world/EMAIL {"fault": null | "rejected" | "revoked",
// "delay": ms}` changes it. `POST /_mail/EMAIL` with a mail's source puts it into their mailbox, `GET` tells what they sent.
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

const [port, product] = process.argv.slice(2);
const installed = process.env.AUDIENCEOS_PEER_EMULATE;
export const projects = ["desktop", "phone"];
export const users = projects.flatMap((project) => ["olga", "otto", "ines", "tanja", "ina", "ivo", "ira", "ida", "iva"].map((name) => `${name}-${project}@acme.test`));
const client = { id: "client.apps.googleusercontent.com", secret: "GOCSPX-test" };

const free = () =>
  new Promise((resolve) => {
    const socket = createSocket().listen(0, "127.0.0.1", () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
const google = await free();
const folder = mkdtempSync(join(tmpdir(), "audienceos-emulate-"));
writeFileSync(
  join(folder, "seed.yaml"),
  `google:\n  port: ${google}\n  users:\n${users.map((email) => `    - { email: ${email}, name: ${email.split("@")[0]} }\n`).join("")}` +
    `  oauth_clients:\n    - { client_id: ${client.id}, client_secret: ${client.secret}, name: AudienceOS, redirect_uris: ["${product}/api/oauth/google_ads/callback", "${product}/api/oauth/gmail/callback"] }\n`,
);
writeFileSync(
  join(folder, "hook.mjs"),
  `import { registerHooks } from "node:module";
const route = 'app.get("/gmail/v1/users/:userId/messages", (c) => {';
const profile = 'app.get("/gmail/v1/users/:userId/profile", (c) => { const email = requireGmailUser(c); if (email instanceof Response) return email; return c.json({ emailAddress: email, historyId: getCurrentHistoryId(gs, email) }); });';
registerHooks({
  load(url, context, next) {
    const loaded = next(url, context);
    if (!/emulate.dist.*[.]js$/.test(url) || loaded.source == null) return loaded;
    const source = loaded.source.toString().split(route).join(profile + route).split("cleaned.slice(11).replace").join("cleaned.slice(12).replace");
    return { ...loaded, source, shortCircuit: true };
  },
});
`,
);
const peer = spawn(
  join(installed, "node_modules/.bin/node"),
  ["--import", join(folder, "hook.mjs"), join(installed, "node_modules/emulate/dist/index.js"), "start", "--service", "google", "--port", String(await free()), "--seed", "seed.yaml"],
  { cwd: folder, stdio: "ignore" },
);
const end = () => {
  peer.kill();
  rmSync(folder, { recursive: true, force: true });
  process.exit(0);
};
process.on("SIGTERM", end).on("SIGINT", end);
peer.on("exit", (code) => console.error(`emulate ended with ${code}`));

const worlds = new Map(users.map((email) => [email, { email, fault: null, delay: 0, tokens: new Set(), renewals: new Set() }]));
const accounts = [
  { id: "1234567890", descriptiveName: "Acme Shoes", currencyCode: "EUR", timeZone: "Europe/Berlin" },
  { id: "2234567890", descriptiveName: "Acme Boots", currencyCode: "USD", timeZone: "America/New_York" },
];
const failure = (code, status, message, errorCode) => ({
  error: {
    code,
    message: "Request had invalid arguments or credentials.",
    status,
    details: [{ "@type": "type.googleapis.com/google.ads.googleads.errors.GoogleAdsFailure", errors: [{ errorCode, message }] }],
  },
});

// Days from one to the other, each with a campaign, a group and an ad; zeros are left out, as Google does.
function rows(query, account) {
  const [, first, last] = query.match(/BETWEEN '(\d{4}-\d\d-\d\d)' AND '(\d{4}-\d\d-\d\d)'/);
  const found = [];
  for (let day = Date.parse(first); day <= Date.parse(last); day += 86_400_000) {
    const date = new Date(day).toISOString().slice(0, 10);
    const row = { segments: { date }, metrics: { costMicros: String((day / 86_400_000) % 97 * 1_000_000), impressions: "1200", clicks: "31", conversions: 2, conversionsValue: 118.4 } };
    const campaign = { resourceName: `customers/${account}/campaigns/11`, id: "11", name: "Brand", status: "ENABLED" };
    const adGroup = { resourceName: `customers/${account}/adGroups/22`, id: "22", name: "Shoes", status: "ENABLED" };
    const ad = { resourceName: `customers/${account}/ads/33`, id: "33", name: "", finalUrls: ["https://acme.example/"] };
    if (/FROM campaign /.test(query)) found.push({ ...row, campaign });
    if (/FROM ad_group /.test(query)) found.push({ ...row, campaign, adGroup });
    if (/FROM ad_group_ad /.test(query)) found.push({ ...row, adGroup, adGroupAd: { ad, status: "ENABLED" } });
  }
  return found;
}
const fieldMask = "segments.date,metrics.costMicros,metrics.impressions,metrics.clicks,metrics.conversions,metrics.conversionsValue";

async function ads(world, path, body) {
  if (world.fault === "revoked")
    return [401, [{ error: { code: 401, message: "Request had invalid authentication credentials.", status: "UNAUTHENTICATED" } }]];
  if (/^\/v\d+\/customers:listAccessibleCustomers$/.test(path))
    return [200, { resourceNames: accounts.map(({ id }) => `customers/${id}`) }];
  const id = path.match(/^\/v\d+\/customers\/(\d+)\/googleAds:searchStream$/)?.[1];
  const account = accounts.find((account) => account.id === id);
  if (!account) return [404, [failure(404, "NOT_FOUND", "The customer was not found.", { authenticationError: "CUSTOMER_NOT_FOUND" })]];
  const { query } = JSON.parse(body);
  if (/FROM customer$/.test(query.trim()))
    return [200, [{ results: [{ customer: { resourceName: `customers/${id}`, manager: false, status: "ENABLED", ...account } }], fieldMask: "customer.id" }]];
  await new Promise((resolve) => setTimeout(resolve, world.delay));
  if (world.fault === "rejected")
    return [403, [failure(403, "PERMISSION_DENIED", "The customer account can't be accessed because it is not yet enabled.", { authorizationError: "CUSTOMER_NOT_ENABLED" })]];
  return [200, [{ results: rows(query, id), fieldMask }]];
}

// What Meta says of a system user's token.
function meta(path, token = "") {
  if (!/^(good|narrow)-/.test(token))
    return [400, { error: { message: "Invalid OAuth access token - Cannot parse access token", code: 190 } }];
  if (path === "/v26.0/me/permissions")
    return [200, { data: [{ permission: token.startsWith("good-") ? "ads_read" : "email", status: "granted" }] }];
  if (path === "/v26.0/me/adaccounts")
    return [200, { data: [{ account_id: "333000111", name: "Acme Social", currency: "EUR", timezone_name: "Europe/Berlin" }] }];
  return [400, { error: { message: "Unsupported get request", code: 100 } }];
}

// Codes and tokens are Google's own affair; whose they are is kept.
async function token(form) {
  const renewal = form.get("refresh_token");
  const known = renewal && [...worlds.values()].find((world) => world.renewals.has(renewal));
  if (known?.fault === "revoked") return [400, { error: "invalid_grant", error_description: "Token has been expired or revoked." }];
  const answer = await fetch(`http://localhost:${google}/oauth2/token`, { method: "POST", body: form });
  const given = await answer.json();
  if (answer.ok) {
    const email = known?.email ?? JSON.parse(Buffer.from(given.id_token.split(".")[1], "base64url")).email;
    const world = worlds.get(email);
    if (!known) world.fault = null;
    world.tokens.add(given.access_token);
    if (given.refresh_token) world.renewals.add(given.refresh_token);
  }
  return [answer.status, given];
}

// What somebody's mailbox at that Google holds: a mail is put in, or what was sent is told.
async function letters(world, method, source) {
  const at = (path) => `http://localhost:${google}/gmail/v1/users/me/messages${path}`;
  const headers = { authorization: `Bearer ${[...world.tokens].at(-1)}`, "content-type": "application/json" };
  if (method === "POST") {
    const raw = Buffer.from(source).toString("base64url");
    const answer = await fetch(at("/import"), { method, headers, body: JSON.stringify({ raw, labelIds: ["INBOX", "UNREAD"] }) });
    return [answer.status, await answer.json()];
  }
  const { messages = [] } = await (await fetch(at("?labelIds=SENT"), { headers })).json();
  const read = async ({ id, threadId }) => {
    const { raw } = await (await fetch(at(`/${id}?format=raw`), { headers })).json();
    return { threadId, source: Buffer.from(raw, "base64url").toString() };
  };
  return [200, await Promise.all(messages.map(read))];
}

createServer(async (request, response) => {
  const say = (status, body) => {
    response.writeHead(status, { "content-type": "application/json", server: "stand-in" });
    response.end(JSON.stringify(body));
  };
  const url = new URL(request.url, `http://localhost:${port}`);
  let body = "";
  for await (const part of request) body += part;
  try {
    if (url.pathname === "/o/oauth2/v2/auth") {
      response.writeHead(302, { location: `http://localhost:${google}${url.pathname}${url.search}`, server: "stand-in" });
      return response.end();
    }
    if (url.pathname === "/token") return say(...(await token(new URLSearchParams(body))));
    if (url.pathname === "/revoke") {
      const answer = await fetch(`http://localhost:${google}/oauth2/revoke`, { method: "POST", body: new URLSearchParams(body) });
      return say(answer.status, {});
    }
    if (url.pathname === "/_ready") return say((await fetch(`http://localhost:${google}/.well-known/openid-configuration`)).status, {});
    if (url.pathname.startsWith("/_world/")) {
      Object.assign(worlds.get(decodeURIComponent(url.pathname.slice(8))), JSON.parse(body));
      return say(200, {});
    }
    if (url.pathname.startsWith("/_mail/")) {
      const world = worlds.get(decodeURIComponent(url.pathname.slice(7)));
      return say(...(await letters(world, request.method, body)));
    }
    if (/^\/(upload\/)?gmail\//.test(url.pathname)) {
      const headers = { authorization: request.headers.authorization ?? "", "content-type": request.headers["content-type"] ?? "" };
      const sent = request.method === "GET" ? undefined : body;
      const answer = await fetch(`http://localhost:${google}${url.pathname}${url.search}`, { method: request.method, headers, body: sent });
      return say(answer.status, await answer.json().catch(() => ({})));
    }
    const bearer = request.headers.authorization?.replace("Bearer ", "");
    if (url.pathname.startsWith("/v26.0/me/")) return say(...meta(url.pathname, bearer));
    const world = [...worlds.values()].find((world) => world.tokens.has(bearer));
    if (!world || !request.headers["developer-token"])
      return say(401, [{ error: { code: 401, message: "Request had invalid authentication credentials.", status: "UNAUTHENTICATED" } }]);
    return say(...(await ads(world, url.pathname, body)));
  } catch (error) {
    return say(500, { error: { code: 500, message: String(error), status: "INTERNAL" } });
  }
}).listen(Number(port), "127.0.0.1");
