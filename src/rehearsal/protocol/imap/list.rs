//! What folders there are, how they stand, and opening one.

use super::{
    Command, Done, Refusal, Selected,
    folder::{FLAGS, FOLDERS, View, flags, named},
    parse::Rest,
};

/// Answers LIST, LSUB and STATUS.
pub(super) fn answer(view: &View<'_>, command: &Command, told: &mut Vec<Vec<u8>>) -> Done {
    let mut rest = Rest(&command.given);
    let bad = || Refusal::Bad("this list cannot be read".to_owned());
    if command.name == "STATUS" {
        return status(view, &mut rest, told);
    }
    list(&command.name, &mut rest, told).ok_or_else(bad)
}

/// Lists what fits a pattern; of what may be asked beside, only that folders with a use are wanted changes the list.
fn list(name: &str, rest: &mut Rest<'_>, told: &mut Vec<Vec<u8>>) -> Option<String> {
    let mut with_use = false;
    if let Some(chosen) = rest.list(|rest| rest.atom().map(str::to_ascii_uppercase)) {
        with_use = chosen.iter().any(|one| one == "SPECIAL-USE");
        rest.space()?;
    }
    let reference = rest.text()?;
    rest.space()?;
    let patterns = match rest.list(pattern) {
        Some(patterns) => patterns,
        None => vec![pattern(rest)?],
    };
    if patterns.iter().all(String::is_empty) {
        told.push(format!("* {name} (\\Noselect) \"/\" \"\"").into_bytes());
        return Some("listed".to_owned());
    }
    let fits = |folder: &str| patterns.iter().any(|pattern| fits(&format!("{reference}{pattern}"), folder));
    for (folder, usage, _) in
        FOLDERS.iter().filter(|(folder, usage, _)| fits(folder) && !(with_use && usage.is_empty()))
    {
        let usage = if usage.is_empty() { String::new() } else { format!(" {usage}") };
        told.push(format!("* {name} (\\HasNoChildren{usage}) \"/\" \"{folder}\"").into_bytes());
    }
    Some("listed".to_owned())
}

/// A name in which a star or a percent sign stands for any letters.
fn pattern(rest: &mut Rest<'_>) -> Option<String> {
    match rest.0.first()? {
        b'"' | b'{' => rest.text(),
        _ => rest.while_of(|byte| byte.is_ascii_graphic() && !b"(){\"\\".contains(&byte)).map(str::to_owned),
    }
}

fn fits(pattern: &str, folder: &str) -> bool {
    let (pattern, folder) = (pattern.to_ascii_uppercase(), folder.to_ascii_uppercase());
    let mut parts = pattern.split(['*', '%']);
    let Some(mut rest) = folder.strip_prefix(parts.next().unwrap_or_default()) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.split_once(part) {
            Some((_, after)) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(last)
}

fn status(view: &View<'_>, rest: &mut Rest<'_>, told: &mut Vec<Vec<u8>>) -> Done {
    let bad = || Refusal::Bad("what of the folder?".to_owned());
    let name = rest.text().ok_or_else(bad)?;
    rest.space().ok_or_else(bad)?;
    let asked = rest.list(|rest| rest.atom().map(str::to_ascii_uppercase)).ok_or_else(bad)?;
    let place = named(&name).ok_or_else(absent)?;
    let folder = &view.folders[place];
    let mut said = vec![];
    for what in asked {
        let number = match what.as_str() {
            "MESSAGES" => folder.messages.len() as u64,
            "RECENT" => 0,
            "UIDNEXT" => folder.next().into(),
            "UIDVALIDITY" => view.validity.into(),
            "UNSEEN" => unseen(view, place).count() as u64,
            "HIGHESTMODSEQ" => folder.modseq(),
            other => return Err(Refusal::Bad(format!("{other} is not known here"))),
        };
        said.push(format!("{what} {number}"));
    }
    told.push(format!("* STATUS \"{}\" ({})", FOLDERS[place].0, said.join(" ")).into_bytes());
    Ok("told".to_owned())
}

/// The messages of a folder that were not seen.
fn unseen<'a>(view: &'a View<'_>, folder: usize) -> impl Iterator<Item = u32> + 'a {
    let uids = view.folders[folder].messages.keys().copied();
    uids.filter(move |uid| {
        view.message(folder, *uid).is_some_and(|(_, state)| !flags(&state.labels).contains(&"\\Seen"))
    })
}

pub(super) fn absent() -> Refusal {
    Refusal::No("[NONEXISTENT] there is no such folder".to_owned())
}

/// Opens a folder and tells how it stands.
///
/// # Errors
/// There is no such folder.
pub(super) fn open(view: &View<'_>, command: &Command, told: &mut Vec<Vec<u8>>) -> Result<Selected, Refusal> {
    let mut rest = Rest(&command.given);
    let name = rest.text().ok_or_else(|| Refusal::Bad("which folder?".to_owned()))?;
    let place = named(&name).ok_or_else(absent)?;
    let writable = command.name == "SELECT";
    let folder = &view.folders[place];
    let known = FLAGS.map(|(flag, ..)| flag).join(" ");
    let lasting = if writable { known.as_str() } else { "" };
    let mut lines = vec![
        format!("* FLAGS ({known} \\Draft)"),
        format!("* OK [PERMANENTFLAGS ({lasting})] these can be set"),
        format!("* {} EXISTS", folder.messages.len()),
        "* 0 RECENT".to_owned(),
        format!("* OK [UIDVALIDITY {}] numbers are valid", view.validity),
        format!("* OK [UIDNEXT {}] comes next", folder.next()),
        format!("* OK [HIGHESTMODSEQ {}] was the last change", folder.modseq()),
    ];
    let first = unseen(view, place).next().and_then(|first| folder.messages.keys().position(|uid| *uid == first));
    lines.extend(first.map(|first| format!("* OK [UNSEEN {}] is the first", first + 1)));
    told.extend(lines.into_iter().map(String::into_bytes));
    let uids = folder.messages.keys().copied().collect();
    Ok(Selected { folder: place, writable, uids, until: folder.modseq() })
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn stars_stand_for_any_letters() {
        for (pattern, folder) in [
            ("*", "INBOX"),
            ("%", "Sent"),
            ("S*t", "Sent"),
            ("inbox", "INBOX"),
            ("*r*h*", "Archive"),
            ("*Sent", "Sent"),
        ] {
            assert!(fits(pattern, folder), "{pattern} {folder}");
        }
        for (pattern, folder) in
            [("", "INBOX"), ("S", "Sent"), ("S*x", "Sent"), ("SentSent*", "Sent"), ("*h*r*h", "Archive")]
        {
            assert!(!fits(pattern, folder), "{pattern} {folder}");
        }
    }
}
