//! Saves what somebody writes while they write: a moment after they pause, one saving after the other, and never over something newer that
//! another device saved.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use leptos::{html, prelude::*, task::spawn_local};
use model::id::{ConversationId, UploadId};

use super::told::File;
use crate::error::AppError;

/// After this pause it is saved.
const PAUSE: Duration = Duration::from_millis(700);
/// Until it is looked again whether an earlier saving has ended.
const BUSY: Duration = Duration::from_millis(150);

/// Keeps what somebody writes; `after` is how often it had been saved. Gives back how often it is now. What is `left` behind is put below
/// what was saved meanwhile, and is not refused.
#[server(prefix = "/app", endpoint = "save_draft", output = crate::codec::Json)]
pub async fn save_draft(
    id: ConversationId,
    #[server(default)] to: String,
    #[server(default)] cc: String,
    #[server(default)] bcc: String,
    #[server(default)] subject: String,
    #[server(default)] text: String,
    #[server(default)] uploads: Vec<UploadId>,
    after: i64,
    #[server(default)] left: bool,
) -> Result<i64, AppError> {
    use service::{inbox::addresses, outgoing::draft};
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let (to, cc, bcc) = (addresses(&to), addresses(&cc), addresses(&bcc));
    let typed = model::outgoing::Draft { to, cc, bcc, subject, text, uploads };
    Ok(if left {
        draft::leave(&service, &actor, id, &typed, after).await?
    } else {
        draft::set(&service, &actor, id, &typed, after).await?
    })
}

/// Throws away what somebody was writing.
#[server(prefix = "/app", endpoint = "discard_draft", output = crate::codec::Json)]
pub async fn discard_draft(id: ConversationId) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::outgoing::draft::remove(&service, &actor, id).await?)
}

/// How what is being written stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Kept {
    /// As it was read.
    #[default]
    Still,
    /// Not saved yet.
    Typed,
    /// Saved.
    Saved,
    /// Another device saved something newer.
    Newer(String),
    /// It could not be saved.
    Failed(AppError),
}

/// What outlives the box: a saving may end after it was left.
#[derive(Debug, Default)]
struct Course {
    revision: AtomicI64,
    turn: AtomicUsize,
    busy: AtomicBool,
    /// It was sent or thrown away: a saving that ends later is undone.
    over: AtomicBool,
}

/// The fields of the box.
#[derive(Clone, Copy, Default)]
pub(super) struct Fields {
    pub to: NodeRef<html::Input>,
    pub cc: NodeRef<html::Input>,
    pub bcc: NodeRef<html::Input>,
    pub subject: NodeRef<html::Input>,
    pub text: NodeRef<html::Textarea>,
}

impl Fields {
    fn lines(self) -> [NodeRef<html::Input>; 4] {
        [self.to, self.cc, self.bcc, self.subject]
    }

    /// What stands in them; none once they are gone.
    fn read(self) -> Option<([String; 4], String)> {
        let text = self.text.try_get_untracked().flatten()?.value();
        let line = |field: NodeRef<html::Input>| field.try_get_untracked().flatten().map(|field| field.value());
        Some((self.lines().map(|field| line(field).unwrap_or_default()), text))
    }

    /// Nothing in them is unsaved: pages that are told of changes need not wait for them.
    fn settle(self) {
        if let Some(text) = self.text.try_get_untracked().flatten() {
            let value = text.value();
            let _ = text.set_default_value(&value);
        }
        for field in self.lines() {
            if let Some(field) = field.try_get_untracked().flatten() {
                field.set_default_value(&field.value());
            }
        }
    }
}

/// Saves what stands in the box of one conversation; cheap to copy.
#[derive(Clone, Copy)]
pub(super) struct Saving {
    id: ConversationId,
    course: StoredValue<Arc<Course>>,
    pub fields: Fields,
    pub files: RwSignal<Vec<File>>,
    pub kept: RwSignal<Kept>,
}

impl Saving {
    /// Of a box that was saved so often and has these files.
    pub fn new(id: ConversationId, revision: i64, files: Vec<File>) -> Self {
        let course = Course { revision: AtomicI64::new(revision), ..Course::default() };
        let saving = Self {
            id,
            course: StoredValue::new(Arc::new(course)),
            fields: Fields::default(),
            files: RwSignal::new(files),
            kept: RwSignal::new(Kept::default()),
        };
        // Whoever leaves in the middle of a word finds it again.
        on_cleanup(move || {
            if saving.kept.try_get_untracked() == Some(Kept::Typed) {
                saving.leave();
            }
        });
        saving
    }

    /// Something was typed.
    pub fn touch(self) {
        let Some(course) = self.course.try_get_value() else { return };
        let turn = course.turn.fetch_add(1, Ordering::Relaxed) + 1;
        self.kept.set(Kept::Typed);
        self.look(course, turn, PAUSE);
    }

    /// Saves soon, unless more is typed until then.
    fn look(self, course: Arc<Course>, turn: usize, wait: Duration) {
        set_timeout(
            move || {
                if course.turn.load(Ordering::Relaxed) != turn {
                    return;
                }
                if course.busy.load(Ordering::Relaxed) {
                    return self.look(course, turn, BUSY);
                }
                self.save();
            },
            wait,
        );
    }

    fn uploads(self) -> Vec<UploadId> {
        self.files.try_with_untracked(|files| files.iter().map(|file| file.id).collect()).unwrap_or_default()
    }

    /// Saves what stands in the fields although they are about to go.
    fn leave(self) {
        let (Some(course), Some((lines, text))) = (self.course.try_get_value(), self.fields.read()) else { return };
        // What waits for its time looks into fields that are gone.
        course.turn.fetch_add(1, Ordering::Relaxed);
        leave_behind(course, self.id, lines, text, self.uploads());
    }

    /// Saves what stands in the fields.
    fn save(self) {
        let (Some(course), Some((lines, text))) = (self.course.try_get_value(), self.fields.read()) else { return };
        if course.over.load(Ordering::Relaxed) || course.busy.swap(true, Ordering::Relaxed) {
            return;
        }
        let (id, turn, uploads) = (self.id, course.turn.load(Ordering::Relaxed), self.uploads());
        let after = course.revision.load(Ordering::Relaxed);
        spawn_local(async move {
            let [to, cc, bcc, subject] = lines;
            let saved = save_draft(id, to, cc, bcc, subject, text, uploads, after, false).await;
            course.busy.store(false, Ordering::Relaxed);
            if course.over.load(Ordering::Relaxed) {
                // It went while it was saved.
                let _ = discard_draft(id).await;
                return;
            }
            match saved {
                Ok(revision) => {
                    course.revision.store(revision, Ordering::Relaxed);
                    if course.turn.load(Ordering::Relaxed) == turn {
                        self.fields.settle();
                        self.kept.try_set(Kept::Saved);
                    }
                }
                Err(AppError::Conflict(words)) => {
                    self.kept.try_set(Kept::Newer(words));
                }
                Err(error) => {
                    self.kept.try_set(Kept::Failed(error));
                }
            }
        });
    }

    /// Tries again what could not be saved.
    pub fn retry(self) {
        self.save();
    }

    /// What is written goes out, or is thrown away: nothing of it is saved any more. Where that is refused, `false` takes it back.
    pub fn end(self, over: bool) {
        if let Some(course) = self.course.try_get_value() {
            course.turn.fetch_add(1, Ordering::Relaxed);
            course.over.store(over, Ordering::Relaxed);
        }
    }
}

/// Saves what was left behind, once no other saving is on its way.
fn leave_behind(course: Arc<Course>, id: ConversationId, lines: [String; 4], text: String, uploads: Vec<UploadId>) {
    if course.over.load(Ordering::Relaxed) {
        return;
    }
    if course.busy.swap(true, Ordering::Relaxed) {
        return set_timeout(move || leave_behind(course, id, lines, text, uploads), BUSY);
    }
    let after = course.revision.load(Ordering::Relaxed);
    spawn_local(async move {
        let [to, cc, bcc, subject] = lines;
        let _ = save_draft(id, to, cc, bcc, subject, text, uploads, after, true).await;
        course.busy.store(false, Ordering::Relaxed);
    });
}
