//! A walk through every provider's protocol, as an app goes: consent, tokens, accounts, reports, lists, orders, files, mail,
//! changes, and some wrong questions. What was asked and answered is kept, to be hashed and to be held against specifications.

use std::collections::BTreeMap;

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use serde_json::{Value, json};
use time::{Date, Duration, OffsetDateTime};

use crate::{
    Platform,
    protocol::{Answer, App, Desk, Edge, Question, answer, encoded, fields},
    world::World,
};

const BACK: &str = "http://localhost/back";

/// A desk for an app.
pub fn desk(world: World, edge: Edge) -> Desk {
    let (id, secret, developer_token) = ("app".into(), "secret".into(), "developer".into());
    Desk::new(world, edge, App { id, secret, developer_token, redirect_uris: vec![BACK.into()] })
}

/// What was asked and answered, in order.
pub struct Walk<'a> {
    desk: &'a Desk,
    now: OffsetDateTime,
    pub told: Vec<(Question, Answer)>,
}

impl<'a> Walk<'a> {
    /// At all providers; at every account, for some days up to today.
    pub fn whole(desk: &'a Desk, now: OffsetDateTime, days: i64) -> Self {
        let mut walk = Self { desk, now, told: vec![] };
        walk.google(days);
        walk.meta(days);
        walk.tiktok(days);
        for at in [0, 3, 7] {
            walk.shopify(at);
        }
        walk.gmail();
        walk.outlook();
        walk.send("GET", "/nothing", &[], "");
        walk
    }

    pub fn send(&mut self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Value {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let mut all: BTreeMap<_, _> =
            headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        all.insert("host".into(), "127.0.0.1:9".into());
        let question = Question {
            method: method.into(),
            path: path.into(),
            query: fields(query),
            headers: all,
            body: body.as_bytes().to_vec(),
            early: false,
        };
        let answer = answer(self.desk, &question, self.now);
        let told = serde_json::from_str(&answer.body).unwrap_or_else(|_| json!(answer.body));
        self.told.push((question, answer));
        told
    }

    /// Goes through a page of consent by its `at`th choice, counted from the end if negative.
    fn back(&mut self, path: &str, at: isize) -> BTreeMap<String, String> {
        let page = self.send("GET", path, &[], "");
        let links: Vec<_> = page.as_str().unwrap().split("<li><a href=\"").skip(1).collect();
        let at = if at < 0 { links.len().wrapping_add_signed(at) } else { at.unsigned_abs() };
        let link = links[at].split('"').next().unwrap().replace("&amp;", "&");
        fields(link.split_once('?').unwrap().1)
    }

    fn accounts(&self, platform: Platform) -> Vec<String> {
        let of = self.desk.world.channels().iter().filter(|channel| channel.platform == platform);
        of.map(|channel| channel.external_id.clone()).collect()
    }

    fn days(&self, days: i64) -> (Date, Date) {
        let last = self.desk.world.today();
        (last - Duration::days(days - 1), last)
    }

    fn google(&mut self, days: i64) {
        let scope = "https://www.googleapis.com/auth/adwords";
        let path = format!(
            "/o/oauth2/v2/auth?client_id=app&redirect_uri={BACK}&response_type=code&scope={scope}&access_type=offline"
        );
        let code = self.back(&path, -1).remove("code").unwrap();
        let app = format!("client_id=app&client_secret=secret&redirect_uri={BACK}");
        let given = self.send("POST", "/token", &[], &format!("{app}&grant_type=authorization_code&code={code}"));
        let refresh = given["refresh_token"].as_str().unwrap();
        let given =
            self.send("POST", "/token", &[], &format!("{app}&grant_type=refresh_token&refresh_token={refresh}"));
        let bearer = format!("Bearer {}", given["access_token"].as_str().unwrap());
        let plain = [("authorization", bearer.as_str()), ("developer-token", "developer")];
        let reached = self.send("GET", "/v26/customers:listAccessibleCustomers", &plain, "");
        let manager = reached["resourceNames"][0].as_str().unwrap().replace("customers/", "");
        let headers = [plain[0], plain[1], ("login-customer-id", manager.as_str())];
        let ask = |walk: &mut Self, id: &str, how: &str, query: String| {
            let path = format!("/v26/customers/{id}/googleAds:{how}");
            walk.send("POST", &path, &headers, &json!({ "query": query }).to_string())
        };
        let described = "id, X.descriptive_name, X.currency_code, X.time_zone, X.manager, X.status";
        for resource in ["customer", "customer_client"] {
            let fields = described.replace('X', resource);
            ask(self, &manager, "searchStream", format!("SELECT {resource}.{fields} FROM {resource}"));
        }
        let (first, last) = self.days(days);
        for id in self.accounts(Platform::GoogleAds) {
            for (fields, resource) in [
                (
                    "campaign.id, campaign.name, campaign.status, campaign.advertising_channel_type, campaign.campaign_budget",
                    "campaign",
                ),
                ("campaign.id, ad_group.id, ad_group.name, ad_group.status", "ad_group"),
                (
                    "ad_group.id, ad_group_ad.ad.id, ad_group_ad.ad.name, ad_group_ad.ad.type, ad_group_ad.ad.final_urls, ad_group_ad.status",
                    "ad_group_ad",
                ),
            ] {
                let metrics = "metrics.cost_micros, metrics.impressions, metrics.clicks, metrics.conversions, \
                               metrics.conversions_value, metrics.view_through_conversions, metrics.ctr, metrics.average_cpc";
                let query = format!(
                    "SELECT segments.date, {fields}, {metrics} FROM {resource} WHERE segments.date BETWEEN '{first}' AND '{last}'"
                );
                ask(self, &id, "searchStream", query);
            }
            ask(
                self,
                &id,
                "search",
                "SELECT campaign_budget.id, campaign_budget.amount_micros, campaign_budget.status FROM campaign_budget"
                    .into(),
            );
            ask(self, &id, "searchStream", "SELECT campaign.nope FROM campaign".into());
        }
    }

    fn meta(&mut self, days: i64) {
        let base = "/v26.0";
        let path = format!("{base}/dialog/oauth?client_id=app&redirect_uri={BACK}&scope=ads_read&state=s");
        let code = self.back(&path, -1).remove("code").unwrap();
        let app = format!("{base}/oauth/access_token?client_id=app&client_secret=secret");
        let short = self.send("GET", &format!("{app}&redirect_uri={BACK}&code={code}"), &[], "");
        let short = short["access_token"].as_str().unwrap();
        let long = self.send("GET", &format!("{app}&grant_type=fb_exchange_token&fb_exchange_token={short}"), &[], "");
        let bearer = format!("Bearer {}", long["access_token"].as_str().unwrap());
        let headers = [("authorization", bearer.as_str())];
        self.send("GET", &format!("{base}/me/permissions"), &headers, "");
        self.send(
            "GET",
            &format!("{base}/me/adaccounts?fields=account_id,name,currency,timezone_name,account_status"),
            &headers,
            "",
        );
        let (first, last) = self.days(days);
        for id in self.accounts(Platform::MetaAds) {
            let node = format!("{base}/act_{id}");
            for edge in [
                "campaigns?fields=id,name,status,effective_status,objective,daily_budget",
                "adsets?fields=id,name,effective_status,campaign_id,optimization_goal",
                "ads?limit=3&fields=id,name,effective_status,adset_id,creative{body,title,link_url,call_to_action_type}",
                "luck",
            ] {
                self.send("GET", &format!("{node}/{edge}"), &headers, "");
            }
            for level in ["campaign", "adset", "ad"] {
                let ids = if level == "ad" { "adset_id,ad_id,ad_name" } else { "campaign_id,campaign_name" };
                let asked = format!(
                    "level={level}&time_increment=1&time_range={{\"since\":\"{first}\",\"until\":\"{last}\"}}&limit=500&fields={ids},date_start,\
                     date_stop,account_currency,attribution_setting,spend,impressions,clicks,ctr,cpc,actions,action_values,purchase_roas"
                );
                self.send("GET", &format!("{node}/insights?{asked}"), &headers, "");
                let run = self.send("POST", &format!("{node}/insights?{asked}"), &headers, "");
                let run = run["report_run_id"].as_str().unwrap().to_owned();
                self.send("GET", &format!("{base}/{run}"), &headers, "");
                self.send("GET", &format!("{base}/{run}/insights?limit=50"), &headers, "");
            }
        }
    }

    fn tiktok(&mut self, days: i64) {
        let base = "/open_api/v1.3";
        let path = format!("/portal/auth?app_id=app&redirect_uri={BACK}&state=s");
        let code = self.back(&path, -1).remove("auth_code").unwrap();
        let body = json!({ "app_id": "app", "secret": "secret", "auth_code": code }).to_string();
        let given = self.send("POST", &format!("{base}/oauth2/access_token/"), &[], &body);
        let token = given["data"]["access_token"].as_str().unwrap().to_owned();
        let headers = [("access-token", token.as_str())];
        self.send("GET", &format!("{base}/oauth2/advertiser/get/?app_id=app&secret=secret"), &headers, "");
        let ids = self.accounts(Platform::TikTokAds);
        self.send("GET", &format!("{base}/advertiser/info/?advertiser_ids={}", json!(ids)), &headers, "");
        self.send("GET", &format!("{base}/nothing/"), &headers, "");
        let (first, last) = self.days(days);
        for id in ids {
            for (level, name) in [("CAMPAIGN", "campaign"), ("ADGROUP", "adgroup"), ("AD", "ad")] {
                let dimensions = json!([format!("{name}_id"), "stat_time_day"]);
                let metrics = json!([
                    "spend",
                    "impressions",
                    "clicks",
                    "conversion",
                    "total_complete_payment_rate",
                    "campaign_name"
                ]);
                let asked = format!(
                    "advertiser_id={id}&report_type=BASIC&data_level=AUCTION_{level}&dimensions={dimensions}&metrics={metrics}"
                );
                let path =
                    format!("{base}/report/integrated/get/?{asked}&start_date={first}&end_date={last}&page_size=1000");
                self.send("GET", &path, &headers, "");
                self.send("GET", &format!("{base}/{name}/get/?advertiser_id={id}"), &headers, "");
            }
        }
    }

    /// Who is written to: somebody at a client.
    fn somebody(&self, client: usize) -> String {
        self.desk.world.contacts(&self.desk.world.clients()[client])[0].email.clone()
    }

    fn gmail(&mut self) {
        let scope =
            encoded("https://www.googleapis.com/auth/gmail.readonly https://www.googleapis.com/auth/gmail.send");
        let path = format!(
            "/o/oauth2/v2/auth?client_id=app&redirect_uri={BACK}&response_type=code&scope={scope}&access_type=offline"
        );
        let code = self.back(&path, 0).remove("code").unwrap();
        let app = format!("client_id=app&client_secret=secret&redirect_uri={BACK}");
        let given = self.send("POST", "/token", &[], &format!("{app}&grant_type=authorization_code&code={code}"));
        let bearer = format!("Bearer {}", given["access_token"].as_str().unwrap());
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let base = "/gmail/v1/users/me";
        let get = |walk: &mut Self, call: &str| walk.send("GET", &format!("{base}/{call}"), &headers, "");
        let start = get(self, "profile")["historyId"].as_str().unwrap().to_owned();
        let listed = get(self, "messages?maxResults=30&includeSpamTrash=true");
        for (at, one) in listed["messages"].as_array().unwrap().iter().enumerate() {
            let id = one["id"].as_str().unwrap();
            let told = get(self, &format!("messages/{id}?format={}", ["full", "metadata", "minimal", "raw"][at % 4]));
            for part in told["payload"]["parts"].as_array().into_iter().flatten() {
                if let Some(file) = part["body"]["attachmentId"].as_str() {
                    get(self, &format!("messages/{id}/attachments/{file}"));
                }
            }
        }
        let one = listed["messages"][0].clone();
        for call in ["labels", "settings/sendAs", "threads?maxResults=5", "messages/1f", "history?startHistoryId=1"] {
            get(self, call);
        }
        get(self, &format!("threads/{}?format=minimal", one["threadId"].as_str().unwrap()));
        let letter = source("team@agency.example", &self.somebody(0), "walk");
        let body = json!({ "raw": URL_SAFE_NO_PAD.encode(letter), "threadId": one["threadId"] }).to_string();
        let sent = self.send("POST", &format!("{base}/messages/send"), &headers, &body);
        let path = format!("{base}/messages/{}/modify", sent["id"].as_str().unwrap());
        self.send("POST", &path, &headers, r#"{"addLabelIds":["STARRED"]}"#);
        get(self, &format!("history?startHistoryId={start}"));
    }

    fn outlook(&mut self) {
        let scope = encoded("offline_access Mail.Read Mail.Send User.Read");
        let path = format!(
            "/common/oauth2/v2.0/authorize?client_id=app&redirect_uri={BACK}&response_type=code&scope={scope}&state=s"
        );
        let code = self.back(&path, 0).remove("code").unwrap();
        let body = format!(
            "client_id=app&client_secret=secret&redirect_uri={BACK}&grant_type=authorization_code&code={code}&scope={scope}"
        );
        let given = self.send("POST", "/common/oauth2/v2.0/token", &[], &body);
        let bearer = format!("Bearer {}", given["access_token"].as_str().unwrap());
        let headers = [("authorization", bearer.as_str()), ("prefer", "IdType=\"ImmutableId\", odata.maxpagesize=20")];
        let get = |walk: &mut Self, call: &str| walk.send("GET", &format!("/v1.0/me{call}"), &headers, "");
        for call in ["", "/mailFolders?$top=100", "/messages?$top=5", "/messages/x", "/nothing"] {
            get(self, call);
        }
        let inbox = get(self, "/mailFolders/inbox/messages/delta?$filter=receivedDateTime%20ge%202024-01-01T00:00:00Z");
        for one in inbox["value"].as_array().unwrap().iter().take(8) {
            let path = format!("/messages/{}", encoded(one["id"].as_str().unwrap()));
            get(self, &format!("{path}/$value"));
            get(self, &format!("{path}/attachments"));
            get(self, &format!("{path}?$select=isRead,parentFolderId"));
        }
        let first = encoded(inbox["value"][0]["id"].as_str().unwrap());
        self.send("PATCH", &format!("/v1.0/me/messages/{first}"), &headers, r#"{"isRead":true}"#);
        let letter = STANDARD.encode(source("studio@agency.example", &self.somebody(1), "walk"));
        let plain = [headers[0], ("content-type", "text/plain")];
        self.send("POST", "/v1.0/me/sendMail", &plain, &letter);
        get(self, "/mailFolders/sentitems/messages/delta?$select=isRead,receivedDateTime");
        get(self, "/mailFolders/inbox/messages/delta?$deltatoken=x");
    }

    fn shopify(&mut self, at: isize) {
        let path = format!("/admin/oauth/authorize?client_id=app&redirect_uri={BACK}&state=s");
        let code = self.back(&path, at).remove("code").unwrap();
        let body = format!("client_id=app&client_secret=secret&expiring=1&code={code}");
        let given = self.send("POST", "/admin/oauth/access_token", &[], &body);
        let token = given["access_token"].as_str().unwrap().to_owned();
        let headers = [("x-shopify-access-token", token.as_str())];
        let ask = |walk: &mut Self, query: &str, variables: Value| {
            let body = json!({ "query": query, "variables": variables }).to_string();
            walk.send("POST", "/admin/api/2026-07/graphql.json", &headers, &body)
        };
        ask(self, "query Shop { shop { name currencyCode ianaTimezone myshopifyDomain } }", json!({}));
        let mut after = Value::Null;
        for _ in 0..3 {
            let page = ask(
                self,
                ORDERS,
                json!({ "first": 25, "after": after, "filter": "updated_at:>='2024-01-01T00:00:00Z'" }),
            );
            after = page["data"]["orders"]["pageInfo"]["endCursor"].clone();
            for order in page["data"]["orders"]["nodes"].as_array().unwrap() {
                for refund in order["refunds"].as_array().unwrap() {
                    ask(self, REFUND, json!({ "id": refund["id"], "first": 50, "after": null }));
                }
            }
        }
        ask(
            self,
            "query C($f: String!, $l: Int!) { ordersCount(query: $f, limit: $l) { count precision } }",
            json!({ "f": "", "l": 100 }),
        );
        ask(self, "{ shop { luck } }", json!({}));
        ask(self, START, json!({ "query": BULK }));
        let told = ask(self, OPERATIONS, json!({}));
        let operation = &told["data"]["bulkOperations"]["nodes"][0];
        let url = operation["url"].as_str().unwrap().strip_prefix("http://127.0.0.1:9").unwrap().to_owned();
        ask(self, OPERATION, json!({ "id": operation["id"] }));
        self.send("GET", &url, &[("range", "bytes=100-9999")], "");
    }
}

/// A letter from the agency.
fn source(from: &str, to: &str, about: &str) -> String {
    format!(
        "From: {from}\r\nTo: {to}\r\nSubject: Hello\r\nMessage-ID: <{about}@audienceos.example>\r\n\r\nShall we call on Friday?\r\n"
    )
}

/// As the product asks.
const ORDERS: &str = "query Orders($first: Int!, $after: String, $filter: String!) {
  orders(first: $first, after: $after, sortKey: UPDATED_AT, query: $filter) {
    pageInfo { hasNextPage endCursor }
    nodes { id name test processedAt updatedAt cancelledAt taxesIncluded dutiesIncluded
      subtotalPriceSet { shopMoney { amount } } totalTaxSet { shopMoney { amount } }
      originalTotalDutiesSet { shopMoney { amount } } customer { id } refunds { id }
      shippingLines(first: 5) { pageInfo { hasNextPage endCursor }
        nodes { discountedPriceSet { shopMoney { amount } } taxLines { priceSet { shopMoney { amount } } } } } } } }";
const REFUND: &str = "query Refund($id: ID!, $first: Int!, $after: String) {
  refund(id: $id) { id createdAt processedAt order { taxesIncluded }
    refundLineItems(first: $first, after: $after) { pageInfo { hasNextPage endCursor }
      nodes { subtotalSet { shopMoney { amount } } totalTaxSet { shopMoney { amount } } } }
    refundShippingLines(first: 10) { pageInfo { hasNextPage endCursor }
      nodes { subtotalAmountSet { shopMoney { amount } } taxAmountSet { shopMoney { amount } } } }
    orderAdjustments(first: 10) { pageInfo { hasNextPage endCursor }
      nodes { amountSet { shopMoney { amount } } taxAmountSet { shopMoney { amount } } } } } }";
const START: &str = "mutation Start($query: String!) {
  bulkOperationRunQuery(query: $query, groupObjects: true) { bulkOperation { id status } userErrors { field message } } }";
const OPERATIONS: &str = "query { bulkOperations(first: 25, query: \"operation_type:query\") { nodes { id status errorCode createdAt query rootObjectCount fileSize url } } }";
const OPERATION: &str =
    "query O($id: ID!) { bulkOperation(id: $id) { id status objectCount completedAt type partialDataUrl } }";
const BULK: &str = "{ orders(sortKey: UPDATED_AT, query: \"updated_at:>='2024-01-01T00:00:00Z'\") { edges { node {
  id name test processedAt refunds { id } shippingLines { edges { node { discountedPriceSet { shopMoney { amount } } } } } } } } }";
