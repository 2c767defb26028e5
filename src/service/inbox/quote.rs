//! What a message says itself, apart from what it quotes below: mail programs put the whole past of a conversation under each answer.

/// A message's own words, and what it quotes at its end; the quote is empty where there is none. Answers that stand between quoted lines
/// stay with them.
pub fn fold(text: &str) -> (&str, &str) {
    let lines = lines(text);
    let at = (0..lines.len()).find(|at| begins(&lines, *at));
    match at.map(|at| lines[at].0) {
        // What quotes alone says nothing that could be folded under it.
        Some(at) if !text[..at].trim().is_empty() => (text[..at].trim_end(), text[at..].trim_end()),
        _ => (text.trim_end(), ""),
    }
}

/// Where each line begins, and its words.
fn lines(text: &str) -> Vec<(usize, &str)> {
    let mut at = 0;
    let mut lines = Vec::new();
    for line in text.split_inclusive('\n') {
        lines.push((at, line.trim()));
        at += line.len();
    }
    lines
}

/// Whether everything from this line on is quoted.
fn begins(lines: &[(usize, &str)], at: usize) -> bool {
    let word = |from: usize| lines.get(from).map(|(_, line)| *line).unwrap_or_default();
    let line = word(at);
    let header = |from: usize| is_header(word(from)) && is_header(word(from + 1));
    if line.starts_with("-----") && line.ends_with("-----") && line.chars().any(char::is_alphabetic) {
        return true;
    }
    // Outlook draws a line and repeats the headers; some programs repeat the headers alone.
    let drawn = line.len() >= 20 && line.chars().all(|c| c == '_');
    if (drawn || header(at)) && header(at + 1) {
        return true;
    }
    // "On … wrote:", in whatever language, which may take two lines.
    let introduces =
        |from: usize| word(from).ends_with(':') && word(from).contains(|c: char| c.is_ascii_digit() || c == '@');
    let after = |from: usize| (from..lines.len()).find(|next| !word(*next).is_empty());
    let quoted_from = |from: usize| {
        let mut rest = lines[from..].iter().filter(|(_, line)| !line.is_empty());
        rest.all(|(_, line)| line.starts_with('>'))
    };
    let all_quoted = |from: usize| after(from).is_some_and(quoted_from);
    match line {
        "" => false,
        _ if line.starts_with('>') => quoted_from(at),
        _ if introduces(at) => all_quoted(at + 1),
        _ => {
            line.len() < 200
                && !word(at + 1).starts_with('>')
                && introduces(at + 1)
                && dated(line)
                && all_quoted(at + 2)
        }
    }
}

/// Whether a line begins as the first one of "On Tue, 3 Nov 2026 at 14:05 …" does.
fn dated(line: &str) -> bool {
    line.chars().filter(char::is_ascii_digit).count() >= 4
}

/// Whether a line is a header that mail programs repeat above what they quote: a word of one of their languages, and something after it.
fn is_header(line: &str) -> bool {
    const WORDS: [&str; 16] = [
        "from", "sent", "date", "to", "cc", "subject", "von", "gesendet", "datum", "an", "betreff", "de", "envoyé",
        "à", "objet", "fecha",
    ];
    let line = line.trim_matches('*').trim_start_matches('>').trim();
    line.split_once(':').is_some_and(|(word, _)| WORDS.contains(&word.trim_matches('*').trim().to_lowercase().as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_quoted_at_the_end_is_folded() {
        let gmail =
            "Yes, on Monday.\n\nOn Tue, 3 Nov 2026 at 14:05, Ana <ana@mill.example> wrote:\n> Can we?\n> \n>> Soon\n";
        assert_eq!(
            fold(gmail),
            ("Yes, on Monday.", "On Tue, 3 Nov 2026 at 14:05, Ana <ana@mill.example> wrote:\n> Can we?\n> \n>> Soon")
        );
        let broken =
            "Ja.\r\n\r\nAm Di., 3. Nov. 2026 um 14:05 Uhr schrieb Ana\r\n<ana@mill.example>:\r\n\r\n> Geht das?\r\n";
        assert_eq!(fold(broken).0, "Ja.");
        let outlook =
            "Fine.\n\n________________________________\nFrom: Ana\nSent: Tuesday\nTo: Bo\nSubject: Sale\n\nCan we?";
        assert_eq!(fold(outlook).0, "Fine.");
        assert!(fold(outlook).1.ends_with("Can we?"));
        let older = "Fine.\n\n-----Original Message-----\nFrom: Ana\nCan we?";
        assert_eq!(fold(older).0, "Fine.");
    }

    #[test]
    fn what_is_no_quote_stays() {
        for text in ["", "Hello", "To: do\nmilk", "The figures at 10:30:\n1\n2", "> only a quote"] {
            assert_eq!(fold(text), (text, ""), "{text}");
        }
        let between = "Hello\n> first?\nYes.\n> second?\nNo.";
        assert_eq!(fold(between), (between, ""));
    }
}
