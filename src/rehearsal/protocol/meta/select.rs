//! The parameter `fields`: names, and what is asked of what is inside (`id,creative{body,title}`).

use serde_json::{Map, Value};

use super::Refusal;

/// A field, and what is asked of what is inside of it.
#[derive(Debug, PartialEq)]
pub(super) struct Field {
    pub name: String,
    pub inside: Vec<Self>,
}

/// Reads the parameter.
pub(super) fn parse(text: &str) -> Result<Vec<Field>, Refusal> {
    let mut rest = text;
    let fields = read(&mut rest, 0)?;
    if rest.is_empty() { Ok(fields) } else { Err(wrong(text)) }
}

fn wrong(text: &str) -> Refusal {
    Refusal::syntax(&format!(
        "Syntax error \"Expected end of string instead of '{}'.\"",
        text.chars().last().unwrap_or(' ')
    ))
}

fn read(rest: &mut &str, depth: usize) -> Result<Vec<Field>, Refusal> {
    let mut fields = vec![];
    while !rest.is_empty() && !rest.starts_with('}') {
        let end = rest.find([',', '{', '}']).unwrap_or(rest.len());
        let name = rest[..end].trim().to_owned();
        if depth > 3 || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
            return Err(wrong(rest));
        }
        *rest = &rest[end..];
        let mut inside = vec![];
        if let Some(after) = rest.strip_prefix('{') {
            *rest = after;
            inside = read(rest, depth + 1)?;
            *rest = rest.strip_prefix('}').ok_or_else(|| wrong(rest))?;
        }
        if !name.is_empty() {
            fields.push(Field { name, inside });
        }
        *rest = rest.strip_prefix(',').unwrap_or(rest);
    }
    Ok(fields)
}

/// What was asked of a node that has everything; null is left out, and the id is always there.
pub(super) fn select(node: &Value, fields: &[Field], kind: &str) -> Result<Value, Refusal> {
    let mut told = Map::new();
    for field in fields {
        let Some(value) = node.get(&field.name) else {
            return Err(Refusal::parameter(&format!(
                "Tried accessing nonexisting field ({}) on node type ({kind})",
                field.name
            )));
        };
        let value = match value {
            Value::Object(_) if !field.inside.is_empty() => select(value, &field.inside, "AdCreative")?,
            Value::Object(all) => all.get("id").map(|id| serde_json::json!({ "id": id })).unwrap_or_default(),
            value => value.clone(),
        };
        if !value.is_null() {
            told.insert(field.name.clone(), value);
        }
    }
    if let Some(id) = node.get("id") {
        told.insert("id".into(), id.clone());
    }
    Ok(Value::Object(told))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn fields_are_read_and_selected() {
        let fields = parse("id,name,creative{body, title},status").unwrap();
        let node = json!({ "id": "1", "name": "x", "status": null, "creative": { "id": "2", "body": "b", "title": "t", "x": 1 } });
        let told = select(&node, &fields, "Ad").unwrap();
        assert_eq!(told, json!({ "id": "1", "name": "x", "creative": { "id": "2", "body": "b", "title": "t" } }));
        let told = select(&node, &parse("creative").unwrap(), "Ad").unwrap();
        assert_eq!(told, json!({ "id": "1", "creative": { "id": "2" } }));
        assert!(select(&node, &parse("luck").unwrap(), "Ad").is_err());
        for bad in ["a{b", "a}b", "a b", "a{b{c{d{e}}}}}"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
