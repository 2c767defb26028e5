//! The pool and the two kinds of transaction.
//!
//! [`Db::tenant`] acts for one signed-in member: it switches to the runtime role and sets organization, member and
//! role, which the policies in `migrations/` compare with every row. [`Db::system`] is for what happens before a
//! member is known. Both switch the role inside the transaction, so the connecting user may be anything.

use std::{
    ops::{Deref, DerefMut},
    str::FromStr,
    time::Duration,
};

use model::actor::Actor;
use sqlx::{
    AssertSqlSafe, Connection, Executor, PgConnection, PgPool, Postgres, Transaction,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use crate::{Error, MIGRATOR, Result, queue};

/// A connection that was used within this time is taken for alive; asking it first would cost every transaction a round
/// trip. One that rested longer is asked, so that a database that was restarted is not noticed by people.
const TAKEN_FOR_ALIVE: Duration = Duration::from_secs(2);

/// The database, cheap to clone.
#[derive(Clone, Debug)]
pub struct Db {
    pool: PgPool,
}

/// A transaction confined to the rows that one member may see. Dropped without [`TenantTx::commit`], it undoes itself.
#[derive(Debug)]
pub struct TenantTx {
    transaction: Transaction<'static, Postgres>,
    actor: Actor,
}

/// A transaction over all organizations, for sign-in, the queue and webhook intake only.
#[derive(Debug)]
pub struct SystemTx(Transaction<'static, Postgres>);

impl Db {
    /// Connects to `url` with at most `connections` connections.
    ///
    /// # Errors
    /// The address is malformed or nobody answers within 10 s.
    pub async fn connect(url: &str, connections: u32) -> Result<Self> {
        let options = PgConnectOptions::from_str(url)?.application_name("audienceos");
        let pool = PgPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(10))
            .test_before_acquire(false)
            // Ours are many short queries, whose policies make the planner expect long ones: compiling each to machine
            // code took a third of the database's time.
            .after_connect(|connection, _| {
                Box::pin(async move {
                    connection.execute("set jit = off").await?;
                    Ok(())
                })
            })
            .before_acquire(|connection, rested| {
                Box::pin(async move {
                    if rested.idle_for > TAKEN_FOR_ALIVE {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_with(options)
            .await?;
        Ok(Self { pool })
    }

    /// Wraps a pool that a test made.
    pub fn from_pool(pool: PgPool) -> Self {
        Self { pool }
    }

    /// The pool, for the queue's runner.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Applies the migrations and installs the queue; several processes may do so at once.
    ///
    /// # Errors
    /// A migration fails or an applied one was changed since.
    pub async fn migrate(&self) -> Result<()> {
        MIGRATOR.run(&self.pool).await?;
        queue::install(&self.pool).await
    }

    /// Undoes all migrations.
    ///
    /// # Errors
    /// A down migration fails.
    pub async fn unmigrate(&self) -> Result<()> {
        Ok(MIGRATOR.undo(&self.pool, 0).await?)
    }

    /// Refuses a database in which the runtime roles could pass row-level security by.
    ///
    /// # Errors
    /// [`Error::Unsafe`] that says which role and why.
    pub async fn check_separation(&self) -> Result<()> {
        let rows = sqlx::query!(
            r#"select rolname as "role!", rolsuper as "superuser!", rolbypassrls as "bypass!",
                 exists (select from pg_class c join pg_namespace n on n.oid = c.relnamespace
                         where c.relowner = r.oid and n.nspname = 'public') as "owner!"
               from pg_roles r where rolname in ('audienceos_runtime', 'audienceos_system')"#
        )
        .fetch_all(&self.pool)
        .await?;
        for row in &rows {
            if row.superuser || row.bypass || row.owner {
                return Err(Error::Unsafe(format!(
                    "the database role {} is a superuser, owns tables or bypasses row-level security: tenants would \
                     not be separated. Nothing was started. Take these rights from the role and start again",
                    row.role
                )));
            }
        }
        if rows.len() == 2 {
            Ok(())
        } else {
            Err(Error::Unsafe("the runtime roles are missing: run `audienceos migrate`".into()))
        }
    }

    /// Whether the database answers and its schema is the one this program was built for.
    pub async fn ready(&self) -> bool {
        let latest = MIGRATOR.iter().map(|migration| migration.version).max().unwrap_or_default();
        sqlx::query_scalar!(
            r#"select exists (select from _sqlx_migrations where version = $1 and success) as "is!""#,
            latest
        )
        .fetch_one(&self.pool)
        .await
        .unwrap_or(false)
    }

    /// Begins a transaction for `actor`.
    ///
    /// # Errors
    /// No connection within 10 s.
    pub async fn tenant(&self, actor: &Actor) -> Result<TenantTx> {
        // Ids and the role key contain only hexadecimal digits, hyphens and lower-case letters.
        let begin = format!(
            "begin; set local role audienceos_runtime; set local audienceos.organization_id = '{}'; \
             set local audienceos.member_id = '{}'; set local audienceos.role = '{}'",
            actor.organization_id, actor.member_id, actor.role
        );
        Ok(TenantTx { transaction: self.begin(begin).await?, actor: actor.clone() })
    }

    /// Begins a transaction over all organizations.
    ///
    /// # Errors
    /// No connection within 10 s.
    pub async fn system(&self) -> Result<SystemTx> {
        Ok(SystemTx(self.begin("begin; set local role audienceos_system".to_owned()).await?))
    }

    /// Begins in a task of its own: a beginning that is given up half-way (a browser that goes away) would leave its
    /// connection inside a transaction that nobody ends, and the pool would hand it to the next.
    async fn begin(&self, statements: String) -> Result<Transaction<'static, Postgres>> {
        let pool = self.pool.clone();
        let begun = tokio::spawn(async move { pool.begin_with(AssertSqlSafe(statements)).await });
        Ok(begun.await.unwrap_or(Err(sqlx::Error::WorkerCrashed))?)
    }
}

impl TenantTx {
    /// Whom the transaction acts for.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// From here on the transaction joins many rows. Right after a first reading or an import the planner may take them for a few, and
    /// compare each with each: it is kept from such loops. (A shop's books were seen to take 19 s right after its first reading.)
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn reads_much(&mut self) -> Result<()> {
        sqlx::query!("set local enable_nestloop = off").execute(&mut *self.transaction).await?;
        Ok(())
    }

    /// From here on each question of the transaction is planned for what it asks. One plan for whatever may be asked reads and sorts all
    /// rows where the newest few are wanted: of 20,000 conversations that took a second instead of some milliseconds.
    ///
    /// # Errors
    /// The database failed.
    pub(crate) async fn plans_anew(&mut self) -> Result<()> {
        sqlx::query!("set local plan_cache_mode = force_custom_plan").execute(&mut *self.transaction).await?;
        Ok(())
    }

    /// Keeps what was done.
    ///
    /// # Errors
    /// The database failed; then nothing was kept.
    pub async fn commit(self) -> Result<()> {
        Ok(self.transaction.commit().await?)
    }
}

impl SystemTx {
    /// Keeps what was done.
    ///
    /// # Errors
    /// The database failed; then nothing was kept.
    pub async fn commit(self) -> Result<()> {
        Ok(self.0.commit().await?)
    }
}

macro_rules! connection {
    ($name:ident, $field:tt) => {
        impl Deref for $name {
            type Target = PgConnection;
            fn deref(&self) -> &PgConnection {
                &self.$field
            }
        }
        impl DerefMut for $name {
            fn deref_mut(&mut self) -> &mut PgConnection {
                &mut self.$field
            }
        }
    };
}
connection!(TenantTx, transaction);
connection!(SystemTx, 0);

#[cfg(test)]
mod tests {
    use std::{future::Future, task::Poll};

    use super::*;

    /// Lets `future` run for `turns` turns and gives it up.
    async fn give_up<F: Future>(future: F, turns: u32) {
        let mut future = std::pin::pin!(future);
        let mut left = turns;
        std::future::poll_fn(|context| {
            if left == 0 || future.as_mut().poll(context).is_ready() {
                return Poll::Ready(());
            }
            left -= 1;
            Poll::Pending
        })
        .await;
    }

    #[sqlx::test(migrator = "crate::MIGRATOR")]
    #[expect(clippy::disallowed_methods, reason = "provokes a failure outside a transaction")]
    async fn a_beginning_that_is_given_up_leaves_no_transaction_open(pool: PgPool) {
        let db = Db::from_pool(pool.clone());
        for turns in 1..6 {
            give_up(db.system(), turns).await;
            for _ in 0..pool.options().get_max_connections() {
                let failed = sqlx::query("select 1 / 0").execute(&pool).await;
                assert!(failed.unwrap_err().to_string().contains("division by zero"), "after {turns} turns");
            }
        }
    }
}
