//! Whose messages an address is: by the contacts of clients, by what people taught, and by the domain of a client's own website.

use model::{conversation::MatchedBy, id::ClientId};
use time::OffsetDateTime;

use crate::{Error, Result, TenantTx};

/// Whose an address or a domain is, and how that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The address or the domain, in lower case.
    pub value: String,
    /// The client.
    pub client_id: ClientId,
    /// How it is known: Domain is of all addresses of a domain, the others of one address.
    pub by: MatchedBy,
}

/// What is known of these addresses and of their domains. A domain that is the website of several clients is of none, and so is that of
/// a site of which a client has a part only, as a page among others.
///
/// # Errors
/// The database failed.
pub async fn find(tx: &mut TenantTx, addresses: &[String], domains: &[String]) -> Result<Vec<Known>> {
    let found = sqlx::query!(
        r#"select a.address as "value!", c.client_id as "client_id!", 'contact' as "by!" from contact_address a
           join contact c on c.organization_id = a.organization_id and c.id = a.contact_id
           where a.kind in ('email', 'handle') and a.address = any($1)
           union all
           select value, client_id, kind from client_rule
           where kind = 'address' and value = any($1) or kind = 'domain' and value = any($2)
           union all
           select site.domain, (array_agg(site.id))[1], 'site' from (
             select id, regexp_replace(lower(split_part(split_part(regexp_replace(website, '^https?://', '', 'i'), '/', 1), ':', 1)),
               '^www\.', '') as domain
             from client where website ~* '^(https?://)?[^/?#]+/?$' and archived_at is null
           ) site where site.domain = any($2) group by site.domain having count(*) = 1"#,
        addresses,
        domains
    );
    let mut known: Vec<Known> = Vec::new();
    for row in found.fetch_all(&mut **tx).await? {
        let by = match row.by.as_str() {
            "contact" => MatchedBy::Contact,
            "address" => MatchedBy::Address,
            // What a person taught of a domain goes before its website.
            "site" if known.iter().any(|one| one.by == MatchedBy::Domain && one.value == row.value) => continue,
            _ => MatchedBy::Domain,
        };
        known.push(Known { value: row.value, client_id: row.client_id.into(), by });
    }
    Ok(known)
}

/// Learns that an address, or all of a domain, are a client's; what was taught before is replaced.
///
/// # Errors
/// `Conflict("client_rule")` when it was taught for a client that the acting member does not see.
pub async fn upsert(
    tx: &mut TenantTx,
    by: MatchedBy,
    value: &str,
    client_id: ClientId,
    now: OffsetDateTime,
) -> Result<()> {
    let (organization, member) = (tx.actor().organization_id, tx.actor().member_id);
    sqlx::query!(
        "insert into client_rule (organization_id, kind, value, client_id, created_by, created_at) values ($1, $2, $3, $4, $5, $6)
         on conflict (organization_id, kind, value) do update set client_id = excluded.client_id, created_by = excluded.created_by,
           created_at = excluded.created_at",
        organization.0,
        by.key(),
        value,
        client_id.0,
        member.0,
        now
    )
    .execute(&mut **tx)
    .await
    .map_err(|error| {
        let refused = error.as_database_error().and_then(|error| error.code()).is_some_and(|code| code == "42501");
        if refused { Error::Conflict("client_rule") } else { error.into() }
    })?;
    Ok(())
}
