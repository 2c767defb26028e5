use http::StatusCode;
use serde_json::{Value, json};
use time::macros::datetime;

use super::{folders::own, *};

fn answer(status: u16, body: &Value) -> Answer {
    let status = StatusCode::from_u16(status).unwrap();
    Answer { status, headers: Default::default(), body: body.to_string().into() }
}

#[test]
fn of_a_link_path_and_query_are_used_and_its_host_is_not() {
    let link = "https://graph.microsoft.com/v1.0/me/mailFolders('AAA=')/messages/delta?$skiptoken=a%2Fb%20c&$top=2";
    let kept = "v1.0/me/mailFolders('AAA=')/messages/delta?$skiptoken=a%2Fb%20c&$top=2";
    assert_eq!(own(link).unwrap(), kept);
    assert_eq!(own(&link.replace("graph.microsoft.com", "evil.test")).unwrap(), kept);
    assert_eq!(own("https://graph.test/agency/v1.0/me/messages").unwrap(), "v1.0/me/messages");
    for bad in ["", "/v1.0/me", "v1.0/me", "https://graph.microsoft.com/beta/me/messages", "https://x.test/v1.0"] {
        assert_eq!(own(bad).unwrap_err().key(), "malformed", "{bad}");
    }
    assert_eq!(own("https://x.test/v1.0/../../etc/passwd").unwrap_err().key(), "malformed");
}

fn link(name: &str) -> Option<String> {
    Some(format!("https://graph.microsoft.com/v1.0/me/{name}?$deltatoken=t"))
}

/// The folder whose page is next, and where it goes on.
fn next(cursor: &Cursor) -> Option<(String, Option<String>, bool)> {
    cursor.folder().map(|folder| (folder.id.clone(), folder.link.clone(), folder.known))
}

#[test]
fn a_round_reads_every_folder_to_its_end_the_inbox_first_and_no_drafts() {
    let mut cursor = Cursor::new(datetime!(2026-01-05 00:00 UTC));
    assert_eq!(cursor.since().unwrap(), "2026-01-05T00:00:00Z");
    assert!(cursor.between_rounds());
    let folder = |id: &str, place| (id.to_owned(), place);
    let all = || {
        vec![folder("t", Place::Trash), folder("d", Place::Draft), folder("s", Place::Sent), folder("i", Place::Inbox)]
    };
    cursor.begin(all());
    assert_eq!(cursor.places()["d"], Place::Draft, "what is moved there is known to be a draft");
    assert_eq!(next(&cursor), Some(("i".into(), None, false)));
    cursor.turn(link("i2"), None).unwrap();
    assert_eq!(next(&cursor), Some(("i".into(), Some("v1.0/me/i2?$deltatoken=t".into()), false)));
    assert_eq!(cursor.turn(link("i2"), None).unwrap_err().key(), "malformed", "a page that names itself never ends");
    cursor.turn(None, link("i-delta")).unwrap();
    assert_eq!(next(&cursor), Some(("s".into(), None, false)));
    assert_eq!(cursor.turn(None, None).unwrap_err().key(), "malformed");
    cursor.turn(None, link("s-delta")).unwrap();
    cursor.turn(None, link("t-delta")).unwrap();
    assert!(cursor.between_rounds() && next(&cursor).is_none());

    let mut cursor = Cursor::read(&cursor.text().unwrap()).unwrap();
    let mut now = all();
    now.remove(2);
    now.push(folder("n", Place::Archive));
    cursor.begin(now);
    assert_eq!(next(&cursor), Some(("i".into(), Some("v1.0/me/i-delta?$deltatoken=t".into()), true)));
    cursor.turn(None, link("i-delta2")).unwrap();
    assert_eq!(next(&cursor), Some(("n".into(), None, false)), "a new folder is read from its beginning");
    cursor.turn(None, link("n-delta")).unwrap();
    assert_eq!(next(&cursor).unwrap().0, "t", "a folder that is gone is not asked for");
    assert_eq!(Cursor::read("{}").unwrap_err(), Error::CursorExpired);
}

#[test]
fn what_changed_is_told_from_what_left_a_folder() {
    let page: wire::Page = serde_json::from_value(json!({
        "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#Collection(message)",
        "value": [
            { "@odata.etag": "W/\"1\"", "id": "AAA=", "receivedDateTime": "2026-01-05T10:00:00Z", "isRead": false,
              "isDraft": false, "conversationId": "C", "parentFolderId": "F" },
            { "id": "BBB=", "isRead": true },
            { "id": "CCC=", "@removed": { "reason": "deleted" } },
        ],
        "@odata.deltaLink": "https://graph.microsoft.com/v1.0/me/x?$deltatoken=t",
    }))
    .unwrap();
    let [new, changed, left] = page.value.try_into().ok().unwrap();
    assert_eq!(new.at().unwrap(), datetime!(2026-01-05 10:00 UTC));
    assert!(new.removed.is_none() && changed.removed.is_none() && left.removed.is_some());
    assert_eq!(changed.at().unwrap_err().key(), "malformed");
    assert!(page.next.is_none() && page.delta.is_some());
}

#[test]
fn a_mailbox_writes_as_its_own_address_first_and_as_its_others() {
    let me = |body: Value| serde_json::from_value::<wire::Me>(body).unwrap();
    let work = json!({ "displayName": "Olga", "mail": "Olga@acme.test", "userPrincipalName": "olga@acme.onmicrosoft.test",
        "proxyAddresses": ["smtp:team@acme.test", "SMTP:olga@acme.test", "sip:olga@acme.test", "X500:/o=x", "smtp:broken"] });
    let account = me(work.clone()).account().unwrap();
    assert_eq!((account.external_id.as_str(), account.currency.as_str()), ("olga@acme.test", ""));
    let addresses: Vec<_> =
        me(work).addresses("olga@acme.test").into_iter().map(|one| (one.name, one.address)).collect();
    let expected = ["olga@acme.test", "team@acme.test"].map(|address| ("Olga".to_owned(), address.to_owned()));
    assert_eq!(addresses, expected);
    let personal = me(json!({ "displayName": null, "mail": null, "userPrincipalName": "Olga@hotmail.test" }));
    assert_eq!(personal.account().unwrap().external_id, "olga@hotmail.test");
    assert_eq!(me(json!({ "userPrincipalName": "olga" })).account().unwrap_err().key(), "malformed");
}

#[test]
fn refusals_have_their_kind_and_microsofts_words() {
    let said = |status: u16, code: &str| {
        refusal::fault(&answer(status, &json!({ "error": { "code": code, "message": "Words." } }))).unwrap()
    };
    assert_eq!(refusal::fault(&answer(200, &json!({}))), None);
    let words = |code: &str| format!("Words. ({code})");
    let token = "InvalidAuthenticationToken";
    assert_eq!(said(401, token), Error::Unauthorized(words(token)));
    assert_eq!(said(403, "ErrorAccessDenied"), Error::Rejected(words("ErrorAccessDenied")));
    assert_eq!(said(404, "MailboxNotEnabledForRESTAPI"), Error::Rejected(words("MailboxNotEnabledForRESTAPI")));
    assert_eq!(said(413, "RequestEntityTooLarge"), Error::TooLarge(words("RequestEntityTooLarge")));
    assert_eq!(said(400, "ErrorMessageSizeExceeded"), Error::TooLarge(words("ErrorMessageSizeExceeded")));
    assert_eq!(said(410, "anything"), Error::CursorExpired);
    assert_eq!(said(400, "SyncStateNotFound"), Error::CursorExpired);
    assert_eq!(said(429, "ApplicationThrottled").key(), "rate_limited");
    assert_eq!(said(503, "serviceNotAvailable").key(), "unavailable");
    let missing = answer(404, &json!({ "error": { "code": "ErrorItemNotFound", "message": "Words." } }));
    assert_eq!(absent(&missing), Some(Error::CursorExpired));
    let token = |status: u16, word: &str| {
        let body = json!({ "error": word, "error_description": "AADSTS70000: Words.\r\nTrace ID: 1" });
        refusal::fault(&answer(status, &body)).unwrap()
    };
    assert_eq!(token(400, "invalid_grant"), Error::Unauthorized("AADSTS70000: Words. (invalid_grant)".into()));
    assert_eq!(token(401, "invalid_client"), Error::Rejected("AADSTS70000: Words. (invalid_client)".into()));
    assert_eq!(token(503, "temporarily_unavailable").key(), "unavailable");
}

#[test]
fn sign_in_is_at_one_endpoint_for_all_accounts() {
    let hosts = Outlook.hosts(None).unwrap();
    let sign_in = "https://login.microsoftonline.com/common";
    assert_eq!(hosts.api.as_str(), "https://graph.microsoft.com/");
    assert_eq!((hosts.consent.as_str(), hosts.tokens.as_str()), (sign_in, sign_in));
    assert_eq!(page_of(&hosts.tokens, "oauth2/v2.0/token").as_str(), format!("{sign_in}/oauth2/v2.0/token"));
}
