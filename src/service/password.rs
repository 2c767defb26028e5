//! Passwords: argon2id in a bounded pool, so that a flood of sign-ins cannot take all memory and processors.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use argon2::{
    Argon2, PasswordHash, PasswordHasher, PasswordVerifier,
    password_hash::{SaltString, rand_core::OsRng},
};
use model::input::Invalid;
use tokio::sync::Semaphore;

use crate::{Error, Result};

/// So many wait for each that is computed: about two seconds' worth.
const LINE: usize = 64;

/// Hashes and verifies, a few at a time. Parameters are the crate's defaults: argon2id, 19 MiB, 2 passes (OWASP).
#[derive(Debug)]
pub struct Passwords {
    permits: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    hashed: AtomicU64,
}

impl Passwords {
    /// At most `at_once` hashes run at the same time; 64 times as many wait, more are sent away.
    pub fn new(at_once: usize) -> Self {
        let places = |count| Arc::new(Semaphore::new(count));
        let at_once = at_once.max(1);
        Self { permits: places(at_once), waiting: places(at_once * LINE), hashed: AtomicU64::new(0) }
    }

    /// How many hashes were computed since the start: equal for known and unknown addresses.
    pub fn hashed(&self) -> u64 {
        self.hashed.load(Ordering::Relaxed)
    }

    /// The argon2id hash of `password`, with a new salt.
    ///
    /// # Errors
    /// Internal only.
    pub async fn hash(&self, password: &str) -> Result<String> {
        let password = password.to_owned();
        self.compute(move || {
            let salt = SaltString::generate(&mut OsRng);
            Argon2::default().hash_password(password.as_bytes(), &salt).map(|hash| hash.to_string())
        })
        .await?
        .map_err(|error| Error::Internal(error.to_string().into()))
    }

    /// Whether `password` has the stored `hash`. Without a hash the same work is done and the answer is no.
    ///
    /// # Errors
    /// Internal only.
    pub async fn verify(&self, password: &str, hash: Option<&str>) -> Result<bool> {
        let Some(hash) = hash.map(str::to_owned) else {
            self.hash(password).await?;
            return Ok(false);
        };
        let password = password.to_owned();
        self.compute(move || {
            PasswordHash::new(&hash)
                .is_ok_and(|parsed| Argon2::default().verify_password(password.as_bytes(), &parsed).is_ok())
        })
        .await
    }

    async fn compute<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let place = Arc::clone(&self.waiting).try_acquire_owned().map_err(|_| Error::Unavailable)?;
        let permit =
            Arc::clone(&self.permits).acquire_owned().await.map_err(|error| Error::Internal(Box::new(error)))?;
        drop(place);
        self.hashed.fetch_add(1, Ordering::Relaxed);
        // The work goes on when nobody waits for it any more, and holds its permit until it is done.
        let held = move || {
            let done = work();
            drop(permit);
            done
        };
        tokio::task::spawn_blocking(held).await.map_err(|error| Error::Internal(Box::new(error)))
    }
}

/// Checks a new password: 8–128 characters and not easily guessed, no composition rules. `inputs` are words that
/// must not carry it, such as the person's name and address.
///
/// # Errors
/// An [`Invalid`] for `field` that says how to mend it.
pub fn check_strength(field: &str, password: &str, inputs: &[&str]) -> std::result::Result<(), Invalid> {
    let length = password.chars().count();
    if length < 8 {
        return Err(Invalid::new(field, "use at least 8 characters"));
    }
    if length > 128 {
        return Err(Invalid::new(field, "use at most 128 characters"));
    }
    let estimate = zxcvbn::zxcvbn(password, inputs);
    if estimate.score() >= zxcvbn::Score::Three {
        return Ok(());
    }
    let advice = estimate
        .feedback()
        .and_then(|feedback| feedback.suggestions().first().map(ToString::to_string))
        .unwrap_or_else(|| "Add another word or two. Uncommon words are better.".to_owned());
    Err(Invalid::new(field, format!("this password is easy to guess. {advice}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_passwords_are_refused_with_advice() {
        assert!(check_strength("password", "1234567", &[]).unwrap_err().message.contains("at least 8"));
        assert!(check_strength("password", "password1", &[]).unwrap_err().message.contains("easy to guess"));
        assert!(check_strength("password", "olga acme", &["olga", "acme"]).is_err());
        assert!(check_strength("password", "correct horse battery staple", &[]).is_ok());
        assert!(
            check_strength("password", &"correct horse ".repeat(10), &[]).unwrap_err().message.contains("at most 128")
        );
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn those_who_go_away_do_not_make_room_for_more_than_the_machine_bears() {
        let passwords = Arc::new(Passwords::new(2));
        let (running, most) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        for _ in 0..50 {
            let (hashing, running, most) = (Arc::clone(&passwords), Arc::clone(&running), Arc::clone(&most));
            let work = move || {
                most.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::sleep(std::time::Duration::from_millis(5));
                running.fetch_sub(1, Ordering::SeqCst);
            };
            let asked = tokio::spawn(async move { hashing.compute(work).await });
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            asked.abort();
        }
        passwords.hash("correct horse").await.unwrap();
        assert!((1..=2).contains(&most.load(Ordering::SeqCst)), "{most:?} ran at once");
        // A line that is full sends the next away at once.
        let held = Arc::clone(&passwords.waiting).acquire_many_owned(u32::try_from(2 * LINE).unwrap()).await.unwrap();
        assert!(matches!(passwords.hash("correct horse").await, Err(Error::Unavailable)));
        drop(held);
        assert!(passwords.hash("correct horse").await.is_ok());
    }

    #[tokio::test]
    async fn unknown_addresses_cost_the_same_work() {
        let passwords = Passwords::new(1);
        let hash = passwords.hash("correct horse").await.unwrap();
        assert!(passwords.verify("correct horse", Some(&hash)).await.unwrap());
        assert!(!passwords.verify("wrong horse", Some(&hash)).await.unwrap());
        assert!(!passwords.verify("correct horse", None).await.unwrap());
        assert_eq!(passwords.hashed(), 4);
    }
}
