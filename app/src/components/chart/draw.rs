//! The drawing that the server sends: a picture for those without scripts, and for all until the browser's chart is there.
//!
//! It is text, with all that people named escaped, so that making it alive costs nothing. Two drawings stand beside each other:
//! the axis, of fixed width, and the area, as wide as it may be; there letters are not stretched, paths are. A colour is the class
//! `s1` to `s6`, and no style stands in an attribute.

mod axis;
mod heat;
mod lines;
mod response;
mod stack;

use std::fmt::Write;

use model::chart::{Chart, Kind, Mark, Span};

use super::path::{FOOT, TOP, percent};

/// A drawing, as text inside of `svg`.
#[derive(Debug)]
pub(super) struct Drawing {
    /// What stands left of the area.
    pub(super) axis: String,
    /// How wide that is, in pixels.
    pub(super) axis_width: u32,
    /// The area.
    pub(super) area: String,
    /// How high both are, in pixels.
    pub(super) height: u32,
}

/// Draws it.
pub(super) fn of(chart: &Chart) -> Drawing {
    match &chart.kind {
        Kind::Lines(of) => lines::draw(of, &chart.unit),
        Kind::Stack(of) => stack::draw(of, &chart.unit),
        Kind::Response(of) => response::draw(of, &chart.unit),
        Kind::Heat(of) => heat::draw(of, &chart.unit),
    }
}

/// A text between tags or in an attribute.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(letter),
        }
    }
    out
}

/// As many letters as there is room for.
fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    text.chars().take(most.saturating_sub(1)).chain(['…']).collect()
}

/// The stretched part of an area, around paths.
fn stretched(paths: &str) -> String {
    format!(
        r#"<svg width="100%" height="{FOOT}" viewBox="0 0 10000 {}" preserveAspectRatio="none" aria-hidden="true">{paths}</svg>"#,
        FOOT * 10
    )
}

/// A path of a class; nothing for an empty one.
fn path(class: &str, path: &str) -> String {
    if path.is_empty() {
        return String::new();
    }
    format!(r#"<path class="{class}" d="{path}"/>"#)
}

/// A word in the area.
fn text(class: &str, across: i32, y: i32, anchor: &str, words: &str) -> String {
    format!(r#"<text class="{class}" x="{}" y="{y}" text-anchor="{anchor}">{}</text>"#, percent(across), escaped(words))
}

/// Names at the right end of their lines, pushed apart where they would lie on each other.
fn names(mut all: Vec<(i32, usize, &str)>) -> String {
    const LINE: i32 = 14;
    all.sort_by_key(|(y, ..)| *y);
    let mut out = String::new();
    let mut least = TOP + 4;
    for (at, (y, series, name)) in all.iter().enumerate() {
        // Enough room is kept for those below.
        let below = i32::try_from(all.len() - 1 - at).unwrap_or_default() * LINE;
        let y = (y / 10 - 6).max(least).min((FOOT - 4 - below).max(least));
        out.push_str(&text(&format!("chart-name s{}", series + 1), 10_000, y, "end", &cut(name, 22)));
        least = y + LINE;
    }
    out
}

/// Thin lines on the days on which something happened, with its words.
fn marks(marks: &[Mark], spans: &[&Span]) -> String {
    let mut out = String::new();
    for (row, mark) in marks.iter().enumerate() {
        let Some(place) = spans.iter().position(|span| *span.first <= *mark.day && *mark.day <= *span.last()) else {
            continue;
        };
        let x = super::path::across(place, spans.len());
        let at = percent(x);
        let kind = mark.kind.label().to_lowercase();
        let _ =
            write!(out, r#"<line class="chart-mark chart-mark-{kind}" x1="{at}" x2="{at}" y1="{TOP}" y2="{FOOT}"/>"#);
        // Three lines of words below each other, and towards the side where there is room.
        let y = TOP + 10 + i32::try_from(row % 3).unwrap_or_default() * 13;
        let (anchor, words) = if x > 5_000 {
            ("end", format!("{} ", cut(&mark.words, 24)))
        } else {
            ("start", format!(" {}", cut(&mark.words, 24)))
        };
        out.push_str(&text("chart-text chart-words", x, y, anchor, &words));
    }
    out
}

#[cfg(test)]
mod tests {
    use model::chart::MarkKind;

    use super::*;

    #[test]
    fn names_that_people_gave_stay_words() {
        let drawn = text("chart-text", 0, 0, "end", "<script>'\"&</script>");
        assert!(drawn.contains("&lt;script&gt;&#39;&quot;&amp;&lt;/script&gt;"), "{drawn}");
    }

    #[test]
    fn names_at_one_height_stand_below_each_other() {
        let drawn = names(vec![(1000, 0, "A"), (1000, 1, "B"), (2200, 2, "C"), (2200, 3, "D")]);
        let heights: Vec<i32> =
            drawn.split(" y=\"").skip(1).map(|rest| rest.split('"').next().unwrap().parse().unwrap()).collect();
        assert!(heights.windows(2).all(|pair| pair[1] - pair[0] >= 14), "{heights:?}");
        assert!(*heights.last().unwrap() <= FOOT, "{heights:?}");
    }

    #[test]
    fn a_mark_lies_in_the_week_of_its_day_and_nowhere_else() {
        let mark = |day: &str| Mark {
            day: day.to_owned(),
            kind: MarkKind::Anomaly,
            words: "Spend <fell>".to_owned(),
            href: None,
        };
        let weeks = [Span::days("2026-11-02", "2026-11-08"), Span::days("2026-11-09", "2026-11-15")];
        let spans: Vec<&Span> = weeks.iter().collect();
        let drawn = marks(&[mark("2026-11-10"), mark("2026-12-01")], &spans);
        assert_eq!(drawn.matches("<line").count(), 1);
        assert!(drawn.contains(r#"x1="75.00%""#) && drawn.contains("Spend &lt;fell&gt;"), "{drawn}");
    }

    #[test]
    fn long_words_are_cut() {
        assert_eq!(cut("Größenordnung", 6), "Größe…");
        assert_eq!(cut("Größe", 6), "Größe");
    }
}
