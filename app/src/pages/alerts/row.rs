//! What is said of an alert or a finding, and how it stands: one shape for both pages, since what people do about a finding they do
//! about its alert.

use model::{
    alert::{AlertState, Severity},
    figure::Line,
    id::{AlertId, BrainStateId, ClientId},
    moment::Moment,
};
use serde::{Deserialize, Serialize};

/// What was noticed, in words whose figures open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Noticed {
    pub severity: Severity,
    pub title: String,
    pub client_id: Option<ClientId>,
    /// Client, channel and ad; empty for the agency as a whole.
    pub place: String,
    pub detail: Line,
    /// What its figures were made from.
    pub basis: Vec<Line>,
    /// How sure it is, where the finding says it.
    pub sure: Option<Line>,
    /// The newest state of the brain that has it.
    pub state_id: BrainStateId,
}

impl Noticed {
    /// What and where, to tell it from others.
    pub fn label(&self) -> String {
        if self.place.is_empty() { self.title.clone() } else { format!("{}, {}", self.title, self.place) }
    }
}

/// How an alert stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    pub id: AlertId,
    pub state: AlertState,
    pub first_seen: Moment,
    pub last_seen: Moment,
    /// When it was not found any more.
    pub ended: Option<Moment>,
    /// When and by whom it was acknowledged.
    pub acknowledged: Option<(Moment, String)>,
    /// Until when it waits, and by whom.
    pub snoozed: Option<(Moment, String)>,
}

/// What an alert or a finding says.
#[cfg(feature = "ssr")]
pub fn noticed<'a>(
    event: impl Into<service::alert::words::Event<'a>>,
    client_id: Option<ClientId>,
    state_id: BrainStateId,
) -> Noticed {
    let event = event.into();
    let (words, told) = (service::alert::words::of(event), service::alert::words::told(event));
    Noticed {
        severity: words.severity,
        title: words.title,
        client_id,
        place: words.place,
        detail: told.detail,
        basis: told.basis,
        sure: told.sure,
        state_id,
    }
}

/// How an alert stands now.
#[cfg(feature = "ssr")]
pub fn standing(alert: &model::alert::Alert, moments: &service::moment::Words) -> Standing {
    let write = |at| moments.write(at);
    let deed = |deed: &model::alert::Deed| (write(deed.at), deed.by.clone());
    Standing {
        id: alert.id,
        state: alert.state(moments.now()),
        first_seen: write(alert.first_seen_at),
        last_seen: write(alert.last_seen_at),
        ended: alert.ended_at.map(write),
        acknowledged: alert.acknowledged.as_ref().map(deed),
        snoozed: alert.snoozed.as_ref().map(deed),
    }
}
