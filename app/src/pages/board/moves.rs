//! Where cards stand on this screen, and how a move reaches the server.
//!
//! A move shows at once. When the server refuses it the card goes back, unless a newer move of the same card has
//! taken its place meanwhile: then the newer one counts and the refusal of the older one is of no interest. Moves of
//! one card are sent one after the other, so that the last one holds.

use std::collections::HashMap;

use leptos::{prelude::*, task::spawn_local};
use model::id::{ClientId, StageId};

use super::move_client;

/// The last stage that the server confirmed, the one shown, and whether a move is under way.
#[derive(Clone, Copy, Debug)]
struct Place {
    confirmed: StageId,
    shown: StageId,
    moving: bool,
}

/// The cards of this screen; cheap to copy.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moves {
    places: RwSignal<HashMap<ClientId, Place>>,
    /// Why the last move was not kept, for as long as no newer move was begun.
    pub failure: RwSignal<Option<String>>,
    /// The card that hangs on the pointer.
    pub dragged: RwSignal<Option<ClientId>>,
    /// Told when a card stands somewhere else than a moment ago.
    settled: Callback<(ClientId, StageId)>,
}

impl Moves {
    /// Cards where the server has them.
    pub(super) fn new(
        cards: impl Iterator<Item = (ClientId, StageId)>,
        settled: Callback<(ClientId, StageId)>,
    ) -> Self {
        let place = |stage| Place { confirmed: stage, shown: stage, moving: false };
        let places = cards.map(|(id, stage)| (id, place(stage))).collect();
        Self { places: RwSignal::new(places), failure: RwSignal::new(None), dragged: RwSignal::new(None), settled }
    }

    /// Whether a card is on its way: the board is not to be drawn anew then.
    pub(super) fn busy(self) -> bool {
        self.dragged.with(Option::is_some) || self.places.with(|places| places.values().any(|place| place.moving))
    }

    /// Where the server has the cards by now. One that is on its way stays where it is shown.
    pub(super) fn follow(self, cards: impl Iterator<Item = (ClientId, StageId)>) {
        self.places.update(|places| {
            let before = std::mem::take(places);
            places.extend(cards.map(|(id, stage)| {
                let place = match before.get(&id) {
                    Some(place) if place.moving => Place { confirmed: stage, ..*place },
                    _ => Place { confirmed: stage, shown: stage, moving: false },
                };
                (id, place)
            }));
        });
    }

    /// Where the card is shown.
    pub(super) fn stage_of(self, id: ClientId) -> Option<StageId> {
        self.places.with(|places| places.get(&id).map(|place| place.shown))
    }

    /// Shows the card in its new stage and tells the server, one move of a card at a time; the newest wish wins.
    pub(super) fn start(self, id: ClientId, to: StageId) {
        let begun = self.places.try_update(|places| {
            let place = places.get_mut(&id)?;
            if place.shown == to {
                return None;
            }
            place.shown = to;
            let send = !place.moving;
            place.moving = true;
            Some(send)
        });
        let Some(send) = begun.flatten() else { return };
        self.failure.set(None);
        self.settled.run((id, to));
        if send {
            spawn_local(self.send(id, to));
        }
    }

    async fn send(self, id: ClientId, to: StageId) {
        let mut target = to;
        loop {
            let result = move_client(id, target).await;
            let mut back = None;
            let next = self.places.try_update(|places| {
                let place = places.get_mut(&id)?;
                match &result {
                    Ok(()) => place.confirmed = target,
                    Err(_) if place.shown == target => {
                        place.shown = place.confirmed;
                        back = Some(place.confirmed);
                    }
                    Err(_) => {}
                }
                place.moving = place.shown != place.confirmed;
                place.moving.then_some(place.shown)
            });
            if let (Err(error), Some(stage)) = (&result, back) {
                self.failure.try_set(Some(format!("The move was not kept, so the card is back: {error}")));
                self.settled.try_run((id, stage));
            }
            match next.flatten() {
                Some(newer) => target = newer,
                None => return,
            }
        }
    }
}
