//! The question as it stands in an address, and back.
//!
//! What is not named is as usual and is not written, so that the usual question is an empty text. Names that are not ours are
//! the page's.

use form_urlencoded::{Serializer, parse};
use serde::{Deserialize, Serialize};

use super::{Comparison, Granularity, Preset, Question, Range};
use crate::{
    figure::{MOST, PartId},
    input::Invalid,
    page::parse_day,
};

/// A question that was read, and what of it could not be.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// The question, as usual where it could not be read.
    pub question: Question,
    /// What could not be read, by the field of the address.
    pub wrong: Vec<Invalid>,
}

impl Asked {
    /// The question, if all of it could be read.
    ///
    /// # Errors
    /// The first thing that could not.
    pub fn strict(self) -> Result<Question, Invalid> {
        match self.wrong.into_iter().next() {
            Some(wrong) => Err(wrong),
            None => Ok(self.question),
        }
    }
}

impl Question {
    /// Reads what stands behind the question mark of an address.
    pub fn parse(query: &str) -> Asked {
        let mut asked = Asked::default();
        let (mut range, mut from, mut to) = (None, None, None);
        let Asked { question, wrong } = &mut asked;
        for (name, text) in parse(query.trim_start_matches('?').as_bytes()) {
            let text = text.trim();
            if text.is_empty() {
                continue;
            }
            match &*name {
                "range" => range = Some(text.to_owned()),
                "from" => from = Some(text.to_owned()),
                "to" => to = Some(text.to_owned()),
                "compare" => match Comparison::parse(text) {
                    Some(comparison) => question.comparison = comparison,
                    None => {
                        wrong.push(Invalid::new("compare", choose("compare", &Comparison::ALL.map(Comparison::key))))
                    }
                },
                "by" => match Granularity::parse(text) {
                    Some(granularity) => question.granularity = Some(granularity),
                    None => wrong.push(Invalid::new("by", choose("by", &Granularity::ALL.map(Granularity::key)))),
                },
                "client_id" => add("client_id", text.parse().ok(), &mut question.filters.clients, wrong),
                "channel_id" => add("channel_id", text.parse().ok(), &mut question.filters.channels, wrong),
                "campaign" => add("campaign", PartId::parse(text), &mut question.filters.campaigns, wrong),
                "creative" => add("creative", PartId::parse(text), &mut question.filters.creatives, wrong),
                _ => {}
            }
        }
        match days(range.as_deref(), from.as_deref(), to.as_deref()) {
            Ok(days) => question.range = days,
            Err(refused) => wrong.insert(0, refused),
        }
        asked
    }

    /// What stands behind the question mark of an address; empty for the usual question.
    pub fn query(&self) -> String {
        let mut query = Serializer::new(String::new());
        match self.range {
            Range::Preset(preset) if preset == Preset::default() => {}
            Range::Preset(preset) => {
                query.append_pair("range", preset.key());
            }
            Range::Custom(days) => {
                query.append_pair("from", &days.first.to_string()).append_pair("to", &days.last.to_string());
            }
        }
        if self.comparison != Comparison::default() {
            query.append_pair("compare", self.comparison.key());
        }
        if let Some(granularity) = self.granularity {
            query.append_pair("by", granularity.key());
        }
        for id in &self.filters.clients {
            query.append_pair("client_id", &id.to_string());
        }
        for id in &self.filters.channels {
            query.append_pair("channel_id", &id.to_string());
        }
        for part in &self.filters.campaigns {
            query.append_pair("campaign", &part.to_string());
        }
        for part in &self.filters.creatives {
            query.append_pair("creative", &part.to_string());
        }
        query.finish()
    }
}

/// Which days are meant: from one to another, or some that have a name.
fn days(range: Option<&str>, from: Option<&str>, to: Option<&str>) -> Result<Range, Invalid> {
    match (range, from, to) {
        // A form sends both: what is chosen there is `custom`.
        (None | Some("custom"), Some(from), Some(to)) => Range::custom(parse_day("from", from)?, parse_day("to", to)?),
        (None | Some("custom"), Some(_), None) => Err(Invalid::new("to", "name the last day too")),
        (None, None, Some(_)) | (Some("custom"), None, _) => Err(Invalid::new("from", "name the first day too")),
        (None, None, None) => Ok(Range::default()),
        (Some(range), ..) => Preset::parse(range)
            .map(Range::Preset)
            .ok_or_else(|| Invalid::new("range", choose("range", &Preset::ALL.map(Preset::key)))),
    }
}

/// One of a few spellings.
fn choose(field: &str, keys: &[&str]) -> String {
    format!("{field} is one of {}", keys.join(", "))
}

/// One more id of a list, each of them once.
fn add<T: PartialEq>(field: &str, id: Option<T>, list: &mut Vec<T>, wrong: &mut Vec<Invalid>) {
    let refused = |wrong: &mut Vec<Invalid>, words: &str| {
        if !wrong.iter().any(|one| one.field == field) {
            wrong.push(Invalid::new(field, words));
        }
    };
    match id {
        None => refused(wrong, "this is no id. Choose it from the list again"),
        Some(id) if list.contains(&id) => {}
        Some(_) if list.len() >= MOST => refused(wrong, &format!("choose at most {MOST} at once")),
        Some(id) => list.push(id),
    }
}

#[cfg(test)]
mod tests {
    use time::macros::date;

    use super::*;
    use crate::{
        analytics::Filters,
        id::{ChannelId, ClientId},
        metric::Days,
    };

    fn uuid(n: u128) -> uuid::Uuid {
        uuid::Uuid::from_u128(0x0190_a1b2_c3d4_7000_8000_0000_0000_0000 + n)
    }

    #[test]
    fn a_question_is_read_as_it_is_written() {
        let channel = ChannelId(uuid(3));
        let filters = Filters {
            clients: vec![ClientId(uuid(1)), ClientId(uuid(2))],
            channels: vec![channel],
            campaigns: vec![PartId::new(channel, "Sömmer & more=100% +x"), PartId::new(channel, "120:7")],
            creatives: vec![PartId::new(channel, "9")],
        };
        let days = Days { first: date!(2026 - 01 - 31), last: date!(2026 - 02 - 28) };
        let mut questions: Vec<Question> =
            Preset::ALL.map(|preset| Question { range: Range::Preset(preset), ..Question::default() }).into();
        questions.push(Question {
            range: Range::Custom(days),
            comparison: Comparison::LastYear,
            granularity: Some(Granularity::Week),
            filters,
        });
        questions.push(Question { comparison: Comparison::None, ..Question::default() });
        for question in questions {
            let query = question.query();
            assert_eq!(Question::parse(&query), Asked { question, wrong: vec![] }, "{query}");
        }
        assert_eq!(Question::default().query(), "");
    }

    #[test]
    fn what_cannot_be_read_is_told_and_the_rest_is_kept() {
        let fields = |query: &str| -> Vec<String> {
            Question::parse(query).wrong.into_iter().map(|wrong| wrong.field).collect()
        };
        for (query, wrong) in [
            ("range=soon", "range"),
            ("from=2026-11-02&to=2026-11-01", "to"),
            ("from=1976-11-01&to=2026-11-01", "to"),
            ("from=2026-11-01", "to"),
            ("to=2026-11-01", "from"),
            ("range=custom", "from"),
            ("from=x&to=2026-11-01", "from"),
            ("compare=x", "compare"),
            ("by=hour", "by"),
            ("client_id=7", "client_id"),
            ("channel_id=", ""),
            ("campaign=7", "campaign"),
            ("creative=7:7", "creative"),
        ] {
            let expected: Vec<&str> = [wrong].into_iter().filter(|wrong| !wrong.is_empty()).collect();
            assert_eq!(fields(query), expected, "{query}");
        }
        let asked = Question::parse("?range=soon&compare=last_year&by=month&table=1");
        assert_eq!(
            (asked.question.comparison, asked.question.granularity),
            (Comparison::LastYear, Some(Granularity::Month))
        );
        assert_eq!(asked.question.range, Range::default());
        assert!(asked.strict().is_err());
    }

    #[test]
    fn ids_are_there_once_and_not_too_many() {
        let ids: String = (1..=21).map(|n| format!("&client_id={}", uuid(n))).collect();
        let asked = Question::parse(&format!("{ids}&client_id={}", uuid(1)));
        assert_eq!((asked.question.filters.clients.len(), asked.wrong.len()), (MOST, 1));
    }
}
