//! Contacts: the people at a client, and the addresses by which messages find them.

use serde::{Deserialize, Serialize};

use crate::{
    email::EmailAddress,
    id::{ClientId, ContactId},
    input::{Invalid, Wrong, line, optional_line},
};

/// A person at a client.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// Its id.
    pub id: ContactId,
    /// The client.
    pub client_id: ClientId,
    /// Who, and how they write.
    pub fields: Fields,
}

/// Who a contact is and how they write. Each address belongs to one contact of an agency.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Fields {
    /// One line of 1–100 characters.
    pub name: String,
    /// E-mail addresses, in lower case.
    pub emails: Vec<String>,
    /// Phone numbers: a plus sign and digits.
    pub phones: Vec<String>,
    /// Names on social networks, in lower case without `@`.
    pub handles: Vec<String>,
}

impl Fields {
    /// Checks and tidies every field.
    ///
    /// # Errors
    /// Every field that cannot be accepted.
    pub fn parse(self) -> Result<Self, Invalid> {
        let email = |text: &String| EmailAddress::parse("emails", text).map(String::from);
        let handle = |text: &String| {
            let handle = optional_line("handles", "A handle", text, 100)?;
            Ok(handle.trim_start_matches('@').to_lowercase())
        };
        let mut wrong = Wrong::default();
        let parsed = Self {
            name: wrong.note(line("name", "Name", &self.name, 100)).unwrap_or_default(),
            emails: wrong.note(parse_all("emails", &self.emails, email)).unwrap_or_default(),
            phones: wrong.note(parse_all("phones", &self.phones, |text| parse_phone(text))).unwrap_or_default(),
            handles: wrong.note(parse_all("handles", &self.handles, handle)).unwrap_or_default(),
        };
        wrong.end()?;
        Ok(parsed)
    }

    /// Every address with its kind.
    pub fn addresses(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.emails
            .iter()
            .map(|address| ("email", address.as_str()))
            .chain(self.phones.iter().map(|address| ("phone", address.as_str())))
            .chain(self.handles.iter().map(|address| ("handle", address.as_str())))
    }
}

fn parse_all(
    field: &str,
    texts: &[String],
    parse: impl Fn(&String) -> Result<String, Invalid>,
) -> Result<Vec<String>, Invalid> {
    let mut kept = Vec::new();
    for text in texts.iter().filter(|text| !text.trim().is_empty()) {
        let parsed = parse(text)?;
        if !parsed.is_empty() && !kept.contains(&parsed) {
            kept.push(parsed);
        }
        if kept.len() > 20 {
            return Err(Invalid::new(field, "a contact can have at most 20 of these"));
        }
    }
    Ok(kept)
}

fn parse_phone(text: &str) -> Result<String, Invalid> {
    let wrong = || Invalid::new("phones", "enter a phone number with its country, like +49 30 1234567");
    let text = text.trim();
    if text.chars().any(|c| !(c.is_ascii_digit() || "+ ()-./".contains(c))) {
        return Err(wrong());
    }
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    if (6..=15).contains(&digits.len()) {
        Ok(if text.starts_with('+') { format!("+{digits}") } else { digits })
    } else {
        Err(wrong())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_tidied_so_that_messages_find_them() {
        let fields = Fields {
            name: " Jane Doe ".into(),
            emails: vec![" Jane@C1.com ".into(), "jane@c1.com".into(), " ".into()],
            phones: vec!["+49 (30) 123-4567".into()],
            handles: vec!["@JaneDoe".into()],
        };
        let parsed = fields.parse().unwrap();
        let addresses: Vec<_> = parsed.addresses().collect();
        assert_eq!(addresses, [("email", "jane@c1.com"), ("phone", "+49301234567"), ("handle", "janedoe")]);
        let wrong = Fields { name: "J".into(), phones: vec!["call me".into()], ..Fields::default() };
        assert_eq!(wrong.parse().unwrap_err().field, "phones");
        let wrong = Fields { emails: vec!["no address".into()], phones: vec!["call me".into()], ..Fields::default() };
        let told = wrong.parse().unwrap_err();
        assert_eq!(told.all().map(|one| one.field.as_str()).collect::<Vec<_>>(), ["name", "emails", "phones"]);
    }
}
