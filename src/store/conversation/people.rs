//! Who writes in conversations, and which clients they may be of.

use model::{
    conversation::MatchedBy,
    id::{ClientId, ConversationId},
};

use crate::{Result, TenantTx};

/// The addresses of those who wrote to the agency in a conversation: people before machines, the last first.
///
/// # Errors
/// The database failed.
pub async fn writers(tx: &mut TenantTx, id: ConversationId) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar!(
        r#"select from_address as "address!" from message
           where conversation_id = $1 and inbound and from_address <> '' and place not in ('draft', 'spam', 'trash')
           group by from_address order by bool_or(kind = 'person') desc, max(at) desc limit 20"#,
        id.0
    )
    .fetch_all(&mut **tx)
    .await?)
}

/// Other conversations in which an address wrote or was written to, the one with the latest such message first.
///
/// # Errors
/// The database failed.
pub async fn with_address(
    tx: &mut TenantTx,
    address: &str,
    but: ConversationId,
    limit: i64,
) -> Result<Vec<ConversationId>> {
    let found = sqlx::query_scalar!(
        r#"select c.id as "id!" from message_address a
             join message m on m.organization_id = a.organization_id and m.id = a.message_id
             join conversation c on c.organization_id = m.organization_id and c.id = m.conversation_id
           where a.address = $1 and m.place not in ('draft', 'spam') and c.id <> $2 and c.merged_into is null and c.messages > 0
           group by c.id order by max(m.at) desc limit $3"#,
        address,
        but.0,
        limit
    );
    Ok(found.fetch_all(&mut **tx).await?.into_iter().map(Into::into).collect())
}

/// The clients whose contacts have addresses at a domain.
///
/// # Errors
/// The database failed.
pub async fn clients_at(tx: &mut TenantTx, domain: &str) -> Result<Vec<ClientId>> {
    let found = sqlx::query_scalar!(
        "select distinct c.client_id from contact_address a
         join contact c on c.organization_id = a.organization_id and c.id = a.contact_id
         where a.kind = 'email' and split_part(a.address, '@', 2) = $1 limit 20",
        domain
    );
    Ok(found.fetch_all(&mut **tx).await?.into_iter().map(Into::into).collect())
}

/// Puts all conversations that wait in triage, and in which only this address or domain wrote, to a client.
///
/// # Errors
/// The database failed.
pub async fn set_client_of_waiting(tx: &mut TenantTx, by: MatchedBy, value: &str, client: ClientId) -> Result<u64> {
    let done = sqlx::query!(
        "update conversation c set client_id = $3, matched_by = $1
         where c.client_id is null and c.matched_by is null
           and exists (select from message m where m.organization_id = c.organization_id and m.conversation_id = c.id and m.inbound)
           and not exists (
             select from message m where m.organization_id = c.organization_id and m.conversation_id = c.id and m.inbound
               and case $1 when 'address' then m.from_address else split_part(m.from_address, '@', 2) end <> $2)",
        by.key(),
        value,
        client.0
    );
    Ok(done.execute(&mut **tx).await?.rows_affected())
}
