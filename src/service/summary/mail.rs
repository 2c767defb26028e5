//! Mailing a summary to oneself or to colleagues: once for each click and person, in the words that were chosen, and of the clients
//! that whoever gets it sees. Nobody but the person who pressed the button sends it.

use model::{
    access::Action,
    actor::{Actor, Origin},
    email::EmailAddress,
    id::{ClientId, MemberId, OrganizationId, SummaryMailId},
    input::Invalid,
    job::Job,
    summary::{Persona, Shown},
};
use serde_json::json;
use store::{
    audit, brain, client, id, member, organization, queue,
    summary_mail::{self, SummaryMail},
};

use super::{Question, links::shown};
use crate::{Error, Result, Service, access};

/// What somebody asks to be mailed.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The click: the same one asks for it once.
    pub click: SummaryMailId,
    /// In whose words.
    pub persona: Persona,
    /// Of this client only; otherwise of all that whoever gets it sees.
    pub client_id: Option<ClientId>,
    /// Who gets it.
    pub to: Vec<MemberId>,
}

/// A click that nobody made before.
pub fn click(service: &Service) -> SummaryMailId {
    id::new(service.clock.now())
}

/// The members that a summary can be mailed to, by name: those in sight who can sign in.
///
/// # Errors
/// The rule that forbids it.
pub async fn people(service: &Service, actor: &Actor) -> Result<Vec<(MemberId, String)>> {
    access::allow(service, actor, Action::ReadClients).await?;
    Ok(member::list_names(&mut service.db.tenant(actor).await?, true).await?)
}

/// Has the summary that is known now mailed.
///
/// # Errors
/// Missing for a client or member out of sight, nobody chosen, nothing thought yet, or the rule that forbids it.
pub async fn send(service: &Service, actor: &Actor, asked: &Asked) -> Result<()> {
    let Asked { click, persona, client_id, to } = asked;
    access::allow(service, actor, Action::ReadClients).await?;
    let now = service.clock.now();
    let mut tx = service.db.tenant(actor).await?;
    if let Some(id) = client_id {
        client::get(&mut tx, *id).await?;
    }
    let people = member::list_names(&mut tx, true).await?;
    if to.iter().any(|id| people.iter().all(|(known, _)| known != id)) {
        return Err(Error::Missing);
    }
    if to.is_empty() {
        return Err(Invalid::new("to", "choose who gets it").into());
    }
    let Some((_, cut_off)) = brain::find_as_of(&mut tx, None).await? else {
        return Err(Invalid::new("to", "nothing has been analysed yet, so there is nothing to mail").into());
    };
    // The state that is there now, also where this server's clock is behind the database's.
    let mail =
        SummaryMail { asked_by: actor.member_id, persona: *persona, client_id: *client_id, as_of: now.max(cut_off) };
    let new = summary_mail::insert(&mut tx, *click, to, &mail, now).await?;
    if new.is_empty() {
        return Ok(());
    }
    let detail = json!({ "summary_mail": click, "to": new });
    audit::insert(&mut tx, Action::ReadClients.rule(), true, None, &detail, now).await?;
    for member_id in new {
        let organization_id = actor.organization_id;
        let job = Job::MailSummary { organization_id, summary_mail_id: *click, member_id };
        queue::enqueue(&mut tx, &job, None).await?;
    }
    Ok(tx.commit().await?)
}

/// A summary that is to go.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Whom to write to.
    pub to: EmailAddress,
    /// The agency's name.
    pub agency: String,
    /// Who asked for it; none where that is the person who gets it, or somebody who is gone.
    pub from: Option<String>,
    /// The client, if it is of one alone.
    pub client_id: Option<ClientId>,
    /// What it tells.
    pub told: Shown,
}

/// What is to be mailed to a member; none where nothing is left to send, or nothing that is theirs to read.
///
/// # Errors
/// The database failed.
pub async fn letter(
    service: &Service,
    organization_id: OrganizationId,
    id: SummaryMailId,
    member_id: MemberId,
) -> Result<Option<Letter>> {
    let mut tx = service.db.tenant(&Actor::machine(organization_id)).await?;
    let Some(mail) = summary_mail::find(&mut tx, id, member_id).await? else { return Ok(None) };
    let to = member::get(&mut tx, member_id).await?;
    let agency = organization::get(&mut tx).await?.name;
    let from = match mail.asked_by {
        asked_by if asked_by == member_id => None,
        asked_by => member::list_names(&mut tx, false).await?.into_iter().find(|(id, _)| *id == asked_by),
    };
    drop(tx);
    let SummaryMail { persona, client_id, as_of, .. } = mail;
    let told = if to.active {
        let origin = Origin { method: "job".to_owned(), path: String::new() };
        let actor = Actor { organization_id, member_id, role: to.role, origin };
        match shown(service, &actor, Question { persona, client_id, as_of: Some(as_of) }).await {
            // The client is out of their sight.
            Err(Error::Missing) => None,
            told => told?,
        }
    } else {
        None
    };
    let Some(told) = told else {
        settle(service, organization_id, id, member_id).await?;
        return Ok(None);
    };
    Ok(Some(Letter { to: to.email, agency, from: from.map(|(_, name)| name), client_id, told }))
}

/// Notes that nothing is left to send.
///
/// # Errors
/// The database failed.
pub async fn settle(
    service: &Service,
    organization_id: OrganizationId,
    id: SummaryMailId,
    member_id: MemberId,
) -> Result<()> {
    let mut tx = service.db.tenant(&Actor::machine(organization_id)).await?;
    summary_mail::settle(&mut tx, id, member_id, service.clock.now()).await?;
    Ok(tx.commit().await?)
}
