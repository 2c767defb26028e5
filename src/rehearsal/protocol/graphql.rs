//! As much of GraphQL as an app needs: one operation with variables, arguments, aliases and selections. Fragments and
//! directives are refused in words.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

/// A field that is asked for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Field {
    /// What it is called in the answer.
    pub alias: String,
    pub name: String,
    pub arguments: BTreeMap<String, Value>,
    pub inside: Vec<Self>,
}

/// How deep a question may nest.
const DEEPEST: usize = 12;

/// What is asked for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Asked {
    /// Whether something is to be changed.
    pub mutation: bool,
    pub fields: Vec<Field>,
}

/// Reads an operation's selection; variables are put in.
pub(super) fn parse(text: &str, variables: &Value) -> Result<Asked, String> {
    let tokens = tokens(text)?;
    let mut reader = Reader { tokens: &tokens, at: 0, variables };
    let mutation = reader.peek() == Some("mutation");
    match reader.peek() {
        Some("{") => {}
        Some("query" | "mutation") => {
            while let Some(token) = reader.peek().filter(|token| *token != "{") {
                if token == "(" { reader.skip_parentheses()? } else { reader.at += 1 }
            }
        }
        Some(other) => return Err(format!("Parse error: expected a query, found {other}")),
        None => return Err("No query string was present".into()),
    }
    let fields = reader.selection(0)?;
    match reader.peek() {
        None => Ok(Asked { mutation, fields }),
        Some(rest) => Err(format!("Parse error: one operation is answered at a time, found {rest}")),
    }
}

fn tokens(text: &str) -> Result<Vec<String>, String> {
    let mut tokens = vec![];
    let mut letters = text.chars().peekable();
    while let Some(first) = letters.next() {
        let word = |letter: &char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '.' | '-');
        match first {
            '#' => while letters.next_if(|letter| *letter != '\n').is_some() {},
            '"' => {
                let mut token = String::from('"');
                loop {
                    match letters.next() {
                        Some('"') => break,
                        Some('\\') => token.extend(letters.next()),
                        Some(letter) => token.push(letter),
                        None => return Err("Parse error: a text is not closed".into()),
                    }
                }
                tokens.push(token);
            }
            letter if letter.is_whitespace() || letter == ',' => {}
            letter if word(&letter) => {
                let mut token = String::from(letter);
                while let Some(letter) = letters.next_if(word) {
                    token.push(letter);
                }
                tokens.push(token);
            }
            other => tokens.push(other.into()),
        }
    }
    Ok(tokens)
}

struct Reader<'a> {
    tokens: &'a [String],
    at: usize,
    variables: &'a Value,
}

impl<'a> Reader<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.tokens.get(self.at).map(String::as_str)
    }

    fn next(&mut self) -> Result<&'a str, String> {
        let token = self.peek().ok_or("Parse error: the query ends too early")?;
        self.at += 1;
        Ok(token)
    }

    fn expect(&mut self, wanted: &str) -> Result<(), String> {
        let found = self.next()?;
        if found == wanted { Ok(()) } else { Err(format!("Parse error: expected {wanted}, found {found}")) }
    }

    fn skip_parentheses(&mut self) -> Result<(), String> {
        while self.next()? != ")" {}
        Ok(())
    }

    fn name(&mut self) -> Result<String, String> {
        let name = self.next()?;
        let good = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if good { Ok(name.to_owned()) } else { Err(format!("Parse error: expected a name, found {name}")) }
    }

    fn selection(&mut self, depth: usize) -> Result<Vec<Field>, String> {
        self.expect("{")?;
        if depth > DEEPEST {
            return Err(format!("Query has depth of more than {DEEPEST}"));
        }
        let mut fields = vec![];
        while self.peek() != Some("}") {
            let (mut alias, mut name) = (None, self.name()?);
            if self.peek() == Some(":") {
                self.at += 1;
                (alias, name) = (Some(name), self.name()?);
            }
            let mut arguments = BTreeMap::new();
            if self.peek() == Some("(") {
                self.at += 1;
                while self.peek() != Some(")") {
                    let argument = self.name()?;
                    self.expect(":")?;
                    arguments.insert(argument, self.value()?);
                }
                self.at += 1;
            }
            let inside = if self.peek() == Some("{") { self.selection(depth + 1)? } else { vec![] };
            fields.push(Field { alias: alias.unwrap_or_else(|| name.clone()), name, arguments, inside });
        }
        self.at += 1;
        if fields.is_empty() { Err("Parse error: a selection is empty".into()) } else { Ok(fields) }
    }

    fn value(&mut self) -> Result<Value, String> {
        let token = self.next()?;
        if token == "$" {
            let name = self.name()?;
            return Ok(self.variables.get(&name).cloned().unwrap_or_default());
        }
        if let Some(text) = token.strip_prefix('"') {
            return Ok(text.into());
        }
        match token {
            "true" => Ok(true.into()),
            "false" => Ok(false.into()),
            "null" => Ok(Value::Null),
            "{" | "[" => Err("Parse error: lists and objects belong into variables".into()),
            number if number.parse::<i64>().is_ok() => Ok(number.parse::<i64>().unwrap_or_default().into()),
            word => Ok(word.into()), // one of an enumeration
        }
    }
}

fn edge(node: &Value) -> Value {
    serde_json::json!({ "node": node, "__typename": "Edge" })
}

/// What was asked for of a value that has everything; an object names its type in `__typename`.
pub(super) fn project(value: Value, fields: &[Field]) -> Result<Value, String> {
    match value {
        Value::Array(items) => items.into_iter().map(|item| project(item, fields)).collect(),
        Value::Object(mut all) => {
            let kind = |all: &Map<String, Value>| {
                all.get("__typename").and_then(Value::as_str).unwrap_or("QueryRoot").to_owned()
            };
            if fields.is_empty() {
                let kind = kind(&all);
                return Err(format!("Field must have selections (it returns {kind} but has no selections)"));
            }
            let mut told = Map::new();
            for (at, field) in fields.iter().enumerate() {
                let again = field.name == "__typename" || fields[at + 1..].iter().any(|other| other.name == field.name);
                // What is in a list may be asked for in two ways.
                let nodes = all.get("nodes").and_then(Value::as_array).filter(|_| field.name == "edges");
                let value = match nodes {
                    Some(nodes) => Some(nodes.iter().map(edge).collect()),
                    None if again || field.name == "nodes" => all.get(&field.name).cloned(),
                    None => all.get_mut(&field.name).map(Value::take),
                };
                let Some(value) = value else {
                    return Err(format!("Field '{}' doesn't exist on type '{}'", field.name, kind(&all)));
                };
                told.insert(field.alias.clone(), project(value, &field.inside)?);
            }
            Ok(Value::Object(told))
        }
        Value::Null => Ok(Value::Null),
        _ if !fields.is_empty() => Err(format!("Selections can't be made on scalars (field '{}')", fields[0].name)),
        scalar => Ok(scalar),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn questions_are_read_and_projected() {
        let text = r#"query Q($n: Int!, $after: String) { # two
            mine: orders(first: $n, after: $after, sortKey: UPDATED_AT, query: "a\"b") { nodes { id name } } shop { name } }"#;
        let fields = parse(text, &json!({ "n": 3 })).unwrap().fields;
        assert_eq!((fields[0].alias.as_str(), fields[0].name.as_str()), ("mine", "orders"));
        let arguments: BTreeMap<_, _> = fields[0].arguments.clone();
        assert_eq!(json!(arguments), json!({ "first": 3, "after": null, "sortKey": "UPDATED_AT", "query": "a\"b" }));
        let all = json!({ "orders": { "nodes": [{ "id": 1, "name": "x", "more": 2 }], "__typename": "OrderConnection" },
            "shop": null });
        let told = project(all, &fields).unwrap();
        let twice = parse("{ a: x b: x c: __typename d: __typename x }", &json!({})).unwrap().fields;
        let told_twice = project(json!({ "x": 1, "__typename": "T" }), &twice).unwrap();
        assert_eq!(told_twice, json!({ "a": 1, "b": 1, "c": "T", "d": "T", "x": 1 }));
        assert_eq!(told, json!({ "mine": { "nodes": [{ "id": 1, "name": "x" }] }, "shop": null }));
    }

    #[test]
    fn lists_are_told_by_nodes_and_by_edges() {
        let asked = parse("mutation M { l { edges { node { x } } nodes { x } } }", &json!({})).unwrap();
        assert!(asked.mutation);
        let told = project(json!({ "l": { "nodes": [{ "x": 1 }, { "x": 2 }] } }), &asked.fields).unwrap();
        let edges = json!([{ "node": { "x": 1 } }, { "node": { "x": 2 } }]);
        assert_eq!(told, json!({ "l": { "edges": edges, "nodes": [{ "x": 1 }, { "x": 2 }] } }));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let none = json!({});
        for bad in [
            "",
            "{",
            "{}",
            "{ a",
            "subscription { a }",
            "{ a(b: ) }",
            "{ a(b: [1]) }",
            "{ ...f }",
            "{ a } { b }",
            "{ a(b: \"x) }",
        ] {
            assert!(parse(bad, &none).is_err(), "{bad}");
        }
        assert!(parse(&"{ a ".repeat(40), &none).is_err());
        let value = json!({ "shop": { "__typename": "Shop", "name": "x" } });
        let say = |text: &str| project(value.clone(), &parse(text, &none).unwrap().fields).unwrap_err();
        assert_eq!(say("{ shop { age } }"), "Field 'age' doesn't exist on type 'Shop'");
        assert!(say("{ shop }").contains("must have selections") && say("{ shop { name { a } } }").contains("scalars"));
    }
}
