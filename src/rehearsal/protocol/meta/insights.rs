//! Reports: at once, or made in the background and read later. Both tell the same rows in the same pages.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use time::{Date, Duration, macros::format_description};

use super::{
    Asked, Refusal,
    nodes::{self, Node, effective, inside},
    select::parse,
};
use crate::{
    daytime::Known,
    plan::Channel,
    protocol::{decimal, hold},
    rows::{AdSums, Entity, Level},
};

/// How many reports that were made in the background are remembered.
const REMEMBERED: usize = 500;
/// The windows that every ad set counts by.
const ATTRIBUTION: &str = "7d_click_1d_view";
/// What Meta knows of but this world does not: left out of rows, as Meta leaves out what it has no figure of.
const UNTOLD: [&str; 12] = [
    "reach",
    "frequency",
    "unique_clicks",
    "unique_ctr",
    "outbound_clicks",
    "video_play_actions",
    "cost_per_action_type",
    "conversions",
    "conversion_values",
    "quality_ranking",
    "engagement_rate_ranking",
    "conversion_rate_ranking",
];

/// A report that was asked for.
#[derive(Debug)]
pub(in crate::protocol) struct Run {
    id: u64,
    node: String,
    sent: BTreeMap<String, String>,
    known: Known,
}

/// What a report asks for.
struct Report {
    level: Level,
    fields: Vec<String>,
    first: Date,
    last: Date,
    step: Step,
    states: Vec<(Level, Vec<String>)>,
}

/// How days are put together.
enum Step {
    All,
    Monthly,
    Days(i64),
}

fn level(name: &str) -> Option<Level> {
    Some(match name {
        "account" => Level::Account,
        "campaign" => Level::Campaign,
        "adset" => Level::Group,
        "ad" => Level::Ad,
        _ => return None,
    })
}

/// Rows at once, or those of a report that was made before.
pub(super) fn now(asked: &Asked<'_>, id: &str) -> Result<Value, Refusal> {
    let run = id.parse().ok().and_then(|number: u64| {
        let runs = hold(&asked.desk.state.runs);
        let run = runs.iter().find(|run| run.id == number)?;
        Some((run.node.clone(), run.sent.clone(), run.known))
    });
    let path = format!("{id}/insights");
    match run {
        None => {
            let rows = nodes::find(asked, id, |channel, node, all| {
                let known = known(asked, channel);
                rows(asked, channel, &node, all, &asked.sent, &known)
            })?;
            asked.page(&path, &rows)
        }
        Some((node, sent, known)) => {
            let rows = nodes::find(asked, &node, |channel, node, all| rows(asked, channel, &node, all, &sent, &known))?;
            asked.page(&path, &rows)
        }
    }
}

fn known(asked: &Asked<'_>, channel: &Channel) -> Known {
    asked.desk.known(asked.desk.world.client_of(channel), asked.question, asked.now)
}

/// Begins a report in the background.
pub(super) fn later(asked: &Asked<'_>, id: &str) -> Result<Value, Refusal> {
    let known = nodes::find(asked, id, |channel, node, _| {
        let known = known(asked, channel);
        // What is wrong with it is said at once.
        report(&asked.sent, &node, &known)?;
        Ok(known)
    })?;
    let mut runs = hold(&asked.desk.state.runs);
    let next = runs.last().map_or(6_023_920_149_050, |last| last.id + 1);
    if runs.len() >= REMEMBERED {
        runs.remove(0);
    }
    runs.push(Run { id: next, node: id.to_owned(), sent: asked.sent.clone(), known });
    Ok(json!({ "report_run_id": next.to_string() }))
}

/// What became of a report; none if it is none.
pub(super) fn state(asked: &Asked<'_>, id: &str) -> Result<Option<Value>, Refusal> {
    let runs = hold(&asked.desk.state.runs);
    let Some(run) = id.parse().ok().and_then(|number: u64| runs.iter().find(|run| run.id == number)) else {
        return Ok(None);
    };
    let holder = asked.reader()?;
    let account = run.node.strip_prefix("act_").unwrap_or_default();
    if !super::accounts(asked.desk, holder).any(|channel| channel.external_id == account) && !account.is_empty() {
        return Err(Refusal::missing(id));
    }
    let whole = json!({ "id": id, "account_id": account, "async_status": "Job Completed", "async_percent_completion": 100,
        "is_running": false, "error_code": null, "error_subcode": null, "error_message": null, "error_user_msg": null,
        "error_user_title": null, "date_start": null, "date_stop": null, "time_ref": run.known.until.unix_timestamp(),
        "time_completed": run.known.until.unix_timestamp() });
    let fields = asked.sent.get("fields").map_or("id,account_id,async_status,async_percent_completion", String::as_str);
    super::select::select(&whole, &parse(fields)?, "AdReportRun").map(Some)
}

fn date(text: &Value, name: &str) -> Result<Date, Refusal> {
    let day = text.as_str().and_then(|text| Date::parse(text, format_description!("[year]-[month]-[day]")).ok());
    day.ok_or_else(|| {
        Refusal::parameter(&format!("Param time_range[{name}] must be a valid date string formatted as YYYY-MM-DD"))
    })
}

/// The days of a preset, seen from today.
fn preset(name: &str, today: Date) -> Option<(Date, Date)> {
    let back = |days: i64| today.saturating_sub(Duration::days(days));
    let month = |day: Date| day.replace_day(1).unwrap_or(day);
    Some(match name {
        "today" => (today, today),
        "yesterday" => (back(1), back(1)),
        "last_3d" => (back(3), back(1)),
        "last_7d" => (back(7), back(1)),
        "last_14d" => (back(14), back(1)),
        "last_28d" => (back(28), back(1)),
        "last_30d" => (back(30), back(1)),
        "last_90d" => (back(90), back(1)),
        "this_month" => (month(today), today),
        "last_month" => {
            let last = month(today).saturating_sub(Duration::DAY);
            (month(last), last)
        }
        "maximum" => (today.saturating_sub(Duration::days(37 * 30)), today),
        _ => return None,
    })
}

/// Reads what is asked for, or says what is wrong with it.
fn report(sent: &BTreeMap<String, String>, node: &Node<'_>, known: &Known) -> Result<Report, Refusal> {
    let part = |name: &str| sent.get(name).map(String::as_str);
    let wrong = |words: String| Err(Refusal::parameter(&words));
    let own = match node {
        Node::Account => Level::Account,
        Node::Entity(entity) => entity.level,
    };
    let level = match part("level") {
        None => own,
        Some(name) => match level(name) {
            Some(level) => level.max(own),
            None => return wrong("level must be one of the following values: ad, adset, campaign, account".into()),
        },
    };
    if let Some(name) = ["breakdowns", "action_breakdowns"].iter().find(|name| part(name).is_some_and(|x| x != "[]")) {
        return wrong(format!("{name} are not rehearsed"));
    }
    let (first, last) = match part("time_range") {
        Some(text) => {
            let range: Value = serde_json::from_str(text).unwrap_or_default();
            (date(&range["since"], "since")?, date(&range["until"], "until")?)
        }
        None => match preset(part("date_preset").unwrap_or("last_30d"), known.day) {
            Some(days) => days,
            None => return wrong("date_preset must be one of its documented values".into()),
        },
    };
    if first > last {
        return wrong("Must be a valid time range: since is after until".into());
    }
    if first < known.day.saturating_sub(Duration::days(37 * 31)) {
        return Err(Refusal::reach());
    }
    let step = match part("time_increment").unwrap_or("all_days") {
        "all_days" => Step::All,
        "monthly" => Step::Monthly,
        days => match days.parse().ok().filter(|days| (1..=90).contains(days)) {
            Some(days) => Step::Days(days),
            None => return wrong("time_increment must be from 1 to 90, monthly or all_days".into()),
        },
    };
    let fields: Vec<_> =
        parse(part("fields").unwrap_or("account_id,impressions,spend"))?.into_iter().map(|field| field.name).collect();
    let example = Told { level, sums: AdSums::default(), names: BTreeMap::new(), days: (first, last) };
    if let Some(field) = fields.iter().find(|field| example.value(field).is_none()) {
        return wrong(format!(
            "{field} is not valid for fields param. please check https://developers.facebook.com/docs/marketing-api/reference/ads-insights/ for all valid values"
        ));
    }
    let states = filters(part("filtering"))?;
    Ok(Report { level, fields, first, last, step, states })
}

/// Reads conditions on states, the only ones that are rehearsed.
fn filters(text: Option<&str>) -> Result<Vec<(Level, Vec<String>)>, Refusal> {
    let all: Vec<Value> = match text {
        None => return Ok(vec![]),
        Some(text) => {
            serde_json::from_str(text).map_err(|_| Refusal::parameter("Param filtering must be an array."))?
        }
    };
    let read = |filter: &Value| {
        let (of, what) = filter["field"].as_str()?.split_once('.')?;
        let named = what == "effective_status" && filter["operator"] == "IN";
        let states = filter["value"].as_array()?.iter().filter_map(|state| Some(state.as_str()?.to_owned()));
        level(of).filter(|_| named).map(|level| (level, states.collect()))
    };
    let wrong = || Refusal::parameter("Filtering is rehearsed by effective_status with the operator IN only");
    all.iter().map(|filter| read(filter).ok_or_else(wrong)).collect()
}

/// Something and what was counted of it.
struct Told {
    level: Level,
    sums: AdSums,
    /// Ids and names, also of what it is in.
    names: BTreeMap<&'static str, String>,
    days: (Date, Date),
}

fn rows(
    asked: &Asked<'_>,
    channel: &Channel,
    node: &Node<'_>,
    all: &[Entity],
    sent: &BTreeMap<String, String>,
    known: &Known,
) -> Result<Vec<Value>, Refusal> {
    let report = report(sent, node, known)?;
    let find = |id: &str| all.iter().find(|entity| entity.external_id == id);
    let in_state = |entity: &Entity| {
        report.states.iter().all(|(level, states)| {
            let mut here = Some(entity);
            while let Some(at) = here {
                if at.level == *level {
                    return states.iter().any(|state| state == effective(at, all));
                }
                here = at.parent_id.as_deref().and_then(find);
            }
            true
        })
    };
    let counts: BTreeSet<&str> = all
        .iter()
        .filter(|entity| entity.level == report.level && in_state(entity))
        .filter(|entity| match node {
            Node::Account => true,
            Node::Entity(above) => inside(entity, above, all),
        })
        .map(|entity| entity.external_id.as_str())
        .collect();
    let begin = |day: Date| match report.step {
        Step::All => report.first,
        Step::Monthly => day.replace_day(1).unwrap_or(day).max(report.first),
        Step::Days(step) => day - Duration::days((day - report.first).whole_days() % step),
    };
    let mut sums: BTreeMap<(Date, String), AdSums> = BTreeMap::new();
    for row in asked.desk.world.rows_known(channel, report.first..=report.last, report.level, known) {
        if report.level == Level::Account || counts.contains(row.external_id.as_str()) {
            *sums.entry((begin(row.day), row.external_id)).or_default() += row.sums;
        }
    }
    let client = asked.desk.world.client_of(channel);
    let told = sums.into_iter().map(|((first, id), sums)| {
        let last = match report.step {
            Step::All => report.last,
            Step::Monthly => {
                let days = first.month().length(first.year());
                first.replace_day(days).unwrap_or(first).min(report.last)
            }
            Step::Days(step) => (first + Duration::days(step - 1)).min(report.last),
        };
        let mut names = BTreeMap::from([
            ("account_id", channel.external_id.clone()),
            ("account_name", channel.name.clone()),
            ("account_currency", client.currency.to_owned()),
        ]);
        let mut here = find(&id);
        while let Some(entity) = here {
            let (of_id, of_name) = match entity.level {
                Level::Ad => ("ad_id", "ad_name"),
                Level::Group => ("adset_id", "adset_name"),
                _ => ("campaign_id", "campaign_name"),
            };
            names.insert(of_id, entity.external_id.clone());
            names.insert(of_name, entity.name.clone());
            here = entity.parent_id.as_deref().and_then(find);
        }
        Told { level: report.level, sums, names, days: (first, last) }.write(&report.fields)
    });
    Ok(told.collect())
}

impl Told {
    fn write(&self, fields: &[String]) -> Value {
        let mut row = Map::new();
        let days = ["date_start".to_owned(), "date_stop".to_owned()];
        for field in fields.iter().chain(&days) {
            if let Some(value) = self.value(field).filter(|value| !value.is_null()) {
                row.insert(field.clone(), value);
            }
        }
        Value::Object(row)
    }

    /// A field of the row: null if it has none, none if there is no such field.
    fn value(&self, field: &str) -> Option<Value> {
        let sums = &self.sums;
        let rate = |top: f64, bottom: i64| (bottom > 0).then(|| format!("{:.6}", top / bottom as f64));
        let (clicks, cents) = (sums.clicks as f64, sums.spend_cents as f64);
        Some(match field {
            "date_start" => json!(self.days.0.to_string()),
            "date_stop" => json!(self.days.1.to_string()),
            "account_id" | "account_name" | "account_currency" | "campaign_id" | "campaign_name" | "adset_id"
            | "adset_name" | "ad_id" | "ad_name" => json!(self.names.get(field)),
            "spend" => json!(decimal(sums.spend_cents)),
            "impressions" => json!(sums.impressions.to_string()),
            "clicks" | "inline_link_clicks" => json!(sums.clicks.to_string()),
            "ctr" => json!(rate(clicks * 100.0, sums.impressions)),
            "cpc" => json!(rate(cents / 100.0, sums.clicks)),
            "cpm" => json!(rate(cents * 10.0, sums.impressions)),
            "objective" => json!("OUTCOME_SALES"),
            "attribution_setting" => json!((self.level != Level::Account).then_some(ATTRIBUTION)),
            "actions" => self.actions(|sums| (sums.conversions_hundredths / 100).to_string(), true),
            "action_values" => self.actions(|sums| decimal(sums.revenue_cents), false),
            "purchase_roas" => {
                let back = rate(sums.revenue_cents as f64, sums.spend_cents);
                json!(back.map(|back| [json!({ "action_type": "omni_purchase", "value": back })]))
            }
            field if UNTOLD.contains(&field) => Value::Null,
            _ => return None,
        })
    }

    /// One purchase under every kind that it has; clicks beside them in the list of counts.
    fn actions(&self, of: impl Fn(&AdSums) -> String, counts: bool) -> Value {
        let mut list = vec![];
        if counts && self.sums.clicks > 0 {
            list.push(json!({ "action_type": "link_click", "value": self.sums.clicks.to_string() }));
        }
        if self.sums.conversions_hundredths > 0 {
            let kinds = ["omni_purchase", "purchase", "offsite_conversion.fb_pixel_purchase"];
            list.extend(kinds.map(|kind| json!({ "action_type": kind, "value": of(&self.sums) })));
        }
        if list.is_empty() { Value::Null } else { Value::Array(list) }
    }
}
