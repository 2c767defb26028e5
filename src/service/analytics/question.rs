//! What a question means for whoever asks it: which channels, which days, in which currency. What it names and is not there, or
//! not in sight, is told alike.

use std::collections::{BTreeMap, BTreeSet};

use model::{
    actor::Actor,
    analytics::{Asked, Filters, Granularity, Question},
    fact::Channel,
    figure::{PartId, Scope},
    id::{ChannelId, ClientId},
    input::Invalid,
    metric::{Days, Level},
    organization::Organization,
};
use store::{
    TenantTx, ad_entity,
    channel::{self, Called},
    client, organization,
};
use time::Date;

use super::Manner;
use crate::{
    Error, Result, Service, brain,
    figure::{
        missing::{self, Owners},
        scope::{EVERYTHING, called, named},
    },
    moment,
};

/// A question, and what it means.
pub(super) struct Resolved {
    pub agency: Organization,
    /// What of the question is answered.
    pub question: Question,
    /// What of it is not, and why.
    pub notes: Vec<Invalid>,
    pub scope: Scope,
    /// What the scope is called.
    pub of: String,
    pub currency: String,
    pub days: Days,
    pub compared: Option<Days>,
    pub granularity: Granularity,
    /// The channels of which something was read.
    pub channels: Vec<Channel>,
    /// All channels that are meant.
    pub meant: Vec<Called>,
    /// The last day that has ended for the agency.
    pub ended: Date,
    /// The clients in sight.
    pub clients: BTreeMap<ClientId, String>,
    /// What the chosen campaigns or advertisements are called.
    pub parts: BTreeMap<PartId, String>,
}

impl Resolved {
    /// What a channel is called by itself.
    pub fn channel_name(&self, id: ChannelId) -> String {
        self.meant.iter().find(|called| called.id == id).map(|called| called.called().whole()).unwrap_or_default()
    }

    /// What a channel is called where its client stands beside it.
    pub fn channel_beside(&self, id: ChannelId) -> String {
        let client = self.client_of(id).map(|(_, name)| name);
        let named = self.meant.iter().find(|called| called.id == id);
        named.map(|called| called.called().beside(client.as_deref())).unwrap_or_default()
    }

    /// The client of a channel.
    pub fn client_of(&self, id: ChannelId) -> Option<(ClientId, String)> {
        let client = self.meant.iter().find(|called| called.id == id)?.client_id?;
        Some((client, self.clients.get(&client)?.clone()))
    }

    /// What sources are called, by their ids as the brain says them.
    pub fn source_names(&self) -> BTreeMap<String, String> {
        let channels = self.meant.iter().map(|called| (called.id.to_string(), called.called().whole()));
        channels.chain(self.parts.iter().map(|(part, name)| (part.to_string(), name.clone()))).collect()
    }

    /// Whose the channels are.
    pub fn owners(&self) -> Owners {
        missing::owners(&self.channels)
    }

    /// The clients that are meant, each once.
    pub fn meant_clients(&self) -> Vec<ClientId> {
        match &self.scope {
            Scope::Agency(_) => self.clients.keys().copied().collect(),
            _ => {
                let own: BTreeSet<ClientId> = self.meant.iter().filter_map(|called| called.client_id).collect();
                let named = self.question.filters.clients.iter().copied();
                own.into_iter().chain(named).collect::<BTreeSet<_>>().into_iter().collect()
            }
        }
    }
}

/// Looks at what a question names. The caller freezes the transaction.
///
/// # Errors
/// Of a strict question what of it makes no sense, or missing for what is not in sight.
pub(super) async fn resolve(
    service: &Service,
    tx: &mut TenantTx,
    actor: &Actor,
    asked: &Asked,
    manner: Manner,
) -> Result<Resolved> {
    let mut look = Look { notes: asked.wrong.clone(), manner };
    if let (Manner::Strict, Some(wrong)) = (manner, asked.wrong.first()) {
        return Err(wrong.clone().into());
    }
    let agency = organization::get(tx).await?;
    let names = client::list_names(tx).await?;
    let mut question = asked.question.clone();
    look.clients(&mut question.filters, &names)?;
    let mut meant = channel::list_names(tx).await?;
    look.channels(&mut question.filters, &meant)?;
    let Filters { clients, channels, .. } = &question.filters;
    meant.retain(|called| {
        let client = called.client_id.is_some_and(|id| clients.contains(&id));
        (clients.is_empty() || client) && (channels.is_empty() || channels.contains(&called.id))
    });
    let campaigns = look.parts(tx, Level::Campaign, &mut question.filters, &meant).await?;
    let creatives = look.parts(tx, Level::Ad, &mut question.filters, &meant).await?;
    let Filters { clients, channels, campaigns: chosen, creatives: ads } = &question.filters;
    let scope = if !ads.is_empty() {
        Scope::Creatives(ads.iter().cloned().collect())
    } else if !chosen.is_empty() {
        Scope::Campaigns(chosen.iter().cloned().collect())
    } else if !channels.is_empty() {
        Scope::of_channels(channels.iter().copied().collect())
    } else if !clients.is_empty() {
        Scope::of_clients(clients.iter().copied().collect())
    } else {
        Scope::Agency(agency.id)
    };
    meant.retain(|called| scope.holds(called.id, called.client_id));
    let of = if let Scope::Agency(_) = scope { EVERYTHING.to_owned() } else { named(tx, actor, &scope).await? };
    // What is of one client is told in its currency and in its days.
    let (currency, zone) = match only_client(&scope, &meant) {
        Some(id) => {
            let fields = client::get(tx, id).await?.fields;
            (fields.currency, fields.time_zone)
        }
        None => (agency.currency.clone(), agency.time_zone.clone()),
    };
    let (mut read, ended) = brain::whole_channels(service, tx, &agency, None, None).await?;
    read.retain(|channel| scope.holds(channel.id, channel.client_id));
    let there = service.clock.now() + agency.ahead;
    let today = moment::day(&zone, there).or_else(|| ended.next_day()).unwrap_or(ended);
    let days = question.range.days(today);
    Ok(Resolved {
        compared: question.comparison.days(days),
        granularity: question.granularity.unwrap_or_else(|| Granularity::usual(days.count())),
        days,
        notes: look.notes,
        of,
        currency,
        channels: read,
        meant,
        ended,
        clients: names.into_iter().map(|(id, name, _)| (id, name)).collect(),
        parts: campaigns.into_iter().chain(creatives).collect(),
        agency,
        question,
        scope,
    })
}

/// The client of all that is meant, if it is one alone.
fn only_client(scope: &Scope, meant: &[Called]) -> Option<ClientId> {
    match scope {
        Scope::Agency(_) | Scope::Clients(_) => None,
        Scope::Client(id) => Some(*id),
        _ => {
            let clients: BTreeSet<Option<ClientId>> = meant.iter().map(|called| called.client_id).collect();
            clients.first().copied().flatten().filter(|_| clients.len() == 1)
        }
    }
}

/// What is looked at, and what was missed.
struct Look {
    notes: Vec<Invalid>,
    manner: Manner,
}

impl Look {
    /// Something that is named is not there, or not in sight.
    fn gone(&mut self, field: &str, words: &str) -> Result<()> {
        if self.manner == Manner::Strict {
            return Err(Error::Missing);
        }
        self.note(field, words);
        Ok(())
    }

    fn note(&mut self, field: &str, words: &str) {
        let told = Invalid::new(field, words);
        if !self.notes.contains(&told) {
            self.notes.push(told);
        }
    }

    fn clients(&mut self, filters: &mut Filters, names: &[(ClientId, String, bool)]) -> Result<()> {
        for id in std::mem::take(&mut filters.clients) {
            match names.iter().find(|(known, ..)| *known == id) {
                None => {
                    self.gone(
                        "client_id",
                        "a client that was asked for is gone or not in your sight, so it is left out",
                    )?;
                }
                Some((_, name, archived)) => {
                    if *archived {
                        self.note("client_id", &format!("{name} is archived. What was read of it stays"));
                    }
                    filters.clients.push(id);
                }
            }
        }
        Ok(())
    }

    fn channels(&mut self, filters: &mut Filters, names: &[Called]) -> Result<()> {
        for id in std::mem::take(&mut filters.channels) {
            match names.iter().find(|called| called.id == id) {
                None => {
                    self.gone(
                        "channel_id",
                        "a channel that was asked for is gone or not in your sight, so it is left out",
                    )?;
                }
                Some(called) if !belongs(called, &filters.clients) => {
                    let name = called.called().whole();
                    let words = format!("{name} belongs to none of the chosen clients, so it is left out");
                    self.note("channel_id", &words);
                }
                Some(_) => filters.channels.push(id),
            }
        }
        Ok(())
    }

    /// Campaigns or advertisements, with what they are called.
    async fn parts(
        &mut self,
        tx: &mut TenantTx,
        level: Level,
        filters: &mut Filters,
        meant: &[Called],
    ) -> Result<Vec<(PartId, String)>> {
        let ad = level == Level::Ad;
        let chosen = std::mem::take(if ad { &mut filters.creatives } else { &mut filters.campaigns });
        if chosen.is_empty() {
            return Ok(Vec::new());
        }
        let channels: BTreeSet<ChannelId> = chosen.iter().map(|part| part.channel_id).collect();
        let channels: Vec<ChannelId> = channels.into_iter().collect();
        let ids: Vec<String> = chosen.iter().map(|part| part.external_id.clone()).collect();
        let found = ad_entity::list_placed(tx, &channels, level, &ids, i64::MAX).await?;
        let (field, one) = if ad { ("creative", "an advertisement") } else { ("campaign", "a campaign") };
        let (mut kept, mut names) = (Vec::new(), Vec::new());
        for part in chosen {
            let Some(placed) = found.iter().find(|placed| placed.id == part) else {
                self.gone(field, &format!("{one} that was asked for is gone or not in your sight, so it is left out"))?;
                continue;
            };
            let name = called(placed);
            let other = |placed: &ad_entity::Placed| {
                let campaign = placed.campaign_id.as_ref().map(|id| PartId::new(part.channel_id, id.as_str()));
                campaign.is_some_and(|id| !filters.campaigns.contains(&id))
            };
            if !meant.iter().any(|called| called.id == part.channel_id) {
                self.note(field, &format!("{name} runs in none of the chosen channels, so it is left out"));
            } else if ad && !filters.campaigns.is_empty() && other(placed) {
                self.note(field, &format!("{name} belongs to none of the chosen campaigns, so it is left out"));
            } else {
                kept.push(part.clone());
                names.push((part, name));
            }
        }
        *(if ad { &mut filters.creatives } else { &mut filters.campaigns }) = kept;
        Ok(names)
    }
}

/// Whether a channel is of one of these clients, or none is named.
fn belongs(called: &Called, clients: &[ClientId]) -> bool {
    clients.is_empty() || called.client_id.is_some_and(|id| clients.contains(&id))
}
