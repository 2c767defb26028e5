//! The answer of analytics as the API writes it.

mod said;

use model::{
    analytics::{Answer, Breakdown, Cell, Period, Row, Said, Series, Stack, Total, Value},
    dashboard::Lack,
    input::Invalid,
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use self::said::{CohortsBody, CurvesBody, FatigueBody, ForeseenBody, MarkBody};
use crate::api::dashboard::{MainFigureBody, NumberBody};

/// What was asked, and the answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct AnalyticsBody {
    /// The question as it stands in the page's address.
    query: String,
    /// What is to be known of the question, by its parameter.
    notes: Vec<NoteBody>,
    /// Of whom.
    of: String,
    /// The same as it stands in figures' ids.
    scope: String,
    /// The first day, as 2026-11-03.
    first: String,
    last: String,
    /// The first of the days that they are compared with.
    compared_first: Option<String>,
    compared_last: Option<String>,
    /// day, week or month.
    by: &'static str,
    /// The currency in which amounts are told.
    currency: String,
    /// Whether all of it is simulated.
    simulated: bool,
    /// None while nothing was ever read.
    totals: Vec<TotalBody>,
    periods: Vec<PeriodBody>,
    compared_periods: Vec<PeriodBody>,
    series: Vec<SeriesBody>,
    /// Spend, ledger revenue and claimed revenue by channel, each a stack of its own.
    stacks: Vec<StackBody>,
    channels: TableBody,
    /// Campaigns or advertisements, if they were asked for.
    parts: Option<TableBody>,
    /// The brain state that says what follows; null while nothing was thought.
    state_id: Option<Uuid>,
    /// The last day that had ended for it.
    state_day: Option<String>,
    forecasts: Vec<ForeseenBody>,
    /// Changes and anomalies in these days.
    marks: Vec<MarkBody>,
    /// Whether too many clients are asked for to tell curves and cohorts.
    narrow: bool,
    curves: Vec<CurvesBody>,
    cohorts: Vec<CohortsBody>,
}

/// Something about a parameter.
#[derive(Debug, Serialize, ToSchema)]
pub struct NoteBody {
    field: String,
    message: String,
}

/// A total.
#[derive(Debug, Serialize, ToSchema)]
pub struct TotalBody {
    #[serde(flatten)]
    figure: MainFigureBody,
    /// What belongs into it and is missing, in words.
    lacks: Vec<String>,
}

/// A step of the days.
#[derive(Debug, Serialize, ToSchema)]
pub struct PeriodBody {
    first: String,
    last: String,
}

/// The course of a metric.
#[derive(Debug, Serialize, ToSchema)]
pub struct SeriesBody {
    key: String,
    name: String,
    unit: String,
    /// For each period its value, unrounded; null where not all of it is known.
    values: Vec<Option<String>>,
    /// For each of the compared periods.
    compared: Vec<Option<String>>,
}

/// What a channel adds to a stack.
#[derive(Debug, Serialize, ToSchema)]
pub struct StackBody {
    /// spend, ledger_revenue or claimed_revenue.
    key: String,
    /// Null for all other channels together.
    channel_id: Option<Uuid>,
    name: String,
    /// As it stands in figures' ids; null of so many others that no id names them.
    scope: Option<String>,
    values: Vec<Option<String>>,
}

/// Channels, campaigns or advertisements with their figures.
#[derive(Debug, Serialize, ToSchema)]
pub struct TableBody {
    /// The metrics of the cells.
    columns: Vec<String>,
    /// At most 100, those with the most spend or revenue first.
    rows: Vec<BreakdownRowBody>,
    /// How many more there are.
    others: i64,
}

/// A channel, a campaign or an advertisement.
#[derive(Debug, Serialize, ToSchema)]
pub struct BreakdownRowBody {
    name: String,
    /// As it stands in figures' ids.
    scope: String,
    channel_id: Uuid,
    channel: String,
    client_id: Option<Uuid>,
    client: Option<String>,
    provider: String,
    /// The platform's id of a campaign or advertisement.
    external_id: Option<String>,
    status: Option<String>,
    /// What an advertisement shows: an address or a text.
    shows: Option<String>,
    fatigue: Option<FatigueBody>,
    cells: Vec<CellBody>,
}

/// A figure in a table.
#[derive(Debug, Serialize, ToSchema)]
pub struct CellBody {
    now: Option<NumberBody>,
    /// not_connected or not_enough, where there is none.
    lack: Option<&'static str>,
    /// Why there is none, in words.
    absent: Option<String>,
    partial: bool,
    change: Option<NumberBody>,
}

impl AnalyticsBody {
    pub(super) fn new(answer: Answer, parts: Option<Breakdown>, said: Said) -> Self {
        let head = answer.head;
        let (compared_first, compared_last) = head.compared.unzip();
        Self {
            query: head.query,
            notes: head.notes.into_iter().map(Into::into).collect(),
            of: head.of,
            scope: head.scope,
            first: head.days.0,
            last: head.days.1,
            compared_first,
            compared_last,
            by: head.granularity.key(),
            currency: head.currency,
            simulated: head.simulated,
            totals: answer.totals.into_iter().map(Into::into).collect(),
            periods: answer.periods.into_iter().map(Into::into).collect(),
            compared_periods: answer.compared_periods.into_iter().map(Into::into).collect(),
            series: answer.series.into_iter().map(Into::into).collect(),
            stacks: answer.stacks.into_iter().map(Into::into).collect(),
            channels: answer.channels.into(),
            parts: parts.map(Into::into),
            state_id: said.state_id.map(|id| id.0),
            state_day: said.day,
            forecasts: said.forecasts.into_iter().map(Into::into).collect(),
            marks: said.marks.into_iter().map(Into::into).collect(),
            narrow: said.narrow,
            curves: said.curves.into_iter().map(Into::into).collect(),
            cohorts: said.cohorts.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Invalid> for NoteBody {
    fn from(note: Invalid) -> Self {
        Self { field: note.field, message: note.message }
    }
}

impl From<Total> for TotalBody {
    fn from(total: Total) -> Self {
        Self { figure: total.figure.into(), lacks: total.lacks }
    }
}

impl From<Period> for PeriodBody {
    fn from(period: Period) -> Self {
        Self { first: period.first, last: period.last }
    }
}

fn values(values: Vec<Option<Value>>) -> Vec<Option<String>> {
    values.into_iter().map(|value| value.map(|value| value.value)).collect()
}

impl From<Series> for SeriesBody {
    fn from(series: Series) -> Self {
        let Series { key, name, unit, now, before } = series;
        Self { key, name, unit, values: values(now), compared: values(before) }
    }
}

impl From<Stack> for StackBody {
    fn from(stack: Stack) -> Self {
        let Stack { key, channel_id, name, scope, now } = stack;
        Self { key, channel_id: channel_id.map(|id| id.0), name, scope, values: values(now) }
    }
}

impl From<Breakdown> for TableBody {
    fn from(table: Breakdown) -> Self {
        Self {
            columns: table.columns.into_iter().map(|(key, _)| key).collect(),
            rows: table.rows.into_iter().map(Into::into).collect(),
            others: table.others,
        }
    }
}

impl From<Row> for BreakdownRowBody {
    fn from(row: Row) -> Self {
        let (client_id, client) = row.client.map(|(id, name)| (id.0, name)).unzip();
        Self {
            name: row.name,
            scope: row.scope,
            channel_id: row.channel_id.0,
            channel: row.channel,
            client_id,
            client,
            provider: row.provider,
            external_id: row.part.map(|part| part.external_id),
            status: row.status,
            shows: row.shows,
            fatigue: row.fatigue.map(Into::into),
            cells: row.cells.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Cell> for CellBody {
    fn from(cell: Cell) -> Self {
        let (now, lack, absent) = match cell.now {
            Ok(now) => (Some(now.into()), None, None),
            Err((Lack::NotConnected, why)) => (None, Some("not_connected"), Some(why)),
            Err((Lack::NotEnough, why)) => (None, Some("not_enough"), Some(why)),
        };
        Self { now, lack, absent, partial: cell.partial, change: cell.change.map(Into::into) }
    }
}
