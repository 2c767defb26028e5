//! The agency's rules of who hears of which alerts: each in words, with what can be done to it, and the form that says what
//! one names.
//!
//! What a rule can name reaches the browser in groups, all drawn alike; everything chosen is one field, `named`, of words such
//! as `role:owner` or `kind:drop`.

mod form;
#[cfg(feature = "ssr")]
mod stored;

use form::RuleForm;
use leptos::prelude::*;
use model::{
    alert::{FindingKind, Rule, RuleFields, Severity},
    id::AlertRuleId,
    role::Role,
};
use serde::{Deserialize, Serialize};

use crate::{
    components::{
        badge::{Badge, Shade},
        button::{Button, Kind},
        card::Card,
        focus,
        form::ActionForm,
        notice::sentence,
        outcome::{Outcome, on_success, successes},
        part::{again, drawing, part},
        toast::{Next, Toasts},
    },
    error::AppError,
    refused::Typed,
};

/// Things of one sort that a rule can name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// The sort, as `named` spells it.
    key: String,
    /// What they are called together.
    title: String,
    /// Each as `named` spells it, and what it is called.
    items: Vec<(String, String)>,
}

impl Group {
    /// The same, and what of its sort is chosen but cannot be chosen any more: saving a rule must not lose it unasked, since one
    /// that names nothing of a sort is about all of it.
    fn with(&self, chosen: &[String]) -> Self {
        let mut group = self.clone();
        for value in chosen.iter().filter(|value| value.split(':').next() == Some(self.key.as_str())) {
            if group.items.iter().all(|(item, _)| item != value) {
                group.items.push((value.clone(), sentence(&gone(value))));
            }
        }
        group
    }
}

/// What is named and cannot be chosen any more, in words.
fn gone(value: &str) -> String {
    let (sort, key) = value.split_once(':').unwrap_or_default();
    match (sort, FindingKind::parse(key)) {
        ("kind", Some(kind)) => kind.label().to_owned(),
        ("provider", _) => key.replace('_', " "),
        ("member", _) => "somebody who is gone".to_owned(),
        _ => "something that is gone".to_owned(),
    }
}

/// The rules and what they can name: whom first, then of what.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleList {
    rules: Vec<Rule>,
    groups: Vec<Group>,
}

/// The agency's rules, for those who may read them.
#[server(prefix = "/app", endpoint = "list_alert_rules", output = crate::codec::Json)]
pub async fn list_alert_rules() -> Result<Option<RuleList>, AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    if !model::access::may(actor.role, model::access::Action::ReadSettings) {
        return Ok(None);
    }
    let (rules, choices) = service::alert::rule::board(&service, &actor).await?;
    Ok(Some(RuleList { rules, groups: stored::groups(&service, choices) }))
}

/// Adds a rule, or changes that of the id, which stays on or off. `named` holds whom and what it names.
#[server(prefix = "/app", endpoint = "save_alert_rule", output = crate::codec::Json)]
pub async fn save_alert_rule(
    id: String,
    name: String,
    way: String,
    least_severity: String,
    #[server(default)] named: Vec<String>,
) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let fields = stored::fields(name, (&way, &least_severity), &named)?;
    if id.is_empty() {
        service::alert::rule::create(&service, &actor, fields).await?;
    } else {
        let id = id.parse().map_err(|_| service::Error::Missing)?;
        service::alert::rule::update(&service, &actor, id, fields, None).await?;
    }
    Ok(())
}

/// Switches a rule on or off.
#[server(prefix = "/app", endpoint = "switch_alert_rule", output = crate::codec::Json)]
pub async fn switch_alert_rule(id: AlertRuleId, enabled: bool) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::alert::rule::switch(&service, &actor, id, enabled).await?)
}

/// Throws a rule away.
#[server(prefix = "/app", endpoint = "remove_alert_rule", output = crate::codec::Json)]
pub async fn remove_alert_rule(id: AlertRuleId) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::alert::rule::remove(&service, &actor, id).await?)
}

/// Everything that a rule names, as the form spells it.
fn named(fields: &RuleFields) -> Vec<String> {
    let mut named: Vec<String> = fields.roles.iter().map(|role| format!("role:{}", role.key())).collect();
    named.extend(fields.member_ids.iter().map(|id| format!("member:{id}")));
    named.extend(fields.kinds.iter().map(|kind| format!("kind:{}", kind.key())));
    named.extend(fields.client_ids.iter().map(|id| format!("client:{id}")));
    named.extend(fields.channel_ids.iter().map(|id| format!("channel:{id}")));
    named.extend(fields.providers.iter().map(|key| format!("provider:{key}")));
    named
}

/// What a rule says, in words: whom it names, and then about what.
fn words(fields: &RuleFields, groups: &[Group]) -> (String, String) {
    let named = named(fields);
    let called = |key: &str| -> Vec<String> {
        let group = groups.iter().find(|group| group.key == key);
        let word = |value: &String| {
            let item = group.and_then(|group| group.items.iter().find(|(item, _)| item == value));
            item.map_or_else(|| gone(value), |(_, words)| words.clone())
        };
        named.iter().filter(|value| value.split(':').next() == Some(key)).map(word).collect()
    };
    let has = |role: &Role| fields.roles.contains(role);
    let roles = Role::ALL.into_iter().filter(has).map(|role| format!("{}s", role.label()));
    let people: Vec<String> = roles.chain(called("member")).collect();
    let severity = match fields.least_severity {
        Severity::Info => "everything that is noticed".to_owned(),
        Severity::High => "what is high".to_owned(),
        least => format!("what is {} or worse", least.label().to_lowercase()),
    };
    let only = ["kind", "client", "channel", "provider"].map(called).into_iter().filter(|names| !names.is_empty());
    let only: Vec<String> = only.map(|names| names.join(", ")).collect();
    let about = if only.is_empty() { severity } else { format!("{severity}, only {}", only.join("; only ")) };
    (people.join(", "), format!("{}: {about}", fields.way.label()))
}

/// What can be done with rules; the parts of the page share it.
#[derive(Clone, Copy)]
struct Deeds {
    add: ServerAction<SaveAlertRule>,
    change: ServerAction<SaveAlertRule>,
    switch: ServerAction<SwitchAlertRule>,
    remove: ServerAction<RemoveAlertRule>,
    /// The id of the rule whose form was sent last, empty for a new one: what goes wrong is said in it.
    of: RwSignal<Option<String>>,
    /// Which additions the empty form has seen.
    added: StoredValue<usize>,
}

impl Deeds {
    fn changes(self) -> Signal<usize> {
        let counts = [successes(self.add), successes(self.change), successes(self.switch), successes(self.remove)];
        Signal::derive(move || counts.iter().map(|count| count.get()).sum())
    }
}

/// The rules; nothing for those who may not read them.
#[component]
pub(super) fn Rules() -> impl IntoView {
    let deeds = Deeds {
        add: ServerAction::new(),
        change: ServerAction::new(),
        switch: ServerAction::new(),
        remove: ServerAction::new(),
        of: RwSignal::new(None),
        added: StoredValue::new(0),
    };
    if let Some(toasts) = Toasts::of_page() {
        let say = move |words: &'static str| move |()| toasts.show(words, Next::Nothing);
        on_success(deeds.add, say("The rule is added"));
        on_success(deeds.change, say("The rule is changed; what was mailed stays mailed"));
        on_success(deeds.switch, say("The rule is switched"));
        on_success(deeds.remove, say("The rule is removed"));
    }
    let list = Resource::new(|| (), |()| list_alert_rules());
    let draw = move |list: Option<RuleList>| list.map(|list| view! { <Shown list=list deeds=deeds /> });
    part("The rules", "heading", list, draw)
}

/// The rules drawn. What is done to one has them read again into what is there: what is being typed in the forms stays.
#[component]
fn Shown(list: RuleList, deeds: Deeds) -> impl IntoView {
    let (groups, drawing) = (StoredValue::new(list.groups.clone()), drawing());
    let list = RwSignal::new(Some(list));
    let rules = Memo::new(move |_| list.with(|list| list.as_ref().map(|list| list.rules.clone()).unwrap_or_default()));
    let nobody = Memo::new(move |_| rules.with(|rules| rules.iter().all(|rule| !rule.fields.enabled)));
    let added = successes(deeds.add);
    // What was added is not typed any more: its form begins anew, with the focus where it was.
    let form = move || {
        if added.get() > 0 {
            focus::restore(focus::held(), "heading");
        }
        view! { <RuleForm rule=None groups=groups deeds=deeds /> }
    };
    let key = move |rule: &Rule| (drawing, rule.id);
    let draw = move |rule: Rule| {
        let now = Memo::new(move |before: Option<&Rule>| {
            let found = rules.with(|rules| rules.iter().find(|now| now.id == rule.id).cloned());
            found.unwrap_or_else(|| before.unwrap_or(&rule).clone())
        });
        view! { <RuleView rule=now groups=groups deeds=deeds /> }
    };
    view! {
        {again("The rules", "heading", deeds.changes(), list_alert_rules, list)}
        <Card title="Rules" about="Who hears of which alerts. Everybody only hears of the clients in their sight, of each alert once, and at once if any rule says so.">
            {move || nobody.get().then(|| view! { <p class="text-muted" data-test="nobody">"No rule is on: nobody is mailed about alerts."</p> })}
            <Outcome action=deeds.switch />
            <Outcome action=deeds.remove />
            <ul class="flex flex-col" data-test="rules">
                <For each=move || rules.get() key=key children=draw />
            </ul>
        </Card>
        <Card title="Add a rule">{form}</Card>
    }
}

/// A rule. What it says follows changes; the form that changes it stays as it is.
#[component]
fn RuleView(rule: Memo<Rule>, groups: StoredValue<Vec<Group>>, deeds: Deeds) -> impl IntoView {
    let Deeds { change, remove, .. } = deeds;
    let id = rule.with_untracked(|rule| rule.id);
    let name = Memo::new(move |_| rule.with(|rule| rule.fields.name.clone()));
    let back = Typed::of(change).only("id", &id.to_string()).came_back();
    let removes = move || {
        let words = format!("Remove “{}”", name.get());
        let named = words.clone();
        view! { <Button kind=Kind::Danger id=format!("remove-{id}") named=named pending=remove.pending()>{words}</Button> }
    };
    view! {
        <li class="flex flex-col gap-2 border-b border-line py-3" data-test=move || format!("rule {}", name.get())>
            {move || view! { <Says rule=rule.get() groups=groups deeds=deeds /> }}
            <details open=back data-test="change">
                <summary class="disclosure" aria-label=move || format!("Change: {}", name.get())>"Change"</summary>
                <RuleForm rule=Some(rule.get_untracked()) groups=groups deeds=deeds />
            </details>
            <details data-test="remove">
                <summary class="disclosure" aria-label=move || format!("Remove: {}", name.get())>"Remove"</summary>
                <ActionForm action=remove attr:class="flex flex-col items-start gap-2">
                    <p>"It is gone for good. To keep it for later, switch it off."</p>
                    <input type="hidden" name="id" value=id.to_string() />
                    {removes}
                </ActionForm>
            </details>
        </li>
    }
}

/// What a rule says, and whether it is on.
#[component]
fn Says(rule: Rule, groups: StoredValue<Vec<Group>>, deeds: Deeds) -> impl IntoView {
    let Rule { id, fields } = rule;
    let switch = deeds.switch;
    let (people, about) = groups.with_value(|groups| words(&fields, groups));
    let (enabled, name) = (fields.enabled, fields.name);
    let switches = if enabled { "Switch off" } else { "Switch on" };
    let named = format!("{switches}: {name}");
    view! {
        <div class="flex flex-wrap items-start justify-between gap-2">
            <div class="min-w-0">
                <h3 class="flex flex-wrap items-center gap-2 font-medium"><span class="min-w-0 break-words">{name}</span>
                    {(!enabled).then(|| view! { <Badge shade=Shade::Warn words="Off" /> })}</h3>
                <p class="break-words" data-test="about">{about}</p>
                <p class="break-words text-muted">"To " {people}</p>
            </div>
            <ActionForm action=switch>
                <input type="hidden" name="id" value=id.to_string() />
                <input type="hidden" name="enabled" value=(!enabled).to_string() />
                <Button id=format!("switch-{id}") named=named pending=switch.pending()>{switches}</Button>
            </ActionForm>
        </div>
    }
}

#[cfg(test)]
mod tests {
    use model::alert::default_rules;

    use super::*;

    #[test]
    fn a_rule_is_told_in_words_and_what_is_gone_is_not_left_out() {
        let [at_once, digest] = default_rules();
        let all = "Owners, Admins, Managers".to_owned();
        assert_eq!(words(&at_once, &[]), (all.clone(), "Mail at once: what is medium or worse".to_owned()));
        assert_eq!(words(&digest, &[]), (all, "Monday's digest: everything that is noticed".to_owned()));
        let gone = "0190a1b2-c3d4-7000-8000-000000000001".parse().unwrap();
        let rule = RuleFields {
            kinds: vec![FindingKind::Drop, FindingKind::Spike],
            providers: vec!["meta_ads".into()],
            member_ids: vec![gone],
            roles: Vec::new(),
            least_severity: Severity::High,
            ..at_once
        };
        let group = |key: &str, items: &[(&str, &str)]| Group {
            key: key.into(),
            title: String::new(),
            items: items.iter().map(|(value, words)| ((*value).to_owned(), (*words).to_owned())).collect(),
        };
        let groups = [
            group("kind", &[("kind:drop", "Falls"), ("kind:spike", "Jumps")]),
            group("provider", &[("provider:meta_ads", "Meta Ads")]),
        ];
        let named = ["provider:meta_ads", "provider:radio_ads", "member:x"].map(str::to_owned);
        let items = groups[1].with(&named).items;
        let radio = ("provider:radio_ads".to_owned(), "Radio ads".to_owned());
        assert_eq!(items[1..], [radio], "what is gone can be kept or taken out, and the rest stands there once");
        let (people, about) = words(&rule, &groups);
        assert_eq!(people, "somebody who is gone");
        assert_eq!(about, "Mail at once: what is high, only Falls, Jumps; only Meta Ads");
    }
}
