//! Forms that post to a server function: by the browser itself before the page is live, by the action afterwards. And forms
//! that ask for an address, by the browser or by the router.
//!
//! Leptos's own `ActionForm` reads the fields back with a general library for nested query strings, which would be a
//! tenth of what a browser downloads. Our forms are flat: a field is a name and a text, and this file reads just that.

use leptos::{ev::SubmitEvent, html, prelude::*, server_fn::ServerFn};
use leptos_router::{NavigateOptions, hooks::use_navigate, location::Url};
use serde::de::DeserializeOwned;

use crate::{error::AppError, form::encoded};

/// A form whose fields are the arguments of a server function.
#[component]
pub fn ActionForm<S, T>(
    /// The action that the form runs.
    action: ServerAction<S>,
    /// The form's element.
    #[prop(optional)]
    node_ref: NodeRef<html::Form>,
    /// The fields.
    children: Children,
) -> impl IntoView
where
    S: DeserializeOwned + ServerFn<Output = T, Error = AppError> + Clone + Send + Sync + 'static,
    T: Send + Sync + 'static,
{
    let submit = move |event: SubmitEvent| {
        if event.default_prevented() {
            return;
        }
        match fields::of(&event).and_then(|pairs| fields::read(pairs).ok()) {
            Some(input) => {
                event.prevent_default();
                action.dispatch(input);
            }
            // A field that the arguments do not know: the browser posts the form itself, and the server says what is wrong.
            None => leptos::logging::warn!("the form of {} is posted by the browser", S::PATH),
        }
    };
    html::form().action(S::url()).method("post").on(leptos::ev::submit, submit).child(children()).node_ref(node_ref)
}

/// A form whose fields become the query of a page's address. Before the page is live the browser asks for it; afterwards the
/// router goes there, so that only what changes is read anew. What is blank is then left out.
#[component]
pub fn AskForm(
    /// The page.
    #[prop(into)]
    page: Signal<String>,
    /// What it asks for, for screen readers.
    label: &'static str,
    /// Its `data-test`.
    test: &'static str,
    /// The fields.
    children: Children,
) -> impl IntoView {
    let navigate = use_navigate();
    let ask = move |event: SubmitEvent| {
        if let Some(pairs) = fields::of(&event) {
            event.prevent_default();
            let options = NavigateOptions { scroll: false, ..NavigateOptions::default() };
            navigate(&address(&page.get_untracked(), pairs), options);
        }
    };
    view! {
        <form method="get" action=move || page.get() role="search" aria-label=label class="flex flex-wrap items-end gap-2" data-test=test on:submit=ask>
            {children()}
        </form>
    }
}

/// A page's address with these names and texts in its query; what is blank is left out.
pub fn address(page: &str, pairs: impl IntoIterator<Item = (String, String)>) -> String {
    let mut address = page.to_owned();
    for (at, (name, text)) in pairs.into_iter().filter(|(_, text)| !text.trim().is_empty()).enumerate() {
        address.push(if at == 0 { '?' } else { '&' });
        address.push_str(&encoded(&name));
        address.push('=');
        address.push_str(&encoded(text.trim()));
    }
    address
}

/// The names and texts of an address's query.
pub fn query(search: &str) -> Vec<(String, String)> {
    fields::pairs(search.trim_start_matches('?'), |part| Url::unescape(&part.replace('+', " ")))
}

mod fields {
    use leptos::{
        ev::SubmitEvent,
        wasm_bindgen::JsCast,
        web_sys::{FormData, HtmlElement, HtmlFormElement, UrlSearchParams},
    };
    use leptos_router::location::Url;
    use serde::{
        de::{
            DeserializeOwned, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, Visitor,
            value::{Error, SeqDeserializer, StringDeserializer},
        },
        forward_to_deserialize_any,
    };

    /// The fields of the form that was submitted and the name of the button that did it.
    pub(super) fn of(event: &SubmitEvent) -> Option<Vec<(String, String)>> {
        let form: HtmlFormElement = event.target()?.dyn_into().ok()?;
        let data = FormData::new_with_form(&form).ok()?;
        if let Some(button) = event.submitter().and_then(|element| element.dyn_into::<HtmlElement>().ok())
            && let Some(name) = button.get_attribute("name")
        {
            data.append_with_str(&name, &button.get_attribute("value").unwrap_or_default()).ok()?;
        }
        let text = UrlSearchParams::new_with_str_sequence_sequence(&data).ok()?.to_string();
        Some(pairs(&String::from(text), |part| Url::unescape(&part.replace('+', " "))))
    }

    pub(super) fn pairs(text: &str, decode: impl Fn(&str) -> String) -> Vec<(String, String)> {
        let parts = text.split('&').filter(|part| !part.is_empty());
        parts
            .map(|part| part.split_once('=').unwrap_or((part, "")))
            .map(|(name, value)| (decode(name), decode(value)))
            .collect()
    }

    /// Reads the arguments of a server function from a form's fields.
    ///
    /// # Errors
    /// A field is missing or is not what its argument needs.
    pub(super) fn read<S: DeserializeOwned>(fields: Vec<(String, String)>) -> Result<S, Error> {
        S::deserialize(Fields { rest: fields, value: Vec::new() })
    }

    struct Fields {
        rest: Vec<(String, String)>,
        value: Vec<String>,
    }

    impl<'de> Deserializer<'de> for Fields {
        type Error = Error;
        fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.visit_map(self)
        }
        forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
            newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
        }
    }

    impl<'de> MapAccess<'de> for Fields {
        type Error = Error;
        fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
            // Lists are spelled `name[]` or `name[0]`, `name[1]`, …, in their order.
            let Some(name) = self.rest.first().map(|(name, _)| list(name).to_owned()) else { return Ok(None) };
            self.value.clear();
            let value = &mut self.value;
            self.rest.retain_mut(|(other, text)| {
                let same = list(other) == name;
                if same {
                    value.push(std::mem::take(text));
                }
                !same
            });
            seed.deserialize(name.into_deserializer()).map(Some)
        }
        fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
            seed.deserialize(Text(std::mem::take(&mut self.value)))
        }
    }

    fn list(name: &str) -> &str {
        name.split('[').next().unwrap_or(name)
    }

    /// What one name holds: usually one text.
    struct Text(Vec<String>);

    impl Text {
        fn last(mut self) -> StringDeserializer<Error> {
            self.0.pop().unwrap_or_default().into_deserializer()
        }
    }

    impl<'de> Deserializer<'de> for Text {
        type Error = Error;
        fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.last().deserialize_any(visitor)
        }
        fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.visit_bool(self.0.last().is_some_and(|text| text == "true" || text == "on"))
        }
        fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            match self.0.last().map(|text| text.trim().parse()) {
                Some(Ok(number)) => visitor.visit_i64(number),
                _ => self.last().deserialize_any(visitor),
            }
        }
        fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            visitor.visit_some(self)
        }
        fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Error> {
            visitor.visit_newtype_struct(self)
        }
        fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            SeqDeserializer::new(self.0.into_iter()).deserialize_seq(visitor)
        }
        fn deserialize_enum<V: Visitor<'de>>(
            self,
            name: &'static str,
            variants: &'static [&'static str],
            visitor: V,
        ) -> Result<V::Value, Error> {
            self.last().deserialize_enum(name, variants, visitor)
        }
        forward_to_deserialize_any! {
            i8 i16 i32 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct tuple tuple_struct
            map struct identifier ignored_any
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[derive(Debug, PartialEq, serde::Deserialize)]
        struct Arguments {
            name: String,
            note: Option<String>,
            stage: Option<model::id::StageId>,
            #[serde(default)]
            archived: bool,
            days: i64,
            #[serde(default)]
            tags: Vec<String>,
        }

        fn fields(pairs: &[(&str, &str)]) -> Result<Arguments, Error> {
            read(pairs.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect())
        }

        #[test]
        fn every_kind_of_field_is_read() {
            let id = "0190a1b2-c3d4-7000-8000-000000000001";
            let pairs = [
                ("name", "O'Brien & Sons"),
                ("tags[0]", "a"),
                ("days", " 30"),
                ("stage", id),
                ("tags[1]", "b"),
                ("archived", "on"),
            ];
            let expected = Arguments {
                name: "O'Brien & Sons".into(),
                note: None,
                stage: id.parse().ok(),
                archived: true,
                days: 30,
                tags: vec!["a".into(), "b".into()],
            };
            assert_eq!(fields(&pairs), Ok(expected));
        }

        #[test]
        fn what_an_argument_cannot_hold_is_refused() {
            assert!(fields(&[("days", "30")]).is_err(), "a missing name");
            assert!(fields(&[("name", "A"), ("days", "many")]).is_err(), "not a number");
            assert!(fields(&[("name", "A"), ("days", "1"), ("stage", "nowhere")]).is_err(), "not an id");
        }

        #[test]
        fn texts_are_split_at_their_signs() {
            let split = pairs("a=1&b=&c&&d=x=y", str::to_owned);
            let expected = [("a", "1"), ("b", ""), ("c", ""), ("d", "x=y")];
            assert_eq!(split, expected.map(|(name, text)| (name.to_owned(), text.to_owned())));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_for_stands_in_the_address_and_is_read_from_it() {
        let pair = |name: &str, text: &str| (name.to_owned(), text.to_owned());
        let pairs = vec![
            pair("from", " 2026-11-01 "),
            pair("to", " "),
            pair("campaign", "a:100% +x & y"),
            pair("campaign", "ö"),
        ];
        let address = address("/analytics", pairs);
        assert_eq!(address, "/analytics?from=2026-11-01&campaign=a%3A100%25%20%2Bx%20%26%20y&campaign=%C3%B6");
        assert_eq!(super::address("/analytics", vec![]), "/analytics");
        #[cfg(feature = "ssr")]
        {
            let read = query(address.trim_start_matches("/analytics"));
            let kept = vec![pair("from", "2026-11-01"), pair("campaign", "a:100% +x & y"), pair("campaign", "ö")];
            assert_eq!(read, kept);
            assert_eq!(query("a=b+c"), vec![pair("a", "b c")], "as browsers write it");
        }
    }
}
