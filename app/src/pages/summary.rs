//! The executive summary: what the brain says, in a minute's words for one persona. Every number in it opens; it is copied, printed
//! and mailed as it stands.

mod keep;

use keep::Keep;
use leptos::prelude::*;
use leptos_router::{LazyRoute, hooks::use_query_map, lazy_route};
use model::{
    event::Kind,
    id::{MemberId, SummaryMailId},
    summary::{Persona, Shown, ShownSection, address},
};
use serde::{Deserialize, Serialize};

use crate::{
    components::{
        figure::{FigureDrawer, Opening},
        live::changes_of,
        page::Heading,
        part::part,
        personas::Personas,
        told::Told as Sentence,
        without::Rates,
    },
    error::AppError,
};

/// A summary, if something was thought, and what can be done with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SummaryView {
    told: Option<Shown>,
    may_connect: bool,
    may_import_rates: bool,
    /// The members that it can be mailed to, by name.
    people: Vec<(MemberId, String)>,
    /// Who reads it.
    me: MemberId,
    /// What tells the next click on "Mail it" from others.
    click: SummaryMailId,
}

/// The persona that is asked for; the first of them, if blank.
#[cfg(feature = "ssr")]
pub(crate) fn persona_of(text: &str) -> Result<Persona, service::Error> {
    let wrong = || model::input::Invalid::new("persona", "choose CMO, VP Growth or Director of Performance");
    let persona = if text.is_empty() { Some(Persona::default()) } else { Persona::parse(text) };
    Ok(persona.ok_or_else(wrong)?)
}

/// The client that is asked for; none, if blank.
#[cfg(feature = "ssr")]
pub(crate) fn client_of(text: &str) -> Result<Option<model::id::ClientId>, service::Error> {
    (!text.is_empty()).then(|| text.parse().map_err(|_| service::Error::Missing)).transpose()
}

/// The newest state in words, for a persona: of a client, or of all in sight.
#[server(prefix = "/app", endpoint = "get_summary", output = crate::codec::Json)]
pub async fn get_summary(persona: String, client_id: String) -> Result<SummaryView, AppError> {
    use model::access;
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let question =
        service::summary::Question { persona: persona_of(&persona)?, client_id: client_of(&client_id)?, as_of: None };
    Ok(SummaryView {
        told: service::summary::shown(&service, &actor, question).await?,
        may_connect: access::may(actor.role, access::Action::EditIntegrations),
        may_import_rates: access::may(actor.role, access::Action::EditSettings),
        people: service::summary::mail::people(&service, &actor).await?,
        me: actor.member_id,
        click: service::summary::mail::click(&service),
    })
}

/// Has the summary mailed to these members, once for each of them and each `click`.
#[server(prefix = "/app", endpoint = "mail_summary", output = crate::codec::Json)]
pub async fn mail_summary(
    click: SummaryMailId,
    persona: String,
    client_id: String,
    #[server(default)] to: Vec<MemberId>,
) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let (persona, client_id) = (persona_of(&persona)?, client_of(&client_id)?);
    let asked = service::summary::mail::Asked { click, persona, client_id, to };
    Ok(service::summary::mail::send(&service, &actor, &asked).await?)
}

/// What tells the next click on "Mail it" from the one before.
#[server(prefix = "/app", endpoint = "next_click", output = crate::codec::Json)]
pub async fn next_click() -> Result<SummaryMailId, AppError> {
    let (_, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::summary::mail::click(&service))
}

/// The summary, with its persona in the address.
#[component]
pub fn SummaryPage() -> impl IntoView {
    let query = use_query_map();
    let of = move |name: &'static str| query.with(|query| query.get(name)).unwrap_or_default();
    let asked = Memo::new(move |_| (of("persona"), of("client_id")));
    let opening = Opening::provide(Signal::stored(String::new()));
    let mail = ServerAction::<MailSummary>::new();
    let thought = changes_of(&[Kind::Brain, Kind::Action]);
    let told = Resource::new(
        move || (asked.get(), thought.get()),
        |((persona, client_id), _)| get_summary(persona, client_id),
    );
    let here = Memo::new(move |_| asked.with(|(persona, _)| Persona::parse(persona).unwrap_or_default()));
    let href = move |one: Persona| asked.with(|(_, client_id)| address(one, client_id));
    let draw = move |view: SummaryView| {
        let (_, client_id) = asked.get_untracked();
        view! { <Told view=view client_id=client_id mail=mail /> }
    };
    view! {
        <div class="flex max-w-3xl flex-col gap-6">
            <Heading text="Summary" />
            <Personas here=here href=href />
            {part("The summary", "heading", told, draw)}
        </div>
        <FigureDrawer opening=opening />
    }
}

#[component]
fn Told(view: SummaryView, client_id: String, mail: ServerAction<MailSummary>) -> impl IntoView {
    let SummaryView { told, may_connect, may_import_rates, people, me, click } = view;
    let connect = may_connect.then(|| view! { <a href="/settings/integrations">"Connect an account"</a> });
    let Some(told) = told else {
        return view! {
            <p class="text-muted" data-test="empty">
                "Nothing has been analysed yet. The brain looks at what is stored after every reading and each night; what it says stands here then. "
                {connect}
            </p>
        }
        .into_any();
    };
    let text = told.text();
    let Shown { persona, of, simulated, rates, day, sections } = told;
    view! {
        <article class="flex flex-col gap-6" data-test="summary">
            <p class="text-xs text-muted"><span data-literal="">{of}</span>", for the " {persona.label()} ", of what was known to the end of " <time datetime=day.clone() data-literal="">{day.clone()}</time> "."<span class="no-print">" Press a number to see what it is made of."</span></p>
            {simulated.then(|| view! { <p class="font-medium" data-test="summary-simulated">"Simulated: nobody here is real, and no figure is."</p> })}
            {rates.then(|| view! { <p class="text-muted">"Amounts in other currencies are left out where there is no rate of exchange. "<Rates may_import_rates=may_import_rates /></p> })}
            {sections.into_iter().map(|section| view! { <Part section=section /> }).collect_view()}
        </article>
        <Keep text=text persona=persona client_id=client_id people=people me=me click=click mail=mail />
    }
    .into_any()
}

#[component]
fn Part(section: ShownSection) -> impl IntoView {
    let ShownSection { heading, sentences } = section;
    let label = heading.clone();
    view! {
        <section class="flex flex-col gap-2" aria-label=label>
            <h2>{heading}</h2>
            {sentences.into_iter().map(|linked| view! { <Sentence linked=linked /> }).collect_view()}
        </section>
    }
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
