//! The Google Ads query language, read: SELECT, FROM, WHERE, ORDER BY, LIMIT and PARAMETERS (which are not looked at).

use super::Refusal;

/// What is asked for.
#[derive(Debug, PartialEq)]
pub(super) struct Query {
    pub fields: Vec<String>,
    pub from: String,
    pub filters: Vec<Filter>,
    /// Fields, and whether the largest comes first.
    pub order: Vec<(String, bool)>,
    pub limit: Option<usize>,
}

/// A condition; all of them must hold.
#[derive(Debug, PartialEq)]
pub(super) struct Filter {
    pub field: String,
    pub test: Test,
}

#[derive(Debug, PartialEq)]
pub(super) enum Test {
    /// `=`, `!=`, `<`, `<=`, `>`, `>=`.
    Is(&'static str, String),
    /// One of these, or none of them.
    In(Vec<String>, bool),
    Between(String, String),
    During(String),
    /// Like this, or not; `%` stands for anything.
    Like(String, bool),
    /// Absent, or not.
    Null(bool),
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Sign(&'static str),
}

fn wrong(error: &'static str, words: &str) -> Refusal {
    Refusal::invalid("queryError", error, format!("Error in query: {words}"))
}

fn tokens(text: &str) -> Result<Vec<Token>, Refusal> {
    const SIGNS: [&str; 10] = ["!=", "<=", ">=", "=", "<", ">", ",", "(", ")", "+"];
    let mut tokens = vec![];
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            tokens.push(Token::Sign(sign));
            rest = &rest[sign.len()..];
        } else if first == '\'' || first == '"' {
            let (inside, after) = rest[1..]
                .split_once(first)
                .ok_or_else(|| wrong("STRING_NOT_TERMINATED", "a string is not terminated."))?;
            tokens.push(Token::Text(inside.to_owned()));
            rest = after;
        } else {
            let word = |letter: char| letter.is_ascii_alphanumeric() || "_.-:/~".contains(letter);
            let end = rest.find(|letter| !word(letter)).unwrap_or(rest.len());
            if end == 0 {
                return Err(wrong("BAD_SYMBOL", &format!("unexpected symbol {first}.")));
            }
            tokens.push(Token::Word(rest[..end].to_owned()));
            rest = &rest[end..];
        }
        rest = rest.trim_start();
    }
    Ok(tokens)
}

struct Reader {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
}

impl Reader {
    /// Takes the word, whatever its case.
    fn keyword(&mut self, wanted: &str) -> bool {
        self.tokens.next_if(|token| matches!(token, Token::Word(word) if word.eq_ignore_ascii_case(wanted))).is_some()
    }

    fn sign(&mut self, wanted: &str) -> bool {
        self.tokens.next_if(|token| matches!(token, Token::Sign(sign) if *sign == wanted)).is_some()
    }

    fn name(&mut self) -> Result<String, Refusal> {
        match self.tokens.next() {
            Some(Token::Word(word)) => Ok(word),
            Some(_) => Err(wrong("BAD_FIELD_NAME", "a field name was expected.")),
            None => Err(wrong("UNEXPECTED_END_OF_QUERY", "unexpected end of query.")),
        }
    }

    fn names(&mut self) -> Result<Vec<String>, Refusal> {
        let mut names = vec![self.name()?];
        while self.sign(",") {
            names.push(self.name()?);
        }
        Ok(names)
    }

    fn value(&mut self) -> Result<String, Refusal> {
        match self.tokens.next() {
            Some(Token::Word(value) | Token::Text(value)) => Ok(value),
            Some(_) => Err(wrong("BAD_VALUE", "a value was expected.")),
            None => Err(wrong("UNEXPECTED_END_OF_QUERY", "unexpected end of query.")),
        }
    }

    fn test(&mut self) -> Result<Test, Refusal> {
        for sign in ["=", "!=", "<=", ">=", "<", ">"] {
            if self.sign(sign) {
                return Ok(Test::Is(sign, self.value()?));
            }
        }
        if self.keyword("BETWEEN") {
            let from = self.value()?;
            if !self.keyword("AND") {
                return Err(wrong("EXPECTED_AND", "AND was expected between two values."));
            }
            return Ok(Test::Between(from, self.value()?));
        }
        if self.keyword("DURING") {
            return Ok(Test::During(self.value()?));
        }
        if self.keyword("IS") {
            let not = self.keyword("NOT");
            return match self.keyword("NULL") {
                true => Ok(Test::Null(!not)),
                false => Err(wrong("BAD_OPERATOR", "NULL was expected after IS.")),
            };
        }
        let not = self.keyword("NOT");
        if self.keyword("LIKE") {
            return Ok(Test::Like(self.value()?, not));
        }
        if self.keyword("IN") {
            if !self.sign("(") {
                return Err(wrong("EXPECTED_LIST", "a list was expected after IN."));
            }
            let mut list = vec![self.value()?];
            while self.sign(",") {
                list.push(self.value()?);
            }
            return match self.sign(")") {
                true => Ok(Test::In(list, not)),
                false => Err(wrong("EXPECTED_LIST", "a list is not closed.")),
            };
        }
        Err(wrong("BAD_OPERATOR", "the operator is not known."))
    }
}

/// Reads a query.
pub(super) fn parse(text: &str) -> Result<Query, Refusal> {
    let mut reader = Reader { tokens: tokens(text)?.into_iter().peekable() };
    if !reader.keyword("SELECT") {
        return Err(wrong("EXPECTED_SELECT", "SELECT was expected at the beginning."));
    }
    let fields = reader.names()?;
    if !reader.keyword("FROM") {
        return Err(wrong("EXPECTED_FROM", "FROM was expected after the fields."));
    }
    let mut query = Query { fields, from: reader.name()?, filters: vec![], order: vec![], limit: None };
    if reader.keyword("WHERE") {
        loop {
            let field = reader.name()?;
            query.filters.push(Filter { field, test: reader.test()? });
            if !reader.keyword("AND") {
                break;
            }
        }
    }
    if reader.keyword("ORDER") {
        if !reader.keyword("BY") {
            return Err(wrong("EXPECTED_BY", "BY was expected after ORDER."));
        }
        loop {
            let field = reader.name()?;
            let down = reader.keyword("DESC");
            let _ = reader.keyword("ASC");
            query.order.push((field, down));
            if !reader.sign(",") {
                break;
            }
        }
    }
    if reader.keyword("LIMIT") {
        let limit = reader.value()?.parse().ok().filter(|limit| *limit > 0);
        query.limit = Some(limit.ok_or_else(|| wrong("BAD_LIMIT_VALUE", "LIMIT must be a number above 0."))?);
    }
    if reader.keyword("PARAMETERS") {
        return Ok(query);
    }
    match reader.tokens.next() {
        None => Ok(query),
        Some(rest) => Err(wrong("UNEXPECTED_INPUT", &format!("unexpected input near {rest:?}."))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_of_a_query_is_read() {
        let text = "select campaign.id, metrics.clicks FROM campaign WHERE segments.date BETWEEN '2026-01-01' AND \"2026-01-07\" \
                    AND campaign.status IN ('ENABLED', PAUSED) and campaign.name NOT LIKE '%x%' AND metrics.clicks >= 3 \
                    AND campaign.id IS NOT NULL AND segments.date DURING LAST_7_DAYS ORDER BY metrics.clicks DESC, campaign.id \
                    LIMIT 5 PARAMETERS include_drafts=true";
        let query = parse(text).unwrap();
        assert_eq!((query.fields.len(), query.from.as_str(), query.limit), (2, "campaign", Some(5)));
        let tests: Vec<_> = query.filters.into_iter().map(|filter| filter.test).collect();
        let text = |text: &str| text.to_owned();
        assert_eq!(
            tests,
            [
                Test::Between(text("2026-01-01"), text("2026-01-07")),
                Test::In(vec![text("ENABLED"), text("PAUSED")], false),
                Test::Like(text("%x%"), true),
                Test::Is(">=", text("3")),
                Test::Null(false),
                Test::During(text("LAST_7_DAYS")),
            ]
        );
        assert_eq!(query.order, [(text("metrics.clicks"), true), (text("campaign.id"), false)]);
    }

    #[test]
    fn what_is_wrong_is_refused() {
        for bad in [
            "",
            "FROM campaign",
            "SELECT campaign.id",
            "SELECT FROM campaign WHERE",
            "SELECT a FROM b WHERE c",
            "SELECT a FROM b WHERE c = 'x",
            "SELECT a FROM b WHERE c IN 1",
            "SELECT a FROM b WHERE c BETWEEN 1 OR 2",
            "SELECT a FROM b ORDER c",
            "SELECT a FROM b LIMIT 0",
            "SELECT a FROM b LIMIT 1 2",
            "SELECT a; DROP TABLE b",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
