//! Rates of exchange, as the European Central Bank publishes them: what is there, and the file that brings them. A part of the
//! settings page. The browser posts the file itself, so that it needs no WASM.

use leptos::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    components::{
        button::Kind,
        card::Card,
        notice::{Failed, sentence},
        part::part,
    },
    error::AppError,
    refused::posted,
};

/// Where the file is posted.
const FORM: &str = "/exchange-rates/upload";
/// Where the bank keeps it.
const BANK: &str =
    "https://www.ecb.europa.eu/stats/policy_and_exchange_rates/euro_reference_exchange_rates/html/index.en.html";

/// Which rates are there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rates {
    currencies: usize,
    /// The earliest and the newest day; none while there are no rates.
    days: Option<(String, String)>,
    editable: bool,
}

/// The rates of exchange that are there, for those who may read the agency's settings.
#[server(prefix = "/app", endpoint = "get_exchange_rates", output = crate::codec::Json)]
pub async fn get_exchange_rates() -> Result<Option<Rates>, AppError> {
    use model::access::{Action, may};
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    if !may(actor.role, Action::ReadSettings) {
        return Ok(None);
    }
    let held = service::exchange_rate::list(&service, &actor).await?;
    let first = held.iter().map(|held| held.first).min();
    let last = held.iter().map(|held| held.last).max();
    Ok(Some(Rates {
        currencies: held.len(),
        days: first.zip(last).map(|(first, last)| (first.to_string(), last.to_string())),
        editable: may(actor.role, Action::EditSettings),
    }))
}

/// The card; nothing for those who may not read it.
#[component]
pub fn RatesPart() -> impl IntoView {
    let rates = Resource::new(|| (), |()| get_exchange_rates());
    let draw = |rates: Option<Rates>| rates.map(|rates| view! { <RatesCard rates=rates /> });
    part("The exchange rates", "heading", rates, draw)
}

#[component]
fn RatesCard(rates: Rates) -> impl IntoView {
    let Rates { currencies, days, editable } = rates;
    let error = posted(FORM).map(|(error, _)| error);
    let wrong = error.as_ref().and_then(|error| error.at("file").map(str::to_owned));
    let whole = error.filter(|_| wrong.is_none());
    let (invalid, described) = (wrong.is_some(), wrong.as_ref().map_or("rates-help", |_| "rates-help rates-error"));
    let there = match days {
        Some((first, last)) => view! {
            <p data-test="rates">"Rates of "<span data-literal="">{currencies}</span>{if currencies == 1 { " currency" } else { " currencies" }}
                " are there, from "<span data-literal="">{first}</span>" to "<span data-literal="">{last}</span>"."</p>
        }
        .into_any(),
        None => view! { <p data-test="rates">"There are no rates yet: amounts in another currency than yours are not added up, and that is said."</p> }
            .into_any(),
    };
    view! {
        <div id="exchange-rates">
            <Card title="Exchange rates" about="What amounts in other currencies are worth in yours, day by day, as the European Central Bank publishes it.">
                {there}
                {whole.map(|error| view! { <Failed error=error /> })}
                {editable.then(|| view! {
                    <form action=FORM method="post" enctype="multipart/form-data" class="flex flex-col gap-3">
                        <div class="flex min-w-0 flex-col gap-1">
                            <label for="rates-file" class="font-medium">"The bank's file"</label>
                            <input id="rates-file" name="file" type="file" class="control" required=true accept=".csv,text/csv"
                                aria-invalid=invalid.then_some("true") aria-describedby=described />
                            <p id="rates-help" class="text-xs text-muted">"The CSV "<a href=BANK rel="external noopener" class="underline">"that the bank offers"</a>" (eurofxref-hist.csv), taken out of its zip. Rates that are there already are replaced."</p>
                            {wrong.map(|words| view! { <p id="rates-error" class="field-error" role="alert">{sentence(&words)}</p> })}
                        </div>
                        <div><button type="submit" id="upload-rates" class=Kind::Plain.class()>"Upload rates"</button></div>
                    </form>
                })}
            </Card>
        </div>
    }
}
