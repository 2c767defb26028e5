//! A shop's first reading as one file, against a stand-in for Shopify's bulk operations and the storage of their files.
//!
//! The stand-in shows what Shopify does between the requests; whether the requests are allowed is judged by Shopify's own
//! schema, in `shopify`.

mod world;

use std::sync::{Arc, Mutex, MutexGuard};

use providers::{Bulk, Call, Client, Credential, Error, Limit, Order, Provider, Settings, find};
use serde_json::json;
use time::{Duration, OffsetDateTime, format_description::well_known::Rfc3339, macros::datetime};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use url::Url;
use world::{Operation, Storage, World, header};

use crate::peers;

const TOKEN: &str = "shpat_bulk_c0ffee";
const SINCE: OffsetDateTime = datetime!(2026-01-05 10:00 UTC);
const BEGUN: &str = "2026-04-05T10:00:01Z";
/// What is in an address that is signed.
const SIGNED: &str = "Expires=1775383201&Signature=sig%2Bc0ffee%3D%3D&name=a+b";

pub struct StandIn {
    pub url: Url,
    world: Arc<Mutex<World>>,
    task: tokio::task::AbortHandle,
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl StandIn {
    pub async fn start(orders: u32) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url: Url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let world = Arc::new(Mutex::new(World { orders, ..World::default() }));
        let (here, shared) = (url.clone(), world.clone());
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, here.clone(), shared.clone()));
            }
        });
        Self { url, world, task: task.abort_handle() }
    }

    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// An operation of ours that was asked for and stands so.
    async fn with_operation(orders: u32, status: &'static str) -> Self {
        let shopify = Self::start(orders).await;
        assert!(matches!(shopify.bulk(SINCE, None).await, Ok(Bulk::Waits { .. })));
        shopify.world().operations[0].status = status;
        shopify
    }

    async fn call<T>(&self, ask: impl AsyncFnOnce(&dyn providers::Shop, &Call<'_>) -> T) -> T {
        let shopify: &dyn Provider = find("shopify").unwrap();
        let limit = Limit { per_second: 1000, burst: 1000 };
        let http = Client::new().unwrap().bind(self.url.clone(), limit, shopify.fault());
        let (credential, settings): (Credential, Settings) = (peers::credential(TOKEN), peers::settings(shopify));
        let call = Call { http: &http, credential: &credential, settings: &settings };
        ask(shopify.shop().unwrap(), &call).await
    }

    pub async fn bulk(&self, since: OffsetDateTime, place: Option<&str>) -> Result<Bulk, Error> {
        self.call(async |shop, call| shop.bulk(call, since, place).await).await
    }

    /// All orders by the file, from the first piece on, and the places of the pieces after it.
    async fn file(&self) -> (Vec<Order>, Vec<String>) {
        let (mut all, mut places) = (Vec::new(), Vec::new());
        loop {
            match self.bulk(SINCE, places.last().map(String::as_str)).await.unwrap() {
                Bulk::Piece { orders, read, of, as_of, next } => {
                    all.extend(orders);
                    assert_eq!((read, of), (all.len() as u64, u64::from(self.world().orders)));
                    assert_eq!(as_of.format(&Rfc3339).unwrap(), BEGUN);
                    match next {
                        Some(next) => places.push(next),
                        None => return (all, places),
                    }
                }
                other => panic!("{other:?}"),
            }
        }
    }

    /// All orders by pages.
    async fn pages(&self) -> Vec<Order> {
        let (mut all, mut place) = (Vec::new(), None::<String>);
        loop {
            let page = self.call(async |shop, call| shop.orders(call, SINCE, place.as_deref()).await).await.unwrap();
            all.extend(page.items);
            let Some(next) = page.next else { return all };
            place = Some(next);
        }
    }

    /// Why the orders are to be read in pages.
    async fn why_pages(&self, place: Option<&str>) -> String {
        match self.bulk(SINCE, place).await {
            Ok(Bulk::Pages(why)) => why,
            other => panic!("{other:?}"),
        }
    }
}

async fn serve(mut stream: TcpStream, here: Url, world: Arc<Mutex<World>>) {
    let mut request = Vec::new();
    let (head, body) = loop {
        let mut part = [0; 4096];
        let length = stream.read(&mut part).await.unwrap_or(0);
        if length == 0 {
            return;
        }
        request.extend_from_slice(&part[..length]);
        let text = String::from_utf8_lossy(&request).into_owned();
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = header(head, "content-length").map_or(0, |length| length.parse().unwrap());
        if body.len() >= length {
            break (head.to_owned(), body.to_owned());
        }
    };
    let (status, headers, body, cut) = {
        let mut world = world.lock().unwrap();
        if head.starts_with("POST /admin/api/2026-07/graphql.json ") {
            assert_eq!(header(&head, "x-shopify-access-token"), Some(TOKEN));
            let data = json!({ "data": world.answer(&serde_json::from_str(&body).unwrap(), &here) });
            ("200 OK", String::new(), data.to_string().into_bytes(), false)
        } else {
            world.part(head)
        }
    };
    let head = format!("HTTP/1.1 {status}\r\n{headers}content-length: {}\r\nconnection: close\r\n\r\n", body.len());
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.write_all(&body[..if cut { body.len() / 2 } else { body.len() }]).await;
}

#[tokio::test]
async fn the_file_is_asked_for_once_waited_for_and_gives_the_same_orders_as_the_pages() {
    let shopify = StandIn::start(2500).await;
    assert_eq!(shopify.bulk(SINCE, None).await, Ok(Bulk::Waits { after: std::time::Duration::from_secs(5), ready: 0 }));
    shopify.world().operations[0].status = "RUNNING";
    // As after a pause or a kill: nothing is remembered, and the pauses grow with the age of the operation.
    for (age, seconds) in [(Duration::seconds(8), 5), (Duration::minutes(4), 60), (Duration::days(3), 300)] {
        let after = std::time::Duration::from_secs(seconds);
        assert_eq!(shopify.bulk(SINCE + age, None).await, Ok(Bulk::Waits { after, ready: 1250 }));
    }
    shopify.world().operations[0].status = "COMPLETED";
    let (orders, places) = shopify.file().await;
    assert!(places.len() >= 2, "the file is longer than a piece: {places:?}");
    assert_eq!(shopify.world().refunds, 25);
    assert!(orders == shopify.pages().await, "the rows are others");
    // A place goes on where it was, whoever asks.
    let Ok(Bulk::Piece { orders: again, .. }) = shopify.bulk(SINCE, places.last().map(String::as_str)).await else {
        panic!("the last piece is gone")
    };
    assert_eq!(again, orders[orders.len() - again.len()..]);
    let world = shopify.world();
    assert_eq!(world.starts, 1, "one operation is enough");
    for head in &world.downloads {
        assert!(!head.contains(TOKEN), "{head}");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_in_a_piece_loses_and_doubles_nothing() {
    let shopify = StandIn::with_operation(1500, "COMPLETED").await;
    let (whole, _) = shopify.file().await;
    let asked = shopify.world().downloads.len();
    shopify.world().storage = Storage::Cut;
    let (again, _) = shopify.file().await;
    assert!(again == whole, "a broken piece changed the orders");
    assert_eq!(shopify.world().downloads.len(), 2 * asked + 1, "the broken piece is read again, and only that");
}

#[tokio::test]
async fn a_file_whose_address_ended_is_left_and_made_anew_when_it_is_old() {
    let shopify = StandIn::with_operation(1500, "COMPLETED").await;
    let (_, places) = shopify.file().await;
    let place = places.first().map(String::as_str);
    shopify.world().storage = Storage::Expired;
    let error = shopify.bulk(SINCE, place).await.unwrap_err();
    assert_eq!(error, Error::CursorExpired);
    assert_eq!(shopify.why_pages(None).await, "Shopify's file of them can no longer be read");
    shopify.world().operations[0].status = "EXPIRED";
    assert_eq!(shopify.bulk(SINCE, place).await, Err(Error::CursorExpired));
    assert_eq!(shopify.bulk(SINCE, Some("nonsense")).await, Err(Error::CursorExpired));
    // A week later.
    assert!(matches!(shopify.bulk(SINCE + Duration::days(8), None).await, Ok(Bulk::Waits { ready: 0, .. })));
    assert_eq!(shopify.world().starts, 2);
}

#[tokio::test]
async fn what_ended_badly_leaves_the_pages_and_is_not_started_again_at_once() {
    let shopify = StandIn::with_operation(1500, "FAILED").await;
    shopify.world().operations[0].code = Some("TIMEOUT");
    assert_eq!(shopify.why_pages(None).await, "Shopify's bulk operation ended as FAILED, TIMEOUT");
    (shopify.world().operations[0].status, shopify.world().operations[0].code) = ("CANCELED", None);
    assert_eq!(shopify.why_pages(None).await, "Shopify's bulk operation ended as CANCELED");
    assert_eq!(shopify.world().starts, 1);
    assert!(matches!(shopify.bulk(SINCE + Duration::days(2), None).await, Ok(Bulk::Waits { .. })));
    assert_eq!(shopify.world().starts, 2, "another day another try");
}

#[tokio::test]
async fn operations_of_others_are_not_ours_and_a_refusal_leaves_the_pages() {
    let shopify = StandIn::start(1500).await;
    let query = "{ products { edges { node { id } } } }".to_owned();
    shopify.world().operations.push(Operation { query, status: "RUNNING", code: None });
    let words = "A bulk query operation for this app and shop is already in progress";
    shopify.world().refusal = Some(words);
    assert_eq!(shopify.why_pages(None).await, format!("Shopify refuses a bulk operation: {words}"));
    shopify.world().refusal = None;
    assert!(matches!(shopify.bulk(SINCE, None).await, Ok(Bulk::Waits { ready: 0, .. })));
    assert!(matches!(shopify.bulk(SINCE, None).await, Ok(Bulk::Waits { ready: 750, .. })));
    assert_eq!(shopify.world().starts, 2, "refused once and begun once");
    // One that begins later than what is asked for does not hold it all.
    assert!(matches!(shopify.bulk(SINCE - Duration::days(1), None).await, Ok(Bulk::Waits { ready: 0, .. })));
    assert_eq!(shopify.world().starts, 3);
}

#[tokio::test]
async fn few_orders_are_read_in_pages_and_none_are_no_file() {
    let shopify = StandIn::start(99).await;
    assert_eq!(shopify.why_pages(None).await, "they are few");
    assert_eq!(shopify.world().starts, 0);
    // All were deleted after the start.
    let shopify = StandIn::with_operation(1500, "COMPLETED").await;
    shopify.world().orders = 0;
    let Ok(Bulk::Piece { orders, read: 0, of: 0, next: None, .. }) = shopify.bulk(SINCE, None).await else {
        panic!("an empty result was not accepted")
    };
    assert!(orders.is_empty());
}

#[tokio::test]
async fn a_file_that_is_not_as_documented_leaves_the_pages() {
    let shopify = StandIn::with_operation(1500, "COMPLETED").await;
    let unreadable = "Shopify's file of them could not be read: ";
    shopify.world().elsewhere = Some("http://169.254.169.254/");
    let host = format!("{unreadable}it lies on a host that is not Shopify's storage");
    assert_eq!(shopify.why_pages(None).await, host);
    assert!(shopify.world().downloads.is_empty());
    shopify.world().elsewhere = None;
    shopify.world().storage = Storage::NoParts;
    assert_eq!(shopify.why_pages(None).await, format!("{unreadable}it is larger than 512 KiB"));
    // An order without shipping lines stands last, so its loss leaves no half of an order.
    shopify.world().storage = Storage::Short;
    let mut place = None;
    let why = loop {
        match shopify.bulk(SINCE, place.as_deref()).await.unwrap() {
            Bulk::Piece { next: Some(next), .. } => place = Some(next),
            Bulk::Pages(why) => break why,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(why, "Shopify's file holds 1499 of 1500 orders");
}
