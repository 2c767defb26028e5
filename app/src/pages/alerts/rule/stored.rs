//! Between what the services hold of rules and what their form says.

use std::{collections::BTreeSet, str::FromStr};

use model::{
    alert::{FindingKind, RuleFields, Severity, Way},
    id::{ChannelId, ClientId},
    input::Invalid,
    role::Role,
};

use super::Group;
use crate::error::AppError;

/// What rules can name, in groups.
pub(super) fn groups(service: &service::Service, choices: service::alert::rule::Choices) -> Vec<Group> {
    let service::alert::rule::Choices { clients, channels, members } = choices;
    let group = |key: &str, title: &str, items: Vec<(String, String)>| Group {
        key: key.to_owned(),
        title: title.to_owned(),
        items: items.into_iter().map(|(value, words)| (format!("{key}:{value}"), words)).collect(),
    };
    let client = |(id, name, archived): (ClientId, String, bool)| {
        (id.to_string(), if archived { format!("{name} (archived)") } else { name })
    };
    // Files may hold figures of platforms that are no providers here.
    let of_channels = channels.iter().map(|(_, _, provider)| provider.as_str());
    let called = |key: &str| {
        let offer = service.offers.iter().find(|offer| offer.descriptor.key == key);
        offer.map_or_else(|| key.replace('_', " "), |offer| offer.descriptor.name.to_owned())
    };
    let offered = service.offers.iter().map(|offer| offer.descriptor.key);
    let providers: BTreeSet<&str> = offered.chain(of_channels).collect();
    let providers = providers.into_iter().map(|key| (key.to_owned(), called(key))).collect();
    let channel = |(id, name, of): &(ChannelId, String, String)| {
        let of = called(of);
        // Most names begin with the platform's.
        (id.to_string(), if name.starts_with(&of) { name.clone() } else { format!("{name} ({of})") })
    };
    let channels = channels.iter().map(channel).collect();
    let kinds = FindingKind::OFFERED.iter().map(|kind| (kind.key().to_owned(), kind.label().to_owned()));
    vec![
        group(
            "role",
            "Everybody who is",
            Role::ALL.map(|role| (role.key().to_owned(), role.label().to_owned())).into(),
        ),
        group("member", "And these members", members.into_iter().map(|(id, name)| (id.to_string(), name)).collect()),
        group("kind", "Only these kinds", kinds.collect()),
        group("client", "Only these clients", clients.into_iter().map(client).collect()),
        group("channel", "Only these channels", channels),
        group("provider", "Only channels of", providers),
    ]
}

/// What the form says, as a rule's fields. A new rule is on; one that is there is switched elsewhere.
pub(super) fn fields(name: String, (way, least): (&str, &str), named: &[String]) -> Result<RuleFields, AppError> {
    let kind = |text: &str| FindingKind::parse(text).ok_or(service::Error::Missing);
    let role = |text: &str| text.parse::<Role>().map_err(|_| service::Error::Missing);
    Ok(RuleFields {
        name,
        enabled: true,
        way: Way::parse(way).ok_or_else(|| Invalid::new("way", "choose how they hear of it"))?,
        least_severity: Severity::parse(least)
            .ok_or_else(|| Invalid::new("least_severity", "choose how bad it is at least"))?,
        client_ids: ids(named, "client")?,
        channel_ids: ids(named, "channel")?,
        providers: of(named, "provider").map(str::to_owned).collect(),
        kinds: of(named, "kind").map(kind).collect::<Result<_, _>>()?,
        roles: of(named, "role").map(role).collect::<Result<_, _>>()?,
        member_ids: ids(named, "member")?,
    })
}

/// What is named of one sort.
fn of<'a>(named: &'a [String], key: &'a str) -> impl Iterator<Item = &'a str> {
    named.iter().filter_map(move |one| one.strip_prefix(key)?.strip_prefix(':'))
}

fn ids<T: FromStr>(named: &[String], key: &str) -> Result<Vec<T>, service::Error> {
    of(named, key).map(|id| id.parse().map_err(|_| service::Error::Missing)).collect()
}
