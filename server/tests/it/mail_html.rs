//! Mail of others as it is shown: without what could harm, in a document apart, and to nobody who does not see its conversation.

use std::sync::{Arc, Mutex};

use base64::{Engine, engine::general_purpose::STANDARD};
use reqwest::{Response, StatusCode, header};
use serde_json::{Value, json};
use service::message::html::{Pictures, clean};
use sqlx::PgPool;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use crate::{
    letters::{Letter, Mailbox},
    support::{Agency, Browser, TestApp, shared},
};

const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; sandbox";
/// A picture of five by five pixels.
pub const PNG: &str = "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXDIBKE0DHxgljNBAAO9TXL0Y4OHwAAAABJRU5ErkJggg==";

/// The vectors of the shared folder, each as a letter; some are told in words.
fn vectors() -> Option<Vec<(String, Letter)>> {
    let path = shared("vectors of mail", "data/security/email_html_vectors.json")?;
    let all: Vec<Value> = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert_eq!(all.len(), 47);
    Some(all.iter().map(|one| one["html"].as_str().unwrap()).map(|text| (text.to_owned(), letter(text))).collect())
}

fn letter(vector: &str) -> Letter {
    let from = "Stranger <stranger@letters.test>";
    let plain = || Letter::new(from, "Vector", "Hello");
    let html = |text: &str| Letter::html(from, "Vector", text);
    if let Some(subject) = vector.strip_prefix("Subject: ") {
        Letter { subject: subject.to_owned(), ..plain() }
    } else if vector.starts_with("attachment name") {
        plain().with_file("<img src=x onerror=alert(1)>.png", "image/png", PNG)
    } else if vector.starts_with("TNEF") {
        plain().with_file("winmail.dat", "application/ms-tnef; name=\"<script>alert(1)</script>.dat\"", "eJ8+Ig==")
    } else if vector.starts_with("text/enriched") {
        let body = "<bold>Hello</bold><color><param>red</param><script>alert(1)</script></color>".to_owned();
        Letter { headers: "Content-Type: text/enriched\r\n".to_owned(), body, ..plain() }
    } else if vector.starts_with("deep nesting") {
        html(&"<div>".repeat(100_000))
    } else if vector.starts_with("10 MB") {
        html(&format!("<p title=\"{}\">", "x".repeat(10_000_000)))
    } else if let Some(text) = vector.strip_prefix("charset=utf-7: ") {
        Letter { headers: "Content-Type: text/html; charset=utf-7\r\n".to_owned(), ..html(text) }
    } else {
        html(vector)
    }
}

/// What a piece of cleaned HTML says that it should not.
fn faults(html: &str) -> Vec<String> {
    const BAD: [&str; 26] = [
        "applet", "audio", "base", "button", "details", "embed", "form", "frame", "iframe", "input", "link", "math",
        "meta", "noscript", "object", "script", "select", "source", "style", "svg", "template", "textarea", "title",
        "track", "video", "x-foo",
    ];
    const GOOD: [&str; 27] = [
        "align",
        "alt",
        "bgcolor",
        "border",
        "cellpadding",
        "cellspacing",
        "class",
        "color",
        "colspan",
        "dir",
        "face",
        "height",
        "href",
        "lang",
        "nowrap",
        "rel",
        "rowspan",
        "scope",
        "size",
        "span",
        "src",
        "start",
        "style",
        "target",
        "title",
        "valign",
        "width",
    ];
    let mut faults = Vec::new();
    for (tag, attributes) in tags(html) {
        if BAD.contains(&tag.as_str()) {
            faults.push(format!("<{tag}>"));
        }
        for (name, value) in attributes {
            let low = value.to_lowercase();
            let good = match name.as_str() {
                "href" => ["http://", "https://", "mailto:", "tel:"].iter().any(|way| low.starts_with(way)),
                "src" => low.starts_with("/app/messages/"),
                "style" => !["url", "position", "\\", "import", "expression"].iter().any(|bad| low.contains(bad)),
                "class" => low == "said",
                name => GOOD.contains(&name),
            };
            if !good {
                faults.push(format!("{tag} {name}={}", value.chars().take(60).collect::<String>()));
            }
        }
    }
    faults
}

type Tag = (String, Vec<(String, String)>);

/// The opening tags of well-formed HTML.
fn tags(html: &str) -> Vec<Tag> {
    let (mut tags, mut rest) = (Vec::new(), html);
    while let Some((_, after)) = rest.split_once('<') {
        rest = after;
        let name: String = after.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        if name.is_empty() {
            assert!(after.starts_with('/'), "what is no tag is written as text: {}", &after[..after.len().min(60)]);
            continue;
        }
        let mut attributes = Vec::new();
        rest = &after[name.len()..];
        while !rest.starts_with('>') {
            rest = rest.trim_start();
            let (attribute, value) = rest.split_once("=\"").unwrap();
            let (value, after) = value.split_once('"').unwrap();
            attributes.push((attribute.to_lowercase(), value.to_owned()));
            rest = after;
        }
        tags.push((name.to_lowercase(), attributes));
    }
    tags
}

/// The id of the message that a letter became.
async fn id(mailbox: &Mailbox, letter: &Letter) -> String {
    #[expect(clippy::disallowed_methods, reason = "a test's own question")]
    sqlx::query_scalar("select id::text from message where external_id = $1")
        .bind(&letter.header_id)
        .fetch_one(&mailbox.pool)
        .await
        .unwrap()
}

fn text(answer: &Response, name: header::HeaderName) -> String {
    answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

/// What stands between the quotes after `src=`, as a browser reads it.
fn sources(page: &str) -> Vec<String> {
    let all = tags(page.split("<body>").nth(1).unwrap()).into_iter().flat_map(|(_, attributes)| attributes);
    all.filter(|(name, _)| name == "src").map(|(_, value)| value.replace("&amp;", "&")).collect()
}

#[test]
fn no_vector_survives_cleaning() {
    let Some(all) = vectors() else { return };
    for (vector, letter) in all {
        // Without a layout that can be shown its text is, which has no tags.
        if let Some(cleaned) = clean(&letter.body, Pictures::default()) {
            assert_eq!(faults(&cleaned), Vec::<String>::new(), "{vector}: {cleaned}");
        }
    }
    // This looks: what was not cleaned is full of faults.
    assert_eq!(faults("<img src=\"x\" onerror=\"alert(1)\">"), ["img src=x", "img onerror=alert(1)"]);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn every_vector_is_shown_in_a_document_that_can_do_nothing(pool: PgPool) {
    let Some(all) = vectors() else { return };
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let mailbox = Mailbox::open(&app, &olga, "imap", "hello@acme.test").await;
    for (vector, letter) in all {
        let said = vector.chars().take(80).collect::<String>();
        assert_eq!(mailbox.keep(std::slice::from_ref(&letter)).await.new, 1, "{said}");
        let path = format!("/app/messages/{}", id(&mailbox, &letter).await);
        for page in ["html", "html?images=1"] {
            let answer = olga.get(&format!("{path}/{page}")).await;
            assert_eq!(answer.status(), StatusCode::OK, "{said}");
            assert_eq!(text(&answer, header::CONTENT_SECURITY_POLICY), POLICY);
            assert_eq!(text(&answer, header::X_FRAME_OPTIONS), "SAMEORIGIN");
            assert_eq!(text(&answer, header::CONTENT_TYPE), "text/html; charset=utf-8");
            assert_eq!(text(&answer, header::X_CONTENT_TYPE_OPTIONS), "nosniff");
            let page = answer.text().await.unwrap();
            assert_eq!(faults(page.split("<body>").nth(1).unwrap()), Vec::<String>::new(), "{said}");
        }
        // The stored copy is what came.
        let answer = olga.get(&format!("{path}/source")).await;
        assert_eq!(text(&answer, header::CONTENT_TYPE), "text/plain; charset=utf-8");
        assert_eq!(text(&answer, header::CONTENT_SECURITY_POLICY), "default-src 'none'; sandbox");
        assert!(answer.text().await.unwrap().ends_with(&letter.body), "{said}");
    }
    // A subject stays one line, and a name is a name.
    let all = olga.json("/api/v1/communications/conversations?limit=100").await;
    for one in all["items"].as_array().unwrap() {
        let subject = one["subject"].as_str().unwrap();
        assert!(!subject.contains(['\r', '\n']), "{subject:?}");
    }
    app.stop().await;
}

/// An agency with a letter that shows its own picture, one from near by and one from elsewhere.
async fn pictured(app: &TestApp, owner: &Browser, near: u16) -> (Mailbox, String) {
    let mailbox = Mailbox::open(app, owner, "imap", "hello@acme.test").await;
    let layout = format!(
        "<p>Hello</p><img src=\"cid:file@letters.test\"><img src=\"http://127.0.0.1:{near}/p.png\"><img src=\"cid:other\">"
    );
    let letter =
        Letter::html("jane@c1.test", "Pictures", &layout).with_file("../../logo \u{202e}gnp.png", "image/png", PNG);
    mailbox.keep(std::slice::from_ref(&letter)).await;
    let path = format!("/app/messages/{}", id(&mailbox, &letter).await);
    (mailbox, path)
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_letters_pictures_come_from_here_by_a_pass_of_their_own(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let near = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (_mailbox, path) = pictured(&app, &agency.olga, near.local_addr().unwrap().port()).await;
    let page = agency.olga.get(&format!("{path}/html")).await.text().await.unwrap();
    let shown = sources(&page);
    assert_eq!(shown.len(), 1, "{page}");
    assert!(shown[0].starts_with(&format!("{path}/parts/0?preview=1&pass=")), "{}", shown[0]);
    // As a frame loads it that is of no origin: without a cookie.
    let frame = app.browser();
    let picture = frame.get(&shown[0]).await;
    assert_eq!(picture.status(), StatusCode::OK);
    assert_eq!(text(&picture, header::CONTENT_TYPE), "image/png");
    assert_eq!(picture.headers()["cross-origin-resource-policy"], "cross-origin");
    assert_eq!(text(&picture, header::CONTENT_SECURITY_POLICY), "default-src 'none'; sandbox");
    assert!(picture.bytes().await.unwrap().starts_with(b"\x89PNG"));
    // A pass opens that one only.
    let pass = shown[0].split("pass=").nth(1).unwrap();
    let forged = pass.replace(".owner.", ".member.");
    assert_ne!(forged, pass);
    for other in [
        format!("{path}/parts/1?preview=1&pass={pass}"),
        format!("{path}/parts/0?preview=1&pass={forged}"),
        format!("{path}/parts/0?preview=1&pass=x"),
        format!("/app/messages/018f0000-0000-7000-8000-000000000000/parts/0?preview=1&pass={pass}"),
        format!("{path}/picture?url=http%3A%2F%2F127.0.0.1%2F&pass={pass}"),
    ] {
        assert_eq!(frame.get(&other).await.status(), StatusCode::NOT_FOUND, "{other}");
    }
    assert_eq!(frame.get(&format!("{path}/parts/0?pass={pass}")).await.status(), StatusCode::UNAUTHORIZED);

    // Those that lie elsewhere are asked for by this server, which calls nobody near by.
    let asked = agency.olga.get(&format!("{path}/html?images=1")).await.text().await.unwrap();
    let shown = sources(&asked);
    assert_eq!(shown.len(), 2, "{asked}");
    assert!(shown[1].starts_with(&format!("{path}/picture?url=http%3A%2F%2F127.0.0.1%3A")), "{}", shown[1]);
    assert_eq!(frame.get(&shown[1]).await.status(), StatusCode::NOT_FOUND);
    let called = tokio::time::timeout(std::time::Duration::from_millis(200), near.accept()).await;
    assert!(called.is_err(), "nobody near by is called");
    // A pass ends.
    app.service.clock.advance(time::Duration::minutes(11));
    assert_eq!(frame.get(&sources(&page)[0]).await.status(), StatusCode::NOT_FOUND);
    app.stop().await;
}

/// A server elsewhere that gives this picture to everybody; where it listens, and what it was asked.
async fn elsewhere(picture: Vec<u8>) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = vec![0; 4096];
            let read = stream.read(&mut head).await.unwrap_or(0);
            heard.lock().unwrap().push(String::from_utf8_lossy(&head[..read]).to_lowercase());
            let told = b"HTTP/1.1 200 OK\r\ncontent-type: image/png\r\nset-cookie: spy=1\r\nconnection: close\r\n\r\n";
            let _ = stream.write_all(&[&told[..], &picture[..]].concat()).await;
        }
    });
    (port, asked)
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn t13_a_picture_that_lies_elsewhere_is_shown_once_it_is_asked_for_and_made_anew(pool: PgPool) {
    let app = TestApp::start_with(pool, |config| config.near_pictures = true).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let hidden = [STANDARD.decode(PNG).unwrap(), b"<script>alert(1)</script>".to_vec()].concat();
    let (port, asked) = elsewhere(hidden).await;
    let (_mailbox, path) = pictured(&app, &olga, port).await;
    let page = olga.get(&format!("{path}/html")).await.text().await.unwrap();
    assert_eq!(sources(&page).len(), 1, "nobody asked for the one that lies elsewhere: {page}");
    let page = olga.get(&format!("{path}/html?images=1")).await.text().await.unwrap();
    let shown = sources(&page);
    assert_eq!((shown.len(), asked.lock().unwrap().len()), (2, 0), "it is fetched when a frame loads it: {page}");

    let picture = app.browser().get(&shown[1]).await;
    assert_eq!((picture.status(), text(&picture, header::CONTENT_TYPE)), (StatusCode::OK, "image/png".to_owned()));
    assert_eq!(text(&picture, header::CONTENT_SECURITY_POLICY), "default-src 'none'; sandbox");
    assert_eq!(text(&picture, header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    assert!(!picture.headers().contains_key(header::SET_COOKIE), "nothing of the other server but the picture");
    let bytes = picture.bytes().await.unwrap();
    assert!(bytes.starts_with(b"\x89PNG") && !bytes.windows(7).any(|part| part == b"<script"));
    let asked = asked.lock().unwrap().clone();
    let [head] = &asked[..] else { panic!("{asked:?}") };
    assert!(head.starts_with("get /p.png ") && !head.contains("cookie") && !head.contains("referer"), "{head}");
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn t13_files_are_given_to_those_who_see_the_conversation_and_kept_under_a_plain_name(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    let contact = json!({"name": "Jane Doe", "emails": ["jane@c1.test"]});
    agency.olga.create(&format!("/api/v1/clients/{}/contacts", agency.c[0]), &contact).await;
    let (mailbox, path) = pictured(&app, &agency.olga, 9).await;
    let file = agency.max.get(&format!("{path}/parts/0")).await;
    assert_eq!(file.status(), StatusCode::OK);
    assert_eq!(text(&file, header::CONTENT_TYPE), "application/octet-stream");
    assert_eq!(text(&file, header::X_CONTENT_TYPE_OPTIONS), "nosniff");
    assert_eq!(text(&file, header::CONTENT_SECURITY_POLICY), "default-src 'none'; sandbox");
    assert_eq!(file.headers()["cross-origin-resource-policy"], "same-origin");
    let disposition = text(&file, header::CONTENT_DISPOSITION);
    assert!(disposition.starts_with("attachment; filename=\"logo gnp.png\";"), "{disposition}");
    assert!(file.bytes().await.unwrap().starts_with(b"\x89PNG"));
    let preview = agency.mel.get(&format!("{path}/parts/0?preview=1")).await;
    assert_eq!((preview.status(), text(&preview, header::CONTENT_TYPE)), (StatusCode::OK, "image/png".to_owned()));

    let plain = Letter::new("jane@c1.test", "Text", "Hello").with_file("a.svg", "image/svg+xml", "PHN2Zy8+");
    mailbox.keep(std::slice::from_ref(&plain)).await;
    let other = format!("/app/messages/{}", id(&mailbox, &plain).await);
    let preview = agency.olga.get(&format!("{other}/parts/0?preview=1")).await;
    assert_eq!(preview.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);

    let missing = "/app/messages/018f0000-0000-7000-8000-000000000000";
    for page in ["html", "source", "parts/0", "parts/0?preview=1"] {
        let answers = [
            agency.bert.get(&format!("{path}/{page}")).await,
            agency.nia.get(&format!("{path}/{page}")).await,
            agency.olga.get(&format!("{missing}/{page}")).await,
        ];
        for answer in answers {
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{page}");
            let mut body: Value = answer.json().await.unwrap();
            body["error"]["request_id"] = json!(null);
            assert_eq!(body["error"]["code"], "missing", "{page}: {body}");
        }
        assert_eq!(app.browser().get(&format!("{path}/{page}")).await.status(), StatusCode::UNAUTHORIZED, "{page}");
    }
    for wrong in ["parts/7", "parts/-1"] {
        assert_eq!(agency.olga.get(&format!("{path}/{wrong}")).await.status(), StatusCode::NOT_FOUND, "{wrong}");
    }
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_no_sense_can_be_made_of_is_kept_and_shown_as_it_came(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let mailbox = Mailbox::open(&app, &olga, "imap", "hello@acme.test").await;
    let sources: [&[u8]; 6] = [
        b"",
        b"\0\0\xff\xfe",
        b"From: \xff\xff <\xff>\r\nSubject: =?utf-8?b?!!!?=\r\n\r\n\xff",
        b"Content-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b\r\nContent-Type: multipart/mixed; boundary=\"b\"\r\n\r\n--b",
        b"Content-Type: text/html; charset=no-such\r\nContent-Transfer-Encoding: base64\r\n\r\n<<<>>>",
        b"Subject: a\r\nContent-Type: text/plain; charset=iso-2022-jp\r\n\r\n\x1b$B\xff\xff",
    ];
    for source in sources {
        let letter = Letter::raw(source);
        assert_eq!(mailbox.keep(std::slice::from_ref(&letter)).await.new, 1, "{source:?}");
        let path = format!("/app/messages/{}", id(&mailbox, &letter).await);
        let page = olga.get(&format!("{path}/html")).await;
        assert_eq!(page.status(), StatusCode::OK, "{source:?}");
        assert_eq!(
            faults(page.text().await.unwrap().split("<body>").nth(1).unwrap()),
            Vec::<String>::new(),
            "{source:?}"
        );
        let kept = olga.get(&format!("{path}/source")).await.bytes().await.unwrap();
        assert_eq!(&kept[..], source);
    }
    app.stop().await;
}
