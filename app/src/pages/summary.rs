//! The executive summary: what the brain says, in a minute's words for one persona. Every number in it can be opened.

use leptos::prelude::*;
use leptos_router::{LazyRoute, hooks::use_query_map, lazy_route};
use model::{
    event::Kind,
    metric::spelled,
    summary::{Figure, Persona, Section, Sentence, Summary},
};
use serde::{Deserialize, Serialize};

use crate::{
    components::{live::changes_of, page::Heading, part::part, personas::Personas},
    error::AppError,
};

/// The page's own address.
const PAGE: &str = "/summary";

/// A summary, if something was thought, and whether who reads it can connect accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SummaryView {
    told: Option<Summary>,
    may_connect: bool,
}

/// The newest state in words, for a persona: of a client, or of all in sight.
#[server(prefix = "/app", endpoint = "get_summary", output = crate::codec::Json)]
pub async fn get_summary(persona: String, client_id: String) -> Result<SummaryView, AppError> {
    use model::{access, input::Invalid};
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let wrong = || Invalid::new("persona", "choose CMO, VP Growth or Director of Performance");
    let persona = if persona.is_empty() { Some(Persona::default()) } else { Persona::parse(&persona) };
    let client = (!client_id.is_empty()).then(|| client_id.parse().map_err(|_| service::Error::Missing)).transpose()?;
    let question = service::summary::Question {
        persona: persona.ok_or_else(wrong).map_err(service::Error::from)?,
        client_id: client,
        as_of: None,
    };
    let told = service::summary::find(&service, &actor, question).await?;
    Ok(SummaryView { told, may_connect: access::may(actor.role, access::Action::EditIntegrations) })
}

/// The summary, with its persona in the address.
#[component]
pub fn SummaryPage() -> impl IntoView {
    let query = use_query_map();
    let of = move |name: &'static str| query.with(|query| query.get(name)).unwrap_or_default();
    let asked = Memo::new(move |_| (of("persona"), of("client_id")));
    let thought = changes_of(&[Kind::Brain, Kind::Action]);
    let told = Resource::new(
        move || (asked.get(), thought.get()),
        |((persona, client_id), _)| get_summary(persona, client_id),
    );
    let here = Memo::new(move |_| asked.with(|(persona, _)| Persona::parse(persona).unwrap_or_default()));
    let href = move |one: Persona| asked.with(|(_, client_id)| address(one, client_id));
    view! {
        <div class="flex max-w-3xl flex-col gap-6">
            <Heading text="Summary" />
            <Personas here=here href=href />
            {part("The summary", "heading", told, move |view| view! { <Told view=view /> })}
        </div>
    }
}

/// The page for a persona, and for a client if one is named; what is no id is no part of an address.
fn address(persona: Persona, client_id: &str) -> String {
    let of = client_id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-') && !client_id.is_empty();
    let client = if of { format!("&client_id={client_id}") } else { String::new() };
    format!("{PAGE}?persona={}{client}", persona.key())
}

#[component]
fn Told(view: SummaryView) -> impl IntoView {
    let SummaryView { told, may_connect } = view;
    let connect = may_connect.then(|| view! { <a href="/settings/integrations">"Connect an account"</a> });
    let Some(Summary { persona, day, sections }) = told else {
        return view! {
            <p class="text-muted" data-test="empty">
                "Nothing has been analysed yet. The brain looks at what is stored after every reading and each night; what it says stands here then. "
                {connect}
            </p>
        }
        .into_any();
    };
    view! {
        <article class="flex flex-col gap-6" data-test="summary">
            <p class="text-xs text-muted">"For the " {persona.label()} ", of what was known to the end of " <time datetime=day.clone() data-literal="">{day.clone()}</time> "."<span class="no-print">" Press a number to see what it is made of."</span></p>
            {sections.into_iter().map(|section| view! { <Part section=section /> }).collect_view()}
        </article>
    }
    .into_any()
}

#[component]
fn Part(section: Section) -> impl IntoView {
    let Section { heading, sentences } = section;
    let label = heading.clone();
    view! {
        <section class="flex flex-col gap-2" aria-label=label>
            <h2>{heading}</h2>
            {sentences.into_iter().map(|sentence| view! {
                <div class="told" data-test="sentence">{pieces(sentence).into_iter().map(|piece| match piece {
                    Piece::Words(words) => view! { <span data-literal="">{words}</span> }.into_any(),
                    Piece::Number(figure) => view! { <Number figure=figure /> }.into_any(),
                }).collect_view()}</div>
            }).collect_view()}
        </section>
    }
}

/// A number that can be opened.
#[component]
fn Number(figure: Figure) -> impl IntoView {
    let Figure { key, value, unit, shown, outcome, path, first, last, made, .. } = figure;
    let days = first.zip(last).map(|(first, last)| if first == last { first } else { format!("{first} to {last}") });
    view! {
        <details class="made" data-test=format!("number {key}")>
            <summary><span class="figure" data-literal="">{shown}</span></summary>
            <ul class="told-basis text-xs text-muted">
                <li><span data-literal="">{spelled(&key)} ": " {value} " " {unit_words(&unit).to_owned()}</span></li>
                {days.map(|days| view! { <li>"Days: " <span data-literal="">{days}</span></li> })}
                {made.into_iter().map(|line| view! { <li data-literal="">{line}</li> }).collect_view()}
                <li>"In the state: " <code data-literal="">{outcome} " " {path}</code></li>
            </ul>
        </details>
    }
}

/// What a value is measured in, for people; currencies speak for themselves.
fn unit_words(unit: &str) -> &str {
    match unit {
        "count" => "pieces",
        "ratio" => "for each unit",
        "share" => "as a share of one",
        "change" => "as a share of what was before",
        other => other,
    }
}

/// A part of a sentence.
#[derive(Debug, PartialEq)]
pub(crate) enum Piece {
    /// Words, with the days and names in them.
    Words(String),
    /// A number.
    Number(Figure),
}

/// A sentence, taken apart where its numbers stand.
pub(crate) fn pieces(sentence: Sentence) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let mut letters = sentence.text.chars();
    let mut at = 0;
    for figure in sentence.figures {
        let words: String = letters.by_ref().take(figure.at.saturating_sub(at)).collect();
        if !words.is_empty() {
            pieces.push(Piece::Words(words));
        }
        let long = figure.shown.chars().count();
        letters.by_ref().take(long).for_each(drop);
        at = figure.at + long;
        pieces.push(Piece::Number(figure));
    }
    pieces.push(Piece::Words(letters.collect()));
    pieces
}

/// The page and its code, which the browser loads when it is opened.
#[derive(Debug)]
pub struct SummaryRoute;

#[lazy_route]
impl LazyRoute for SummaryRoute {
    fn data() -> Self {
        Self
    }

    fn view(_this: Self) -> AnyView {
        view! { <SummaryPage /> }.into_any()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_holds_an_id_and_nothing_else() {
        assert_eq!(address(Persona::Cmo, ""), "/summary?persona=cmo");
        assert_eq!(address(Persona::Director, "01a2-f"), "/summary?persona=director&client_id=01a2-f");
        assert_eq!(address(Persona::VpGrowth, "x&y=1"), "/summary?persona=vp_growth");
    }

    #[test]
    fn a_sentence_is_taken_apart_where_its_numbers_stand() {
        let figure = |shown: &str, at: usize| Figure {
            key: "spend".into(),
            value: "1".into(),
            unit: "EUR".into(),
            shown: shown.into(),
            at,
            outcome: 0,
            path: "/x".into(),
            first: None,
            last: None,
            made: Vec::new(),
        };
        let text = "Café 24: 10 %, then 5.".to_owned();
        let (one, two) = (figure("10 %", 9), figure("5", 20));
        let apart = pieces(Sentence { text, figures: vec![one.clone(), two.clone()] });
        let words = |words: &str| Piece::Words(words.to_owned());
        assert_eq!(apart, [words("Café 24: "), Piece::Number(one), words(", then "), Piece::Number(two), words(".")]);
    }
}
