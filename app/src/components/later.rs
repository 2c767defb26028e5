//! What may be drawn a moment later, so that the browser paints first what people look at.

use std::{
    future::poll_fn,
    sync::{Arc, Mutex},
    task::{Poll, Waker},
    time::Duration,
};

use leptos::prelude::*;

/// Waits until the browser has painted what is drawn by now; on the server there is nothing to wait for. Whoever draws for the first
/// time must not wait: what the server drew stands there already and becomes live as it is.
pub async fn painted() {
    if cfg!(feature = "ssr") {
        return;
    }
    let state = Arc::new(Mutex::new((false, None::<Waker>)));
    let told = Arc::clone(&state);
    let tell = move || {
        let waiting = told.lock().ok().and_then(|mut state| {
            state.0 = true;
            state.1.take()
        });
        if let Some(waker) = waiting {
            waker.wake();
        }
    };
    // What is drawn before a frame is painted when it ends.
    request_animation_frame(move || set_timeout(tell, Duration::ZERO));
    poll_fn(move |context| match state.lock() {
        Ok(mut state) if !state.0 => {
            state.1 = Some(context.waker().clone());
            Poll::Pending
        }
        _ => Poll::Ready(()),
    })
    .await;
}
