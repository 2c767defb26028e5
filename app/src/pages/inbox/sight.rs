//! Of a long list only the rows near to what one looks at are drawn; what lies above and below is as high as it was, and empty. A list
//! that fits is drawn whole, as the server draws it.
//!
//! Rows differ in height: what was drawn is measured before it goes, and what never was is taken for an ordinary one. On phones the page
//! scrolls and not the list: what one sees is where both overlap.

use std::collections::{BTreeSet, HashMap};

use leptos::{html, prelude::*};
use model::id::ConversationId;

use super::told::Row;

/// So many rows are drawn at most.
const MOST: usize = 150;
/// How high an ordinary row is, in pixels.
const ORDINARY: f64 = 84.0;
/// So near to the last row that is drawn, in pixels, others are drawn.
const NEAR: f64 = 1500.0;
/// So near to the end of all, in pixels, more is read.
const END: f64 = 400.0;
/// So often it is looked again whether what one sees is drawn: a leap far away is aimed by ordinary heights.
const LOOKS: u8 = 8;

/// The id of a row's link, by which it gets the focus.
pub(super) fn row_id(id: ConversationId) -> String {
    format!("row-{id}")
}

/// Which rows of a list are drawn.
#[derive(Clone, Copy)]
pub(super) struct Sight {
    rows: Memo<Vec<Row>>,
    /// Of the first row that is drawn, as it was wanted; the list may have become shorter.
    wanted: RwSignal<usize>,
    heights: StoredValue<HashMap<ConversationId, f64>>,
    /// What scrolls, unless the page does.
    pub area: NodeRef<html::Div>,
    pub list: NodeRef<html::Ul>,
}

impl Sight {
    pub fn new(rows: Memo<Vec<Row>>) -> Self {
        Self {
            rows,
            wanted: RwSignal::new(0),
            heights: StoredValue::new(HashMap::new()),
            area: NodeRef::new(),
            list: NodeRef::new(),
        }
    }

    fn bounds(wanted: usize, count: usize) -> (usize, usize) {
        let from = wanted.min(count.saturating_sub(MOST));
        (from, count.min(from + MOST))
    }

    /// The rows that are drawn.
    pub fn shown(self) -> Memo<Vec<Row>> {
        let Self { rows, wanted, .. } = self;
        Memo::new(move |_| {
            rows.with(|rows| {
                let (from, to) = Self::bounds(wanted.get(), rows.len());
                rows[from..to].to_vec()
            })
        })
    }

    /// How high what is above the drawn rows is, and what is below, in pixels.
    pub fn gaps(self) -> Memo<(f64, f64)> {
        Memo::new(move |_| {
            self.wanted.track();
            self.rows.track();
            self.around()
        })
    }

    fn around(self) -> (f64, f64) {
        self.rows.with_untracked(|rows| {
            let (from, to) = Self::bounds(self.wanted.get_untracked(), rows.len());
            self.heights.with_value(|heights| {
                let high = |rows: &[Row]| {
                    rows.iter().map(|row| heights.get(&row.id).copied().unwrap_or(ORDINARY)).sum::<f64>()
                };
                (high(&rows[..from]), high(&rows[to..]))
            })
        })
    }

    /// The place of a row among all, and how many there are, where not all of them are drawn.
    pub fn place(self, id: ConversationId) -> Option<(usize, usize)> {
        self.rows.with(|rows| {
            let at = (rows.len() > MOST).then(|| rows.iter().position(|row| row.id == id))??;
            Some((at + 1, rows.len()))
        })
    }

    /// How many rows from the first on are to be read when something changed: those that are drawn, and those that are chosen. What lies
    /// behind is read again when one comes there.
    pub fn needed(self, chosen: &BTreeSet<ConversationId>) -> usize {
        self.rows.with_untracked(|rows| {
            let (_, to) = Self::bounds(self.wanted.get_untracked(), rows.len());
            let last = rows.iter().rposition(|row| chosen.contains(&row.id)).map_or(0, |at| at + 1);
            to.max(last)
        })
    }

    /// Has the row at this place drawn. Whether it was not.
    pub fn reveal(self, at: usize) -> bool {
        let (from, to) = Self::bounds(self.wanted.get_untracked(), self.rows.with_untracked(Vec::len));
        if (from..to).contains(&at) {
            return false;
        }
        self.measure();
        self.wanted.set(at.saturating_sub(MOST / 2));
        true
    }

    /// Looks after the page or the list was scrolled. Whether one is near to the end of all rows that were read.
    pub fn look(self) -> bool {
        self.look_again(LOOKS)
    }

    fn look_again(self, left: u8) -> bool {
        // Frames come also after the page has gone.
        let Some(count) = self.rows.try_with_untracked(Vec::len) else { return false };
        let (Some(area), Some(list)) = (self.area.get_untracked(), self.list.get_untracked()) else { return false };
        let (seen, all) = (area.get_bounding_client_rect(), list.get_bounding_client_rect());
        let high = window().inner_height().ok().and_then(|high| high.as_f64()).unwrap_or_default();
        let (top, bottom) = (seen.top().max(0.0), seen.bottom().min(high));
        // On phones it is hidden behind a conversation.
        if bottom <= top || all.height() <= 0.0 {
            return false;
        }
        let ((from, to), (above, below)) = (Self::bounds(self.wanted.get_untracked(), count), self.around());
        let (begins, ends) = (all.top() + above, all.bottom() - below);
        if (from > 0 && begins > top - NEAR) || (to < count && ends < bottom + NEAR) {
            let each = ((ends - begins) / (to - from).max(1) as f64).max(1.0);
            // The row at the upper edge of what one sees, with a third of what is drawn before it.
            let first = from as f64 + (top - begins) / each - (MOST / 3) as f64;
            let wanted = (first.max(0.0) as usize).min(count.saturating_sub(MOST));
            if wanted != from {
                self.measure();
                self.wanted.set(wanted);
                if left > 0 {
                    request_animation_frame(move || {
                        self.look_again(left - 1);
                    });
                }
            }
        }
        to == count && ends < bottom + END
    }

    /// Notes how high the rows are that are drawn.
    fn measure(self) {
        let drawn: Vec<_> = self.rows.with_untracked(|rows| {
            let (from, to) = Self::bounds(self.wanted.get_untracked(), rows.len());
            rows[from..to].iter().map(|row| row.id).collect()
        });
        self.heights.update_value(|heights| {
            for id in drawn {
                let link = document().get_element_by_id(&row_id(id));
                if let Some(row) = link.and_then(|link| link.parent_element()) {
                    heights.insert(id, row.get_bounding_client_rect().height());
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_that_fits_is_drawn_whole_and_of_a_long_one_a_part_that_is_there() {
        assert_eq!(Sight::bounds(0, 0), (0, 0));
        assert_eq!(Sight::bounds(0, 50), (0, 50));
        assert_eq!(Sight::bounds(40, MOST), (0, MOST));
        assert_eq!(Sight::bounds(40, 1000), (40, 40 + MOST));
        assert_eq!(Sight::bounds(990, 1000), (1000 - MOST, 1000), "the last ones");
        assert_eq!(Sight::bounds(990, 200), (200 - MOST, 200), "it became shorter");
    }
}
