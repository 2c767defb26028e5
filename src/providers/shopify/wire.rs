//! What is asked of Shopify, what it sends, and what it means. Amounts are in the shop's own currency (`shopMoney`).

use std::time::Duration;

use model::metric::Account;
use rust_decimal::Decimal;
use secrecy::SecretString;
use serde::Deserialize;
use serde_json::Value;
use time::OffsetDateTime;

use crate::{Error, Order, Refund, Result, number};

pub(super) const SHOP: &str = "query Shop { shop { name currencyCode ianaTimezone myshopifyDomain } }";

/// What a token may do.
pub(super) const SCOPES: &str = "query Scopes { currentAppInstallation { accessScopes { handle } } }";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ScopesAnswer {
    current_app_installation: Installation,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Installation {
    access_scopes: Vec<AccessScope>,
}

#[derive(Deserialize)]
struct AccessScope {
    handle: String,
}

impl ScopesAnswer {
    /// Who may write something may read it, whether that is listed or not.
    pub fn granted(self) -> Vec<String> {
        let listed: Vec<_> =
            self.current_app_installation.access_scopes.into_iter().map(|scope| scope.handle).collect();
        let read = listed.iter().filter_map(|scope| Some(format!("read_{}", scope.strip_prefix("write_")?)));
        let implied: Vec<_> = read.filter(|scope| !listed.contains(scope)).collect();
        listed.into_iter().chain(implied).collect()
    }
}

/// What is asked of an order, but for its shipping lines.
macro_rules! order {
    () => {
        "id name test processedAt updatedAt cancelledAt taxesIncluded dutiesIncluded
      subtotalPriceSet { shopMoney { amount } }
      totalTaxSet { shopMoney { amount } }
      originalTotalDutiesSet { shopMoney { amount } }
      customer { id }
      refunds { id }"
    };
}

/// What is asked of a shipping line.
macro_rules! shipping_line {
    () => {
        "discountedPriceSet { shopMoney { amount } } taxLines { priceSet { shopMoney { amount } } }"
    };
}

pub(super) const ORDERS: &str = concat!(
    "query Orders($first: Int!, $after: String, $filter: String!) {
  orders(first: $first, after: $after, sortKey: UPDATED_AT, query: $filter) {
    pageInfo { hasNextPage endCursor }
    nodes {
      ",
    order!(),
    "
      shippingLines(first: 5) {
        pageInfo { hasNextPage endCursor }
        nodes { ",
    shipping_line!(),
    " }
      }
    }
  }
}"
);

/// Stands in [`BULK`] where the filter belongs.
pub(super) const FILTER: &str = "$filter";

/// What Shopify is to put into a file of orders; variables are not possible there.
pub(super) const BULK: &str = concat!(
    "{
  orders(sortKey: UPDATED_AT, query: \"$filter\") {
    edges { node {
      ",
    order!(),
    "
      shippingLines { edges { node { ",
    shipping_line!(),
    " } } }
    } }
  }
}"
);

pub(super) const REFUND: &str = "\
query Refund($id: ID!, $first: Int!, $after: String) {
  refund(id: $id) {
    id createdAt processedAt order { taxesIncluded }
    refundLineItems(first: $first, after: $after) {
      pageInfo { hasNextPage endCursor }
      nodes { subtotalSet { shopMoney { amount } } totalTaxSet { shopMoney { amount } } }
    }
    refundShippingLines(first: 10) {
      pageInfo { hasNextPage endCursor }
      nodes { subtotalAmountSet { shopMoney { amount } } taxAmountSet { shopMoney { amount } } }
    }
    orderAdjustments(first: 10) {
      pageInfo { hasNextPage endCursor }
      nodes { amountSet { shopMoney { amount } } taxAmountSet { shopMoney { amount } } }
    }
  }
}";

#[derive(Deserialize)]
pub(super) struct Reply<T> {
    pub data: T,
}

/// A refusal. `errors` is a list, one text, or texts by field; tokens are refused with `error`.
#[derive(Deserialize)]
pub(super) struct Refusal {
    #[serde(default)]
    errors: Value,
    error: Option<Value>,
    error_description: Option<Value>,
    #[serde(default)]
    extensions: Value,
}

impl Refusal {
    /// Shopify's words; none when nothing is refused.
    pub fn words(&self) -> Option<String> {
        match &self.errors {
            Value::Null => {
                let described = self.error_description.as_ref().or(self.error.as_ref())?;
                Some(described.as_str().map_or_else(|| described.to_string(), str::to_owned))
            }
            Value::String(words) => Some(words.clone()),
            Value::Array(errors) if errors.is_empty() => None,
            Value::Array(errors) => {
                let words = errors.iter().filter_map(|error| error["message"].as_str());
                Some(words.collect::<Vec<_>>().join("; "))
            }
            other => Some(other.to_string()),
        }
    }

    pub fn has(&self, code: &str) -> bool {
        self.errors.as_array().into_iter().flatten().any(|error| error["extensions"]["code"] == code)
    }

    /// How long until the bucket holds what the query costs.
    pub fn pause(&self) -> Option<Duration> {
        let (cost, status) = (&self.extensions["cost"], &self.extensions["cost"]["throttleStatus"]);
        let missing = cost["requestedQueryCost"].as_f64()? - status["currentlyAvailable"].as_f64()?;
        let rate = status["restoreRate"].as_f64().filter(|rate| *rate > 0.0)?;
        Duration::try_from_secs_f64((missing.max(0.0) / rate).ceil()).ok()
    }
}

#[derive(Deserialize)]
pub(super) struct Token {
    pub access_token: SecretString,
    #[serde(default)]
    pub scope: String,
    pub refresh_token: Option<SecretString>,
    pub expires_in: Option<u64>,
}

#[derive(Deserialize)]
pub(super) struct ShopAnswer {
    pub shop: ShopNode,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ShopNode {
    name: String,
    currency_code: String,
    iana_timezone: String,
    myshopify_domain: String,
}

impl From<ShopNode> for Account {
    /// The address is the id: webhooks name their shop by it.
    fn from(shop: ShopNode) -> Self {
        Self {
            external_id: shop.myshopify_domain,
            name: shop.name,
            currency: shop.currency_code,
            time_zone: shop.iana_timezone,
            manager_id: None,
        }
    }
}

#[derive(Deserialize)]
pub(super) struct OrdersAnswer {
    pub orders: Connection<OrderNode>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Connection<T> {
    pub nodes: Vec<T>,
    pub page_info: PageInfo,
}

impl<T> Connection<T> {
    /// The nodes, if there are no more than those.
    fn all(self, what: &str, of: &str) -> Result<Vec<T>> {
        let whole = !self.page_info.has_next_page;
        whole.then_some(self.nodes).ok_or_else(|| Error::Malformed(format!("{of} has more {what} than we can read")))
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PageInfo {
    has_next_page: bool,
    end_cursor: Option<String>,
}

impl PageInfo {
    pub fn next(&self) -> Result<Option<String>> {
        match (self.has_next_page, &self.end_cursor) {
            (false, _) => Ok(None),
            (true, Some(cursor)) => Ok(Some(cursor.clone())),
            (true, None) => Err(Error::Malformed("there is another page without a cursor".into())),
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Money {
    shop_money: Amount,
}

#[derive(Deserialize)]
struct Amount {
    #[serde(deserialize_with = "number::decimal")]
    amount: Option<Decimal>,
}

impl Money {
    fn amount(&self) -> Result<Decimal> {
        self.shop_money.amount.ok_or_else(|| Error::Malformed("an amount is missing".into()))
    }
}

fn sum<'a>(amounts: impl IntoIterator<Item = &'a Money>) -> Result<Decimal> {
    amounts.into_iter().try_fold(Decimal::ZERO, |sum, money| Ok(sum + money.amount()?))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct OrderNode {
    id: String,
    name: String,
    test: bool,
    #[serde(with = "time::serde::rfc3339")]
    processed_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339")]
    updated_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    cancelled_at: Option<OffsetDateTime>,
    taxes_included: bool,
    duties_included: bool,
    subtotal_price_set: Option<Money>,
    total_tax_set: Option<Money>,
    original_total_duties_set: Option<Money>,
    shipping_lines: Connection<ShippingLine>,
    customer: Option<Node>,
    pub refunds: Vec<Node>,
}

#[derive(Deserialize)]
pub(super) struct Node {
    pub id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ShippingLine {
    discounted_price_set: Money,
    tax_lines: Vec<TaxLine>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TaxLine {
    price_set: Money,
}

impl OrderNode {
    /// Goods, taxes and shipping told apart.
    pub fn ours(self, refunds: Vec<Refund>) -> Result<Order> {
        let subtotal = self.subtotal_price_set.as_ref();
        let subtotal = subtotal.ok_or_else(|| Error::Malformed(format!("order {} has no subtotal", self.name)))?;
        // Null where nothing was taxed or cleared.
        let taxes = sum(&self.total_tax_set)?;
        let duties = if self.duties_included { sum(&self.original_total_duties_set)? } else { Decimal::ZERO };
        let lines = self.shipping_lines.all("shipping lines", &self.name)?;
        let shipping = sum(lines.iter().map(|line| &line.discounted_price_set))?;
        let shipping_taxes = sum(lines.iter().flat_map(|line| &line.tax_lines).map(|tax| &tax.price_set))?;
        let within = |taxes| if self.taxes_included { taxes } else { Decimal::ZERO };
        Ok(Order {
            external_id: self.id,
            name: self.name,
            created_at: self.processed_at,
            updated_at: self.updated_at,
            cancelled_at: self.cancelled_at,
            test: self.test,
            goods: subtotal.amount()? - within(taxes - shipping_taxes) - duties,
            taxes,
            shipping: shipping - within(shipping_taxes),
            customer_id: self.customer.map(|customer| customer.id),
            refunds,
        })
    }
}

#[derive(Deserialize)]
pub(super) struct RefundAnswer {
    pub refund: Option<RefundNode>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RefundNode {
    id: String,
    #[serde(with = "time::serde::rfc3339::option")]
    created_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339")]
    processed_at: OffsetDateTime,
    order: Taxed,
    pub refund_line_items: Connection<RefundLine>,
    refund_shipping_lines: Connection<RefundShipping>,
    order_adjustments: Connection<RefundShipping>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Taxed {
    taxes_included: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RefundLine {
    subtotal_set: Money,
    total_tax_set: Money,
}

/// A shipping line that was paid back, or an adjustment.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RefundShipping {
    #[serde(alias = "amountSet")]
    subtotal_amount_set: Money,
    tax_amount_set: Money,
}

impl RefundNode {
    /// Adds this page's lines; what is not paged counts once.
    pub fn add_to(self, refund: &mut Option<Refund>) -> Result<()> {
        let (id, lines) = (self.id, &self.refund_line_items.nodes);
        let subtotal = sum(lines.iter().map(|line| &line.subtotal_set))?;
        let taxes = sum(lines.iter().map(|line| &line.total_tax_set))?;
        let goods = if self.order.taxes_included { subtotal - taxes } else { subtotal };
        if let Some(refund) = refund {
            refund.goods += goods;
            refund.taxes += taxes;
            return Ok(());
        }
        let shipping = self.refund_shipping_lines.all("shipping lines", &id)?;
        let adjusted = self.order_adjustments.all("adjustments", &id)?;
        let amount = |lines: &[RefundShipping]| sum(lines.iter().map(|line| &line.subtotal_amount_set));
        let tax = |lines: &[RefundShipping]| sum(lines.iter().map(|line| &line.tax_amount_set));
        *refund = Some(Refund {
            created_at: self.created_at.unwrap_or(self.processed_at),
            goods: goods - amount(&adjusted)?,
            taxes: taxes + tax(&shipping)? - tax(&adjusted)?,
            shipping: amount(&shipping)?,
            external_id: id,
        });
        Ok(())
    }
}
