//! The XML of a workbook's parts, event by event, each of at most [`LONGEST_ROW`] bytes. Entities are the five of XML and
//! numbers; what a document declares itself is not expanded but refused.

use std::{
    borrow::Cow,
    io::{self, BufRead, BufReader, Read},
};

use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

use super::{Unreadable, record::LONGEST_ROW};

/// An XML document that is being read.
pub(super) struct Xml<R: Read> {
    reader: Reader<Gauge<BufReader<R>>>,
    buffer: Vec<u8>,
    depth: usize,
}

/// The parts of a workbook nest to about ten; what is open is remembered.
const DEEPEST: usize = 100;

/// What a workbook's parts consist of.
pub(super) enum Node<'a> {
    Start(Element<'a>),
    End(Cow<'a, str>),
    Text(Cow<'a, str>),
    Eof,
}

/// An element's beginning.
pub(super) struct Element<'a>(BytesStart<'a>);

fn damaged(error: &dyn std::fmt::Display) -> Unreadable {
    Unreadable::Workbook(error.to_string())
}

fn failed(error: quick_xml::Error) -> Unreadable {
    match error {
        quick_xml::Error::Io(error) => match error.get_ref().and_then(|inner| inner.downcast_ref::<Unreadable>()) {
            Some(ours) => ours.clone(),
            None => Unreadable::Source(error.kind().to_string()),
        },
        other => damaged(&other),
    }
}

impl Element<'_> {
    /// Its name without a prefix.
    pub fn name(&self) -> &str {
        self.0.local_name().into_inner()
    }

    /// The attribute with this name, whatever its prefix.
    pub fn attribute(&self, name: &str) -> Result<Option<String>, Unreadable> {
        for attribute in self.0.attributes().with_checks(false) {
            let attribute = attribute.map_err(|error| damaged(&error))?;
            if attribute.key.local_name().into_inner() == name {
                let value = quick_xml::escape::unescape(&attribute.value).map_err(|error| damaged(&error))?;
                return Ok(Some(value.into_owned()));
            }
        }
        Ok(None)
    }
}

impl<R: Read> Xml<R> {
    pub fn new(source: R) -> Self {
        let mut reader = Reader::from_reader(Gauge { source: BufReader::new(source), left: LONGEST_ROW });
        reader.config_mut().expand_empty_elements = true;
        Self { reader, buffer: Vec::new(), depth: 0 }
    }

    /// What comes next.
    pub fn next(&mut self) -> Result<Node<'_>, Unreadable> {
        self.reader.get_mut().left = LONGEST_ROW;
        self.buffer.clear();
        Ok(match self.reader.read_event_into(&mut self.buffer).map_err(failed)? {
            Event::Start(_) | Event::Empty(_) if self.depth == DEEPEST => {
                return Err(damaged(&"it is nested too deeply"));
            }
            Event::Start(element) | Event::Empty(element) => {
                self.depth += 1;
                Node::Start(Element(element))
            }
            Event::End(element) => {
                self.depth = self.depth.saturating_sub(1);
                Node::End(Cow::Owned(element.local_name().into_inner().to_owned()))
            }
            Event::Text(text) => Node::Text(text.xml10_content()),
            Event::CData(text) => Node::Text(text.xml10_content()),
            Event::GeneralRef(entity) => {
                let character = entity.resolve_char_ref().map_err(failed)?.map(String::from);
                let known = || quick_xml::escape::resolve_predefined_entity(&entity).map(str::to_owned);
                Node::Text(Cow::Owned(character.or_else(known).ok_or_else(|| damaged(&"an entity is not known"))?))
            }
            Event::Eof => Node::Eof,
            Event::DocType(_) => return Err(damaged(&"a part declares its own document type")),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => Node::Text(Cow::Borrowed("")),
        })
    }

    /// Reads what is left, so that the checksum is looked at.
    pub fn finish(&mut self) -> Result<(), Unreadable> {
        let gauge = self.reader.get_mut();
        io::copy(&mut gauge.source, &mut io::sink()).map(drop).map_err(Unreadable::from)
    }
}

/// Refuses an event that does not end.
struct Gauge<B> {
    source: B,
    left: usize,
}

impl<B: BufRead> Read for Gauge<B> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.source.read(buffer)?;
        self.consumed(length);
        Ok(length)
    }
}

impl<B> Gauge<B> {
    fn consumed(&mut self, length: usize) {
        self.left = self.left.saturating_sub(length);
    }
}

impl<B: BufRead> BufRead for Gauge<B> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Err(damaged(&"a single value has more than 1 MiB").into());
        }
        self.source.fill_buf()
    }

    fn consume(&mut self, length: usize) {
        self.consumed(length);
        self.source.consume(length);
    }
}
