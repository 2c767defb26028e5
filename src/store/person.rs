//! What was written with people, whichever channel it went through.

use model::{message::Address, page::Page, person::Line};

use crate::{
    Result, TenantTx,
    cursor::{self, Cursor},
};

/// The messages that somebody with one of these addresses wrote or got, the last first. Those that were begun and not sent, or lie among
/// the unwanted, are not shown.
///
/// # Errors
/// The database failed.
pub async fn list(tx: &mut TenantTx, addresses: &[String], limit: i64, cursor: Option<Cursor>) -> Result<Page<Line>> {
    let rows = sqlx::query!(
        r#"select m.id, m.conversation_id, h.provider as "provider!", h.name as mailbox, m.inbound, m.from_name, m.from_address,
             m.subject, m.snippet, m.at
           from message m join channel h on h.organization_id = m.organization_id and h.id = m.channel_id
           where m.id in (select a.message_id from message_address a where a.address = any($1))
             and m.place not in ('draft', 'spam')
             and ($2::timestamptz is null or (m.at, m.id) < ($2, $3::uuid))
           order by m.at desc, m.id desc limit $4"#,
        addresses,
        cursor.map(|cursor| cursor.created_at),
        cursor.map(|cursor| cursor.id),
        limit + 1
    )
    .fetch_all(&mut **tx)
    .await?;
    let lines = rows.into_iter().map(|row| Line {
        id: row.id.into(),
        conversation_id: row.conversation_id.into(),
        provider: row.provider,
        mailbox: row.mailbox,
        inbound: row.inbound,
        from: Address { name: row.from_name, address: row.from_address },
        subject: row.subject,
        snippet: row.snippet,
        at: row.at,
    });
    Ok(cursor::page(lines.collect(), limit, |line: &Line| (line.at, line.id.0)))
}
