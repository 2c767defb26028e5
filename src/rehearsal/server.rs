//! One simulated world behind one address: a logical clock, faults, and the providers' protocols side by side.
//!
//! No two providers have a path in common (but for the consent and tokens of all that is Google's, which say what they are
//! about), so that one origin stands for all; a provider's key as the first part of a path
//! (`/meta_ads/v26.0/me/adaccounts`) is taken off. What is under `/rehearsal` is for people and tests (`admin`). Sockets are in
//! `listen`; `http`, `imap` and `submission` speak over them, the latter two at ports of their own (`mail`). Machine time comes in
//! as a function: nothing here reads a clock.

mod admin;
mod http;
mod imap;
mod lines;
mod listen;
mod mail;
mod submission;

use std::{
    fmt,
    future::Future,
    sync::{Arc, Mutex, PoisonError, RwLock},
    time::Duration as Pause,
};

use time::{Date, Duration, OffsetDateTime};

pub use self::listen::{Speech, serve};
use crate::{
    account::Platform,
    clock::{self, Zone},
    compared::Compared,
    fault::{Concern, Fault, Faults, Rule},
    plan::Channel,
    protocol::{self, Answer, App, Desk, Edge, Question, hold, refuse},
    world::{Error, World},
    writes::{Change, Write},
};

/// What time it is in the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// The end of this day in every zone, until it is moved: what `audienceos rehearsal truth --today` tells the truth of.
    EndOf(Date),
    /// This moment, until it is moved.
    Stands(OffsetDateTime),
    /// The machine's time and so much more.
    Runs(Duration),
}

/// A world with its clock and faults, which answers questions.
pub struct Rehearsal {
    desk: RwLock<Arc<Desk>>,
    clock: Mutex<Clock>,
    faults: Mutex<(u64, Faults)>,
    machine: fn() -> OffsetDateTime,
}

impl fmt::Debug for Rehearsal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rehearsal").field("clock", &self.clock()).finish_non_exhaustive()
    }
}

/// Who answers questions: one world, or somebody who knows several.
pub trait Answers: Send + Sync + 'static {
    /// Answers a question.
    fn reply(self: Arc<Self>, question: Question) -> impl Future<Output = Reply> + Send;
    /// Does something in the world that the name of somebody who signed in to the mail server belongs to.
    fn within<T: Send + 'static>(
        self: Arc<Self>,
        user: String,
        ask: impl FnOnce(&Rehearsal) -> T + Send + 'static,
    ) -> impl Future<Output = Result<T, Absent>> + Send;
}

/// Why nothing could be done in a world.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// No world is known by the name.
    Nobody,
    /// The world does not answer now.
    Away,
}

impl Answers for Rehearsal {
    async fn reply(self: Arc<Self>, question: Question) -> Reply {
        // Drawing a world takes longer than other connections should wait.
        let asked = tokio::task::spawn_blocking(move || self.ask(question)).await;
        asked.unwrap_or(Reply { answer: None, after: Pause::ZERO, half: false })
    }

    /// There is one world, whatever the name.
    async fn within<T: Send + 'static>(
        self: Arc<Self>,
        _: String,
        ask: impl FnOnce(&Rehearsal) -> T + Send + 'static,
    ) -> Result<T, Absent> {
        tokio::task::spawn_blocking(move || ask(&self)).await.map_err(|_| Absent::Away)
    }
}

/// What comes of a question.
#[derive(Debug)]
pub struct Reply {
    /// The answer; none where the connection is to end without one.
    pub answer: Option<Answer>,
    /// How long it takes.
    pub after: Pause,
    /// Whether the connection is to end in the middle of it.
    pub half: bool,
}

/// The world's last day, how far it is told, and the moment.
fn time_of(clock: Clock, machine: fn() -> OffsetDateTime) -> (Date, Edge, OffsetDateTime) {
    let at = |moment| (Zone::Berlin.day(moment), Edge::Moment, moment); // in the east days begin first
    match clock {
        // In the west they end last.
        Clock::EndOf(day) => (day, Edge::EndOfDay, clock::end(Zone::LosAngeles, day)),
        Clock::Stands(moment) => at(moment),
        Clock::Runs(ahead) => at(machine() + ahead),
    }
}

impl Rehearsal {
    /// The world of a seed; it begins on `first`, or as [`World::new`] says. `machine` tells the machine's time.
    ///
    /// # Errors
    /// There is no such world.
    pub fn new(
        seed: u64,
        first: Option<Date>,
        clock: Clock,
        app: App,
        machine: fn() -> OffsetDateTime,
    ) -> Result<Self, Error> {
        let (today, edge, _) = time_of(clock, machine);
        let world = match first {
            Some(first) => World::since(seed, first, today)?,
            None => World::new(seed, today)?,
        };
        let desk = RwLock::new(Arc::new(Desk::new(world, edge, app)));
        Ok(Self { desk, clock: Mutex::new(clock), faults: Mutex::default(), machine })
    }

    /// What time it is.
    pub fn clock(&self) -> Clock {
        *hold(&self.clock)
    }

    /// From now on these faults hold and no others.
    pub fn set_faults(&self, rules: Vec<Rule>) {
        hold(&self.faults).1.set(rules);
    }

    /// The desk of now, with everything that was changed so far, and the moment.
    fn now(&self) -> Result<(Arc<Desk>, OffsetDateTime), Error> {
        let (today, edge, now) = time_of(self.clock(), self.machine);
        let desk = Arc::clone(&self.desk.read().unwrap_or_else(PoisonError::into_inner));
        if desk.world.today() == today && desk.edge() == edge && !desk.changed() {
            return Ok((desk, now));
        }
        let mut place = self.desk.write().unwrap_or_else(PoisonError::into_inner);
        if place.world.today() != today || place.edge() != edge {
            *place = Arc::new(place.on(today, edge)?);
        }
        if let Some(renewed) = place.renewed() {
            *place = Arc::new(renewed);
        }
        Ok((Arc::clone(&place), now))
    }

    /// The desk as it is now, with its world.
    ///
    /// # Errors
    /// The world ends before now.
    pub fn desk(&self) -> Result<Arc<Desk>, Error> {
        self.now().map(|(desk, _)| desk)
    }

    /// What was changed through the providers, oldest first.
    pub fn writes(&self) -> Vec<Write> {
        self.desk.read().unwrap_or_else(PoisonError::into_inner).writes()
    }

    /// Takes up what was changed before the program was started again.
    pub fn take_up(&self, writes: Vec<Write>) {
        self.desk.read().unwrap_or_else(PoisonError::into_inner).take_up(writes);
    }

    /// Makes changes as people at the platforms would, unless any was made as a part of the same before. Whether it made them.
    ///
    /// # Errors
    /// The world ends before now.
    pub fn change_once(&self, part_of: &str, changes: &[(&Channel, Change)]) -> Result<bool, Error> {
        let (desk, now) = self.now()?;
        Ok(desk.write_once(part_of, now, changes))
    }

    /// Sets back what the changes that were a part of the same set, unless it was set anew since.
    ///
    /// # Errors
    /// The world ends before now.
    pub fn take_back(&self, part_of: &str) -> Result<(), Error> {
        let (desk, now) = self.now()?;
        desk.take_back(part_of, now);
        Ok(())
    }

    /// What the changes that were a part of the same truly brought, over `days` days at most (see [`World::compared_of`]).
    ///
    /// # Errors
    /// The world ends before now.
    pub fn compared_of(&self, part_of: &str, days: i64) -> Result<Option<Compared>, Error> {
        let (desk, now) = self.now()?;
        Ok(desk.world.compared_of(part_of, now, days))
    }

    /// What the last `days` whole days truly brought with the changes, and would have brought without (see [`World::compared`]).
    ///
    /// # Errors
    /// The world ends before now.
    pub fn compared(&self, days: i64) -> Result<Vec<Compared>, Error> {
        let (desk, now) = self.now()?;
        Ok(desk.world.compared(now, days))
    }

    /// From now on the world's clock is so far ahead of the machine's.
    pub fn set_ahead(&self, ahead: Duration) {
        *hold(&self.clock) = Clock::Runs(ahead);
    }

    /// Moves the clock on and returns the world's day and the moment.
    ///
    /// # Errors
    /// The world ends before; then nothing moves.
    fn forward(&self, by: Duration) -> Result<(Date, OffsetDateTime), Error> {
        let mut clock = hold(&self.clock);
        let whole = by.whole_days();
        let moved = match *clock {
            Clock::EndOf(day) if by == Duration::days(whole) => Clock::EndOf(day.checked_add(by).ok_or(Error::Year)?),
            Clock::Runs(ahead) => Clock::Runs(ahead.checked_add(by).ok_or(Error::Year)?),
            still => {
                let (.., now) = time_of(still, self.machine);
                Clock::Stands(now.checked_add(by).ok_or(Error::Year)?)
            }
        };
        let (today, edge, now) = time_of(moved, self.machine);
        let mut place = self.desk.write().unwrap_or_else(PoisonError::into_inner);
        *place = Arc::new(place.on(today, edge)?);
        *clock = moved;
        Ok((today, now))
    }

    /// Answers a question.
    pub fn ask(&self, mut question: Question) -> Reply {
        let plain = |answer| Reply { answer: Some(answer), after: Pause::ZERO, half: false };
        if let Some(path) = question.path.strip_prefix("/rehearsal") {
            let path = path.to_owned();
            return plain(admin::answer(self, &path, &question));
        }
        let platform = find(&mut question);
        let (desk, mut now) = match self.now() {
            Ok(found) => found,
            Err(error) => return plain(Answer::json(503, &serde_json::json!({ "error": error.to_string() }))),
        };
        let Some(platform) = platform else { return plain(protocol::answer(&desk, &question, now)) };
        let mut reply = Reply { answer: None, after: Pause::ZERO, half: false };
        let (mut refused, mut changes) = (None, vec![]);
        let about = (refuse::sign_in(&question.path), refuse::cursor(platform, &question));
        for fault in self.meet(platform.key(), &question.path, about) {
            match fault {
                Fault::Slow { millis } => reply.after += Pause::from_millis(millis.into()),
                Fault::Cut => return reply,
                Fault::Half => reply.half = true,
                Fault::ClockJump { seconds } => now += Duration::seconds(seconds),
                Fault::Restatement => question.early = true,
                Fault::Duplicates | Fault::OutOfOrder => changes.push(fault),
                fault => refused = refused.or_else(|| refuse::refuse(platform, &question, fault)),
            }
        }
        let answer = refused.unwrap_or_else(|| protocol::answer(&desk, &question, now));
        reply.answer = Some(changes.into_iter().fold(answer, |answer, fault| refuse::upset(platform, answer, fault)));
        reply
    }

    /// The faults that a request meets. Of it is said whether it is about consent or tokens, and whether it says where a page begins.
    fn meet(&self, provider: &str, path: &str, (sign_in, cursor): (bool, bool)) -> Vec<Fault> {
        let mut faults = hold(&self.faults);
        faults.0 += 1;
        let minute = (self.machine)().unix_timestamp().div_euclid(60);
        let concern = Concern { provider, path, sign_in, cursor, minute };
        let number = faults.0;
        faults.1.meet(number, &concern)
    }
}

/// Whose question it is; the provider's key is taken off its path.
fn find(question: &mut Question) -> Option<Platform> {
    let key = question.path.trim_start_matches('/').split('/').next().unwrap_or_default();
    let named = [
        Platform::GoogleAds,
        Platform::MetaAds,
        Platform::TikTokAds,
        Platform::Shopify,
        Platform::Gmail,
        Platform::Outlook,
    ];
    // Gmail's own paths begin with its name.
    let own = |path: &str| path.starts_with("/gmail/v1/");
    let found = named.into_iter().find(|platform| platform.key() == key).filter(|_| !own(&question.path));
    let Some(platform) = found else { return refuse::platform(question) };
    let rest = question.path[1 + key.len()..].to_owned();
    question.path = if rest.is_empty() { "/".to_owned() } else { rest };
    Some(platform)
}

#[cfg(test)]
mod tests;
