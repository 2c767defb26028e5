//! Why an action was not done, in kinds that pages and API turn into words and statuses.

use model::{access::Refusal, action::Action, id::ClientId, input::Invalid};

/// The result of an action.
pub type Result<T> = std::result::Result<T, Error>;

/// Why an action was not done. Nothing was changed in any of these cases.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody is signed in.
    #[error("sign in to go on")]
    SignedOut,
    /// The address or the password is wrong; it is not said which.
    #[error("the e-mail address or the password is wrong")]
    WrongCredentials,
    /// The password is right, but the address was never verified.
    #[error("verify your e-mail address first: open the link in the mail we sent you")]
    EmailUnverified,
    /// The second step of signing in failed.
    #[error("this code is wrong or was used already. Take the one that your app shows now, or a recovery code")]
    WrongCode,
    /// Another service says who somebody is, and nobody signs in with that address here.
    #[error("nobody signs in with this address here. Create an account, or ask your agency to invite it")]
    UnknownAddress,
    /// A rule forbids it.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// There is no such thing in the actor's sight.
    #[error("there is nothing here")]
    Missing,
    /// A field cannot be accepted.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// The present state forbids it.
    #[error("{message}")]
    Conflict {
        /// Stable, for programs.
        code: &'static str,
        /// For people.
        message: String,
    },
    /// Somebody else changed the same fields after they were read.
    #[error("{}", words(.0))]
    ChangedMeanwhile(Vec<Held>),
    /// The brain proposes an action with other figures than those that were read.
    #[error(
        "the brain has newer figures for this proposal than those you read, so nothing was decided. Look at the new ones and \
         decide again"
    )]
    Renewed(Box<Action>),
    /// The member answers for clients, and nobody was named to take over.
    #[error("this member answers for {}. Choose who takes over; nothing was changed", names(.0))]
    ReassignmentRequired(Vec<(ClientId, String)>),
    /// Too often in too short a time.
    #[error("{message}")]
    TooMany {
        /// For people.
        message: String,
        /// When it is worth trying again.
        retry_after: time::Duration,
    },
    /// More than is taken.
    #[error("{0}")]
    TooLarge(String),
    /// The server has no room for it.
    #[error("{0}")]
    NoRoom(String),
    /// A link that has ended or was used.
    #[error("{0}")]
    Gone(String),
    /// We cannot answer now: too many ask at once, or the database does not.
    #[error(
        "this server is too busy at the moment or cannot reach its database. Try again in a few seconds, and look \
             whether your change is there first"
    )]
    Unavailable,
    /// Something of ours failed; details go to the log only.
    #[error("something failed on our side")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A field that holds something else by now.
#[derive(Clone, Debug)]
pub struct Held {
    /// Its name in forms and the API.
    pub field: &'static str,
    /// What it holds, as a form would.
    pub typed: String,
    /// What it holds, for people: a member's name instead of its id.
    pub words: String,
    /// What it holds, for programs.
    pub value: serde_json::Value,
}

impl Held {
    /// What it holds now and what to do, to stand at the field.
    pub fn sentence(&self) -> String {
        format!("somebody changed this meanwhile: {}. Save again to put yours in its place", self.present())
    }

    fn present(&self) -> String {
        let (field, short) = (self.field.trim_end_matches("_id").replace('_', " "), shorten(&self.words));
        if short.is_empty() { format!("{field} is empty now") } else { format!("{field} is now “{short}”") }
    }
}

fn words(held: &[Held]) -> String {
    let fields: Vec<_> = held.iter().map(Held::present).collect();
    format!(
        "somebody changed this meanwhile: {}. Nothing was saved, and what you typed is kept. Save again to put yours in \
         its place",
        fields.join("; ")
    )
}

fn shorten(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() > 80 { line.chars().take(79).chain(['…']).collect() } else { line }
}

fn names(clients: &[(ClientId, String)]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<_> = clients.iter().take(SHOWN).map(|(_, name)| name.as_str()).collect();
    match clients.len().saturating_sub(SHOWN) {
        0 => shown.join(", "),
        more => format!("{} and {more} more clients", shown.join(", ")),
    }
}

impl From<store::Error> for Error {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::Missing => Self::Missing,
            away if away.is_away() => {
                tracing::warn!(error = &away as &dyn std::error::Error, "the database does not answer");
                Self::Unavailable
            }
            full if full.is_full_disk() => {
                tracing::error!(error = &full as &dyn std::error::Error, "the database's disk is full");
                let words = "the server's disk is full, and nothing was changed. Tell your operator, and try again when \
                             there is room";
                Self::NoRoom(words.to_owned())
            }
            other => Self::Internal(Box::new(other)),
        }
    }
}
