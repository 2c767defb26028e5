//! What an XLSX workbook (ECMA-376) says of itself: its sheets, the texts that cells share, and which formats of cells
//! mean a day or a percentage. The sheets' rows are read in `sheet.rs`.

use std::{
    collections::HashMap,
    io::{Read, Seek},
};

use super::{
    Unreadable,
    xml::{Node, Xml},
    zip::{Archive, Part},
};

/// What is unpacked of a workbook at most, in bytes.
pub(super) struct Limits {
    /// Each description of the workbook; held in memory.
    pub description: u64,
    /// The part with the texts that cells share.
    pub texts: u64,
    /// Those texts in memory.
    pub text: usize,
    /// A sheet, which passes through memory.
    pub sheet: u64,
}

impl Limits {
    pub const USUAL: Self = Self { description: 16 << 20, texts: 256 << 20, text: 64 << 20, sheet: 2 << 30 };
}

/// How the number in a cell is shown, as far as it changes what it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Shown {
    #[default]
    Number,
    Day,
    /// As a date or time without its day: a month is no day, though a day is stored.
    NoDay,
    Percentage,
}

/// A sheet's name and where it lies.
#[derive(Clone, Debug)]
pub(super) struct Tab {
    pub name: String,
    pub visible: bool,
    path: String,
}

/// A workbook without its rows.
pub(super) struct Workbook {
    archive: Archive,
    pub tabs: Vec<Tab>,
    pub texts: Texts,
    shown: Vec<Shown>,
    /// Whether days are counted from 1904.
    pub late: bool,
    limits: Limits,
}

/// The texts that cells share, in one piece.
#[derive(Default)]
pub(super) struct Texts {
    text: String,
    ends: Vec<usize>,
}

impl Texts {
    pub fn get(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)?;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.text[start..end])
    }
}

fn damaged(words: &str) -> Unreadable {
    Unreadable::Workbook(words.to_owned())
}

impl Workbook {
    /// Reads everything but the rows.
    pub fn open<R: Read + Seek>(source: &mut R, limits: Limits) -> Result<Self, Unreadable> {
        let archive = Archive::open(source)?;
        let package = relations(&archive, source, "_rels/.rels", limits.description)?.into_values();
        let main = package.into_iter().find(|relation| relation.sort == "officeDocument");
        let path = main.map(|relation| relation.target).ok_or_else(|| damaged("it holds no workbook"))?;
        let path = path.trim_start_matches('/').to_owned();
        let (folder, file) = path.rsplit_once('/').unwrap_or(("", &path));
        let folder = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let relations = relations(&archive, source, &format!("{folder}_rels/{file}.rels"), limits.description)?;
        let place = |relation: &Relation| match relation.target.strip_prefix('/') {
            Some(absolute) => absolute.to_owned(),
            None => format!("{folder}{}", relation.target),
        };
        let of = |sort: &str| relations.values().find(|relation| relation.sort == sort).map(place);
        let mut book =
            Self { archive, tabs: Vec::new(), texts: Texts::default(), shown: Vec::new(), late: false, limits };
        let mut xml = book.required(source, &path)?;
        loop {
            match xml.next()? {
                Node::Eof => break,
                Node::Start(element) if element.name() == "workbookPr" => {
                    let late = element.attribute("date1904")?;
                    book.late |= late.is_some_and(|value| value == "1" || value == "true");
                }
                Node::Start(element) if element.name() == "sheet" => {
                    let id = element.attribute("id")?.unwrap_or_default();
                    // Sheets of charts hold no cells.
                    if let Some(relation) = relations.get(&id).filter(|relation| relation.sort == "worksheet") {
                        let visible = element.attribute("state")?.is_none_or(|state| state == "visible");
                        let name = element.attribute("name")?.unwrap_or_default();
                        book.tabs.push(Tab { name, visible, path: place(relation) });
                    }
                }
                _ => {}
            }
        }
        drop(xml);
        if let Some(path) = of("styles") {
            book.shown = styles(&mut book.required(source, &path)?)?;
        }
        if let Some(path) = of("sharedStrings") {
            let part = book.archive.part(source, &path, book.limits.texts)?;
            let part = part.ok_or_else(|| damaged("a part is missing"))?;
            book.texts = texts(&mut Xml::new(part), book.limits.text)?;
        }
        Ok(book)
    }

    fn required<'a, R: Read + Seek>(&self, source: &'a mut R, path: &str) -> Result<Xml<Part<&'a mut R>>, Unreadable> {
        let part = self.archive.part(source, path, self.limits.description)?;
        Ok(Xml::new(part.ok_or_else(|| damaged("a part is missing"))?))
    }

    /// Opens the sheet with this name.
    pub fn sheet<R: Read + Seek>(&self, source: R, name: &str) -> Result<Xml<Part<R>>, Unreadable> {
        let tab = self.tabs.iter().find(|tab| tab.name == name).ok_or_else(|| Unreadable::Sheet(name.to_owned()))?;
        let part = self.archive.part(source, &tab.path, self.limits.sheet)?;
        Ok(Xml::new(part.ok_or_else(|| damaged("a sheet is missing"))?))
    }

    /// How the number of a cell with this style is shown.
    pub fn shown(&self, style: Option<&str>) -> Shown {
        style.and_then(|style| self.shown.get(style.parse::<usize>().ok()?)).copied().unwrap_or_default()
    }
}

struct Relation {
    /// The last word of its type: strict and transitional workbooks differ in what stands before.
    sort: String,
    target: String,
}

fn relations<R: Read + Seek>(
    archive: &Archive,
    source: &mut R,
    path: &str,
    limit: u64,
) -> Result<HashMap<String, Relation>, Unreadable> {
    let part = archive.part(source, path, limit)?;
    let mut xml = Xml::new(part.ok_or_else(|| damaged("it holds no workbook"))?);
    let mut relations = HashMap::new();
    loop {
        match xml.next()? {
            Node::Eof => return Ok(relations),
            Node::Start(element) if element.name() == "Relationship" => {
                let attribute = |name| element.attribute(name).map(Option::unwrap_or_default);
                let sort = attribute("Type")?.rsplit('/').next().unwrap_or_default().to_owned();
                relations.insert(attribute("Id")?, Relation { sort, target: attribute("Target")? });
            }
            _ => {}
        }
    }
}

fn styles<R: Read>(xml: &mut Xml<R>) -> Result<Vec<Shown>, Unreadable> {
    let (mut own, mut shown, mut cells) = (HashMap::new(), Vec::new(), false);
    loop {
        match xml.next()? {
            Node::Eof => return Ok(shown),
            Node::End(name) if name == "cellXfs" => cells = false,
            Node::Start(element) => match element.name() {
                "cellXfs" => cells = true,
                "numFmt" => {
                    let id = element.attribute("numFmtId")?.unwrap_or_default();
                    own.insert(id, format(&element.attribute("formatCode")?.unwrap_or_default()));
                }
                "xf" if cells => {
                    let id = element.attribute("numFmtId")?.unwrap_or_default();
                    shown.push(own.get(&id).copied().unwrap_or_else(|| built_in(&id)));
                }
                _ => {}
            },
            _ => {}
        }
    }
}

/// The formats that have a number only (18.8.30).
fn built_in(id: &str) -> Shown {
    match id.parse::<u32>() {
        Ok(9 | 10) => Shown::Percentage,
        Ok(14..=16 | 22 | 27..=31 | 36 | 50..=54 | 57 | 58) => Shown::Day,
        Ok(17..=21 | 32..=35 | 45..=47 | 55 | 56) => Shown::NoDay,
        _ => Shown::Number,
    }
}

/// What a written format shows: its letters outside of quotation marks, brackets and escapes.
fn format(code: &str) -> Shown {
    let (mut letters, mut characters) = (String::new(), code.chars());
    while let Some(character) = characters.next() {
        match character {
            ';' => break,
            '"' => drop(characters.by_ref().find(|c| *c == '"')),
            '\\' | '_' | '*' => drop(characters.next()),
            '[' => {
                // [h] counts hours; [Red], [$€-407] and [<100] count nothing.
                let inner: String = characters.by_ref().take_while(|c| *c != ']').collect();
                if !inner.is_empty() && inner.chars().all(|c| matches!(c, 'h' | 'H' | 'm' | 'M' | 's' | 'S')) {
                    letters.push('h');
                }
            }
            other => letters.extend(other.to_lowercase()),
        }
    }
    if letters.contains("general") {
        Shown::Number
    } else if letters.contains('d') {
        Shown::Day
    } else if letters.contains(['y', 'm', 'h', 's']) {
        Shown::NoDay
    } else if letters.contains('%') {
        Shown::Percentage
    } else {
        Shown::Number
    }
}

fn texts<R: Read>(xml: &mut Xml<R>, most: usize) -> Result<Texts, Unreadable> {
    let mut texts = Texts::default();
    let (mut inside, mut phonetic) = (false, false);
    loop {
        match xml.next()? {
            Node::Eof => break,
            Node::Start(element) => match element.name() {
                "t" => inside = !phonetic,
                "rPh" => phonetic = true,
                _ => {}
            },
            Node::Text(text) if inside => texts.text.push_str(&text),
            Node::End(name) => match &*name {
                "t" => inside = false,
                "rPh" => phonetic = false,
                "si" => texts.ends.push(texts.text.len()),
                _ => {}
            },
            Node::Text(_) => {}
        }
        if texts.text.len() + texts.ends.len() * size_of::<usize>() > most {
            return Err(Unreadable::TooLarge { what: "the workbook's text".into(), limit: most as u64 >> 20 });
        }
    }
    texts.text.shrink_to_fit();
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formats_say_what_a_number_is() {
        for (code, shown) in [
            ("General", Shown::Number),
            ("#,##0.00\\ \"Stk. d\"", Shown::Number),
            ("#,##0.00 [$€-407]", Shown::Number),
            ("[Red]-0.00", Shown::Number),
            ("0.00E+00", Shown::Number),
            ("_-* #,##0_d", Shown::Number),
            ("0.0%", Shown::Percentage),
            ("yyyy-mm-dd", Shown::Day),
            ("[$-409]d/m/yy;@", Shown::Day),
            ("DD.MM.YYYY\\ hh:mm", Shown::Day),
            ("mmm yy", Shown::NoDay),
            ("[h]:mm", Shown::NoDay),
            ("hh:mm", Shown::NoDay),
        ] {
            assert_eq!(format(code), shown, "{code}");
        }
        assert_eq!((built_in("14"), built_in("17"), built_in("10")), (Shown::Day, Shown::NoDay, Shown::Percentage));
        assert_eq!((built_in("4"), built_in("")), (Shown::Number, Shown::Number));
    }
}
