//! What has changed since a page was drawn, as the server tells it: what it concerns is read again in its place.
//!
//! The frame holds one stream for all parts of the page, as long as somebody looks at it; a page that comes to the front again
//! asks for what it missed. While something is typed on the page or a dialog is open there, nothing is drawn anew: it waits.

use std::{cell::RefCell, time::Duration};

use leptos::{
    prelude::*,
    wasm_bindgen::{JsCast, closure::Closure},
    web_sys::{self, EventSource, HtmlInputElement, HtmlTextAreaElement, MessageEvent, js_sys::Math},
};
use model::event::{Event, Kind};

/// Where the server tells it.
const ADDRESS: &str = "/app/events";
/// What comes within this time is read at once.
const SOON: Duration = Duration::from_millis(300);
/// Until it is looked again whether somebody still types.
const BUSY: Duration = Duration::from_secs(1);
/// The pause before a lost stream is opened again doubles up to this many seconds.
const LONGEST: f64 = 60.0;

/// What a page hears; cheap to copy.
#[derive(Clone, Copy)]
pub struct Live {
    told: RwSignal<Vec<Event>>,
    line: StoredValue<Line>,
}

/// How the stream stands.
#[derive(Default)]
struct Line {
    /// Until when the page knows everything, in milliseconds of the server's clock; none before it begins.
    since: Option<i64>,
    /// What was told and is not shown yet.
    waiting: Vec<Event>,
    /// Whether it is looked soon whether that can be shown.
    looking: bool,
    /// How often in a row the stream was lost.
    lost: i32,
    /// Counts up whenever the stream is opened or closed: what waits to open it belongs to one of these.
    turn: usize,
    /// The session has ended.
    over: bool,
}

/// An open stream; closed when dropped.
struct Source {
    source: EventSource,
    _heard: Closure<dyn Fn(web_sys::Event)>,
}

impl Drop for Source {
    fn drop(&mut self) {
        self.source.close();
    }
}

thread_local! {
    /// The page's stream. Only browsers have one.
    static SOURCE: RefCell<Option<Source>> = const { RefCell::new(None) };
}

/// Counts up whenever something changed that concerns a part of the page. What the part shows is read again then: this belongs
/// into what its resource depends on.
pub fn changes(concerns: impl Fn(&Event) -> bool + Send + Sync + 'static) -> Signal<usize> {
    let Live { told, .. } = use_context().unwrap_or_else(Live::new);
    let count = RwSignal::new(0);
    Effect::new(move |before: Option<()>| {
        let hit = told.with(|told| told.iter().any(|event| event.kind == Kind::Gap || concerns(event)));
        // What was told before the part was there is in it already.
        if hit && before.is_some() {
            count.update(|count| *count += 1);
        }
    });
    count.into()
}

/// The same for things of some kinds.
pub fn changes_of(kinds: &'static [Kind]) -> Signal<usize> {
    changes(move |event| kinds.contains(&event.kind))
}

impl Live {
    fn new() -> Self {
        Self { told: RwSignal::new(Vec::new()), line: StoredValue::new(Line::default()) }
    }

    /// Makes what changes known to everything inside.
    pub fn provide() -> Self {
        let live = Self::new();
        provide_context(live);
        Effect::new(move |_| {
            let shown = window_event_listener_untyped("visibilitychange", move |_| live.follow_sight());
            on_cleanup(move || {
                shown.remove();
                close();
            });
        });
        live
    }

    /// Begins to hear, once; the page knows everything until `since`. For effects: in the browser only.
    pub fn begin(self, since: i64) {
        let before = self.line.try_update_value(|line| {
            let before = line.since;
            line.since = before.or(Some(since));
            before
        });
        if before == Some(None) {
            self.follow_sight();
        }
    }

    /// Hears while the page is looked at, and not else: a browser has few lines to one server.
    fn follow_sight(self) {
        let turn = self.line.try_update_value(|line| {
            line.turn += 1;
            line.lost = 0;
            line.turn
        });
        match turn {
            Some(turn) if !document().hidden() => self.open(turn),
            _ => close(),
        }
    }

    fn open(self, turn: usize) {
        let since = self.line.try_with_value(|line| line.since.filter(|_| line.turn == turn && !line.over)).flatten();
        let Some(since) = since else { return };
        let Ok(source) = EventSource::new(&format!("{ADDRESS}?since={since}")) else { return };
        let heard =
            Closure::<dyn Fn(web_sys::Event)>::own_assert_unwind_safe(move |event: web_sys::Event| self.hear(&event));
        for name in ["change", "beat", "end", "error"] {
            let _ = source.add_event_listener_with_callback(name, heard.as_ref().unchecked_ref());
        }
        drop(SOURCE.replace(Some(Source { source, _heard: heard })));
    }

    fn hear(self, event: &web_sys::Event) {
        let Some(message) = event.dyn_ref::<MessageEvent>() else { return self.lose() };
        let name = event.type_();
        let told = message.data().as_string().filter(|_| name == "change").unwrap_or_default();
        let heard = self.line.try_update_value(|line| {
            line.lost = 0;
            line.since = message.last_event_id().parse().ok().or(line.since);
            line.over = name == "end";
            line.waiting.extend(told.lines().filter_map(Event::parse));
        });
        match (heard, name.as_str()) {
            (Some(()), "change") => self.look_after(SOON),
            (Some(()), "end") | (None, _) => silence(),
            _ => {}
        }
    }

    /// The stream was lost: it is opened again after a while, and tells then what was missed.
    fn lose(self) {
        silence();
        let turn = self.line.try_update_value(|line| {
            line.lost += 1;
            line.turn += 1;
            (line.turn, line.lost)
        });
        let Some((turn, lost)) = turn else { return };
        // Not all browsers at the same moment.
        let seconds = 2f64.powi(lost.min(10)).min(LONGEST) * (0.5 + Math::random() / 2.0);
        set_timeout(move || self.open(turn), Duration::from_secs_f64(seconds));
    }

    fn look_after(self, wait: Duration) {
        let looks = self.line.try_update_value(|line| std::mem::replace(&mut line.looking, true));
        if looks == Some(false) {
            set_timeout(move || self.look(), wait);
        }
    }

    /// Has the parts of the page read again what changed, unless that would disturb.
    fn look(self) {
        if self.line.try_update_value(|line| line.looking = false).is_none() {
            return;
        }
        if busy() {
            return self.look_after(BUSY);
        }
        let told = self.line.try_update_value(|line| std::mem::take(&mut line.waiting)).unwrap_or_default();
        if !told.is_empty() {
            self.told.try_set(told);
        }
    }
}

/// Ends the stream.
fn close() {
    drop(SOURCE.take());
}

/// The same from within what it calls, which has to be there until it is over.
fn silence() {
    SOURCE.with_borrow(|kept| {
        if let Some(kept) = kept {
            kept.source.close();
        }
    });
}

/// Whether somebody is in the middle of something on the page: a dialog or a menu is open, a choice is, something is typed that was not
/// sent, or a part of the page says so itself.
fn busy() -> bool {
    let found = |what: &str| matches!(document().query_selector(what), Ok(Some(_)));
    // Apart, for a browser that does not know what a popover is.
    let menu = found("#page .menu:popover-open");
    menu || found("#page dialog[open], #page select:focus, #page [data-busy]") || typed()
}

fn typed() -> bool {
    let fields = "#page :is(input, textarea):not(dialog:not([open]) *)";
    let Ok(fields) = document().query_selector_all(fields) else { return false };
    (0..fields.length()).filter_map(|at| fields.item(at)).any(|field| {
        if let Some(text) = field.dyn_ref::<HtmlTextAreaElement>() {
            return text.default_value().is_ok_and(|before| before != text.value());
        }
        field.dyn_ref::<HtmlInputElement>().is_some_and(|input| match input.type_().as_str() {
            "checkbox" | "radio" => input.checked() != input.default_checked(),
            _ => input.value() != input.default_value(),
        })
    })
}
