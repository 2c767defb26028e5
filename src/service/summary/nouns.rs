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

/// What was noticed.
pub(super) fn finding(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "spike" => "a spike",
        "drop" => "a drop",
        "level_shift" => "a new level",
        "delivery_collapse" => "a collapse of delivery",
        "tracking_outage" => "an outage of tracking",
        "change_point" => "a lasting change",
        "forecast" => "a forecast off course",
        "worse" => "a turn for the worse",
        "better" => "a turn for the better",
        "creative_fatigue" => "fatigue",
        "roi_decay" => "a falling return",
        "ltv_drift" => "a drift of what new customers are worth",
        "over_claim" => "claims beyond the books",
        "unattributed" => "revenue that nobody claims",
        "moved_together" => "many series that moved together",
        "winner" => "a winner",
        _ => return None,
    })
}

/// What is proposed: as a thing, and as something to do.
pub(super) fn action(kind: &str) -> Option<(&'static str, &'static str)> {
    Some(match kind {
        "move_budget" => ("a shift of budget", "move budget"),
        "raise" => ("a larger budget", "raise the budget"),
        "lower" => ("a smaller budget", "lower the budget"),
        "pause_creative" => ("a pause of a creative", "pause the creative"),
        "refresh_creative" => ("a fresh creative", "replace the creative"),
        "fix_tracking" => ("a repair of tracking", "repair the tracking"),
        "retention_push" => ("a push for returning customers", "win back earlier customers"),
        "investigate" => ("a closer look", "find out what moved"),
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
pub(super) fn absent(reason: &str) -> &'static str {
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
