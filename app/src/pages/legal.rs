//! Privacy, terms and security: what the product does by itself, and what the operator says in the settings.

use leptos::prelude::*;
use leptos_meta::Title;

use crate::pages::outside::Outside;

/// Who runs this installation, from the settings.
#[derive(Clone, Debug, Default)]
pub struct Operator {
    /// A name and address, or empty.
    pub name: String,
    /// An e-mail address or page, or empty.
    pub contact: String,
}

#[component]
fn Responsible() -> impl IntoView {
    let operator = use_context::<Operator>().unwrap_or_default();
    let or = |text: String, missing: &str| if text.is_empty() { missing.to_owned() } else { text };
    view! {
        <h2>"Who runs this installation"</h2>
        <p>{or(operator.name, "The operator has not given a name yet (AUDIENCEOS_OPERATOR_NAME).")}</p>
        <p>{or(operator.contact, "The operator has not given a contact yet (AUDIENCEOS_OPERATOR_CONTACT).")}</p>
    }
}

/// What is stored and why.
#[component]
pub fn PrivacyPage() -> impl IntoView {
    view! {
        <Title text="Privacy" />
        <Outside heading="Privacy">
            <Responsible />
            <h2>"What is stored"</h2>
            <p>"Your name, e-mail address and a hash of your password; when and with which browser you are signed in; what you do, in your agency's audit log; and what your agency enters about its clients and their contacts."</p>
            <h2>"Cookies"</h2>
            <p>"One cookie keeps you signed in, one keeps your choice of light or dark, and three last as long as what they are for: a sign-in that waits for its code, a way to Google, and a look into a rehearsal agency. No third party receives anything from these pages."</p>
            <h2>"How long"</h2>
            <p>"Sessions end 14 days after their last use. Everything else stays until your agency or the operator removes it."</p>
        </Outside>
    }
}

/// The terms are the operator's own.
#[component]
pub fn TermsPage() -> impl IntoView {
    view! {
        <Title text="Terms" />
        <Outside heading="Terms">
            <Responsible />
            <p>"This software is open source under the Apache License 2.0 and comes without warranty. What the operator of this installation promises is agreed with the operator."</p>
        </Outside>
    }
}

/// How data is kept apart and where to report a hole.
#[component]
pub fn SecurityPage() -> impl IntoView {
    view! {
        <Title text="Security" />
        <Outside heading="Security">
            <Responsible />
            <p>"To report a security hole, write to the contact above before telling others."</p>
            <h2>"What the product does"</h2>
            <p>"Agencies are separated by the database itself. Passwords are kept as argon2id hashes, and tokens of sessions and mailed links as hashes only. What a rule refuses is written into the agency's audit log."</p>
        </Outside>
    }
}
