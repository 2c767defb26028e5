//! Saved mappings, and mappings as a form gives them.

use std::collections::BTreeMap;

use model::{
    access::Action,
    actor::Actor,
    id::{ImportId, ImportMappingId},
    import::{Column, DayForm, Field, Kind, Mapping, NumberForm, Refunds, SavedMapping},
    input::{Invalid, line},
};
use serde_json::json;
use store::{import, import_mapping, import_source};

use crate::{Result, Service, access};

/// How many an organization can save.
const MOST: usize = 200;

/// The saved mappings, by name.
///
/// # Errors
/// The rule that forbids it.
pub async fn list(service: &Service, actor: &Actor) -> Result<Vec<SavedMapping>> {
    access::allow(service, actor, Action::ReadIntegrations).await?;
    Ok(import_mapping::list(&mut service.db.tenant(actor).await?).await?)
}

/// Saves a mapping under a name; what had the name before is replaced.
///
/// # Errors
/// A name or mapping that cannot be accepted, or the rule that forbids it.
pub async fn save(service: &Service, actor: &Actor, name: &str, mapping: &Mapping) -> Result<SavedMapping> {
    access::allow(service, actor, Action::EditIntegrations).await?;
    let name = line("name", "Name", name, 100)?;
    if let Err(mut wrong) = mapping.check() {
        return Err(wrong.swap_remove(0).into());
    }
    let now = service.clock.now();
    let mut tx = service.db.tenant(actor).await?;
    let known = import_mapping::list(&mut tx).await?;
    if known.len() >= MOST && known.iter().all(|saved| saved.name.to_lowercase() != name.to_lowercase()) {
        return Err(Invalid::new("name", format!("there are {MOST} saved mappings. Remove one first")).into());
    }
    let id = import_mapping::upsert(&mut tx, store::id::new(now), &name, mapping, now).await?;
    let detail = json!({ "import_mapping": "saved" });
    access::done_to(service, &mut tx, Action::EditIntegrations, (id, &name), detail).await?;
    let saved = import_mapping::get(&mut tx, id).await?;
    tx.commit().await?;
    Ok(saved)
}

/// Throws a saved mapping away; what was imported with it stays.
///
/// # Errors
/// Missing, or the rule that forbids it.
pub async fn remove(service: &Service, actor: &Actor, id: ImportMappingId) -> Result<()> {
    access::allow(service, actor, Action::EditIntegrations).await?;
    let mut tx = service.db.tenant(actor).await?;
    let name = import_mapping::remove(&mut tx, id).await?;
    let detail = json!({ "import_mapping": "removed" });
    access::done_to(service, &mut tx, Action::EditIntegrations, (id, &name), detail).await?;
    Ok(tx.commit().await?)
}

/// The mapping of an import from what a form says: the columns by their numbers in the preview, and the forms by their
/// spellings. What the preview says of encoding, delimiter, sheet and names is taken from it.
///
/// # Errors
/// Missing, something that was not chosen, or the rule that forbids it.
pub async fn pick(
    service: &Service,
    actor: &Actor,
    id: ImportId,
    columns: &BTreeMap<String, String>,
    forms: [&str; 3],
    protected: bool,
    leave_out: &str,
) -> Result<Mapping> {
    access::allow(service, actor, Action::EditIntegrations).await?;
    let mut tx = service.db.tenant(actor).await?;
    let found = import::get(&mut tx, id).await?;
    let holds: Kind = import_source::get(&mut tx, found.source_id).await?.holds;
    let Some(preview) = found.preview else {
        return Err(Invalid::new("columns", "the file is still being read. Wait a moment and try again").into());
    };
    let mut places = BTreeMap::new();
    for field in Field::ALL.into_iter().filter(|field| field.within(holds)) {
        let number = columns.get(field.key()).map(|text| text.trim()).filter(|text| !text.is_empty());
        let Some(number) = number else { continue };
        let known = number.parse().ok().and_then(|number: usize| preview.columns.iter().find(|c| c.number == number));
        let column: &Column = known.ok_or_else(|| Invalid::new(field.key(), "choose one of the file's columns"))?;
        places.insert(field, column.clone());
    }
    let [numbers, days, refunds] = forms;
    Ok(Mapping {
        kind: holds,
        format: preview.format,
        header: preview.header,
        columns: places,
        numbers: NumberForm::parse(numbers)
            .ok_or_else(|| Invalid::new("numbers", "choose how the file writes numbers"))?,
        days: DayForm::parse(days).ok_or_else(|| Invalid::new("days", "choose how the file writes days"))?,
        refunds: Refunds::parse(refunds).unwrap_or_default(),
        protected,
        leave_out: leave_out.lines().map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned).collect(),
    })
}
