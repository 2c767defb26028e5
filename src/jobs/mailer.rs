//! Sending mail: through SMTP when it is set, else into the outbox folder, where an operator finds `.eml` files,
//! one for each effect key, so that a repeated job leaves one file.

use std::{
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::PathBuf,
};

use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{
        Body, Mailbox, MultiPart, SinglePart,
        header::{ContentTransferEncoding, ContentType},
    },
    transport::smtp,
};
use model::email::EmailAddress;

/// A mail to one person, in plain text and HTML.
#[derive(Clone, Debug)]
pub struct Mail {
    /// The same for every attempt to send the same mail, so that receivers can tell a repeat.
    pub effect_key: String,
    /// Whom to write to.
    pub to: EmailAddress,
    /// One line.
    pub subject: String,
    /// The text, paragraphs separated by blank lines.
    pub text: String,
}

/// A file that goes with a mail.
#[derive(Clone, Debug)]
pub struct Attachment {
    /// What it is called there.
    pub name: String,
    /// Its media type.
    pub media_type: &'static str,
    /// The file.
    pub bytes: Vec<u8>,
}

/// Why a mail did not go out.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The mail cannot be built; trying again will not help.
    #[error("the mail could not be built: {0}")]
    Malformed(String),
    /// The mail server refused or could not be reached.
    #[error("the mail server did not take the mail: {0}")]
    Smtp(#[from] smtp::Error),
    /// The outbox folder cannot be written.
    #[error("the outbox folder could not be written: {0}")]
    Outbox(#[from] std::io::Error),
}

/// The longest line of a mail that is not encoded (RFC 5322).
const LONGEST_LINE: usize = 998;

/// Sends mail from one address.
#[derive(Debug)]
pub struct Mailer {
    from: Mailbox,
    transport: Transport,
}

#[derive(Debug)]
enum Transport {
    Smtp(Box<AsyncSmtpTransport<Tokio1Executor>>),
    Outbox(PathBuf),
}

impl Mailer {
    /// Sends through an SMTP server given as `smtp://` or `smtps://user:password@host:port`.
    ///
    /// # Errors
    /// The address of the server or the sender is malformed.
    pub fn smtp(url: &str, from: &str) -> Result<Self, MailError> {
        let transport = AsyncSmtpTransport::<Tokio1Executor>::from_url(url)?
            .timeout(Some(std::time::Duration::from_secs(20)))
            .build();
        Ok(Self { from: mailbox(from)?, transport: Transport::Smtp(Box::new(transport)) })
    }

    /// Writes into `folder`, which is made when it is missing and closed to other users: mails hold links that work.
    ///
    /// # Errors
    /// The folder cannot be made or the sender is malformed.
    pub fn outbox(folder: PathBuf, from: &str) -> Result<Self, MailError> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o700))?;
        Ok(Self { from: mailbox(from)?, transport: Transport::Outbox(folder) })
    }

    /// Sends `mail`.
    ///
    /// # Errors
    /// It did not go out.
    pub async fn send(&self, mail: &Mail) -> Result<(), MailError> {
        self.send_parts(mail, self.parts(&mail.text)).await
    }

    /// Sends `mail` with a file.
    ///
    /// # Errors
    /// It did not go out.
    pub async fn send_with(&self, mail: &Mail, file: &Attachment) -> Result<(), MailError> {
        let kind = ContentType::parse(file.media_type).map_err(|error| MailError::Malformed(error.to_string()))?;
        let file = lettre::message::Attachment::new(file.name.clone()).body(file.bytes.clone(), kind);
        self.send_parts(mail, MultiPart::mixed().multipart(self.parts(&mail.text)).singlepart(file)).await
    }

    async fn send_parts(&self, mail: &Mail, parts: MultiPart) -> Result<(), MailError> {
        let domain = self.from.email.domain();
        let message = Message::builder()
            .message_id(Some(format!("<{}@{domain}>", mail.effect_key)))
            .from(self.from.clone())
            .to(mailbox(mail.to.as_str())?)
            .subject(&mail.subject)
            .multipart(parts)
            .map_err(|error| MailError::Malformed(error.to_string()))?;
        match &self.transport {
            Transport::Smtp(transport) => {
                transport.send(message).await?;
            }
            Transport::Outbox(folder) => {
                let part = folder.join(format!("{}.part", mail.effect_key));
                tokio::fs::write(&part, message.formatted()).await?;
                tokio::fs::rename(&part, folder.join(format!("{}.eml", mail.effect_key))).await?;
            }
        }
        Ok(())
    }
}

impl Mailer {
    /// The text, plain and as HTML. In the outbox both stand as they are, so that a link can be copied from the file;
    /// through SMTP they are encoded for servers that take seven bits only.
    fn parts(&self, text: &str) -> MultiPart {
        let part = |kind: ContentType, text: String| {
            let short = text.lines().all(|line| line.len() <= LONGEST_LINE);
            let body = match self.transport {
                Transport::Outbox(_) if short => {
                    let lines = text.replace('\n', "\r\n").into_bytes();
                    Body::dangerous_pre_encoded(lines, ContentTransferEncoding::EightBit)
                }
                Transport::Outbox(_) | Transport::Smtp(_) => Body::new(text),
            };
            SinglePart::builder().header(kind).body(body)
        };
        MultiPart::alternative()
            .singlepart(part(ContentType::TEXT_PLAIN, text.to_owned()))
            .singlepart(part(ContentType::TEXT_HTML, html(text)))
    }
}

fn mailbox(text: &str) -> Result<Mailbox, MailError> {
    text.parse().map_err(|error| MailError::Malformed(format!("{text}: {error}")))
}

/// The text as simple HTML: paragraphs, and links for lines that are addresses of pages.
fn html(text: &str) -> String {
    let escape =
        |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;");
    let paragraphs: String = text
        .split("\n\n")
        .map(|paragraph| {
            let body = escape(paragraph).replace('\n', "<br>");
            if paragraph.starts_with("https://") || paragraph.starts_with("http://") {
                format!("<p><a href=\"{body}\">{body}</a></p>\n")
            } else {
                format!("<p>{body}</p>\n")
            }
        })
        .collect();
    format!(
        "<!doctype html><html><body style=\"font-family:sans-serif;font-size:15px;line-height:1.5\">\n{paragraphs}</body></html>"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_shows_names_literally_and_links_addresses() {
        let html = html("Hello <b>Olga</b> & co\n\nhttps://a.test/x?a=1&b=2");
        assert!(html.contains("Hello &lt;b&gt;Olga&lt;/b&gt; &amp; co"));
        assert!(html.contains("<a href=\"https://a.test/x?a=1&amp;b=2\">"));
    }
}
