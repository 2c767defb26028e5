//! A stand-in for what Meta says of a token: its permissions, whose it is, and the ad accounts that it reaches. Consent brings
//! the token that its code says. Who takes a permission back takes all tokens of the same person. It is not what judges our
//! requests: that is Prism with Meta's own specification, beside the client.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard},
};

use axum::{
    Json, Router,
    extract::{Query, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use serde_json::{Value, json};

/// What a token may do, and the number of the account that it reaches.
#[derive(Clone, Copy)]
pub struct Token {
    pub permission: &'static str,
    pub account: &'static str,
}

#[derive(Default)]
pub struct World {
    pub tokens: HashMap<&'static str, Token>,
    /// Whether each call came with a proof of the app's secret.
    pub proved: Vec<bool>,
    /// How often a permission was taken back.
    pub revoked: usize,
}

#[derive(Clone)]
pub struct Meta {
    pub url: String,
    world: Arc<Mutex<World>>,
}

type Shared = State<Arc<Mutex<World>>>;

impl Meta {
    pub async fn start() -> Self {
        let world = Arc::<Mutex<World>>::default();
        let router = Router::new()
            .route("/v26.0/oauth/access_token", get(exchange))
            .route("/v26.0/me", get(person))
            .route("/v26.0/me/permissions", get(permissions).delete(revoke))
            .route("/v26.0/me/adaccounts", get(accounts))
            .with_state(world.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, world }
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }
}

impl World {
    fn token(&mut self, headers: &HeaderMap, query: &BTreeMap<String, String>) -> Option<Token> {
        self.proved.push(query.contains_key("appsecret_proof"));
        self.tokens.get(headers.get("authorization")?.to_str().ok()?.strip_prefix("Bearer ")?).copied()
    }
}

/// The answer for a token, or the refusal of one that is not known.
fn answer(token: Option<Token>, data: impl FnOnce(Token) -> Value) -> Response {
    match token {
        Some(token) => Json(json!({"data": [data(token)]})).into_response(),
        None => {
            let error = json!({"message": "Invalid OAuth access token - Cannot parse access token", "code": 190});
            (StatusCode::BAD_REQUEST, Json(json!({"error": error}))).into_response()
        }
    }
}

async fn permissions(
    State(world): Shared,
    headers: HeaderMap,
    Query(query): Query<BTreeMap<String, String>>,
) -> Response {
    let token = world.lock().unwrap().token(&headers, &query);
    answer(token, |token| json!({"permission": token.permission, "status": "granted"}))
}

async fn accounts(State(world): Shared, headers: HeaderMap, Query(query): Query<BTreeMap<String, String>>) -> Response {
    let token = world.lock().unwrap().token(&headers, &query);
    answer(token, |token| {
        json!({"account_id": token.account, "name": format!("Account {}", token.account), "currency": "EUR",
               "timezone_name": "Europe/Berlin"})
    })
}

/// A code, and the token of an hour, is the token itself.
async fn exchange(Query(query): Query<BTreeMap<String, String>>) -> Json<Value> {
    let token = query.get("code").or_else(|| query.get("fb_exchange_token")).unwrap();
    Json(json!({"access_token": token, "token_type": "bearer", "expires_in": 5_183_944}))
}

/// Whose a token is: of `EAAB-ann-1` it is `ann`.
fn person_of(token: &str) -> &str {
    token.split('-').nth(1).unwrap_or_default()
}

fn bearer(headers: &HeaderMap) -> Option<String> {
    Some(headers.get("authorization")?.to_str().ok()?.strip_prefix("Bearer ")?.to_owned())
}

async fn person(headers: HeaderMap) -> Json<Value> {
    Json(json!({"id": person_of(&bearer(&headers).unwrap())}))
}

async fn revoke(State(world): Shared, headers: HeaderMap) -> Json<Value> {
    let mut world = world.lock().unwrap();
    world.revoked += 1;
    let token = bearer(&headers).unwrap();
    world.tokens.retain(|known, _| person_of(known) != person_of(&token));
    Json(json!({"success": true}))
}
