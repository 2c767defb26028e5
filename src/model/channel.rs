//! What a channel is called for people: on pages, in mails, exports and reports.
//!
//! Accounts are often named like their client, on every platform alike: a name alone does not say which channel is meant. So the
//! platform stands first. A file is called as its source was named here, which says it already.

use crate::provider;

/// What is known of a channel's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Called<'a> {
    /// The provider's key.
    pub provider: &'a str,
    /// Whether it is fed by files.
    pub file: bool,
    /// What its owner called it.
    pub name: &'a str,
    /// The provider's id of it, which stands for a name that is missing.
    pub external_id: &'a str,
}

impl Called<'_> {
    /// What it is called by itself: "Google Ads · Bakery".
    pub fn whole(self) -> String {
        let own = self.own();
        match self.platform() {
            Some(platform) => format!("{platform} · {own}"),
            None => own.to_owned(),
        }
    }

    /// What it is called where its client stands beside it: of an account that is named like that client the platform alone.
    pub fn beside(self, client: Option<&str>) -> String {
        match self.platform() {
            Some(platform) if client.is_some_and(|client| client.trim() == self.own()) => platform.to_owned(),
            _ => self.whole(),
        }
    }

    /// The name that its owner knows it by.
    pub fn own(&self) -> &str {
        let name = self.name.trim();
        if name.is_empty() { self.external_id } else { name }
    }

    fn platform(&self) -> Option<&'static str> {
        provider::name(self.provider).filter(|_| !self.file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_is_told_from_others_that_are_named_like_it() {
        let google = Called { provider: "google_ads", file: false, name: "Bakery", external_id: "123" };
        let tiktok = Called { provider: "tiktok_ads", ..google };
        assert_eq!((&*google.whole(), &*tiktok.whole()), ("Google Ads · Bakery", "TikTok Ads · Bakery"));
        assert_eq!(google.beside(Some("Bakery")), "Google Ads");
        assert_eq!(google.beside(Some("Mill")), "Google Ads · Bakery");
        assert_eq!(google.beside(None), "Google Ads · Bakery");
        assert_eq!(Called { name: " ", ..google }.whole(), "Google Ads · 123");
        assert_eq!(
            Called { provider: "radio_waves", ..google }.beside(Some("Bakery")),
            "Bakery",
            "no platform is invented"
        );
        assert_eq!(
            Called { file: true, ..google }.beside(Some("Bakery")),
            "Bakery",
            "a file is called as its source is"
        );
    }
}
