//! What a file of daily metrics may look like: every form that is read, what is asked about, and what is refused whole.

use std::time::Duration;

use model::metric::Level;
use reqwest::StatusCode;
use serde_json::{Value, json};
use sqlx::PgPool;
use time::{Date, macros::date};

use crate::{
    desk::{Desk, code, day, until, upload},
    support::{TestApp, count, shared},
};

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn wrong_rows_are_named_and_left_out_only_when_a_person_says_so(pool: PgPool) {
    let desk = Desk::open(pool, "ads").await;
    let text = "Day,Campaign,Cost\n2026-02-01,A,1\n2026-02-30,B,2\n2026-02-03,\"=cmd|' /C calc'!A0\",x\n2026-02-04,D,4\n2099-01-01,E,5\n";
    let checked = desk.checked("bad.csv", text).await;
    let id = checked["id"].as_str().unwrap();
    assert_eq!((&checked["rows"], &checked["wrong"]), (&json!(2), &json!(3)));
    let lines: Vec<_> = checked["errors"].as_array().unwrap().iter().map(|error| error["line"].as_u64()).collect();
    assert_eq!(lines, [Some(3), Some(4), Some(6)]);
    let fault = &checked["errors"][1]["faults"][0];
    assert_eq!([&fault["column"], &fault["value"], &fault["field"]], [&json!("Cost"), &json!("x"), &json!("spend")]);

    let start = format!("/api/v1/imports/{id}/start");
    assert_eq!(code(desk.olga.post(&start, &json!({})).await).await, (409, "rows_wrong".to_owned()));
    assert_eq!(count(&desk.app.pool, "select count(*) from metric_observation").await, 0, "nothing half imported");
    let done = desk.start(id, true).await;
    assert_eq!((&done["rows_new"], &done["wrong"], &done["skip_wrong"]), (&json!(2), &json!(3), &json!(true)));
    assert_eq!(done["errors"], checked["errors"], "what was left out is written down");
    assert_eq!(desk.rows(Level::Campaign, None).await.len(), 2);

    let answer = desk.olga.get(&format!("/api/v1/imports/{id}/errors.csv")).await;
    assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8");
    let csv = answer.text().await.unwrap();
    assert!(csv.starts_with("line,column,value,reason\r\n3,\"Day\",\"2026-02-30\","), "{csv}");
    desk.app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn every_form_of_csv_is_read_or_asked_about(pool: PgPool) {
    let desk = Desk::open(pool, "ads").await;
    let utf16: Vec<u8> =
        [0xfeff].into_iter().chain("Day\tCost\n2026-03-01\t7\n".encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let files: [(&str, Vec<u8>, Date, &str); 8] = [
        ("bom.csv", "\u{feff}Day,Cost\n2026-01-01,\"1,234.56\"\n".into(), date!(2026 - 01 - 01), "1234.56"),
        ("semicolon.csv", "Tag;Kosten\n13.01.2026;1.234,56\n".into(), date!(2026 - 01 - 13), "1234.56"),
        ("tab.txt", "Day\tCost\n2026/01/14\t3.50\n".into(), date!(2026 - 01 - 14), "3.50"),
        ("american.csv", "Day,Cost\n01/15/2026,4\n".into(), date!(2026 - 01 - 15), "4"),
        ("crlf.csv", "Day,Cost\r\n2026-01-16,5\r\n\r\n".into(), date!(2026 - 01 - 16), "5"),
        (
            "quoted.csv",
            "\"Day\",\"Cost\",\"Note\"\n2026-01-17,6,\"two\nlines, \"\"quoted\"\"\"\n".into(),
            date!(2026 - 01 - 17),
            "6",
        ),
        ("utf16.csv", utf16, date!(2026 - 03 - 01), "7"),
        ("euro.csv", "Day;Cost (EUR)\n2026-01-18;€ 8,10\n".into(), date!(2026 - 01 - 18), "8.10"),
    ];
    for (name, bytes, on, spend) in files {
        desk.import(name, bytes).await;
        let rows = desk.spend(None).await;
        assert!(rows.contains(&day(on, spend)), "{name}: {rows:?}");
    }

    // Windows-1252 is never certain, 01/02/2026 is two days, 1,234 two numbers: a person is asked.
    let id = desk.upload("windows.csv", b"Day;Kampagne;Cost\n01/02/2026;M\xfcller;1,234\n".to_vec()).await;
    let open = until(&desk.olga, &id, "open").await;
    let preview = &open["preview"];
    assert_eq!((&open["proposal"], &preview["fallback"]), (&json!(null), &json!(true)));
    assert_eq!(preview["days"]["fits"], json!(["day_first", "month_first"]));
    assert_eq!(preview["numbers"]["fits"], json!(["point", "comma"]));
    assert_eq!(preview["rows"][0]["cells"][1], "Müller");
    let mapping = json!({"kind": "ads", "format": preview["format"], "header": 1, "columns": preview["fields"],
        "numbers": "comma", "days": "day_first"});
    let checked = desk.check(&id, &mapping).await;
    desk.start(checked["id"].as_str().unwrap(), false).await;
    let rows = desk.rows(Level::Campaign, None).await;
    assert_eq!((rows[0].day, rows[0].entity_id.as_str()), (date!(2026 - 02 - 01), "name:Müller"));
    assert_eq!(rows[0].measures.spend.unwrap().to_string(), "1.234");

    // A wrong choice is answered by the rows, or as a whole; and another can be made.
    let id = desk.upload("choose.csv", "Day,Cost\n2026-02-01,1.5\n").await;
    let open = until(&desk.olga, &id, "open").await;
    let mut wrong = open["proposal"].clone();
    wrong["numbers"] = json!("comma");
    assert_eq!(desk.check(&id, &wrong).await["wrong"], 1);
    wrong["columns"]["spend"] = json!({"number": 2, "name": "Spend"});
    let put = desk.olga.send("PUT", &format!("/api/v1/imports/{id}/mapping"), &json!({"mapping": wrong})).await;
    assert_eq!(put.status(), StatusCode::ACCEPTED);
    let open_again = until(&desk.olga, &id, "open").await;
    assert!(open_again["fault"].as_str().unwrap().contains("no column named \"Spend\""), "{open_again}");
    assert_eq!(desk.check(&id, &open["proposal"]).await["wrong"], 0);
    let gone = desk.olga.send("DELETE", &format!("/api/v1/imports/{id}"), &json!({})).await;
    assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    desk.app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn formulas_are_texts_on_the_way_in_and_harmless_on_the_way_out(pool: PgPool) {
    let desk = Desk::open(pool, "ads").await;
    let mut cells: Vec<String> = ["=1+1", "@SUM(1)", "'=1+1", "\t=1+1"].map(str::to_owned).to_vec();
    if let Some(path) = shared("formulas of the shared folder", "data/security/csv_formula_vectors.json") {
        let vectors: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        cells.extend(vectors.iter().map(|vector| vector["cell"].as_str().unwrap().to_owned()));
    }
    cells.sort();
    cells.dedup();
    let quoted = |cell: &String| format!("\"{}\"", cell.replace('"', "\"\""));
    let mut text = "Day,Campaign,Cost\n2026-01-31,Plain,1\n".to_owned();
    for cell in &cells {
        text.push_str(&format!("2026-02-01,{},2\n", quoted(cell)));
    }
    for cell in &cells {
        text.push_str(&format!("2026-02-02,C,{}\n", quoted(cell)));
    }
    let id = desk.upload("formulas.csv", text).await;
    let open = until(&desk.olga, &id, "open").await;
    let mapping = json!({"kind": "ads", "format": open["preview"]["format"], "header": 1, "columns": open["preview"]["fields"],
        "numbers": "point", "days": "year_first"});
    let checked = desk.check(&id, &mapping).await;
    assert_eq!(checked["wrong"], cells.len(), "none of them is a number: {checked}");
    desk.start(&id, true).await;
    #[expect(clippy::disallowed_methods, reason = "asks as the superuser")]
    let names: Vec<String> = sqlx::query_scalar("select name from ad_entity").fetch_all(&desk.app.pool).await.unwrap();
    assert!(cells.iter().all(|cell| names.contains(cell)), "names are kept as they are: {names:?}");
    let csv = desk.olga.get(&format!("/api/v1/imports/{id}/errors.csv")).await.text().await.unwrap();
    for cell in &cells {
        let protected = format!(",\"'{}\",", cell.replace('"', "\"\""));
        assert!(csv.contains(&protected), "{cell:?} is protected in {csv}");
    }
    desk.app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn what_is_no_file_of_rows_is_refused_whole(pool: PgPool) {
    let app = TestApp::start_with(pool, |config| config.import_limit = 1).await;
    let desk = Desk::at(app, "ads").await;
    let empty = upload(&desk.olga, &desk.source, "empty.csv", Vec::new()).await;
    assert_eq!(code(empty).await, (422, "invalid".to_owned()));
    let large = upload(&desk.olga, &desk.source, "large.csv", vec![b'a'; 1_000_001]).await;
    assert_eq!(code(large).await, (413, "too_large".to_owned()));
    let nowhere = upload(&desk.olga, "018f0000-0000-7000-8000-000000000000", "a.csv", b"a".to_vec()).await;
    assert_eq!(code(nowhere).await, (404, "missing".to_owned()));
    let ole = [0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, 0, 0, 0, 0];
    for (name, bytes, words) in [
        ("old.xls", ole.to_vec(), "older Excel file"),
        ("picture.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec(), "neither a text file"),
        ("blank.csv", b"\n \n\n".to_vec(), "holds no rows"),
        ("bomb.xlsx", b"PK\x03\x04nonsense".to_vec(), "damaged"),
    ] {
        let id = desk.upload(name, bytes).await;
        let failed = until(&desk.olga, &id, "failed").await;
        assert!(failed["fault"].as_str().unwrap().contains(words), "{failed}");
    }
    // Half a file, whose quotation mark is not closed, can be mapped, and then no row of it is kept.
    let id = desk.upload("half.csv", "Day,Cost\n2026-02-01,1\n2026-02-02,\"2\n").await;
    let mut half = json!(null);
    for _ in 0..200 {
        half = desk.olga.json(&format!("/api/v1/imports/{id}")).await;
        if half["state"] != "reading" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(half["fault"].as_str().is_some_and(|fault| fault.contains("not closed")), "{half}");
    assert_eq!(count(&desk.app.pool, "select count(*) from metric_observation").await, 0);
    let folders = std::fs::read_dir(desk.app.data.join("imports")).unwrap().flatten();
    let left: Vec<_> = folders.flat_map(|folder| std::fs::read_dir(folder.path()).unwrap().flatten()).collect();
    assert!(left.len() <= 1, "files of what failed are gone: {left:?}");
    desk.app.finish().await;
}

/// Posts the page's own form, as a browser does that shows the answer.
async fn posted(desk: &Desk, source: &str, name: &str, text: &str) -> reqwest::Response {
    let form = format!(
        "--x\r\nContent-Disposition: form-data; name=\"source_id\"\r\n\r\n{source}\r\n--x\r\nContent-Disposition: form-data; \
         name=\"file\"; filename=\"{name}\"\r\nContent-Type: text/csv\r\n\r\n{text}\r\n--x--\r\n"
    );
    let request = desk.olga.client.post(format!("{}/imports/upload", desk.olga.url)).body(form);
    let request = request.header("accept", "text/html").header("content-type", "multipart/form-data; boundary=x");
    request.send().await.unwrap()
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_file_that_is_refused_at_once_is_said_at_its_field_and_the_source_stays_chosen(pool: PgPool) {
    let desk = Desk::open(pool, "ads").await;
    let other = json!({"name": "Posters", "holds": "ads", "currency": "EUR", "time_zone": "Europe/Berlin"});
    let other = desk.olga.create("/api/v1/imports/sources", &other).await;
    for source in [&desk.source, &other] {
        for (name, words) in [("empty.csv", "The file is empty. Choose another"), ("", "Choose a file")] {
            let answer = posted(&desk, source, name, "").await;
            assert_eq!(answer.status(), StatusCode::UNPROCESSABLE_ENTITY);
            let page = answer.text().await.unwrap();
            let error = page.split("id=\"file-error\"").nth(1).and_then(|rest| rest.split("</p>").next());
            assert!(error.is_some_and(|error| error.contains(words)), "{page}");
            let select =
                page.split("name=\"source_id\"").nth(1).and_then(|rest| rest.split("</select>").next()).unwrap();
            let chosen = select.split("<option").find(|option| option.contains("selected")).unwrap_or_default();
            assert!(chosen.contains(source.as_str()), "{select}");
            assert!(page.contains("Import files") && !page.contains("This request is not complete"), "{page}");
        }
    }
    let led = posted(&desk, &other, "good.csv", "Day,Cost\n2026-02-01,1\n").await;
    assert_eq!(led.status(), StatusCode::SEE_OTHER);
    let target = led.headers()["location"].to_str().unwrap();
    assert!(target.starts_with("/settings/integrations/import/"), "{target}");
    let id = target.rsplit('/').next().unwrap().to_owned();
    until(&desk.olga, &id, "open").await;
    desk.app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_text_that_is_named_like_a_workbook_is_read_as_text_and_that_is_said(pool: PgPool) {
    let desk = Desk::open(pool, "ads").await;
    for (name, said) in [("export.xlsx", true), ("Export.XLS", true), ("export.csv", false), ("export", false)] {
        let id = desk.upload(name, "Day,Cost\n2026-02-01,1\n").await;
        let open = until(&desk.olga, &id, "open").await;
        assert!(open["proposal"].is_object(), "{open}");
        let page = desk.olga.get(&format!("/settings/integrations/import/{id}")).await.text().await.unwrap();
        assert_eq!(page.contains("named like an Excel workbook, but it is a text"), said, "{name}: {page}");
    }
    desk.app.finish().await;
}
