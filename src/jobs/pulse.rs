//! Whether a process that is to work the queue does: what `/readyz` asks.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

const ELSEWHERE: u8 = 0;
const BEGINS: u8 = 1;
const WORKS: u8 = 2;
const STOPPED: u8 = 3;

/// How the worker of this process is, for whoever asks; cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Pulse(Arc<AtomicU8>);

impl Pulse {
    /// This process is to work the queue from now on.
    pub fn begin(&self) -> Beat {
        self.0.store(BEGINS, Ordering::Relaxed);
        Beat(self.clone())
    }

    /// What is wrong, in words for operators; nothing where another process works the queue.
    pub fn fault(&self) -> Option<&'static str> {
        match self.0.load(Ordering::Relaxed) {
            ELSEWHERE | WORKS => None,
            BEGINS => Some("the job runner has not begun yet"),
            _ => Some("the job runner has stopped; the log says why, and it starts again by itself"),
        }
    }
}

/// What the worker reports with. Dropped, for instance by a panic, the worker has stopped.
#[derive(Debug)]
pub struct Beat(Pulse);

impl Beat {
    pub(crate) fn works(&self) {
        self.0.0.store(WORKS, Ordering::Relaxed);
    }

    pub(crate) fn stopped(&self) {
        self.0.0.store(STOPPED, Ordering::Relaxed);
    }
}

impl Drop for Beat {
    fn drop(&mut self) {
        self.stopped();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_worker_of_this_process_can_be_missing() {
        let pulse = Pulse::default();
        assert_eq!(pulse.fault(), None, "another process works the queue");
        let beat = pulse.begin();
        assert!(pulse.fault().is_some_and(|words| words.contains("not begun")));
        beat.works();
        assert_eq!(pulse.clone().fault(), None);
        beat.stopped();
        assert!(pulse.fault().is_some_and(|words| words.contains("stopped")));
        beat.works();
        drop(beat);
        assert!(pulse.fault().is_some_and(|words| words.contains("stopped")));
    }
}
