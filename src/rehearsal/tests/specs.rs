//! Answers against what the providers publish: Meta's and TikTok's specifications, Shopify's schema, and Google's own package.
//! They lie in the shared folder (`AUDIENCEOS_SHARED`, `AUDIENCEOS_PEER_GOOGLE_ADS`); what is absent is not judged, which is
//! said on standard output, and in CI is a failure.

use std::{
    io::{Read, Write},
    path::PathBuf,
    process::{Command, Stdio},
};

use serde_json::{Value, json};
use time::{Duration, OffsetDateTime, macros::datetime};

use super::{TODAY, walk};
use crate::{
    World,
    protocol::{Answer, Edge, Question},
};

const NOW: OffsetDateTime = datetime!(2026-06-16 06:59:59 UTC);

#[expect(clippy::disallowed_methods, reason = "tests are told by ./dev where their helpers are")]
pub fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

pub fn present(test: &str, path: PathBuf) -> Option<PathBuf> {
    if path.exists() {
        return Some(path);
    }
    assert!(environment("CI").is_none_or(|ci| ci != "true"), "{} is missing", path.display());
    println!("not run: {test}");
    None
}

fn shared(test: &str, path: &str) -> Option<PathBuf> {
    let folder = environment("AUDIENCEOS_SHARED");
    let folder = folder.unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared").into());
    present(test, PathBuf::from(folder).join("peers").join(path))
}

fn told() -> Vec<(Question, Answer)> {
    let world = World::since(11, TODAY - Duration::days(29), TODAY).unwrap();
    let desk = walk::desk(world, Edge::EndOfDay);
    walk::Walk::whole(&desk, NOW, 7).told
}

fn body(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).unwrap()
}

/// What of a value a schema of OpenAPI does not allow; what it does not list is a difference too.
fn differences(root: &Value, schema: &Value, value: &Value, place: &str, found: &mut Vec<String>) {
    if let Some(name) = schema["$ref"].as_str() {
        return differences(root, root.pointer(&name[1..]).unwrap(), value, place, found);
    }
    let fits = match schema["type"].as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("boolean") => value.is_boolean(),
        _ => true,
    };
    let null = value.is_null() && schema["nullable"] == true;
    if !fits && !null {
        found.push(format!("{place} is no {}: {value}", schema["type"]));
    }
    if schema["enum"].as_array().is_some_and(|all| !all.contains(value)) {
        found.push(format!("{place} is none of {}: {value}", schema["enum"]));
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if value.get(name).is_none() {
            found.push(format!("{place} lacks {name}"));
        }
    }
    // A schema without fields leaves them open.
    let known = schema["properties"].as_object().filter(|known| !known.is_empty());
    if let (Some(fields), Some(known)) = (value.as_object(), known) {
        for (name, value) in fields {
            match known.get(name) {
                Some(schema) => differences(root, schema, value, &format!("{place}.{name}"), found),
                None => found.push(format!("{place} has {name}, which is not specified")),
            }
        }
    }
    if let (Some(items), Some(schema)) = (value.as_array(), schema.get("items")) {
        for (at, item) in items.iter().enumerate() {
            differences(root, schema, item, &format!("{place}[{at}]"), found);
        }
    }
}

#[test]
fn the_judge_does_judge() {
    let schema = json!({ "type": "object", "required": ["a"], "properties": { "a": { "type": "string", "enum": ["x"] },
        "b": { "type": "array", "items": { "type": "integer" } } } });
    let mut found = vec![];
    differences(&json!({}), &schema, &json!({ "a": "y", "b": [1, "2"], "c": 0 }), "", &mut found);
    assert_eq!(found.len(), 3, "{found:?}");
}

pub fn specification(test: &str, file: &str) -> Option<Value> {
    Some(serde_json::from_slice(&std::fs::read(shared(test, &format!("openapi/{file}"))?).unwrap()).unwrap())
}

#[test]
fn metas_answers_are_those_of_its_specification() {
    let Some(specification) = specification("meta", "meta.json") else { return };
    let (mut judged, mut found) = (std::collections::BTreeSet::new(), vec![]);
    for (question, answer) in told() {
        let Some(path) = question.path.strip_prefix("/v26.0/") else { continue };
        let (node, edge) = path.split_once('/').unwrap_or((path, ""));
        let path = match (node, edge) {
            ("me", "adaccounts") => "/{version}/me/adaccounts".to_owned(),
            (run, "") if run.parse::<u64>().is_ok() => "/{version}/{report_run_id}".to_owned(),
            (node, edge) if node != "me" && node != "oauth" && node != "dialog" => {
                format!("/{{version}}/{{account_id}}/{edge}")
            }
            _ => continue,
        };
        let method = question.method.to_lowercase();
        let (status, error) = if answer.status == 200 { ("200", false) } else { ("400", true) };
        let schema = match specification["paths"].get(&path) {
            Some(known) => &known[&method]["responses"][status]["content"]["application/json"]["schema"],
            None => &specification["components"]["schemas"]["ErrorEnvelope"],
        };
        assert!(schema.is_object() && (specification["paths"].get(&path).is_some() || error), "{method} {path}");
        differences(&specification, schema, &body(&answer), &path, &mut found);
        judged.insert((method, path));
    }
    assert_eq!(judged.len(), 8, "{judged:?}");
    assert_eq!(found, [""; 0], "{} differences", found.len());
}

/// Which path of a specification a path is an instance of.
fn instance<'a>(specification: &'a Value, path: &str) -> Option<&'a Value> {
    let parts: Vec<_> = path.split('/').collect();
    let fits = |known: &str| {
        let known: Vec<_> = known.split('/').collect();
        let same = |(one, other): (&&str, &&str)| one == other || one.starts_with('{');
        known.len() == parts.len() && known.iter().zip(&parts).all(same)
    };
    let mut all: Vec<_> = specification["paths"].as_object().unwrap().iter().filter(|(known, _)| fits(known)).collect();
    // `messages/send` is not the message with the id "send".
    all.sort_by_key(|(known, _)| known.matches('{').count());
    all.first().map(|(_, found)| *found)
}

#[test]
fn gmails_answers_are_those_of_its_specification() {
    let Some(specification) = specification("gmail", "gmail.json") else { return };
    let (mut judged, mut found) = (std::collections::BTreeMap::<String, u32>::new(), vec![]);
    for (question, answer) in told() {
        if !question.path.starts_with("/gmail/v1/") || answer.status != 200 {
            continue;
        }
        let Some(known) = instance(&specification, &question.path) else { continue };
        let schema =
            &known[question.method.to_lowercase()]["responses"]["200"]["content"]["application/json"]["schema"];
        assert!(schema.is_object(), "{}", question.path);
        differences(&specification, schema, &body(&answer), &question.path, &mut found);
        *judged.entry(schema["$ref"].to_string()).or_default() += 1;
    }
    assert!(judged.len() >= 6 && judged.values().sum::<u32>() > 30, "{judged:?}");
    assert_eq!(found, [""; 0], "{} differences", found.len());
}

#[test]
fn graphs_messages_are_those_of_its_specification() {
    let Some(specification) = specification("graph", "graph-messages.json") else { return };
    let (mut judged, mut found) = (0, vec![]);
    for (question, answer) in told() {
        if question.path != "/v1.0/me/messages" || answer.status != 200 {
            continue;
        }
        let schema = &specification["components"]["schemas"]["microsoft.graph.message"];
        for one in body(&answer)["value"].as_array().unwrap() {
            let mut one = one.clone();
            // An annotation, which specifications leave out.
            one.as_object_mut().unwrap().remove("@odata.etag");
            differences(&specification, schema, &one, "message", &mut found);
            judged += 1;
        }
    }
    assert!(judged > 3, "{judged}");
    assert_eq!(found, [""; 0], "{} differences", found.len());
}

/// Notes what has another type than in a recorded answer, and returns how much was compared.
fn alike(sample: &Value, value: &Value, place: &str, found: &mut Vec<String>) -> u32 {
    match (sample, value) {
        (Value::Object(sample), Value::Object(value)) => {
            let both = sample.iter().filter_map(|(name, one)| Some((name, one, value.get(name)?)));
            both.map(|(name, one, other)| alike(one, other, &format!("{place}.{name}"), found)).sum()
        }
        (one, other) => {
            if std::mem::discriminant(one) != std::mem::discriminant(other) {
                found.push(format!("{place} is {other}, recorded was {one}"));
            }
            1
        }
    }
}

#[test]
fn tiktoks_answers_are_those_of_its_specification() {
    let Some(specification) = specification("tiktok", "tiktok.json") else { return };
    let Some(file) = shared("tiktok", "samples/tiktok-report.json") else { return };
    let samples: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    let (mut judged, mut compared, mut found) = (0, 0, vec![]);
    for (question, answer) in told() {
        let Some(known) = specification["paths"].get(&question.path) else { continue };
        let schema = &known["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        let told = body(&answer);
        differences(&specification, schema, &told, &question.path, &mut found);
        judged += 1;
        // What is in `data` is left open there: recorded answers tell its types.
        let sample = if question.path.contains("/report/") { "report_page1" } else { "advertiser_info" };
        for row in told["data"]["list"].as_array().unwrap() {
            compared += alike(&samples[sample]["data"]["list"][0], row, &question.path, &mut found);
        }
        compared += alike(&samples[sample]["data"]["page_info"], &told["data"]["page_info"], "page_info", &mut found);
    }
    assert!(judged > 10 && compared > 500, "{judged} {compared}");
    assert_eq!(found, [""; 0], "{} differences", found.len());
}

/// Type, or what it is a list of, and whether it may be null.
fn named(kind: &Value) -> (String, bool, bool) {
    match kind["kind"].as_str().unwrap() {
        "NON_NULL" => {
            let (name, list, _) = named(&kind["ofType"]);
            (name, list, false)
        }
        "LIST" => (named(&kind["ofType"]).0, true, true),
        _ => (kind["name"].as_str().unwrap().to_owned(), false, true),
    }
}

/// Holds a part of an answer against a type of the schema.
fn judge(types: &Value, name: &str, value: &Value, place: &str, found: &mut Vec<String>) {
    let kind = &types[name];
    match (kind["kind"].as_str().unwrap(), value) {
        ("OBJECT", Value::Object(fields)) => {
            for (field, value) in fields {
                let known = kind["fields"].as_array().unwrap().iter().find(|known| known["name"] == *field);
                let Some(known) = known else {
                    found.push(format!("{place}: {name} has no {field}"));
                    continue;
                };
                let (name, list, null) = named(&known["type"]);
                let place = format!("{place}.{field}");
                match (list, value) {
                    (_, Value::Null) if null => {}
                    (true, Value::Array(items)) => {
                        items.iter().for_each(|item| judge(types, &name, item, &place, found))
                    }
                    (false, value) if !value.is_null() => judge(types, &name, value, &place, found),
                    _ => found.push(format!("{place} cannot be {value}")),
                }
            }
        }
        ("ENUM", Value::String(value)) => {
            if !kind["enumValues"].as_array().unwrap().iter().any(|known| known["name"] == **value) {
                found.push(format!("{place}: {value} is none of {name}"));
            }
        }
        ("SCALAR", value) => {
            let fits = match name {
                "Int" => value.is_i64(),
                "Boolean" => value.is_boolean(),
                "Float" => value.is_number(),
                _ => value.is_string(),
            };
            if !fits {
                found.push(format!("{place}: {value} is no {name}"));
            }
        }
        (kind, value) => found.push(format!("{place}: {value} is no {kind}")),
    }
}

#[test]
fn shopifys_answers_are_those_of_its_schema() {
    let Some(file) = shared("shopify", "openapi/shopify-admin-2026-07.schema.json.gz") else { return };
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(file).unwrap()).read_to_string(&mut text).unwrap();
    let mut schema: Value = serde_json::from_str(&text).unwrap();
    let schema = schema.get_mut("data").map(Value::take).unwrap_or(schema);
    let all = schema["__schema"]["types"].as_array().unwrap().iter();
    let types: Value = all
        .map(|kind| (kind["name"].as_str().unwrap().to_owned(), kind.clone()))
        .collect::<serde_json::Map<_, _>>()
        .into();
    let (mut judged, mut found) = (0, vec![]);
    for (question, answer) in told() {
        if question.path != "/admin/api/2026-07/graphql.json" {
            continue;
        }
        let asked: Value = serde_json::from_slice(&question.body).unwrap();
        let root = if asked["query"].as_str().unwrap().starts_with("mutation") { "Mutation" } else { "QueryRoot" };
        let answer = body(&answer);
        if answer.get("errors").is_none() {
            judge(&types, root, &answer["data"], root, &mut found);
            judged += 1;
        }
    }
    assert!(judged > 25, "{judged}");
    assert_eq!(found, [""; 0], "{} differences", found.len());
    let mut wrong = vec![];
    judge(&types, "Shop", &json!({ "name": 1, "luck": 1, "currencyCode": "XXY", "id": null }), "", &mut wrong);
    assert_eq!(wrong.len(), 4, "the judge judges: {wrong:?}");
}

/// Google's own package reads answers by its definitions and refuses what they do not know.
const JUDGE: &str = r"
import sys, json, importlib
from google.protobuf import json_format
at = lambda name: importlib.import_module('google.ads.googleads.v26.' + name)
service = at('services.types.google_ads_service')
kinds = {
    'stream': service.SearchGoogleAdsStreamResponse, 'search': service.SearchGoogleAdsResponse,
    'list': at('services.types.customer_service').ListAccessibleCustomersResponse,
    'failure': at('errors.types.errors').GoogleAdsFailure,
}
for line in sys.stdin:
    kind, value = json.loads(line)
    value.pop('@type', None)
    pb = kinds[kind].pb(kinds[kind]())
    json_format.ParseDict(value, pb)
    again = json_format.MessageToDict(pb, use_integers_for_enums=False)
    lost = lambda one, two: one != two if not isinstance(one, dict) else any(lost(one[k], two.get(k)) for k in one)
    def near(one, two):
        if isinstance(one, dict): return all(near(v, (two or {}).get(k)) for k, v in one.items())
        if isinstance(one, list): return two is not None and len(one) == len(two) and all(map(near, one, two))
        if isinstance(one, float) or isinstance(two, float): return two is not None and abs(float(one) - float(two)) < 1e-9 * max(1, abs(float(one)))
        return one == two or (one in (0, '0', False, '') and two is None)
    if not near(value, again): sys.exit('not as Google writes it: ' + json.dumps(value)[:2000] + ' ' + json.dumps(again)[:2000])
print('ok')
";

#[test]
fn googles_answers_are_read_by_its_own_package() {
    let python = environment("AUDIENCEOS_PEER_GOOGLE_ADS").unwrap_or_else(|| "AUDIENCEOS_PEER_GOOGLE_ADS".into());
    let Some(python) = present("google_ads", python.into()) else { return };
    let mut lines = String::new();
    let mut judged = std::collections::BTreeMap::<&str, u32>::new();
    let mut put = |kind: &'static str, value: &Value| {
        *judged.entry(kind).or_default() += 1;
        lines.push_str(&format!("{}\n", json!([kind, value])));
    };
    for (question, answer) in told().into_iter().filter(|(question, _)| question.path.starts_with("/v26/")) {
        let told = body(&answer);
        match (answer.status, question.path.rsplit(':').next().unwrap()) {
            (200, "searchStream") => told.as_array().unwrap().iter().for_each(|chunk| put("stream", chunk)),
            (200, "search") => put("search", &told),
            (200, "listAccessibleCustomers") => put("list", &told),
            _ => put("failure", &told[0]["error"]["details"][0]),
        }
    }
    assert_eq!(judged.len(), 4, "{judged:?}");
    let mut command = Command::new(python);
    let mut child = command
        .args(["-c", JUDGE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()));
    let output = child.wait_with_output().unwrap();
    let _ = writer.join();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "ok\n", "{}", String::from_utf8_lossy(&output.stderr));
}
