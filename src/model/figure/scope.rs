//! Whose days a figure is made of: those of channels, or of campaigns or creatives in them.

use std::{collections::BTreeSet, fmt};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{bytes, hex};
use crate::id::{ChannelId, ClientId, OrganizationId};

/// The most clients, channels, campaigns or creatives that a figure is made of by name.
pub const MOST: usize = 20;
/// The longest id of a platform, in bytes.
const LONGEST_ID: usize = 500;
/// How long a channel's id is.
const UUID: usize = 36;

/// A campaign or a creative: the channel it runs in, and the platform's id of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PartId {
    /// Where it runs.
    pub channel_id: ChannelId,
    /// The platform's id.
    pub external_id: String,
}

impl PartId {
    /// What is called so in a channel.
    pub fn new(channel_id: ChannelId, external_id: impl Into<String>) -> Self {
        Self { channel_id, external_id: external_id.into() }
    }

    /// Reads what stands in addresses: the channel's id, a colon, the platform's id.
    pub fn parse(text: &str) -> Option<Self> {
        let (channel, id) = text.split_once(':')?;
        let known = !id.is_empty() && id.len() <= LONGEST_ID && !id.contains(char::is_control);
        known.then_some(Self { channel_id: uuid(channel)?.into(), external_id: id.to_owned() })
    }
}

impl fmt::Display for PartId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.channel_id, self.external_id)
    }
}

/// A UUID as it is written by us, and in no other way.
fn uuid(text: &str) -> Option<Uuid> {
    Uuid::parse_str(text).ok().filter(|id| id.to_string() == text)
}

/// Whose days are meant.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Those of all channels of this agency that are in the sight of whoever asks.
    Agency(OrganizationId),
    /// Those of a client's channels.
    Client(ClientId),
    /// Those of several clients' channels.
    Clients(BTreeSet<ClientId>),
    /// Those of one channel.
    Channel(ChannelId),
    /// Those of several channels.
    Channels(BTreeSet<ChannelId>),
    /// Those of campaigns.
    Campaigns(BTreeSet<PartId>),
    /// Those of advertisements.
    Creatives(BTreeSet<PartId>),
}

impl Scope {
    /// Of these clients, of which there is one at least.
    pub fn of_clients(ids: BTreeSet<ClientId>) -> Self {
        match ids.first() {
            Some(only) if ids.len() == 1 => Self::Client(*only),
            _ => Self::Clients(ids),
        }
    }

    /// Of these channels, of which there is one at least.
    pub fn of_channels(ids: BTreeSet<ChannelId>) -> Self {
        match ids.first() {
            Some(only) if ids.len() == 1 => Self::Channel(*only),
            _ => Self::Channels(ids),
        }
    }

    /// The campaigns or advertisements it names; none where whole channels are meant. Of no name at all, those that were read are
    /// meant: no figure's id says so.
    pub fn parts(&self) -> Option<&BTreeSet<PartId>> {
        match self {
            Self::Campaigns(parts) | Self::Creatives(parts) => Some(parts),
            _ => None,
        }
    }

    /// Whether it is of this channel, which belongs to this client, or of something in it.
    pub fn holds(&self, channel: ChannelId, client: Option<ClientId>) -> bool {
        match self {
            Self::Agency(_) => true,
            Self::Client(id) => client == Some(*id),
            Self::Clients(ids) => client.is_some_and(|client| ids.contains(&client)),
            Self::Channel(id) => channel == *id,
            Self::Channels(ids) => ids.contains(&channel),
            Self::Campaigns(parts) | Self::Creatives(parts) => {
                parts.is_empty() || parts.iter().any(|part| part.channel_id == channel)
            }
        }
    }

    /// Reads what stands in a figure's id.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut letters = text.chars();
        let (kind, ids) = (letters.next()?, letters.as_str());
        if ids.split('_').count() > MOST {
            return None;
        }
        Some(match kind {
            'a' => Self::Agency(ids.parse().ok()?),
            'c' => Self::of_clients(ids.split('_').map(|id| id.parse().ok()).collect::<Option<_>>()?),
            'h' => Self::of_channels(ids.split('_').map(|id| id.parse().ok()).collect::<Option<_>>()?),
            'k' => Self::Campaigns(ids.split('_').map(part).collect::<Option<_>>()?),
            'v' => Self::Creatives(ids.split('_').map(part).collect::<Option<_>>()?),
            _ => return None,
        })
    }
}

/// A channel's id, an x, and the platform's id in hexadecimal.
fn part(text: &str) -> Option<PartId> {
    let (channel, id) = text.split_at_checked(UUID)?;
    let id = bytes(id.strip_prefix('x')?, LONGEST_ID).filter(|id| !id.is_empty())?;
    Some(PartId { channel_id: uuid(channel)?.into(), external_id: id })
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = |parts: &BTreeSet<PartId>| {
            let one = |part: &PartId| format!("{}x{}", part.channel_id, hex(&part.external_id));
            parts.iter().map(one).collect::<Vec<_>>().join("_")
        };
        match self {
            Self::Agency(id) => write!(f, "a{id}"),
            Self::Client(id) => write!(f, "c{id}"),
            Self::Clients(ids) => write!(f, "c{}", joined(ids)),
            Self::Channel(id) => write!(f, "h{id}"),
            Self::Channels(ids) => write!(f, "h{}", joined(ids)),
            Self::Campaigns(of) => write!(f, "k{}", parts(of)),
            Self::Creatives(of) => write!(f, "v{}", parts(of)),
        }
    }
}

fn joined<T: ToString>(ids: &BTreeSet<T>) -> String {
    ids.iter().map(ToString::to_string).collect::<Vec<_>>().join("_")
}
