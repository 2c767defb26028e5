//! How Meta lets us in: consent and its end, and tokens that somebody made by hand.

use std::collections::BTreeMap;

use providers::{Consent, Credential, Error, Exchange, Settings};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::{Connection, PROOF, TOKEN, meta, ok, refused};
use crate::{
    faults::{Faults, header},
    peers,
};

#[tokio::test]
async fn consent_brings_a_token_for_60_days_which_is_exchanged_while_it_lasts() {
    let short = ok(&json!({ "access_token": "EAAB-short", "token_type": "bearer", "expires_in": 5183 }));
    let long = ok(&json!({ "access_token": "EAAB-long", "token_type": "bearer", "expires_in": 5_183_944 }));
    let permission = |name: &str, status: &str| json!({ "permission": name, "status": status });
    let granted = ok(&json!({ "data": [permission("public_profile", "granted"), permission("ads_read", "granted")] }));
    let denied = ok(&json!({ "data": [permission("public_profile", "granted"), permission("ads_read", "declined")] }));
    let person = ok(&json!({ "id": "10158000000000001" }));
    let answers = json!([short, long, granted, person, long, denied, person, refused(190)]);
    let Some(faults) = Faults::start(answers).await else { return };
    let connection = Connection::new(&faults.url);
    let (oauth, parameters) = (meta().oauth().unwrap(), Default::default());
    let redirect_uri = "https://app.test/api/oauth/meta_ads/callback";
    let asked = Exchange { code: "c0de", redirect_uri, code_verifier: "v", parameters: &parameters };
    let tokens = oauth.exchange(&connection.http, &connection.settings, &asked).await.unwrap();
    assert_eq!(tokens.access_token.expose_secret(), "EAAB-long");
    assert_eq!(tokens.expires_in.unwrap().as_secs(), 5_183_944);
    assert!(meta().descriptor().missing(&tokens.scopes).is_empty());
    // Taking the permission back ends all tokens of the same person, and none of another's.
    let reach = |fields: &BTreeMap<String, String>| {
        oauth.reach(&Credential { fields: fields.clone(), ..Credential::default() })
    };
    assert!(reach(&tokens.fields).ends(&reach(&tokens.fields)) && reach(&tokens.fields).ends(&reach(&BTreeMap::new())));
    let other = tokens.fields.keys().map(|name| (name.clone(), "10158000000000002".to_owned())).collect();
    assert!(!reach(&tokens.fields).ends(&reach(&other)));

    let refresh_token = tokens.refresh_token.unwrap();
    let renewed = oauth.refresh(&connection.http, &connection.settings, &refresh_token).await.unwrap();
    assert_eq!(meta().descriptor().missing(&renewed.scopes).len(), 1);
    let expired = oauth.refresh(&connection.http, &connection.settings, &refresh_token).await.unwrap_err();
    assert_eq!(expired.key(), "unauthorized");

    let requests = faults.requests().await;
    let (id, secret) = ("hidden-meta_app_id", "hidden-meta_app_secret");
    let code = json!({ "client_id": id, "client_secret": secret, "code": "c0de", "redirect_uri": redirect_uri });
    let exchange = |token: &str| json!({ "client_id": id, "client_secret": secret, "grant_type": "fb_exchange_token", "fb_exchange_token": token });
    assert_eq!(requests[0]["path"], "/base/v26.0/oauth/access_token");
    assert_eq!((&requests[0]["query"], &requests[1]["query"]), (&code, &exchange("EAAB-short")));
    assert_eq!(requests[2]["path"], "/base/v26.0/me/permissions");
    assert_eq!(
        requests[2]["query"]["appsecret_proof"],
        "99252e3d94a9ad15a3c9435567996a52dac7ca2eafd51fc39a38c55f69e5826b"
    );
    assert_eq!((&requests[3]["path"], &requests[3]["query"]["fields"]), (&json!("/base/v26.0/me"), &json!("id")));
    assert_eq!(requests[4]["query"], exchange("EAAB-long"));
    let unset = oauth.refresh(&connection.http, &Settings::default(), &refresh_token).await.unwrap_err();
    assert_eq!(unset, Error::Rejected("META_APP_ID is not set: ask your operator".into()));
}

#[tokio::test]
async fn the_permission_is_taken_back() {
    let Some(faults) = Faults::start(json!([ok(&json!({ "success": true })), refused(190)])).await else { return };
    let connection = Connection::new(&faults.url);
    let oauth = meta().oauth().unwrap();
    oauth.revoke(&connection.call(), None).await.unwrap();
    assert_eq!(oauth.revoke(&connection.call(), None).await.unwrap_err().key(), "unauthorized");
    let requests = faults.requests().await;
    assert_eq!(
        (&requests[0]["method"], &requests[0]["path"]),
        (&json!("DELETE"), &json!("/base/v26.0/me/permissions"))
    );
    assert_eq!((requests.len(), &requests[0]["query"]["appsecret_proof"]), (2, &json!(PROOF)));
}

#[tokio::test]
async fn a_typed_token_is_proved_with_its_own_apps_secret_or_not_at_all() {
    let permission = |name: &str, status: &str| json!({ "permission": name, "status": status });
    let granted = ok(&json!({ "data": [permission("ads_read", "granted"), permission("email", "declined")] }));
    let Some(faults) = Faults::start(json!([granted])).await else { return };
    let mut connection = Connection::new(&faults.url);
    // The operator has set nothing.
    connection.settings = Settings::default();
    for secret in ["", "hidden-meta_app_secret"] {
        connection.credential.fields = [("app_secret".to_owned(), secret.to_owned())].into();
        let scopes = meta().typed().unwrap().granted(&connection.call()).await.unwrap();
        assert_eq!(scopes, ["ads_read"]);
    }
    let requests = faults.requests().await;
    let [plain, proved] = requests.as_slice() else { panic!("{requests:?}") };
    for request in [plain, proved] {
        assert_eq!(request["path"], "/base/v26.0/me/permissions");
        assert_eq!(header(request, "authorization"), &json!(format!("Bearer {TOKEN}")));
    }
    assert_eq!(
        (&plain["query"]["appsecret_proof"], &proved["query"]["appsecret_proof"]),
        (&Value::Null, &json!(PROOF))
    );
}

#[test]
fn consent_is_asked_for_on_facebooks_page() {
    let hosts = meta().hosts(None).unwrap();
    let (redirect_uri, fields) = ("https://app.test/back", Default::default());
    let asked = Consent { base: &hosts.consent, state: "s", redirect_uri, code_challenge: "c", fields: &fields };
    let url = meta().oauth().unwrap().consent(&peers::settings(meta()), &asked).unwrap();
    let expected = "https://www.facebook.com/v26.0/dialog/oauth?client_id=hidden-meta_app_id\
                    &redirect_uri=https%3A%2F%2Fapp.test%2Fback&response_type=code&scope=ads_read&auth_type=rerequest&state=s";
    assert_eq!(url.as_str(), expected);
}
