//! Outlook against an independent Microsoft for consent and tokens that rotate, against Prism, which judges requests by
//! Microsoft's own specification, and against mountebank, whose record says what was asked: no independent server keeps mail
//! as Graph does.

use std::time::Duration;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use model::{message::Place, metric::Account};
use providers::{
    Answer, Call, Change, Changes, Client, Consent, Content, Credential, Error, Exchange, Fault, Http, Inbox, Lookup,
    Message, Outgoing, Provider, Sent, Settings, find,
};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use time::{OffsetDateTime, macros::datetime};
use url::Url;

use crate::{
    emulate::Emulate,
    faults::{Faults, header},
    peers,
};

const OWNER: &str = "owner@acme.test";
const REDIRECT: &str = "http://localhost:3000/api/oauth/outlook/callback";
const SINCE: OffsetDateTime = datetime!(2026-01-01 00:00 UTC);

fn outlook() -> &'static dyn Provider {
    find("outlook").unwrap()
}

fn inbox() -> &'static dyn Inbox {
    outlook().inbox().unwrap()
}

fn account() -> Account {
    Account {
        external_id: OWNER.into(),
        name: OWNER.into(),
        currency: String::new(),
        time_zone: String::new(),
        manager_id: None,
    }
}

struct Connection {
    http: Http,
    credential: Credential,
    settings: Settings,
}

impl Connection {
    fn new(base: &Url) -> Self {
        let (http, settings) = (peers::http(outlook(), base), peers::settings(outlook()));
        Self { http, credential: peers::credential("token"), settings }
    }

    fn call(&self) -> Call<'_> {
        Call { http: &self.http, credential: &self.credential, settings: &self.settings }
    }

    async fn changes(&self, cursor: Option<&str>) -> Result<Changes, Error> {
        inbox().changes(&self.call(), &account(), cursor, SINCE).await
    }
}

#[tokio::test]
async fn consent_brings_tokens_that_are_renewed_once_each() {
    let seed = format!(
        "  users:\n    - {{ email: {OWNER}, name: Olive Owner }}\n  oauth_clients:\n    - {{ client_id: \
         hidden-microsoft_client_id, client_secret: hidden-microsoft_client_secret, name: Us, redirect_uris: \
         [\"{REDIRECT}\"] }}\n"
    );
    let Some(microsoft) = Emulate::start("microsoft", &seed, "").await else { return };
    let (oauth, settings, fields) = (outlook().oauth().unwrap(), peers::settings(outlook()), Default::default());
    let hosts = outlook().hosts(Some(&microsoft.peer.url)).unwrap();
    let verifier = "a-verifier-of-forty-three-characters-or-more";
    let code_challenge = &URL_SAFE_NO_PAD.encode(Sha256::digest(verifier));
    let asked = Consent { base: &hosts.consent, state: "s&1", redirect_uri: REDIRECT, code_challenge, fields: &fields };
    let consent = oauth.consent(&settings, &asked).unwrap();
    let tokens = peers::http(outlook(), &hosts.tokens);
    let parameters = Default::default();
    let exchange = async |code: &str, code_verifier: &str| {
        let asked = Exchange { code, redirect_uri: REDIRECT, code_verifier, parameters: &parameters };
        oauth.exchange(&tokens, &settings, &asked).await
    };
    let page = "oauth2/v2.0/authorize/callback";
    let stolen = microsoft.choose(&consent, page, OWNER).await;
    assert_eq!(exchange(&stolen, "another-verifier-of-forty-three-characters-").await.unwrap_err().key(), "rejected");
    let code = microsoft.choose(&consent, page, OWNER).await;
    let given = exchange(&code, verifier).await.unwrap();
    assert_eq!(exchange(&code, verifier).await.unwrap_err().key(), "rejected", "a code works once");
    assert!(given.expires_in.is_some_and(|time| time > Duration::from_secs(60)));
    assert!(outlook().descriptor().missing(&given.scopes).is_empty(), "{:?}", given.scopes);

    let first = given.refresh_token.unwrap();
    let renewed = oauth.refresh(&tokens, &settings, &first).await.unwrap();
    let second = renewed.refresh_token.unwrap();
    assert_ne!(second.expose_secret(), first.expose_secret());
    assert_eq!(oauth.refresh(&tokens, &settings, &first).await.unwrap_err().key(), "unauthorized");
    assert!(oauth.refresh(&tokens, &settings, &second).await.is_ok());
    let unset = oauth.refresh(&tokens, &Settings::default(), &second).await.unwrap_err();
    assert_eq!(unset, Error::Rejected("MICROSOFT_CLIENT_ID is not set: ask your operator".into()));
}

#[test]
fn consent_is_asked_for_on_microsofts_page_for_all_accounts() {
    let hosts = outlook().hosts(None).unwrap();
    let (redirect_uri, fields) = ("https://app.test/back", Default::default());
    let asked = Consent { base: &hosts.consent, state: "s", redirect_uri, code_challenge: "c", fields: &fields };
    let url = outlook().oauth().unwrap().consent(&peers::settings(outlook()), &asked).unwrap();
    let expected = "https://login.microsoftonline.com/common/oauth2/v2.0/authorize?client_id=hidden-microsoft_client_id\
                    &redirect_uri=https%3A%2F%2Fapp.test%2Fback&response_type=code&response_mode=query\
                    &scope=offline_access+https%3A%2F%2Fgraph.microsoft.com%2FUser.Read\
                    +https%3A%2F%2Fgraph.microsoft.com%2FMail.Read+https%3A%2F%2Fgraph.microsoft.com%2FMail.Send\
                    &prompt=select_account&state=s&code_challenge=c&code_challenge_method=S256";
    assert_eq!(url.as_str(), expected);
}

#[tokio::test]
async fn a_search_is_one_that_the_specification_allows() {
    let Some(judge) = peers::prism_telling("outlook", "graph-messages.json").await else { return };
    let judged: Fault = |answer: &Answer| {
        if answer.status.as_u16() == 422 {
            return Some(Error::Rejected(answer.excerpt()));
        }
        let said = answer.headers.get("sl-violations")?.to_str().ok()?;
        let said: Vec<Value> = serde_json::from_str(said).ok()?;
        let ours: Vec<_> = said.into_iter().filter(|one| one["location"][0] == "request").collect();
        (!ours.is_empty()).then(|| Error::Rejected(json!(ours).to_string()))
    };
    let mut connection = Connection::new(&judge.url);
    connection.http = Client::new().unwrap().bind(judge.url.clone(), outlook().limit(), judged);
    let answer = inbox().find_sent(&connection.call(), &account(), "1@x.test").await;
    assert!(answer.as_ref().err().is_none_or(|error| error.key() == "malformed"), "{answer:?}");
    // The judge does judge.
    let wrong = connection.http.get("v1.0/me/messages").query("$top", "many").answer().await;
    assert_eq!(wrong.unwrap_err().key(), "rejected");
}

fn ok(body: Value) -> Value {
    json!({ "is": { "statusCode": 200, "headers": { "Content-Type": "application/json" }, "body": body } })
}

fn refused(status: u16, code: &str) -> Value {
    let body = json!({ "error": { "code": code, "message": "Words." } });
    json!({ "is": { "statusCode": status, "headers": { "Content-Type": "application/json" }, "body": body } })
}

const SOURCE: &str = "From: Jane <jane@c1.test>\r\nSubject: Hello\r\nMessage-ID: <n1@c1.test>\r\n\r\nHi\r\n";

fn mime() -> Value {
    json!({ "is": { "statusCode": 200, "headers": { "Content-Type": "text/plain" }, "body": SOURCE } })
}

/// The calls that a round begins with: Microsoft's names in the order of asking, then the list, in which a folder of a
/// person's lies in the inbox and a search is no folder.
fn folders() -> Vec<Value> {
    let id = |id: &str| ok(json!({ "id": id }));
    vec![
        id("I"),
        id("S"),
        refused(404, "ErrorItemNotFound"),
        id("J"),
        id("T"),
        id("D"),
        ok(json!({ "value": [
            { "id": "D", "displayName": "Drafts" },
            { "id": "T", "displayName": "Deleted Items" },
            { "id": "I", "displayName": "Inbox", "childFolderCount": 1 },
            { "id": "X", "@odata.type": "#microsoft.graph.mailSearchFolder" },
        ], "@odata.nextLink": "https://evil.test/v1.0/me/mailFolders?$skip=4" })),
        ok(json!({ "value": [{ "id": "S", "displayName": "Sent Items" }] })),
        ok(json!({ "value": [{ "id": "P", "displayName": "Projects" }] })),
    ]
}

fn delta(folder: &str, value: Value) -> Value {
    let link = format!("https://evil.test/v1.0/me/mailFolders('{folder}')/messages/delta?$deltatoken={folder}1");
    ok(json!({ "value": value, "@odata.deltaLink": link }))
}

fn named(id: &str, read: bool) -> Value {
    json!({ "id": id, "receivedDateTime": "2026-01-05T10:00:00Z", "isRead": read, "isDraft": false,
        "conversationId": "C", "parentFolderId": "I" })
}

fn message(id: &str, place: Place, seen: bool) -> Message {
    Message {
        external_id: id.into(),
        thread: Some("C".into()),
        at: datetime!(2026-01-05 10:00 UTC),
        place,
        seen,
        content: Content::Mail(SOURCE.into()),
    }
}

#[tokio::test]
async fn folders_are_read_one_after_another_and_then_what_changed_in_them() {
    let next = "https://evil.test/v1.0/me/mailFolders('I')/messages/delta?$skiptoken=a%2Fb";
    let first = ok(json!({ "value": [named("m1", false)], "@odata.nextLink": next }));
    let changed = "https://evil.test/v1.0/me/mailFolders('I')/messages/delta?$skiptoken=c";
    let again = [
        ok(json!({ "value": [{ "id": "m1", "isRead": true }], "@odata.nextLink": changed })),
        ok(named("m1", true)),
        delta("I", json!([{ "id": "m2", "@removed": { "reason": "deleted" } }])),
        ok(json!({
            "id": "m2", "isRead": true, "isDraft": false, "receivedDateTime": "2026-01-05T10:00:00Z", "parentFolderId": "P"
        })),
    ];
    let answers: Vec<Value> = folders()
        .into_iter()
        .chain([first, mime(), delta("I", json!([named("m2", true)])), mime()])
        .chain([delta("S", json!([])), delta("P", json!([])), delta("T", json!([]))])
        .chain(folders())
        .chain(again)
        .chain([delta("S", json!([named("m3", true)])), mime(), refused(410, "syncStateNotFound")])
        .collect();
    let Some(faults) = Faults::start(json!(answers)).await else { return };
    let connection = Connection::new(&faults.url);
    let page = connection.changes(None).await.unwrap();
    assert_eq!((page.changes, page.more), (vec![Change::Message(message("m1", Place::Inbox, false))], true));
    let page = connection.changes(Some(&page.cursor)).await.unwrap();
    assert_eq!((page.changes, page.more), (vec![Change::Message(message("m2", Place::Inbox, true))], true));
    let page = connection.changes(Some(&page.cursor)).await.unwrap();
    assert_eq!((page.changes, page.more), (vec![], false), "folders in which nothing is are passed at once");

    let moved = |id: &str, place| Change::Moved { external_id: id.into(), place, seen: true };
    let page = connection.changes(Some(&page.cursor)).await.unwrap();
    assert_eq!(page.changes, [moved("m1", Place::Inbox)]);
    let page = connection.changes(Some(&page.cursor)).await.unwrap();
    assert_eq!(page.changes, [moved("m2", Place::Archive)], "what left a folder is looked for");
    let page = connection.changes(Some(&page.cursor)).await.unwrap();
    let sent = [Change::Message(message("m3", Place::Sent, true)), moved("m3", Place::Sent)];
    assert_eq!(page.changes, sent, "what may be known is told as moved, too");
    assert_eq!(connection.changes(Some(&page.cursor)).await, Err(Error::CursorExpired));

    let asked = faults.requests().await;
    let path = |place: usize| asked[place]["path"].as_str().unwrap().replace("%27", "'");
    assert_eq!([path(0), path(6)], ["/base/v1.0/me/mailFolders/inbox", "/base/v1.0/me/mailFolders"]);
    assert_eq!((&*path(7), &asked[7]["query"]["$skip"]), ("/base/v1.0/me/mailFolders", &json!("4")));
    assert_eq!(path(8), "/base/v1.0/me/mailFolders/I/childFolders");
    assert_eq!(path(9), "/base/v1.0/me/mailFolders/I/messages/delta");
    assert_eq!(asked[9]["query"]["$filter"], "receivedDateTime ge 2026-01-01T00:00:00Z");
    assert_eq!(path(10), "/base/v1.0/me/messages/m1/$value");
    assert_eq!(
        (&*path(11), &asked[11]["query"]["$skiptoken"]),
        ("/base/v1.0/me/mailFolders('I')/messages/delta", &json!("a/b"))
    );
    assert_eq!(asked[25]["query"]["$deltatoken"], "I1");
    for request in &asked {
        assert_eq!(header(request, "authorization"), "Bearer token");
        assert!(header(request, "prefer").as_str().unwrap().contains("IdType=\"ImmutableId\""), "{request}");
    }
}

#[tokio::test]
async fn a_page_of_large_mails_names_what_it_has_no_room_for() {
    let mut large = mime();
    large["is"]["body"] = format!("{SOURCE}{}", "0123456789abcdef\r\n".repeat(500_000)).into();
    large["repeat"] = 4.into();
    let all: Vec<_> = (1..=6).map(|number| named(&format!("m{number}"), true)).collect();
    let answers: Vec<Value> = folders().into_iter().chain([delta("I", json!(all)), large]).collect();
    let Some(faults) = Faults::start(json!(answers)).await else { return };
    let page = Connection::new(&faults.url).changes(None).await.unwrap();
    let (read, left) = page.changes.split_at(4);
    assert!(read.iter().all(|change| matches!(change, Change::Message(_))), "{read:?}");
    assert_eq!(left, ["m5", "m6"].map(|id| Change::Left { external_id: id.into() }));
    assert_eq!(faults.requests().await.len(), folders().len() + 1 + 4, "nothing else was asked for");
}

#[tokio::test]
async fn a_mail_is_sent_once_as_its_source_and_found_by_its_id() {
    let accepted = json!({ "is": { "statusCode": 202 } });
    let copy = ok(
        json!({ "value": [{ "id": "d1", "isDraft": true }, { "id": "s1", "isDraft": false, "conversationId": "C" }] }),
    );
    let Some(faults) = Faults::start(json!([accepted, copy, ok(json!({ "value": [] }))])).await else { return };
    let connection = Connection::new(&faults.url);
    let (call, blind) = (connection.call(), ["boss@acme.test".to_owned()]);
    let outgoing = Outgoing {
        source: SOURCE.as_bytes(),
        message_id: "n1@c1.test",
        from: OWNER,
        recipients: &[],
        blind: &blind,
        thread: Some("C"),
    };
    assert_eq!(inbox().send(&call, &account(), &outgoing).await, Ok(Sent::default()));
    let found = inbox().find_sent(&call, &account(), "o'n1@c1.test").await.unwrap();
    assert_eq!(found, Lookup::Found(Sent { external_id: Some("s1".into()), thread: Some("C".into()) }));
    let unknown = inbox().find_sent(&call, &account(), "n2@c1.test").await;
    assert_eq!(unknown, Ok(Lookup::Impossible), "it may have gone under another id");
    let asked = faults.requests().await;
    assert_eq!((&asked[0]["method"], &asked[0]["path"]), (&json!("POST"), &json!("/base/v1.0/me/sendMail")));
    assert_eq!(header(&asked[0], "content-type"), "text/plain");
    let sent = STANDARD.decode(asked[0]["body"].as_str().unwrap()).unwrap();
    assert_eq!(String::from_utf8(sent).unwrap(), format!("Bcc: boss@acme.test\r\n{SOURCE}"));
    assert_eq!(asked[1]["query"]["$filter"], "internetMessageId eq '<o''n1@c1.test>'");

    let Some(faults) =
        Faults::start(json!([refused(503, "serviceNotAvailable"), { "is": { "statusCode": 202 } }])).await
    else {
        return;
    };
    let connection = Connection::new(&faults.url);
    let call = connection.call();
    assert_eq!(inbox().send(&call, &account(), &outgoing).await.unwrap_err().key(), "unavailable");
    let large = "x".repeat(3_000_001);
    let large = Outgoing { source: large.as_bytes(), ..outgoing };
    assert_eq!(inbox().send(&call, &account(), &large).await.unwrap_err().key(), "too_large");
    assert_eq!(faults.requests().await.len(), 1, "neither was sent again, nor the large one at all");
}

#[tokio::test]
async fn an_account_is_one_that_has_an_inbox_and_withheld_addresses_hide_no_others() {
    let me = json!({ "displayName": "Olive", "mail": "Owner@acme.test", "userPrincipalName": "o@acme.test" });
    let answers = json!([
        ok(me.clone()),
        ok(json!({ "id": "I" })),
        refused(403, "Authorization_RequestDenied"),
        ok(me.clone()),
        ok(me),
        refused(404, "MailboxNotEnabledForRESTAPI")
    ]);
    let Some(faults) = Faults::start(answers).await else { return };
    let connection = Connection::new(&faults.url);
    let call = connection.call();
    assert_eq!(outlook().accounts(&call).await.unwrap(), [account()]);
    let addresses = inbox().addresses(&call, &account()).await.unwrap();
    assert_eq!(addresses.iter().map(|one| one.address.as_str()).collect::<Vec<_>>(), [OWNER]);
    assert_eq!(outlook().accounts(&call).await.unwrap_err().key(), "rejected");
}

#[test]
fn it_is_read_every_ten_minutes() {
    assert_eq!(inbox().every(), Duration::from_secs(600));
}
