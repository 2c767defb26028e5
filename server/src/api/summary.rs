//! `/api/v1/brain/summary`: what the brain said in words for one persona, every number of it with its place in the state.

use axum::{Json, extract::State};
use model::{
    input::Invalid,
    summary::{Figure, Persona, Section, Sentence, Summary},
};
use serde::{Deserialize, Serialize};
use service::{Service, summary};
use utoipa::{IntoParams, ToSchema};

use super::{
    brain::{moment, nothing_yet},
    error::{ApiError, ErrorBody},
    input::Params,
    list,
};
use crate::cookie::SignedIn;

/// Of whom, for whom and of which moment.
#[derive(Debug, Deserialize, IntoParams)]
pub struct SummaryQuery {
    /// cmo, vp_growth or director.
    persona: Option<String>,
    /// Only of this client.
    client_id: Option<String>,
    /// As 2026-11-03T12:00:00Z; the newest state when absent.
    as_of: Option<String>,
}

/// What a state says, for one persona.
#[derive(Debug, Serialize, ToSchema)]
pub struct SummaryBody {
    /// cmo, vp_growth or director.
    persona: &'static str,
    /// The last day that had ended in the agency's zone, as 2026-11-03.
    day: String,
    /// In this persona's order; all personas are told the same figures.
    sections: Vec<SectionBody>,
}

/// Sentences under a heading.
#[derive(Debug, Serialize, ToSchema)]
pub struct SectionBody {
    heading: String,
    sentences: Vec<SentenceBody>,
}

/// A sentence and its numbers.
#[derive(Debug, Serialize, ToSchema)]
pub struct SentenceBody {
    text: String,
    /// In the order in which they stand in the text; other digits in it are days or parts of names.
    figures: Vec<FigureBody>,
}

/// A number in a sentence, and where it comes from.
#[derive(Debug, Serialize, ToSchema)]
pub struct FigureBody {
    key: String,
    /// As the state says it, unrounded.
    value: String,
    /// An ISO 4217 code for money, count, ratio, share (0 to 1), change (-0.2: a fifth less) or days.
    unit: String,
    /// As it stands in the text.
    shown: String,
    /// Where it stands in the text, in characters from its beginning.
    at: usize,
    basis: BasisBody,
    /// The first day it speaks of, if it speaks of days.
    first: Option<String>,
    last: Option<String>,
    /// What it is made of, in words.
    made: Vec<String>,
}

/// Where a figure stands in the state.
#[derive(Debug, Serialize, ToSchema)]
pub struct BasisBody {
    /// The number of the outcome.
    outcome: i32,
    /// A JSON pointer into its body; `*` is every item of a list, added up. A length in days is counted from the first and last
    /// day that stand there, or from the list's items; of an interval its lower end stands there.
    path: String,
}

impl From<Summary> for SummaryBody {
    fn from(summary: Summary) -> Self {
        let figure = |figure: Figure| FigureBody {
            key: figure.key,
            value: figure.value,
            unit: figure.unit,
            shown: figure.shown,
            at: figure.at,
            basis: BasisBody { outcome: figure.outcome, path: figure.path },
            first: figure.first,
            last: figure.last,
            made: figure.made,
        };
        let sentence = |sentence: Sentence| SentenceBody {
            text: sentence.text,
            figures: sentence.figures.into_iter().map(figure).collect(),
        };
        let section = |section: Section| SectionBody {
            heading: section.heading,
            sentences: section.sentences.into_iter().map(sentence).collect(),
        };
        Self {
            persona: summary.persona.key(),
            day: summary.day,
            sections: summary.sections.into_iter().map(section).collect(),
        }
    }
}

/// The state in a minute's words for one persona: money, risk, what was noticed, what is proposed, what is missing. Every number
/// is a figure of the state with its basis.
#[utoipa::path(get, path = "/api/v1/brain/summary", tag = "brain", params(SummaryQuery),
    responses((status = 200, body = SummaryBody), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub(super) async fn get(
    SignedIn(actor): SignedIn,
    State(service): State<Service>,
    Params(query): Params<SummaryQuery>,
) -> Result<Json<SummaryBody>, ApiError> {
    let persona = query.persona.as_deref().and_then(Persona::parse);
    let question = summary::Question {
        persona: persona.ok_or_else(|| Invalid::new("persona", "persona is cmo, vp_growth or director"))?,
        client_id: list::id("client_id", query.client_id.as_deref())?,
        as_of: moment(query.as_of.as_deref())?,
    };
    let found = summary::find(&service, &actor, question).await?;
    Ok(Json(found.ok_or_else(|| nothing_yet(service::Error::Missing))?.into()))
}
