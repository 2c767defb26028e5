//! Every component in all its states, for those who build pages. Served outside production only.

mod charts;

use charts::Charts;
use leptos::prelude::*;
use leptos_router::{LazyRoute, lazy_route};
use model::{alert::Severity, moment::Moment, stage::Health};

use crate::{
    components::{
        badge::{Badge, HealthBadge, SeverityBadge, Shade},
        button::{Button, Kind},
        card::Card,
        dialog::{Dialog, Drawer},
        field::{Field, Select, TextArea},
        icon::{Icon, IconView},
        keys::{Keys, listen},
        menu::Menu,
        notice::{Notice, Tone},
        page::{Clock, Heading, Skeleton, When},
        part::failed,
        table::{Cell, Table},
        tabs::Tabs,
        toast::{Next, Toaster, Toasts},
    },
    error::AppError,
};

const LONG: &str = "Donaudampfschifffahrtsgesellschaftskapitänsmützenfabrikation & Söhne of Llanfairpwllgwyngyll";

/// The style guide.
#[component]
pub fn StyleguidePage() -> impl IntoView {
    let toasts = Toasts::provide();
    let keys = RwSignal::new(false);
    // The frame does so for other pages; there is no palette here.
    listen(RwSignal::new(false), keys);
    view! {
        <main id="page" class="mx-auto flex max-w-3xl flex-col gap-6 p-4 md:p-6">
            <Heading text="Style guide">
                <Button does="button" press=move |_| keys.set(true)>"Keys"</Button>
            </Heading>
            <Buttons />
            <Fields />
            <Words />
            <Rows />
            <Charts />
            <Over toasts=toasts />
            <States />
        </main>
        <Keys open=keys />
        <Toaster toasts=toasts />
    }
}

#[component]
fn Buttons() -> impl IntoView {
    view! {
        <Card title="Button" about="One primary a form; the words are a verb. Pending keeps the focus.">
            <div class="flex flex-wrap items-center gap-2">
                <Button kind=Kind::Primary does="button">"Add client"</Button>
                <Button does="button">"Show"</Button>
                <Button kind=Kind::Quiet does="button">"Edit"</Button>
                <Button kind=Kind::Danger does="button">"Remove Ann"</Button>
                <Button kind=Kind::Primary does="button" pending=true>"Pending"</Button>
                <Button does="button" pending=true>"Pending"</Button>
            </div>
        </Card>
        <Card title="Icon" about="Always beside a word or with a label.">
            <p class="flex flex-wrap gap-3">
                {[Icon::Inbox, Icon::Course, Icon::Building, Icon::Users, Icon::List, Icon::Sliders, Icon::Columns, Icon::LogOut, Icon::Search, Icon::Keyboard, Icon::Close, Icon::More, Icon::Up, Icon::Down, Icon::Move, Icon::Bell]
                    .into_iter().map(|icon| view! { <span class="flex items-center gap-1 text-xs text-muted"><IconView icon=icon />{format!("{icon:?}")}</span> }).collect_view()}
            </p>
        </Card>
    }
}

#[component]
fn Fields() -> impl IntoView {
    let wrong = Signal::derive(|| Some("enter an address like https://example.com".to_owned()));
    let options = || vec![("eur".to_owned(), "EUR".to_owned()), ("long".to_owned(), LONG.to_owned())];
    view! {
        <Card title="Field, select and text area" about="Label above, help below, the error in words at the field.">
            <div class="grid gap-4 sm:grid-cols-2">
                <Field name="empty" label="Empty" />
                <Field name="help" label="With help" help="Separated by commas." value="one, two".to_owned() />
                <Field name="wrong" label="Wrong" value="no dots".to_owned() error=wrong />
                <Field name="secret" label="Password" kind="password" autocomplete="new-password" />
                <Select name="select" label="Select" options=options() value="long" />
                <Select name="select-wrong" label="Select, wrong" options=options() value="eur" error=wrong />
                <TextArea name="text" label="Text" value="Several\nlines" />
                <TextArea name="text-wrong" label="Text, wrong" value="" error=wrong />
            </div>
        </Card>
    }
}

#[component]
fn Words() -> impl IntoView {
    let moment = || Moment {
        at: "2026-11-03T13:05:00Z".to_owned(),
        words: "4 min ago".to_owned(),
        clock: "2026-11-03 14:05".to_owned(),
        zone: "Europe/Berlin".to_owned(),
    };
    view! {
        <Card title="Badge" about="A colour never stands alone.">
            <p class="flex flex-wrap gap-2">
                <Badge shade=Shade::Plain words="Plain" /><Badge shade=Shade::Good words="Good" />
                <Badge shade=Shade::Warn words="Warn" /><Badge shade=Shade::Bad words="Bad" />
                <HealthBadge health=Health::Green /><HealthBadge health=Health::Yellow /><HealthBadge health=Health::Red />
                {Severity::ALL.iter().map(|severity| view! { <SeverityBadge severity=*severity /> }).collect_view()}
            </p>
        </Card>
        <Card title="Notice">
            <Notice tone=Tone::Plain>"Something to know."</Notice>
            <Notice tone=Tone::Good>"It is done."</Notice>
            <Notice tone=Tone::Bad>"It did not work. Nothing was changed; try again."</Notice>
        </Card>
        <Card title="Moment" about="Near in time relative, exact on hover.">
            <p><When at=moment() />", "<Clock at=moment() /></p>
        </Card>
    }
}

#[component]
fn Rows() -> impl IntoView {
    view! {
        <Card title="Tabs"><Tabs label="Views" tabs=vec![("/styleguide", "Here"), ("/styleguide?other", "There")] here="/styleguide" /></Card>
        <Card title="Table" about="Cards on phones; a wide one scrolls in its frame.">
            <Table label="Clients" columns=vec!["Name", "Days"]>
                <tr role="row"><Cell>"Bakery Beta"</Cell><Cell of="Days" number=true>"7"</Cell></tr>
                <tr role="row"><Cell>{LONG}</Cell><Cell of="Days" number=true>"120"</Cell></tr>
            </Table>
            <Table label="Wide" columns=vec!["Name", "Path", "Answers"] wide=true>
                <tr role="row"><Cell>"clients"</Cell><Cell><code>"/api/v1/clients"</code></Cell><Cell>"200, 401, 403, 404, 409, 422, 429"</Cell></tr>
            </Table>
        </Card>
    }
}

#[component]
fn Over(toasts: Toasts) -> impl IntoView {
    let (dialog, drawer, taken) = (RwSignal::new(false), RwSignal::new(false), RwSignal::new(0));
    view! {
        <Card title="Dialog, drawer, menu and toast" about="Escape closes; the focus goes back to what opened it.">
            <div class="flex flex-wrap items-center gap-2">
                <Button does="button" id="open-dialog" press=move |_| dialog.set(true)>"Open the dialog"</Button>
                <Button does="button" id="open-drawer" press=move |_| drawer.set(true)>"Open the drawer"</Button>
                <Menu id="menu" named="More about Ann"><button type="button" class="choice">"Deactivate"</button><button type="button" class="choice text-bad">"Remove…"</button></Menu>
                <Button does="button" press=move |_| toasts.show("Saved.", Next::Nothing)>"Show a toast"</Button>
                <Button does="button" press=move |_| toasts.with_undo("Ann is removed".to_owned(), taken, || std::future::ready(Ok::<_, AppError>(())))>"Show one with undo"</Button>
            </div>
            <p class="text-xs text-muted">"Taken back: " <span data-test="taken" data-literal="">{move || taken.get()}</span></p>
        </Card>
        <Dialog open=dialog title="Remove Ann"><p>"What it does, and what is kept."</p><div><Button kind=Kind::Danger does="button" press=move |_| dialog.set(false)>"Remove Ann"</Button></div></Dialog>
        <Drawer open=drawer title="Add contact"><Field name="drawer-name" label="Name in the drawer" /><div><Button kind=Kind::Primary does="button">"Save"</Button></div></Drawer>
    }
}

#[component]
fn States() -> impl IntoView {
    let again = RwSignal::new(0);
    let retry = Callback::new(move |()| again.update(|again| *again += 1));
    let forbidden = AppError::Forbidden {
        rule: "members.read".to_owned(),
        message: "only an Admin or Owner sees the list of members".to_owned(),
    };
    view! {
        <Card title="States of a part" about="Loading, empty, failed with a retry, not allowed.">
            <Skeleton />
            <p class="text-muted">"Your clients will stand here. Add the first one above."</p>
            {failed("The contacts", &AppError::Internal { reference: "0f3a".to_owned() }, retry)}
            {failed("The members", &forbidden, retry)}
            <p class="text-xs text-muted">"Tried again: " <span data-test="again" data-literal="">{move || again.get()}</span></p>
        </Card>
    }
}

/// The page as a part of its own, loaded when it is first opened.
#[derive(Debug)]
pub struct StyleguideRoute;

#[lazy_route]
impl LazyRoute for StyleguideRoute {
    fn data() -> Self {
        Self
    }
    fn view(_this: Self) -> AnyView {
        view! { <StyleguidePage /> }.into_any()
    }
}
