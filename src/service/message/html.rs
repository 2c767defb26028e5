//! The form with layout of a message, without what could harm: no script, no form, no frame, nothing that is loaded from elsewhere.
//!
//! What stays is listed here; whatever is not listed goes. It is shown in a document of its own, which the server sends with a policy
//! under which nothing could run or be loaded even if something were left. What cost too much to look through is shown as text.

mod weight;

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    fmt,
    sync::Arc,
};

use ammonia::{Builder, UrlRelative};

/// The longest form with layout that is looked through, in bytes.
const LARGEST: usize = 2 << 20;

/// What is kept of a letter's layout.
const TAGS: &str = "a abbr address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del dfn \
    div dl dt em figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li mark ol p pre q s \
    samp small span strike strong sub sup table tbody td tfoot th thead tr u";

/// What is left out with all that stands in it.
const LEFT_OUT: &str =
    "embed head iframe math noembed noframes object script select style svg template textarea title video xmp";

/// Attributes of whatever is kept.
const ATTRIBUTES: &str = "align bgcolor color dir height lang style title valign width";

/// Attributes of some.
const OF_TAGS: [(&str, &[&str]); 9] = [
    ("a", &["href"]),
    ("col", &["span"]),
    ("font", &["face", "size"]),
    ("img", &["alt", "border", "src"]),
    ("li", &["value"]),
    ("ol", &["start", "type"]),
    ("table", &["border", "cellpadding", "cellspacing"]),
    ("td", &["colspan", "nowrap", "rowspan"]),
    ("th", &["colspan", "nowrap", "rowspan", "scope"]),
];

/// What styles may say: nothing that loads, and nothing that leaves its place.
const STYLES: &str = "background-color border border-bottom border-bottom-color border-bottom-style border-bottom-width \
    border-collapse border-color border-left border-left-color border-left-style border-left-width border-radius \
    border-right border-right-color border-right-style border-right-width border-spacing border-style \
    border-top border-top-color border-top-style border-top-width border-width color direction font-family font-size \
    font-style font-variant font-weight height letter-spacing line-height list-style-type max-width padding \
    padding-bottom padding-left padding-right padding-top text-align text-decoration text-indent \
    text-transform vertical-align white-space width word-break";

/// What of pictures is shown.
#[derive(Clone, Default)]
pub struct Pictures {
    /// Those that came with the message: their address here by their `Content-ID`.
    pub inline: HashMap<String, String>,
    /// Makes the address here of one that lies elsewhere; without it none of these is shown.
    pub remote: Option<Remote>,
}

/// Makes the address here of a picture that lies elsewhere.
pub type Remote = Arc<dyn Fn(&str) -> String + Send + Sync>;

impl fmt::Debug for Pictures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pictures").field("inline", &self.inline).field("remote", &self.remote.is_some()).finish()
    }
}

/// A letter's layout without what could harm; none where it is too large or too tangled to be looked through.
pub fn clean(html: &str, pictures: Pictures) -> Option<String> {
    if html.len() > LARGEST || !weight::bearable(html) {
        return None;
    }
    let of_tags = OF_TAGS.into_iter().map(|(tag, attributes)| (tag, attributes.iter().copied().collect()));
    let mut builder = Builder::empty();
    builder
        .tags(words(TAGS))
        .clean_content_tags(words(LEFT_OUT))
        .generic_attributes(words(ATTRIBUTES))
        .tag_attributes(of_tags.collect())
        .filter_style_properties(words(STYLES))
        .url_schemes(HashSet::from(["cid", "http", "https", "mailto", "tel"]))
        // Which addresses within this document stay is said below.
        .url_relative(UrlRelative::PassThrough)
        .link_rel(Some("noopener noreferrer nofollow"))
        .set_tag_attribute_value("a", "target", "_blank")
        .attribute_filter(move |tag, attribute, value| kept(&pictures, tag, attribute, value));
    Some(builder.clean(html).to_string())
}

fn words(list: &'static str) -> HashSet<&'static str> {
    list.split(' ').collect()
}

/// What an attribute says afterwards; none where it goes.
fn kept<'a>(pictures: &Pictures, tag: &str, attribute: &str, value: &'a str) -> Option<Cow<'a, str>> {
    match (tag, attribute) {
        ("a", "href") => {
            let link = address(value);
            // What leads into our own pages, or nowhere, is no link.
            ["http://", "https://", "mailto:", "tel:"].iter().any(|way| begins(&link, way)).then_some(Cow::Owned(link))
        }
        ("img", "src") => {
            let source = address(value);
            let here = if begins(&source, "cid:") {
                pictures.inline.get(&decoded(&source[4..])).cloned()
            } else {
                let elsewhere =
                    Some(&source).filter(|source| ["http://", "https://"].iter().any(|way| begins(source, way)));
                elsewhere.zip(pictures.remote.as_ref()).map(|(source, remote)| remote(source.as_str()))
            };
            here.map(Cow::Owned)
        }
        _ => Some(Cow::Borrowed(value)),
    }
}

/// An address as browsers read it: without line ends and tabs, and what cannot be seen around it.
fn address(value: &str) -> String {
    let shown: String = value.chars().filter(|c| !matches!(c, '\t' | '\n' | '\r')).collect();
    shown.trim_matches(|c: char| c <= ' ').to_owned()
}

fn begins(text: &str, with: &str) -> bool {
    text.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with))
}

/// A `Content-ID` as it stands in an address (RFC 2392).
fn decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        let pair = after.get(..2).and_then(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
        match (first, pair) {
            (b'%', Some(byte)) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// A text as a browser shows it literally.
pub fn literal(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// The document that shows a layout which was cleaned, or other HTML of ours.
pub fn document(body: &str) -> String {
    // Letters are written for white paper.
    const LOOK: &str = ":root{color-scheme:light}body{margin:0;padding:12px;background:#fff;color:#1a1a1a;\
        font:15px/1.5 system-ui,sans-serif;overflow-wrap:anywhere}img{max-width:100%;height:auto}\
        pre{white-space:pre-wrap;font:inherit;margin:0}blockquote{margin:0 0 0 8px;padding-left:8px;\
        border-left:2px solid #767676}a{color:#1d4ed8}.said{padding:8px;background:#f1f1f1;margin:0 0 12px}";
    format!(
        "<!doctype html><html lang=\"und\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width\"><title>Message</title><style>{LOOK}</style></head><body>{body}</body></html>"
    )
}

/// The document that shows a text, with a sentence of ours above it if there is one.
pub fn text_document(said: Option<&str>, text: &str) -> String {
    let said = said.map(|said| format!("<p class=\"said\">{}</p>", literal(said))).unwrap_or_default();
    document(&format!("{said}<pre>{}</pre>", literal(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(html: &str) -> String {
        let inline = HashMap::from([("logo@mill".to_owned(), "/parts/0".to_owned())]);
        clean(html, Pictures { inline, remote: None }).unwrap()
    }

    #[test]
    fn a_letters_layout_stays() {
        let letter = "<table width=\"600\"><tbody><tr><td style=\"color:red;padding:4px\">Dear <b>Ana</b></td></tr></tbody></table>";
        let kept = shown(letter);
        for part in ["<table width=\"600\">", "color:red", "padding:4px", "Dear <b>Ana</b>"] {
            assert!(kept.contains(part), "{part}: {kept}");
        }
        let link = shown("<a href=\"https://mill.example/a\">x</a>");
        for part in ["href=\"https://mill.example/a\"", "rel=\"noopener noreferrer nofollow\"", "target=\"_blank\""] {
            assert!(link.contains(part), "{part}: {link}");
        }
    }

    #[test]
    fn pictures_come_from_here_or_not_at_all() {
        assert!(shown("<img src=\"cid:logo%40mill\" alt=\"Logo\">").contains("src=\"/parts/0\""));
        for gone in [
            "<img src=\"cid:other\">",
            "<img src=\"https://evil.test/p\">",
            "<img src=\"//evil.test/p\">",
            "<img src=\"/app/logout\">",
            "<img src=\"data:image/png;base64,AAAA\">",
        ] {
            assert!(!shown(gone).contains("src="), "{gone}");
        }
        let remote: Remote = Arc::new(|url: &str| format!("/remote?{}", url.len()));
        let asked = Pictures { inline: HashMap::new(), remote: Some(remote) };
        let kept = clean("<img src=\" https://a.test/p\"><img src=\"//a.test/p\">", asked).unwrap();
        assert_eq!(kept.matches("src=").count(), 1, "{kept}");
        assert!(kept.contains("src=\"/remote?16\""), "{kept}");
    }

    #[test]
    fn links_lead_outside_only() {
        for gone in
            ["/clients", "#top", "//evil.test", "javascript:alert(1)", "data:text/html,x", "cid:x", "https:evil"]
        {
            let kept = shown(&format!("<a href=\"{gone}\">x</a>"));
            assert!(!kept.contains("href"), "{gone}: {kept}");
        }
    }

    #[test]
    fn styles_load_nothing_and_stay_in_their_place() {
        for style in [
            "position:fixed;inset:0",
            "background:url(//evil.test/p)",
            "background-image:url('//evil.test/p')",
            "list-style:url(//evil.test/p)",
            "color:red;po\\73ition:fixed",
            "content:'x'",
            "@import '//evil.test'",
        ] {
            let kept = shown(&format!("<div style=\"{style}\">x</div>"));
            for part in ["position", "url", "evil", "content", "import"] {
                assert!(!kept.contains(part), "{style}: {kept}");
            }
        }
    }

    #[test]
    fn what_costs_too_much_is_not_looked_through() {
        assert_eq!(clean(&"<div>".repeat(100_000), Pictures::default()), None);
        assert_eq!(clean(&format!("<p title=\"{}\">", "x".repeat(10 << 20)), Pictures::default()), None);
        // As many, one after the other and no more than a long newsletter has.
        assert!(clean(&"<div>x</div>".repeat(10_000), Pictures::default()).is_some());
    }

    #[test]
    fn text_is_shown_as_it_is() {
        let page = text_document(Some("Too large."), "<script>alert(1)</script> & so on");
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt; &amp; so on"), "{page}");
        assert!(page.contains("<p class=\"said\">Too large.</p>"));
    }
}
