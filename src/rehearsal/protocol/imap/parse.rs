//! Commands as they come (RFC 9051 §9), literals included: a reader that takes one thing after another from the front, and gives
//! nothing where something else stands.

use time::{Date, Month, OffsetDateTime, Time, UtcOffset};

/// A whole command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Command {
    /// What its answer is known by.
    pub tag: String,
    /// In capital letters; commands about numbers that last begin with `UID `.
    pub name: String,
    /// What stands behind the name.
    pub given: Vec<u8>,
}

impl Command {
    /// Reads a command, without the end of its line.
    ///
    /// # Errors
    /// It is none: the tag that the refusal is told by.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, String> {
        let mut rest = Rest(bytes);
        let tag = rest.atom().filter(|tag| !tag.contains('+')).unwrap_or("*").to_owned();
        let mut name = || {
            rest.space()?;
            let mut name = rest.atom()?.to_ascii_uppercase();
            if name == "UID" {
                rest.space()?;
                name = format!("UID {}", rest.atom()?.to_ascii_uppercase());
            }
            Some(name)
        };
        let name = name().filter(|_| tag != "*");
        match name {
            Some(name) if rest.0.is_empty() || rest.space().is_some() => Ok(Self { tag, name, given: rest.0.to_vec() }),
            _ => Err(tag),
        }
    }

    /// Where it stands among what can go wrong on purpose: `/imap/uid/fetch`.
    pub(crate) fn path(&self) -> String {
        format!("/imap/{}", self.name.to_ascii_lowercase().replace(' ', "/"))
    }

    /// Whether it asks for a folder, whose numbers it says or learns.
    pub(crate) fn opens(&self) -> bool {
        matches!(self.name.as_str(), "SELECT" | "EXAMINE")
    }
}

/// What was not read yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rest<'a>(pub &'a [u8]);

impl<'a> Rest<'a> {
    /// Whether nothing is left.
    pub(super) fn is_over(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes this byte, if it stands there.
    pub(super) fn takes(&mut self, byte: u8) -> bool {
        let there = self.0.first() == Some(&byte);
        if there {
            self.0 = &self.0[1..];
        }
        there
    }

    pub(super) fn space(&mut self) -> Option<()> {
        self.takes(b' ').then_some(())
    }

    /// As many of these bytes as stand there; none where the first is another.
    pub(super) fn while_of(&mut self, is: impl Fn(u8) -> bool) -> Option<&'a str> {
        let length = self.0.iter().position(|byte| !is(*byte)).unwrap_or(self.0.len());
        let (taken, left) = self.0.split_at(length);
        let text = std::str::from_utf8(taken).ok().filter(|text| !text.is_empty())?;
        self.0 = left;
        Some(text)
    }

    pub(super) fn atom(&mut self) -> Option<&'a str> {
        self.while_of(|byte| byte.is_ascii_graphic() && !b"(){%*\"\\".contains(&byte))
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        self.while_of(|byte| byte.is_ascii_digit())?.parse().ok()
    }

    /// A flag, with its backslash.
    pub(super) fn flag(&mut self) -> Option<String> {
        let system = if self.takes(b'\\') { "\\" } else { "" };
        Some(format!("{system}{}", self.atom()?))
    }

    /// A literal, as it came with the command.
    pub(super) fn literal(&mut self) -> Option<&'a [u8]> {
        let mut rest = *self;
        if !rest.takes(b'{') {
            return None;
        }
        let length = usize::try_from(rest.number()?).ok()?;
        rest.takes(b'+');
        let body = rest.0.strip_prefix(b"}\r\n")?;
        let (bytes, left) = body.split_at_checked(length)?;
        *self = Self(left);
        Some(bytes)
    }

    fn quoted(&mut self) -> Option<Vec<u8>> {
        let mut rest = *self;
        if !rest.takes(b'"') {
            return None;
        }
        let mut text = vec![];
        loop {
            match rest.0 {
                [b'"', left @ ..] => {
                    *self = Rest(left);
                    return Some(text);
                }
                [b'\\', byte, left @ ..] | [byte, left @ ..] => {
                    text.push(*byte);
                    rest = Rest(left);
                }
                [] => return None,
            }
        }
    }

    /// A text, however it is written.
    pub(super) fn text(&mut self) -> Option<String> {
        let bytes = match self.0.first()? {
            b'"' => self.quoted()?,
            b'{' => self.literal()?.to_vec(),
            _ => self.atom()?.as_bytes().to_vec(),
        };
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// What stands in parentheses, with spaces between.
    pub(super) fn list<T>(&mut self, mut one: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        if !self.takes(b'(') {
            return None;
        }
        let mut all = vec![];
        while !self.takes(b')') {
            if !all.is_empty() {
                self.space()?;
            }
            all.push(one(self)?);
        }
        Some(all)
    }

    /// Numbers, such as `1:3,7,9:*`.
    pub(super) fn set(&mut self) -> Option<Set> {
        let text = self.while_of(|byte| byte.is_ascii_digit() || b":,*".contains(&byte))?;
        let number = |text: &str| match text {
            "*" => Some(None),
            text => text.parse::<u32>().ok().filter(|number| *number > 0).map(Some),
        };
        let range = |text: &str| match text.split_once(':') {
            Some((first, last)) => Some((number(first)?, number(last)?)),
            None => Some((number(text)?, number(text)?)),
        };
        text.split(',').map(range).collect::<Option<Vec<_>>>().map(Set)
    }

    /// A day as `1-Feb-2026`, also in quotation marks.
    pub(super) fn day(&mut self) -> Option<Date> {
        day(&self.text()?)
    }

    /// A moment as `"17-Jul-1996 02:44:25 -0700"`.
    pub(super) fn moment(&mut self) -> Option<OffsetDateTime> {
        let text = String::from_utf8(self.quoted()?).ok()?;
        let mut parts = text.split_whitespace();
        let (date, clock, zone) = (day(parts.next()?)?, parts.next()?, parts.next()?);
        let mut clock = clock.split(':').map(|part| part.parse::<u8>().ok());
        let time = Time::from_hms(clock.next()??, clock.next()??, clock.next()??).ok()?;
        let (sign, digits) = zone.split_at_checked(1)?;
        let sign = match sign {
            "+" => 1,
            "-" => -1,
            _ => return None,
        };
        let (hours, minutes) = digits.split_at_checked(2)?;
        let (hours, minutes): (i8, i8) = (hours.parse().ok()?, minutes.parse().ok()?);
        Some(date.with_time(time).assume_offset(UtcOffset::from_hms(sign * hours, sign * minutes, 0).ok()?))
    }
}

const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

fn day(text: &str) -> Option<Date> {
    let mut parts = text.split('-');
    let (day, month, year) = (parts.next()?.trim(), parts.next()?, parts.next()?);
    let month = (1..).zip(MONTHS).find(|(_, name)| name.eq_ignore_ascii_case(month))?.0;
    let date = Date::from_calendar_date(year.parse().ok()?, Month::try_from(month).ok()?, day.parse().ok()?).ok()?;
    parts.next().is_none().then_some(date)
}

/// A moment as a server tells it, on Greenwich's clocks.
pub(super) fn told(at: OffsetDateTime) -> String {
    let at = at.to_offset(UtcOffset::UTC);
    let (hour, minute, second) = at.to_hms();
    let month = MONTHS[usize::from(u8::from(at.month())) - 1];
    format!("\"{:2}-{month}-{:04} {hour:02}:{minute:02}:{second:02} +0000\"", at.day(), at.year())
}

/// Numbers, each from one to another; none is the largest that there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Set(Vec<(Option<u32>, Option<u32>)>);

impl Set {
    /// Whether a number is one of these, where `largest` is the largest that there is.
    pub(super) fn has(&self, number: u32, largest: u32) -> bool {
        self.0.iter().any(|(one, other)| {
            let (one, other) = (one.unwrap_or(largest), other.unwrap_or(largest));
            (one.min(other)..=one.max(other)).contains(&number)
        })
    }
}

#[cfg(test)]
mod tests {
    use time::macros::{date, datetime};

    use super::*;

    #[test]
    fn commands_have_a_tag_a_name_and_what_is_given() {
        let read = |text: &str| Command::read(text.as_bytes());
        let command = |tag: &str, name: &str, given: &str| {
            Ok(Command { tag: tag.into(), name: name.into(), given: given.into() })
        };
        assert_eq!(read("a1 noop"), command("a1", "NOOP", ""));
        assert_eq!(read("A0001 uid Fetch 1:* (UID)"), command("A0001", "UID FETCH", "1:* (UID)"));
        assert_eq!(read("a UID FETCH 1 X").unwrap().path(), "/imap/uid/fetch");
        for (bad, tag) in [("", "*"), ("a", "a"), ("a  noop", "a"), ("+ noop", "*"), ("a UID", "a"), ("a \"x\"", "a")] {
            assert_eq!(read(bad), Err(tag.to_owned()), "{bad}");
        }
    }

    #[test]
    fn texts_are_read_however_they_are_written() {
        let mut rest = Rest(b"INBOX \"a \\\"b\\\" \\\\c\" {5}\r\na) \r\n {2+}\r\nxy rest");
        let mut texts = vec![];
        while let Some(text) = rest.text() {
            texts.push(text);
            let _ = rest.space();
        }
        assert_eq!(texts, ["INBOX", "a \"b\" \\c", "a) \r\n", "xy", "rest"]);
        for bad in ["\"open", "{9}\r\nfew", "{x}\r\n", "{1}x", "(a"] {
            assert_eq!(Rest(bad.as_bytes()).text(), None, "{bad}");
        }
        let mut flags = Rest(b"(\\Seen $Junk) rest");
        assert_eq!(flags.list(Rest::flag), Some(vec!["\\Seen".to_owned(), "$Junk".to_owned()]));
        assert_eq!(Rest(b"()").list(Rest::flag), Some(vec![]));
        assert_eq!((Rest(b"(a").list(Rest::flag), Rest(b"(a  b)").list(Rest::flag)), (None, None));
    }

    #[test]
    fn sets_reach_to_the_largest_number() {
        let has = |text: &str, largest| {
            let set = Rest(text.as_bytes()).set().unwrap();
            (1..=12).filter(|number| set.has(*number, largest)).collect::<Vec<_>>()
        };
        assert_eq!(has("2:4,7,10:*", 11), [2, 3, 4, 7, 10, 11]);
        assert_eq!(has("4:2", 11), [2, 3, 4]);
        // The last message also where the number is a higher one.
        assert_eq!(has("12:*", 9), [9, 10, 11, 12]);
        assert_eq!(has("*", 9), [9]);
        for bad in ["0", "1:", ":", "1,,2", "x", "4294967296"] {
            assert_eq!(Rest(bad.as_bytes()).set(), None, "{bad}");
        }
    }

    #[test]
    fn moments_are_told_as_they_are_read() {
        assert_eq!(Rest(b"7-feb-2026").day(), Some(date!(2026 - 02 - 07)));
        assert_eq!(Rest(b"\" 7-Feb-2026\"").day(), Some(date!(2026 - 02 - 07)));
        let moment = Rest(b"\" 7-Jul-1996 02:44:25 -0730\"").moment();
        assert_eq!(moment, Some(datetime!(1996-07-07 02:44:25 -07:30)));
        let at = datetime!(2026-06-01 07:05:09 UTC);
        assert_eq!(told(at), "\" 1-Jun-2026 07:05:09 +0000\"");
        assert_eq!(Rest(told(at).as_bytes()).moment(), Some(at));
        for bad in ["31-Feb-2026", "1-2-2026", "1-Feb", "1-Feb-2026-1"] {
            assert_eq!(Rest(bad.as_bytes()).day(), None, "{bad}");
        }
    }
}
