//! The names by which exports of well-known systems call what a column can be mapped to.

use model::import::Field;

/// What exports call it, in small letters, the best name first: Google Ads, Meta, Microsoft, LinkedIn, Pinterest,
/// Shopify and WooCommerce in English and German.
const fn names(field: Field) -> &'static [&'static str] {
    match field {
        Field::Day => {
            &["day", "date", "tag", "datum", "reporting starts", "start date", "order date", "gregorian date"]
        }
        Field::CampaignId => &["campaign id", "campaign_id", "kampagnen-id", "kampagnen id"],
        Field::Campaign => &["campaign", "campaign name", "campaign_name", "kampagne", "kampagnenname"],
        Field::GroupId => &["ad group id", "ad set id", "group_id", "adgroup_id", "adset_id", "anzeigengruppen-id"],
        Field::Group => {
            &["ad group", "ad group name", "ad set name", "ad set", "group", "anzeigengruppe", "adset_name"]
        }
        Field::AdId => &["ad id", "ad_id", "anzeigen-id"],
        Field::Ad => &["ad name", "ad", "ad_name", "anzeige", "anzeigenname"],
        Field::Attribution => &["attribution", "attribution setting", "attribution window"],
        Field::Currency => &["currency", "currency code", "currency_code", "währung", "währungscode"],
        Field::Spend => &["spend", "cost", "amount spent", "total spent", "kosten", "ausgaben", "ausgegebener betrag"],
        Field::Impressions => &["impressions", "impr.", "impressionen"],
        Field::Clicks => &["clicks", "link clicks", "clicks (all)", "klicks"],
        Field::Conversions => &["conversions", "conv.", "purchases", "results", "ergebnisse", "käufe"],
        Field::ClaimedRevenue => &[
            "claimed_revenue",
            "conv. value",
            "conversion value",
            "total conv. value",
            "purchases conversion value",
            "revenue",
            "conversion-wert",
            "conv.-wert",
            "umsatz",
        ],
        Field::Orders => &["orders", "bestellungen"],
        Field::LedgerRevenue => &["ledger_revenue", "net sales", "nettoumsatz"],
        Field::Refunds => &["refunds", "returns", "rückerstattungen", "retouren"],
        Field::Taxes => &["taxes", "tax", "steuern"],
        Field::Shipping => &["shipping", "shipping charges", "versand", "versandkosten"],
    }
}

/// How good `column` is as a field's name; smaller is better.
pub(super) fn likeness(field: Field, column: &str) -> Option<usize> {
    let bare = column.trim().to_lowercase();
    let named = |bare: &str| names(field).iter().position(|name| *name == bare);
    named(&bare).or_else(|| {
        // "Amount spent (EUR)"
        field.measure().then(|| bare.split(['(', '[']).next().map(str::trim).and_then(named)).flatten()
    })
}
