//! What can go wrong in the store. Callers choose by kind; constraint names become field errors in `service`.

/// The result of a store function.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a store function did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No such row in the sight of this transaction; another tenant's row looks the same.
    #[error("no such row")]
    Missing,
    /// A unique or check constraint forbids it.
    #[error("constraint {0} forbids it")]
    Conflict(&'static str),
    /// The database failed or could not be reached.
    #[error("the database failed")]
    Database(#[source] sqlx::Error),
    /// The migrations could not be applied.
    #[error("the migrations could not be applied")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// The queue's own tables could not be installed.
    #[error("the queue could not be installed: {0}")]
    Queue(String),
    /// The runtime role could see other tenants' rows: the server must not start.
    #[error("{0}")]
    Unsafe(String),
}

impl Error {
    /// Whether the database cannot be reached or has no connection left, so that trying again may help.
    pub fn is_away(&self) -> bool {
        let Self::Database(error) = self else { return false };
        match error {
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) => true,
            // Class 57P: the server stops or starts; 53300: no connection is free (PostgreSQL, appendix A).
            sqlx::Error::Database(error) => {
                error.code().is_some_and(|code| code.starts_with("57P0") || code == "53300")
            }
            _ => false,
        }
    }

    /// Whether two transactions waited for each other and this one was given up, so that it can be tried again.
    pub fn is_deadlock(&self) -> bool {
        // Postgres, appendix A: deadlock_detected.
        matches!(self, Self::Database(sqlx::Error::Database(error)) if error.code().as_deref() == Some("40P01"))
    }

    /// Whether the database's disk is full.
    pub fn is_full_disk(&self) -> bool {
        // Postgres, appendix A: disk_full.
        matches!(self, Self::Database(sqlx::Error::Database(error)) if error.code().as_deref() == Some("53100"))
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        match error {
            sqlx::Error::RowNotFound => Self::Missing,
            other => Self::Database(other),
        }
    }
}

/// Names the constraint whose violation the caller expects.
pub trait OnConstraint<T> {
    /// Turns a violation of `name` into [`Error::Conflict`]; every other error stays what it is.
    ///
    /// # Errors
    /// The mapped error.
    fn on_constraint(self, name: &'static str) -> Result<T>;
}

impl<T> OnConstraint<T> for std::result::Result<T, sqlx::Error> {
    fn on_constraint(self, name: &'static str) -> Result<T> {
        self.map_err(|error| match &error {
            sqlx::Error::Database(db) if db.constraint() == Some(name) => Error::Conflict(name),
            _ => error.into(),
        })
    }
}
