//! The way of an app through the protocol, from consent to the last order, and what wrong questions get.

use super::*;
use crate::{
    World,
    protocol::test::{self, REDIRECT},
};
use time::macros::date;

const NOW: OffsetDateTime = time::macros::datetime!(2026-06-15 09:00 UTC);

fn desk() -> Desk {
    // Sixty days are enough for every rule, and an unoptimised build takes its time.
    test::desk(World::since(11, date!(2026 - 04 - 17), date!(2026 - 06 - 15)).unwrap())
}

fn send(desk: &Desk, path: &str, token: &str, body: &str, now: OffsetDateTime) -> (u16, Value) {
    let headers = [("x-shopify-access-token".to_owned(), token.to_owned())].into();
    let (method, body) = (if body == "DELETE" { "DELETE" } else { "POST" }, body.as_bytes().to_vec());
    let question = Question { method: method.into(), path: path.into(), headers, body, ..Question::default() };
    let answer = answer(desk, &question, now).unwrap();
    (answer.status, serde_json::from_str(&answer.body).unwrap())
}

const TOKEN: &str = "/admin/oauth/access_token";
const GRAPHQL: &str = "/admin/api/2026-07/graphql.json";

/// Goes through consent for the `at`th shop and returns the parameters on the way back.
fn back(desk: &Desk, at: usize) -> BTreeMap<String, String> {
    let query = [("client_id", "app"), ("redirect_uri", REDIRECT), ("state", "a b~*ü")];
    let query = query.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
    let question =
        Question { method: "GET".into(), path: "/admin/oauth/authorize".into(), query, ..Question::default() };
    let page = answer(desk, &question, NOW).unwrap();
    assert_eq!((page.status, page.body.matches("<li>").count()), (200, 8));
    let link = page.body.split("href=\"").nth(at + 1).unwrap().split('"').next().unwrap().replace("&amp;", "&");
    fields(link.strip_prefix(REDIRECT).unwrap().strip_prefix('?').unwrap())
}

fn tokens(desk: &Desk, at: usize) -> (String, String) {
    let body = format!("client_id=app&client_secret=secret&expiring=1&code={}", back(desk, at)["code"]);
    let (status, given) = send(desk, TOKEN, "", &body, NOW);
    assert_eq!((status, &given["expires_in"]), (200, &json!(3600)));
    assert_eq!(send(desk, TOKEN, "", &body, NOW).0, 400, "a code works once");
    let text = |name: &str| given[name].as_str().unwrap().to_owned();
    (text("access_token"), text("refresh_token"))
}

/// The text as the WHATWG says that forms are encoded; its signature was made with Python's `hmac`.
#[test]
fn the_way_back_is_signed() {
    let parts = [("code", "c-1"), ("shop", "a.myshopify.com"), ("state", "a b~*ü"), ("timestamp", "1770000000")];
    let link = signed("secret", &parts.into());
    let text = "code=c-1&shop=a.myshopify.com&state=a+b%7E*%C3%BC&timestamp=1770000000";
    assert_eq!(link, format!("{text}&hmac=ff72b0fab0196dbc5a2cb71d5770de6d3bfcd188e2072a26924aeafc97290be5"));
    let back = back(&desk(), 0);
    assert_eq!((back["state"].as_str(), back["hmac"].len()), ("a b~*ü", 64));
}

const ORDERS: &str = "query Orders($first: Int!, $after: String, $filter: String!) {
  orders(first: $first, after: $after, sortKey: UPDATED_AT, query: $filter) {
    pageInfo { hasNextPage endCursor }
    nodes { id test processedAt updatedAt taxesIncluded
      subtotalPriceSet { shopMoney { amount } } totalTaxSet { shopMoney { amount } }
      shippingLines(first: 5) { nodes { discountedPriceSet { shopMoney { amount } } taxLines { priceSet { shopMoney { amount } } } } }
      customer { id } refunds { id } } } }";
const REFUND: &str = "query Refund($id: ID!) { refund(id: $id) { createdAt order { taxesIncluded }
  refundLineItems(first: 50) { nodes { subtotalSet { shopMoney { amount } } totalTaxSet { shopMoney { amount } } } }
  refundShippingLines(first: 10) { nodes { subtotalAmountSet { shopMoney { amount } } taxAmountSet { shopMoney { amount } } } } } }";

fn cents(money: &Value) -> i64 {
    money["shopMoney"]["amount"].as_str().unwrap().replace('.', "").parse().unwrap()
}

fn all<'a>(connection: &'a Value, of: &str) -> impl Iterator<Item = i64> + use<'a> {
    let of = of.to_owned();
    connection["nodes"].as_array().unwrap().iter().map(move |node| cents(&node[&of]))
}

/// Read as a client would, with what Shopify documents: the sums of goods, taxes and shipping of every day are the truth.
#[test]
fn an_app_reads_every_order_and_refund_to_the_cent() {
    let desk = desk();
    for at in [0, 4] {
        let (token, _) = tokens(&desk, at);
        let ask = |body: Value| send(&desk, GRAPHQL, &token, &body.to_string(), NOW).1;
        let told = ask(json!({ "query": "{ shop { name currencyCode ianaTimezone myshopifyDomain } }" }));
        let domain = told["data"]["shop"]["myshopifyDomain"].as_str().unwrap().to_owned();
        let shop = shops(&desk).find(|shop| shop.external_id == domain).unwrap();
        let zone = desk.world.client_of(shop).zone;
        let day = |at: &Value| zone.day(OffsetDateTime::parse(at.as_str().unwrap(), &Rfc3339).unwrap());
        let mut sums = BTreeMap::<_, [i64; 4]>::new();
        let (mut after, mut seen) = (Value::Null, std::collections::BTreeSet::new());
        loop {
            let variables = json!({ "first": 250, "after": after, "filter": "updated_at:>='2024-01-01T00:00:00Z'" });
            let told = ask(json!({ "query": ORDERS, "variables": variables }));
            let page = &told["data"]["orders"];
            for order in page["nodes"].as_array().unwrap_or_else(|| panic!("{told}")) {
                assert!(seen.insert(order["id"].to_string()), "an order came twice");
                if order["test"] == true {
                    continue;
                }
                let within = if order["taxesIncluded"] == true { 1 } else { 0 };
                let lines = order["shippingLines"]["nodes"].as_array().unwrap();
                let shipping_taxes: i64 = lines
                    .iter()
                    .flat_map(|line| line["taxLines"].as_array().unwrap())
                    .map(|line| cents(&line["priceSet"]))
                    .sum();
                let taxes = cents(&order["totalTaxSet"]);
                let sum = sums.entry(day(&order["processedAt"])).or_default();
                let shipping =
                    all(&order["shippingLines"], "discountedPriceSet").sum::<i64>() - within * shipping_taxes;
                let goods = cents(&order["subtotalPriceSet"]) - within * (taxes - shipping_taxes);
                [1, goods, taxes, shipping].iter().zip(sum).for_each(|(one, sum)| *sum += one);
                for refund in order["refunds"].as_array().unwrap() {
                    let told = ask(json!({ "query": REFUND, "variables": { "id": refund["id"] } }));
                    let refund = &told["data"]["refund"];
                    let taxes: i64 = all(&refund["refundLineItems"], "totalTaxSet").sum();
                    let goods = all(&refund["refundLineItems"], "subtotalSet").sum::<i64>() - within * taxes;
                    let taxes = taxes + all(&refund["refundShippingLines"], "taxAmountSet").sum::<i64>();
                    let shipping: i64 = all(&refund["refundShippingLines"], "subtotalAmountSet").sum();
                    let sum = sums.entry(day(&refund["createdAt"])).or_default();
                    [0, goods, taxes, shipping].iter().zip(sum).for_each(|(one, sum)| *sum -= one);
                }
            }
            if page["pageInfo"]["hasNextPage"] == false {
                break;
            }
            after = page["pageInfo"]["endCursor"].clone();
        }
        for day in desk.world.shop_days(shop) {
            let truth = [day.orders, day.ledger_cents, day.taxes_cents, day.shipping_cents];
            assert_eq!(sums.remove(&day.day).unwrap_or_default(), truth, "{}", day.day);
        }
        assert!(sums.is_empty());
    }
}

#[test]
fn tokens_end_and_refresh_tokens_work_once() {
    let desk = desk();
    let (access, refresh) = tokens(&desk, 2);
    let ask = |token: &str, now| send(&desk, GRAPHQL, token, r#"{"query":"{ shop { name } }"}"#, now).0;
    assert_eq!([ask(&access, NOW), ask(&access, NOW + Duration::HOUR), ask("sh-access-2-0-0", NOW)], [200, 401, 401]);
    let body = format!("client_id=app&client_secret=secret&grant_type=refresh_token&refresh_token={refresh}");
    let (status, given) = send(&desk, TOKEN, "", &body, NOW);
    let renewed = given["access_token"].as_str().unwrap();
    assert!(status == 200 && renewed != access && given["refresh_token"] != refresh.as_str());
    assert_eq!(send(&desk, TOKEN, "", &body, NOW).0, 400);
    assert_eq!(send(&desk, TOKEN, "", "client_id=app&client_secret=wrong", NOW).0, 400);
    assert_eq!(send(&desk, "/admin/api_permissions/current.json", renewed, "DELETE", NOW).0, 200);
    assert_eq!(ask(renewed, NOW), 401);
}

#[test]
fn wrong_questions_get_shopifys_refusals() {
    let desk = desk();
    let (token, _) = tokens(&desk, 1);
    let say = |query: &str, variables: Value| {
        let (status, told) =
            send(&desk, GRAPHQL, &token, &json!({ "query": query, "variables": variables }).to_string(), NOW);
        assert!(status == 200 && told.get("data").is_none(), "{told}");
        told["errors"][0]["message"].as_str().unwrap().to_owned()
    };
    assert_eq!(say("{ shop { age } }", json!({})), "Field 'age' doesn't exist on type 'Shop'");
    assert_eq!(say("{ luck }", json!({})), "Field 'luck' doesn't exist on type 'QueryRoot'");
    say("mutation { orderClose }", json!({}));
    for (first, after, filter) in
        [(0, json!(null), ""), (251, json!(null), ""), (5, json!("x"), ""), (5, json!(null), "name:1001")]
    {
        say(ORDERS, json!({ "first": first, "after": after, "filter": filter }));
    }
    let none = json!({ "query": REFUND, "variables": { "id": "gid://shopify/Refund/1" } }).to_string();
    assert_eq!(send(&desk, GRAPHQL, &token, &none, NOW).1["data"], json!({ "refund": null }));
    assert_eq!(send(&desk, GRAPHQL, &token, "no json", NOW).0, 400);
    assert_eq!(send(&desk, "/admin/api/2020-01/graphql.json", &token, "{}", NOW).0, 404);
    let question = Question { path: "/open_api/x".into(), ..Question::default() };
    assert_eq!(answer(&desk, &question, NOW), None);
}
