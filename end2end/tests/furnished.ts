// One simulated agency for every test that only looks: it is asked for before the first test, and read while others run.
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { request, type Page } from "@playwright/test";
import { expect } from "./support";

const kept = () => join(process.env.E2E_DATA!, "furnished.json");
const still = () => join(process.env.E2E_DATA!, "furnished-still");

/** Asks for the agency and keeps its owner's cookies; what is to be read is read in the background. */
export default async function ask() {
  const baseURL = process.env.E2E_URL!;
  const guest = await request.newContext({ baseURL, extraHTTPHeaders: { origin: baseURL } });
  const answer = await guest.post("/simulation");
  if (!answer.ok()) throw new Error(`there is no simulated agency: ${answer.status()} ${await answer.text()}`);
  await guest.storageState({ path: kept() });
  await guest.dispose();
}

/** Opens `path` as the owner of the agency that all tests look at, once everything of it was read and analysed. */
export async function furnished(page: Page, path: string) {
  await page.context().addCookies(JSON.parse(readFileSync(kept(), "utf8")).cookies);
  if (!existsSync(still())) await stillness(page);
  await page.goto(path);
}

/**
 * Figures stand still: everything is read to its end and then switched off, and what is known is analysed.
 * Otherwise what opens is rightly newer than what the page showed.
 */
async function stillness(page: Page) {
  const items = async (path: string) => (await (await page.request.get(path)).json()).items;
  const api = "/api/v1/integrations";
  await expect(async () => {
    let busy = 0;
    for (const { id, state } of await items(api)) {
      const [newest] = await items(`${api}/${id}/runs`);
      // What waits for its first reading is not switched off: the agency would lack it.
      if (!newest || newest.state === "running") busy += 1;
      else if (state !== "paused") await expect(await page.request.patch(`${api}/${id}`, { data: { paused: true } })).toBeOK();
    }
    expect(busy).toBe(0);
  }).toPass({ timeout: 480_000, intervals: [3_000] });
  const { id: agency } = await (await page.request.get("/api/v1/organization")).json();
  const open = `select count(*) from brain_cycle where organization_id = '${agency}' and state in ('waiting', 'running')`;
  const left = () => execFileSync(process.env.E2E_PSQL!, ["-qAtX", process.env.E2E_DATABASE!, "-c", open]).toString().trim();
  await expect.poll(left, { timeout: 180_000, intervals: [1_000] }).toBe("0");
  writeFileSync(still(), "");
}
