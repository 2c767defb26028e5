//! Words of the world: advertisements and names of people. Everything is invented; addresses end in `.example`.

use serde::Serialize;

use crate::{picture, plan::Channel, random::Stream, world::World};

/// What an advertisement shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Creative {
    /// The platform's id of the creative: digits.
    pub external_id: String,
    /// The platform's id of the ad that shows it.
    pub ad_id: String,
    /// The line above.
    pub headline: String,
    /// The text below.
    pub text: String,
    /// What the button says.
    pub call: String,
    /// Where it leads.
    pub link: String,
    /// Its picture, as SVG.
    pub picture: String,
}

const OPENINGS: [&str; 6] = [
    "You asked, so we made it again.",
    "There is a reason people write to us about this one.",
    "We spent two years on something you will use every day.",
    "Small shop, short list, no filler.",
    "It comes in plain cardboard and it is worth opening.",
    "If it does not last, send it back.",
];
const CLOSINGS: [&str; 5] = [
    "Ships tomorrow.",
    "Thirty days to change your mind.",
    "See how it is made.",
    "While this batch lasts.",
    "Real people answer your questions.",
];
const CALLS: [&str; 4] = ["Shop now", "Learn more", "See the range", "Order today"];

impl World {
    /// The creatives of an ad account, in the order of its ads; those of ads that are not there yet are left out. Empty for
    /// a shop.
    pub fn creatives(&self, channel: &Channel) -> Vec<Creative> {
        let Some(account) = &channel.account else { return vec![] };
        let client = self.client_of(channel);
        let key = self.plan.key.name("creative").number(channel.index as u64);
        let there = account.ads.iter().enumerate();
        let there = there.filter(|(_, ad)| ad.launched.is_none_or(|launched| launched <= self.today()));
        there
            .map(|(at, ad)| {
                let mut stream = key.number(at as u64).stream();
                let product = ad.name.rsplit_once(' ').map_or(ad.name.as_str(), |(product, _)| product);
                let promise = client.trade.promises[(at + channel.index) % client.trade.promises.len()];
                let text = format!("{} {promise}. {}", stream.pick(&OPENINGS), stream.pick(&CLOSINGS));
                Creative {
                    external_id: format!("9{}", ad.external_id),
                    ad_id: ad.external_id.clone(),
                    headline: format!("{product}: {}", lower_first(promise)),
                    text,
                    call: (*stream.pick(&CALLS)).into(),
                    link: format!("https://{}/products/{}", client.domain(), crate::client::slug(product)),
                    picture: picture::draw(&mut stream, product, promise),
                }
            })
            .collect()
    }
}

fn lower_first(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

const GIVEN: [&str; 24] = [
    "Amara", "Bruno", "Clara", "Dario", "Elif", "Felix", "Greta", "Hassan", "Ines", "Jonas", "Keiko", "Lars", "Mina",
    "Noah", "Olga", "Pavel", "Rosa", "Samir", "Tilda", "Uwe", "Vera", "Wanda", "Yusuf", "Zoe",
];
const FAMILY: [&str; 24] = [
    "Adler",
    "Brandt",
    "Castillo",
    "Dunne",
    "Eriksen",
    "Fischer",
    "Gallo",
    "Haddad",
    "Ivanova",
    "Jensen",
    "Kaya",
    "Lindqvist",
    "Moreau",
    "Novak",
    "Okafor",
    "Petersen",
    "Quinn",
    "Rossi",
    "Schmid",
    "Tanaka",
    "Ueda",
    "Vogel",
    "Walsh",
    "Zimmer",
];

/// Somebody's given and family name.
pub(crate) fn person(stream: &mut Stream) -> (&'static str, &'static str) {
    (stream.pick(&GIVEN), stream.pick(&FAMILY))
}

/// A customer of a shop.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Customer {
    /// The number in this shop.
    pub number: u64,
    /// Given and family name.
    pub name: String,
    /// The address; nobody's.
    pub email: String,
}

impl World {
    /// The customer with this number of a shop.
    pub fn customer(&self, channel: &Channel, number: u64) -> Customer {
        let key = self.plan.key.name("customer").number(channel.client as u64).number(number);
        let (given, family) = person(&mut key.stream());
        let email = format!("{}.{}{number}@mail.example", given.to_lowercase(), family.to_lowercase());
        Customer { number, name: format!("{given} {family}"), email }
    }

    /// The names of a client's products, by their places in [`Line`](crate::shop::Line).
    pub fn products(&self, channel: &Channel) -> &'static [&'static str] {
        &self.client_of(channel).trade.products
    }
}
