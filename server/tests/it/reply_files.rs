//! Files that are to go with an answer: looked at and taken away before they go, by whoever added them and nobody else.

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::{Response, StatusCode, header};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    mail_html::PNG,
    replies::{desk, sent},
    support::Browser,
};

const UPLOADS: &str = "/api/v1/communications/uploads";

/// Adds a file; its address.
async fn add(who: &Browser, query: &str, bytes: Vec<u8>) -> (String, String) {
    let answer = who.client.post(format!("{}{UPLOADS}?{query}", who.url)).body(bytes).send().await.unwrap();
    assert_eq!(answer.status(), StatusCode::CREATED, "{query}");
    let id = answer.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned();
    (format!("{UPLOADS}/{id}"), id)
}

fn text(answer: &Response, name: header::HeaderName) -> String {
    answer.headers()[name].to_str().unwrap().to_owned()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_file_is_looked_at_by_whoever_added_it_and_is_never_a_document(pool: PgPool) {
    let (app, agency, ..) = desk(pool).await;
    let page = b"<script>alert(1)</script>".to_vec();
    let (file, _) = add(&agency.max, "name=a%22b.html&content_type=text/html", page.clone()).await;
    let got = agency.max.get(&file).await;
    assert_eq!(
        (got.status(), text(&got, header::CONTENT_TYPE)),
        (StatusCode::OK, "application/octet-stream".to_owned())
    );
    let disposition = text(&got, header::CONTENT_DISPOSITION);
    assert!(disposition.starts_with("attachment; filename=\"a_b.html\";"), "{disposition}");
    assert_eq!(text(&got, header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    assert_eq!(text(&got, header::CONTENT_SECURITY_POLICY), "default-src 'none'; sandbox");
    assert_eq!(got.bytes().await.unwrap(), page, "as it was added");
    let preview = agency.max.get(&format!("{file}?preview=1")).await;
    assert_eq!(preview.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);

    // A picture is made anew: what stood in its file beside it is not there.
    let hidden = [STANDARD.decode(PNG).unwrap(), page].concat();
    let (picture, _) = add(&agency.max, "name=logo.png&content_type=image/png", hidden).await;
    let preview = agency.max.get(&format!("{picture}?preview=1")).await;
    assert_eq!((preview.status(), text(&preview, header::CONTENT_TYPE)), (StatusCode::OK, "image/png".to_owned()));
    assert_eq!(text(&preview, header::CONTENT_SECURITY_POLICY), "default-src 'none'; sandbox");
    let shown = preview.bytes().await.unwrap();
    assert!(shown.starts_with(b"\x89PNG") && !shown.windows(7).any(|part| part == b"<script"));

    // Not even the agency's owner gets at what another is writing.
    for other in [&agency.olga, &agency.ada, &agency.bert] {
        assert_eq!(other.get(&picture).await.status(), StatusCode::NOT_FOUND);
        assert_eq!(other.send("DELETE", &picture, &json!({})).await.status(), StatusCode::NOT_FOUND);
    }
    assert_eq!(agency.mel.get(&picture).await.status(), StatusCode::FORBIDDEN);
    assert_eq!(app.browser().get(&picture).await.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(agency.max.get(&picture).await.status(), StatusCode::OK, "nobody threw it away");
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_file_is_taken_away_until_a_message_goes_with_it(pool: PgPool) {
    let (app, agency, _, path) = desk(pool).await;
    // What is held stays so.
    app.leave_jobs();
    let max = &agency.max;
    let (away, away_id) = add(max, "name=old.pdf", b"%PDF".to_vec()).await;
    let (stays, stays_id) = add(max, "name=new.pdf", b"%PDF".to_vec()).await;
    let draft = json!({"text": "See", "uploads": [away_id, stays_id], "revision": 0});
    assert_eq!(max.send("PUT", &format!("{path}/draft"), &draft).await.status(), StatusCode::OK);
    assert_eq!(max.send("DELETE", &away, &json!({})).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(max.send("DELETE", &away, &json!({})).await.status(), StatusCode::NOT_FOUND, "once");
    // What names it cannot go, and says so.
    let (status, refused) = sent(max, &format!("{path}/reply"), json!({"text": "See", "uploads": [away_id]})).await;
    assert_eq!((status, &refused["error"]["field"]), (422, &json!("uploads")), "{refused}");

    let (status, kept) = sent(max, &format!("{path}/reply"), json!({"text": "See", "uploads": [stays_id]})).await;
    assert_eq!((status, &kept["files"]), (202, &json!(["new.pdf"])), "{kept}");
    let refused = max.send("DELETE", &stays, &json!({})).await;
    assert_eq!(refused.status(), StatusCode::CONFLICT);
    assert_eq!(refused.json::<Value>().await.unwrap()["error"]["code"], "file_is_used");
    let undo = format!("/api/v1/communications/outgoing/{}/undo", kept["id"].as_str().unwrap());
    let (status, back) = sent(max, &undo, json!({})).await;
    assert_eq!((status, &back["uploads"]), (200, &json!([stays_id])), "{back}");
    assert_eq!(max.send("DELETE", &stays, &json!({})).await.status(), StatusCode::NO_CONTENT, "it was taken back");
    app.stop().await;
}
