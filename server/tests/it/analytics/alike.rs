//! One total everywhere: on the screen, by SQL, in a PDF's text and in a file. Orders come as moments, half an hour to both sides
//! of each midnight of a shop in whose week the clocks change; which day one is of is asked of Postgres, which knows zones by itself.

use super::*;
use crate::{
    dashboard::shown,
    report,
    shop::{connect, start},
    shopify::{Order, Shopify},
    support::execute,
    sync::{map, run},
};

/// A place, and the earlier of its two midnights as an hour of UTC; in what its shop counts, and in what its client is told. Its
/// advertising counts in the other currency than the shop.
struct Place {
    zone: &'static str,
    midnight: i64,
    shop: &'static str,
    told: &'static str,
}

#[expect(clippy::disallowed_methods, reason = "a test's own question")]
async fn number(pool: &PgPool, sql: String) -> i64 {
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).fetch_one(pool).await.unwrap()
}

impl Place {
    /// The last day on which its clocks changed, long enough ago that its week is over.
    async fn changed(&self, pool: &PgPool) -> Date {
        let zone = self.zone;
        let sql = format!(
            "select (max(d::date) - date '2000-01-01')::bigint
             from generate_series(current_date - 300, current_date - 12, interval '1 day') d
             where (d::date + 1)::timestamp at time zone '{zone}' - d::date::timestamp at time zone '{zone}'
               <> interval '24 hours'"
        );
        date!(2000 - 01 - 01) + time::Duration::days(number(pool, sql).await)
    }

    /// Orders around each midnight from `first` on, and one of the day.
    fn orders(&self, first: Date, days: i64) -> Vec<Order> {
        let moment = |day: i64, minutes: i64| {
            let midnight = (first + time::Duration::days(day)).midnight().assume_utc();
            midnight + time::Duration::hours(self.midnight) + time::Duration::minutes(minutes)
        };
        let moments = (0..days).flat_map(|day| [-30, 30, 90, 600].map(|minutes| moment(day, minutes)));
        let order = |(number, at): (u32, time::OffsetDateTime)| Order {
            number,
            at,
            changed: at,
            goods: 100 + i64::from(number) * 7 % 53,
            refunded: None,
        };
        (1..).zip(moments).map(order).collect()
    }

    /// What is stored of these days in hundred-thousandths, amounts by the rate of each day.
    async fn stored(&self, pool: &PgPool, key: &str, (first, last): (Date, Date)) -> i64 {
        let (amount, table, day) = match key {
            "ledger_revenue" => ("t.goods", "shop_order", "(t.created_at at time zone c.time_zone)::date"),
            "orders" => ("1", "shop_order", "(t.created_at at time zone c.time_zone)::date"),
            _ => (key, "metric_daily", "t.day"),
        };
        let rate = if self.told == "EUR" { "1 / r.per_euro" } else { "r.per_euro" };
        let times = match key {
            "orders" => "1".to_owned(),
            _ => format!("case c.currency when '{}' then 1 else {rate} end", self.told),
        };
        let sql = format!(
            "select (sum({amount} * {times}) * 100000)::bigint
             from {table} t join channel c on c.organization_id = t.organization_id and c.id = t.channel_id
             join exchange_rate r on r.organization_id = t.organization_id and r.currency = 'USD' and r.day = {day}
             where {day} between '{first}' and '{last}'"
        );
        number(pool, sql).await
    }

    /// A client with the shop and with advertising, read from nine days before `first` on.
    async fn furnish(&self, shopify: &Shopify, app: &TestApp, olga: &Browser, first: Date) -> String {
        let client = olga.create("/api/v1/clients", &json!({"name": "Bakery", "currency": self.told})).await;
        let (begin, many) = (first - time::Duration::days(9), 17);
        let other = if self.shop == "EUR" { "USD" } else { "EUR" };
        let radio = source(olga, &client, "ads", other, self.zone).await;
        push(olga, &radio, ads(begin, many)).await;
        // What a euro costs is not the same every day.
        let per_euro = |at: i64| if at % 2 == 0 { "1.25" } else { "1.6" };
        let rates: String =
            (0..many).map(|at| format!("{},{}\n", begin + time::Duration::days(at), per_euro(at))).collect();
        let kept = olga.send("PUT", "/api/v1/exchange-rates", &json!({"csv": format!("Date,USD\n{rates}")})).await;
        assert_eq!(kept.status(), 200);
        shopify.world().orders = self.orders(begin, many);
        let connection = connect(olga).await;
        let far = "update connection set backfill_days = 400 where provider = 'shopify'";
        execute(&app.pool, far.to_owned()).await;
        map(olga, &connection, &client).await;
        let read = run(olga, &connection, 1).await;
        assert_eq!(read["state"], "succeeded", "{read}");
        client
    }
}

async fn alike(pool: PgPool, place: Place) {
    let shopify = Shopify::start().await;
    {
        let mut world = shopify.world();
        (world.zone, world.currency) = (Some(place.zone), Some(place.shop));
    }
    let app = start(pool.clone(), &shopify).await;
    let olga = agency(&app).await;
    let changed = place.changed(&pool).await;
    let (first, last) = (changed - time::Duration::days(3), changed + time::Duration::days(3));
    let client = place.furnish(&shopify, &app, &olga, first).await;

    // Were all days as long, the week would hold other orders: nobody is right by chance.
    let begin = format!("'{first}'::timestamp at time zone '{}'", place.zone);
    let even = format!(
        "select sum(goods)::bigint from shop_order
         where created_at >= {begin} and created_at < {begin} + interval '168 hours'"
    );
    let zoned = format!(
        "select sum(goods)::bigint from shop_order
         where (created_at at time zone '{}')::date between '{first}' and '{last}'",
        place.zone
    );
    assert_ne!(number(&pool, even).await, number(&pool, zoned).await);

    let days = format!("from={first}&to={last}");
    let answer = asked(&olga, &format!("client_id={client}&{days}")).await;
    let html = async |path: String| {
        let page = olga.get(&path).await;
        assert_eq!(page.status(), 200, "{path}");
        shown(&page.text().await.unwrap())
    };
    let analytics = html(format!("/clients/{client}/analytics?{days}")).await;
    let performance = html(format!("/clients/{client}?{days}")).await;
    let file = olga.get(&format!("/api/v1/analytics/export?client_id={client}&{days}")).await.text().await.unwrap();
    let file = export::rows(&file);
    let body = json!({"client_id": client, "title": "Week", "sections": ["figures", "channels"],
        "first": first.to_string(), "last": last.to_string()});
    let made = report::make(&olga, &body).await;
    let pdf = report::text(&app, &report::pdf(&olga, &made).await).join("\n");
    let together = pdf.lines().find(|line| line.contains("All together")).expect("the sum of the channels");

    for key in ["spend", "claimed_revenue", "ledger_revenue", "orders"] {
        let stored = place.stored(&pool, key, (first, last)).await;
        assert!(stored > 0, "{key}");
        let exact = Decimal::new(stored, 5);
        let written = match key {
            "orders" => (stored / 100_000).to_string(),
            _ => report::money((stored + 500) / 1000, place.told),
        };
        let figure = total(&answer, key);
        assert_eq!((&figure["partial"], &figure["lacks"]), (&json!(false), &json!([])), "{figure}");
        assert!(figures::same(figures::decimal(&figure["now"]["value"]), exact), "{key} is {exact} in: {figure}");
        let id = figure["now"]["id"].as_str().unwrap();
        assert_eq!(analytics.get(id), Some(&written), "{key} in analytics");
        assert_eq!(performance.get(id), Some(&written), "{key} on the client's page");
        let line = file.iter().find(|row| row["table"] == "total" && row["metric"] == key).expect("a row of the file");
        assert!(figures::same(line["value"].parse().unwrap(), exact), "{key} is {exact} in: {line:?}");
        assert_eq!(line["unit"], if key == "orders" { "count" } else { place.told });
        // Orders are few digits, and stand last.
        let stands = if key == "orders" {
            together.trim_end().ends_with(&format!(" {written}"))
        } else {
            together.contains(&written)
        };
        assert!(stands, "{key} is {written} in: {together}");
    }
    app.finish().await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_week_in_berlin_is_the_same_everywhere_in_euros(pool: PgPool) {
    alike(pool, Place { zone: "Europe/Berlin", midnight: 22, shop: "EUR", told: "EUR" }).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_week_in_new_york_is_the_same_everywhere_in_dollars(pool: PgPool) {
    alike(pool, Place { zone: "America/New_York", midnight: 4, shop: "USD", told: "USD" }).await;
}

#[sqlx::test(migrator = "store::MIGRATOR")]
async fn a_week_in_auckland_is_the_same_everywhere_in_another_currency_than_its_shops(pool: PgPool) {
    alike(pool, Place { zone: "Pacific/Auckland", midnight: 11, shop: "USD", told: "EUR" }).await;
}
