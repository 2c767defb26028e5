//! Tenants are separated by the database, not only by code.

use model::{actor::Actor, role::Role};
use reqwest::StatusCode;
use serde_json::json;
use sqlx::{AssertSqlSafe, Connection, PgPool, Row};

use crate::support::TestApp;

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn another_agencys_client_looks_like_a_missing_one(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let a = app.owner("olga@acme.test", "Acme").await;
    let b = app.owner("bert@beta.test", "Beta").await;
    let foreign: serde_json::Value = b.post("/api/v1/clients", &json!({"name": "D1"})).await.json().await.unwrap();
    let answer = a.get(&format!("/api/v1/clients/{}", foreign["id"].as_str().unwrap())).await;
    assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    assert_eq!(a.json("/api/v1/clients").await["items"], json!([]));
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
#[expect(clippy::disallowed_methods, reason = "walks the catalogue, whatever tables there are")]
async fn the_runtime_role_sees_one_tenant_or_nothing(pool: PgPool) {
    let app = TestApp::start(pool).await;
    for (email, name) in [("olga@acme.test", "Acme"), ("bert@beta.test", "Beta")] {
        let owner = app.owner(email, name).await;
        let client = owner.create("/api/v1/clients", &json!({"name": name})).await;
        let contact = json!({"name": "Jane", "emails": ["jane@client.test"]});
        owner.create(&format!("/api/v1/clients/{client}/contacts"), &contact).await;
        owner
            .create(
                "/api/v1/invitations",
                &json!({"email": format!("new@{}.test", name.to_lowercase()), "role": "member"}),
            )
            .await;
        let member = app.join(&owner, &format!("member@{}.test", name.to_lowercase()), "member").await;
        let body = json!({"member_id": member.member_id().await, "client_id": client});
        owner.create("/api/v1/assignments", &body).await;
        owner.create("/api/v1/tokens", &json!({"name": "t", "scope": "read", "days": 1})).await;
    }
    let ids: Vec<(uuid::Uuid, uuid::Uuid)> =
        sqlx::query_as("select organization_id, id from member where role = 'owner' order by email")
            .fetch_all(&app.pool)
            .await
            .unwrap();
    let (a, b) = (ids[1], ids[0]);
    let tables: Vec<(String, bool, bool, i64)> = sqlx::query_as(
        "select c.relname, c.relrowsecurity, c.relforcerowsecurity,
           (select count(*) from pg_policy p where p.polrelid = c.oid)
         from pg_class c join pg_namespace n on n.oid = c.relnamespace
         where n.nspname = 'public' and c.relkind in ('r', 'p') and c.relname <> '_sqlx_migrations'",
    )
    .fetch_all(&app.pool)
    .await
    .unwrap();
    assert!(tables.len() >= 6);
    for (table, enabled, forced, policies) in &tables {
        assert!(*enabled && *forced && *policies > 0, "{table} is not protected by row-level security");
    }

    let actor = |(organization, member): (uuid::Uuid, uuid::Uuid)| Actor {
        organization_id: organization.into(),
        member_id: member.into(),
        role: Role::Owner,
        origin: model::actor::Origin::default(),
    };
    for (table, ..) in &tables {
        let mut tx = app.service.db.tenant(&actor(a)).await.unwrap();
        let user: String = sqlx::query_scalar("select current_user::text").fetch_one(&mut *tx).await.unwrap();
        assert_eq!(user, "audienceos_runtime");
        let granted: bool = sqlx::query_scalar("select has_table_privilege($1, 'select')")
            .bind(table)
            .fetch_one(&mut *tx)
            .await
            .unwrap();
        if granted {
            let sql = format!("select count(*) filter (where organization_id = $1), count(*) from {table}");
            let row = sqlx::query(AssertSqlSafe(sql)).bind(b.0).fetch_one(&mut *tx).await.unwrap();
            assert_eq!(row.get::<i64, _>(0), 0, "{table} shows rows of another tenant");
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
    app.finish().await;
}
