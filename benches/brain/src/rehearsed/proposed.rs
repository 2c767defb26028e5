//! Whether what is planted as an opportunity is proposed: money for the channel that has too little, less for the one that has
//! too much, and more for the creative that sells best.

use brain::{
    curiosity::{Kind, Proposal},
    cycle::{Input, run},
};
use rehearsal::{Kind as Truth, Planted};

use super::known;

/// What is proposed in a cycle of the input's day.
pub(crate) fn of(input: &Input) -> anyhow::Result<Vec<Proposal>> {
    let actions = run(input).into_iter().filter(|outcome| outcome.kind == "action");
    actions.map(|outcome| Ok(serde_json::from_str(&outcome.body)?)).collect()
}

/// Whether it is among the proposals; none for what is no opportunity.
pub(crate) fn seizes(event: &Planted, proposals: &[Proposal]) -> Option<bool> {
    let gets = |more: bool| {
        let id = known::channel_id(event.channel?);
        let mut changes = proposals.iter().flat_map(|one| &one.changes).filter(|change| change.channel == id);
        Some(changes.any(|change| (change.to > change.from) == more))
    };
    match event.kind {
        Truth::UnderFunded => gets(true),
        Truth::Saturated => gets(false),
        Truth::HiddenWinner => {
            let id = event.entity.as_deref()?;
            Some(proposals.iter().any(|one| one.kind == Kind::Raise && one.target.id == id))
        }
        _ => None,
    }
}
