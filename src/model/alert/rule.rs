//! Rules of who hears of which alerts and how, and when somebody wants quiet.

use serde::{Deserialize, Serialize};

use super::{FindingKind, Found, Severity};
use crate::{
    id::{AlertRuleId, ChannelId, ClientId, MemberId},
    input::Invalid,
    role::Role,
};

words! {
    /// How somebody hears of an alert.
    Way {
        /// By a mail of its own, as soon as the quiet hours allow.
        Mail: "mail", "Mail at once";
        /// On Monday at 08:00, with the others of the week.
        Digest: "digest", "Monday's digest";
    }
}

/// The most characters of a rule's name.
pub const MAX_RULE_NAME: usize = 100;
/// The most clients, channels, providers or members that a rule names.
pub const MAX_NAMED: usize = 500;

/// What a rule says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleFields {
    /// What people call it.
    pub name: String,
    /// Whether it is on: one that is off is about nothing.
    pub enabled: bool,
    /// How those whom it names hear of it.
    pub way: Way,
    /// What is at least so bad.
    pub least_severity: Severity,
    /// Of these clients; of all, if none is named.
    pub client_ids: Vec<ClientId>,
    /// In these channels; in all, if none is named.
    pub channel_ids: Vec<ChannelId>,
    /// In channels of these providers; of all, if none is named.
    pub providers: Vec<String>,
    /// Of these kinds; of all, if none is named.
    pub kinds: Vec<FindingKind>,
    /// Everybody of these roles hears of it, of the clients in their sight.
    pub roles: Vec<Role>,
    /// And these members.
    pub member_ids: Vec<MemberId>,
}

impl RuleFields {
    /// Checks what was typed; everything named stands once and in order.
    ///
    /// # Errors
    /// A name that cannot be accepted, nobody who hears of it, or too much that is named.
    pub fn parse(mut self) -> Result<Self, Invalid> {
        self.name = crate::input::line("name", "Name", &self.name, MAX_RULE_NAME)?;
        once(&mut self.client_ids);
        once(&mut self.channel_ids);
        once(&mut self.providers);
        once(&mut self.kinds);
        once(&mut self.roles);
        once(&mut self.member_ids);
        if self.roles.is_empty() && self.member_ids.is_empty() {
            return Err(Invalid::new("roles", "choose who hears of it: a role, or a member"));
        }
        let named = [
            ("client_ids", self.client_ids.len()),
            ("channel_ids", self.channel_ids.len()),
            ("providers", self.providers.len()),
            ("member_ids", self.member_ids.len()),
        ];
        match named.into_iter().find(|(_, count)| *count > MAX_NAMED) {
            Some((field, _)) => Err(Invalid::new(field, format!("name at most {MAX_NAMED}"))),
            None => Ok(self),
        }
    }

    /// The same, with only what it names beyond `before`.
    pub fn beyond(&self, before: &Self) -> Self {
        fn without<T: Clone + PartialEq>(named: &[T], before: &[T]) -> Vec<T> {
            named.iter().filter(|one| !before.contains(one)).cloned().collect()
        }
        Self {
            client_ids: without(&self.client_ids, &before.client_ids),
            channel_ids: without(&self.channel_ids, &before.channel_ids),
            providers: without(&self.providers, &before.providers),
            kinds: without(&self.kinds, &before.kinds),
            roles: without(&self.roles, &before.roles),
            member_ids: without(&self.member_ids, &before.member_ids),
            ..self.clone()
        }
    }

    /// Whether it is about something of this kind and severity, of this client, in one of its channels with their providers.
    pub fn matches(&self, found: &Found, providers: &[String]) -> bool {
        fn among<T: PartialEq>(named: &[T], all: &[T]) -> bool {
            named.is_empty() || all.iter().any(|one| named.contains(one))
        }
        self.enabled
            && found.severity >= self.least_severity
            && among(&self.client_ids, found.client_id.as_slice())
            && among(&self.channel_ids, &found.channels)
            && among(&self.kinds, &[found.kind])
            && among(&self.providers, providers)
    }

    /// Whether it is for this member.
    pub fn is_for(&self, id: MemberId, role: Role) -> bool {
        self.roles.contains(&role) || self.member_ids.contains(&id)
    }
}

fn once<T: Ord>(named: &mut Vec<T>) {
    named.sort_unstable();
    named.dedup();
}

/// A rule that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Its id.
    pub id: AlertRuleId,
    /// What it says.
    pub fields: RuleFields,
}

/// The rules of a new agency.
pub fn default_rules() -> [RuleFields; 2] {
    let rule = |name: &str, way, least_severity| RuleFields {
        name: name.to_owned(),
        enabled: true,
        way,
        least_severity,
        client_ids: Vec::new(),
        channel_ids: Vec::new(),
        providers: Vec::new(),
        kinds: Vec::new(),
        roles: vec![Role::Owner, Role::Admin, Role::Manager],
        member_ids: Vec::new(),
    };
    [
        rule("High and medium, at once", Way::Mail, Severity::Medium),
        rule("Everything else, on Mondays", Way::Digest, Severity::Info),
    ]
}

/// Minutes of the day from which and until which somebody wants no mail; they may go over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quiet {
    /// The first minute, from 0 to 1439.
    pub from: i16,
    /// The first minute after it.
    pub until: i16,
}

impl Quiet {
    /// Reads two times of day such as 22:00; none when both are empty.
    ///
    /// # Errors
    /// Only one of them, no time of day, or the same twice.
    pub fn parse(from: &str, until: &str) -> Result<Option<Self>, Invalid> {
        let minute = |field, text: &str| {
            let wrong = || Invalid::new(field, "enter a time of day as 22:00");
            let (hour, minute) = text.trim().split_once(':').ok_or_else(wrong)?;
            let part = |text: &str, most: i16| {
                let digits = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
                text.parse::<i16>().ok().filter(|number| digits && *number <= most).ok_or_else(wrong)
            };
            Ok(part(hour, 23)? * 60 + part(minute, 59)?)
        };
        match (from.trim().is_empty(), until.trim().is_empty()) {
            (true, true) => return Ok(None),
            (true, false) => return Err(Invalid::new("quiet_from", "say from when, or leave both empty")),
            (false, true) => return Err(Invalid::new("quiet_until", "say until when, or leave both empty")),
            (false, false) => {}
        }
        let quiet = Self { from: minute("quiet_from", from)?, until: minute("quiet_until", until)? };
        if quiet.from == quiet.until {
            return Err(Invalid::new("quiet_until", "the hours must end at another time than they begin"));
        }
        Ok(Some(quiet))
    }

    /// Both times of day, as 22:00.
    pub fn words(self) -> (String, String) {
        let words = |minute: i16| format!("{:02}:{:02}", minute / 60, minute % 60);
        (words(self.from), words(self.until))
    }
}

/// What a member chose for their mails about alerts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertSettings {
    /// When they want no mail.
    pub quiet: Option<Quiet>,
    /// In which zone these hours are; the agency's, if none is named.
    pub time_zone: Option<String>,
    /// Whether they want the digest.
    pub digest: bool,
}

impl Default for AlertSettings {
    /// What holds for those who chose nothing.
    fn default() -> Self {
        Self { quiet: None, time_zone: None, digest: true }
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;

    #[test]
    fn times_of_day_are_read_and_written() {
        let quiet = Quiet::parse("22:00", " 07:30").unwrap().unwrap();
        assert_eq!((quiet.from, quiet.until), (1320, 450));
        assert_eq!(quiet.words(), ("22:00".to_owned(), "07:30".to_owned()));
        assert_eq!(Quiet::parse("", " "), Ok(None));
        let wrong = [("22:00", "", "quiet_until"), ("", "7:00", "quiet_from"), ("24:00", "07:00", "quiet_from")];
        let more = [("22:00", "7:00", "quiet_until"), ("22:00", "22:00", "quiet_until"), ("x", "07:00", "quiet_from")];
        for (from, until, field) in wrong.into_iter().chain(more) {
            assert_eq!(Quiet::parse(from, until).unwrap_err().field, field, "{from} {until}");
        }
    }

    #[test]
    fn beyond_another_rule_is_what_that_one_does_not_name() {
        let [before, _] = default_rules();
        let now = RuleFields {
            name: "Meta".into(),
            providers: vec!["google_ads".into(), "meta_ads".into()],
            kinds: vec![FindingKind::Drop],
            ..before.clone()
        };
        let before = RuleFields { providers: vec!["google_ads".into(), "radio".into()], ..before };
        let beyond = now.beyond(&before);
        assert_eq!((beyond.name.as_str(), &*beyond.providers), ("Meta", &["meta_ads".to_owned()][..]));
        assert_eq!((beyond.kinds, beyond.roles), (vec![FindingKind::Drop], Vec::new()));
    }

    #[test]
    fn a_rule_is_about_what_it_names_and_about_everything_where_it_names_nothing() {
        let [mut rule, _] = default_rules();
        let client = ClientId(uuid::Uuid::from_u128(1));
        let mut found = Found {
            number: 0,
            kind: FindingKind::Drop,
            level: "channel".into(),
            entity: "a".into(),
            metric: None,
            first: date!(2026 - 11 - 01),
            last: date!(2026 - 11 - 01),
            size: None,
            probability: 0.9,
            severity: Severity::Medium,
            client_id: None,
            channels: Vec::new(),
            body: String::new(),
        };
        assert!(rule.matches(&found, &[]));
        rule.client_ids = vec![client];
        assert!(!rule.matches(&found, &[]), "what is about no client is about none of those that are named");
        found.client_id = Some(client);
        assert!(rule.matches(&found, &[]));
        let channel = |number| ChannelId(uuid::Uuid::from_u128(number));
        rule.channel_ids = vec![channel(2)];
        assert!(!rule.matches(&found, &[]));
        found.channels = vec![channel(1), channel(2)];
        assert!(rule.matches(&found, &[]), "one of several channels is named");
        let [google, meta] = ["google_ads", "meta_ads"].map(str::to_owned);
        rule.providers = vec![meta.clone()];
        assert!(!rule.matches(&found, &[]) && !rule.matches(&found, std::slice::from_ref(&google)));
        let both = [google, meta];
        assert!(rule.matches(&found, &both));
        rule.kinds = vec![FindingKind::Spike];
        assert!(!rule.matches(&found, &both));
        rule.kinds.push(FindingKind::Drop);
        found.severity = Severity::Low;
        assert!(!rule.matches(&found, &both));
        rule.least_severity = Severity::Info;
        assert!(rule.matches(&found, &both));
        rule.enabled = false;
        assert!(!rule.matches(&found, &both));
    }
}
