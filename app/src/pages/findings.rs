//! Everything that the newest state noticed, the worst first: each finding with its figures, how it stands, and the ways to its
//! chart, its client and the rules of alerts. What people do about a finding they do about the alert that it is.

mod asked;
mod narrow;

use asked::Asked;
use leptos::prelude::*;
use leptos_router::{LazyRoute, hooks::use_query_map, lazy_route};
use model::{
    alert::{AlertState, FindingKind},
    id::ClientId,
    moment::Moment,
};
use narrow::Narrow;
use serde::{Deserialize, Serialize};

use crate::{
    components::{
        button::Kind,
        number::counted,
        page::Clock,
        part::{again, kept},
    },
    error::AppError,
    pages::alerts::{Controls, Deeds, Head, Noticed, NoticedView, Stand, Standing, desk},
};

/// A finding as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingRow {
    /// Its place in the state.
    number: i32,
    noticed: Noticed,
    /// How its alert stands; none of a state that alerts did not follow.
    standing: Option<Standing>,
    /// Where its days are drawn, if it is of a client.
    chart: Option<String>,
}

/// A page of findings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FindingList {
    rows: Vec<FindingRow>,
    /// How many there are of what is asked for.
    count: i64,
    /// Where those begin that come after these.
    more: Option<String>,
    kinds: Vec<FindingKind>,
    clients: Vec<(ClientId, String)>,
    /// The day until which the state knows, and the moment whose rows it speaks of; none before anything was thought.
    state: Option<(String, Moment)>,
    /// The first day that an alert can wait until.
    earliest: String,
    may_edit: bool,
}

/// What the newest state noticed of what the member sees, or of one client: of a kind, so bad, standing so; blank is all.
#[server(prefix = "/app", endpoint = "list_findings", output = crate::codec::Json)]
pub async fn list_findings(
    client_id: String,
    kind: String,
    severity: String,
    state: String,
    cursor: String,
) -> Result<FindingList, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let filter = service::finding::Filter {
        client_id: (!client_id.is_empty())
            .then(|| client_id.parse().map_err(|_| service::Error::Missing))
            .transpose()?,
        kind: FindingKind::parse(&kind),
        severity: model::alert::Severity::parse(&severity),
        standing: AlertState::parse(&state),
    };
    let cursor = Some(cursor.as_str()).filter(|cursor| !cursor.is_empty());
    Ok(shown(service::finding::board(&service, &actor, &filter, cursor).await?))
}

#[cfg(feature = "ssr")]
fn shown(board: service::finding::Board) -> FindingList {
    use crate::pages::alerts::{noticed, standing};
    let row = |finding: model::finding::Finding| FindingRow {
        number: finding.number,
        noticed: noticed(&finding, finding.client_id, finding.state_id),
        standing: finding.alert.as_ref().map(|alert| standing(alert, &board.moments)),
        chart: chart(&finding),
    };
    FindingList {
        rows: board.findings.items.into_iter().map(row).collect(),
        count: i64::try_from(board.count).unwrap_or(i64::MAX),
        more: board.findings.next_cursor,
        kinds: board.kinds,
        clients: board.clients,
        state: board.state.map(|(state, cut_off)| (state.day.to_string(), board.moments.write(cut_off))),
        earliest: board.earliest.to_string(),
        may_edit: board.may_edit,
    }
}

/// Its days as a chart, with four weeks before them to compare with.
#[cfg(feature = "ssr")]
fn chart(finding: &model::finding::Finding) -> Option<String> {
    let first = finding.first_day.saturating_sub(time::Duration::weeks(4));
    let channel = finding.channel_id.map(|id| format!("&channel_id={id}")).unwrap_or_default();
    let client = finding.client_id?;
    Some(format!("/clients/{client}/analytics?from={first}&to={}{channel}", finding.last_day))
}

/// The findings, with what they are narrowed to in the address.
#[component]
pub fn FindingsPage() -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| query.with(Asked::read));
    let deeds = Deeds::new();
    let list = Resource::new(move || asked.get(), read);
    let draw = move |list| view! { <Shown list=list asked=asked.get_untracked() deeds=deeds /> };
    let head = Head {
        title: "Findings",
        beside: ("/alerts", "Alerts"),
        about: "Everything that Memory and Oracle noticed in what is known now, the worst first. Who acknowledges or snoozes a finding does so with its alert: nobody is mailed about it then.",
    };
    desk(head, (), "The findings", list, draw)
}

/// Reads what the address asks for.
async fn read(asked: Asked) -> Result<FindingList, AppError> {
    let Asked { client, kind, severity, state, cursor } = asked;
    list_findings(client, kind, severity, state, cursor).await
}

/// The list drawn. What is done to a finding has it read again into the cards that are there.
#[component]
fn Shown(list: FindingList, asked: Asked, deeds: Deeds) -> impl IntoView {
    let FindingList { clients, kinds, state, may_edit, .. } = list.clone();
    let narrowed = asked.narrowed();
    let (list, whole) = (RwSignal::new(list), StoredValue::new(asked.clone()));
    let rows = Memo::new(move |_| list.with(|list| list.rows.clone()));
    let count = Memo::new(move |_| list.with(|list| list.count));
    let more = Memo::new(move |_| list.with(|list| list.more.clone()));
    let earliest = Memo::new(move |_| list.with(|list| list.earliest.clone()));
    let href = move |cursor: String| whole.with_value(|asked| Asked { cursor, ..asked.clone() }.href());
    let begin = (!asked.cursor.is_empty()).then(|| href(String::new()));
    let Some((day, cut_off)) = state else {
        return view! {
            <p class="text-muted" data-test="nothing">"Nothing has been analysed yet. The brain looks at what is stored after every reading and each night; what it notices stands here then. "
                <a class="underline" href="/settings/integrations">"See what is connected"</a></p>
        }
        .into_any();
    };
    // One whose alert stands otherwise has other forms.
    let key = |row: &FindingRow| {
        let stands = row.standing.as_ref().map(|standing| (standing.id, standing.state));
        (row.noticed.state_id, row.number, stands)
    };
    let draw =
        move |row: Memo<FindingRow>| view! { <FindingCard row=row earliest=earliest may_edit=may_edit deeds=deeds /> };
    let of_day = day.clone();
    view! {
        <Narrow clients=clients kinds=kinds asked=asked />
        {again("The findings", "heading", deeds.changes(), move || read(whole.get_value()), list)}
        <p class="text-xs text-muted" data-test="findings-of"><span data-literal="">{move || counted(count.get(), "finding", "findings")}</span>
            " in what was stored by " <Clock at=cut_off /> ", known to the end of " <span data-literal="">{day}</span>". Press a number to see what it is made of."</p>
        {move || (count.get() == 0).then(|| view! {
            <p class="text-muted" data-test="nothing">{if narrowed { "Nothing of this kind was noticed. " } else { "Nothing was noticed that is more than chance. " }}
                "What was read until " <span data-literal="">{of_day.clone()}</span> " was looked at; every new day is, too."</p>
        })}
        <div class="flex flex-col gap-3" data-test="findings">{kept(rows, key, draw)}</div>
        <p class="flex flex-wrap gap-2">
            {begin.map(|href| view! { <a class=Kind::Plain.class() href=href>"Show the first"</a> })}
            {move || more.get().map(|cursor| view! { <a class=Kind::Plain.class() href=href(cursor)>"Show more"</a> })}
        </p>
    }
    .into_any()
}

/// A finding in a frame. What it says follows newer figures; its forms stay as they are.
#[component]
fn FindingCard(row: Memo<FindingRow>, earliest: Memo<String>, may_edit: bool, deeds: Deeds) -> impl IntoView {
    let FindingRow { number, noticed: now, standing: stands, chart } = row.get_untracked();
    let noticed = Memo::new(move |_| row.with(|row| row.noticed.clone()));
    let standing = Memo::new(move |_| row.with(|row| row.standing.clone()));
    let state = stands.as_ref().map_or(AlertState::Open, |stands| stands.state);
    let place = format!("finding-{number}");
    let controls = stands.filter(|stands| may_edit && stands.state != AlertState::Ended).map(|stands| {
        let (place, label) = (place.clone(), now.label());
        view! { <Controls id=stands.id state=stands.state place=place label=label earliest=earliest deeds=deeds /> }
    });
    let client = now.client_id.map(|id| format!("/clients/{id}/dashboard"));
    let label = move || noticed.with(Noticed::label);
    view! {
        <article class="panel flex flex-col gap-2" aria-label=label data-test=format!("finding {}", state.key()) id=place>
            {move || view! { <NoticedView noticed=noticed.get() /> }}
            {move || match standing.get() {
                Some(standing) => view! { <Stand standing=standing /> }.into_any(),
                None => view! { <p class="text-xs text-muted" data-test="stand">"Part of an outage that people were told of, or of a state that alerts did not follow: nobody needs to see to it."</p> }.into_any(),
            }}
            <p class="flex flex-wrap gap-x-4 gap-y-1 text-xs">
                {chart.map(|href| view! { <a class="underline" href=href>"Its days as a chart"</a> })}
                {client.map(|href| view! { <a class="underline" href=href>"Dashboard of this client"</a> })}
            </p>
            {controls}
        </article>
    }
}

/// The page as a part of its own, loaded when it is first opened.
#[derive(Debug)]
pub struct FindingsRoute;

#[lazy_route]
impl LazyRoute for FindingsRoute {
    fn data() -> Self {
        Self
    }
    fn view(_this: Self) -> AnyView {
        view! { <FindingsPage /> }.into_any()
    }
}
