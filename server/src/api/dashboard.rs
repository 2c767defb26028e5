//! `/api/v1/dashboard`: what the dashboard shows, of the agency or of a client, every number with the id by which it is opened.

use axum::{Json, extract::State};
use model::{
    dashboard::{Beside, CardWords, Lack, Linked, LinkedNumber, MainFigure, Source, Told},
    input::Invalid,
    summary::Persona,
};
use serde::{Deserialize, Serialize};
use service::{Service, action, dashboard};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{
    brain::moment,
    error::{ApiError, ErrorBody},
    input::Params,
    list,
};
use crate::cookie::SignedIn;

/// Of whom, for whom and of which moment.
#[derive(Debug, Deserialize, IntoParams)]
pub struct DashboardQuery {
    /// Only of this client.
    client_id: Option<String>,
    /// cmo (when absent), vp_growth or director.
    persona: Option<String>,
    /// As 2026-11-03T12:00:00Z; now when absent. Actions and sources are always those of now.
    as_of: Option<String>,
}

/// The dashboard.
#[derive(Debug, Serialize, ToSchema)]
pub struct DashboardBody {
    /// cmo, vp_growth or director.
    persona: &'static str,
    /// The first day of the main figures, as 2026-11-03.
    first: String,
    last: String,
    /// The first of the days that they are compared with.
    compared_first: String,
    compared_last: String,
    /// The currency in which amounts are told.
    currency: String,
    /// None while nothing was ever read.
    figures: Vec<MainFigureBody>,
    /// What changed, in one sentence; null while nothing was thought.
    changed: Option<LinkedBody>,
    /// green, yellow or red; null where nothing could be judged.
    risk: Option<&'static str>,
    /// Why.
    reasons: Vec<LinkedBody>,
    memory: CardBody,
    oracle: CardBody,
    curiosity: CardBody,
    /// Three at most: what is to be done, then the best proposals.
    actions: Vec<NextActionBody>,
    sources: Vec<FreshnessBody>,
}

/// One of the main figures.
#[derive(Debug, Serialize, ToSchema)]
pub struct MainFigureBody {
    /// spend, ledger_revenue, orders, mer, claimed_revenue or roas_claimed.
    key: String,
    name: String,
    /// Null where there is none.
    now: Option<NumberBody>,
    /// not_connected or not_enough, where there is none.
    lack: Option<&'static str>,
    /// Why there is none, in words.
    absent: Option<String>,
    /// An ISO 4217 code for money, count or ratio.
    unit: String,
    /// Whether days or amounts are missing in it.
    partial: bool,
    /// What is missing in it, in words: how many clients are left out, how many days of how many accounts, and why.
    without: Vec<String>,
    /// Whether rates of exchange are missing in it, or are why there is none.
    rates_missing: bool,
    /// Whether it is not compared, as the days before are not of the same accounts and days.
    unlike: bool,
    /// Of as many days right before.
    before: Option<NumberBody>,
    /// A share of what was before, with its sign.
    change: Option<NumberBody>,
}

/// A number and the id by which it is opened at `/api/v1/figures/{id}`.
#[derive(Debug, Serialize, ToSchema)]
pub struct NumberBody {
    id: String,
    /// Unrounded.
    value: String,
    /// As it stands on pages.
    shown: String,
}

/// A sentence of a brain state.
#[derive(Debug, Serialize, ToSchema)]
pub struct LinkedBody {
    text: String,
    /// Its numbers in the order in which they stand in it; other digits are days or parts of names.
    numbers: Vec<NumberBody>,
}

/// What a card says.
#[derive(Debug, Serialize, ToSchema)]
pub struct CardBody {
    sentences: Vec<LinkedBody>,
    /// What is missing to say more.
    gaps: Vec<LinkedBody>,
}

/// An action to decide about or to do.
#[derive(Debug, Serialize, ToSchema)]
pub struct NextActionBody {
    id: Uuid,
    /// proposed or approved.
    state: &'static str,
    title: String,
    client_id: Uuid,
    client: String,
    /// What was read of it, to be said when it is approved.
    version: String,
}

/// How fresh a source is.
#[derive(Debug, Serialize, ToSchema)]
pub struct FreshnessBody {
    name: String,
    provider: String,
    client_id: Option<Uuid>,
    client: Option<String>,
    /// When something was last read of it.
    read_at: Option<String>,
    first_day: Option<String>,
    last_day: Option<String>,
    /// What is wrong with it, in words.
    trouble: Option<String>,
}

impl From<Beside> for NumberBody {
    fn from(beside: Beside) -> Self {
        Self { id: beside.id, value: beside.value, shown: beside.shown }
    }
}

impl From<MainFigure> for MainFigureBody {
    fn from(figure: MainFigure) -> Self {
        let (now, lack, absent) = match figure.now {
            Ok(now) => (Some(now.into()), None, None),
            Err((Lack::NotConnected, why)) => (None, Some("not_connected"), Some(why)),
            Err((Lack::NotEnough, why)) => (None, Some("not_enough"), Some(why)),
        };
        Self {
            key: figure.key,
            name: figure.name,
            now,
            lack,
            absent,
            unit: figure.unit,
            partial: figure.partial,
            without: figure.without,
            rates_missing: figure.rates,
            unlike: figure.unlike,
            before: figure.before.map(Into::into),
            change: figure.change.map(Into::into),
        }
    }
}

impl From<Linked> for LinkedBody {
    fn from(linked: Linked) -> Self {
        let number = |number: LinkedNumber| NumberBody { id: number.id, value: number.value, shown: number.shown };
        Self { text: linked.text, numbers: linked.numbers.into_iter().map(number).collect() }
    }
}

impl From<CardWords> for CardBody {
    fn from(card: CardWords) -> Self {
        let of = |sentences: Vec<Linked>| sentences.into_iter().map(Into::into).collect();
        Self { sentences: of(card.sentences), gaps: of(card.gaps) }
    }
}

impl From<model::action::Card> for NextActionBody {
    fn from(card: model::action::Card) -> Self {
        Self {
            id: card.id.0,
            state: card.state.key(),
            title: card.title,
            client_id: card.client_id.0,
            client: card.client,
            version: card.version,
        }
    }
}

impl From<Source> for FreshnessBody {
    fn from(source: Source) -> Self {
        let (client_id, client) = source.client.map(|(id, name)| (id.0, name)).unzip();
        let (first_day, last_day) = source.days.unzip();
        Self {
            name: source.name,
            provider: source.provider,
            client_id,
            client,
            read_at: source.read_at.map(|at| at.at),
            first_day,
            last_day,
            trouble: source.trouble,
        }
    }
}

/// What the dashboard shows: main figures of four weeks against those before, what changed, how much is at risk and why, what the
/// brain's parts say, what to do next, and how fresh every source is. A new agency has no figure.
#[utoipa::path(get, path = "/api/v1/dashboard", tag = "dashboard", params(DashboardQuery),
    responses((status = 200, body = DashboardBody), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub(super) async fn get(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Params(query): Params<DashboardQuery>,
) -> Result<Json<DashboardBody>, ApiError> {
    let persona = query.persona.as_deref().map_or(Some(Persona::default()), Persona::parse);
    let asked = dashboard::Asked {
        persona: persona.ok_or_else(|| Invalid::new("persona", "persona is cmo, vp_growth or director"))?,
        client_id: list::id("client_id", query.client_id.as_deref())?,
        as_of: moment(query.as_of.as_deref())?,
    };
    let figures = dashboard::figures(&service, &actor, asked).await?;
    let Told { headline, memory, oracle, curiosity } = dashboard::told(&service, &actor, asked).await?;
    let actions = action::next(&service, &actor, asked.client_id).await?.cards;
    let sources = dashboard::sources(&service, &actor, asked.client_id).await?.sources;
    Ok(Json(DashboardBody {
        persona: asked.persona.key(),
        first: figures.days.0,
        last: figures.days.1,
        compared_first: figures.before.0,
        compared_last: figures.before.1,
        currency: figures.currency,
        figures: figures.figures.into_iter().map(Into::into).collect(),
        changed: headline.changed.map(Into::into),
        risk: headline.colour.map(|colour| colour.key()),
        reasons: headline.reasons.into_iter().map(Into::into).collect(),
        memory: memory.into(),
        oracle: oracle.into(),
        curiosity: curiosity.into(),
        actions: actions.into_iter().map(Into::into).collect(),
        sources: sources.into_iter().map(Into::into).collect(),
    }))
}
