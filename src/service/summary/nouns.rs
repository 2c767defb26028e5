//! What things are called in a sentence. What has no word here is left out of it, never guessed.

/// A metric or measure.
pub(super) fn metric(key: &str) -> Option<&'static str> {
    Some(match key {
        "spend" => "spend",
        "claimed_revenue" => "claimed revenue",
        "ledger_revenue" => "ledger revenue",
        "claimed_conversions" => "claimed conversions",
        "orders" => "orders",
        "impressions" => "impressions",
        "clicks" => "clicks",
        "refunds" => "refunds",
        "new_customers" | "new_orders" => "new customers",
        "returning_orders" => "orders of returning customers",
        "ctr" => "click rate",
        "cvr" => "conversion rate",
        "cpc" => "cost of a click",
        "cpm" => "cost of a thousand impressions",
        "cpa" => "cost of a conversion",
        "aov" => "order value",
        "roas_claimed" => "claimed return on spend",
        "roas_ledger" | "mer" => "ledger revenue per unit of spend",
        "contribution_margin" => "contribution margin",
        "cac" => "cost of a new customer",
        "refund_share" => "share of refunds",
        _ if key.starts_with("ltv_") => "customer value",
        _ => return None,
    })
}

/// Why an action's worth is not known.
pub(super) fn unpredicted(reason: &str) -> &'static str {
    match reason {
        "no_margin" => "the client's margin is not set",
        "no_curve" => "there is no curve of what the channel brings",
        _ => "nothing that is stored tells it",
    }
}

/// Why something cannot be said.
pub(crate) fn absent(reason: &str) -> &'static str {
    match reason {
        "not_connected" => "no connected source reports it",
        "incomplete" => "days of it are missing",
        "no_denominator" => "nothing can be divided by zero",
        "currencies" | "currency" => "the amounts are in several currencies",
        "no_margin" => "the client's margin is not set",
        "too_large" => "the amounts are too large to be right",
        "constant" => "it never changed",
        "never_wrong" => "it repeats itself, so nothing is known of errors",
        "not_chosen_yet" => "no method was chosen yet",
        "too_short" | "too_few" | "gaps" | "no_days" => "not enough data yet",
        _ => "nothing can be said yet",
    }
}
