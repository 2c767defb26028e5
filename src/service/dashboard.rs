//! The dashboard of the agency, or of a client: main figures with what they were before, what the brain says of them, what to do
//! next, and how fresh everything is. What is read of something else is a function of its own, so that one that fails leaves the
//! others.
//!
//! Nothing is counted here: figures come from `figure::counted`, sentences from `summary`, actions from `action`.

mod line;
mod sources;

use model::{
    access::{self as rules, Action},
    actor::Actor,
    dashboard::{Beside, CardKind, CardWords, Figures, Headline, Linked, MainFigure, Told},
    fact::{Channel, Made},
    figure::{FigureId, Metric, OfDays, Scope},
    id::ClientId,
    metric::Days,
    summary::{Persona, Sentence},
};
use serde_json::Value;
use store::{brain as states, client, organization};
use time::{Date, Duration, OffsetDateTime};

pub use self::sources::sources;
use crate::{
    Result, Service, access, brain,
    figure::{
        self,
        counted::{self, Number, Reading},
        missing,
    },
    performance::words,
    summary::{self, linked},
};

/// What is shown, in this order: what platforms claim stands behind what the books say, and is never added to it.
pub(crate) const MAIN: [&str; 6] = ["spend", "ledger_revenue", "orders", "mer", "claimed_revenue", "roas_claimed"];
/// So many days are compared: four whole weeks, as the brain does.
const LENGTH: i64 = 28;

/// What the dashboard is asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked {
    /// For whom the brain speaks.
    pub persona: Persona,
    /// Of this client only; otherwise of all in sight.
    pub client_id: Option<ClientId>,
    /// As it was known at this moment; now, if none is named.
    pub as_of: Option<OffsetDateTime>,
}

fn may_connect(actor: &Actor) -> bool {
    rules::may(actor.role, Action::EditIntegrations)
}

/// The main figures of the newest four weeks that are known of all that is read, against those before.
///
/// # Errors
/// Missing for a client out of sight, or the rule that forbids it.
pub async fn figures(service: &Service, actor: &Actor, asked: Asked) -> Result<Figures> {
    access::allow(service, actor, Action::ReadClients).await?;
    let Asked { client_id, as_of, .. } = asked;
    let mut tx = service.db.tenant(actor).await?;
    states::freeze(&mut tx).await?;
    let agency = organization::get(&mut tx).await?;
    let (scope, currency) = match client_id {
        Some(id) => (Scope::Client(id), client::get(&mut tx, id).await?.fields.currency),
        None => (Scope::Agency(agency.id), agency.currency.clone()),
    };
    let (channels, day) = brain::whole_channels(service, &mut tx, &agency, client_id, as_of).await?;
    let now = OfDays { metric: Metric::SPEND, scope: scope.clone(), days: newest(&channels, day), currency };
    let before = now.before().unwrap_or(now.days);
    let pair = |days: Days| (days.first.to_string(), days.last.to_string());
    let mut told = Figures {
        days: pair(now.days),
        before: pair(before),
        count: now.days.count(),
        currency: now.currency.clone(),
        figures: Vec::new(),
        may_connect: may_connect(actor),
        may_import_rates: rules::may(actor.role, Action::EditSettings),
        simulates: service.simulates && !agency.simulated,
    };
    if channels.is_empty() {
        return Ok(told);
    }
    let metrics: Vec<Metric> = MAIN.iter().filter_map(|key| Metric::parse(key)).collect();
    let question = |days, by_day| {
        let reading = Reading { rows: false, by_day, as_of };
        counted::asked(scope.clone(), &now.currency, days, metrics.clone(), reading)
    };
    let reading = Reading { as_of, ..Reading::default() };
    let asked = vec![question(now.days, true), question(before, false)];
    let counted = counted::make_of(service, tx, &agency, (channels, day), asked, reading).await?;
    let [of_now, of_before] = [0, 1].map(|at| counted.made.get(at).map(Vec::as_slice).unwrap_or_default());
    let owners = missing::owners(&counted.channels);
    for ((metric, made), earlier) in metrics.iter().zip(of_now).zip(of_before) {
        let of = OfDays { metric: *metric, ..now.clone() };
        told.figures.push(main_figure(of, Some((before, earlier)), made, &owners));
    }
    Ok(told)
}

/// The newest days that are known of all channels that are read until lately; of none of them, the newest that are known.
fn newest(channels: &[Channel], day: Date) -> Days {
    let lately = day.saturating_sub(Duration::days(LENGTH - 1));
    let current = channels.iter().map(|channel| channel.last_day).filter(|last| *last >= lately).min();
    let last = current.or_else(|| channels.iter().map(|channel| channel.last_day).max()).unwrap_or(day).min(day);
    Days { first: last.saturating_sub(Duration::days(LENGTH - 1)), last }
}

/// A figure with what it was in other days, and how it changed. `owners` says whose the channels are.
pub(crate) fn main_figure(
    of: OfDays,
    before: Option<(Days, &Made)>,
    made: &Made,
    owners: &missing::Owners,
) -> MainFigure {
    let read = |made: &Made| counted::read(of.metric, made, &of.currency);
    let beside = |id: FigureId, number: &Number| Beside {
        id: id.to_string(),
        shown: number.shown.clone(),
        value: number.value.to_string(),
    };
    let (now, then) = (read(made), before.and_then(|(days, earlier)| Some((days, read(earlier).ok()?))));
    let both = now.as_ref().ok().zip(then.as_ref());
    let unlike = both.is_some_and(|(now, (_, then))| !now.alike(then));
    let share = both
        .filter(|_| !unlike)
        .and_then(|(now, (days, then))| figure::change(now.value, then.value).map(|share| (share, *days)));
    let rates = match &now {
        Ok(number) => number.of_rates(),
        Err(_) => serde_json::from_str::<Value>(&made.figure).is_ok_and(|figure| missing::of_rates(&figure)),
    };
    MainFigure {
        key: of.metric.key().to_owned(),
        name: words::name(of.metric.key()),
        unit: now.as_ref().map(|number| number.unit.clone()).unwrap_or_default(),
        partial: now.as_ref().is_ok_and(Number::partial),
        without: now.as_ref().map(|number| number.without(owners)).unwrap_or_default(),
        rates,
        unlike,
        before: then.map(|(days, then)| beside(FigureId::Counted(OfDays { days, ..of.clone() }), &then)),
        change: share.map(|(share, days)| Beside {
            id: FigureId::change(of.clone(), days).to_string(),
            shown: figure::in_percent(share),
            value: share.to_string(),
        }),
        line: if now.is_ok() { line::path(&made.by_day) } else { String::new() },
        now: now.map(|number| beside(FigureId::Counted(of.clone()), &number)),
    }
}

/// What the brain says: what changed in one sentence, how much is at risk, and its cards. A state is large, so all of it comes of
/// one reading.
///
/// # Errors
/// Missing for a client out of sight, or the rule that forbids it.
pub async fn told(service: &Service, actor: &Actor, asked: Asked) -> Result<Told> {
    let Asked { persona, client_id, as_of } = asked;
    let mut found = summary::told(service, actor, summary::Question { persona, client_id, as_of }).await?;
    let client = match client_id {
        Some(id) => Some(client::get(&mut service.db.tenant(actor).await?, id).await?.fields.name),
        None => None,
    };
    let [memory, oracle, curiosity] = CardKind::ALL.map(|kind| card(actor, found.as_mut(), kind));
    let mut headline = Headline {
        state_id: None,
        client,
        day: None,
        changed: None,
        colour: None,
        reasons: Vec::new(),
        may_connect: may_connect(actor),
    };
    if let Some(found) = found {
        let state = found.state.id;
        headline.state_id = Some(state);
        headline.day = Some(found.state.day.to_string());
        headline.changed = found.changed.map(|sentence| linked(sentence, state));
        headline.colour = found.colour;
        headline.reasons = found.reasons.into_iter().map(|sentence| linked(sentence, state)).collect();
    }
    Ok(Told { headline, memory, oracle, curiosity })
}

fn card(actor: &Actor, found: Option<&mut summary::Told>, kind: CardKind) -> CardWords {
    let (thought, may_connect) = (found.is_some(), may_connect(actor));
    let (sentences, gaps) = found.map_or_else(Default::default, |found| {
        let state = found.state.id;
        let (sentences, gaps) = found.take(kind);
        let link =
            |sentences: Vec<Sentence>| -> Vec<Linked> { sentences.into_iter().map(|one| linked(one, state)).collect() };
        (link(sentences), link(gaps))
    });
    CardWords { thought, sentences, gaps, may_connect }
}

/// What changed, in one sentence for a persona, of all clients in sight; none while nothing can be said.
///
/// # Errors
/// The rule that forbids it.
pub async fn line(service: &Service, actor: &Actor, persona: Persona) -> Result<Option<Linked>> {
    let question = summary::Question { persona, ..summary::Question::default() };
    let found = summary::told(service, actor, question).await?;
    Ok(found.and_then(|found| Some(linked(found.changed?, found.state.id))))
}

#[cfg(test)]
mod tests {
    use model::id::ChannelId;
    use time::macros::date;

    use super::*;

    fn channel(last_day: Date) -> Channel {
        Channel {
            id: ChannelId(uuid::Uuid::from_u128(1)),
            client_id: None,
            shop: false,
            name: "Search".into(),
            currency: "EUR".into(),
            time_zone: "UTC".into(),
            provider: "google_ads".into(),
            file: false,
            first_day: date!(2026 - 01 - 01),
            last_day,
        }
    }

    #[test]
    fn days_are_compared_that_are_known_of_all_that_is_read_lately() {
        let today = date!(2026 - 11 - 21);
        let until = |ends: &[Date]| {
            let channels: Vec<Channel> = ends.iter().map(|end| channel(*end)).collect();
            newest(&channels, today)
        };
        let (one, other, old) = (today, date!(2026 - 11 - 20), date!(2026 - 03 - 01));
        assert_eq!(until(&[one, other, old]).last, other);
        assert_eq!(until(&[old]).last, old);
        assert_eq!(until(&[]).last, today);
        assert_eq!((until(&[one]).count(), until(&[one]).last), (28, today));
    }
}
