//! What to do by hand for an action, in order: the product writes to no platform.

use model::{
    action::{Action, ActionKind, Change},
    figure::{self, Line},
};

use super::{channel, money};

/// What to do, a line for each step; its figures open.
pub(in crate::action) fn checklist(action: &Action) -> Vec<Line> {
    let own = action.channels.iter().find(|named| Some(named.id) == action.channel_id);
    let provider = own.map(|named| named.provider.as_str()).unwrap_or_default();
    let account = own.map_or_else(|| "the account".to_owned(), |named| format!("the account {}", named.account));
    let open = format!("Open {account} in {}.", place(provider));
    let creative = action.creative_name.clone().unwrap_or_else(|| action.proposal.target.id.clone());
    let steps = match action.proposal.kind {
        ActionKind::Raise if action.proposal.target.level == "creative" => vec![
            open,
            format!(
                "Find the ad {creative} and give it more of the money: an ad set or campaign of its own, with a budget."
            ),
            "Raise that budget by a fifth at most every few days, so that the platform does not learn anew.".to_owned(),
        ],
        ActionKind::MoveBudget | ActionKind::Raise | ActionKind::Lower => Vec::new(),
        ActionKind::PauseCreative => vec![open, format!("Find the ad {creative} and {}.", pause(provider))],
        ActionKind::RefreshCreative => vec![
            open,
            format!("Add a new ad beside {creative}, with another picture or text for the same people."),
            format!("Once the new one is approved and shown, find {creative} and {}.", pause(provider)),
        ],
        ActionKind::FixTracking => vec![
            format!("{}.", tags(provider)),
            "Place a test order, or a test lead, and look whether it is counted once.".to_owned(),
            "If the site was changed on the day the count fell, ask those who changed it.".to_owned(),
        ],
        ActionKind::RetentionPush => vec![
            format!("List the customers in {} whose last order lies longer back than usual.", place(provider)),
            "Take out those who objected to such messages.".to_owned(),
            "Write to them with a reason to come back, and keep a part of them unwritten to compare with.".to_owned(),
        ],
        ActionKind::Investigate => vec![
            "Read what it rests on, and look at those days in the platform and in the shop.".to_owned(),
            format!("Look into the history of changes in {}.", place(provider)),
            "Ask the client what they changed in these days: prices, stock, the site, promotions.".to_owned(),
        ],
    };
    let mut lines: Vec<Line> =
        if steps.is_empty() { budgets(action) } else { steps.into_iter().map(Line::from).collect() };
    lines.push("Change nothing else there in these days if you can: otherwise the effect cannot be told apart.".into());
    lines.push("Come back here and say that it is done, and on which day.".into());
    lines
}

/// One line for each budget, those that give first.
fn budgets(action: &Action) -> Vec<Line> {
    let mut changes: Vec<(usize, &Change)> = action.proposal.changes.iter().enumerate().collect();
    changes.sort_by_key(|(_, change)| change.to >= change.from);
    let line = |(at, change): (usize, &Change)| {
        let named = action.channels.iter().find(|named| named.id == change.channel);
        let where_to = place(named.map(|named| named.provider.as_str()).unwrap_or_default());
        let account = named.map_or_else(|| channel(action, change), |named| named.account.clone());
        let currency = &action.proposal.currency;
        let verb = if change.to < change.from { "lower" } else { "raise" };
        let id = |end: &str| Some(figure::promised(action.id, &format!("/changes/{at}/{end}")));
        let line = Line::from(format!(
            "In {where_to}, {account}: {verb} the daily budgets of its campaigns in equal proportion, so that together "
        ));
        let line = line.figure(id("to"), &money(change.to, currency)).say(" a day are spent instead of ");
        line.figure(id("from"), &money(change.from, currency)).say(".")
    };
    changes.into_iter().map(line).collect()
}

/// What the place is called where a person changes something.
fn place(provider: &str) -> &'static str {
    match provider {
        "google_ads" => "Google Ads",
        "meta_ads" => "Meta Ads Manager",
        "tiktok_ads" => "TikTok Ads Manager",
        "shopify" => "the Shopify admin",
        _ => "the platform",
    }
}

fn pause(provider: &str) -> &'static str {
    match provider {
        "google_ads" => "set its status to Paused",
        "meta_ads" | "tiktok_ads" => "switch it off",
        _ => "stop it",
    }
}

fn tags(provider: &str) -> &'static str {
    match provider {
        "google_ads" => "In Google Ads, open Goals, then Conversions, and look at the status of each conversion action",
        "meta_ads" => {
            "In Meta Events Manager, look at the pixel and the Conversions API: which events came, and when the last"
        }
        "tiktok_ads" => "In TikTok Ads Manager, open Events under Tools and look which events came, and when the last",
        _ => "Look where the platform shows which events came, and when the last",
    }
}
