//! Values as the database keeps them.

use serde::Serialize;
use serde_json::Value;

use crate::{Error, Result};

/// The value as JSON for the database, which takes no NUL in a text: what stands for it says that a character was there.
pub(crate) fn json<T: Serialize>(value: &T) -> Result<Value> {
    let mut json = serde_json::to_value(value).map_err(|error| Error::Database(sqlx::Error::Encode(error.into())))?;
    visible(&mut json);
    Ok(json)
}

fn visible(value: &mut Value) {
    match value {
        Value::String(text) if text.contains('\0') => *text = text.replace('\0', "\u{fffd}"),
        Value::Array(items) => items.iter_mut().for_each(visible),
        Value::Object(fields) => fields.values_mut().for_each(visible),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    #[test]
    fn nul_is_shown_as_a_character_that_is_none() {
        let kept = super::json(&json!({ "cells": ["a\0b", { "c": "\0" }], "n": 1 }));
        assert_eq!(kept.ok(), Some(json!({ "cells": ["a\u{fffd}b", { "c": "\u{fffd}" }], "n": 1 })));
    }
}
