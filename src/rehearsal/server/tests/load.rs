//! A whole agency read once, request by request as the product's clients ask: 400 days of 26 channels within twenty seconds
//! in a release build. An unoptimised one takes five times as long and serves a month.

use std::time::Instant;

use super::*;

/// Who asks at a rehearsal, and how often.
struct Reader<'a> {
    rehearsal: &'a Rehearsal,
    asked: u32,
    bytes: usize,
}

impl Reader<'_> {
    fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Value {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let headers = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let (query, body) = (fields(query), body.as_bytes().to_vec());
        let question = Question { method: method.into(), path: path.into(), query, headers, body, early: false };
        let answer = self.rehearsal.ask(question).answer.unwrap();
        assert!(answer.status < 300, "{path}: {}", answer.body);
        self.asked += 1;
        self.bytes += answer.body.len();
        serde_json::from_str(&answer.body).unwrap_or(json!(answer.body))
    }

    fn back(&mut self, path: &str, at: isize) -> BTreeMap<String, String> {
        let page = self.send("GET", path, &[], "");
        let links: Vec<_> = page.as_str().unwrap().split("<li><a href=\"").skip(1).collect();
        let at = if at < 0 { links.len().wrapping_add_signed(at) } else { at.unsigned_abs() };
        fields(links[at].split('"').next().unwrap().replace("&amp;", "&").split_once('?').unwrap().1)
    }

    fn google(&mut self, accounts: &[String], pieces: &[(Date, Date)]) {
        let (back, scope) = (redirect("google_ads"), "https://www.googleapis.com/auth/adwords");
        let asked =
            format!("client_id=our-app&redirect_uri={back}&response_type=code&scope={scope}&access_type=offline");
        let code = self.back(&format!("/o/oauth2/v2/auth?{asked}"), -1).remove("code").unwrap();
        let body = format!(
            "client_id=our-app&client_secret=our-secret&redirect_uri={back}&grant_type=authorization_code&code={code}"
        );
        let bearer = format!("Bearer {}", self.send("POST", "/token", &[], &body)["access_token"].as_str().unwrap());
        let headers = [("authorization", bearer.as_str()), ("developer-token", "our-developer-token")];
        let reached = self.send("GET", "/v26/customers:listAccessibleCustomers", &headers, "");
        let manager = reached["resourceNames"][0].as_str().unwrap().replace("customers/", "");
        let headers = [headers[0], headers[1], ("login-customer-id", manager.as_str())];
        for id in accounts {
            for (first, last) in pieces {
                for (fields, resource) in [
                    ("campaign.id, campaign.name, campaign.status", "campaign"),
                    ("campaign.id, ad_group.id, ad_group.name, ad_group.status", "ad_group"),
                    ("ad_group.id, ad_group_ad.ad.id, ad_group_ad.ad.name, ad_group_ad.ad.final_urls", "ad_group_ad"),
                ] {
                    let metrics = "metrics.cost_micros, metrics.impressions, metrics.clicks, metrics.conversions, metrics.conversions_value";
                    let query = format!(
                        "SELECT segments.date, {fields}, {metrics} FROM {resource} WHERE segments.date BETWEEN '{first}' AND '{last}'"
                    );
                    let path = format!("/v26/customers/{id}/googleAds:searchStream");
                    self.send("POST", &path, &headers, &json!({ "query": query }).to_string());
                }
            }
        }
    }

    fn meta(&mut self, accounts: &[String], pieces: &[(Date, Date)]) {
        let token = token(self.rehearsal);
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        for id in accounts {
            for (since, until) in pieces {
                let range = json!({ "since": since.to_string(), "until": until.to_string() });
                for level in ["campaign", "adset", "ad"] {
                    let fields = "campaign_id,adset_id,ad_id,ad_name,account_currency,attribution_setting,spend,impressions,clicks,actions,action_values";
                    let path = format!(
                        "/v26.0/act_{id}/insights?level={level}&time_increment=1&time_range={range}&fields={fields}"
                    );
                    let run = self.send("POST", &path, &headers, "")["report_run_id"].as_str().unwrap().to_owned();
                    self.send("GET", &format!("/v26.0/{run}?fields=async_status"), &headers, "");
                    self.send("GET", &format!("/v26.0/{run}/insights?limit=500"), &headers, "");
                }
                for edge in ["campaigns", "adsets", "ads"] {
                    self.send(
                        "GET",
                        &format!("/v26.0/act_{id}/{edge}?limit=100&fields=id,name,effective_status"),
                        &headers,
                        "",
                    );
                }
            }
        }
    }

    fn tiktok(&mut self, accounts: &[String], pieces: &[(Date, Date)]) {
        let path = format!("/portal/auth?app_id=our-app&redirect_uri={}", redirect("tiktok_ads"));
        let code = self.back(&path, -1).remove("auth_code").unwrap();
        let body = json!({ "app_id": "our-app", "secret": "our-secret", "auth_code": code }).to_string();
        let given = self.send("POST", "/open_api/v1.3/oauth2/access_token/", &[], &body);
        let headers = [("access-token", given["data"]["access_token"].as_str().unwrap())];
        for id in accounts {
            for (first, last) in pieces {
                for (level, name) in [("CAMPAIGN", "campaign"), ("ADGROUP", "adgroup"), ("AD", "ad")] {
                    let metrics =
                        json!(["spend", "impressions", "clicks", "conversion", "total_complete_payment_rate"]);
                    let asked = format!(
                        "advertiser_id={id}&report_type=BASIC&data_level=AUCTION_{level}&dimensions=[\"{name}_id\",\"stat_time_day\"]"
                    );
                    let path = format!(
                        "/open_api/v1.3/report/integrated/get/?{asked}&metrics={metrics}&start_date={first}&end_date={last}&page_size=1000"
                    );
                    self.send("GET", &path, &headers, "");
                }
            }
        }
    }

    /// The file of a shop's orders in parts of 512 KiB, and every refund by itself.
    fn shopify(&mut self, at: isize) {
        let path = format!("/admin/oauth/authorize?client_id=our-app&redirect_uri={}", redirect("shopify"));
        let code = self.back(&path, at).remove("code").unwrap();
        let body = format!("client_id=our-app&client_secret=our-secret&code={code}");
        let given = self.send("POST", "/admin/oauth/access_token", &[], &body);
        let headers = [("x-shopify-access-token", given["access_token"].as_str().unwrap()), ("host", "localhost")];
        let ask = |reader: &mut Self, query: &str, variables: Value| {
            let body = json!({ "query": query, "variables": variables }).to_string();
            reader.send("POST", "/admin/api/2026-07/graphql.json", &headers, &body)["data"].take()
        };
        let money = "{ shopMoney { amount } }";
        let bulk = format!(
            "{{ orders(sortKey: UPDATED_AT, query: \"\") {{ edges {{ node {{ id name test processedAt updatedAt cancelledAt taxesIncluded \
             dutiesIncluded subtotalPriceSet {money} totalTaxSet {money} originalTotalDutiesSet {money} customer {{ id }} refunds {{ id }} \
             shippingLines {{ edges {{ node {{ discountedPriceSet {money} taxLines {{ priceSet {money} }} }} }} }} }} }} }} }}"
        );
        let start = "mutation S($query: String!) { bulkOperationRunQuery(query: $query, groupObjects: true) { bulkOperation { id } userErrors { message } } }";
        let started = ask(self, start, json!({ "query": bulk }));
        let id = started["bulkOperationRunQuery"]["bulkOperation"]["id"].clone();
        let operation = ask(self, "query O($id: ID!) { bulkOperation(id: $id) { fileSize url } }", json!({ "id": id }));
        let size: u64 = operation["bulkOperation"]["fileSize"].as_str().unwrap().parse().unwrap();
        let url =
            operation["bulkOperation"]["url"].as_str().unwrap().strip_prefix("http://localhost").unwrap().to_owned();
        let (mut from, mut refunds) = (0, std::collections::BTreeSet::new());
        while from < size {
            let part = self.send("GET", &url, &[("range", &format!("bytes={from}-{}", from + (512 << 10) - 1))], "");
            let ids = part.as_str().unwrap().split("gid://shopify/Refund/").skip(1);
            refunds.extend(
                ids.filter_map(|rest| rest.split_once('"')).map(|(id, _)| format!("gid://shopify/Refund/{id}")),
            );
            from += 512 << 10;
        }
        let query = format!(
            "query R($id: ID!) {{ refund(id: $id) {{ id refundLineItems(first: 50) {{ nodes {{ subtotalSet {money} }} }} }} }}"
        );
        for id in refunds {
            ask(self, &query, json!({ "id": id }));
        }
    }
}

/// The days up to today in pieces of so many.
fn pieces(days: i64, of: i64) -> Vec<(Date, Date)> {
    let first = TODAY - Duration::days(days - 1);
    (0..(days + of - 1) / of)
        .map(|at| (first + Duration::days(at * of), (first + Duration::days(at * of + of - 1)).min(TODAY)))
        .collect()
}

#[test]
fn four_hundred_days_of_all_channels_are_served_in_time() {
    let redirect_uris = ["google_ads", "meta_ads", "tiktok_ads", "shopify"].map(redirect).into();
    let (id, secret, developer_token) = ("our-app".into(), "our-secret".into(), "our-developer-token".into());
    let app = App { id, secret, developer_token, redirect_uris };
    let (days, first) = if cfg!(debug_assertions) { (30, Some(TODAY - Duration::days(29))) } else { (400, None) };
    let rehearsal = Rehearsal::new(7, first, Clock::EndOf(TODAY), app, machine).unwrap();
    let mut reader = Reader { rehearsal: &rehearsal, asked: 0, bytes: 0 };
    let accounts = |platform: Platform| {
        let (desk, _) = rehearsal.now().unwrap();
        let of = desk.world.channels().iter().filter(|channel| channel.platform == platform);
        of.map(|channel| channel.external_id.clone()).collect::<Vec<_>>()
    };
    let begun = Instant::now();
    reader.google(&accounts(Platform::GoogleAds), &pieces(days, 7));
    reader.meta(&accounts(Platform::MetaAds), &pieces(days, 30));
    reader.tiktok(&accounts(Platform::TikTokAds), &pieces(days, 30));
    (0..8).for_each(|at| reader.shopify(at));
    let took = begun.elapsed();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find(|line| line.starts_with("VmHWM")).unwrap_or_default();
    println!("{} requests, {} MB in {took:?}; {peak}", reader.asked, reader.bytes >> 20);
    assert!(reader.asked > 10 * days as u32 && took.as_secs() < 20, "{} requests took {took:?}", reader.asked);
}
