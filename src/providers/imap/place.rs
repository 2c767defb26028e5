//! Where a mailbox is: what was typed, or what is known of its address's domain.

use std::collections::BTreeMap;

use url::Url;

use crate::{Error, Result};

pub(super) const ADDRESS: &str = "address";
pub(super) const IMAP_HOST: &str = "imap_host";
pub(super) const IMAP_PORT: &str = "imap_port";
pub(super) const SMTP_HOST: &str = "smtp_host";
pub(super) const SMTP_PORT: &str = "smtp_port";
pub(super) const USER_NAME: &str = "user_name";

/// Marks an address as the operator's own, which may lie in a private network. No typed host can bring it along.
const REPLACED: &str = "replaced";
/// Servers that put a copy of what they send among what was sent.
const SAVING: [&str; 4] = ["smtp.mail.yahoo.com", "smtp.aol.com", "smtp.gmail.com", "smtp.googlemail.com"];
const IMAPS: u16 = 993;
const SMTPS: u16 = 465;

/// How a server is spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Security {
    /// TLS from the first byte.
    Tls,
    /// TLS after STARTTLS, or nothing at all.
    StartTls,
    /// Plain: where the operator's setting says so.
    Plain,
}

/// A server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) security: Security,
    /// Whether the operator named it, not a person.
    pub(super) trusted: bool,
}

/// The two servers of a mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Servers {
    pub(super) imap: Server,
    pub(super) smtp: Server,
}

impl Servers {
    /// Those that a connection's address names.
    ///
    /// # Errors
    /// Rejected: it is none of ours, which only the operator's setting can be.
    pub(super) fn of(base: &Url) -> Result<Self> {
        let trusted = base.fragment() == Some(REPLACED);
        let smtp = base.query_pairs().find(|(name, _)| name == "smtp").map(|(_, value)| value.into_owned());
        let smtp = smtp.and_then(|url| url.parse::<Url>().ok()).ok_or_else(no_base)?;
        Ok(Self { imap: server(base, "imap", IMAPS, trusted)?, smtp: server(&smtp, "smtp", SMTPS, trusted)? })
    }
}

fn server(url: &Url, protocol: &str, usual: u16, trusted: bool) -> Result<Server> {
    let security = match url.scheme().strip_prefix(protocol) {
        Some("s") => Security::Tls,
        Some("") => Security::StartTls,
        Some("-plain") if trusted => Security::Plain,
        _ => return Err(no_base()),
    };
    let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(no_base)?;
    let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    Ok(Server { host, port: url.port().unwrap_or(usual), security, trusted })
}

fn no_base() -> Error {
    Error::Rejected(
        "mail servers are named like imaps://host:993/?smtp=smtps://host:465. Ask your operator about AUDIENCEOS_IMAP_BASE_URL"
            .into(),
    )
}

/// What a person chose, or the domain of the address says.
struct Chosen {
    imap: (String, u16),
    smtp: (String, u16),
}

/// The address of a connection with these fields, or `replaced` in its place.
///
/// # Errors
/// Rejected, saying what is wrong with a field.
pub(super) fn base(fields: &BTreeMap<String, String>, replaced: Option<&Url>) -> Result<Url> {
    // Elsewhere, too, what cannot be is said before anybody is asked.
    let chosen = chosen(fields);
    if let Some(replaced) = replaced {
        if fields.contains_key(ADDRESS) {
            chosen?;
        }
        let mut url = replaced.clone();
        url.set_fragment(Some(REPLACED));
        return Ok(url);
    }
    let Chosen { imap, smtp } = chosen?;
    let url = |protocol: &str, secure: u16, (host, port): (String, u16)| {
        format!("{protocol}{}://{host}:{port}", if port == secure { "s" } else { "" })
    };
    crate::address(&format!("{}/?smtp={}", url("imap", IMAPS, imap), url("smtp", SMTPS, smtp)))
}

/// The mailbox's address.
///
/// # Errors
/// Rejected: it is none.
pub(super) fn address(fields: &BTreeMap<String, String>) -> Result<&str> {
    let typed = fields.get(ADDRESS).map_or("", String::as_str);
    let good = typed.parse::<lettre::Address>().is_ok() && typed.is_ascii() && !typed.contains(['"', '<', '>', ' ']);
    good.then_some(typed).ok_or_else(|| Error::Rejected("an e-mail address looks like name@example.com".into()))
}

/// What stands behind the `@`; empty where nothing does.
pub(super) fn domain(fields: &BTreeMap<String, String>) -> &str {
    fields.get(ADDRESS).and_then(|address| address.rsplit_once('@')).map_or("", |(_, domain)| domain)
}

/// Whether a person named a server.
pub(super) fn typed(fields: &BTreeMap<String, String>) -> bool {
    [IMAP_HOST, SMTP_HOST].into_iter().any(|field| text(fields, field).is_some())
}

/// Whether the server puts what it sends among what was sent.
pub(super) fn saves_sent(fields: &BTreeMap<String, String>) -> bool {
    chosen(fields).is_ok_and(|chosen| SAVING.contains(&chosen.smtp.0.as_str()))
}

/// Whether Yahoo, or AOL which belongs to it, has the mailbox.
pub(super) fn of_yahoo(domain: &str) -> bool {
    known(domain).is_some()
}

/// The servers of a domain that everybody has, as Yahoo and AOL document them.
fn known(domain: &str) -> Option<(&'static str, &'static str)> {
    let labels = domain.split('.').count();
    match domain {
        "ymail.com" | "rocketmail.com" | "myyahoo.com" => Some(("imap.mail.yahoo.com", "smtp.mail.yahoo.com")),
        // yahoo.com, yahoo.de, yahoo.co.uk, yahoo.com.br
        _ if domain.starts_with("yahoo.") && (2..=3).contains(&labels) => {
            Some(("imap.mail.yahoo.com", "smtp.mail.yahoo.com"))
        }
        "aol.com" => Some(("imap.aol.com", "smtp.aol.com")),
        _ => None,
    }
}

fn text<'a>(fields: &'a BTreeMap<String, String>, name: &str) -> Option<&'a str> {
    fields.get(name).map(|text| text.trim()).filter(|text| !text.is_empty())
}

fn chosen(fields: &BTreeMap<String, String>) -> Result<Chosen> {
    address(fields)?;
    let domain = domain(fields);
    let known = known(domain);
    let host = |field: &str, kind: &str, known: Option<&'static str>| match (text(fields, field), known) {
        (Some(typed), _) => checked(typed, kind),
        (None, Some(known)) => Ok(known.to_owned()),
        (None, None) => Err(Error::Rejected(format!("the {kind} server of {domain} is not known here: type its name"))),
    };
    let port = |field: &str, kind: &str, usual: u16| match text(fields, field) {
        None => Ok(usual),
        Some(typed) => typed
            .parse()
            .ok()
            .filter(|port| *port != 0)
            .ok_or_else(|| Error::Rejected(format!("the {kind} port is a number from 1 to 65535"))),
    };
    Ok(Chosen {
        imap: (host(IMAP_HOST, "IMAP", known.map(|(imap, _)| imap))?, port(IMAP_PORT, "IMAP", IMAPS)?),
        smtp: (host(SMTP_HOST, "SMTP", known.map(|(_, smtp)| smtp))?, port(SMTP_PORT, "SMTP", SMTPS)?),
    })
}

/// A server's name with nothing else in it: no scheme, path, port or fragment.
fn checked(typed: &str, kind: &str) -> Result<String> {
    let name = typed.to_ascii_lowercase();
    let label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    };
    let good = name.contains('.') && name.len() <= 253 && name.split('.').all(label);
    good.then_some(name).ok_or_else(|| {
        Error::Rejected(format!(
            "the {kind} server is a name such as mail.example.com, without anything before or after it"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(fields: &[(&str, &str)]) -> BTreeMap<String, String> {
        fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn servers(typed: &[(&str, &str)]) -> Result<Servers> {
        Servers::of(&base(&fields(typed), None)?)
    }

    #[test]
    fn yahoo_and_aol_need_an_address_only() {
        for (address, host) in [
            ("o@yahoo.com", "mail.yahoo.com"),
            ("o@yahoo.co.uk", "mail.yahoo.com"),
            ("o@yahoo.de", "mail.yahoo.com"),
            ("o@ymail.com", "mail.yahoo.com"),
            ("o@rocketmail.com", "mail.yahoo.com"),
            ("o@aol.com", "aol.com"),
        ] {
            let typed = [(ADDRESS, address), (IMAP_HOST, ""), (SMTP_PORT, "")];
            let Servers { imap, smtp } = servers(&typed).unwrap();
            assert_eq!((imap.host, imap.port), (format!("imap.{host}"), 993), "{address}");
            assert_eq!((smtp.host, smtp.port), (format!("smtp.{host}"), 465), "{address}");
            assert_eq!((imap.security, smtp.security), (Security::Tls, Security::Tls));
            assert!(!imap.trusted && saves_sent(&fields(&typed)), "{address}");
        }
        for address in ["o@notyahoo.com", "o@mail.yahoo.evil.example.com", "o@yahoo.a.b.c", "o@acme.test"] {
            assert!(servers(&[(ADDRESS, address)]).is_err(), "{address}");
        }
    }

    #[test]
    fn typed_servers_are_spoken_to_over_tls_only() {
        let typed = [
            (ADDRESS, "o@acme.test"),
            (IMAP_HOST, "Mail.Acme.test"),
            (IMAP_PORT, "143"),
            (SMTP_HOST, "mail.acme.test"),
            (SMTP_PORT, "587"),
        ];
        let Servers { imap, smtp } = servers(&typed).unwrap();
        assert_eq!((imap.host.as_str(), imap.port, imap.security), ("mail.acme.test", 143, Security::StartTls));
        assert_eq!((smtp.host.as_str(), smtp.port, smtp.security), ("mail.acme.test", 587, Security::StartTls));
        assert!(!imap.trusted && !smtp.trusted && !saves_sent(&fields(&typed)));
    }

    #[test]
    fn what_is_typed_becomes_nothing_but_a_host() {
        let hosts = [
            "a.test/#replaced",
            "a.test#replaced",
            "imaps://a.test",
            "a.test:1",
            "localhost",
            "a b.test",
            "a..b",
            "[::1]",
            "ä.test",
            "a.test?smtp=x",
            "user@a.test",
            ".a.test",
        ];
        for host in hosts {
            for field in [IMAP_HOST, SMTP_HOST] {
                let mut typed = fields(&[(ADDRESS, "o@acme.test"), (IMAP_HOST, "a.test"), (SMTP_HOST, "a.test")]);
                typed.insert(field.to_owned(), host.to_owned());
                assert_eq!(base(&typed, None).unwrap_err().key(), "rejected", "{field} {host}");
            }
        }
        for port in ["0", "65536", "-1", "x", "1#replaced"] {
            let typed = [(ADDRESS, "o@acme.test"), (IMAP_HOST, "a.test"), (IMAP_PORT, port), (SMTP_HOST, "a.test")];
            assert_eq!(servers(&typed).unwrap_err().key(), "rejected", "{port}");
        }
        for address in ["", "o", "o@", "@a.test", "o@a.test\r\nRCPT TO:<x@b.test>", "<o@a.test>", "\"o o\"@a.test"] {
            assert_eq!(servers(&[(ADDRESS, address)]).unwrap_err().key(), "rejected", "{address}");
        }
    }

    #[test]
    fn the_operators_setting_replaces_servers_and_may_be_near_and_plain() {
        let url = "imap-plain://127.0.0.1:14143/?smtp=smtp-plain://127.0.0.1:14587".parse().unwrap();
        let replaced = base(&fields(&[(ADDRESS, "o@yahoo.com")]), Some(&url)).unwrap();
        let Servers { imap, smtp } = Servers::of(&replaced).unwrap();
        assert_eq!((imap.host.as_str(), imap.port, imap.security), ("127.0.0.1", 14143, Security::Plain));
        assert_eq!((smtp.port, smtp.security), (14587, Security::Plain));
        assert!(imap.trusted && smtp.trusted);
        // Not without the setting.
        assert!(Servers::of(&url).is_err());
        assert!(Servers::of(&"https://127.0.0.1/?smtp=smtps://127.0.0.1".parse().unwrap()).is_err());
        assert!(base(&fields(&[(ADDRESS, "nobody")]), Some(&url)).is_err());
    }
}
