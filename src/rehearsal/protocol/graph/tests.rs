//! The way of an app through the mailbox, from consent to what changed and sending, and what wrong questions get.

use time::{Date, Duration, macros::date};

use super::*;
use crate::{
    World,
    protocol::{
        fields,
        test::{self, REDIRECT},
    },
};

const NOW: OffsetDateTime = time::macros::datetime!(2026-06-15 21:00 UTC);
const TODAY: Date = date!(2026 - 06 - 15);
const PREFER: &str = "IdType=\"ImmutableId\", odata.maxpagesize=7";

fn desk() -> Desk {
    test::desk(World::since(11, date!(2026 - 03 - 17), TODAY).unwrap())
}

fn ask_as(
    desk: &Desk,
    (method, path): (&str, &str),
    headers: &[(&str, &str)],
    body: &[u8],
    now: OffsetDateTime,
) -> (u16, Value) {
    let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let (method, path, query) = (method.to_owned(), path.to_owned(), fields(query));
    let question = Question { method, path, query, headers, body: body.to_vec(), early: false };
    let answer = super::super::answer(desk, &question, now);
    (answer.status, serde_json::from_str(&answer.body).unwrap_or(json!(answer.body)))
}

fn tokens(desk: &Desk, form: &str, now: OffsetDateTime) -> (u16, Value) {
    let body = format!("client_id=app&client_secret=secret&redirect_uri={REDIRECT}&{form}");
    ask_as(desk, ("POST", "/common/oauth2/v2.0/token"), &[], body.as_bytes(), now)
}

/// What consent gives.
fn agreed(desk: &Desk, now: OffsetDateTime) -> Value {
    let scope = encoded("offline_access https://graph.microsoft.com/Mail.Read https://graph.microsoft.com/Mail.Send");
    let path = format!(
        "/oauth2/v2.0/authorize?client_id=app&redirect_uri={REDIRECT}&response_type=code&state=s&scope={scope}"
    );
    let page = ask_as(desk, ("GET", &path), &[], b"", now).1;
    let link =
        page.as_str().unwrap().split("<li><a href=\"").nth(1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    let code = fields(link.split_once('?').unwrap().1).remove("code").unwrap();
    let (status, given) = tokens(desk, &format!("grant_type=authorization_code&code={code}&scope={scope}"), now);
    assert_eq!(status, 200, "{given}");
    assert_eq!(tokens(desk, &format!("grant_type=authorization_code&code={code}"), now).0, 400, "a code works once");
    given
}

/// Somebody who asks for the mailbox.
struct Asker<'a> {
    desk: &'a Desk,
    bearer: String,
    now: OffsetDateTime,
}

impl<'a> Asker<'a> {
    fn new(desk: &'a Desk, now: OffsetDateTime) -> Self {
        Self { desk, bearer: format!("Bearer {}", agreed(desk, now)["access_token"].as_str().unwrap()), now }
    }

    fn send(&self, method: &str, path: &str, kind: &str, body: &[u8]) -> (u16, Value) {
        let headers =
            [("authorization", self.bearer.as_str()), ("content-type", kind), ("prefer", PREFER), ("host", "h")];
        ask_as(self.desk, (method, path), &headers, body, self.now)
    }

    fn get(&self, path: &str) -> Value {
        let (status, told) = self.send("GET", path, "", b"");
        assert_eq!(status, 200, "{path} {told}");
        told
    }

    /// What changed in a folder since a link, or all that is in it, and the next link.
    fn delta(&self, from: &str) -> (Vec<Value>, String) {
        let (mut all, mut path) = (vec![], from.to_owned());
        loop {
            let told = self.get(&path);
            let some = told["value"].as_array().unwrap();
            assert!(some.len() <= 7);
            all.extend(some.iter().cloned());
            let own = |name: &str| Some(told[name].as_str()?.strip_prefix("http://h").unwrap().to_owned());
            match own("@odata.nextLink") {
                Some(next) => path = next,
                None => return (all, own("@odata.deltaLink").unwrap()),
            }
        }
    }
}

const INBOX_DELTA: &str = "/v1.0/me/mailFolders/inbox/messages/delta?$select=isRead,receivedDateTime";

#[test]
fn folders_hold_every_message_once_and_its_source_is_told() {
    let desk = desk();
    let mail = Asker::new(&desk, NOW);
    assert_eq!(mail.get("/v1.0/me?$select=mail")["mail"], MAILBOX.address());
    let folders = mail.get("/v1.0/me/mailFolders");
    let (mut all, mut ids) = (0, BTreeSet::new());
    for folder in folders["value"].as_array().unwrap() {
        let id = folder["id"].as_str().unwrap();
        assert_eq!(mail.get(&format!("/v1.0/me/mailFolders/{}", encoded(id)))["id"], *id);
        let (inside, _) = mail.delta(&format!("/v1.0/me/mailFolders/{}/messages/delta", encoded(id)));
        assert_eq!(folder["totalItemCount"], inside.len());
        let unread = inside.iter().filter(|one| one["isRead"] == false).count();
        assert_eq!(folder["unreadItemCount"], unread);
        let times: Vec<_> = inside.iter().map(|one| one["receivedDateTime"].as_str().unwrap()).collect();
        assert!(times.windows(2).all(|two| two[0] >= two[1]), "the newest first");
        all += inside.len();
        ids.extend(inside.iter().map(|one| one["id"].as_str().unwrap().to_owned()));
        for one in inside.iter().take(10) {
            let id = encoded(one["id"].as_str().unwrap());
            let source = mail.get(&format!("/v1.0/me/messages/{id}/$value"));
            let named = one["internetMessageId"].as_str().unwrap();
            assert!(source.as_str().unwrap().contains(&format!("Message-ID: {named}\r\n")));
            let filter = encoded(&format!("internetMessageId eq '{named}'"));
            let found = mail.get(&format!("/v1.0/me/messages?$filter={filter}&$select=conversationId"));
            assert_eq!(found["value"][0]["conversationId"], one["conversationId"]);
            assert!(found["value"][0]["subject"].is_null() && found["value"].as_array().unwrap().len() == 1);
        }
    }
    assert!(all > 50 && ids.len() == all, "{all}");
    // Without a wish, an id is another one, which is known too.
    let one = mail.delta(INBOX_DELTA).0.remove(0);
    let headers = [("authorization", mail.bearer.as_str())];
    let filter = encoded(&format!(
        "internetMessageId eq '{}'",
        mail.get(&format!("/v1.0/me/messages/{}", encoded(one["id"].as_str().unwrap())))["internetMessageId"]
            .as_str()
            .unwrap()
    ));
    let other = ask_as(&desk, ("GET", &format!("/v1.0/me/messages?$filter={filter}")), &headers, b"", NOW).1;
    let other = other["value"][0]["id"].as_str().unwrap().to_owned();
    assert_ne!(one["id"], other);
    assert_eq!(mail.get(&format!("/v1.0/me/messages/{}", encoded(&other)))["id"], one["id"]);
}

#[test]
fn links_tell_what_changed_and_end_after_two_weeks() {
    let desk = desk();
    let earlier = Asker::new(&desk, NOW - Duration::days(10));
    let (before, link) = earlier.delta(INBOX_DELTA);
    let later = Asker::new(&desk, NOW);
    let (changed, next) = later.delta(&link);
    let (now, _) = later.delta(INBOX_DELTA);
    let ids = |of: &[Value]| of.iter().map(|one| one["id"].as_str().unwrap().to_owned()).collect::<BTreeSet<_>>();
    let came: BTreeSet<_> = ids(&now).difference(&ids(&before)).cloned().collect();
    assert!(!came.is_empty() && came.is_subset(&ids(&changed)), "{came:?}");
    assert!(later.delta(&next).0.is_empty(), "nothing is told twice");
    // What is read is told again; what is moved is removed here and new there.
    let archive = later.delta("/v1.0/me/mailFolders/archive/messages/delta").1;
    let unread = now.iter().find(|one| one["isRead"] == false).unwrap();
    let id = encoded(unread["id"].as_str().unwrap());
    let path = format!("/v1.0/me/messages/{id}");
    assert_eq!(later.send("PATCH", &path, "application/json", b"{\"isRead\":true}").1["isRead"], true);
    let (told, next) = later.delta(&next);
    assert_eq!(
        told.iter().map(|one| (&one["id"], &one["isRead"])).collect::<Vec<_>>(),
        [(&unread["id"], &json!(true))]
    );
    let (status, _) =
        later.send("POST", &format!("{path}/move"), "application/json", b"{\"destinationId\":\"archive\"}");
    assert_eq!(status, 201);
    let (told, _) = later.delta(&next);
    assert_eq!(told, [json!({ "@removed": { "reason": "deleted" }, "id": unread["id"] })]);
    assert_eq!(ids(&later.delta(&archive).0), BTreeSet::from([unread["id"].as_str().unwrap().to_owned()]));
    let much_later = Asker::new(&desk, NOW + Duration::days(20));
    let (status, told) = much_later.send("GET", &link, "", b"");
    assert_eq!((status, &told["error"]["code"]), (410, &json!("SyncStateNotFound")));
}

#[test]
fn what_is_sent_lies_among_what_was_sent_and_is_answered() {
    let desk = desk();
    let mail = Asker::new(&desk, NOW);
    let filter = "internetMessageId eq '<own@audienceos.example>'";
    let look = format!("/v1.0/me/messages?$filter={}", encoded(filter));
    assert_eq!(mail.get(&look)["value"], json!([]));
    let asked = mail.get("/v1.0/me/mailFolders/sentitems/messages?$top=1")["value"][0].clone();
    let to = asked["toRecipients"][0]["emailAddress"]["address"].as_str().unwrap();
    let (_, sent) = mail.delta("/v1.0/me/mailFolders/sentitems/messages/delta");
    let source = format!(
        "From: {}\r\nTo: {to}\r\nSubject: Re: x\r\nMessage-ID: <own@audienceos.example>\r\nIn-Reply-To: {}\r\n\r\nIs it done?\r\n",
        MAILBOX.address(),
        asked["internetMessageId"].as_str().unwrap()
    );
    let (status, nothing) = mail.send("POST", "/v1.0/me/sendMail", "text/plain", STANDARD.encode(&source).as_bytes());
    assert_eq!((status, nothing), (202, json!("")));
    let found = mail.get(&look)["value"][0].clone();
    assert_eq!((&found["conversationId"], &found["isRead"]), (&asked["conversationId"], &json!(true)));
    assert_eq!(mail.delta(&sent).0.iter().map(|one| &one["id"]).collect::<Vec<_>>(), [&found["id"]]);
    let desk = desk.on(TODAY + Duration::DAY, desk.edge()).unwrap();
    let later = Asker::new(&desk, NOW + Duration::DAY);
    let newest = later.delta(&INBOX_DELTA.replace("isRead", "isRead,conversationId,bodyPreview")).0;
    let answer = newest.iter().find(|one| one["conversationId"] == found["conversationId"]).unwrap();
    assert!(answer["bodyPreview"].as_str().unwrap().contains("Is it done?"), "{answer}");
}

#[test]
fn tokens_change_with_each_use_and_wrong_questions_get_microsofts_words() {
    let desk = desk();
    let given = agreed(&desk, NOW);
    assert!(given["scope"].as_str().unwrap().contains("https://graph.microsoft.com/Mail.Send"));
    let refresh = given["refresh_token"].as_str().unwrap();
    let (status, renewed) = tokens(&desk, &format!("grant_type=refresh_token&refresh_token={refresh}"), NOW);
    assert!(status == 200 && renewed["refresh_token"] != given["refresh_token"]);
    let (status, told) = tokens(&desk, "grant_type=refresh_token&refresh_token=nobody", NOW);
    assert_eq!((status, &told["error"]), (400, &json!("invalid_grant")));
    // Codes of one second are one.
    let mail = Asker::new(&desk, NOW + Duration::SECOND);
    let bad = STANDARD.encode("Subject: x\r\n\r\ny");
    for (method, path, body, status, code) in [
        ("GET", "/v1.0/me/messages/x", "", 404, "ErrorItemNotFound"),
        ("GET", "/v1.0/me/mailFolders/x", "", 404, "ErrorItemNotFound"),
        ("GET", "/v1.0/me/nothing", "", 404, "UnknownError"),
        ("GET", "/v1.0/me/messages?$filter=luck", "", 400, "ErrorInvalidRequest"),
        ("GET", "/v1.0/me/mailFolders/inbox/messages/delta?$deltatoken=x", "", 410, "SyncStateNotFound"),
        ("POST", "/v1.0/me/sendMail", "?", 400, "ErrorMimeContentInvalidBase64String"),
        ("POST", "/v1.0/me/sendMail", &bad, 400, "ErrorInvalidRecipients"),
    ] {
        let (found, told) = mail.send(method, path, "text/plain", body.as_bytes());
        assert_eq!((found, &told["error"]["code"]), (status, &json!(code)), "{path} {told}");
    }
    assert!(desk.writes().is_empty(), "nothing was sent");
    let old = ask_as(&desk, ("GET", "/v1.0/me"), &[("authorization", &mail.bearer)], b"", NOW + Duration::hours(2));
    assert_eq!((old.0, &old.1["error"]["code"]), (401, &json!("InvalidAuthenticationToken")));
}
