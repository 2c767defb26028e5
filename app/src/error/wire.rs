//! How an [`AppError`] travels: a kind and its words. A derived form would name every field of every kind in
//! what browsers download.

use serde::{Deserialize, Serialize};

use super::AppError;

/// Kind, words.
#[derive(Serialize, Deserialize)]
pub(super) struct Wire(u8, Vec<String>);

impl From<AppError> for Wire {
    fn from(error: AppError) -> Self {
        match error {
            AppError::SignedOut => Self(0, Vec::new()),
            AppError::Forbidden { rule, message } => Self(1, vec![rule, message]),
            AppError::Missing => Self(2, Vec::new()),
            AppError::Invalid { field, message, others } => {
                let others = others.into_iter().flat_map(|(field, message)| [field, message]);
                Self(3, [field, message].into_iter().chain(others).collect())
            }
            AppError::Conflict(message) => Self(4, vec![message]),
            AppError::Changed { message, held } => {
                let held = held.into_iter().flat_map(|(field, now, words)| [field, now, words]);
                Self(5, std::iter::once(message).chain(held).collect())
            }
            AppError::Unreachable => Self(6, Vec::new()),
            AppError::Internal { reference } => Self(7, vec![reference]),
        }
    }
}

impl From<Wire> for AppError {
    fn from(Wire(kind, words): Wire) -> Self {
        let mut words = words.into_iter();
        let mut word = || words.next().unwrap_or_default();
        match kind {
            0 => Self::SignedOut,
            1 => Self::Forbidden { rule: word(), message: word() },
            2 => Self::Missing,
            3 => {
                let (field, message) = (word(), word());
                let mut others = Vec::new();
                while let Some(field) = words.next() {
                    others.push((field, words.next().unwrap_or_default()));
                }
                Self::Invalid { field, message, others }
            }
            4 => Self::Conflict(word()),
            5 => {
                let message = word();
                let mut held = Vec::new();
                while let Some(field) = words.next() {
                    held.push((field, words.next().unwrap_or_default(), words.next().unwrap_or_default()));
                }
                Self::Changed { message, held }
            }
            6 => Self::Unreachable,
            _ => Self::Internal { reference: word() },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_comes_back_as_it_was() {
        let all = [
            AppError::SignedOut,
            AppError::Forbidden { rule: "clients.edit".into(), message: "no".into() },
            AppError::Missing,
            AppError::invalid("name", "is empty"),
            AppError::Invalid {
                field: "name".into(),
                message: "is empty".into(),
                others: [("website", "no address"), ("tags", "")]
                    .map(|(field, words)| (field.into(), words.into()))
                    .to_vec(),
            },
            AppError::Conflict("meanwhile".into()),
            AppError::Changed {
                message: "changed".into(),
                held: [("tags", "a", "now a"), ("notes", "", "now nothing")]
                    .map(|(field, now, words)| (field.into(), now.into(), words.into()))
                    .to_vec(),
            },
            AppError::Unreachable,
            AppError::Internal { reference: "abc".into() },
        ];
        for error in all {
            let text = leptos::serde_json::to_string(&error).unwrap();
            assert_eq!(leptos::serde_json::from_str::<AppError>(&text).unwrap(), error);
        }
    }
}
