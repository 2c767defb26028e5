//! The pages' server functions, asked with ids of another agency: each answers as if there were no such thing, and the other
//! agency keeps what it has. That each question could have been answered otherwise is shown in `owners`; forms and pages are in
//! `addresses`.
//!
//! A new function has to be put into [`FUNCTIONS`].

use std::collections::BTreeSet;

use reqwest::header;
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    foreign::{self, Ids},
    seed,
    support::{Agency, Browser, TestApp, all_rows},
};

/// What a function is asked with: its fields as in an address, and the status that it answers.
pub type Asked = (&'static str, u16);

/// For a function that takes no id of anything: it acts on whoever is signed in and their agency. A cursor is none; it says
/// where a list goes on.
const NO_ID: &[Asked] = &[];

/// Every server function. `{client}` and the like are another agency's, `{own client}` and the like are one's own. Lists that
/// are narrowed by an id show nothing for one that is not there, so they answer 200.
pub const FUNCTIONS: [(&str, &[Asked]); 138] = [
    ("acknowledge_alert", &[("id={alert}", 404)]),
    (
        "add_experiment",
        &[("channel_id={channel}&first_day=2026-03-01&last_day=2026-03-14&roas=1.8&standard_error=0.2", 404)],
    ),
    ("add_import_source", &[("name=S&holds=ads&platform=&currency=EUR&time_zone=UTC&client_id={client}", 404)]),
    (
        "add_report_schedule",
        &[("client_id={client}&title=R&persona=cmo&every=weekly&on_day=1&hour=8&recipients=&sections[0]=method", 404)],
    ),
    ("approve_action", &[("id={action}&version=x", 404)]),
    ("archive_client", &[("id={client}&archived=true", 404), ("id={client}&archived=false", 404)]),
    (
        "assign_client",
        &[
            ("member_id={member}&client_id={client}", 404),
            ("member_id={own member}&client_id={client}", 404),
            ("member_id={member}&client_id={own client}", 404),
        ],
    ),
    ("carry_out_action", &[("id={action}", 404)]),
    (
        "change_conversations",
        &[
            ("ids[0]={conversation}&what=close&to=", 404),
            ("ids[0]={conversation}&what=read&to=", 404),
            ("ids[0]={conversation}&what=assign&to={own member}", 404),
            ("ids[0]={conversation}&what=snooze&to=tomorrow", 404),
            ("ids[0]={conversation}&what=label&to=x", 404),
            ("ids[0]={conversation}&what=unlabel&to=x", 404),
            ("ids[0]={conversation}&what=settle&to=", 404),
        ],
    ),
    ("change_invitation", &[("id={invitation}&resend=true", 404), ("id={invitation}&resend=false", 404)]),
    ("change_member", &[("id={member}&role=member", 404), ("id={member}&active=false", 404)]),
    ("change_password", NO_ID),
    (
        "change_report_schedule",
        &[(
            "id={report_schedule}&title=R&persona=cmo&every=weekly&on_day=1&hour=8&recipients=&sections[0]=method",
            404,
        )],
    ),
    ("confirm_message", &[("id={outgoing}", 404)]),
    ("confirm_two_factor", NO_ID),
    ("count_conversations", NO_ID),
    ("create_client", NO_ID),
    ("create_token", NO_ID),
    ("disable_two_factor", NO_ID),
    ("discard_draft", &[("id={conversation}", 404)]),
    ("disconnect_connection", &[("id={connection}", 404)]),
    ("dismiss_action", &[("id={action}&reason=x&seen=proposed&version=x", 404)]),
    ("end_session", &[("id={session}", 404)]),
    ("enrol_two_factor", NO_ID),
    ("find_accounts", &[("id={connection}", 200)]),
    ("finish_action", &[("id={action}&on=", 404), ("id={action}&on=2026-03-01", 404)]),
    ("freshen_inbox", NO_ID),
    ("get_agency", NO_ID),
    ("get_alert_settings", NO_ID),
    (
        "get_analytics",
        &[
            ("client_id={client}&query=range=last_7", 404),
            ("client_id=&query=client_id={client}", 200),
            ("client_id=&query=channel_id={channel}", 200),
        ],
    ),
    ("get_analytics_choices", &[("client_id={client}&query=", 404)]),
    ("get_analytics_parts", &[("client_id={client}&query=&table=campaign", 404)]),
    ("get_analytics_thought", &[("client_id={client}&query=", 404)]),
    ("get_board", NO_ID),
    ("get_client", &[("id={client}", 404)]),
    ("get_compared", NO_ID),
    ("get_connection", &[("id={connection}", 404)]),
    ("get_conversation", &[("id={conversation}", 404)]),
    ("get_conversation_context", &[("id={conversation}", 404)]),
    ("get_estate", &[("id={member}", 200)]),
    ("get_exchange_rates", NO_ID),
    ("get_experiments", &[("client_id={client}", 404)]),
    ("get_frame", NO_ID),
    ("get_import", &[("id={import}", 404)]),
    ("get_imports", NO_ID),
    ("get_integrations", NO_ID),
    ("get_line", NO_ID),
    ("get_main_figures", &[("client_id={client}&as_of=", 404)]),
    ("get_next_actions", &[("client_id={client}", 404)]),
    ("get_performance", &[("client_id={client}&from=&to=&days=", 404)]),
    ("get_person", &[("id={contact}&cursor=", 404)]),
    ("get_reply", &[("id={conversation}", 404)]),
    ("get_report", &[("id={report}", 404)]),
    ("get_reports", &[("client_id={client}&cursor=", 404)]),
    ("get_settings", NO_ID),
    ("get_sign_in", NO_ID),
    ("get_sources", &[("client_id={client}", 404)]),
    ("get_stages", NO_ID),
    ("get_summary", &[("persona=cmo&client_id={client}", 404)]),
    ("get_team", &[("of={assignee}", 200), ("of={assignee}&client=D", 200)]),
    ("get_texts", NO_ID),
    ("get_told", &[("client_id={client}&persona=&as_of=", 404)]),
    ("give_up_import", &[("id={import}", 404)]),
    ("invite_member", NO_ID),
    ("list_accounts", &[("id={connection}", 404)]),
    ("list_actions", &[("client_id={client}&all=true&past=true&list=measured&cursor=", 404)]),
    ("list_alert_rules", NO_ID),
    ("list_alerts", &[("state=&client_id={client}&cursor=", 404)]),
    ("list_audit", &[("allowed=&action=&member_id={member}&from=&to=&cursor=", 200)]),
    ("list_clients", &[("stage={stage}&archived=false", 200), ("stage={stage}&archived=true", 200)]),
    ("list_contacts", &[("client_id={client}", 404)]),
    (
        "list_conversations",
        &[
            ("show=&client_id={client}&source=&label_id=&text=&cursor=", 404),
            ("show=&client_id=&source=&label_id={label}&text=&cursor=", 200),
        ],
    ),
    ("list_findings", &[("client_id={client}&kind=&severity=&state=&cursor=", 404)]),
    ("list_invitations", NO_ID),
    ("list_jobs", NO_ID),
    ("list_moves", &[("id={client}", 404)]),
    ("list_outbox", NO_ID),
    ("list_runs", &[("id={connection}", 404)]),
    ("list_saved_views", NO_ID),
    ("list_truths", NO_ID),
    (
        "look_at_import",
        &[
            ("id={import}&encoding=utf8&delimiter=comma&sheet=&header=1", 404),
            ("id={import}&encoding=&delimiter=&sheet=One&header=1", 404),
        ],
    ),
    (
        "make_report",
        &[("client_id={client}&title=R&persona=cmo&first=2026-03-01&last=2026-03-02&sections[0]=method", 404)],
    ),
    (
        "mail_summary",
        &[
            ("click=0190a1b2-c3d4-7000-8000-000000000001&persona=cmo&client_id={client}&to[0]={own member}", 404),
            ("click=0190a1b2-c3d4-7000-8000-000000000002&persona=cmo&client_id=&to[0]={member}", 404),
        ],
    ),
    (
        "map_account",
        &[
            ("id={channel}&client_id=&before=", 404),
            ("id={channel}&client_id={own client}&before=", 404),
            ("id={own channel}&client_id={client}&before=", 404),
            ("id={own channel}&client_id=&before={client}", 200),
        ],
    ),
    (
        "map_import",
        &[(
            "id={import}&columns[0]=day:1&columns[1]=spend:2&numbers=point&days=year_first&refunds=&protected=&leave_out=",
            404,
        )],
    ),
    ("merge_conversations", &[("from={conversation}&into={conversation}", 404)]),
    (
        "move_client",
        &[
            ("client_id={client}&stage_id={stage}", 404),
            ("client_id={client}&stage_id={own stage}", 404),
            ("client_id={own client}&stage_id={stage}", 422),
        ],
    ),
    ("next_click", NO_ID),
    ("note_conversation", &[("id={conversation}&text=x", 404)]),
    (
        "open_figure",
        &[
            ("id=m.spend.c{client}.2026-03-01.2026-03-02.EUR&as_of=&cursor=", 404),
            ("id=d.spend.h{channel}.2026-03-01.2026-03-02.EUR&as_of=&cursor=", 404),
            ("id=p.{action}.2f70726f626162696c697479&as_of=&cursor=", 404),
        ],
    ),
    (
        "put_conversation",
        &[
            ("id={conversation}&client_id={own client}&learn=address", 404),
            ("id={conversation}&client_id=nobody&learn=", 404),
        ],
    ),
    ("remove_alert_rule", &[("id={alert_rule}", 404)]),
    ("remove_contact", &[("client_id={client}&id={contact}", 404), ("client_id={own client}&id={contact}", 404)]),
    ("remove_experiment", &[("id={lift_test}", 404)]),
    ("remove_import_mapping", &[("id={mapping}", 404)]),
    ("remove_report", &[("id={report}", 404)]),
    ("remove_report_schedule", &[("id={report_schedule}", 404)]),
    (
        "remove_member",
        &[
            ("id={member}&confirm=Olga Owner&reassign_to=", 404),
            ("id={member}&confirm=Olga Owner&reassign_to={own member}", 404),
            ("id={own member}&confirm={own name}&reassign_to={member}", 422),
        ],
    ),
    ("remove_template", &[("id={template}", 404)]),
    ("remove_token", &[("id={token_id}", 404)]),
    ("remove_view", &[("id={view}", 404)]),
    ("rename_connection", &[("id={connection}&label=x", 404)]),
    ("rename_view", &[("id={view}&name=x", 404)]),
    ("renew_recovery_codes", NO_ID),
    ("reopen_alert", &[("id={alert}", 404)]),
    (
        "reply_to_conversation",
        &[("id={conversation}&click=0190a1b2-c3d4-7000-8000-000000000003&to=&subject=&text=Hello&at=", 404)],
    ),
    ("restrict_conversation", &[("id={conversation}&members[0]={own member}", 404), ("id={conversation}", 404)]),
    ("retry_job", &[("id={job}", 404)]),
    ("retry_report", &[("id={report}", 404)]),
    (
        "save_alert_rule",
        &[
            ("id={alert_rule}&name=R&way=mail&least_severity=high&named[0]=role:owner", 404),
            ("id=&name=R&way=mail&least_severity=high&named[0]=member:{member}", 404),
            ("id=&name=R&way=mail&least_severity=high&named[0]=role:owner&named[1]=client:{client}", 404),
            ("id=&name=R&way=mail&least_severity=high&named[0]=role:owner&named[1]=channel:{channel}", 404),
        ],
    ),
    (
        "save_contact",
        &[
            ("client_id={client}&id=&name=X&emails=&phones=&handles=", 404),
            ("client_id={client}&id={contact}&name=X&emails=&phones=&handles=", 404),
            ("client_id={own client}&id={contact}&name=X&emails=&phones=&handles=", 404),
        ],
    ),
    ("save_draft", &[("id={conversation}&to=&subject=&text=Hello&after=0", 404)]),
    ("save_import_mapping", &[("id={import}&name=x", 404)]),
    ("save_template", &[("id={template}&name=Theirs&text=x", 404)]),
    // What it names is kept as a text, and looked up when it is opened.
    ("save_view", NO_ID),
    ("send_message_again", &[("id={outgoing}", 404)]),
    ("set_signature", NO_ID),
    ("snooze_alert", &[("id={alert}&until=tomorrow", 404), ("id={alert}&until=nonsense", 404)]),
    ("split_conversation", &[("id={conversation}&messages[0]=0190a1b2-c3d4-7000-8000-000000000004", 404)]),
    ("start_import", &[("id={import}&skip_wrong=true", 404), ("id={import}&skip_wrong=false", 404)]),
    ("switch_alert_rule", &[("id={alert_rule}&enabled=true", 404), ("id={alert_rule}&enabled=false", 404)]),
    ("switch_connection", &[("id={connection}&paused=true", 404), ("id={connection}&paused=false", 404)]),
    (
        "switch_report_schedule",
        &[("id={report_schedule}&enabled=true", 404), ("id={report_schedule}&enabled=false", 404)],
    ),
    ("sync_connection", &[("id={connection}", 404)]),
    ("take_back_message", &[("id={outgoing}", 404)]),
    ("test_connection", &[("id={connection}", 404)]),
    ("unassign_client", &[("id={assignment}&member_id={own member}&client_id={own client}", 404)]),
    ("undo_action", &[("id={action}&reason=", 404)]),
    ("undo_import", &[("id={import}", 404)]),
    ("undo_merge", &[("at={conversation}&change={change}", 404)]),
    ("update_agency", NO_ID),
    ("update_alert_settings", NO_ID),
    (
        "update_client",
        &[
            ("{read}&read[0]={client}&name=X&owner_id=", 404),
            ("{read}&read[0]={own client}&name=C3&owner_id={member}", 422),
        ],
    ),
    ("update_profile", NO_ID),
    ("update_stages", &[("{own stages}&ids[90]={stage}&names[90]=Theirs", 422)]),
    (
        "use_import_mapping",
        &[
            ("id={import}&mapping_id={mapping}", 404),
            ("id={import}&mapping_id={own mapping}", 404),
            ("id={own import}&mapping_id={mapping}", 404),
        ],
    ),
    ("watch_syncs", NO_ID),
    ("write_reply", &[("id={conversation}", 404)]),
];

/// What of a client its form says that it read, and says again: everything but its id, its name and who answers for it.
const READ: &str = "read[1]=C3&read[2]=&read[3]=&read[4]=USD&read[5]=UTC&read[6]=&read[7]=&read[8]=&read[9]=\
    &website=&industry=&currency=USD&time_zone=UTC&margin_percent=&tags=&notes=";

/// The ids of an agency's own things, by the words that stand for them in [`FUNCTIONS`]: of one of its clients, and of a member
/// with its name. `but` is a stage that a line names itself.
pub async fn own(
    app: &TestApp,
    (agency, owner): (&str, &Browser),
    client: &str,
    (member, name): (&str, &str),
    but: &str,
) -> Ids {
    let mut stages = owner.json("/api/v1/stages").await["items"].as_array().unwrap().clone();
    stages.retain(|stage| stage["id"] != but);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let lines: Vec<_> = stages
        .iter()
        .enumerate()
        .map(|(n, stage)| format!("ids[{n}]={}&names[{n}]={}", text(&stage["id"]), text(&stage["name"])))
        .collect();
    vec![
        ("{read}", READ.to_owned()),
        ("{own stages}", lines.join("&")),
        ("{own stage}", text(&stages[1]["id"])),
        ("{own client}", client.to_owned()),
        ("{own member}", member.to_owned()),
        ("{own name}", name.to_owned()),
        ("{own channel}", seed::id_in(&app.pool, "channel", agency).await),
        ("{own import}", seed::id_in(&app.pool, "import", agency).await),
        ("{own mapping}", seed::id_in(&app.pool, "import_mapping", agency).await),
    ]
}

/// Asks a server function as a live page does.
pub async fn ask(browser: &Browser, function: &str, fields: &str) -> (u16, String) {
    let fields: Vec<_> = fields.split('&').map(|field| field.split_once('=').unwrap()).collect();
    let request =
        browser.client.post(format!("{}/app/{function}", browser.url)).header(header::ACCEPT, "application/json");
    let answer = request.form(&fields).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// The job of the other agency is as it was, and nothing is left behind.
pub async fn job_stays(app: &TestApp, agency: &Agency) {
    let jobs = agency.bert.json("/api/v1/jobs").await["items"].clone();
    assert_eq!((jobs.as_array().unwrap().len(), &jobs[0]["state"]), (1, &json!("waiting")), "{jobs}");
    assert_eq!(agency.olga.json("/api/v1/jobs").await["items"], json!([]));
    assert_eq!(app.jobs_left().await, 1);
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn b3_1_every_server_function_with_an_id_treats_another_agencys_like_a_missing_one(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let linked: BTreeSet<_> =
        leptos::server_fn::axum::server_fn_paths().map(|(path, _)| path.trim_start_matches("/app/")).collect();
    let known: BTreeSet<_> = FUNCTIONS.iter().map(|(function, _)| *function).collect();
    assert_eq!(linked, known, "every server function is in this table, and no other");

    let agency = Agency::found(&app).await;
    let theirs = foreign::ids(&app, &agency).await;
    let mel = agency.mel.member_id().await.as_str().unwrap().to_owned();
    let stage = foreign::id(&theirs, "{stage}");
    let own = own(&app, ("Acme", &agency.olga), &agency.c[2], (&mel, "mel"), &stage).await;
    let before = all_rows(&app.pool, Some("Beta")).await;
    assert!(before.iter().filter(|(_, rows)| !rows.is_empty()).count() >= 12, "the other agency has something to lose");
    let mut kinds = BTreeSet::new();
    for (function, asked) in FUNCTIONS {
        for (fields, status) in asked {
            let fields = foreign::theirs(&own, fields);
            kinds.extend(theirs.iter().map(|(kind, _)| *kind).filter(|kind| fields.contains(kind)));
            let foreign = ask(&agency.olga, function, &foreign::theirs(&theirs, &fields)).await;
            let missing = ask(&agency.olga, function, &foreign::absent(&theirs, &fields)).await;
            assert_eq!(foreign.0, *status, "{function} {fields}: {}", foreign.1);
            let [foreign, missing] =
                [foreign, missing].map(|(status, body)| (status, foreign::without_ids(&theirs, &body)));
            assert_eq!(foreign, missing, "{function} {fields}");
        }
    }
    let unasked: Vec<_> = theirs.iter().map(|(kind, _)| *kind).filter(|kind| !kinds.contains(kind)).collect();
    let elsewhere = ["{cycle}", "{upload}", "{source}"];
    assert_eq!(unasked, elsewhere, "these are the API's and a form's; of every other kind something was asked");
    assert_eq!(all_rows(&app.pool, Some("Beta")).await, before, "nothing of the other agency was changed");
    job_stays(&app, &agency).await;
    app.stop().await;
}
