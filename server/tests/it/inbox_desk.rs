//! What the inbox is asked for day by day: choices under names, mailboxes that are read as somebody looks, many conversations at once, who
//! sees a private one, and answers that a writer drafts.

use std::sync::Arc;

use model::{
    actor::{Actor, Origin},
    id::ConversationId,
    role::Role,
    writing::{Source, Task, Writer, Writes, Written},
};
use serde_json::{Value, json};
use service::{Error, Service};
use sqlx::PgPool;

use crate::{
    functions::ask,
    letters::{Letter, Mailbox, conversation},
    support::{Agency, Browser, TestApp, count, execute},
};

const VIEWS: &str = "/api/v1/views";
const JANE: &str = "Jane Doe <jane@c1.test>";

/// An agency with a contact of each of its first two clients; its mailbox.
async fn desk(pool: PgPool) -> (TestApp, Agency, Mailbox) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    for (client, email) in [(0, "jane@c1.test"), (1, "bob@c2.test")] {
        let contact = json!({"name": "Contact", "emails": [email]});
        agency.olga.create(&format!("/api/v1/clients/{}/contacts", agency.c[client]), &contact).await;
    }
    let mailbox = Mailbox::open(&app, &agency.olga, "gmail", "hello@acme.test").await;
    (app, agency, mailbox)
}

async fn told(browser: &Browser, function: &str, fields: &str) -> Value {
    let (status, body) = ask(browser, function, fields).await;
    assert_eq!(status, 200, "{function} {fields}: {body}");
    serde_json::from_str(&body).unwrap()
}

/// The id at the end of a conversation's address.
fn id(path: &str) -> String {
    path.rsplit('/').next().unwrap().to_owned()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_choice_of_conversations_is_kept_under_a_name_apart_from_questions_about_figures(pool: PgPool) {
    let (app, agency, _) = desk(pool).await;
    let max = &agency.max;
    let view = json!({"page": "inbox", "name": "Mondays", "query": "?text=a+b&cursor=x&show=mine&source=gmail"});
    let kept = max.create(VIEWS, &view).await;
    let figures = max.create(VIEWS, &json!({"name": "mondays", "query": "range=last_7"})).await;
    assert_eq!(max.post(VIEWS, &json!({"page": "inbox", "name": "MONDAYS", "query": ""})).await.status(), 409);
    let listed = async |page: &str| {
        let items = max.json(&format!("{VIEWS}{page}")).await["items"].clone();
        items.as_array().unwrap().iter().map(|view| view["id"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(listed("?page=inbox").await, [json!(kept)]);
    assert_eq!(listed("").await, [json!(figures)]);
    assert_eq!(listed("?page=analytics").await, [json!(figures)]);
    assert_eq!(agency.olga.json(&format!("{VIEWS}?page=inbox")).await["items"], json!([]), "everybody's own");
    let one = max.json(&format!("{VIEWS}/{kept}")).await;
    assert_eq!((&one["page"], &one["query"]), (&json!("inbox"), &json!("show=mine&source=gmail&text=a+b")));
    for (method, path, body, field) in [
        ("POST", VIEWS.to_owned(), json!({"page": "clients", "name": "N", "query": ""}), "page"),
        ("POST", VIEWS.to_owned(), json!({"page": "inbox", "name": "N", "query": "show=soon"}), "show"),
        ("PATCH", format!("{VIEWS}/{kept}"), json!({"query": "label=urgent"}), "label"),
        ("PATCH", format!("{VIEWS}/{kept}"), json!({"query": "client=x"}), "client"),
        ("GET", format!("{VIEWS}?page=clients"), json!({}), "page"),
    ] {
        let answer = max.send(method, &path, &body).await;
        let status = answer.status();
        let answer: Value = answer.json().await.unwrap();
        assert_eq!((status.as_u16(), &answer["error"]["field"]), (422, &json!(field)), "{path} {body}");
    }
    // The page has it, and keeps another before it is live.
    let fields = [("page", "inbox"), ("query", "show=unread"), ("name", "News")];
    let kept = max.submit("/app/save_view", &fields).await.status();
    assert!(kept.is_redirection() || kept.is_success(), "{kept}");
    let page = max.get("/inbox").await.text().await.unwrap().replace("&amp;", "&");
    assert!(page.contains("href=\"/inbox?show=mine&source=gmail&text=a+b\""), "{page}");
    assert!(page.contains("href=\"/inbox?show=unread\"") && page.contains(">News<"));
    let page = max.get("/analytics").await.text().await.unwrap();
    assert!(!page.contains(">News<") && page.contains("href=\"/analytics?range=last_7\""));
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn opening_the_inbox_has_its_mailboxes_read_once_in_a_while(pool: PgPool) {
    let (app, agency, _) = desk(pool).await;
    let run = |sql: &str| execute(&app.pool, sql.to_owned());
    let open = async |who: &Browser| {
        let page = who.get("/inbox").await;
        assert_eq!(page.status(), 200);
        // The page is whole when everything that it asked for is done.
        page.text().await.unwrap();
    };
    let due = async || count(&app.pool, "select count(*) from connection where next_sync_at <= now()").await;
    let when = "select (extract(epoch from next_sync_at) * 1000000)::bigint from connection";
    let wait = "update connection set next_sync_at = now() + interval '5 minutes'";
    let read = "insert into sync_run (organization_id, id, connection_id, cause, state, started_at, finished_at)
        select organization_id, gen_random_uuid(), id, 'first', 'succeeded', now() - interval '3 minutes', now() - interval '2 minutes'
        from connection";
    run(read).await;
    for (no, again) in [
        ("update connection set paused_at = now()", "update connection set paused_at = null"),
        ("update connection set reconnect_reason = 'x'", "update connection set reconnect_reason = null"),
        ("update connection set failures = 1", "update connection set failures = 0"),
        ("update connection set disconnected_at = now()", "update connection set disconnected_at = null"),
        ("insert into provider_switch values ('gmail', 'x', now())", "delete from provider_switch"),
        (
            "update sync_run set state = 'running', finished_at = null",
            "update sync_run set state = 'succeeded', finished_at = now() - interval '2 minutes'",
        ),
        (
            "update sync_run set finished_at = now() - interval '10 seconds'",
            "update sync_run set finished_at = now() - interval '2 minutes'",
        ),
        (
            "update channel set kind = 'ads', currency = 'EUR', time_zone = 'UTC'",
            "update channel set kind = 'inbox', currency = '', time_zone = ''",
        ),
    ] {
        run(wait).await;
        run(no).await;
        open(&agency.olga).await;
        assert_eq!(due().await, 0, "{no}");
        run(again).await;
    }
    open(&agency.bert).await;
    assert_eq!(due().await, 0, "another agency's");
    // Also who sees no connections has them read.
    open(&agency.mel).await;
    assert_eq!(due().await, 1);
    let queued = "select count(*) from graphile_worker._private_jobs where payload::text like '%queue_due%'";
    assert_eq!(count(&app.pool, queued).await, 1);
    let asked = count(&app.pool, when).await;
    open(&agency.olga).await;
    assert_eq!((count(&app.pool, when).await, count(&app.pool, queued).await), (asked, 1), "once, however many look");
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn many_conversations_are_labelled_and_assigned_at_once_and_put_back(pool: PgPool) {
    let (app, agency, mailbox) = desk(pool).await;
    let olga = &agency.olga;
    mailbox.keep(&[Letter::new(JANE, "One", "?"), Letter::new("bob@c2.test", "Two", "?")]).await;
    let paths = [conversation(olga, "One").await, conversation(olga, "Two").await];
    let both = format!("ids[0]={}&ids[1]={}", id(&paths[0]), id(&paths[1]));
    let labels = async || {
        let mut all = Vec::new();
        for path in &paths {
            let one = olga.json(path).await;
            let names = one["labels"].as_array().unwrap().iter().map(|label| label["name"].as_str().unwrap());
            all.push(names.collect::<Vec<_>>().join(","));
        }
        all
    };
    let put_back = async |done: &Value| {
        for back in done["back"].as_array().unwrap() {
            let [id, what, to] = [0, 1, 2].map(|at| back[at].as_str().unwrap());
            told(olga, "change_conversations", &format!("ids[0]={id}&what={what}&to={to}")).await;
        }
    };
    let label = json!({"labels": ["Old"]});
    assert_eq!(olga.send("PUT", &format!("{}/labels", paths[0]), &label).await.status(), 200);
    let done = told(olga, "change_conversations", &format!("{both}&what=label&to=Urgent, old")).await;
    assert_eq!(labels().await, ["Old,Urgent", "Old,Urgent"]);
    put_back(&done).await;
    assert_eq!(labels().await, ["Old", ""]);
    told(olga, "change_conversations", &format!("{both}&what=label&to=Urgent")).await;
    let done = told(olga, "change_conversations", &format!("{both}&what=unlabel&to=URGENT")).await;
    assert_eq!(labels().await, ["Old", ""]);
    put_back(&done).await;
    assert_eq!(labels().await, ["Old,Urgent", "Urgent"]);
    let comma = olga.send("PUT", &format!("{}/labels", paths[0]), &json!({"labels": ["a, b"]})).await;
    assert_eq!(comma.status(), 422, "it could not be told from two");

    let listed = "show=&client_id=&source=&label_id=&text=&cursor=";
    let offered = told(olga, "list_conversations", listed).await["members"].clone();
    let names: Vec<_> = offered.as_array().unwrap().iter().map(|one| one[1].as_str().unwrap()).collect();
    assert_eq!(names, ["ada", "max", "mel", "Olga Owner"], "nia sees no client");
    assert_eq!(told(&agency.mel, "list_conversations", listed).await["members"], json!([]), "who reads assigns nobody");
    let assignees = async || {
        let mut all = Vec::new();
        for path in &paths {
            all.push(olga.json(path).await["assignee"].clone());
        }
        all
    };
    let text = |value: Value| value.as_str().unwrap().to_owned();
    let (max, mel) = (text(agency.max.member_id().await), text(agency.mel.member_id().await));
    let (status, body) = ask(olga, "change_conversations", &format!("{both}&what=assign&to={max}")).await;
    assert!(status == 422 && body.contains("“Two”"), "{status} {body}");
    assert_eq!(assignees().await, [json!(null), json!(null)], "none, where not all can be given to him");
    let done = told(olga, "change_conversations", &format!("{both}&what=assign&to={mel}")).await;
    assert_eq!(assignees().await, [json!("mel"), json!("mel")]);
    put_back(&done).await;
    assert_eq!(assignees().await, [json!(null), json!(null)]);
    // Upwards, too: whoever runs the agency sees every client.
    let olgas = text(olga.member_id().await);
    told(&agency.max, "change_conversations", &format!("ids[0]={}&what=assign&to={olgas}", id(&paths[0]))).await;
    assert_eq!(agency.max.json(&paths[0]).await["assignee"], "Olga Owner");
    let refused = ask(&agency.mel, "change_conversations", &format!("{both}&what=assign&to={mel}")).await;
    assert_eq!(refused.0, 403, "{}", refused.1);
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn readers_of_a_private_conversation_come_and_go_and_its_parts_stay_private(pool: PgPool) {
    let (app, agency, mailbox) = desk(pool).await;
    let olga = &agency.olga;
    let first = Letter::new(JANE, "Salary", "One");
    let second = Letter::new(JANE, "Re: Salary", "Two").answering(&first);
    mailbox.keep(&[first, second, Letter::new(JANE, "Other", "Three")]).await;
    let (path, other) = (conversation(olga, "Salary").await, conversation(olga, "Other").await);
    let text = |value: Value| value.as_str().unwrap().to_owned();
    let [me, ada, max] = [olga.member_id().await, agency.ada.member_id().await, agency.max.member_id().await].map(text);
    let private = async |members: Value| {
        olga.send("PUT", &format!("{path}/private"), &json!({"members": members})).await.status().as_u16()
    };
    let sees = async |who: &Browser| who.get(&path).await.status() == 200;
    assert_eq!(private(json!([ada])).await, 200);
    assert!(sees(&agency.ada).await && !sees(&agency.max).await);
    // Who could be named beside them is known to those who see it.
    let readers = olga.json(&format!("{path}/readers")).await;
    let names =
        |list: &str| readers[list].as_array().unwrap().iter().map(|one| one["name"].clone()).collect::<Vec<_>>();
    assert_eq!(
        (names("items"), names("others")),
        (vec![json!("ada"), json!("Olga Owner")], vec![json!("max"), json!("mel")])
    );
    let shown = told(olga, "get_conversation", &format!("id={}", id(&path))).await;
    assert_eq!((shown["candidates"].as_array().unwrap().len(), shown["named"].as_array().unwrap().len()), (4, 2));
    let page = olga.get(&format!("/inbox/{}", id(&path))).await.text().await.unwrap();
    assert!(page.contains("Save who sees it") && page.contains(&max));

    let restrict = async |members: Vec<&String>| {
        let named: String = members.iter().enumerate().map(|(at, member)| format!("&members[{at}]={member}")).collect();
        told(olga, "restrict_conversation", &format!("id={}{named}", id(&path))).await;
    };
    restrict(vec![&me, &ada, &max]).await;
    assert!(sees(&agency.ada).await && sees(&agency.max).await && !sees(&agency.mel).await);
    let changes = olga.json(&path).await["changes"].clone();
    assert_eq!(changes.as_array().unwrap().last().unwrap()["detail"], "ada, max, Olga Owner");
    // As the form says it in which nobody is ticked: it does not show to all what was private.
    restrict(vec![&me]).await;
    assert!(sees(olga).await && !sees(&agency.ada).await && !sees(&agency.max).await);

    let messages = olga.json(&format!("{path}/messages")).await;
    let part = json!({"messages": [messages["items"][1]["id"]]});
    let answer = olga.post(&format!("{path}/split"), &part).await;
    assert_eq!(answer.status(), 201);
    let split: Value = answer.json().await.unwrap();
    let new = path.replace(&id(&path), split["conversation_id"].as_str().unwrap());
    assert_eq!(olga.json(&new).await["private"], true);
    assert_eq!(agency.ada.get(&new).await.status(), 404, "a part of what is private");
    // What few see is not joined to what others see.
    let answer = olga.post(&format!("{path}/merge"), &json!({"into": id(&other)})).await;
    let status = answer.status().as_u16();
    let answer: Value = answer.json().await.unwrap();
    assert_eq!((status, &answer["error"]["field"]), (422, &json!("into")));
    assert_eq!(olga.post(&format!("{path}/merge"), &json!({"into": id(&new)})).await.status(), 200, "seen by the same");
    assert_eq!(olga.json(&path).await["id"], json!(id(&new)));
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn everything_written_with_a_contact_stands_in_one_time_line_whichever_mailbox_it_went_through(pool: PgPool) {
    let (app, agency, mailbox) = desk(pool).await;
    let olga = &agency.olga;
    let contact = json!({"name": "Zoe", "emails": ["zoe@c1.test", "zoe@home.test"]});
    let zoe = olga.create(&format!("/api/v1/clients/{}/contacts", agency.c[0]), &contact).await;
    let imap = Mailbox::open(&app, olga, "imap", "team@acme.test").await;
    let first = Letter::new("Zoe <zoe@c1.test>", "Spring", "One");
    let mut answer = Letter::new("hello@acme.test", "Re: Spring", "Two").answering(&first).sent();
    answer.headers.push_str("Cc: zoe@c1.test\r\n");
    mailbox.keep(&[first, answer, Letter::new(JANE, "Not hers", "zoe@c1.test is only named")]).await;
    imap.keep(&[Letter::new("zoe@home.test", "At home", "Three")]).await;
    let path = format!("/api/v1/communications/people/{zoe}");
    let lines = async |who: &Browser, query: &str| {
        let body = who.json(&format!("{path}{query}")).await;
        let of = |line: &Value| line["subject"].as_str().unwrap().to_owned();
        (body["items"].as_array().unwrap().iter().map(of).collect::<Vec<_>>(), body["next_cursor"].clone())
    };
    assert_eq!(lines(olga, "").await, (vec!["At home".into(), "Re: Spring".into(), "Spring".into()], json!(null)));
    let whole = olga.json(&path).await;
    assert_eq!((&whole["name"], &whole["client"]), (&json!("Zoe"), &json!("C1")));
    assert_eq!(whole["addresses"], json!(["zoe@c1.test", "zoe@home.test"]));
    let of = |at: usize| (whole["items"][at]["mailbox"].clone(), whole["items"][at]["inbound"].clone());
    assert_eq!([of(0), of(1)], [(json!("team@acme.test"), json!(true)), (json!("hello@acme.test"), json!(false))]);
    let (page, next) = lines(olga, "?limit=2").await;
    let (rest, last) = lines(olga, &format!("?limit=2&cursor={}", next.as_str().unwrap())).await;
    assert_eq!((page.len(), rest, last), (2, vec!["Spring".to_owned()], json!(null)));

    let home = conversation(olga, "At home").await;
    let private = json!({"members": [olga.member_id().await]});
    assert_eq!(olga.send("PUT", &format!("{home}/private"), &private).await.status(), 200);
    assert_eq!(lines(&agency.max, "").await.0, ["Re: Spring", "Spring"], "what is private is not in others' lines");
    for who in [&agency.nia, &agency.bert] {
        assert_eq!(who.get(&path).await.status(), 404);
    }
    assert_eq!(olga.get(&format!("{path}?cursor=x")).await.status(), 422);
    let page = olga.get(&format!("/people/{zoe}")).await.text().await.unwrap();
    assert!(page.contains("At home") && page.contains(&format!("/inbox/{}", id(&home))) && !page.contains("Not hers"));
    let beside = olga.get(&format!("/inbox/{}", id(&home))).await.text().await.unwrap();
    assert!(beside.contains(&format!("/people/{zoe}")), "one link away from the conversation");
    app.stop().await;
}

/// Writes what it was told, and refuses where it is asked to.
#[derive(Debug)]
struct Echo;

impl Writer for Echo {
    fn answer<'a>(&'a self, task: &'a Task) -> Writes<'a> {
        Box::pin(async move {
            let said: Vec<_> = task.said.iter().map(|one| format!("{}: {}", one.from, one.text)).collect();
            if said.iter().any(|one| one.contains("unspeakable")) {
                return Err("nothing is known that could be said to this".to_owned());
            }
            let source = Source { words: "Voice of C1".to_owned(), href: None };
            Ok(Written { text: said.join(" | "), sources: vec![source] })
        })
    }
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b10_8_an_answer_is_drafted_where_a_writer_is_configured_and_never_sent(pool: PgPool) {
    let (app, agency, mailbox) = desk(pool).await;
    let (olga, from) = (&agency.olga, "hello@acme.test");
    let first = Letter::new(
        JANE,
        "Spring",
        "When?\r\n\r\nOn Tue, 3 Nov 2026 at 14:05, Olga <hello@acme.test> wrote:\r\n> Soon",
    );
    let answer = Letter::new(from, "Re: Spring", "On Monday.").answering(&first).sent();
    mailbox.keep(&[first, answer, Letter::new(JANE, "Autumn", "unspeakable")]).await;
    let of = |path: String| id(&path).parse::<ConversationId>().unwrap();
    let (spring, autumn) = (of(conversation(olga, "Spring").await), of(conversation(olga, "Autumn").await));
    let actor = async |who: &Browser, role: Role| {
        let session = who.json("/api/v1/auth/session").await;
        let organization_id = session["organization_id"].as_str().unwrap().parse().unwrap();
        let member_id = session["user_id"].as_str().unwrap().parse().unwrap();
        Actor { organization_id, member_id, role, origin: Origin::default() }
    };
    let (owner, member) = (actor(olga, Role::Owner).await, actor(&agency.mel, Role::Member).await);

    // Without one there is no button, and nothing pretends.
    let without = &app.service;
    assert!(matches!(
        service::inbox::write(without, &owner, spring).await,
        Err(Error::Conflict { code: "no_writer", .. })
    ));
    assert!(!service::inbox::reply_box(without, &owner, spring).await.unwrap().unwrap().drafts);
    let page = olga.get(&format!("/inbox/{spring}")).await.text().await.unwrap();
    assert!(page.contains("/app/reply_to_conversation") && !page.contains("Draft an answer"));
    assert_eq!(ask(olga, "write_reply", &format!("id={spring}")).await.0, 409);

    let with = Service { writer: Some(Arc::new(Echo)), ..app.service.clone() };
    assert!(service::inbox::reply_box(&with, &owner, spring).await.unwrap().unwrap().drafts);
    let written = service::inbox::write(&with, &owner, spring).await.unwrap();
    assert_eq!(written.text, "Jane Doe: When? | hello@acme.test: On Monday.");
    assert_eq!(written.sources[0].words, "Voice of C1");
    match service::inbox::write(&with, &owner, autumn).await {
        Err(Error::Conflict { code: "not_drafted", message }) => assert!(message.contains("nothing is known")),
        other => panic!("{other:?}"),
    }
    assert!(matches!(service::inbox::write(&with, &member, spring).await, Err(Error::Refused(_))));
    for table in ["select count(*) from outgoing", "select count(*) from draft"] {
        assert_eq!(count(&app.pool, table).await, 0, "{table}");
    }
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_bar_of_a_phone_holds_five_and_every_area_is_reached_without_a_script(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let page = olga.get("/inbox").await.text().await.unwrap();
    let areas = page.split("aria-label=\"Areas\"").nth(1).unwrap().split("</nav>").next().unwrap();
    let (bar, more) = areas.split_once("id=\"areas-more\"").unwrap();
    assert_eq!(bar.matches("nav-link").count(), 5, "{bar}");
    assert!(bar.contains("popovertarget=\"areas-more\"") && more.contains("popover=\"auto\""));
    let others = ["analytics", "summary", "findings", "reports", "actions", "members", "audit", "settings"];
    for area in others {
        assert!(more.contains(&format!("href=\"/{area}\"")), "{area}: {more}");
    }
    assert!(more.contains("action=\"/logout\""));
    app.finish().await;
}
