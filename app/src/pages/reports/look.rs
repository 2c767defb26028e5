//! The form that says how reports look on paper: the browser posts it, as it holds a file.

use leptos::prelude::*;
use model::report::Board;

use super::form::owners;
use crate::components::{
    button::Kind,
    card::Card,
    field::{Field, Select},
};

/// The form.
#[component]
pub(super) fn LookForm(board: Board, client: String) -> impl IntoView {
    view! {
        <Card title="How reports look" about="A client without a logo or a colour of its own has the agency's. Reports that are made stay as they are.">
            <form action="/brand/upload" method="post" enctype="multipart/form-data" class="grid gap-4 sm:grid-cols-2">
                <Select name="client_id" id="look-client" label="Of" options=owners(&board) value=client />
                <Field name="accent" label="Colour" help="As #1d4ed8, dark enough for white paper. Left empty it stays as it is." />
                <div class="flex min-w-0 flex-col gap-1">
                    <label for="logo" class="font-medium">"Logo"</label>
                    <input id="logo" name="logo" type="file" class="control" accept=".png,.jpg,.jpeg,image/png,image/jpeg" />
                    <p class="text-xs text-muted">"PNG or JPEG, up to "<span data-literal="">"512 KiB"</span>". Without a file the logo stays as it is."</p>
                </div>
                <label class="box"><input type="checkbox" name="remove" value="true" autocomplete="off" />"Take logo and colour away, unless new ones are given"</label>
                <div class="sm:col-span-2"><button type="submit" id="save-look" class=Kind::Plain.class()>"Save look"</button></div>
            </form>
        </Card>
    }
}
