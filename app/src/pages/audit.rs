//! The audit log: who did what, and who was refused what.

use leptos::{ev::SubmitEvent, html, prelude::*};
use leptos_router::{
    LazyRoute,
    hooks::{use_navigate, use_query_map},
    lazy_route,
    params::ParamsMap,
};
use model::{
    access::{Action, may, rules},
    id::MemberId,
    moment::Moment,
};
use serde::{Deserialize, Serialize};

use crate::{
    components::{
        badge::{Badge, Shade},
        button::{Button, Kind},
        page::{Clock, Heading},
        part::part,
        table::{Cell, Table},
    },
    error::AppError,
    pages::frame::Refresh,
};

/// An entry as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    at: Moment,
    member_id: MemberId,
    member: String,
    action: String,
    allowed: bool,
    resource: String,
    what: String,
}

/// One page of the log, and whose entries can be chosen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    entries: Vec<Entry>,
    next_cursor: Option<String>,
    members: Vec<(MemberId, String)>,
}

/// What the log is narrowed to, as the address says; the names are those of the API, so that the export gets the same.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    allowed: String,
    action: String,
    member_id: String,
    from: String,
    to: String,
    cursor: String,
}

impl Asked {
    fn read(query: &ParamsMap) -> Self {
        let text = |name: &str| query.get(name).unwrap_or_default();
        Self {
            allowed: text("allowed"),
            action: text("action"),
            member_id: text("member_id"),
            from: text("from"),
            to: text("to"),
            cursor: text("cursor"),
        }
    }

    fn narrows(&self) -> bool {
        Self { cursor: String::new(), ..self.clone() } != Self::default()
    }

    fn href(self, page: &str) -> String {
        let mut query = ParamsMap::new();
        let named = [
            ("allowed", self.allowed),
            ("action", self.action),
            ("member_id", self.member_id),
            ("from", self.from),
            ("to", self.to),
            ("cursor", self.cursor),
        ];
        for (name, text) in named.into_iter().filter(|(_, text)| !text.is_empty()) {
            query.insert(name, text);
        }
        format!("{page}{}", query.to_query_string())
    }
}

/// One page of the log.
#[server(prefix = "/app", endpoint = "list_audit", output = crate::codec::Json)]
pub async fn list_audit(
    allowed: String,
    action: String,
    member_id: String,
    from: String,
    to: String,
    cursor: String,
) -> Result<Log, AppError> {
    use model::{input::Invalid, page::parse_day};
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let some = |text: String| Some(text).filter(|text| !text.trim().is_empty());
    let day = |field, text: String| some(text).map(|text| parse_day(field, &text)).transpose();
    let member_id = some(member_id).map(|id| id.parse().map_err(|_| Invalid::new("member_id", "choose a member")));
    let filter = service::audit::Filter {
        done: some(allowed).map(|text| text == "true"),
        action: some(action),
        member_id: member_id.transpose()?,
        from: day("from", from)?,
        to: day("to", to)?,
    };
    let page = service::audit::list(&service, &actor, &filter, 50, some(cursor).as_deref()).await?;
    let words = service::moment::Words::of(&service, &actor).await?;
    let entry = |event: model::audit::AuditEvent| Entry {
        at: words.write(event.created_at),
        member_id: event.member_id,
        member: event.member,
        action: event.action,
        allowed: event.allowed,
        resource: event.resource,
        what: sentence(&event.detail),
    };
    let members = service::member::names(&service, &actor, false).await?;
    Ok(Log { entries: page.items.into_iter().map(entry).collect(), next_cursor: page.next_cursor, members })
}

/// What exactly was done, in words: `{"stage":"Live","stage_before":"Audit"}` is "stage: Live · stage before: Audit".
#[cfg(feature = "ssr")]
fn sentence(detail: &str) -> String {
    use leptos::serde_json::{self, Value};
    fn write(value: &Value) -> String {
        match value {
            Value::Null => String::new(),
            Value::Bool(true) => "yes".to_owned(),
            Value::Bool(false) => "no".to_owned(),
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            Value::Array(items) => items.iter().map(write).collect::<Vec<_>>().join(", ").replace('_', " "),
            Value::Object(fields) => {
                let field = |(name, value): (&String, &Value)| {
                    Some(write(value))
                        .filter(|text| !text.is_empty())
                        .map(|text| format!("{}: {text}", name.replace('_', " ")))
                };
                fields.iter().filter_map(field).collect::<Vec<_>>().join(" · ")
            }
        }
    }
    serde_json::from_str(detail).map_or_else(|_| detail.to_owned(), |value| write(&value))
}

/// The log, newest first.
#[component]
pub fn AuditPage() -> impl IntoView {
    let query = use_query_map();
    let asked = Memo::new(move |_| query.with(Asked::read));
    let log = Resource::new(
        move || asked.get(),
        |Asked { allowed, action, member_id, from, to, cursor }| {
            list_audit(allowed, action, member_id, from, to, cursor)
        },
    );
    let export = move || Asked { cursor: String::new(), ..asked.get() }.href("/api/v1/audit.csv");
    // Whoever may not read the log gets no file of it either.
    let frame = Refresh::of_page();
    let link =
        move || view! { <a class=Kind::Plain.class() href=export rel="external" download="audit.csv">"Export CSV"</a> };
    let offered = move || {
        Suspend::new(async move { frame.role().await.filter(|role| may(*role, Action::ReadAudit)).map(|_| link()) })
    };
    let draw = move |log: Log| {
        let asked = asked.get_untracked();
        view! {
            <Filters members=log.members.clone() asked=asked.clone() />
            <Events log=log asked=asked />
        }
    };
    view! {
        <div class="flex flex-col gap-6">
            <Heading text="Audit log">
                <Suspense>{offered}</Suspense>
            </Heading>
            {part("The audit log", "heading", log, draw)}
        </div>
    }
}

#[component]
fn Filters(members: Vec<(MemberId, String)>, asked: Asked) -> impl IntoView {
    let navigate = use_navigate();
    let [outcome, rule, member] = [(); 3].map(|()| NodeRef::<html::Select>::new());
    let [from, to] = [(); 2].map(|()| NodeRef::<html::Input>::new());
    let show = move |event: SubmitEvent| {
        event.prevent_default();
        let chosen = |select: NodeRef<html::Select>| select.get_untracked().map(|select| select.value());
        let day = |input: NodeRef<html::Input>| input.get_untracked().map(|input| input.value());
        let asked = Asked {
            allowed: chosen(outcome).unwrap_or_default(),
            action: chosen(rule).unwrap_or_default(),
            member_id: chosen(member).unwrap_or_default(),
            from: day(from).unwrap_or_default(),
            to: day(to).unwrap_or_default(),
            cursor: String::new(),
        };
        navigate(&asked.href("/audit"), Default::default());
    };
    let outcomes = [("", "Done and refused"), ("true", "Done"), ("false", "Refused")];
    let outcomes = outcomes.map(|(key, words)| (key.to_owned(), words.to_owned())).to_vec();
    let rules = rules().map(|rule| (rule.to_owned(), rule.to_owned()));
    let rules = [(String::new(), "All rules".to_owned())].into_iter().chain(rules).collect::<Vec<_>>();
    let people = members.into_iter().map(|(id, name)| (id.to_string(), name));
    let people = [(String::new(), "Everybody".to_owned())].into_iter().chain(people).collect::<Vec<_>>();
    let choice = |node, name: &'static str, label: &'static str, options: Vec<(String, String)>, value: String| {
        // Somebody who has left can still be asked for by a link in the table.
        let other = (!value.is_empty() && options.iter().all(|(key, _)| *key != value))
            .then(|| (value.clone(), if name == "member_id" { "A former member".to_owned() } else { value.clone() }));
        view! {
            <label class="flex min-w-0 flex-col gap-1"><span class="text-xs text-muted">{label}</span>
                <select node_ref=node id=name class="control" name=name autocomplete="off">
                    {options.into_iter().chain(other).map(|(key, words)| {
                        let chosen = key == value;
                        view! { <option value=key selected=chosen prop:selected=chosen>{words}</option> }
                    }).collect_view()}
                </select></label>
        }
    };
    let day = |node, name: &'static str, label: &'static str, value: String| {
        view! {
            <label class="flex flex-col gap-1"><span class="text-xs text-muted">{label}</span>
                <input node_ref=node id=name class="control" type="date" name=name autocomplete="off" value=value.clone() prop:value=value /></label>
        }
    };
    view! {
        <form method="get" action="/audit" role="search" class="flex flex-wrap items-end gap-2" on:submit=show>
            {choice(outcome, "allowed", "Outcome", outcomes, asked.allowed)}
            {choice(rule, "action", "Rule", rules, asked.action)}
            {choice(member, "member_id", "Who", people, asked.member_id)}
            {day(from, "from", "From", asked.from)}
            {day(to, "to", "Up to", asked.to)}
            <Button>"Show"</Button>
        </form>
    }
}

#[component]
fn Events(log: Log, asked: Asked) -> impl IntoView {
    if log.entries.is_empty() {
        let narrows = asked.narrows();
        let words = if narrows { "Nothing matches." } else { "What people do and are refused will stand here." };
        return view! {
            <div class="flex flex-wrap items-center gap-3">
                <p class="text-muted" data-test="empty">{words}</p>
                {narrows.then(|| view! { <a class=Kind::Plain.class() href="/audit">"Show everything"</a> })}
            </div>
        }
        .into_any();
    }
    let zone = log.entries.first().map(|entry| entry.at.zone.clone()).unwrap_or_default();
    let older = log.next_cursor.map(|cursor| Asked { cursor, ..asked.clone() }.href("/audit"));
    let only =
        move |id: MemberId| Asked { member_id: id.to_string(), cursor: String::new(), ..asked.clone() }.href("/audit");
    let entries = log.entries.into_iter().map(|entry| (only(entry.member_id), entry)).collect::<Vec<_>>();
    view! {
        <p class="text-xs text-muted">"Times of " {zone} "."</p>
        <Table label="Entries" columns=vec!["When", "Who", "Rule", "Outcome", "About", "What"] test="audit">
            {entries.into_iter().map(|(only, entry)| view! {
                <tr role="row">
                    <Cell><Clock at=entry.at /></Cell>
                    <Cell of="Who"><a class="text-ink" href=only>{entry.member}</a></Cell>
                    <Cell of="Rule">{entry.action}</Cell>
                    <Cell of="Outcome">{if entry.allowed {
                        view! { <Badge shade=Shade::Good words="done" /> }
                    } else {
                        view! { <Badge shade=Shade::Bad words="refused" /> }
                    }}</Cell>
                    <Cell of="About">{if entry.resource.is_empty() {
                        view! { <span class="text-muted">"–"<span class="sr-only">" nothing in particular"</span></span> }.into_any()
                    } else {
                        view! { {entry.resource} }.into_any()
                    }}</Cell>
                    <Cell of="What"><span class="text-muted" data-literal="">{entry.what}</span></Cell>
                </tr>
            }).collect_view()}
        </Table>
        {older.map(|href| view! { <p><a class=Kind::Plain.class() href=href>"Older entries"</a></p> })}
    }
    .into_any()
}

/// The page as a part of its own, loaded when it is first opened.
#[derive(Debug)]
pub struct AuditRoute;

#[lazy_route]
impl LazyRoute for AuditRoute {
    fn data() -> Self {
        Self
    }
    fn view(_this: Self) -> AnyView {
        view! { <AuditPage /> }.into_any()
    }
}
