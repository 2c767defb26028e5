//! Shops, orders and refunds as Shopify's Admin API names their parts. Everything that may be asked for is there.

use serde_json::{Value, json};
use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::{
    clock::Zone,
    plan::Channel,
    protocol::{Desk, decimal, graphql::Field},
    shop::{Line, Order, Refund},
};

/// The number of a shop's first entry, so that no two shops share an id.
pub(super) fn base(shop: &Channel) -> u64 {
    6_000_000_000_000 + shop.client as u64 * 10_000_000_000
}

pub(super) fn gid(kind: &str, shop: &Channel, number: u64) -> String {
    format!("gid://shopify/{kind}/{}", base(shop) + number)
}

/// The number within the shop that an id names.
pub(super) fn number(kind: &str, shop: &Channel, gid: &str) -> Option<u64> {
    let number = gid.strip_prefix("gid://shopify/")?.strip_prefix(kind)?.strip_prefix('/')?;
    number.parse::<u64>().ok()?.checked_sub(base(shop))
}

pub(super) fn moment(at: OffsetDateTime) -> String {
    at.format(&Rfc3339).unwrap_or_default()
}

/// A page of a list.
pub(super) fn connection(kind: &str, nodes: Vec<Value>, more: bool, cursor: Option<String>) -> Value {
    let info = json!({ "hasNextPage": more, "endCursor": cursor, "__typename": "PageInfo" });
    json!({ "nodes": nodes, "pageInfo": info, "__typename": kind })
}

pub(super) fn shop(desk: &Desk, shop: &Channel) -> Value {
    let client = desk.world.client_of(shop);
    json!({ "id": gid("Shop", shop, 0), "name": shop.name, "currencyCode": client.currency,
        "ianaTimezone": client.zone.iana(), "myshopifyDomain": shop.external_id,
        "taxesIncluded": client.zone == Zone::Berlin, "__typename": "Shop" })
}

/// Amounts of one shop.
struct Amounts {
    currency: &'static str,
    /// Whether prices contain their taxes.
    included: bool,
}

impl Amounts {
    fn of(desk: &Desk, shop: &Channel) -> Self {
        let client = desk.world.client_of(shop);
        Self { currency: client.currency, included: client.zone == Zone::Berlin }
    }

    fn money(&self, cents: i64) -> Value {
        let amount = json!({ "amount": decimal(cents), "currencyCode": self.currency, "__typename": "MoneyV2" });
        json!({ "shopMoney": amount, "__typename": "MoneyBag" })
    }

    /// A price as it is shown.
    fn price(&self, cents: i64, taxes: i64) -> Value {
        self.money(if self.included { cents + taxes } else { cents })
    }
}

/// What is asked for of the nodes of a list, by either way.
pub(super) fn nodes(list: &Field) -> Vec<&Field> {
    let edges = list.inside.iter().filter(|field| field.name == "edges").flat_map(|field| &field.inside);
    let edges = edges.filter(|field| field.name == "node");
    let nodes = list.inside.iter().filter(|field| field.name == "nodes");
    nodes.chain(edges).flat_map(|field| &field.inside).collect()
}

/// An order. What takes long to write is null where it is not asked for.
pub(super) fn order(desk: &Desk, shop: &Channel, order: &Order, asked: &[&Field]) -> Value {
    let amounts = Amounts::of(desk, shop);
    let wanted = |name: &str| asked.iter().any(|field| field.name == name);
    let total = order.goods_cents() + order.tax_cents() + order.shipping_cents;
    let customer = || {
        let name = asked.iter().any(|field| field.inside.iter().any(|field| field.name == "displayName"));
        let name = name.then(|| desk.world.customer(shop, order.customer).name);
        json!({ "id": gid("Customer", shop, order.customer), "displayName": name, "__typename": "Customer" })
    };
    let refund = |one: &Refund| {
        let only_id = asked.iter().filter(|field| field.name == "refunds").all(|field| match &field.inside[..] {
            [one] => one.name == "id",
            _ => false,
        });
        if only_id {
            return json!({ "id": gid("Refund", shop, one.number), "__typename": "Refund" });
        }
        self::refund(desk, shop, order, one)
    };
    json!({
        "id": gid("Order", shop, order.number), "name": format!("#{}", order.number), "test": order.test,
        "createdAt": wanted("createdAt").then(|| moment(order.placed_at)), "processedAt": moment(order.placed_at),
        "updatedAt": moment(order.updated_at), "cancelledAt": order.cancelled_at.map(moment),
        "taxesIncluded": amounts.included, "dutiesIncluded": false, "currencyCode": amounts.currency,
        "subtotalPriceSet": amounts.price(order.goods_cents(), order.tax_cents() - order.shipping_tax_cents),
        "totalTaxSet": amounts.money(order.tax_cents()), "originalTotalDutiesSet": null,
        "totalDiscountsSet": wanted("totalDiscountsSet").then(|| amounts.money(order.discount_cents)),
        "totalPriceSet": wanted("totalPriceSet").then(|| amounts.money(total)),
        "shippingLines": wanted("shippingLines").then(|| shipping(&amounts, order)),
        "lineItems": wanted("lineItems").then(|| items(desk, shop, &amounts, order)),
        "customer": wanted("customer").then(customer),
        "refunds": order.refunds.iter().map(refund).collect::<Vec<_>>(),
        "__typename": "Order",
    })
}

fn shipping(amounts: &Amounts, order: &Order) -> Value {
    let tax_line = json!({ "priceSet": amounts.money(order.shipping_tax_cents), "__typename": "TaxLine" });
    let tax_lines = if order.shipping_tax_cents > 0 { vec![tax_line] } else { vec![] };
    let line = json!({ "title": "Standard", "taxLines": tax_lines, "__typename": "ShippingLine",
        "discountedPriceSet": amounts.price(order.shipping_cents, order.shipping_tax_cents) });
    connection("ShippingLineConnection", vec![line], false, None)
}

fn items(desk: &Desk, shop: &Channel, amounts: &Amounts, order: &Order) -> Value {
    let products = desk.world.products(shop);
    let item = |(at, line): (u64, &Line)| {
        json!({ "id": gid("LineItem", shop, order.number * 10 + at), "title": products[line.product],
            "quantity": line.quantity, "discountedTotalSet": amounts.price(line.goods_cents, line.tax_cents),
            "__typename": "LineItem" })
    };
    connection("LineItemConnection", (0..).zip(&order.lines).map(item).collect(), false, None)
}

pub(super) fn refund(desk: &Desk, shop: &Channel, order: &Order, refund: &Refund) -> Value {
    let amounts = Amounts::of(desk, shop);
    let back = &order.lines[refund.from_line..];
    let line = |line: &Line| {
        json!({ "quantity": line.quantity, "subtotalSet": amounts.price(line.goods_cents, line.tax_cents),
            "totalTaxSet": amounts.money(line.tax_cents), "__typename": "RefundLineItem" })
    };
    let shipping_taxes = refund.tax_cents - back.iter().map(|line| line.tax_cents).sum::<i64>();
    let shipping = json!({ "subtotalAmountSet": amounts.money(refund.shipping_cents),
        "taxAmountSet": amounts.money(shipping_taxes), "__typename": "RefundShippingLine" });
    let shipping = if refund.shipping_cents > 0 { vec![shipping] } else { vec![] };
    let at = moment(refund.made_at);
    json!({
        "id": gid("Refund", shop, refund.number), "createdAt": at, "processedAt": at,
        "order": { "id": gid("Order", shop, order.number), "taxesIncluded": amounts.included, "__typename": "Order" },
        "refundLineItems": connection("RefundLineItemConnection", back.iter().map(line).collect(), false, None),
        "refundShippingLines": connection("RefundShippingLineConnection", shipping, false, None),
        "orderAdjustments": connection("OrderAdjustmentConnection", vec![], false, None),
        "__typename": "Refund",
    })
}
