//! Charts: a title, the drawing, the sentence that says what it shows, and the same numbers as a table.
//!
//! The server draws it (`draw`), so that it is there before anything else; once the page is live and the chart is near, the
//! browser's own is laid over it (`canvas`), with zoom, values under the pointer and series that can be switched off. Its buttons
//! stand here and are heard by that code (`style/chart`): they name what they do in `data-chart-do`. Without it they stay
//! switched off, and names and table say all that the drawing shows.

mod canvas;
mod draw;
mod path;
mod scale;
mod table;

use leptos::{html, prelude::*};
use model::chart::{Chart, Kind, Words};
use table::ChartTable;

use crate::components::figure::Figure;

/// A chart.
#[component]
pub fn ChartView(
    /// What it shows.
    chart: Chart,
    /// What is written above it, and across a picture of it that somebody keeps: that it is simulated. Nothing otherwise.
    #[prop(optional, into)]
    mark: String,
) -> impl IntoView {
    let drawing = draw::of(&chart);
    let (id, title, about) = (chart.id.clone(), chart.title.clone(), chart.about.clone());
    let kind = match &chart.kind {
        Kind::Lines(_) => "lines",
        Kind::Stack(_) => "stack",
        Kind::Response(_) => "response",
        Kind::Heat(_) => "heat",
    };
    let keys = keys(&chart);
    let axis = chart.unit.axis().to_owned();
    let over_days = matches!(chart.kind, Kind::Lines(_) | Kind::Stack(_));
    let columns = if let Kind::Heat(heat) = &chart.kind { heat.ages.len() } else { 0 };
    // A heat map keeps room for the numbers in its cells, and scrolls in its frame.
    let class = match columns {
        0..=6 => "chart-plot",
        7..=13 => "chart-plot chart-plot-wide",
        _ => "chart-plot chart-plot-widest",
    };
    let (titled, said) = (format!("{id}-title"), format!("{id}-about"));
    let named = titled.clone();
    let picture = format!("{title}. The table below has the same numbers.");
    let scrolls = (columns > 6).then(|| format!("{title}; scroll sideways for more"));
    let (stop, group) = (scrolls.is_some().then_some("0"), scrolls.is_some().then_some("group"));
    let plot = NodeRef::<html::Div>::new();
    let chart = StoredValue::new(chart);
    let label = (!mark.is_empty()).then(|| mark.clone());
    canvas::mount(plot, chart, StoredValue::new(mark));
    let (width, height) = (drawing.axis_width.to_string(), drawing.height.to_string());
    let tool = |does: &'static str, words: &'static str, symbol: &'static str, named: String| {
        view! { <button type="button" class="chart-tool" data-chart-do=does disabled=true title=words aria-label=named>{symbol}</button> }
    };
    let of = |words: &str| format!("{words}: {title}");
    let zoom = over_days.then(|| {
        view! {
            {tool("in", "Zoom in", "+", of("Zoom in"))}
            {tool("out", "Zoom out", "−", of("Zoom out"))}
            {tool("back", "Earlier", "‹", of("Earlier"))}
            {tool("on", "Later", "›", of("Later"))}
        }
    });
    let keep = tool("keep", "Keep as a PNG picture", "PNG", of("Keep as a PNG picture"));
    view! {
        <figure class="chart" id=id aria-labelledby=named data-test=format!("chart {kind}") data-keys="">
            <div class="chart-head">
                <h3 id=titled data-literal="">{title.clone()}" "<span class="chart-unit">{axis}</span></h3>
                <div class="chart-tools needs-live no-print">{zoom}{keep}</div>
            </div>
            {label.map(|label| view! { <p class="text-xs text-muted" data-test="chart-label">{label}</p> })}
            {keys}
            <div class="chart-frame" tabindex=stop role=group aria-label=scrolls>
                <div class=class node_ref=plot data-literal="">
                    <svg class="chart-axis" width=width height=height.clone() aria-hidden="true" inner_html=drawing.axis></svg>
                    <svg class="chart-area" width="100%" height=height role="img" aria-label=picture inner_html=drawing.area></svg>
                </div>
            </div>
            <p class="chart-about" id=said data-test="chart-about">{about.into_iter().map(piece).collect_view()}</p>
            <ChartTable chart=chart />
        </figure>
    }
}

fn piece(words: Words) -> AnyView {
    let Words { text, figure } = words;
    match figure {
        Some(id) => view! { <Figure id=id shown=text /> }.into_any(),
        None => view! { <span data-literal="">{text}</span> }.into_any(),
    }
}

/// The names of the series beside their colours; pressed, one goes and comes back.
fn keys(chart: &Chart) -> AnyView {
    let series = |series: &model::chart::Series| series.name.clone();
    let (names, more): (Vec<String>, Vec<(&str, String)>) = match &chart.kind {
        Kind::Lines(of) => {
            let bands = |sure: &[u8]| sure.iter().map(u8::to_string).collect::<Vec<_>>().join(", ");
            let before = of.before.iter().map(|before| ("before", before.series.name.clone()));
            let ahead = of.forecast.iter().map(|ahead| {
                let sure: Vec<u8> = ahead.bands.iter().map(|band| band.sure).collect();
                ("ahead", format!("{}, with {} % bands", ahead.name, bands(&sure)))
            });
            (of.lines.iter().map(series).collect(), before.chain(ahead).collect())
        }
        Kind::Stack(of) => (of.parts.iter().map(series).collect(), vec![]),
        Kind::Response(of) => (vec![], vec![("ahead", format!("{}, with its {} % band", of.brings, of.sure))]),
        Kind::Heat(_) => (vec![], vec![("growing", "Dashed: still growing".to_owned())]),
    };
    let many = names.len() > 1;
    let buttons = names.into_iter().enumerate().map(|(at, name)| {
        let class = format!("chart-key s{}", at + 1);
        if many {
            view! {
                <button type="button" class=class data-chart-do="key" data-series=at.to_string() aria-pressed="true" disabled=true><i aria-hidden="true"></i>{name}</button>
            }
            .into_any()
        } else {
            view! { <span class=class><i aria-hidden="true"></i>{name}</span> }.into_any()
        }
    });
    let buttons = buttons.collect_view();
    let more = more.into_iter().map(|(kind, name)| {
        view! { <span class=format!("chart-key chart-key-{kind}")><i aria-hidden="true"></i>{name}</span> }
    });
    view! { <div class="chart-keys" role="group" aria-label="Series" data-literal="">{buttons}{more.collect_view()}</div> }
        .into_any()
}

/// The address of the browser's code for charts, which lies among the built files under a name of its content.
#[cfg(feature = "ssr")]
pub(crate) fn script(options: &LeptosOptions) -> Option<String> {
    static NAME: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    let find = || {
        let files = std::fs::read_dir(std::path::Path::new(&*options.site_root).join("charts")).ok()?;
        let mut names = files.filter_map(|file| file.ok()?.file_name().into_string().ok());
        names.find(|name| name.starts_with("chart.") && name.ends_with(".js"))
    };
    NAME.get_or_init(find).as_ref().map(|name| format!("/charts/{name}"))
}

/// What the head of a live page says: where the browser's code for charts is.
#[component]
pub(crate) fn ChartScript(
    /// Of the application.
    options: LeptosOptions,
) -> impl IntoView {
    #[cfg(feature = "ssr")]
    let address = script(&options);
    #[cfg(not(feature = "ssr"))]
    let address = {
        let _ = options;
        None::<String>
    };
    address.map(|address| view! { <meta name=canvas::SCRIPT content=address /> })
}
