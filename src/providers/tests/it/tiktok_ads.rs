//! TikTok against Prism, which judges every request by TikTok's own specification and refuses what it does not allow.
//!
//! Two things of the specification are set right in a copy, because TikTok's documentation says otherwise: the token is
//! a header, not a parameter of the address; and `oauth2/advertiser/get/`, which has no specification, has the
//! parameters of TikTok's own client library. Its answers, which are left empty there, are recorded ones.
//! What no specification has, consent and its end, is sent to mountebank, whose record is compared with the documents.

use std::path::PathBuf;

use model::metric::{Account, Days, Level};
use providers::{Call, Client, Consent, Error, Exchange, Fault, Provider, find};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use time::macros::date;

use crate::{
    faults::{Faults, body, header},
    peers::{self, Peer},
};

const TOKEN: &str = "tiktok-token";

/// Prism on the copy; it is removed with the value.
struct Judge {
    peer: Peer,
    copy: PathBuf,
}

impl Drop for Judge {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.copy);
    }
}

async fn judge(name: &str) -> Option<Judge> {
    let read =
        |path| Some(serde_json::from_slice::<Value>(&std::fs::read(peers::shared("tiktok", path)?).unwrap()).unwrap());
    let mut specification = read("peers/openapi/tiktok.json")?;
    let samples = read("peers/samples/tiktok-report.json")?;
    let header = json!({"name": "Access-Token", "in": "header", "required": true, "schema": {"type": "string"}});
    let text = |name: &str| json!({"name": name, "in": "query", "required": true, "schema": {"type": "string"}});
    let paths = specification["paths"].as_object_mut().unwrap();
    for operation in paths.values_mut().filter_map(|path| path.get_mut("get")) {
        for parameter in operation["parameters"].as_array_mut().unwrap() {
            if parameter["name"] == "Access-Token" {
                *parameter = header.clone();
            }
        }
    }
    let mut list = paths["/open_api/v1.3/advertiser/info/"].clone();
    list["get"]["parameters"] = json!([header, text("app_id"), text("secret")]);
    paths.insert("/open_api/v1.3/oauth2/advertiser/get/".into(), list);
    // The recorded row is of a campaign; ad groups and ads differ in their ids only.
    let mut report = samples["report_page1"].clone();
    let dimensions = &mut report["data"]["list"][0]["dimensions"];
    (dimensions["adgroup_id"], dimensions["ad_id"]) = (json!("1714125049901106"), json!("1714125051115569"));
    for (path, answer) in [
        ("/open_api/v1.3/oauth2/advertiser/get/", &samples["advertiser_info"]),
        ("/open_api/v1.3/advertiser/info/", &samples["advertiser_info"]),
        ("/open_api/v1.3/report/integrated/get/", &report),
    ] {
        paths[path]["get"]["responses"]["200"]["content"]["application/json"]["example"] = answer.clone();
    }
    let copy = std::env::temp_dir().join(format!("audienceos-tiktok-{}-{name}.json", std::process::id()));
    std::fs::write(&copy, specification.to_string()).unwrap();
    let peer = peers::prism_on("tiktok", &copy).await;
    let Some(peer) = peer else {
        let _ = std::fs::remove_file(&copy);
        return None;
    };
    Some(Judge { peer, copy })
}

fn tiktok() -> &'static dyn Provider {
    find("tiktok_ads").unwrap()
}

#[tokio::test]
async fn accounts_are_asked_for_as_specified() {
    let Some(judge) = judge("accounts").await else { return };
    let (http, settings, credential) =
        (peers::http(tiktok(), &judge.peer.url), peers::settings(tiktok()), peers::credential(TOKEN));
    let accounts =
        tiktok().accounts(&Call { http: &http, credential: &credential, settings: &settings }).await.unwrap();
    assert_eq!(accounts, [account()]);
}

fn account() -> Account {
    Account {
        external_id: "7002238017842757633".into(),
        name: "Airbyte0830".into(),
        currency: "USD".into(),
        time_zone: "America/Los_Angeles".into(),
        manager_id: None,
    }
}

#[tokio::test]
async fn reports_are_asked_for_as_specified_and_their_pages_end() {
    let Some(judge) = judge("report").await else { return };
    let (http, settings, credential) =
        (peers::http(tiktok(), &judge.peer.url), peers::settings(tiktok()), peers::credential(TOKEN));
    let call = Call { http: &http, credential: &credential, settings: &settings };
    let ads = tiktok().ads().unwrap();
    let days = Days { first: date!(2024 - 01 - 01), last: date!(2024 - 01 - 30) };
    assert_eq!(days.count(), i64::from(ads.piece()));
    let (mut page, mut levels) = (None, Vec::new());
    loop {
        let answer = ads.report(&call, &account(), days, page.as_deref()).await.unwrap();
        let [row] = answer.items.rows.as_slice() else { panic!("{:?}", answer.items) };
        assert_eq!((row.day, row.measures.impressions), (date!(2024 - 01 - 01), Some(4696)));
        assert_eq!(row.measures.spend, Some("20.00".parse().unwrap()));
        assert_eq!((row.measures.conversions, row.measures.claimed_revenue), (None, None));
        assert_eq!(answer.items.entities[0].external_id, row.entity_id);
        levels.push(row.level);
        page = answer.next;
        if page.is_none() {
            break;
        }
        assert!(levels.len() < 10, "the pages do not end");
    }
    let twice = |level| [level, level];
    assert_eq!(levels, [Level::Campaign, Level::Group, Level::Ad].map(twice).concat());
}

#[tokio::test]
async fn the_specification_as_it_is_misses_the_token_in_the_address_and_nothing_else() {
    let Some(judge) = peers::prism("tiktok", "tiktok.json").await else { return };
    let whole: Fault = |answer| Some(Error::Rejected(String::from_utf8_lossy(&answer.body).into_owned()));
    let http = Client::new().unwrap().bind(judge.url.clone(), tiktok().limit(), whole);
    let (settings, credential) = (peers::settings(tiktok()), peers::credential(TOKEN));
    let call = Call { http: &http, credential: &credential, settings: &settings };
    let days = Days { first: date!(2024 - 01 - 01), last: date!(2024 - 01 - 30) };
    for page in [None, Some("group 1"), Some("ad 2")] {
        let answer = tiktok().ads().unwrap().report(&call, &account(), days, page).await;
        let Err(Error::Rejected(finding)) = answer else { panic!("{answer:?}") };
        let finding: Value = serde_json::from_str(&finding).unwrap();
        let [only] = finding["validation"].as_array().unwrap().as_slice() else { panic!("{finding}") };
        assert_eq!(only["message"], "Request query must have required property 'access-token'");
    }
}

fn ok(data: Value) -> Value {
    json!({ "is": { "statusCode": 200, "body": { "code": 0, "message": "OK", "data": data } } })
}

#[tokio::test]
async fn consent_gives_a_lasting_token_for_its_own_code() {
    let given = json!({ "access_token": "long-lived", "advertiser_ids": ["7002238017842757633"], "scope": [1, 4] });
    let Some(faults) = Faults::start(json!([ok(given)])).await else { return };
    let (http, settings) = (peers::http(tiktok(), &faults.url), peers::settings(tiktok()));
    let parameters = [("auth_code", "for-advertisers"), ("code", "for-users")];
    let parameters = parameters.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let oauth = tiktok().oauth().unwrap();
    let redirect_uri = "https://app.test/api/oauth/tiktok_ads/callback";
    let asked = Exchange { code: "for-users", redirect_uri, code_verifier: "v", parameters: &parameters };
    let tokens = oauth.exchange(&http, &settings, &asked).await.unwrap();
    assert_eq!(tokens.access_token.expose_secret(), "long-lived");
    assert!(tokens.refresh_token.is_none() && tokens.expires_in.is_none());
    assert!(tiktok().descriptor().missing(&tokens.scopes).is_empty());
    let [sent] = faults.requests().await.try_into().unwrap();
    assert_eq!(
        (&sent["method"], sent["path"].as_str()),
        (&json!("POST"), Some("/base/open_api/v1.3/oauth2/access_token/"))
    );
    let secret = "hidden-tiktok_app_secret";
    let expected = json!({ "app_id": "hidden-tiktok_app_id", "secret": secret, "auth_code": "for-advertisers" });
    assert_eq!(body(&sent), expected);
    let renewed = oauth.refresh(&http, &settings, &tokens.access_token).await;
    assert_eq!(renewed.unwrap_err().key(), "unauthorized");
}

#[tokio::test]
async fn the_token_is_taken_back_with_the_apps_own_secret() {
    let refused =
        json!({ "is": { "statusCode": 200, "body": { "code": 40105, "message": "Access token is incorrect" } } });
    let Some(faults) = Faults::start(json!([ok(json!({})), refused])).await else { return };
    let (http, settings) = (peers::http(tiktok(), &faults.url), peers::settings(tiktok()));
    let credential = peers::credential(TOKEN);
    let call = Call { http: &http, credential: &credential, settings: &settings };
    let oauth = tiktok().oauth().unwrap();
    oauth.revoke(&call, None).await.unwrap();
    assert_eq!(oauth.revoke(&call, None).await.unwrap_err().key(), "unauthorized");
    let requests = faults.requests().await;
    assert_eq!((requests.len(), requests[0]["path"].as_str()), (2, Some("/base/open_api/v1.3/oauth2/revoke_token/")));
    assert_eq!(header(&requests[0], "access-token"), TOKEN);
    assert_eq!(body(&requests[0])["access_token"], TOKEN);
    assert_eq!(body(&requests[0])["secret"], "hidden-tiktok_app_secret");
}

#[test]
fn consent_is_asked_for_on_tiktoks_page() {
    let hosts = tiktok().hosts(None).unwrap();
    let (redirect_uri, fields) = ("https://app.test/back", Default::default());
    let asked = Consent { base: &hosts.consent, state: "s", redirect_uri, code_challenge: "c", fields: &fields };
    let url = tiktok().oauth().unwrap().consent(&peers::settings(tiktok()), &asked).unwrap();
    let expected = "https://business-api.tiktok.com/portal/auth?app_id=hidden-tiktok_app_id&state=s\
                    &redirect_uri=https%3A%2F%2Fapp.test%2Fback";
    assert_eq!(url.as_str(), expected);
}
