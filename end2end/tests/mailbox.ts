// A mailbox with letters in it, as a sync leaves it in the database: for pages that show mail. No provider is asked.
import { execFileSync } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import type { Page } from "@playwright/test";

export type Person = { name?: string; address: string };
export type File = { name: string; type: string; bytes: Buffer };
export type Letter = {
  from: Person;
  subject: string;
  /** What it says in plain text. */
  text?: string;
  /** What it says with layout. */
  html?: string;
  /** A body as it is transferred, with the value of its Content-Type. */
  raw?: { type: string; body: string };
  /** Minutes after the first moment of the mailbox; one more than the letter before when absent. */
  at?: number;
  /** That the agency sent. */
  sent?: boolean;
  /** That was seen at the provider before it came here. */
  seen?: boolean;
  /** The client that it is of; it waits in triage when absent. */
  client?: string;
  /** The conversation that it belongs to; a new one when absent. */
  conversation?: string;
  files?: File[];
};
export type Kept = { conversation: string; message: string };
export type Mailbox = { organization: string; channel: string; address: string; begun: number; count: number };

/** Runs statements as the superuser; they may be of any length. */
export function sql(text: string): string {
  const options = ["-qAtX", "-v", "ON_ERROR_STOP=1", process.env.E2E_DATABASE!, "-f", "-"];
  return execFileSync(process.env.E2E_PSQL!, options, { input: text, maxBuffer: 64 << 20 }).toString().trim();
}

const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`;
const bytes = (buffer: Buffer) => `decode('${buffer.toString("base64")}', 'base64')`;

/** A mailbox of the agency of whoever is signed in. It is switched off, so that nothing is asked of its provider. */
export async function mailbox(page: Page, address = "hello@agency.test", provider = "imap"): Promise<Mailbox> {
  const { id: organization } = await (await page.request.get("/api/v1/organization")).json();
  const { user_id: member } = await (await page.request.get("/api/v1/auth/session")).json();
  const [connection, channel] = [randomUUID(), randomUUID()];
  sql(`begin;
    insert into connection (organization_id, id, provider, label, created_by, created_at, paused_at)
      values ('${organization}', '${connection}', '${provider}', ${quoted(address)}, '${member}', now(), now());
    insert into channel (organization_id, id, connection_id, provider, kind, external_id, name, currency, time_zone, created_at)
      values ('${organization}', '${channel}', '${connection}', '${provider}', 'inbox', ${quoted(address)}, ${quoted(address)}, '', '', now());
    insert into inbox (organization_id, channel_id, addresses, complete_at, updated_at)
      values ('${organization}', '${channel}', array[${quoted(address)}], now(), now());
    commit;`);
  return { organization, channel, address, begun: Date.now() - 86_400_000, count: 0 };
}

/** The letter as it was transferred (RFC 5322). */
export function source(letter: Letter, to: string, id: string): Buffer {
  const said = letter.raw ?? (letter.html === undefined ? { type: "text/plain; charset=utf-8", body: letter.text ?? "" } : { type: "text/html; charset=utf-8", body: letter.html });
  const from = letter.from.name ? `${letter.from.name} <${letter.from.address}>` : letter.from.address;
  const head = `From: ${from}\r\nTo: ${to}\r\nSubject: ${letter.subject}\r\nMessage-ID: <${id}>\r\nMIME-Version: 1.0\r\n`;
  const part = `Content-Type: ${said.type}\r\n\r\n${said.body}\r\n`;
  if (!letter.files?.length) return Buffer.from(head + part);
  const files = letter.files.map(
    (file, n) =>
      `--b\r\nContent-Type: ${file.type}\r\nContent-Disposition: attachment; filename="${file.name}"\r\nContent-ID: <file-${n}@letters.test>\r\n` +
      `Content-Transfer-Encoding: base64\r\n\r\n${file.bytes.toString("base64")}\r\n`,
  );
  return Buffer.from(`${head}Content-Type: multipart/mixed; boundary="b"\r\n\r\n--b\r\n${part}${files.join("")}--b--\r\n`);
}

/** Keeps letters, in this order; what lists show of their conversations is derived as the product derives it. */
export function keep(box: Mailbox, letters: Letter[]): Kept[] {
  const { organization, channel, address } = box;
  const kept: Kept[] = [];
  const text = letters.map((letter) => {
    box.count += 1;
    const message = randomUUID();
    const id = `${message}@letters.test`;
    const at = quoted(new Date(box.begun + 60_000 * (letter.at ?? box.count)).toISOString());
    const conversation = letter.conversation ?? randomUUID();
    kept.push({ conversation, message });
    const said = letter.text ?? letter.html?.replace(/<[^>]*>/g, " ").slice(0, 1000) ?? "";
    const client = letter.client ? `'${letter.client}', 'contact'` : "null, null";
    const begun = letter.conversation
      ? ""
      : `insert into conversation (organization_id, id, channel_id, client_id, matched_by, subject, created_at, last_at)
           values ('${organization}', '${conversation}', '${channel}', ${client}, ${quoted(letter.subject)}, now(), ${at});`;
    const whole = source(letter, address, id);
    const files = (letter.files ?? []).map(
      (file, n) => `insert into attachment (organization_id, message_id, part, name, content_type, size, content_id, inline)
        values ('${organization}', '${message}', ${n}, ${quoted(file.name)}, ${quoted(file.type.split(";")[0])}, ${file.bytes.length}, 'file-${n}@letters.test', false);`,
    );
    return `${begun}
      insert into message (organization_id, id, channel_id, conversation_id, external_id, header_id, inbound, kind, from_name, from_address,
          subject, text, snippet, at, stored_at, place, seen, seen_first, html, attachments, size, source_hash)
        values ('${organization}', '${message}', '${channel}', '${conversation}', ${quoted(id)}, ${quoted(id)}, ${!letter.sent}, 'person',
          ${quoted(letter.from.name ?? "")}, ${quoted(letter.from.address)}, ${quoted(letter.subject)}, ${quoted(said)},
          ${quoted(said.replace(/\s+/g, " ").trim().slice(0, 200))}, ${at}, now(), '${letter.sent ? "sent" : "inbox"}', ${!!letter.seen || !!letter.sent},
          ${!!letter.seen || !!letter.sent}, ${letter.html !== undefined || !!letter.raw?.type.startsWith("text/html")}, ${letter.files?.length ?? 0},
          ${whole.length}, '\\x${createHash("sha256").update(whole).digest("hex")}');
      insert into message_address (organization_id, message_id, role, position, name, address)
        values ('${organization}', '${message}', 'to', 0, '', ${quoted(address)});
      insert into message_source (organization_id, message_id, bytes) values ('${organization}', '${message}', ${bytes(whole)});
      ${files.join("\n")}`;
  });
  const touched = [...new Set(kept.map(({ conversation }) => `'${conversation}'`))].join(", ");
  sql(`begin;
    ${text.join("\n")}
    update conversation c set messages = d.messages, attachments = d.attachments, last_at = d.last_at, last_message_id = d.last_message_id,
        last_inbound_at = d.inbound_at, last_unseen_at = d.unseen_at,
        needs_reply = coalesce(d.inbound_at > greatest(d.outbound_at, c.settled_at), d.inbound_at is not null)
      from (select conversation_id, count(*)::integer as messages, sum(attachments)::integer as attachments, max(at) as last_at,
          (array_agg(id order by at desc, id desc))[1] as last_message_id, max(at) filter (where inbound) as inbound_at,
          max(at) filter (where not inbound) as outbound_at, max(at) filter (where inbound and not seen_first) as unseen_at
        from message where conversation_id in (${touched}) group by conversation_id) d
      where c.id = d.conversation_id;
    commit;`);
  return kept;
}
