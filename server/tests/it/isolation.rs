//! Tenants are separated by the database, not only by code.

use model::{actor::Actor, job::Job, role::Role};
use reqwest::StatusCode;
use serde_json::json;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, PgPool, Row};

use crate::{
    process::{Process, free_address},
    seed,
    support::{TestApp, all_rows, count, execute},
};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b3_1_another_agencys_client_looks_like_a_missing_one(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let a = app.owner("olga@acme.test", "Acme").await;
    let b = app.owner("bert@beta.test", "Beta").await;
    let foreign: serde_json::Value = b.post("/api/v1/clients", &json!({"name": "D1"})).await.json().await.unwrap();
    let answer = a.get(&format!("/api/v1/clients/{}", foreign["id"].as_str().unwrap())).await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert_eq!(a.json("/api/v1/clients").await["items"], json!([]));
    app.finish().await;
}

/// Two agencies with a row in every table that belongs to one; the Owners of both.
#[expect(clippy::disallowed_methods, reason = "asks for the ids as the superuser")]
async fn two_agencies(app: &TestApp) -> (Actor, Actor) {
    for (email, name) in [("olga@acme.test", "Acme"), ("bert@beta.test", "Beta")] {
        let owner = app.owner(email, name).await;
        let client = owner.create("/api/v1/clients", &json!({"name": name})).await;
        let contact = json!({"name": "Jane", "emails": ["jane@client.test"]});
        owner.create(&format!("/api/v1/clients/{client}/contacts"), &contact).await;
        let guest = json!({"email": format!("new@{}.test", name.to_lowercase()), "role": "member"});
        owner.create("/api/v1/invitations", &guest).await;
        let member = app.join(&owner, &format!("member@{}.test", name.to_lowercase()), "member").await;
        let body = json!({"member_id": member.member_id().await, "client_id": client});
        owner.create("/api/v1/assignments", &body).await;
        owner.create("/api/v1/tokens", &json!({"name": "t", "scope": "read", "days": 1})).await;
        owner.create("/api/v1/views", &json!({"name": "Mondays", "query": ""})).await;
    }
    seed::integrations(&app.pool).await;
    let ids: Vec<(uuid::Uuid, uuid::Uuid)> =
        sqlx::query_as("select organization_id, id from member where role = 'owner' order by email desc")
            .fetch_all(&app.pool)
            .await
            .unwrap();
    let actor = |(organization, member): (uuid::Uuid, uuid::Uuid)| Actor {
        organization_id: organization.into(),
        member_id: member.into(),
        role: Role::Owner,
        origin: model::actor::Origin::default(),
    };
    (actor(ids[0]), actor(ids[1]))
}

#[sqlx::test(migrator = "store::MIGRATOR")]
#[expect(clippy::disallowed_methods, reason = "walks the catalogue, whatever tables there are")]
async fn b3_3_the_runtime_role_sees_one_tenant_or_nothing(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let (a, b) = two_agencies(&app).await;
    let tables: Vec<(String, bool, bool, i64)> = sqlx::query_as(
        "select c.relname, c.relrowsecurity, c.relforcerowsecurity,
           (select count(*) from pg_policy p where p.polrelid = c.oid)
         from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname = 'public' and c.relkind in ('r', 'p') and c.relname <> '_sqlx_migrations'",
    )
    .fetch_all(&app.pool)
    .await
    .unwrap();
    for (table, enabled, forced, policies) in &tables {
        assert!(*enabled && *forced && *policies > 0, "{table} is not protected by row-level security");
    }

    let rows_of_b = all_rows(&app.pool, Some("Beta")).await;
    let mut seen = 0;
    for (table, ..) in &tables {
        let mut tx = app.service.db.tenant(&a).await.unwrap();
        let user: String = sqlx::query_scalar("select current_user::text").fetch_one(&mut *tx).await.unwrap();
        assert_eq!(user, "audienceos_runtime");
        let granted: bool = sqlx::query_scalar("select has_table_privilege($1, 'select')")
            .bind(table)
            .fetch_one(&mut *tx)
            .await
            .unwrap();
        if granted {
            let sql = format!("select count(*) filter (where organization_id = $1), count(*) from {table}");
            let row = sqlx::query(AssertSqlSafe(sql)).bind(b.organization_id.0).fetch_one(&mut *tx).await.unwrap();
            let theirs = rows_of_b.iter().find(|(name, _)| name == table).map(|(_, rows)| rows.as_str());
            assert!(theirs.is_some_and(|rows| !rows.is_empty()), "{table}: the other tenant has rows to be seen");
            assert_eq!(row.get::<i64, _>(0), 0, "{table} shows rows of another tenant");
            seen += 1;
            assert!(row.get::<i64, _>(1) > 0, "{table}: the tenant does see its own rows");
        }
        drop(tx);

        let mut connection = app.pool.acquire().await.unwrap();
        let mut unset = connection.begin_with("begin; set local role audienceos_runtime").await.unwrap();
        if granted {
            let sql = format!("select count(*) from {table}");
            let all: i64 = sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut *unset).await.unwrap();
            assert_eq!(all, 0, "{table} shows rows with no tenant set");
        }
    }
    assert!(seen >= 12, "the grants themselves did not hide them all: {seen}");
    app.finish().await;
}

/// Names that the catalogue gives for a question; none is what is hoped for.
#[expect(clippy::disallowed_methods, reason = "asks the catalogue, whatever tables there are")]
async fn named(app: &TestApp, question: &'static str) -> Vec<String> {
    sqlx::query_scalar(question).fetch_all(&app.pool).await.unwrap()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b3_3_the_catalogue_leaves_the_runtime_role_no_way_around(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let none: Vec<String> = Vec::new();
    let roles = named(
        &app,
        "select rolname::text from pg_roles r where rolname in ('audienceos_runtime', 'audienceos_system')
           and not rolsuper and not rolbypassrls and not rolcreaterole and not rolcreatedb and not rolcanlogin
           and not exists (select from pg_class c where c.relowner = r.oid)
           and not exists (select from pg_proc p where p.proowner = r.oid)
           and not exists (select from pg_auth_members m where m.member = r.oid) order by 1",
    );
    assert_eq!(roles.await, ["audienceos_runtime", "audienceos_system"], "no rights of their own or of other roles");
    app.service.db.check_separation().await.unwrap();

    let without_policy = "select c.relname::text from pg_class c
         where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and relname <> '_sqlx_migrations'
           and not (relrowsecurity and relforcerowsecurity and exists (select from pg_policy p where p.polrelid = c.oid))";
    assert_eq!(named(&app, without_policy).await, none, "tables without forced row-level security");

    let open = "select p.polname || ' on ' || c.relname from pg_policy p join pg_class c on c.oid = p.polrelid
         where 'audienceos_runtime'::regrole = any(p.polroles) and (
           coalesce(pg_get_expr(p.polqual, p.polrelid), pg_get_expr(p.polwithcheck, p.polrelid)) not like '%current_organization()%'
           or 0 = any(p.polroles))";
    assert_eq!(named(&app, open).await, none, "policies of the runtime role that do not name the organization");
    let for_all =
        "select c.relname::text from pg_policy p join pg_class c on c.oid = p.polrelid where 0 = any(p.polroles)";
    assert_eq!(named(&app, for_all).await, none, "policies for everybody");

    let keys = "select c.relname::text from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'organization_id'
         where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
           and has_table_privilege('audienceos_runtime', c.oid, 'select')
           and not exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary and i.indkey[0] = a.attnum)";
    assert_eq!(named(&app, keys).await, none, "tables whose primary key does not begin with the organization");
    let unowned =
        "select relname::text from pg_class c where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')
           and has_any_column_privilege('audienceos_runtime', c.oid, 'select, insert, update')
           and not exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'organization_id')";
    assert_eq!(named(&app, unowned).await, none, "tables within reach that belong to no organization");

    let views =
        "select relname::text from pg_class c where relnamespace = 'public'::regnamespace and relkind in ('v', 'm')
           and has_table_privilege('audienceos_runtime', c.oid, 'select')
           and not coalesce('security_invoker=true' = any(reloptions), false)";
    assert_eq!(named(&app, views).await, none, "views that look with their owner's eyes");
    let functions =
        "select p.oid::regprocedure::text from pg_proc p where pronamespace = 'public'::regnamespace and prosecdef
           and has_function_privilege('audienceos_runtime', p.oid, 'execute')
           and prosrc not like '%current_organization()%' and proname <> 'enqueue_job'";
    assert_eq!(
        named(&app, functions).await,
        none,
        "functions with their owner's rights that do not look whose rows they touch"
    );
    let queue = "select n.nspname::text from pg_namespace n where nspname not like 'pg\\_%'
           and nspname not in ('public', 'information_schema') and has_schema_privilege('audienceos_runtime', n.oid, 'usage')";
    assert_eq!(named(&app, queue).await, none, "other schemas within reach");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn no_server_starts_where_the_runtime_role_could_pass_the_policies(pool: PgPool) {
    let app = TestApp::start(pool.clone()).await;
    execute(&pool, "alter table client owner to audienceos_runtime".to_owned()).await;
    let why = app.service.db.check_separation().await.unwrap_err().to_string();
    assert!(why.contains("audienceos_runtime") && why.contains("tenants would not be separated"), "{why}");
    let database = pool.connect_options().to_url_lossy().to_string();
    let mut process = Process::spawn(&free_address(), &[("DATABASE_URL", database.as_str())]);
    assert_eq!(process.ended().await.code(), Some(1), "{}", process.log());
    assert!(process.log().contains("tenants would not be separated"), "{}", process.log());
    app.stop().await;
}

/// What a statement of the runtime role came to: rows that were changed, or none because the database refused it.
async fn outcome(app: &TestApp, actor: &Actor, sql: String, other: uuid::Uuid) -> u64 {
    let mut tx = app.service.db.tenant(actor).await.unwrap();
    #[expect(clippy::disallowed_methods, reason = "walks the catalogue, whatever tables there are")]
    match sqlx::query(AssertSqlSafe(sql.clone())).bind(other).execute(&mut *tx).await {
        Ok(done) => {
            tx.commit().await.unwrap();
            done.rows_affected()
        }
        Err(sqlx::Error::Database(error)) => {
            assert_eq!(error.code().as_deref(), Some("42501"), "{sql}: {error}");
            0
        }
        Err(error) => panic!("{sql}: {error}"),
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
#[expect(clippy::disallowed_methods, reason = "walks the catalogue, whatever tables there are")]
async fn b3_3_the_runtime_role_changes_nothing_of_another_tenant(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let (a, b) = two_agencies(&app).await;
    let other = b.organization_id.0;
    let tables: Vec<(String, bool, bool, bool)> = sqlx::query_as(
        "select relname::text, has_table_privilege('audienceos_runtime', c.oid, 'insert'),
           has_any_column_privilege('audienceos_runtime', c.oid, 'update'),
           has_table_privilege('audienceos_runtime', c.oid, 'delete')
         from pg_class c join pg_attribute k on k.attrelid = c.oid and k.attname = 'organization_id'
         where relnamespace = 'public'::regnamespace and relkind in ('r', 'p')",
    )
    .fetch_all(&app.pool)
    .await
    .unwrap();
    let all_of = async |table: &str| -> String {
        let sql = format!(
            "select coalesce(json_agg(t order by t::text)::text, '') from {table} t where organization_id = $1"
        );
        sqlx::query_scalar(AssertSqlSafe(sql)).bind(other).fetch_one(&app.pool).await.unwrap()
    };
    let mut before = Vec::new();
    for (table, ..) in &tables {
        before.push(all_of(table).await);
    }
    let mut tried = [0; 3];
    for ((table, inserts, updates, deletes), theirs) in tables.iter().zip(&before) {
        let may = [*inserts, *updates, *deletes];
        if may != [false; 3] {
            assert_ne!(theirs, "", "{table}: the other tenant has rows to lose");
        }
        // The runtime role may not change these tables at all, or it may, and then the policies must stop it.
        let touch = format!("update {table} set organization_id = organization_id where organization_id = $1");
        let give = format!("update {table} set organization_id = $1 where organization_id <> $1");
        let remove = format!("delete from {table} where organization_id = $1");
        for sql in [touch, give, remove] {
            assert_eq!(outcome(&app, &a, sql.clone(), other).await, 0, "{sql}");
        }
        let copy = theirs.replace('\'', "''");
        let add = format!(
            "insert into {table} select t.* from json_populate_recordset(null::{table}, '{copy}') t where $1::uuid is not null"
        );
        if !copy.is_empty() {
            assert_eq!(outcome(&app, &a, add.clone(), other).await, 0, "{add}");
        }
        for (tried, may) in tried.iter_mut().zip(may) {
            *tried += u32::from(may);
        }
    }
    assert!(tried.iter().all(|tables| *tables >= 4), "the grants themselves did not do it all: {tried:?}");
    for ((table, ..), before) in tables.iter().zip(before) {
        assert_eq!(all_of(table).await, before, "{table}");
    }
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
#[expect(clippy::disallowed_methods, reason = "asks as no code of ours does")]
async fn b3_3_another_tenants_job_is_neither_failed_nor_removed(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let (a, b) = two_agencies(&app).await;
    let job = Job::MailAlertAgain { organization_id: b.organization_id, member_id: b.member_id };
    let mut tx = app.service.db.tenant(&b).await.unwrap();
    let later = app.service.clock.now() + time::Duration::DAY;
    store::queue::enqueue(&mut tx, &job, Some(later)).await.unwrap();
    tx.commit().await.unwrap();
    let theirs = serde_json::to_value(&job).unwrap();
    for payload in [theirs, json!({"organization_id": a.organization_id}), json!({})] {
        for reason in [None, Some("x")] {
            let mut tx = app.service.db.tenant(&a).await.unwrap();
            let asked = sqlx::query("select fail_job($1, $2, $3, 1)").bind(&payload).bind(job.key()).bind(reason);
            let error = asked.execute(&mut *tx).await.unwrap_err();
            let code = error.as_database_error().and_then(|error| error.code());
            assert_eq!(code.as_deref(), Some("42501"), "{payload} {reason:?}: {error}");
        }
    }
    let waiting =
        "select count(*) from graphile_worker._private_jobs where key like 'mail_alert_again:%' and attempts = 0";
    assert_eq!(count(&app.pool, waiting).await, 1);
    app.stop().await;
}
