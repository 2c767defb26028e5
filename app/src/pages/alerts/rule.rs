//! The agency's rules of who hears of which alerts: each in words, with what can be done to it, and the form that says what
//! one names.
//!
//! What a rule can name reaches the browser in groups, all drawn alike; everything chosen is one field, `named`, of words such
//! as `role:owner` or `kind:drop`.

use leptos::prelude::*;
use model::{
    alert::{Rule, RuleFields, Severity, Way},
    id::AlertRuleId,
    role::Role,
};
use serde::{Deserialize, Serialize};

use crate::{
    components::{
        badge::{Badge, Shade},
        button::{Button, Kind},
        card::Card,
        field::{Field, Select},
        form::ActionForm,
        notice::{Failed, sentence},
        outcome::{Outcome, at, failure, on_success, reset_when_done, successes},
        part::{drawing, part},
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

/// Adds a rule, or changes that of the id. `named` holds whom and what it names.
#[server(prefix = "/app", endpoint = "save_alert_rule", output = crate::codec::Json)]
pub async fn save_alert_rule(
    id: String,
    name: String,
    enabled: bool,
    way: String,
    least_severity: String,
    #[server(default)] named: Vec<String>,
) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    let fields = stored::fields(name, enabled, (&way, &least_severity), &named)?;
    if id.is_empty() {
        service::alert::rule::create(&service, &actor, fields).await?;
    } else {
        let id = id.parse().map_err(|_| service::Error::Missing)?;
        service::alert::rule::update(&service, &actor, id, fields).await?;
    }
    Ok(())
}

/// Switches a rule on or off.
#[server(prefix = "/app", endpoint = "switch_alert_rule", output = crate::codec::Json)]
pub async fn switch_alert_rule(id: AlertRuleId, enabled: bool) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::alert::rule::switch(&service, &actor, id, enabled).await.map(|_| ())?)
}

/// Throws a rule away.
#[server(prefix = "/app", endpoint = "remove_alert_rule", output = crate::codec::Json)]
pub async fn remove_alert_rule(id: AlertRuleId) -> Result<(), AppError> {
    let (actor, service) = (crate::server::actor()?, crate::server::service()?);
    Ok(service::alert::rule::remove(&service, &actor, id).await?)
}

/// Between what the services hold and what the form says.
#[cfg(feature = "ssr")]
mod stored {
    use std::{collections::BTreeSet, str::FromStr};

    use model::{alert::FindingKind, id::ClientId, input::Invalid};

    use super::{AppError, Group, Role, RuleFields, Severity, Way};

    /// What rules can name, in groups.
    pub(super) fn groups(service: &service::Service, choices: service::alert::rule::Choices) -> Vec<Group> {
        let service::alert::rule::Choices { clients, channels, members } = choices;
        let group = |key: &str, title: &str, items: Vec<(String, String)>| Group {
            key: key.to_owned(),
            title: title.to_owned(),
            items: items.into_iter().map(|(value, words)| (format!("{key}:{value}"), words)).collect(),
        };
        let client = |(id, name, archived): (ClientId, String, bool)| {
            (id.to_string(), if archived { format!("{name} (archived)") } else { name })
        };
        // Files may hold figures of platforms that are no providers here.
        let of_channels = channels.iter().map(|(_, _, provider)| provider.as_str());
        let called = |key: &str| {
            let offer = service.offers.iter().find(|offer| offer.descriptor.key == key);
            offer.map_or_else(|| key.replace('_', " "), |offer| offer.descriptor.name.to_owned())
        };
        let offered = service.offers.iter().map(|offer| offer.descriptor.key);
        let providers: BTreeSet<&str> = offered.chain(of_channels).collect();
        let providers = providers.into_iter().map(|key| (key.to_owned(), called(key))).collect();
        let channels = channels.iter().map(|(id, name, of)| (id.to_string(), format!("{name} ({})", called(of))));
        let channels = channels.collect();
        let kinds = FindingKind::ALL.iter().map(|kind| (kind.key().to_owned(), kind.label().to_owned()));
        vec![
            group("role", "Everybody who is", Role::ALL.map(|role| (role.key().to_owned(), role.label().to_owned())).into()),
            group("member", "And these members", members.into_iter().map(|(id, name)| (id.to_string(), name)).collect()),
            group("kind", "Only these kinds", kinds.collect()),
            group("client", "Only these clients", clients.into_iter().map(client).collect()),
            group("channel", "Only these channels", channels),
            group("provider", "Only channels of", providers),
        ]
    }

    /// What the form says, as a rule's fields.
    pub(super) fn fields(
        name: String,
        enabled: bool,
        (way, least): (&str, &str),
        named: &[String],
    ) -> Result<RuleFields, AppError> {
        let kind = |text: &str| FindingKind::parse(text).ok_or(service::Error::Missing);
        let role = |text: &str| text.parse::<Role>().map_err(|_| service::Error::Missing);
        Ok(RuleFields {
            name,
            enabled,
            way: Way::parse(way).ok_or_else(|| Invalid::new("way", "choose how they hear of it"))?,
            least_severity: Severity::parse(least)
                .ok_or_else(|| Invalid::new("least_severity", "choose how bad it is at least"))?,
            client_ids: ids(named, "client")?,
            channel_ids: ids(named, "channel")?,
            providers: of(named, "provider").map(str::to_owned).collect(),
            kinds: of(named, "kind").map(kind).collect::<Result<_, _>>()?,
            roles: of(named, "role").map(role).collect::<Result<_, _>>()?,
            member_ids: ids(named, "member")?,
        })
    }

    /// What is named of one sort.
    fn of<'a>(named: &'a [String], key: &'a str) -> impl Iterator<Item = &'a str> {
        named.iter().filter_map(move |one| one.strip_prefix(key)?.strip_prefix(':'))
    }

    fn ids<T: FromStr>(named: &[String], key: &str) -> Result<Vec<T>, service::Error> {
        of(named, key).map(|id| id.parse().map_err(|_| service::Error::Missing)).collect()
    }
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
            item.map_or_else(|| "somebody or something that is gone".to_owned(), |(_, words)| words.clone())
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
    let changes = (successes(deeds.add), successes(deeds.change), successes(deeds.switch), successes(deeds.remove));
    let list = Resource::new(
        move || (changes.0.get(), changes.1.get(), changes.2.get(), changes.3.get()),
        |_| list_alert_rules(),
    );
    let draw = move |list: Option<RuleList>| list.map(|list| view! { <Shown list=list deeds=deeds /> });
    part("The rules", "heading", list, draw)
}

#[component]
fn Shown(list: RuleList, deeds: Deeds) -> impl IntoView {
    let RuleList { rules, groups } = list;
    let nobody = rules.iter().all(|rule| !rule.fields.enabled);
    let (rules, groups, drawing) = (StoredValue::new(rules), StoredValue::new(groups), drawing());
    view! {
        <Card title="Rules" about="Who hears of which alerts. Everybody only hears of the clients in their sight, of each alert once, and at once if any rule says so.">
            {nobody.then(|| view! { <p class="text-muted" data-test="nobody">"No rule is on: nobody is mailed about anything."</p> })}
            <Outcome action=deeds.switch />
            <Outcome action=deeds.remove />
            <ul class="flex flex-col" data-test="rules">
                <For each=move || rules.get_value() key=move |rule| (drawing, rule.id) children=move |rule| view! { <RuleView rule=rule groups=groups deeds=deeds /> } />
            </ul>
        </Card>
        <Card title="Add a rule">
            <RuleForm rule=None groups=groups deeds=deeds />
        </Card>
    }
}

#[component]
fn RuleView(rule: Rule, groups: StoredValue<Vec<Group>>, deeds: Deeds) -> impl IntoView {
    let Deeds { change, switch, remove, .. } = deeds;
    let (id, enabled, name) = (rule.id, rule.fields.enabled, rule.fields.name.clone());
    let (people, about) = groups.with_value(|groups| words(&rule.fields, groups));
    let back = untrack(|| !Typed::of(change).only("id", &id.to_string()).fields().is_empty());
    let switches = if enabled { "Switch off" } else { "Switch on" };
    let (switch_name, remove_name) = (format!("{switches}: {name}"), format!("Remove “{name}”"));
    let removes = remove_name.clone();
    view! {
        <li class="flex flex-col gap-2 border-b border-line py-3" data-test=format!("rule {name}")>
            <div class="flex flex-wrap items-start justify-between gap-2">
                <div class="min-w-0">
                    <h3 class="flex flex-wrap items-center gap-2 font-medium"><span class="min-w-0 break-words">{name.clone()}</span>
                        {(!enabled).then(|| view! { <Badge shade=Shade::Warn words="Off" /> })}</h3>
                    <p class="break-words" data-test="about">{about}</p>
                    <p class="break-words text-muted">"To " {people}</p>
                </div>
                <ActionForm action=switch>
                    <input type="hidden" name="id" value=id.to_string() />
                    <input type="hidden" name="enabled" value=(!enabled).to_string() />
                    <Button id=format!("switch-{id}") named=switch_name pending=switch.pending()>{switches}</Button>
                </ActionForm>
            </div>
            <details open=back data-test="change">
                <summary class="disclosure" aria-label=format!("Change: {name}")>"Change"</summary>
                <RuleForm rule=Some(rule) groups=groups deeds=deeds />
            </details>
            <details data-test="remove">
                <summary class="disclosure" aria-label=format!("Remove: {name}")>"Remove"</summary>
                <ActionForm action=remove attr:class="flex flex-col items-start gap-2">
                    <p>"It is gone for good. To keep it for later, switch it off."</p>
                    <input type="hidden" name="id" value=id.to_string() />
                    <Button kind=Kind::Danger id=format!("remove-{id}") named=removes pending=remove.pending()>{remove_name}</Button>
                </ActionForm>
            </details>
        </li>
    }
}

/// The form of a rule, or of a new one.
#[component]
fn RuleForm(rule: Option<Rule>, groups: StoredValue<Vec<Group>>, deeds: Deeds) -> impl IntoView {
    let id = rule.as_ref().map(|rule| rule.id);
    let action = if id.is_some() { deeds.change } else { deeds.add };
    let own = id.map(|id| id.to_string()).unwrap_or_default();
    let typed = Typed::of(action).only("id", &own);
    let form = NodeRef::new();
    if id.is_none() {
        reset_when_done(action, deeds.added, form);
    }
    let back = untrack(|| typed.fields());
    let came_back = !back.is_empty();
    let all = failure(action);
    // Every form of a rule runs the same function: what went wrong is said in the one that was sent.
    let this = own.clone();
    let here = move || deeds.of.get().map_or(came_back, |sent| sent == this);
    let failure = Signal::derive(move || all.get().filter(|_| here()));
    let this = own.clone();
    let fields = rule.map(|rule| rule.fields);
    let text = |name: &str, stored: Option<&str>, otherwise: &str| typed.first(name, stored.unwrap_or(otherwise));
    let name = text("name", fields.as_ref().map(|fields| fields.name.as_str()), "");
    let way = text("way", fields.as_ref().map(|fields| fields.way.key()), Way::Mail.key());
    let least = text("least_severity", fields.as_ref().map(|fields| fields.least_severity.key()), Severity::Medium.key());
    let enabled = fields.as_ref().is_none_or(|fields| fields.enabled);
    let chosen: Vec<String> = if came_back {
        back.into_iter().filter(|(field, _)| field.starts_with("named[")).map(|(_, value)| value).collect()
    } else {
        fields.as_ref().map(named).unwrap_or_default()
    };
    let key = if own.is_empty() { "new".to_owned() } else { own.clone() };
    let of = |what: &str| format!("{what}-{key}");
    let (saves, words) = if id.is_some() { ("save-rule", "Save rule") } else { ("add-rule", "Add rule") };
    let whole = move || failure.get().filter(|error| !["name", "roles"].iter().any(|field| error.at(field).is_some()));
    let whom = at(failure, "roles");
    let ways = Way::ALL.iter().map(|way| (way.key().to_owned(), way.label().to_owned())).collect();
    let severities = Severity::ALL.iter().rev().map(|one| {
        let words = if *one == Severity::High { one.label().to_owned() } else { format!("{} or worse", one.label()) };
        (one.key().to_owned(), words)
    });
    let boxes = groups.with_value(|groups| {
        let draw = |group: &Group| view! { <Boxes group=group.clone() chosen=chosen.clone() form=key.clone() /> };
        groups.iter().filter(|group| !group.items.is_empty()).map(draw).collect_view()
    });
    view! {
        <div on:submit=move |_| deeds.of.set(Some(this.clone()))>
        <ActionForm action=action node_ref=form attr:class="flex flex-col gap-4" attr:novalidate=true>
            <input type="hidden" name="id" value=own />
            <input type="hidden" name="enabled" value=enabled.to_string() />
            <Field name="name" id=of("rule-name") label="Name of the rule" value=name error=at(failure, "name") />
            <div class="grid gap-4 sm:grid-cols-2">
                <Select name="least_severity" id=of("least") label="How bad" options=severities.collect() value=least />
                <Select name="way" id=of("way") label="How they hear of it" options=ways value=way />
            </div>
            <div class="flex flex-col gap-1">{boxes}</div>
            <p class="field-error" role="alert" hidden=move || whom.get().is_none()>{move || whom.get().map(|words| sentence(&words))}</p>
            <div><Button kind=Kind::Primary id=of(saves) pending=action.pending()>{words}</Button></div>
        </ActionForm>
        </div>
        {move || whole().map(|error| view! { <Failed error=error /> })}
    }
}

/// Things of one sort of which some are chosen. Roles are in sight; the others when they are opened, or one is chosen.
#[component]
fn Boxes(group: Group, chosen: Vec<String>, form: String) -> impl IntoView {
    let Group { key, title, items } = group;
    let count = items.iter().filter(|(value, _)| chosen.contains(value)).count();
    let legend = title.clone();
    let boxes = items.into_iter().map(move |(value, words)| {
        let on = chosen.contains(&value);
        view! { <label class="box"><input type="checkbox" name="named[]" autocomplete="off" value=value checked=on /><span class="min-w-0">{words}</span></label> }
    });
    if key == "role" {
        return view! { <fieldset class="boxes"><legend class="font-medium">{legend}</legend>{boxes.collect_view()}</fieldset> }.into_any();
    }
    view! {
        <details open={count > 0} data-test=format!("{key} {form}")>
            <summary class="disclosure">{title}{(count > 0).then(|| view! { " (" <span data-literal="">{count}</span> " chosen)" })}</summary>
            <fieldset class="boxes"><legend class="sr-only">{legend}</legend>{boxes.collect_view()}</fieldset>
        </details>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use model::alert::{FindingKind, default_rules};

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
        let (people, about) = words(&rule, &groups);
        assert_eq!(people, "somebody or something that is gone");
        assert_eq!(about, "Mail at once: what is high, only Falls, Jumps; only Meta Ads");
    }
}
