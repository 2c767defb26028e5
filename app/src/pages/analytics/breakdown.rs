//! What the figures are made up of: a table of channels, of campaigns or of creatives, in the order of any of its columns. Which
//! table and which order stand in the address, so the headings are links.

use std::{
    cmp::Ordering,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering as AtomicOrdering},
    },
};

use leptos::prelude::*;
use model::{
    analytics::{Breakdown, Cell, Fatigue, Row},
    dashboard::Beside,
};
use serde::{Deserialize, Serialize};

use super::{absent, asked::Asked, get_analytics_parts, shown::Counted};
use crate::{
    components::{
        badge::{Badge, Shade},
        figure::Figure,
        later::painted,
        page::Skeleton,
        part::{part_of, part_or},
    },
    error::AppError,
};

/// One of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
enum Table {
    Channels,
    Campaigns,
    Creatives,
}

impl Table {
    const ALL: [Self; 3] = [Self::Channels, Self::Campaigns, Self::Creatives];

    /// As it stands in the address; the usual one does not.
    const fn key(self) -> &'static str {
        match self {
            Self::Channels => "",
            Self::Campaigns => "campaign",
            Self::Creatives => "creative",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Channels => "Channels",
            Self::Campaigns => "Campaigns",
            Self::Creatives => "Creatives",
        }
    }

    fn of(asked: &Asked) -> Self {
        let key = asked.text("table");
        Self::ALL.into_iter().find(|table| table.key() == key).unwrap_or(Self::Channels)
    }
}

/// By which column rows are ordered: the largest first, or the smallest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Order {
    key: String,
    rising: bool,
}

impl Order {
    /// Reads the address; blank is the order in which the rows came.
    fn read(text: &str) -> Self {
        match text.strip_prefix('-') {
            Some(key) => Self { key: key.to_owned(), rising: true },
            None => Self { key: text.to_owned(), rising: false },
        }
    }

    /// What pressing the heading of a column asks for: the largest first, then the smallest.
    fn next(&self, key: &str) -> String {
        if self.key == key && !self.rising { format!("-{key}") } else { key.to_owned() }
    }

    /// Names begin with the first letter, numbers with the largest.
    fn word(&self) -> &'static str {
        if self.rising == (self.key == "name") { "descending" } else { "ascending" }
    }
}

/// Which of two rows comes first. What is not known comes last in any order.
fn compared(order: &Order, column: Option<usize>, one: &Row, other: &Row) -> Ordering {
    let value = |row: &Row| -> Option<f64> {
        let cell = row.cells.get(column?)?;
        cell.now.as_ref().ok()?.value.parse().ok()
    };
    let turn = |ordering: Ordering| if order.rising { ordering } else { ordering.reverse() };
    if order.key == "name" {
        return turn(other.name.to_lowercase().cmp(&one.name.to_lowercase()));
    }
    match (value(one), value(other)) {
        (Some(one), Some(other)) => turn(one.total_cmp(&other)),
        (Some(_), None) => Ordering::Less,
        (None, Some(_)) => Ordering::Greater,
        (None, None) => Ordering::Equal,
    }
}

/// The tables.
#[component]
pub(super) fn Breakdowns(counted: Resource<Result<Counted, AppError>>, asked: Memo<Asked>) -> impl IntoView {
    let table = Memo::new(move |_| asked.with(Table::of));
    let question = Memo::new(move |_| (table.get(), asked.with(|asked| (asked.client.clone(), asked.question()))));
    let parts = Resource::new(
        move || question.get(),
        |(table, (client, query))| async move {
            match table {
                Table::Channels => Ok((table, Breakdown::default())),
                _ => get_analytics_parts(client, query, table.key().to_owned()).await.map(|found| (table, found)),
            }
        },
    );
    let nothing = |error: &AppError| absent(error).then(|| ().into_any());
    let links = Table::ALL.map(|one| {
        let href = move || asked.with(|asked| asked.with("table", one.key()).with("sort", "").href());
        let here = move || (table.get() == one).then_some("page");
        view! { <a class="tab" href=href aria-current=here data-noscroll="">{one.name()}</a> }
    });
    let draw =
        move |of: Table, breakdown: Breakdown| view! { <Rows table=of breakdown=breakdown asked=asked /> }.into_any();
    let channels = move |counted: Counted| draw(Table::Channels, counted.channels);
    // Figures and charts of other days are painted before the rows, of which there are many.
    let drawn = Arc::new(AtomicBool::new(false));
    let load = move || {
        let again = drawn.swap(true, AtomicOrdering::Relaxed);
        async move {
            let found = counted.await;
            if again {
                painted().await;
            }
            found
        }
    };
    let retry = Callback::new(move |()| {
        counted.refetch();
    });
    // What was read last may be of another table, which is not this one's.
    let read = move |of: Table| {
        move |(table, found): (Table, Breakdown)| {
            if table == of { draw(table, found) } else { view! { <Skeleton /> }.into_any() }
        }
    };
    view! {
        <section class="panel flex min-w-0 flex-col gap-3" aria-label="What it is made up of" data-test="breakdown">
            <h2 id="breakdown" tabindex="-1">"What it is made up of"</h2>
            <nav aria-label="By what" class="no-print flex flex-wrap gap-1">{links.collect_view()}</nav>
            {move || match table.get() {
                Table::Channels => part_of(("The channels", "breakdown"), load.clone(), retry, channels, nothing),
                Table::Campaigns => part_or("The campaigns", "breakdown", parts, read(Table::Campaigns), nothing),
                Table::Creatives => part_or("The creatives", "breakdown", parts, read(Table::Creatives), nothing),
            }}
        </section>
    }
}

#[component]
fn Rows(table: Table, breakdown: Breakdown, asked: Memo<Asked>) -> impl IntoView {
    let Breakdown { columns, rows, others } = breakdown;
    if rows.is_empty() {
        let words = match table {
            Table::Channels => "Nothing was read of a channel of what is chosen.",
            Table::Campaigns => "Nothing was read of a campaign in these days. Files and shops have none.",
            Table::Creatives => "Nothing was read of a creative in these days. Files and shops have none.",
        };
        return view! { <p class="text-muted" data-test="breakdown-empty">{words}</p> }.into_any();
    }
    let keys: Vec<String> = columns.iter().map(|(key, _)| key.clone()).collect();
    let shown = rows.len();
    // Its own, not the page's: what draws them may be asked once more when the table is gone already.
    let rows = Arc::new(rows);
    let sorted = move || {
        let order = asked.with(|asked| Order::read(asked.text("sort")));
        let column = keys.iter().position(|key| *key == order.key);
        let mut rows = rows.to_vec();
        if column.is_some() || order.key == "name" {
            rows.sort_by(|one, other| compared(&order, column, one, other));
        }
        rows
    };
    let tired = table == Table::Creatives;
    let draw = move || sorted().into_iter().map(|row| view! { <OneRow row=row tired=tired /> }).collect_view();
    let name = ("name".to_owned(), table.name().trim_end_matches('s').to_owned());
    let headings = std::iter::once(name).chain(columns).map(|(key, words)| heading(asked, key, words));
    let scrolls = format!("{}; scroll sideways for more", table.name());
    view! {
        <p class="text-xs text-muted md:hidden">"The table scrolls sideways."</p>
        <div class="overflow-x-auto" tabindex="0" role="group" aria-label=scrolls>
            <table class="table" role="table" aria-label=table.name() data-test="breakdown-rows">
                <thead role="rowgroup"><tr role="row">{headings.collect_view()}
                    {tired.then(|| view! { <th scope="col" role="columnheader">"Fatigue"</th> })}</tr></thead>
                <tbody role="rowgroup">{draw}</tbody>
            </table>
        </div>
        {(others > 0).then(|| view! {
            <p class="text-xs text-muted" data-test="others">"The " <span data-literal="">{shown}</span> " with the most spend or revenue stand here; " <span data-literal="">{others}</span> " more do not. Narrow the filters to see them."</p>
        })}
    }
    .into_any()
}

/// The heading of a column: a link to the rows in its order.
fn heading(asked: Memo<Asked>, key: String, words: String) -> impl IntoView {
    let (own, id) = (key.clone(), format!("sort-{key}"));
    let order = |asked: &Asked| Order::read(asked.text("sort"));
    let href = move || asked.with(|asked| asked.with("sort", &order(asked).next(&own)).href());
    let sorted = move || {
        let order = asked.with(order);
        (order.key == key).then(|| order.word())
    };
    view! { <th scope="col" role="columnheader" aria-sort=sorted class="whitespace-nowrap"><a class="text-muted" id=id href=href data-noscroll="">{words}</a></th> }
}

#[component]
fn OneRow(row: Row, tired: bool) -> impl IntoView {
    let Row { name, channel, client, part, status, shows, fatigue, cells, .. } = row;
    let place = part.is_some().then_some(channel);
    view! {
        <tr role="row" data-test="breakdown-row">
            <td role="cell" class="min-w-40">
                <span class="font-medium" data-literal="">{name}</span>
                <span class="block text-xs text-muted" data-literal="">
                    {place} {client.map(|(id, name)| view! { " " <a class="underline" href=format!("/clients/{id}/analytics")>{name}</a> })}
                    {status.map(|status| format!(" · {status}"))}</span>
                {shows.map(|shows| view! { <span class="block max-w-80 truncate text-xs text-muted" data-literal="" title=shows.clone()>{shows.clone()}</span> })}
            </td>
            {cells.into_iter().map(|cell| view! { <Number cell=cell /> }).collect_view()}
            {tired.then(|| view! { <td role="cell" class="min-w-40">{said(fatigue)}</td> })}
        </tr>
    }
}

#[component]
fn Number(cell: Cell) -> impl IntoView {
    let Cell { now, partial, change } = cell;
    let value = match now {
        Ok(now) => view! { <Figure id=now.id shown=now.shown /> }.into_any(),
        Err((_, why)) => {
            let said = why.clone();
            view! { <span class="text-muted" title=why>"–"<span class="sr-only" data-literal="">" " {said}</span></span> }.into_any()
        }
    };
    view! {
        <td role="cell" class="number whitespace-nowrap">{value}
            {partial.then(|| view! { <span class="text-muted" title="Without what is missing; open it to see what that is">"*"<span class="sr-only">" without what is missing"</span></span> })}
            {change.map(|change| view! { <span class="block text-xs text-muted"><Figure id=change.id shown=change.shown /></span> })}</td>
    }
}

/// Whether people are tired of a creative.
fn said(fatigue: Option<Fatigue>) -> AnyView {
    let figure = |beside: Beside| view! { <Figure id=beside.id shown=beside.shown /> };
    match fatigue {
        Some(Fatigue::Tired(since, sure)) => view! {
            <Badge shade=Shade::Warn words="Tired" />
            <span class="block text-xs text-muted">"since " <span data-literal="">{since}</span> ", " {figure(sure)} " probable"</span>
        }
        .into_any(),
        Some(Fatigue::Fresh(week, two)) => view! {
            <Badge shade=Shade::Good words="Fresh" />
            <span class="block text-xs text-muted">"tires within a week: " {figure(week)} ", within two: " {figure(two)}</span>
        }
        .into_any(),
        Some(Fatigue::Unknown(why)) => view! { <span class="text-xs text-muted" data-literal="">"Not known: " {why}</span> }.into_any(),
        None => view! { <span class="text-muted" aria-label="nothing was thought about it">"–"</span> }.into_any(),
    }
}

#[cfg(test)]
mod tests {
    use model::dashboard::Lack;

    use super::*;

    fn row(name: &str, value: Option<&str>) -> Row {
        let beside = |value: &str| Beside { id: String::new(), shown: value.into(), value: value.into() };
        let now = value.map(beside).ok_or((Lack::NotEnough, "no days".to_owned()));
        Row {
            name: name.into(),
            scope: String::new(),
            channel_id: "0190a1b2-c3d4-7000-8000-000000000001".parse().unwrap(),
            channel: String::new(),
            client: None,
            provider: String::new(),
            part: None,
            status: None,
            shows: None,
            fatigue: None,
            cells: vec![Cell { now, partial: false, change: None }],
        }
    }

    fn sorted(order: &str) -> Vec<String> {
        let mut rows = vec![row("b", Some("9.5")), row("C", None), row("a", Some("10"))];
        rows.sort_by(|one, other| compared(&Order::read(order), Some(0), one, other));
        rows.into_iter().map(|row| row.name).collect()
    }

    #[test]
    fn the_unknown_comes_last_in_any_order_and_names_have_no_case() {
        assert_eq!(sorted("spend"), ["a", "b", "C"]);
        assert_eq!(sorted("-spend"), ["b", "a", "C"]);
        assert_eq!(sorted("name"), ["a", "b", "C"]);
        assert_eq!(sorted("-name"), ["C", "b", "a"]);
    }

    #[test]
    fn a_heading_asks_for_the_largest_first_and_then_for_the_smallest() {
        assert_eq!(Order::read("").next("spend"), "spend");
        assert_eq!(Order::read("spend").next("spend"), "-spend");
        assert_eq!(Order::read("-spend").next("spend"), "spend");
        assert_eq!(Order::read("-spend").next("clicks"), "clicks");
    }
}
