use http::HeaderMap;
use time::macros::datetime;

use super::*;

fn money(amount: &str) -> Value {
    json!({ "shopMoney": { "amount": amount } })
}

/// An order as a line.
fn order(number: u32) -> String {
    let order = json!({
        "id": format!("gid://shopify/Order/{number}"), "name": format!("#{number}"), "test": false,
        "processedAt": "2026-01-05T23:30:00Z", "updatedAt": "2026-01-06T10:00:00Z", "cancelledAt": null,
        "taxesIncluded": false, "dutiesIncluded": false, "subtotalPriceSet": money("100.00"),
        "totalTaxSet": money("1.00"), "originalTotalDutiesSet": null, "customer": null, "refunds": []
    });
    format!("{order}\n")
}

fn shipping(number: u32, price: &str) -> String {
    let parent = format!("gid://shopify/Order/{number}");
    let line = json!({ "discountedPriceSet": money(price), "taxLines": [], "__parentId": parent });
    format!("{line}\n")
}

/// The orders in `body`, by name, with their shipping, and how many bytes they are.
fn read(body: &str, ends: bool) -> Result<(Vec<(String, String)>, usize)> {
    let (orders, used) = orders_in(body.as_bytes(), ends)?;
    let ours = |(order, _): (wire::OrderNode, usize)| {
        order.ours(Vec::new()).map(|order| (order.name, order.shipping.to_string()))
    };
    Ok((orders.into_iter().map(ours).collect::<Result<_>>()?, used))
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, shipping)| ((*name).into(), (*shipping).into())).collect()
}

#[test]
fn an_order_is_cut_out_with_all_its_lines_wherever_the_piece_ends() {
    let first = order(1) + &shipping(1, "6.00") + &shipping(1, "0.50");
    let second = order(2) + "\n" + &shipping(2, "4.00");
    let file = format!("{first}{second}");
    let both = pairs(&[("#1", "6.50"), ("#2", "4.00")]);
    assert_eq!(read(&file, true).unwrap(), (both.clone(), file.len()));
    assert_eq!(read(file.trim_end(), true).unwrap(), (both, file.len() - 1), "the last line may have no end");
    for end in 0..=file.len() {
        let (orders, used) = read(&file[..end], false).unwrap();
        // That the second order begins is known when its first line is there.
        if end < first.len() + order(2).len() {
            assert_eq!((orders.len(), used), (0, 0), "{end} bytes");
        } else {
            assert_eq!((orders, used), (pairs(&[("#1", "6.50")]), first.len()), "{end} bytes");
        }
    }
}

#[test]
fn a_piece_ends_after_enough_refunds_where_the_next_order_begins() {
    let refunded = |number: u32, count: usize| {
        let refunds = json!(vec![json!({ "id": "gid://shopify/Refund/1" }); count]).to_string();
        order(number).replace("\"refunds\":[]", &format!("\"refunds\":{refunds}")) + &shipping(number, "6.00")
    };
    let body = refunded(1, 0) + &refunded(2, REFUNDS - 1) + &refunded(3, 1) + &refunded(4, 3);
    let (orders, used) = orders_in(body.as_bytes(), true).unwrap();
    let last = last_of(&orders).unwrap();
    assert_eq!((orders.len(), last, used), (4, 2, body.len()));
    assert!(body[orders[last].1..].starts_with(&order(4)[..10]) && body[orders[last].1..].contains("/4"));
    // Few, or enough at the very end.
    assert_eq!(last_of(&orders[..2]), None);
    assert_eq!(last_of(&orders[..3]), None);
}

#[test]
fn lines_that_are_not_what_shopify_documents_are_malformed() {
    let apart = order(1) + &order(2) + &shipping(1, "6.00");
    for body in [apart.as_str(), &shipping(1, "6.00"), "7\n", "{\"id\":1", "{\"id\":\"gid://shopify/Order/1\"}\n"] {
        assert_eq!(read(body, true).unwrap_err().key(), "malformed", "{body}");
    }
    assert_eq!(read("", true).unwrap(), (Vec::new(), 0));
}

#[test]
fn a_query_of_ours_says_since_when_it_reads() {
    let since = datetime!(2026-01-05 10:00:01.7 UTC);
    let ours = wire::BULK.replace(wire::FILTER, &filter(since).unwrap());
    assert_eq!(since_of(&ours), Some(datetime!(2026-01-05 10:00:01 UTC)));
    assert_eq!(since_of(&ours.replace('\n', " ")), since_of(&ours), "spaces mean nothing");
    let others = [
        "{ products { edges { node { id } } } }".to_owned(),
        ours.replace("refunds { id }", ""),
        ours.replace("updated_at", "created_at"),
        ours.replace("2026-01-05", "then"),
    ];
    for other in others {
        assert_eq!(since_of(&other), None, "{other}");
    }
}

#[test]
fn a_part_is_the_one_that_was_asked_for() {
    let total = |range: &str, offset, came| {
        let headers: HeaderMap = [(header::CONTENT_RANGE, range.parse().unwrap())].into_iter().collect();
        total_of(&Answer { status: StatusCode::PARTIAL_CONTENT, headers, body: Vec::new() }, offset, came)
    };
    assert_eq!(total("bytes 100-199/1234", 100, 100), Some(1234));
    assert_eq!(total("bytes 1134-1233/1234", 1134, 100), Some(1234));
    let others = [
        ("bytes 0-99/1234", 100, 100),
        ("bytes 100-199/1234", 100, 99),
        ("bytes 100-199/199", 100, 100),
        ("bytes 100-199/*", 100, 100),
        ("bytes 199-100/1234", 199, 100),
        ("lines 100-199/1234", 100, 100),
        ("bytes */1234", 100, 100),
    ];
    for (range, offset, came) in others {
        assert_eq!(total(range, offset, came), None, "{range}");
    }
}

#[test]
fn a_file_is_read_from_shopifys_storage_only_and_a_stand_ins_only_from_itself() {
    let client = crate::Client::new().unwrap();
    let (credential, settings) = (crate::Credential::default(), crate::Settings::default());
    let base = |base: &str, url: &str| {
        let http = client.bind(base.parse().unwrap(), crate::Limit { per_second: 1, burst: 1 }, gone);
        let call = Call { http: &http, credential: &credential, settings: &settings };
        storage(&call, &url.parse().unwrap()).map(|http| http.base().to_string()).map_err(|error| error.key())
    };
    let (shop, stand_in) = ("https://acme.myshopify.com", "http://127.0.0.1:1/shop/");
    assert_eq!(base(shop, "https://storage.googleapis.com/b/f?x=1").unwrap(), "https://storage.googleapis.com/");
    assert_eq!(base(stand_in, "https://storage.googleapis.com:443/b").unwrap(), "https://storage.googleapis.com/");
    assert_eq!(base(stand_in, "http://127.0.0.1:1/b").unwrap(), "http://127.0.0.1:1/");
    for url in [
        "http://storage.googleapis.com/b",
        "https://storage.googleapis.com:8443/b",
        "https://a@storage.googleapis.com/b",
        "https://:b@storage.googleapis.com/b",
        "https://storage.googleapis.com.evil.test/b",
        "https://evil.test/storage.googleapis.com",
        "https://acme.myshopify.com/b",
        "file:///etc/passwd",
    ] {
        assert_eq!(base(shop, url), Err("malformed"), "{url}");
    }
    for url in ["http://127.0.0.1:2/b", "https://127.0.0.1:1/b", "http://169.254.169.254/b"] {
        assert_eq!(base(stand_in, url), Err("malformed"), "{url}");
    }
}

#[test]
fn a_place_is_read_as_it_was_written_or_not_at_all() {
    let place = Place::read("1024 17 gid://shopify/BulkOperation/7").unwrap();
    assert_eq!(place, Place { offset: 1024, seen: 17, id: "gid://shopify/BulkOperation/7".into() });
    for broken in ["", "1024", "1024 17", "-1 17 x", "2026-01-05T10:00:00Z 25 c"] {
        assert_eq!(Place::read(broken), Err(Error::CursorExpired), "{broken}");
    }
}
