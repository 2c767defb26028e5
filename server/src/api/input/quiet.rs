//! What is said of a value that cannot be read, without the value: it may be a password, or a token in the wrong place.

use serde_path_to_error::{Path, Segment};

/// Whether a text is a field's name as ours are. What is none is not repeated.
pub(crate) fn is_name(text: &str) -> bool {
    let letters = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_');
    letters && (1..=40).contains(&text.len()) && text.bytes().filter(u8::is_ascii_digit).count() <= 3
}

/// Serde's words, with what was expected and without what was sent.
pub(super) fn words(message: &str) -> String {
    let message = message.rsplit_once(" at line ").map_or(message, |(words, _)| words);
    // What is expected is ours and stands last; what was sent may hold anything.
    let expected =
        message.rsplit_once(", expected ").map_or_else(String::new, |(_, ours)| format!(", expected {ours}"));
    for wrong in ["invalid type: ", "invalid value: "] {
        if let Some(sent) = message.strip_prefix(wrong) {
            let kind = sent.split(['"', '`', ',']).next().unwrap_or_default().trim_end();
            return format!("{wrong}{kind}{expected}");
        }
    }
    if message.starts_with("unknown variant") {
        return format!("unknown variant{expected}");
    }
    if let Some(sent) = message.strip_prefix("unknown field `") {
        let name = sent.split('`').next().filter(|name| is_name(name));
        return name
            .map_or_else(|| format!("unknown field{expected}"), |name| format!("unknown field `{name}`{expected}"));
    }
    message.to_owned()
}

/// Serde's quiet words as people say them.
pub(super) fn plain(words: &str) -> String {
    let quoted = |text: &str| text.replace('`', "\"");
    let of = |expected: &str| match expected {
        "a string" | "a borrowed string" => "a text in quotation marks".to_owned(),
        "a map" => "an object in braces".to_owned(),
        "a sequence" => "a list in brackets".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, zero or more".to_owned(),
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number".to_owned(),
        "f32" | "f64" => "a number".to_owned(),
        expected if expected.contains("UUID") => "an id, which is a UUID".to_owned(),
        expected if expected.starts_with("struct ") => "an object in braces".to_owned(),
        expected => quoted(expected),
    };
    let expected = words.rsplit_once(", expected ").map(|(_, expected)| of(expected));
    let may = expected.map_or_else(String::new, |expected| format!(". It may be {expected}"));
    if words.starts_with("UUID parsing failed") {
        "an id is a UUID, such as 0190a1b2-c3d4-7000-8000-000000000001".to_owned()
    } else if let Some(name) = words.strip_prefix("missing field ") {
        format!("{} is missing", quoted(name))
    } else if let Some(name) = words.strip_prefix("duplicate field ") {
        format!("{} is there twice", quoted(name))
    } else if words.starts_with("unknown variant") {
        format!("this is none of the choices{may}")
    } else if let Some(rest) = words.strip_prefix("unknown field") {
        let name = rest.split(", expected ").next().unwrap_or_default().trim();
        let name = if name.is_empty() { " of this name".to_owned() } else { format!(" {}", quoted(name)) };
        format!(
            "there is no field{name}{}",
            may.replace("It may be one of", "There are").replace("It may be", "There is")
        )
    } else if words.starts_with("invalid type") || words.starts_with("invalid value") {
        format!("this is not of the kind that is read here{may}")
    } else if words.starts_with("invalid digit found") || words.starts_with("cannot parse integer") {
        "this is no whole number".to_owned()
    } else if words.starts_with("number too ") {
        "this number is too large or too small".to_owned()
    } else {
        words.to_owned()
    }
}

/// The same of a parameter in the address, whose name stands before serde's words; `said` says them.
pub(super) fn parameter(cause: &str, said: fn(&str) -> String) -> String {
    match cause.split_once(": ").filter(|(name, _)| is_name(name)) {
        Some((name, message)) => format!("{name}: {}", said(&words(message))),
        None => said(&words(cause)),
    }
}

/// Where the value stands; a name that is none of ours is a question mark.
pub(super) fn place(path: &Path) -> String {
    let mut place = String::new();
    for segment in path.iter() {
        let name = match segment {
            Segment::Seq { index } => {
                place.push_str(&format!("[{index}]"));
                continue;
            }
            Segment::Map { key } | Segment::Enum { variant: key } if is_name(key) => key.as_str(),
            _ => "?",
        };
        if !place.is_empty() {
            place.push('.');
        }
        place.push_str(name);
    }
    if place.is_empty() { ".".to_owned() } else { place }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "is only read")]
    struct Sent {
        way: Option<Way>,
        fields: Option<BTreeMap<String, String>>,
        rows: Option<Vec<u8>>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "snake_case")]
    enum Way {
        Consent,
        Token,
    }

    fn said(body: &str) -> (String, String) {
        let error =
            serde_path_to_error::deserialize::<_, Sent>(&mut serde_json::Deserializer::from_str(body)).unwrap_err();
        (place(error.path()), words(&error.inner().to_string()))
    }

    #[test]
    fn what_was_sent_is_not_repeated_and_what_is_expected_is_said() {
        let cases = [
            (r#"{"way":"shpat_S3cret"}"#, "way", "unknown variant, expected `consent` or `token`"),
            (r#"{"fields":"shpat_S3cret"}"#, "fields", "invalid type: string, expected a map"),
            (r#"{"fields":"S3cret, expected \"x\" at line 1"}"#, "fields", "invalid type: string, expected a map"),
            (r#"{"fields":{"shpat_S3cret":1}}"#, "fields.?", "invalid type: integer, expected a string"),
            (r#"{"rows":[1,"S3cret"]}"#, "rows[1]", "invalid type: string, expected u8"),
            (r#"{"rows":[1,4711]}"#, "rows[1]", "invalid value: integer, expected u8"),
            (r#"{"ways":1}"#, "ways", "unknown field `ways`, expected one of `way`, `fields`, `rows`"),
            (r#"{"shpat_S3cret":1}"#, "?", "unknown field, expected one of `way`, `fields`, `rows`"),
        ];
        for (body, place, words) in cases {
            let said = said(body);
            assert_eq!(said.1, words, "{body}");
            assert!(said.0 == place || said.0 == ".", "{body}: {}", said.0);
        }
    }

    #[test]
    fn a_wrong_parameter_is_named_and_not_repeated() {
        for (cause, said) in [
            ("limit: invalid digit found in string", "limit: invalid digit found in string"),
            ("missing field `from`", "missing field `from`"),
            ("duplicate field `limit`", "duplicate field `limit`"),
            (
                "by: unknown variant `shpat_S3cret`, expected `day` or `week`",
                "by: unknown variant, expected `day` or `week`",
            ),
            ("days: invalid type: string \"S3cret: 1\", expected u8", "days: invalid type: string, expected u8"),
            ("invalid type: string \"S3cret\", expected u8", "invalid type: string, expected u8"),
            ("unknown field `shpat_S3cret`, expected `limit`", "unknown field, expected `limit`"),
        ] {
            assert_eq!(parameter(cause, str::to_owned), said, "{cause}");
        }
    }

    #[test]
    fn people_are_told_what_is_wanted_in_words_of_theirs() {
        for (serde, said) in [
            (
                "UUID parsing failed: invalid character: found `x` at 0",
                "an id is a UUID, such as 0190a1b2-c3d4-7000-8000-000000000001",
            ),
            ("missing field `name`", "\"name\" is missing"),
            (
                "unknown variant, expected `consent` or `token`",
                "this is none of the choices. It may be \"consent\" or \"token\"",
            ),
            (
                "unknown field `ways`, expected one of `way`, `fields`",
                "there is no field \"ways\". There are \"way\", \"fields\"",
            ),
            ("unknown field, expected `limit`", "there is no field of this name. There is \"limit\""),
            (
                "invalid type: integer, expected a string",
                "this is not of the kind that is read here. It may be a text in quotation marks",
            ),
            (
                "invalid type: string, expected a map",
                "this is not of the kind that is read here. It may be an object in braces",
            ),
            ("invalid digit found in string", "this is no whole number"),
            ("duplicate field `limit`", "\"limit\" is there twice"),
        ] {
            assert_eq!(plain(serde), said, "{serde}");
        }
        assert_eq!(parameter("limit: invalid digit found in string", plain), "limit: this is no whole number");
    }

    #[test]
    fn names_of_fields_are_told_from_tokens() {
        for name in ["way", "access_token", "roas_30", "a"] {
            assert!(is_name(name), "{name}");
        }
        for token in ["", "EAAB", "shpat_0123456789abcdef", "a b", "x-y", &"a".repeat(41)] {
            assert!(!is_name(token), "{token}");
        }
    }
}
