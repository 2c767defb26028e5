//! Opening what a brain state says or an action promises: the state with its moment, its code and its input, and the daily rows
//! that the number was made from, where they are stored.

use std::collections::BTreeMap;

use model::{
    brain::{Outcome, State},
    currency,
    figure::{Evidence, FigureId, Opened, Scope, sentence},
    id::{ActionId, BrainStateId, ClientId},
    metric::spelled,
};
use serde_json::Value;
use store::{action, brain, channel, client, organization};
use time::OffsetDateTime;

use super::{Opening, rows::Rows};
use crate::{
    Error, Result,
    summary::{self, Inputs},
};

/// Where the currency of a client's books stands in its figures.
const BOOKED: &str = "/metrics/ledger_revenue/now/unit/money";

impl Opening<'_> {
    /// A number of a state.
    pub(super) async fn said(&mut self, id: &FigureId, state: BrainStateId, number: i32, path: &str) -> Result<Opened> {
        let outcome = brain::get_outcome(&mut self.tx, state, number).await?;
        let booked = match outcome.kind.as_str() {
            "reconciliation" => self.booked(state, outcome.client_id).await?,
            _ => None,
        };
        let place = format!("{number} {path}");
        self.of_state(id, state, &outcome, path, booked.as_deref(), place).await
    }

    /// A number of an action's proposal.
    pub(super) async fn promised(&mut self, id: &FigureId, action: ActionId, path: &str) -> Result<Opened> {
        let action = action::get(&mut self.tx, action).await?;
        let body = serde_json::to_string(&action.proposal).map_err(|error| Error::Internal(Box::new(error)))?;
        let outcome = Outcome {
            number: 0,
            kind: "action".to_owned(),
            client_id: Some(action.client_id),
            channel_id: action.channel_id,
            body,
        };
        let place = format!("{} {path}", action.proposal.key);
        let mut opened = self.of_state(id, action.state_id, &outcome, path, None, place).await?;
        // As it stands on the action's card.
        opened.shown = crate::action::promised(&action.proposal, path).or(opened.shown);
        Ok(opened)
    }

    /// The currency in which a state tells a client's books.
    async fn booked(&mut self, state: BrainStateId, client: Option<ClientId>) -> Result<Option<String>> {
        let figures = brain::list_wholes(&mut self.tx, state, &["figures"], client).await?;
        let of = |outcome: &Outcome| {
            let body: Value = serde_json::from_str(&outcome.body).ok()?;
            body.pointer(BOOKED)?.as_str().map(str::to_owned)
        };
        Ok(figures.iter().filter(|outcome| outcome.client_id == client).find_map(of))
    }

    async fn of_state(
        &mut self,
        id: &FigureId,
        state: BrainStateId,
        outcome: &Outcome,
        path: &str,
        booked: Option<&str>,
        place: String,
    ) -> Result<Opened> {
        let names = channel::list_names(&mut self.tx).await?;
        let names: Vec<(String, String)> =
            names.iter().map(|channel| (channel.id.to_string(), channel.called().whole())).collect();
        let names: BTreeMap<String, &str> = names.iter().map(|(id, name)| (id.clone(), name.as_str())).collect();
        let number = summary::number(outcome, path, booked, &names).ok_or(Error::Missing)?;
        let (state, cut_off) = brain::get_state(&mut self.tx, state).await?;
        let scope = match (outcome.channel_id, outcome.client_id) {
            (Some(channel), _) => Scope::Channel(channel),
            (None, Some(client)) => Scope::Client(client),
            (None, None) => Scope::Agency(self.actor.organization_id),
        };
        let of = self.named(&scope).await?;
        let figure = number.figure;
        let rows = self.inputs(&scope, &figure.unit, number.inputs.as_ref(), cut_off).await?;
        let (page, runs) = self.page(rows, Some(cut_off)).await?;
        Ok(Opened {
            id: id.to_string(),
            name: sentence(&spelled(&figure.key)),
            of,
            days: figure.first.zip(figure.last),
            as_of: None,
            value: Ok(figure.value),
            shown: Some(figure.shown),
            unit: figure.unit,
            formula: number.formula,
            parts: Vec::new(),
            lacks: Vec::new(),
            rows: page,
            runs,
            evidence: Some(self.evidence(&state, cut_off, place, figure.made)),
        })
    }

    fn evidence(&self, state: &State, cut_off: OffsetDateTime, place: String, made: Vec<String>) -> Evidence {
        Evidence {
            state_id: state.id,
            day: state.day.to_string(),
            cut_off: self.words.write(cut_off),
            created_at: self.words.write(state.created_at),
            code_version: state.code_version.clone(),
            input_hash: hex::encode(&state.input_hash),
            place,
            made,
        }
    }

    /// The daily rows that a number was made from, as they were known to its state; amounts in the number's own currency, which may
    /// have been another then, and else in that of the scope.
    async fn inputs(
        &mut self,
        scope: &Scope,
        unit: &str,
        inputs: Option<&Inputs>,
        cut_off: OffsetDateTime,
    ) -> Result<Rows> {
        let Some(Inputs { metrics, days, channels }) = inputs else { return Ok(Rows::new(&[])) };
        let currency = match scope {
            _ if currency::ALL.contains(&unit) => unit.to_owned(),
            Scope::Client(id) => client::get(&mut self.tx, *id).await?.fields.currency,
            Scope::Channel(id) => channel::get(&mut self.tx, *id).await?.account.currency,
            _ => organization::get(&mut self.tx).await?.currency,
        };
        let mut rows = self.days_of(scope, &currency, *days, metrics, Some(cut_off)).await?;
        if let Some(channels) = channels {
            rows.only(channels);
        }
        Ok(rows)
    }
}
