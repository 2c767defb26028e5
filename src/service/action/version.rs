//! What somebody read of an action before deciding, so that nobody decides about what came after.

use model::action::{ActionState, Proposal};
use sha2::{Digest, Sha256};

/// So many bytes tell the proposals of one action apart.
const LENGTH: usize = 16;

/// What a person read of an action, as far as that is said.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// Where it stood.
    pub state: Option<ActionState>,
    /// The version of what was proposed.
    pub version: Option<String>,
}

impl Seen {
    /// Whether nothing says that another proposal than this one was read.
    pub(super) fn is_of(&self, proposal: &Proposal) -> bool {
        self.version.as_ref().is_none_or(|seen| *seen == version(proposal))
    }
}

/// A mark of what is proposed: another one as soon as any figure is. Where in its state the grounds stand is no part of it,
/// since they move when something else is noticed, too.
pub fn version(proposal: &Proposal) -> String {
    let proposal = Proposal { because: Vec::new(), ..proposal.clone() };
    // A proposal holds nothing that JSON cannot: its numbers come from there.
    let text = serde_json::to_vec(&proposal).unwrap_or_default();
    hex::encode(&Sha256::digest(text)[..LENGTH])
}

#[cfg(test)]
mod tests {
    use model::{
        action::{ActionKind, Change, Prediction, Target},
        brain::Basis,
        id::ChannelId,
    };

    use super::*;

    fn proposal() -> Proposal {
        Proposal {
            key: "raise:search".into(),
            kind: ActionKind::Raise,
            target: Target { id: "c".into(), level: "client".into() },
            currency: "EUR".into(),
            margin: None,
            changes: vec![Change { channel: ChannelId(uuid::Uuid::from_u128(1)), from: 100.1, to: 120.2 }],
            horizon_days: 28,
            prediction: Some(Prediction { value: 10.0 / 3.0, low: -1.0, high: 7.5, loss: 0.1 }),
            unpredicted: None,
            probability: 0.9,
            effort_minutes: 15,
            score: Some(3.0),
            began: None,
            because: vec![4],
            basis: vec![Basis { name: "spend_per_day".into(), value: 0.1 + 0.2, first: None, last: None }],
            doubts: vec![],
        }
    }

    #[test]
    fn another_figure_is_another_version_and_another_place_of_the_grounds_is_not() {
        let one = version(&proposal());
        assert_eq!(one.len(), 2 * LENGTH);
        let stored: Proposal = serde_json::from_value(serde_json::to_value(proposal()).unwrap()).unwrap();
        assert_eq!(version(&stored), one, "what is read back is the same");
        assert_eq!(version(&Proposal { because: vec![7], ..proposal() }), one);
        let changes: [fn(&mut Proposal); 5] = [
            |other| other.changes[0].to += 0.01,
            |other| other.prediction = None,
            |other| other.probability = 0.91,
            |other| other.basis[0].value = 0.3,
            |other| other.horizon_days = 14,
        ];
        for (number, change) in changes.into_iter().enumerate() {
            let mut other = proposal();
            change(&mut other);
            assert_ne!(version(&other), one, "{number}");
        }
    }

    #[test]
    fn what_is_not_said_is_not_compared() {
        let seen = |version: Option<&str>| Seen { version: version.map(str::to_owned), ..Seen::default() };
        assert!(seen(None).is_of(&proposal()) && seen(Some(&version(&proposal()))).is_of(&proposal()));
        assert!(!seen(Some("")).is_of(&proposal()) && !seen(Some("0")).is_of(&proposal()));
    }
}
