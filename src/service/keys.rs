//! The keys of the vault, for operators: what lies under which, and putting everything under the first.
//!
//! A rotation works while the product runs. It goes through every sealed secret that is not under the first key, a few at
//! a time, opens it, seals it anew and puts it back if nobody changed it meanwhile, each in a transaction of its own. So
//! it can be killed at any moment and run again, or twice at the same time.

use std::collections::BTreeMap;

use store::{
    Db,
    sealed::{self, Row, Sealed, Table},
};

use crate::{Result, Vault};

/// How many secrets are read at a time.
const BATCH: i64 = 200;

/// What lies under a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    /// The key's id.
    pub key: String,
    /// Whether the ring has it; else what lies under it cannot be opened.
    pub in_ring: bool,
    /// Whether it seals what is new.
    pub seals: bool,
    /// How many secrets lie under it.
    pub secrets: i64,
}

/// What a rotation did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rotation {
    /// How many secrets it put under the first key.
    pub resealed: u64,
    /// Which it left as they are, because they do not open.
    pub unreadable: Vec<Row>,
}

/// What lies under each key of the ring, in its order, and under others.
///
/// # Errors
/// The database failed.
pub async fn list(db: &Db, vault: &Vault) -> Result<Vec<Usage>> {
    let counts = sealed::count_by_key(&mut db.system().await?).await?;
    let mut counts: BTreeMap<String, i64> = counts.into_iter().collect();
    let ring = vault.ids().map(|key| Usage {
        key: key.to_owned(),
        in_ring: true,
        seals: key == vault.sealing(),
        secrets: counts.remove(key).unwrap_or_default(),
    });
    let mut usage: Vec<_> = ring.collect();
    let other = |(key, secrets)| Usage { key, in_ring: false, seals: false, secrets };
    usage.extend(counts.into_iter().map(other));
    Ok(usage)
}

/// Puts everything that opens under the first key. `progress` hears how many are done, after each few.
///
/// # Errors
/// The database failed; what was done stays done.
pub async fn rotate(db: &Db, vault: &Vault, mut progress: impl FnMut(u64)) -> Result<Rotation> {
    let mut rotation = Rotation::default();
    loop {
        let before = rotation.resealed;
        rotation.unreadable.clear();
        let mut changed = false;
        for table in Table::ALL {
            let mut after = None;
            loop {
                let batch = {
                    let mut tx = db.system().await?;
                    sealed::list_not_under(&mut tx, table, vault.sealing(), after.as_ref(), BATCH).await?
                };
                let Some(last) = batch.last() else { break };
                after = Some(last.row.clone());
                for old in batch {
                    match reseal(db, vault, &old).await? {
                        Done::Resealed => rotation.resealed += 1,
                        Done::Changed => changed = true,
                        Done::Unreadable => rotation.unreadable.push(old.row),
                    }
                }
                progress(rotation.resealed);
            }
        }
        // Others may have sealed under an old key behind our back: it ends when there was nothing left to do.
        if rotation.resealed == before && !changed {
            return Ok(rotation);
        }
    }
}

enum Done {
    Resealed,
    Changed,
    Unreadable,
}

async fn reseal(db: &Db, vault: &Vault, old: &Sealed) -> Result<Done> {
    let Ok(plain) = vault.open(&old.row, &old.bytes) else { return Ok(Done::Unreadable) };
    let new = vault.seal(&old.row, &plain)?;
    let mut tx = db.system().await?;
    let replaced = sealed::replace(&mut tx, old, &new).await?;
    tx.commit().await?;
    Ok(if replaced { Done::Resealed } else { Done::Changed })
}

#[cfg(test)]
mod tests;
