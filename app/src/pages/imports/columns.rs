//! How a file is read: its encoding and delimiter or sheet, its first rows, and which column is what. What is proposed is
//! chosen beforehand and confirmed by a person; what the file leaves open is chosen by nobody else.

use leptos::prelude::*;
use model::import::{DayForm, Delimiter, Encoding, Field as Measure, NumberForm};

use super::one::{Look, View};
use crate::{
    components::{
        button::{Button, Kind},
        card::Card,
        field::{Field, Select, TextArea},
        form::ActionForm,
        notice::{Notice, Tone},
        outcome::{Outcome, at, failure},
    },
    error::AppError,
    refused::Typed,
};

/// Has the file looked at again.
#[server(prefix = "/app", endpoint = "look_at_import", output = crate::codec::Json)]
pub async fn look_again(
    id: String,
    encoding: String,
    delimiter: String,
    sheet: String,
    header: String,
) -> Result<(), AppError> {
    use model::{
        import::{Chosen, Format},
        input::Invalid,
    };
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let format = if sheet.is_empty() {
        let encoding = Encoding::parse(&encoding).ok_or_else(|| Invalid::new("encoding", "choose an encoding"))?;
        let delimiter = Delimiter::parse(&delimiter).ok_or_else(|| Invalid::new("delimiter", "choose a delimiter"))?;
        Format::Csv { encoding, delimiter }
    } else {
        Format::Xlsx { sheet }
    };
    let header =
        header.trim().parse().map_err(|_| Invalid::new("header", "enter a line, or 0 if no line has names"))?;
    let chosen = Chosen { format: Some(format), header: Some(header), ..Chosen::default() };
    service::import::look_again(&service, &actor, id.parse().map_err(|_| service::Error::Missing)?, chosen).await?;
    Ok(())
}

/// Says what the columns are, each as `field:number`, and has every row checked.
#[server(prefix = "/app", endpoint = "map_import", output = crate::codec::Json)]
pub async fn map_columns(
    id: String,
    columns: Vec<String>,
    numbers: String,
    days: String,
    refunds: String,
    protected: String,
    leave_out: String,
) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let id = id.parse().map_err(|_| service::Error::Missing)?;
    let pair = |text: String| text.split_once(':').map(|(field, number)| (field.to_owned(), number.to_owned()));
    let columns = columns.into_iter().filter_map(pair).collect();
    let forms = [numbers.as_str(), &days, &refunds];
    let mapping = service::import::pick(&service, &actor, id, &columns, forms, protected == "true", &leave_out).await?;
    service::import::set_mapping(&service, &actor, id, &mapping).await?;
    Ok(())
}

/// Reads the file with a saved mapping.
#[server(prefix = "/app", endpoint = "use_import_mapping", output = crate::codec::Json)]
pub async fn use_mapping(id: String, mapping_id: String) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let saved = service::import::mappings(&service, &actor).await?;
    let saved = saved.into_iter().find(|saved| saved.id.to_string() == mapping_id).ok_or(service::Error::Missing)?;
    let id = id.parse().map_err(|_| service::Error::Missing)?;
    service::import::set_mapping(&service, &actor, id, &saved.mapping).await?;
    Ok(())
}

#[cfg(feature = "ssr")]
pub(super) fn look(preview: model::import::Preview) -> Look {
    use model::import::Format;
    let (encoding, delimiter, sheet) = match preview.format {
        Format::Csv { encoding, delimiter } => (encoding.key(), delimiter.key(), String::new()),
        Format::Xlsx { sheet } => ("", "", sheet),
    };
    const SHOWN: usize = 8;
    Look {
        encoding: encoding.to_owned(),
        delimiter: delimiter.to_owned(),
        sheet,
        sheets: preview.sheets,
        fallback: preview.fallback,
        header: preview.header.unwrap_or_default(),
        columns: preview.columns.into_iter().map(|column| (column.number, column.name)).collect(),
        rows: preview.rows.into_iter().take(SHOWN).map(|row| (row.line, row.cells)).collect(),
        numbers: (preview.numbers.fits.iter().map(|form| form.key().to_owned()).collect(), preview.numbers.example),
        days: (preview.days.fits.iter().map(|form| form.key().to_owned()).collect(), preview.days.example),
    }
}

/// What was chosen, or else what is proposed.
#[cfg(feature = "ssr")]
pub(super) fn picks(import: &model::import::Import) -> super::one::Picks {
    use super::one::Picks;
    let places = |columns: &std::collections::BTreeMap<Measure, model::import::Column>| {
        columns.iter().map(|(field, column)| (field.key().to_owned(), column.number)).collect()
    };
    if let Some(mapping) = &import.mapping {
        // A saved mapping was made for another file: its columns are found by their names.
        let known = import.preview.as_ref().map_or(&[][..], |preview| &preview.columns);
        let place = |column: &model::import::Column| {
            let same = |known: &&model::import::Column| known.name == column.name;
            let named = known.iter().find(|known| same(known) && known.number == column.number);
            named.or_else(|| known.iter().find(same)).map(|column| column.number)
        };
        let found = mapping.columns.iter().filter_map(|(field, column)| Some((field.key().to_owned(), place(column)?)));
        return Picks {
            columns: found.collect(),
            numbers: mapping.numbers.key().to_owned(),
            days: mapping.days.key().to_owned(),
            refunds: mapping.refunds.key().to_owned(),
            protected: mapping.protected,
            leave_out: mapping.leave_out.join("\n"),
        };
    }
    let Some(preview) = &import.preview else { return Picks::default() };
    let sure = |key: Option<&'static str>| key.unwrap_or_default().to_owned();
    Picks {
        columns: places(&preview.fields),
        numbers: sure(preview.numbers.sure().map(NumberForm::key)),
        days: sure(preview.days.sure().map(DayForm::key)),
        refunds: preview.refunds.key().to_owned(),
        protected: preview.protected,
        leave_out: String::new(),
    }
}

fn choices<const N: usize>(pairs: [(&str, &str); N]) -> Vec<(String, String)> {
    pairs.map(|(key, words)| (key.to_owned(), words.to_owned())).to_vec()
}

/// The first rows, and how cells are told apart.
#[component]
pub(super) fn Reading(id: String, look: Look, action: ServerAction<LookAgain>) -> impl IntoView {
    let (failure, typed) = (failure(action), Typed::of(action).only("id", &id));
    let text = look.sheet.is_empty();
    let encodings = choices([
        (Encoding::Utf8.key(), "UTF-8"),
        (Encoding::Windows1252.key(), "Windows-1252 (Western European)"),
        (Encoding::Utf16Le.key(), "UTF-16, little end first"),
        (Encoding::Utf16Be.key(), "UTF-16, big end first"),
    ]);
    let delimiters = choices([
        (Delimiter::Comma.key(), "Comma ,"),
        (Delimiter::Semicolon.key(), "Semicolon ;"),
        (Delimiter::Tab.key(), "Tab"),
        (Delimiter::Bar.key(), "Bar |"),
    ]);
    let sheets = look.sheets.iter().map(|sheet| (sheet.clone(), sheet.clone())).collect::<Vec<_>>();
    let named = look.header > 0;
    let width = look.columns.len();
    let heads = look.columns.into_iter().map(|(number, name)| {
        let words = if name.is_empty() { format!("Column {number}") } else { name };
        view! { <th scope="col" role="columnheader" class="whitespace-nowrap">{words}</th> }
    });
    let rows = look.rows.into_iter().map(move |(line, cells)| {
        let cells = (0..width).map(move |index| {
            let cell = cells.get(index).cloned().unwrap_or_default();
            view! { <td role="cell" class="whitespace-nowrap">{cell}</td> }
        });
        view! { <tr role="row"><td role="cell" class="number text-muted">{line}</td>{cells.collect_view()}</tr> }
    });
    view! {
        <Card title="How the file is read" about="The first rows as they are read now. If they look wrong, choose otherwise.">
            <div class="overflow-x-auto" tabindex="0" role="group" aria-label="The first rows; scroll sideways for more">
                <table class="table" role="table" aria-label="The first rows" data-test="preview">
                    <thead role="rowgroup"><tr role="row"><th scope="col" role="columnheader">"Line"</th>{heads.collect_view()}</tr></thead>
                    <tbody role="rowgroup">{rows.collect_view()}</tbody>
                </table>
            </div>
            {look.fallback.then(|| view! {
                <Notice tone=Tone::Plain>"This file is not UTF-8, and does not say what it is. Look at the names above: if their letters are right, it is Windows-1252."</Notice>
            })}
            <ActionForm action=action attr:class="flex flex-wrap items-end gap-3" attr:novalidate=true>
                <input type="hidden" name="id" value=id />
                {if text {
                    view! {
                        <div class="w-56"><Select name="encoding" label="Encoding" options=encodings value=typed.first("encoding", look.encoding.clone()) error=at(failure, "encoding") /></div>
                        <div class="w-40"><Select name="delimiter" label="Between cells" options=delimiters value=typed.first("delimiter", look.delimiter.clone()) error=at(failure, "delimiter") /></div>
                        <input type="hidden" name="sheet" value="" />
                    }.into_any()
                } else {
                    view! {
                        <div class="w-56"><Select name="sheet" label="Sheet" options=sheets value=typed.first("sheet", look.sheet.clone()) error=at(failure, "sheet") /></div>
                        <input type="hidden" name="encoding" value="" />
                        <input type="hidden" name="delimiter" value="" />
                    }.into_any()
                }}
                <div class="w-40"><Field name="header" label="Line with the names" kind="number" value=typed.or("header", look.header.to_string()) error=at(failure, "header") /></div>
                <Button id="look-again" pending=action.pending()>"Look again"</Button>
            </ActionForm>
            {(!named).then(|| view! { <p class="text-xs text-muted">"No line with names was found: columns have numbers."</p> })}
            <Outcome action=action fields=&["encoding", "delimiter", "sheet", "header"] />
        </Card>
    }
}

/// Words for a form of the file that is open, with the cell that leaves it so.
fn open_words(fits: &[String], example: Option<&str>) -> Option<String> {
    match (fits.len(), example) {
        (1, _) => None,
        (0, Some(cell)) => Some(format!("The cells contradict each other: {cell} fits with none of the others.")),
        (_, Some(cell)) => Some(format!("The file does not say it: {cell} can be read in more than one way.")),
        (_, None) => Some("The file does not say it.".to_owned()),
    }
}

/// Which column is what.
#[component]
pub(super) fn Columns(
    import: View,
    look: Look,
    action: ServerAction<MapColumns>,
    saved: ServerAction<UseMapping>,
    first: bool,
) -> impl IntoView {
    let (failure, typed) = (failure(action), Typed::of(action).only("id", &import.id));
    let whole = move || {
        let fields = |error: &AppError| matches!(error, AppError::Invalid { field, .. } if field == "columns" || field == "kind" || field == "leave_out");
        failure.get().filter(fields).map(|error| error.to_string())
    };
    let picks = import.picks.clone().or_typed(typed);
    let options = look
        .columns
        .iter()
        .map(|(number, name)| (*number, if name.is_empty() { format!("Column {number}") } else { name.clone() }));
    let options = options.collect::<Vec<_>>();
    let holds = import.holds;
    let choice = |field: Measure| {
        let key = field.key();
        let chosen = picks.columns.iter().find(|(name, _)| name == key).map(|(_, number)| *number);
        let none = if field == Measure::Day { "Choose a column" } else { "Not in the file" };
        let (error_id, error) = (format!("map-{key}-error"), at(failure, key));
        let described = error_id.clone();
        view! {
            <div class="flex min-w-0 flex-col gap-1">
                <label for=format!("map-{key}") class="font-medium">{field.label()}</label>
                <select id=format!("map-{key}") name="columns[]" class="control" aria-describedby=described
                    aria-invalid=move || error.get().is_some().then_some("true")>
                    <option value="" selected=chosen.is_none()>{none}</option>
                    {options.iter().map(|(number, name)| view! {
                        <option value=format!("{key}:{number}") selected=chosen == Some(*number)>{name.clone()}</option>
                    }).collect_view()}
                </select>
                <p id=error_id class="field-error" role="alert" hidden=move || error.get().is_none()>{move || error.get()}</p>
            </div>
        }
    };
    let fields = Measure::ALL.into_iter().filter(|field| field.within(holds)).map(choice).collect_view();
    let numbers = [(String::new(), "Choose".to_owned())].into_iter().filter(|_| picks.numbers.is_empty());
    let numbers: Vec<_> =
        numbers.chain(NumberForm::ALL.map(|form| (form.key().to_owned(), form.example().to_owned()))).collect();
    let days = [(String::new(), "Choose".to_owned())].into_iter().filter(|_| picks.days.is_empty());
    let days: Vec<_> = days
        .chain(DayForm::ALL.map(|form| (form.key().to_owned(), format!("31 January is {}", form.example()))))
        .collect();
    let numbers_help = open_words(&look.numbers.0, look.numbers.1.as_deref()).unwrap_or_default();
    let days_help = open_words(&look.days.0, look.days.1.as_deref()).unwrap_or_default();
    let refunds = choices([("above_zero", "12.50"), ("below_zero", "-12.50")]);
    let shop = import.holds == model::import::Kind::Shop;
    let protections = choices([("false", "As they are"), ("true", "With an apostrophe before formulas")]);
    let (kept, id) = (import.saved.clone(), import.id.clone());
    // A choice that was refused stays chosen, as long as it is still one.
    let chosen = Typed::of(saved).only("id", &id).first("mapping_id", "");
    let chosen = Some(chosen).filter(|chosen| kept.iter().any(|(key, _)| key == chosen)).unwrap_or_default();
    view! {
        <Card title="What the columns are" about="Proposed from their names: look at each and correct what is wrong. Then every row is checked; nothing is kept yet.">
            {(!kept.is_empty()).then(|| view! {
                <ActionForm action=saved attr:class="flex flex-wrap items-end gap-2">
                    <input type="hidden" name="id" value=id.clone() />
                    <div class="w-56"><Select name="mapping_id" label="Saved columns" options=kept value=chosen /></div>
                    <Button id="use-mapping" pending=saved.pending()>"Use and check"</Button>
                </ActionForm>
                <Outcome action=saved />
            })}
            <ActionForm action=action attr:class="flex flex-col gap-4" attr:novalidate=true>
                <input type="hidden" name="id" value=import.id.clone() />
                <div class="grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
                    {fields}
                </div>
                <div class="grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
                    <Select name="numbers" label="Numbers are written" options=numbers value=picks.numbers.clone()
                        help=numbers_help error=at(failure, "numbers") />
                    <Select name="days" label="Days are written" options=days value=picks.days.clone()
                        help=days_help error=at(failure, "days") />
                    <Select name="protected" label="Texts are written" options=protections value=picks.protected.to_string() />
                    {if shop {
                        view! { <Select name="refunds" label="Refunds are written" options=refunds value=picks.refunds.clone() /> }.into_any()
                    } else {
                        view! { <input type="hidden" name="refunds" value="above_zero" /> }.into_any()
                    }}
                </div>
                <TextArea name="leave_out" label="Leave out rows that begin with (one a line, such as Total)" value=picks.leave_out.clone() />
                <p class="field-error" role="alert" hidden=move || whole().is_none()>{whole}</p>
                <div><Button kind=if first { Kind::Primary } else { Kind::Plain } id="check" pending=action.pending()>
                    {if first { "Check every row" } else { "Check again with these columns" }}</Button></div>
            </ActionForm>
            <Outcome action=action fields=&["day", "campaign_id", "campaign", "group_id", "group", "ad_id", "ad", "attribution", "currency", "spend",
                "impressions", "clicks", "conversions", "claimed_revenue", "orders", "ledger_revenue", "refunds", "taxes", "shipping", "numbers", "days",
                "columns", "kind", "leave_out"] />
        </Card>
    }
}
