//! Forms of live pages that the browser posts by itself, as without WASM or before the page is live: what the server
//! refuses comes back as the page with everything that was typed, whatever its length, and nothing secret.

use reqwest::{Response, StatusCode, header};
use serde_json::{Value, json};
use sqlx::PgPool;

use crate::{
    seed,
    support::{Agency, Browser, PASSWORD, TestApp},
};

/// Posts the form of a server function as the browser does that shows `page`.
async fn post(browser: &Browser, page: &str, function: &str, fields: &[(&str, &str)]) -> Response {
    let request = browser.client.post(format!("{}/app/{function}", browser.url));
    let accept = "text/html,application/xhtml+xml,*/*;q=0.8";
    let request = request.header("accept-encoding", "gzip, deflate, br, zstd");
    let request = request.header("accept", accept).header("referer", format!("{}{page}", browser.url));
    request.form(fields).send().await.unwrap()
}

/// The answer to a form that is refused with this status: a page.
async fn refused(answer: Response, status: StatusCode) -> String {
    assert_eq!(answer.status(), status);
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
    assert!(answer.headers()[header::CONTENT_SECURITY_POLICY].to_str().unwrap().contains("nonce-"));
    answer.text().await.unwrap()
}

/// What the field `name` of the page holds: an input's value, or the chosen option of a select.
fn held(page: &str, name: &str) -> String {
    let of = |tag: &str| {
        let named = format!("name=\"{name}\"");
        page.split(&format!("<{tag}")).skip(1).find(|rest| rest.split('>').next().unwrap().contains(&named))
    };
    let value =
        |tag: &str| tag.split_once(" value=\"").map_or("", |(_, rest)| rest.split('"').next().unwrap()).to_owned();
    if let Some(input) = of("input") {
        return value(input.split('>').next().unwrap());
    }
    let select = of("select").unwrap_or_else(|| panic!("no field {name}: {page}")).split("</select>").next().unwrap();
    value(
        select
            .split("<option")
            .find(|option| option.split('>').next().unwrap().contains("selected"))
            .unwrap_or_default(),
    )
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_agencys_settings_come_back_as_typed(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let fields = [
        ("organization", "Acme & \"Sons\""),
        ("time_zone", "Asia/Tokyo"),
        ("currency", "CHF"),
        ("stage_yellow_days", "9"),
        ("stage_red_days", "3"),
    ];
    let page =
        refused(post(&olga, "/settings", "update_agency", &fields).await, StatusCode::UNPROCESSABLE_ENTITY).await;
    let typed = [("organization", "Acme &amp; &quot;Sons&quot;"), fields[1], fields[2], fields[3], fields[4]];
    for (name, text) in typed {
        assert_eq!(held(&page, name), text, "{name}");
    }
    assert!(page.contains("aria-invalid=\"true\""), "what is wrong is said at its field");
    assert_eq!(olga.json("/api/v1/organization").await["name"], "Acme", "nothing was changed");

    let wrong = [("stage_yellow_days", "many")];
    let fields: Vec<_> = fields.into_iter().map(|field| if field.0 == wrong[0].0 { wrong[0] } else { field }).collect();
    let page =
        refused(post(&olga, "/settings", "update_agency", &fields).await, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert_eq!((held(&page, "stage_yellow_days").as_str(), held(&page, "stage_red_days").as_str()), ("many", "3"));
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_stages_come_back_as_typed(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let stages = olga.json("/api/v1/organization").await["stages"].as_array().unwrap().clone();
    let (first, second) = (stages[0]["id"].as_str().unwrap(), stages[1]["id"].as_str().unwrap());
    // Two stages are too few: in another order, one renamed, one new that was not named.
    let fields = [
        ("ids[0]", second),
        ("names[0]", "Second, renamed"),
        ("ids[1]", first),
        ("names[1]", "First"),
        ("ids[2]", ""),
        ("names[2]", ""),
    ];
    let page =
        refused(post(&olga, "/settings", "update_stages", &fields).await, StatusCode::UNPROCESSABLE_ENTITY).await;
    for (name, text) in &fields[..4] {
        assert_eq!(held(&page, name), *text, "{name}");
    }
    assert_eq!(held(&page, "names[2]"), "", "one empty line for a new stage");
    assert!(!page.contains("names[3]"));
    assert_eq!(olga.json("/api/v1/organization").await["stages"].as_array().unwrap(), &stages);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn profile_tokens_and_contacts_come_back_as_typed(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let long = "n".repeat(5_000);
    let fields = [("name", "Olga Öl"), ("nickname", long.as_str())];
    let page =
        refused(post(&olga, "/settings", "update_profile", &fields).await, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert_eq!((held(&page, "name"), held(&page, "nickname")), ("Olga Öl".to_owned(), long));

    let fields = [("name", " "), ("scope", "write"), ("days", "90")];
    let page = post(&olga, "/settings/sign-in", "create_token", &fields).await;
    let page = refused(page, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert_eq!((held(&page, "scope").as_str(), held(&page, "days").as_str()), ("write", "90"));

    let client = olga.create("/api/v1/clients", &json!({"name": "C1"})).await;
    let fields = [
        ("client_id", client.as_str()),
        ("id", ""),
        ("name", "Jane"),
        ("emails", "jane@c1.test, no address"),
        ("phones", "+49 30 1234567"),
        ("handles", "@jane"),
    ];
    let page = post(&olga, &format!("/clients/{client}"), "save_contact", &fields).await;
    let page = refused(page, StatusCode::UNPROCESSABLE_ENTITY).await;
    let (_, drawer) = page.split_once("<dialog open").expect("the form is in sight");
    for (name, text) in &fields[2..] {
        assert_eq!(held(drawer, name), *text, "{name}");
    }
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn an_experiment_comes_back_as_typed_and_is_kept_once_it_is_right(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let client = olga.create("/api/v1/clients", &json!({"name": "C1"})).await;
    let new = |name: &str, holds: &str| json!({"name": name, "holds": holds, "currency": "EUR", "time_zone": "UTC", "client_id": client});
    let radio = olga.create("/api/v1/imports/sources", &new("Radio", "ads")).await;
    let posters = olga.create("/api/v1/imports/sources", &new("Posters", "ads")).await;
    let shop = olga.create("/api/v1/imports/sources", &new("Shop", "shop")).await;
    let page = format!("/clients/{client}");
    let with = |roas: &'static str| {
        [
            ("channel_id", posters.as_str()),
            ("first_day", "2026-03-02"),
            ("last_day", "2026-03-15"),
            ("roas", roas),
            ("standard_error", "0.25"),
        ]
    };
    let back = post(&olga, &page, "add_experiment", &with("much")).await;
    let back = refused(back, StatusCode::UNPROCESSABLE_ENTITY).await;
    let (_, form) = back.split_once("id=\"experiments\"").expect("the part is in sight");
    for (name, text) in with("much") {
        assert_eq!(held(form, name), text, "{name}");
    }
    assert!(form.contains("Enter a number, such as 1.8"), "{form}");
    let offered = |id: &str| form.contains(&format!("value=\"{id}\""));
    assert!(offered(&radio) && !offered(&shop), "of a shop there is no such experiment");
    let kept = async || olga.json("/api/v1/lift-tests").await["items"].as_array().unwrap().clone();
    assert_eq!(kept().await, [] as [Value; 0]);

    post(&olga, &page, "add_experiment", &with("1.8")).await;
    let tests = kept().await;
    assert_eq!((tests.len(), &tests[0]["channel_id"], &tests[0]["roas"]), (1, &json!(posters), &json!("1.8")));
    let shown = olga.get(&page).await.text().await.unwrap();
    assert!(shown.contains("2 to 15 Mar 2026: 1.8 of revenue for each unit of spend, give or take 0.25"), "{shown}");
    // Of an archived client nothing is changed, so none is added and none thrown away.
    let archived = async |archived: &str| {
        post(&olga, &page, "archive_client", &[("id", client.as_str()), ("archived", archived)]).await;
    };
    let own = format!("/api/v1/lift-tests/{}", tests[0]["id"].as_str().unwrap());
    archived("true").await;
    let body: Value = with("1.9").into_iter().map(|(name, text)| (name.to_owned(), json!(text))).collect();
    assert_eq!(olga.post("/api/v1/lift-tests", &body).await.status(), StatusCode::CONFLICT);
    assert_eq!(olga.send("DELETE", &own, &json!({})).await.status(), StatusCode::CONFLICT);
    let shown = olga.get(&page).await.text().await.unwrap();
    assert!(shown.contains("1.8 of revenue") && !shown.contains("id=\"add-experiment\""), "{shown}");
    assert_eq!(kept().await, tests);
    archived("false").await;
    post(&olga, &page, "remove_experiment", &[("id", tests[0]["id"].as_str().unwrap())]).await;
    assert_eq!(kept().await, [] as [Value; 0]);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn notes_of_any_length_come_back_and_stay_guarded(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let id = olga.create("/api/v1/clients", &json!({"name": "Acme", "industry": "Food"})).await;
    // As many characters as notes may have, of four bytes each: longer than any address may be.
    let notes = "🥐".repeat(10_000);
    let read = [id.as_str(), "Acme", "", "Food", "USD", "UTC", "", "", "", ""];
    let names = ["name", "website", "industry", "currency", "time_zone", "margin_percent", "tags", "notes", "owner_id"];
    let typed = ["Acme", "no dots", "Food", "USD", "UTC", "", "", &notes, ""];
    let places: Vec<_> = (0..read.len()).map(|place| format!("read[{place}]")).collect();
    let fields: Vec<_> = places.iter().map(String::as_str).zip(read).chain(names.into_iter().zip(typed)).collect();
    // Meanwhile somebody else changes another field: what was read must stay what was read.
    let path = format!("/api/v1/clients/{id}");
    assert_eq!(olga.send("PATCH", &path, &json!({"industry": "Drinks"})).await.status(), 200);
    let page = post(&olga, &format!("/clients/{id}"), "update_client", &fields).await;
    let page = refused(page, StatusCode::UNPROCESSABLE_ENTITY).await;
    assert!(page.contains(&format!(">{notes}</textarea>")), "all of the notes");
    assert_eq!((held(&page, "website").as_str(), held(&page, "industry").as_str()), ("no dots", "Food"));
    assert_eq!(held(&page, "read[3]"), "Food", "the industry was not typed, so it must not overwrite the other's");
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn all_that_is_wrong_with_a_client_or_a_contact_is_said_at_once(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let id = olga.create("/api/v1/clients", &json!({"name": "Bakery"})).await;
    let said = |page: &str, field: &str| {
        let error = page.split(&format!("id=\"{field}-error\"")).nth(1).unwrap_or_else(|| panic!("no {field}: {page}"));
        let (attributes, words) = error.split("</p>").next().unwrap().split_once('>').unwrap();
        (!attributes.contains("hidden"), words.to_owned())
    };
    let read = [id.as_str(), "Bakery", "", "", "USD", "UTC", "", "", "", ""];
    let names = ["name", "website", "industry", "currency", "time_zone", "margin_percent", "tags", "notes", "owner_id"];
    let typed = [" ", "no dots", "Food", "USD", "Mars/Olympus", "half", "", "kept", id.as_str()];
    let places: Vec<_> = (0..read.len()).map(|place| format!("read[{place}]")).collect();
    let fields: Vec<_> = places.iter().map(String::as_str).zip(read).chain(names.into_iter().zip(typed)).collect();
    let address = format!("/clients/{id}");
    let page = refused(post(&olga, &address, "update_client", &fields).await, StatusCode::UNPROCESSABLE_ENTITY).await;
    for (name, words) in [
        ("name", "Name is required"),
        ("website", "Enter an address like"),
        ("time_zone", "There is no such time zone"),
        ("margin_percent", "Enter a share in per cent"),
        ("owner_id", "Choose an active member"),
    ] {
        let (shown, told) = said(&page, name);
        assert!(shown && told.contains(words), "{name}: {told}");
    }
    for (name, text) in [("website", "no dots"), ("margin_percent", "half"), ("industry", "Food")] {
        assert_eq!(held(&page, name), text);
    }
    assert!(!said(&page, "industry").0 && !said(&page, "tags").0, "what can be accepted has no error");

    let body = json!({"name": " ", "website": "no dots", "industry": "Food", "owner_id": id});
    let answer = olga.send("PATCH", &format!("/api/v1/clients/{id}"), &body).await;
    assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
    let error = &answer.json::<Value>().await.unwrap()["error"];
    assert_eq!((&error["field"], &error["message"]), (&json!("name"), &json!("Name is required")));
    let named: Vec<_> = error["details"]["fields"].as_array().unwrap().iter().map(|one| &one["field"]).collect();
    assert_eq!(named, ["name", "website", "owner_id"], "{error}");
    assert_eq!(olga.json(&format!("/api/v1/clients/{id}")).await["industry"], "", "nothing was changed");

    let fields = [
        ("client_id", id.as_str()),
        ("id", ""),
        ("name", ""),
        ("emails", "no address"),
        ("phones", "call me"),
        ("handles", "@jane"),
    ];
    let page = refused(post(&olga, &address, "save_contact", &fields).await, StatusCode::UNPROCESSABLE_ENTITY).await;
    for name in ["contact-name", "emails", "phones"] {
        assert!(said(&page, name).0, "{name}");
    }
    assert!(!said(&page, "handles").0);
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn choices_in_rows_come_back_as_chosen(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let agency = Agency::found(&app).await;
    seed::integrations(&app.pool).await;
    let channel = seed::id_in(&app.pool, "channel", "Acme").await;
    let connection = format!("/settings/integrations/{}", seed::id_in(&app.pool, "connection", "Acme").await);
    // What it belonged to before is nobody, which the form says in a way that is none.
    let choose = |client: &str| [("id", channel.clone()), ("client_id", client.to_owned()), ("before", "x".to_owned())];
    let choose = async |client: &str| {
        let fields = choose(client);
        let fields: Vec<_> = fields.iter().map(|(name, text)| (*name, text.as_str())).collect();
        refused(post(&agency.ada, &connection, "map_account", &fields).await, StatusCode::UNPROCESSABLE_ENTITY).await
    };
    assert_eq!(held(&choose(&agency.c[1]).await, "client_id"), agency.c[1]);
    assert_eq!(held(&choose("nonsense").await, "client_id"), "", "what is no choice is not chosen");

    let max = agency.max.member_id().await.as_str().unwrap().to_owned();
    let fields = [("id", max.as_str()), ("role", "admin"), ("active", "perhaps")];
    let page = refused(post(&agency.ada, "/members", "change_member", &fields).await, StatusCode::BAD_REQUEST).await;
    let row = |email: &str| page.split_once(&format!("data-test=\"member {email}\"")).unwrap().1.to_owned();
    assert_eq!(held(&row("max@acme.test"), "role"), "admin");
    assert_eq!(held(&row("mel@acme.test"), "role"), "member", "the other rows are as they were");
    assert_eq!(agency.ada.json(&format!("/api/v1/members/{max}")).await["role"], "manager", "nothing was changed");
    app.stop().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn after_too_many_requests_a_form_comes_back_as_typed(pool: PgPool) {
    let app = TestApp::start_with(pool, |config| config.limit_api = 10).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let fields = [("name", "Olga"), ("nickname", "Oli")];
    for n in 0..10 {
        assert_eq!(post(&olga, "/settings", "update_profile", &fields).await.status(), StatusCode::SEE_OTHER, "{n}");
    }
    let fields = [("name", "Olga"), ("nickname", "Typed once more")];
    let answer = post(&olga, "/settings", "update_profile", &fields).await;
    assert!(answer.headers().contains_key("retry-after"));
    let page = refused(answer, StatusCode::TOO_MANY_REQUESTS).await;
    assert_eq!(held(&page, "nickname"), "Typed once more");
    assert!(page.contains("oo many requests"), "{page}");
    // Drawing pages is not free of limits either.
    let mut drawn = 1;
    while post(&olga, "/settings", "update_profile", &fields).await.text().await.unwrap().contains("Typed once more") {
        drawn += 1;
        assert!(drawn < 20);
    }
    // A live page is told in words.
    let live = olga.client.post(format!("{}/app/update_profile", app.url)).header("accept", "application/json");
    let live = live.form(&fields).send().await.unwrap();
    assert_eq!(live.status(), StatusCode::TOO_MANY_REQUESTS);
    assert!(live.text().await.unwrap().starts_with("[4,[\"too many requests"));
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn nothing_secret_comes_back(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let (present, new) = ("my-wrong-present-words", "my-weak");
    for (present, new) in [(present, "another battery horse"), (PASSWORD, new)] {
        let fields = [("present", present), ("password", new)];
        let page = post(&olga, "/settings/sign-in", "change_password", &fields).await;
        let page = refused(page, StatusCode::UNPROCESSABLE_ENTITY).await;
        assert!(!page.contains(present) && !page.contains(new), "{page}");
        assert!(page.contains("aria-invalid=\"true\""), "what is wrong is said at its field");
    }
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn the_settings_show_which_theme_this_browser_keeps(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let chosen = async || {
        let page = olga.get("/settings").await.text().await.unwrap();
        let buttons = page.split("<button").filter(|button| button.contains("aria-pressed=\"true\""));
        let pressed: Vec<_> = buttons.filter_map(|button| button.split("value=\"").nth(1)?.split('"').next()).collect();
        (
            pressed.join(" "),
            page.split("Chosen in this browser: ").nth(1).unwrap().split('.').next().unwrap().to_owned(),
        )
    };
    assert_eq!(chosen().await, ("system".to_owned(), "like the system".to_owned()));
    for (theme, words) in [("dark", "dark"), ("light", "light"), ("system", "like the system")] {
        olga.submit("/theme", &[("theme", theme)]).await;
        assert_eq!(chosen().await, (theme.to_owned(), words.to_owned()));
    }
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_tag_that_is_too_long_and_an_address_that_is_a_members_are_said_at_their_fields(pool: PgPool) {
    let app = TestApp::start(pool).await;
    let olga = app.owner("olga@acme.test", "Acme").await;
    let tag = "x".repeat(60);
    let made = olga.post("/api/v1/clients", &json!({"name": "Bakery", "tags": ["short", tag]})).await;
    assert_eq!(made.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(made.json::<Value>().await.unwrap()["error"]["field"], "tags");

    let typed = [("email", "olga@acme.test"), ("role", "member")];
    let page = refused(post(&olga, "/members", "invite_member", &typed).await, StatusCode::UNPROCESSABLE_ENTITY).await;
    let error = page.split("id=\"email-error\"").nth(1).and_then(|rest| rest.split("</p>").next()).unwrap();
    assert!(error.contains("olga@acme.test is a member already"), "{page}");
    assert!(page.contains("value=\"olga@acme.test\""), "what was typed stays: {page}");
    app.finish().await;
}
