use http::StatusCode;
use rust_decimal::Decimal;
use time::macros::datetime;

use super::*;

fn dec(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn answer(status: u16, body: &Value) -> Answer {
    let status = StatusCode::from_u16(status).unwrap();
    Answer { status, headers: Default::default(), body: body.to_string().into() }
}

fn money(amount: &str) -> Value {
    json!({ "shopMoney": { "amount": amount } })
}

fn lines(nodes: Value) -> Value {
    json!({ "nodes": nodes, "pageInfo": { "hasNextPage": false, "endCursor": null } })
}

/// An order of 100.00 with 20 % of taxes on goods and 6.00 of shipping, whether or not the prices contain the taxes.
fn order(taxes_included: bool) -> Value {
    let (subtotal, shipping) = if taxes_included { ("120.00", "7.20") } else { ("100.00", "6.00") };
    json!({
        "id": "gid://shopify/Order/1", "name": "#1001", "test": false, "unknown": 1,
        "processedAt": "2026-01-05T23:30:00Z", "updatedAt": "2026-01-06T10:00:00Z", "cancelledAt": null,
        "taxesIncluded": taxes_included, "dutiesIncluded": false,
        "subtotalPriceSet": money(subtotal), "totalTaxSet": money("21.20"), "originalTotalDutiesSet": null,
        "shippingLines": lines(json!([{
            "discountedPriceSet": money(shipping), "taxLines": [{ "priceSet": money("1.20") }]
        }])),
        "customer": { "id": "gid://shopify/Customer/7" }, "refunds": []
    })
}

fn ours(order: Value) -> Result<Order> {
    serde_json::from_value::<wire::OrderNode>(order).unwrap().ours(Vec::new())
}

#[test]
fn goods_taxes_and_shipping_are_told_apart_exactly() {
    for taxes_included in [true, false] {
        let order = ours(order(taxes_included)).unwrap();
        let parts = (order.goods, order.taxes, order.shipping);
        assert_eq!(parts, (dec("100"), dec("21.20"), dec("6")), "taxes included: {taxes_included}");
        assert_eq!(order.customer_id.as_deref(), Some("gid://shopify/Customer/7"));
    }
}

#[test]
fn what_is_not_goods_is_taken_out_and_what_is_absent_is_not_guessed() {
    let mut with_duties = order(false);
    (with_duties["dutiesIncluded"], with_duties["originalTotalDutiesSet"]) = (json!(true), money("9.99"));
    assert_eq!(ours(with_duties).unwrap().goods, dec("90.01"));
    let mut untaxed = order(false);
    (untaxed["totalTaxSet"], untaxed["customer"]) = (Value::Null, Value::Null);
    let untaxed = ours(untaxed).unwrap();
    assert_eq!((untaxed.taxes, untaxed.customer_id), (Decimal::ZERO, None));
    let mut nothing = order(false);
    nothing["subtotalPriceSet"] = Value::Null;
    assert_eq!(ours(nothing).unwrap_err().key(), "malformed");
    let mut cut = order(false);
    cut["shippingLines"]["pageInfo"] = json!({ "hasNextPage": true, "endCursor": "x" });
    assert_eq!(ours(cut).unwrap_err().key(), "malformed");
}

#[test]
fn test_orders_are_marked() {
    let mut order = order(false);
    order["test"] = json!(true);
    assert!(ours(order).unwrap().test);
}

/// A page of a refund: these lines (price and taxes), shipping of 6.00, and 2.50 more than the lines say.
fn refund(taxes_included: bool, of_goods: &[(&str, &str)]) -> wire::RefundNode {
    let line = |(subtotal, tax): &(&str, &str)| json!({ "subtotalSet": money(subtotal), "totalTaxSet": money(tax) });
    let refund = json!({
        "id": "gid://shopify/Refund/1", "createdAt": "2026-01-07T08:00:00Z", "processedAt": "2026-01-08T08:00:00Z",
        "order": { "taxesIncluded": taxes_included },
        "refundLineItems": lines(of_goods.iter().map(line).collect()),
        "refundShippingLines": lines(json!([{ "subtotalAmountSet": money("6.00"), "taxAmountSet": money("1.20") }])),
        "orderAdjustments": lines(json!([{ "amountSet": money("-2.50"), "taxAmountSet": money("-0.50") }]))
    });
    serde_json::from_value(refund).unwrap()
}

#[test]
fn a_refund_is_the_sum_of_its_lines_and_differences() {
    let exclusive = [[("10.10", "2.02"), ("0.20", "0.04")].as_slice(), &[("1.00", "0.20")]];
    let inclusive = [[("12.12", "2.02"), ("0.24", "0.04")].as_slice(), &[("1.20", "0.20")]];
    for (taxes_included, pages) in [(false, exclusive), (true, inclusive)] {
        let mut sum = None;
        for page in pages {
            // The second page of the lines says shipping and differences again.
            refund(taxes_included, page).add_to(&mut sum).unwrap();
        }
        let refund = sum.unwrap();
        let parts = (refund.goods, refund.taxes, refund.shipping);
        assert_eq!(parts, (dec("13.80"), dec("3.96"), dec("6.00")), "taxes included: {taxes_included}");
        assert_eq!(refund.created_at, datetime!(2026-01-07 08:00 UTC));
    }
}

#[test]
fn throttled_says_how_long_from_the_cost() {
    let throttled = |available: f64| {
        answer(
            200,
            &json!({
                "errors": [{ "message": "Throttled", "extensions": { "code": "THROTTLED" } }],
                "extensions": { "cost": { "requestedQueryCost": 752, "actualQueryCost": null, "throttleStatus": {
                    "maximumAvailable": 2000.0, "currentlyAvailable": available, "restoreRate": 100.0 } } }
            }),
        )
    };
    let pause = |available| match fault(&throttled(available)) {
        Some(Error::RateLimited { after }) => after.as_secs(),
        other => panic!("{other:?}"),
    };
    assert_eq!((pause(2.0), pause(700.0), pause(752.0)), (8, 1, 1));
}

#[test]
fn refusals_have_their_kind_and_shopifys_words() {
    let key = |status, body: Value| fault(&answer(status, &body)).map(|error| (error.key(), error.to_string()));
    assert_eq!(key(200, json!({ "data": {}, "extensions": {} })), None);
    let denied = json!({ "errors": [{ "message": "Access denied for orders field.", "extensions": { "code": "ACCESS_DENIED" } }] });
    assert_eq!(key(200, denied).unwrap(), ("rejected", "the provider refuses: Access denied for orders field.".into()));
    let broken =
        json!({ "errors": [{ "message": "Internal error", "extensions": { "code": "INTERNAL_SERVER_ERROR" } }] });
    assert_eq!(key(200, broken).unwrap().0, "unavailable");
    assert!(key(401, json!({ "errors": "[API] Invalid API key" })).unwrap().1.ends_with(": [API] Invalid API key"));
    assert_eq!(
        key(400, json!({ "error": "invalid_request" })).unwrap(),
        ("rejected", "the provider refuses: invalid_request".into())
    );
    assert_eq!(key(502, json!(null)).unwrap().0, "unavailable");
}

#[test]
fn only_a_shop_is_a_shop() {
    for good in ["acme.myshopify.com", "0-acme-2.myshopify.com"] {
        assert_eq!(checked(good), Ok(good));
    }
    for bad in [
        "",
        ".myshopify.com",
        "-a.myshopify.com",
        "acme.myshopify.com.evil.test",
        "evil.test/acme.myshopify.com",
        "a.b.myshopify.com",
        "acme.myshopify.com\n",
        "ACME.myshopify.com",
        "https://acme.myshopify.com",
        "acme.myshopify.com:8443",
        "a@b.myshopify.com",
    ] {
        assert!(checked(bad).is_err(), "{bad:?}");
    }
}

#[test]
fn the_hosts_are_those_of_the_shop() {
    let fields = [(SHOP.to_owned(), "acme.myshopify.com".to_owned())].into();
    let hosts = Shopify.hosts_for(&fields, None).unwrap();
    assert_eq!((hosts.api.as_str(), &hosts.consent), ("https://acme.myshopify.com/", &hosts.tokens));
    assert!(Shopify.hosts(None).is_err());
    let replaced = "http://127.0.0.1:1/".parse().unwrap();
    assert_eq!(Shopify.hosts(Some(&replaced)).unwrap().api, replaced);
}

#[test]
fn consent_asks_the_shop_for_what_is_needed() {
    let settings = Settings([(API_KEY.to_owned(), "key".into())].into());
    let shop = |shop: &str| BTreeMap::from([(SHOP.to_owned(), shop.to_owned())]);
    let (fields, evil) = (shop("acme.myshopify.com"), shop("evil.test"));
    let base = Shopify.hosts_for(&fields, None).unwrap().consent;
    let redirect_uri = "https://app.test/api/oauth/shopify/callback";
    let asked = Consent { base: &base, state: "s&1", redirect_uri, code_challenge: "c", fields: &fields };
    let url = Shopify.consent(&settings, &asked).unwrap();
    let expected = "https://acme.myshopify.com/admin/oauth/authorize?client_id=key&scope=read_orders%2Cread_customers\
                    &redirect_uri=https%3A%2F%2Fapp.test%2Fapi%2Foauth%2Fshopify%2Fcallback&state=s%261";
    assert_eq!(url.as_str(), expected);
    assert!(Shopify.consent(&settings, &Consent { fields: &evil, ..asked }).is_err());
}

#[test]
fn a_long_list_is_begun_anew_before_it_is_cut_off() {
    let (begin, later) = (datetime!(2026-01-05 10:00 UTC), datetime!(2026-01-06 10:00:01.5 UTC));
    let mut place = Place::first(begin);
    for page in 1..800 {
        place = Place::read(&place.next("a b=".into(), 25, Some(later)).unwrap()).unwrap();
        assert_eq!((place.since, place.seen, place.cursor.as_deref()), (begin, page * 25, Some("a b=")));
    }
    place = Place::read(&place.next("c".into(), 25, Some(later)).unwrap()).unwrap();
    assert_eq!(place, Place::first(later));
    for broken in ["", "x", "2026-01-05T10:00:00Z", "2026-01-05T10:00:00Z x c"] {
        assert_eq!(Place::read(broken), Err(Error::CursorExpired), "{broken}");
    }
}

#[test]
fn who_may_write_may_read() {
    let scopes = |handles: &[&str]| {
        let handles: Vec<_> = handles.iter().map(|handle| json!({ "handle": handle })).collect();
        let answer = json!({ "currentAppInstallation": { "accessScopes": handles } });
        serde_json::from_value::<wire::ScopesAnswer>(answer).unwrap().granted()
    };
    assert_eq!(scopes(&["read_orders"]), ["read_orders"]);
    assert_eq!(scopes(&["write_orders", "write_customers"]).len(), 4);
    assert!(DESCRIPTOR.missing(&scopes(&["write_orders", "write_customers"])).is_empty());
    assert_eq!(scopes(&["write_orders", "read_orders"]), ["write_orders", "read_orders"], "each once");
    assert_eq!(DESCRIPTOR.missing(&scopes(&["write_orders"])).len(), 1);
}

#[test]
fn what_is_no_shops_address_is_said_wherever_the_shop_is_spoken_to() {
    let fields = |shop: &str| BTreeMap::from([(SHOP.to_owned(), shop.to_owned())]);
    let replaced: Url = "http://127.0.0.1:1/".parse().unwrap();
    for replaced in [None, Some(&replaced)] {
        assert_eq!(PROVIDER.hosts_for(&fields("acme.example"), replaced), Err(no_shop()));
        assert!(PROVIDER.hosts_for(&fields("acme.myshopify.com"), replaced).is_ok());
    }
    assert_eq!(PROVIDER.hosts(None), Err(no_shop()));
    assert!(PROVIDER.hosts(Some(&replaced)).is_ok());
}
