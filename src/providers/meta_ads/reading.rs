//! One level of a piece, while it is read: at once, in the background, or as a list.

use std::time::Duration;

use model::metric::{Account, Days};
use serde_json::json;

use super::{
    LIST_SIZE, PAGE_SIZE, VERSION, get, paged,
    place::{DEPTHS, Depth, Place, Step, Waiting},
    signed, wire,
};
use crate::{Call, Error, Page, Report, Request, Result, digits};

/// Pauses within a call between asking whether a report is ready, in milliseconds; about a minute together. Small reports are
/// ready almost at once.
const PAUSES: [u64; 7] = [100, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000];
/// How many calls may wait for one report; about half an hour.
const LONGEST_WAIT: u32 = 30;
/// How often a report that fails is started.
const STARTS: u32 = 3;

/// One level of a piece, while it is read.
pub(super) struct Reading<'a> {
    pub call: &'a Call<'a>,
    pub account: &'a Account,
    pub days: Days,
    pub depth: &'static Depth,
}

impl Reading<'_> {
    fn node(&self) -> Result<String> {
        Ok(format!("act_{}", digits(&self.account.external_id)?))
    }

    pub async fn sync(&self, after: String) -> Result<Page<Report>> {
        let request = self.insights(get(self.call, &format!("{}/insights", self.node()?))?);
        let rows = paged(request, PAGE_SIZE, &after).send().await?;
        self.page(rows, &after, |after| Step::Sync { after })
    }

    pub async fn start(&self, starts: u32) -> Result<Page<Report>> {
        let request = self.call.http.post(&format!("{VERSION}/{}/insights", self.node()?));
        let request = signed(request, self.call)?;
        let run: wire::Run = self.insights(request).send().await?;
        self.wait(Waiting { run: run.report_run_id, calls: 0, starts: starts + 1 }, true).await
    }

    /// Waits for a report and reads its first page; after a minute the page is empty and the next one waits on. A report
    /// that fails is started again. One that was not started by this call and cannot be is behind us for good.
    pub async fn wait(&self, waiting: Waiting, fresh: bool) -> Result<Page<Report>> {
        let Waiting { run, calls, starts } = waiting;
        let state =
            if calls < LONGEST_WAIT { self.state(&run).await? } else { wire::Outcome::Failed(Error::CursorExpired) };
        let next = match state {
            wire::Outcome::Ready => return self.result(run, String::new()).await,
            wire::Outcome::Running => Step::Wait(Waiting { run, calls: calls + 1, starts }),
            wire::Outcome::Failed(error @ Error::Rejected(_)) if fresh => return Err(error),
            wire::Outcome::Failed(_) if starts < STARTS => Step::Start { starts },
            wire::Outcome::Failed(error) if fresh => return Err(error),
            wire::Outcome::Failed(_) => return Err(Error::CursorExpired),
        };
        Ok(Page { items: Report::default(), next: Some(self.at(next)) })
    }

    /// Asks for about a minute.
    async fn state(&self, run: &str) -> Result<wire::Outcome> {
        for pause in PAUSES {
            tokio::time::sleep(Duration::from_millis(pause)).await;
            let state: wire::RunState =
                get(self.call, digits(run)?)?.query("fields", wire::RunState::FIELDS).send().await?;
            match state.outcome() {
                wire::Outcome::Running => {}
                ended => return Ok(ended),
            }
        }
        Ok(wire::Outcome::Running)
    }

    pub async fn result(&self, run: String, after: String) -> Result<Page<Report>> {
        let request = get(self.call, &format!("{}/insights", digits(&run)?))?;
        let rows = paged(request, PAGE_SIZE, &after).send().await?;
        self.page(rows, &after, |after| Step::Result { run, after })
    }

    /// After the rows of the last level come the lists.
    fn page(
        &self,
        rows: wire::List<wire::Insight>,
        after: &str,
        step: impl FnOnce(String) -> Step,
    ) -> Result<Page<Report>> {
        let next = match rows.next(after)? {
            Some(cursor) => self.at(step(cursor)),
            None => match self.depth.deeper() {
                Some(depth) => Place::first(depth, self.days).to_string(),
                None => Place { depth: &DEPTHS[0], step: Step::List { after: String::new() } }.to_string(),
            },
        };
        let items = rows.report(self.depth.level, self.days, &self.account.currency)?;
        Ok(Page { items, next: Some(next) })
    }

    pub async fn list(&self, after: String) -> Result<Page<Report>> {
        let request = get(self.call, &format!("{}/{}", self.node()?, self.depth.edge))?;
        let request = request.query("fields", self.depth.object_fields);
        let list: wire::List<wire::Object> = paged(request, LIST_SIZE, &after).send().await?;
        let next = match list.next(&after)? {
            Some(after) => Some(self.at(Step::List { after })),
            None => {
                self.depth.deeper().map(|depth| Place { depth, step: Step::List { after: String::new() } }.to_string())
            }
        };
        let entities = list.data.into_iter().map(|object| object.entity(self.depth.level)).collect();
        Ok(Page { items: Report { entities, rows: Vec::new() }, next })
    }

    fn at(&self, step: Step) -> String {
        Place { depth: self.depth, step }.to_string()
    }

    /// What a report asks for, however it is made.
    fn insights<'r>(&self, request: Request<'r>) -> Request<'r> {
        let Depth { name, report_fields, states, .. } = self.depth;
        let range = json!({ "since": self.days.first.to_string(), "until": self.days.last.to_string() });
        let filter = json!([{ "field": format!("{name}.effective_status"), "operator": "IN", "value": states }]);
        let measures =
            "date_start,date_stop,account_currency,attribution_setting,spend,impressions,clicks,actions,action_values";
        request
            .query("level", name)
            .query("fields", &format!("{report_fields},{measures}"))
            .query("time_increment", "1")
            .query("time_range", &range.to_string())
            .query("filtering", &filter.to_string())
            .query("use_unified_attribution_setting", "true")
    }
}
