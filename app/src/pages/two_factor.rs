//! Two-factor sign-in in the settings: setting up an app, the recovery codes, and turning it off.
//!
//! Recovery codes are shown once, so the buttons that make them wait until the page is live and can show them.

use leptos::prelude::*;
use model::two_factor::{Enrolment, TwoFactor};

use crate::{
    components::{
        badge::{Badge, Shade},
        button::{Button, Kind},
        card::Card,
        field::Field,
        form::ActionForm,
        notice::{Notice, Tone},
        outcome::{Outcome, at, failure},
        page::live_only,
    },
    error::AppError,
};

/// Begins to set up an app.
#[server(prefix = "/app", endpoint = "enrol_two_factor", output = crate::codec::Json)]
pub async fn enrol_two_factor(password: Option<String>) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    service::two_factor::enrol(&service, &actor, &password.unwrap_or_default()).await?;
    Ok(())
}

/// Turns two-factor sign-in on by the app's first code; the answer is the recovery codes.
#[server(prefix = "/app", endpoint = "confirm_two_factor", output = crate::codec::Json)]
pub async fn confirm_two_factor(code: String) -> Result<Vec<String>, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::two_factor::confirm(&service, &actor, &code).await?)
}

/// Makes new recovery codes.
#[server(prefix = "/app", endpoint = "renew_recovery_codes", output = crate::codec::Json)]
pub async fn renew_recovery_codes(password: Option<String>, code: String) -> Result<Vec<String>, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::two_factor::renew_recovery_codes(&service, &actor, &password.unwrap_or_default(), &code).await?)
}

/// Turns two-factor sign-in off.
#[server(prefix = "/app", endpoint = "disable_two_factor", output = crate::codec::Json)]
pub async fn disable_two_factor(password: Option<String>, code: String) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::two_factor::disable(&service, &actor, &password.unwrap_or_default(), &code).await?)
}

/// How two-factor sign-in stands, and the next thing to do about it.
#[component]
pub fn TwoFactorCard(
    /// How it stands.
    state: TwoFactor,
    /// Begins the set-up.
    enrol: ServerAction<EnrolTwoFactor>,
    /// Ends the set-up.
    confirm: ServerAction<ConfirmTwoFactor>,
    /// Makes new recovery codes.
    renew: ServerAction<RenewRecoveryCodes>,
    /// Turns it off.
    disable: ServerAction<DisableTwoFactor>,
) -> impl IntoView {
    let words = match (state.on, &state.enrolment) {
        (true, _) => view! { <Badge shade=Shade::Good words="On" /> },
        (false, Some(_)) => view! { <Badge shade=Shade::Warn words="Not finished" /> },
        (false, None) => view! { <Badge shade=Shade::Plain words="Off" /> },
    };
    let password = state.password;
    let body = match (state.on, state.enrolment) {
        (true, _) => {
            view! { <On left=state.recovery_codes password=password confirm=confirm renew=renew disable=disable /> }
                .into_any()
        }
        (false, Some(enrolment)) => view! { <Unfinished enrolment=enrolment confirm=confirm /> }.into_any(),
        (false, None) => view! { <Off password=password enrol=enrol /> }.into_any(),
    };
    view! {
        <Card title="Two-factor sign-in">
            <p>{words}</p>
            {body}
        </Card>
    }
}

#[component]
fn Off(password: bool, enrol: ServerAction<EnrolTwoFactor>) -> impl IntoView {
    let failure = failure(enrol);
    view! {
        <p class="text-muted">"With it, signing in takes your password and a code from an app on your phone, such as Aegis, 1Password or Google Authenticator."</p>
        <ActionForm action=enrol attr:class="flex flex-col gap-4" attr:novalidate=true>
            {password.then(|| view! {
                <Field name="password" id="enrol-password" label="Your password" kind="password" autocomplete="current-password" error=at(failure, "password") />
            })}
            <div><Button kind=Kind::Primary id="enrol-two-factor" pending=enrol.pending()>"Set up two-factor sign-in"</Button></div>
        </ActionForm>
        <Outcome action=enrol fields=&["password"] />
    }
}

#[component]
fn Unfinished(enrolment: Enrolment, confirm: ServerAction<ConfirmTwoFactor>) -> impl IntoView {
    let failure = failure(confirm);
    let waiting = live_only();
    view! {
        <p>"Scan this code with your app, or type the key into it. Then enter the six digits that it shows."</p>
        <div class="flex flex-wrap items-center gap-4">
            <div class="qr" role="img" aria-label="QR code of the key" inner_html=enrolment.qr_svg></div>
            <p class="min-w-0 flex-1"><span class="block text-xs text-muted">"Key"</span>
                <code class="break-words" data-test="two-factor-key">{enrolment.secret}</code></p>
        </div>
        <ActionForm action=confirm attr:class="flex flex-col gap-4" attr:novalidate=true>
            <Field name="code" label="Code from the app" autocomplete="one-time-code" error=at(failure, "code") />
            <div><Button kind=Kind::Primary id="confirm-two-factor" pending=confirm.pending() attr:disabled=waiting>"Turn on"</Button></div>
        </ActionForm>
        <Outcome action=confirm fields=&["code"] />
    }
}

#[component]
fn On(
    left: i64,
    password: bool,
    confirm: ServerAction<ConfirmTwoFactor>,
    renew: ServerAction<RenewRecoveryCodes>,
    disable: ServerAction<DisableTwoFactor>,
) -> impl IntoView {
    let (renewing, disabling) = (failure(renew), failure(disable));
    let waiting = live_only();
    let codes = move || renew.value().get().or_else(|| confirm.value().get()).and_then(Result::ok);
    let left = match left {
        0 => "No recovery code is left. Make new ones, or a lost phone locks you out.".to_owned(),
        1 => "1 recovery code is left.".to_owned(),
        many => format!("{many} recovery codes are left."),
    };
    view! {
        {move || codes().map(|codes| view! { <RecoveryCodes codes=codes /> })}
        <p class="text-muted">"Signing in takes a code from your app. " {left}</p>
        <details>
            <summary class="button button-plain">"Make new recovery codes"</summary>
            <ActionForm action=renew attr:class="flex flex-col gap-4 pt-4" attr:novalidate=true>
                {password.then(|| view! {
                    <Field name="password" id="renew-password" label="Your password" kind="password" autocomplete="current-password" error=at(renewing, "password") />
                })}
                <Field name="code" id="renew-code" label="Code from the app" autocomplete="one-time-code" error=at(renewing, "code") />
                <div><Button kind=Kind::Primary id="renew-recovery-codes" pending=renew.pending() attr:disabled=waiting>"Make new codes"</Button></div>
            </ActionForm>
            <Outcome action=renew fields=&["password", "code"] />
        </details>
        <details>
            <summary class="button button-danger">"Turn off two-factor sign-in"</summary>
            <ActionForm action=disable attr:class="flex flex-col gap-4 pt-4" attr:novalidate=true>
                {password.then(|| view! {
                    <Field name="password" id="disable-password" label="Your password" kind="password" autocomplete="current-password" error=at(disabling, "password") />
                })}
                <Field name="code" id="disable-code" label="Code from the app, or a recovery code" autocomplete="one-time-code" error=at(disabling, "code") />
                <div><Button kind=Kind::Danger id="disable-two-factor" pending=disable.pending()>"Turn off"</Button></div>
            </ActionForm>
            <Outcome action=disable fields=&["password", "code"] />
        </details>
    }
}

#[component]
fn RecoveryCodes(codes: Vec<String>) -> impl IntoView {
    view! {
        <Notice tone=Tone::Good>
            <p>"Keep these recovery codes in a safe place, not on the phone. Each signs you in once without the app. They are shown only now."</p>
            <ul class="grid grid-cols-2 gap-x-6 pt-2 font-mono" data-test="recovery-codes">
                {codes.into_iter().map(|code| view! { <li data-literal="">{code}</li> }).collect_view()}
            </ul>
        </Notice>
    }
}
