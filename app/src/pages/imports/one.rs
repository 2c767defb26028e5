//! One import: how far it is, its columns, its wrong rows, starting it, and what became of it.

mod ended;

use ended::{Ended, WrongRows};
use leptos::prelude::*;
use leptos_router::{LazyRoute, hooks::use_params_map, lazy_route};
use model::{
    import::{Kind as Holds, State},
    moment::Moment,
};
use serde::{Deserialize, Serialize};

use super::{
    PAGE, StateBadge,
    columns::{self, Columns, Reading},
    history::{UndoImport, look_again_while},
};
use crate::{
    components::{
        button::{Button, Kind},
        card::Card,
        field::Field,
        form::ActionForm,
        notice::{Notice, Tone, sentence},
        outcome::{Outcome, at, failure, successes},
        page::{Heading, When},
        part::part,
    },
    error::AppError,
    refused::Typed,
};

/// How the file looks, and what is proposed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    pub(super) encoding: String,
    pub(super) delimiter: String,
    pub(super) sheet: String,
    pub(super) sheets: Vec<String>,
    pub(super) fallback: bool,
    pub(super) header: u64,
    pub(super) columns: Vec<(usize, String)>,
    pub(super) rows: Vec<(u64, Vec<String>)>,
    pub(super) numbers: (Vec<String>, Option<String>),
    pub(super) days: (Vec<String>, Option<String>),
}

/// What is chosen or proposed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Picks {
    pub(super) columns: Vec<(String, usize)>,
    pub(super) numbers: String,
    pub(super) days: String,
    pub(super) refunds: String,
    pub(super) protected: bool,
    pub(super) leave_out: String,
}

impl Picks {
    /// What was chosen in a form that came back, else what is here.
    pub(super) fn or_typed(self, typed: Typed) -> Self {
        let column = |text: &str| {
            let (field, number) = text.split_once(':')?;
            Some((field.to_owned(), number.parse().ok()?))
        };
        let fields = untrack(|| typed.fields());
        let columns = fields.iter().filter(|(name, _)| name == "columns[]").filter_map(|(_, text)| column(text));
        Self {
            columns: if fields.is_empty() { self.columns } else { columns.collect() },
            numbers: typed.first("numbers", self.numbers),
            days: typed.first("days", self.days),
            refunds: typed.first("refunds", self.refunds),
            protected: typed.first("protected", self.protected.to_string()) == "true",
            leave_out: typed.first("leave_out", self.leave_out),
        }
    }
}

/// A fault of a wrong row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wrong {
    line: u64,
    column: String,
    value: String,
    message: String,
}

/// An import as the page shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct View {
    pub(super) id: String,
    pub(super) holds: Holds,
    pub(super) state: State,
    pub(super) look: Option<Look>,
    pub(super) picks: Picks,
    pub(super) saved: Vec<(String, String)>,
    file_name: String,
    pushed: bool,
    source: String,
    member: String,
    at: Moment,
    fault: Option<String>,
    found: Option<[i64; 3]>,
    days: Option<(String, String)>,
    wrong: Vec<Wrong>,
    listed: usize,
    rows_done: i64,
    seconds: i64,
    rows: [i64; 4],
    undone: Option<(String, Moment)>,
    same: Option<Moment>,
    mapped: bool,
    editable: bool,
}

impl View {
    /// What a person is told whose file is not what its name says: names are changed, and tell nothing of what is inside.
    fn named_otherwise(&self) -> Option<String> {
        let ending = self.file_name.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase())?;
        let (workbook, look) = (matches!(ending.as_str(), "xlsx" | "xlsm" | "xls"), self.look.as_ref()?);
        let words = match (workbook, look.sheet.is_empty()) {
            (true, true) => {
                "This file is named like an Excel workbook, but it is a text. It is read as one, like a CSV file: look \
                 whether its rows and columns are right. If you expected sheets, save it in Excel as a workbook and \
                 upload that."
            }
            (false, false) => {
                "This file is not named like an Excel workbook, but it is one. It is read as a workbook, one sheet of it: \
                 look whether the sheet is right."
            }
            _ => return None,
        };
        Some(words.to_owned())
    }
}

/// One import.
#[server(prefix = "/app", endpoint = "get_import", output = crate::codec::Json)]
pub async fn get_import(id: String) -> Result<View, AppError> {
    use model::access::{Action, may};
    const LISTED: usize = 50;
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let found = service::import::get(&service, &actor, id.parse().map_err(|_| service::Error::Missing)?).await?;
    let source = service::import::source(&service, &actor, found.source_id).await?;
    let words = service::moment::Words::of(&service, &actor).await?;
    let saved = service::import::mappings(&service, &actor).await?;
    let fits = |saved: &model::import::SavedMapping| saved.mapping.kind == source.holds;
    let wrong = found.errors.iter().flat_map(|error| {
        error.faults.iter().map(|fault| Wrong {
            line: error.line,
            column: fault.column.clone().or(fault.field.map(|field| field.label().to_owned())).unwrap_or_default(),
            value: fault.value.clone().unwrap_or_default(),
            message: fault.message.clone(),
        })
    });
    let counts = found.found.clone();
    let left = counts.as_ref().map_or(0, |counts| counts.wrong);
    Ok(View {
        id: found.id.to_string(),
        holds: source.holds,
        state: found.state,
        picks: columns::picks(&found),
        saved: saved.into_iter().filter(fits).map(|saved| (saved.id.to_string(), saved.name)).collect(),
        pushed: found.way == model::import::Way::Push,
        file_name: found.file_name,
        source: found.source,
        member: found.member,
        at: words.write(found.finished_at.unwrap_or(found.created_at)),
        fault: found.fault,
        found: counts.as_ref().map(|counts| [counts.rows, counts.wrong, counts.left_out]),
        days: counts.and_then(|counts| counts.days).map(|days| (days.first.to_string(), days.last.to_string())),
        wrong: wrong.take(LISTED).collect(),
        listed: found.errors.len(),
        rows_done: found.rows_done,
        seconds: found.begun_at.map_or(0, |at| (words.now() - at).whole_seconds()),
        rows: [found.rows_new, found.rows_changed, found.rows_unchanged, left],
        undone: found.undone_at.map(|at| (found.undone_by.unwrap_or_default(), words.write(at))),
        same: found.same_at.map(|at| words.write(at)),
        mapped: found.mapping.is_some(),
        look: found.preview.map(columns::look),
        editable: may(actor.role, Action::EditIntegrations),
    })
}

/// Starts a checked import.
#[server(prefix = "/app", endpoint = "start_import", output = crate::codec::Json)]
pub async fn start_import(id: String, skip_wrong: bool) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let id = id.parse().map_err(|_| service::Error::Missing)?;
    service::import::start(&service, &actor, id, skip_wrong).await?;
    Ok(())
}

/// Gives an import up.
#[server(prefix = "/app", endpoint = "give_up_import", output = crate::codec::Json)]
pub async fn give_up_import(id: String) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    service::import::give_up(&service, &actor, id.parse().map_err(|_| service::Error::Missing)?).await?;
    leptos_axum::redirect(PAGE);
    Ok(())
}

/// Saves how an import is read under a name.
#[server(prefix = "/app", endpoint = "save_import_mapping", output = crate::codec::Json)]
pub async fn save_mapping(id: String, name: String) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let found = service::import::get(&service, &actor, id.parse().map_err(|_| service::Error::Missing)?).await?;
    let mapping = found.mapping.ok_or_else(|| model::input::Invalid::new("name", "choose the columns first"))?;
    service::import::save_mapping(&service, &actor, &name, &mapping).await?;
    Ok(())
}

/// The import named in the address.
#[component]
pub fn ImportPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.with(|params| params.get("id")).unwrap_or_default());
    let actions = Actions {
        look: ServerAction::new(),
        map: ServerAction::new(),
        saved: ServerAction::new(),
        start: ServerAction::new(),
        give_up: ServerAction::new(),
        save: ServerAction::new(),
        undo: ServerAction::new(),
    };
    let changes = [
        successes(actions.look),
        successes(actions.map),
        successes(actions.saved),
        successes(actions.start),
        successes(actions.save),
        successes(actions.undo),
    ];
    let again = RwSignal::new(0);
    let import =
        Resource::new(move || (id.get(), changes.map(|change| change.get()), again.get()), |(id, ..)| get_import(id));
    let draw = move |import: View| {
        look_again_while(import.state.at_work(), again);
        view! { <One import=import actions=actions /> }
    };
    view! {
        <div class="flex max-w-5xl flex-col gap-6">
            <p><a href=PAGE>"Import files"</a></p>
            {part("The import", "heading", import, draw)}
        </div>
    }
}

/// What can be done here.
#[derive(Clone, Copy)]
struct Actions {
    look: ServerAction<columns::LookAgain>,
    map: ServerAction<columns::MapColumns>,
    saved: ServerAction<columns::UseMapping>,
    start: ServerAction<StartImport>,
    give_up: ServerAction<GiveUpImport>,
    save: ServerAction<SaveMapping>,
    undo: ServerAction<UndoImport>,
}

#[component]
fn One(import: View, actions: Actions) -> impl IntoView {
    let title = if import.pushed { format!("Pushed to {}", import.file_name) } else { import.file_name.clone() };
    let open = import.state.open() && !import.state.at_work();
    let choose = (open && import.editable).then_some(import.look.clone()).flatten().map(|look| {
        let opened = import.state == State::Open;
        view! {
            <Reading id=import.id.clone() look=look.clone() action=actions.look />
            <Columns import=import.clone() look=look action=actions.map saved=actions.saved first=opened />
        }
    });
    view! {
        <Heading text=title><StateBadge state=import.state /></Heading>
        <p class="text-muted">"Into "{import.source.clone()}", by "{import.member.clone()}", "<When at=import.at.clone() /></p>
        {import.same.clone().filter(|_| open).map(|at| view! {
            <Notice tone=Tone::Plain>"The same file was imported into this source with the same columns: "<When at=at />". Importing it again adds nothing twice."</Notice>
        })}
        {import.named_otherwise().filter(|_| open).map(|words| view! {
            <Notice tone=Tone::Plain><p data-test="named-otherwise">{words}</p></Notice>
        })}
        {import.fault.clone().map(|fault| view! { <Notice tone=Tone::Bad>{sentence(&fault)}"."</Notice> })}
        {import.state.at_work().then(|| view! { <Progress import=import.clone() /> })}
        {(import.state == State::Checked).then(|| view! { <Checked import=import.clone() actions=actions /> })}
        {matches!(import.state, State::Done | State::Undone).then(|| view! { <Ended import=import.clone() actions=actions /> })}
        {(import.state == State::Failed).then(|| view! { <p>"Nothing was kept. "<a href=PAGE>"Upload another file"</a></p> })}
        {matches!(import.state, State::Checked | State::Done | State::Undone).then(|| view! { <WrongRows import=import.clone() /> })}
        {choose}
        {(open && import.editable).then(|| view! {
            <ActionForm action=actions.give_up>
                <input type="hidden" name="id" value=import.id.clone() />
                <Button kind=Kind::Danger pending=actions.give_up.pending()>"Give up this import"</Button>
            </ActionForm>
            <Outcome action=actions.give_up />
        })}
    }
}

/// How many rows, and how long it still takes at the measured pace.
#[component]
fn Progress(import: View) -> impl IntoView {
    let total = import.found.map(|[rows, ..]| rows).filter(|_| import.state == State::Importing);
    let rows = match total {
        Some(total) => format!("{} of {total} rows", import.rows_done),
        None if import.rows_done > 0 => format!("{} rows", import.rows_done),
        None => String::new(),
    };
    let left = total.filter(|_| import.rows_done > 0 && import.seconds > 1).map(|total| {
        let seconds = (total - import.rows_done).max(0) * import.seconds / import.rows_done;
        if seconds < 60 {
            format!(", about {} s left", seconds.max(1))
        } else {
            format!(", about {} min left", seconds / 60 + 1)
        }
    });
    view! {
        <div class="panel flex flex-col gap-2" role="status" data-test="progress">
            <p class="font-medium">{import.state.label()}</p>
            <p class="text-muted"><span data-literal="">{rows}{left}</span></p>
            {total.map(|total| view! { <progress class="w-full" max=total value=import.rows_done aria-label="Rows imported"></progress> })}
            <p class="text-xs text-muted">"You can leave this page; it goes on."</p>
        </div>
    }
}

/// So many rows, in words.
fn rows_in_words(rows: i64) -> String {
    if rows == 1 { "1 row".to_owned() } else { format!("{rows} rows") }
}

#[component]
fn Checked(import: View, actions: Actions) -> impl IntoView {
    let [rows, wrong, left_out] = import.found.unwrap_or_default();
    let days = import.days.clone().map(|(first, last)| format!(", from {first} to {last}"));
    let button = match (rows, wrong) {
        (_, 0) => format!("Import {}", rows_in_words(rows)),
        _ => format!("Import the other {}", rows_in_words(rows)),
    };
    let failure = failure(actions.save);
    let (id, other) = (import.id.clone(), import.id.clone());
    view! {
        <Card title="Every row is checked">
            <p data-test="checked"><span data-literal="">{rows_in_words(rows)}</span>" can be imported"<span data-literal="">{days}</span>"."
                {(wrong > 0).then(|| view! { " "<strong><span data-literal="">{rows_in_words(wrong)}</span>{if wrong == 1 { " is wrong" } else { " are wrong" }}</strong>". Correct the file and upload it again, or import the others: what is left out stays listed here." })}
                {(left_out > 0).then(|| view! { " "<span data-literal="">{rows_in_words(left_out)}</span>" left out, as you chose." })}
            </p>
            {(import.editable && rows > 0).then(|| view! {
                <ActionForm action=actions.start>
                    <input type="hidden" name="id" value=id />
                    <input type="hidden" name="skip_wrong" value=(wrong > 0).to_string() />
                    <Button kind=Kind::Primary id="start" pending=actions.start.pending()>{button}</Button>
                </ActionForm>
            })}
            {(rows == 0).then(|| view! { <p>"No row can be imported. Choose the columns again, or upload another file."</p> })}
            <Outcome action=actions.start />
            {import.editable.then(|| view! {
                <ActionForm action=actions.save attr:class="flex flex-wrap items-end gap-2" attr:novalidate=true>
                    <input type="hidden" name="id" value=other />
                    <Field name="name" label="Save these columns for the next file" help="Such as: Radio export" value=Typed::of(actions.save).or("name", "") error=at(failure, "name") />
                    <Button id="save-mapping" pending=actions.save.pending()>"Save columns"</Button>
                </ActionForm>
                <Outcome action=actions.save fields=&["name"] done="The columns are saved." />
            })}
        </Card>
    }
}

/// The page as a part of its own, loaded when it is first opened.
#[derive(Debug)]
pub struct ImportRoute;

#[lazy_route]
impl LazyRoute for ImportRoute {
    fn data() -> Self {
        Self
    }
    fn view(_this: Self) -> AnyView {
        view! { <ImportPage /> }.into_any()
    }
}
