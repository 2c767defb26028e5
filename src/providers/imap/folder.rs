//! Which folders of a mailbox are read, and what lies in them: by their use (RFC 6154), else by the names that are usual.

use async_imap::imap_proto::{MailboxListData, NameAttribute};
use model::message::Place;

/// A folder, by the name that the server gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Folder {
    pub(super) name: String,
    pub(super) place: Place,
}

/// What the server says of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    name: String,
    delimiter: Option<String>,
    usage: Option<Place>,
    readable: bool,
}

impl Listed {
    pub(super) fn of(data: &MailboxListData<'_>) -> Self {
        use NameAttribute as A;
        let usage = data.name_attributes.iter().find_map(|attribute| match attribute {
            A::Sent => Some(Place::Sent),
            A::Archive => Some(Place::Archive),
            A::Junk => Some(Place::Spam),
            A::Trash => Some(Place::Trash),
            A::Drafts => Some(Place::Draft),
            _ => None,
        });
        let closed = |attribute: &A<'_>| match attribute {
            A::NoSelect => true,
            A::Extension(name) => name.eq_ignore_ascii_case("\\NonExistent"),
            _ => false,
        };
        // A name with these would have to be written otherwise than it was read.
        let plain = !data.name.contains(['"', '\\']) && !data.name.contains(char::is_control);
        Self {
            name: data.name.clone().into_owned(),
            delimiter: data.delimiter.as_ref().map(|delimiter| delimiter.clone().into_owned()),
            usage,
            readable: plain && !data.name_attributes.iter().any(closed),
        }
    }

    /// The name without what stands before it; a folder that lies deeper than right below the inbox has none that is usual.
    fn usual(&self) -> Option<Place> {
        let delimiter = self.delimiter.as_deref().filter(|delimiter| !delimiter.is_empty());
        let parts: Vec<_> = delimiter.map_or_else(|| vec![self.name.as_str()], |by| self.name.split(by).collect());
        let own = match parts.as_slice() {
            [own] => own,
            [above, own] if above.eq_ignore_ascii_case("INBOX") => own,
            _ => return None,
        };
        let named = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(own));
        USUAL.iter().find(|(_, names)| named(names)).map(|(place, _)| *place)
    }
}

/// The names that are usual, in the languages of our users, as the server spells them.
const USUAL: [(Place, &[&str]); 4] = [
    (Place::Sent, &["Sent", "Sent Items", "Sent Mail", "Sent Messages", "Gesendet", "Gesendete Elemente"]),
    (Place::Archive, &["Archive", "Archives", "Archiv"]),
    (Place::Spam, &["Junk", "Spam", "Bulk", "Bulk Mail", "Junk E-mail", "Junk Email"]),
    (Place::Trash, &["Trash", "Deleted Items", "Deleted Messages", "Papierkorb"]),
];

/// The folders that are read, in the order in which they are; none when there is no inbox.
pub(super) fn chosen(listed: &[Listed]) -> Vec<Folder> {
    let readable = || listed.iter().filter(|folder| folder.readable);
    let of = |folder: &Listed, place| Folder { name: folder.name.clone(), place };
    let Some(inbox) = readable().find(|folder| folder.name.eq_ignore_ascii_case("INBOX")) else { return Vec::new() };
    let others = USUAL.iter().filter_map(|(place, _)| {
        let used = readable().find(|folder| folder.usage == Some(*place));
        let named = || readable().find(|folder| folder.usage.is_none() && folder.usual() == Some(*place));
        used.or_else(named).map(|folder| of(folder, *place))
    });
    std::iter::once(of(inbox, Place::Inbox)).chain(others).collect()
}

#[cfg(test)]
mod tests {
    use async_imap::imap_proto::{MailboxDatum, Response};

    use super::*;

    fn read(lines: &[&str]) -> Vec<(String, Place)> {
        let listed: Vec<_> = lines
            .iter()
            .map(|line| {
                let line = format!("* LIST {line}\r\n");
                match Response::parse(line.as_bytes()) {
                    Ok((_, Response::MailboxData(MailboxDatum::List(data)))) => Listed::of(&data),
                    other => panic!("{other:?}"),
                }
            })
            .collect();
        chosen(&listed).into_iter().map(|folder| (folder.name, folder.place)).collect()
    }

    fn folder(name: &str, place: Place) -> (String, Place) {
        (name.to_owned(), place)
    }

    #[test]
    fn the_servers_word_for_a_folder_goes_before_its_name() {
        let yahoo = read(&[
            r#"(\Archive \HasNoChildren) "/" "Archive""#,
            r#"(\Junk \HasNoChildren) "/" "Bulk""#,
            r#"(\Drafts \HasNoChildren) "/" "Draft""#,
            r#"(\HasNoChildren) "/" "Inbox""#,
            r#"(\HasNoChildren) "/" "Sent""#,
            r#"(\HasNoChildren \Sent) "/" "Gesendete &AMQ-""#,
            r#"(\HasNoChildren \Trash) "/" "Trash""#,
            r#"(\HasNoChildren) "/" "Clients/Sent""#,
        ]);
        let expected = [
            folder("INBOX", Place::Inbox),
            folder("Gesendete &AMQ-", Place::Sent),
            folder("Archive", Place::Archive),
            folder("Bulk", Place::Spam),
            folder("Trash", Place::Trash),
        ];
        assert_eq!(yahoo, expected);
    }

    #[test]
    fn usual_names_do_where_the_server_says_nothing() {
        let old = read(&[
            r#"() "." INBOX"#,
            r#"() "." "INBOX.Sent Items""#,
            r#"(\Noselect) "." INBOX.Archive"#,
            r#"() "." INBOX.spam"#,
            r#"() "." INBOX.Clients.Trash"#,
            r#"() "." "odd\"name""#,
        ]);
        let expected =
            [folder("INBOX", Place::Inbox), folder("INBOX.Sent Items", Place::Sent), folder("INBOX.spam", Place::Spam)];
        assert_eq!(old, expected);
        assert_eq!(read(&[r#"() NIL INBOX"#, r#"() NIL Sent"#]).len(), 2);
    }

    #[test]
    fn gmails_folder_of_everything_is_not_read_and_no_inbox_is_no_mailbox() {
        let gmail = read(&[
            r#"(\HasNoChildren) "/" "INBOX""#,
            r#"(\All \HasNoChildren) "/" "[Gmail]/All Mail""#,
            r#"(\HasNoChildren \Sent) "/" "[Gmail]/Sent Mail""#,
        ]);
        assert_eq!(gmail, [folder("INBOX", Place::Inbox), folder("[Gmail]/Sent Mail", Place::Sent)]);
        assert!(read(&[r#"() "/" Sent"#]).is_empty());
    }
}
