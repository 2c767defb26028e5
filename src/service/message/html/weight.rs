//! How much work a letter's layout is. Some are made to be endless: a hundred thousand boxes in each other, or marks that are begun
//! anew in every paragraph. This goes through one in small pieces without keeping anything, and stops where it becomes too much.

use std::{
    borrow::Cow,
    cell::Cell,
    rc::Rc,
    time::{Duration, Instant},
};

use html5ever::{
    Attribute, ExpandedName, ParseOpts, QualName,
    interface::tree_builder::{ElementFlags, NodeOrText, QuirksMode, TreeSink},
    local_name, ns, parse_fragment,
    tendril::{StrTendril, TendrilSink},
};

/// The most elements.
const MOST: u32 = 50_000;
/// The most that stand in each other.
const DEEPEST: u32 = 1_000;
/// So much is looked at between two questions whether it became too much, in bytes.
const PIECE: usize = 16;
/// The longest that it takes.
const LONGEST: Duration = Duration::from_secs(5);

/// Whether a layout can be looked through.
pub(super) fn bearable(html: &str) -> bool {
    let begun = Instant::now();
    let scale = Scale::default();
    let (elements, depth) = (scale.elements.clone(), scale.depth.clone());
    let context = QualName::new(None, ns!(html), local_name!("div"));
    let mut parser = parse_fragment(scale, ParseOpts::default(), context, Vec::new(), false);
    let mut rest = html;
    while !rest.is_empty() {
        let mut end = rest.len().min(PIECE);
        while !rest.is_char_boundary(end) {
            end += 1;
        }
        let (piece, after) = rest.split_at(end);
        parser.process(StrTendril::from_slice(piece));
        if elements.get() > MOST || depth.get() > DEEPEST || begun.elapsed() > LONGEST {
            return false;
        }
        rest = after;
    }
    true
}

/// An element: what it is, and in how many others it stands.
struct Weighed {
    name: QualName,
    depth: Cell<u32>,
}

type Handle = Rc<Weighed>;

#[derive(Default)]
struct Scale {
    elements: Rc<Cell<u32>>,
    depth: Rc<Cell<u32>>,
}

impl Scale {
    /// Something that is no element, or one of whose place nothing is known yet.
    fn other() -> Handle {
        Rc::new(Weighed { name: QualName::new(None, ns!(), local_name!("div")), depth: Cell::new(0) })
    }

    fn put(&self, child: &NodeOrText<Handle>, depth: u32) {
        if let NodeOrText::AppendNode(node) = child {
            node.depth.set(depth);
            self.depth.set(self.depth.get().max(depth));
        }
    }
}

impl TreeSink for Scale {
    type Handle = Handle;
    type Output = ();
    type ElemName<'a> = ExpandedName<'a>;

    fn finish(self) {}

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> Handle {
        Self::other()
    }

    fn elem_name<'a>(&'a self, target: &'a Handle) -> ExpandedName<'a> {
        target.name.expanded()
    }

    fn create_element(&self, name: QualName, _: Vec<Attribute>, _: ElementFlags) -> Handle {
        self.elements.set(self.elements.get().saturating_add(1));
        Rc::new(Weighed { name, depth: Cell::new(0) })
    }

    fn create_comment(&self, _: StrTendril) -> Handle {
        Self::other()
    }

    fn create_pi(&self, _: StrTendril, _: StrTendril) -> Handle {
        Self::other()
    }

    fn append(&self, parent: &Handle, child: NodeOrText<Handle>) {
        self.put(&child, parent.depth.get().saturating_add(1));
    }

    fn append_based_on_parent_node(&self, element: &Handle, _: &Handle, child: NodeOrText<Handle>) {
        self.put(&child, element.depth.get());
    }

    fn append_doctype_to_document(&self, _: StrTendril, _: StrTendril, _: StrTendril) {}

    fn get_template_contents(&self, target: &Handle) -> Handle {
        target.clone()
    }

    fn same_node(&self, one: &Handle, other: &Handle) -> bool {
        Rc::ptr_eq(one, other)
    }

    fn set_quirks_mode(&self, _: QuirksMode) {}

    fn append_before_sibling(&self, sibling: &Handle, child: NodeOrText<Handle>) {
        self.put(&child, sibling.depth.get());
    }

    fn add_attrs_if_missing(&self, _: &Handle, _: Vec<Attribute>) {}

    fn remove_from_parent(&self, _: &Handle) {}

    fn reparent_children(&self, _: &Handle, _: &Handle) {}
}
