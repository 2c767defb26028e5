//! What stands in a report: each section is written by itself from what pages show, as of the report's moment, so that a job can
//! say how far it is. Nothing is counted or worded here that a page counts or words differently.

use model::{
    action::{Card, Group, Verdict},
    actor::Actor,
    brand::ACCENT,
    dashboard::CardKind,
    day::in_words,
    id::{BrainStateId, OrganizationId},
    organization::Organization,
    page::parse_day,
    report::{
        Report, SectionKind,
        document::{Band, Block, Chart, Column, Document, Line, Section},
    },
    summary::Sentence,
};
use serde_json::Value;
use store::{
    brain as states,
    brand::{self, Brand},
    client, organization,
};
use time::{Date, Duration};

use super::figures::{Asked, Figures, marks};
use crate::{Result, Service, action, dashboard, moment, performance::words, summary};

/// Writes one report.
pub struct Gatherer<'a> {
    service: &'a Service,
    actor: Actor,
    report: &'a Report,
    agency: Organization,
    /// The client's name and currency, if it is of one.
    client: Option<(String, String)>,
    brand: Brand,
    /// The newest brain state of the report's moment, and its day.
    state: Option<(BrainStateId, Date)>,
    figures: Option<Figures>,
    told: Option<Option<summary::Told>>,
    moments: moment::Words,
}

impl<'a> Gatherer<'a> {
    /// Begins with a report.
    ///
    /// # Errors
    /// The database failed, or its client is gone.
    pub async fn new(service: &'a Service, organization: OrganizationId, report: &'a Report) -> Result<Self> {
        let actor = Actor::machine(organization);
        let mut tx = service.db.tenant(&actor).await?;
        let agency = organization::get(&mut tx).await?;
        let client_id = report.question.client_id;
        let client = match client_id {
            Some(id) => {
                let fields = client::get(&mut tx, id).await?.fields;
                Some((fields.name, fields.currency))
            }
            None => None,
        };
        let own = match client_id {
            Some(_) => brand::get(&mut tx, client_id).await?,
            None => Brand::default(),
        };
        let of_agency = brand::get(&mut tx, None).await?;
        let brand = Brand { accent: own.accent.or(of_agency.accent), logo: own.logo.or(of_agency.logo) };
        let state = states::find_as_of(&mut tx, Some(report.as_of)).await?.map(|(state, _)| (state.id, state.day));
        let moments = moment::Words::in_zone(&agency.time_zone, report.as_of);
        Ok(Self { service, actor, report, agency, client, brand, state, figures: None, told: None, moments })
    }

    fn question(&self) -> summary::Question {
        let question = &self.report.question;
        summary::Question { persona: question.persona, client_id: question.client_id, as_of: Some(self.report.as_of) }
    }

    /// The moment that the report shows: to the minute, with its zone.
    fn as_of(&self) -> String {
        let moment = self.moments.write(self.report.as_of);
        format!("{} {}", moment.clock, moment.zone)
    }

    /// Writes a section; none for the cover, which is set from what is known already.
    ///
    /// # Errors
    /// The database failed.
    pub async fn section(&mut self, kind: SectionKind) -> Result<Option<Section>> {
        let blocks = match kind {
            SectionKind::Cover => return Ok(None),
            SectionKind::Summary => self.summary().await?,
            SectionKind::Figures => self.figures().await?.main(),
            SectionKind::Channels => self.figures().await?.by_channel(),
            SectionKind::Forecast => {
                let mut blocks = self.forecast().await?;
                blocks.extend(self.card(CardKind::Oracle).await?);
                blocks
            }
            SectionKind::Findings => self.card(CardKind::Memory).await?,
            SectionKind::Actions => self.actions().await?,
            SectionKind::Sources => self.sources().await?,
            SectionKind::Method => self.method().await?,
        };
        Ok(Some(Section { heading: kind.label().to_owned(), blocks }))
    }

    /// The report with these sections, and the brain state that it shows.
    pub fn document(self, sections: Vec<Section>) -> (Document, Option<BrainStateId>) {
        let as_of = self.as_of();
        let Self { report, agency, client, brand, state, .. } = self;
        let owner = client.map_or_else(|| agency.name.clone(), |(name, _)| name);
        let mut cover_lines = vec![
            format!("For the {}", report.question.persona.label()),
            format!("By {}", agency.name),
            format!("Shows what was known at {as_of}"),
        ];
        let label = if agency.simulated { "Simulated data" } else { "" };
        if agency.simulated {
            cover_lines.push("Everything in this report is simulated: none of it happened".to_owned());
        }
        let footer = [agency.name.as_str(), as_of.as_str(), label];
        let footer = footer.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ");
        let document = Document {
            title: report.question.title.clone(),
            owner,
            accent: brand.accent.unwrap_or_else(|| ACCENT.to_owned()),
            logo: brand.logo,
            days: format!("{} to {}", in_words(report.days.first), in_words(report.days.last)),
            watermark: agency.simulated.then(|| label.to_owned()),
            footer,
            cover: report.question.sections.contains(&SectionKind::Cover),
            cover_lines,
            sections,
            as_of: report.as_of,
            author: agency.name,
        };
        (document, state.map(|(id, _)| id))
    }

    async fn figures(&mut self) -> Result<&Figures> {
        let counted = match self.figures.take() {
            Some(counted) => counted,
            None => {
                let client =
                    self.report.question.client_id.zip(self.client.as_ref().map(|(_, currency)| currency.as_str()));
                let asked = Asked { agency: &self.agency, client, days: self.report.days, as_of: self.report.as_of };
                let tx = self.service.db.tenant(&self.actor).await?;
                Figures::count(self.service, tx, asked).await?
            }
        };
        Ok(&*self.figures.insert(counted))
    }

    async fn summary(&self) -> Result<Vec<Block>> {
        let Some(found) = summary::find(self.service, &self.actor, self.question()).await? else {
            return Ok(vec![not_thought()]);
        };
        let day = parse_day("day", &found.day).map_or_else(|_| found.day.clone(), in_words);
        let mut blocks = vec![Block::Paragraph(format!("As of {day}, the last day that had ended."))];
        for section in found.sections {
            blocks.push(Block::Heading(section.heading));
            blocks.push(Block::Bullets(texts(section.sentences)));
        }
        if blocks.len() == 1 {
            blocks.push(Block::Paragraph("Nothing was to be told.".to_owned()));
        }
        Ok(blocks)
    }

    /// What one part of the brain says, and what is missing to say more.
    async fn card(&mut self, kind: CardKind) -> Result<Vec<Block>> {
        if self.told.is_none() {
            self.told = Some(summary::told(self.service, &self.actor, self.question()).await?);
        }
        let Some(told) = self.told.as_mut().and_then(Option::as_mut) else { return Ok(vec![not_thought()]) };
        let (sentences, gaps) = told.take(kind);
        let mut blocks = Vec::new();
        if sentences.is_empty() {
            blocks.push(Block::Paragraph("Nothing stood out by then.".to_owned()));
        }
        blocks.push(Block::Bullets(texts(sentences)));
        if !gaps.is_empty() {
            blocks.push(Block::Heading("What is missing to say more".to_owned()));
            blocks.push(Block::Bullets(texts(gaps)));
        }
        Ok(blocks)
    }

    /// What is expected of each day to come, as the state says it, of revenue in the books and of spend.
    async fn forecast(&self) -> Result<Vec<Block>> {
        let Some((state, _)) = self.state else { return Ok(Vec::new()) };
        let client = self.report.question.client_id;
        let mut tx = self.service.db.tenant(&self.actor).await?;
        let said = states::list_wholes(&mut tx, state, &["forecast"], client).await?;
        let own = said.iter().filter(|outcome| outcome.client_id == client);
        let bodies: Vec<Value> = own.filter_map(|outcome| serde_json::from_str(&outcome.body).ok()).collect();
        let charts = ["ledger_revenue", "spend"].into_iter().filter_map(|metric| {
            bodies.iter().filter(|body| body["metric"] == metric).find_map(expected).map(Block::Chart)
        });
        Ok(charts.collect())
    }

    async fn actions(&self) -> Result<Vec<Block>> {
        let client_id = self.report.question.client_id;
        let asked = action::Asked { client_id, all: true, ..action::Asked::default() };
        let ledger = action::board(self.service, &self.actor, &asked).await?;
        let with_client = client_id.is_none();
        let mut blocks = Vec::new();
        for (heading, group) in [
            ("What came of what was done", ledger.measured),
            ("Done, and not measured yet", ledger.done),
            ("Decided, and to be done", ledger.approved),
            ("Proposed", ledger.proposed),
        ] {
            if !group.cards.is_empty() {
                blocks.push(Block::Heading(heading.to_owned()));
                blocks.push(group_table(&group, with_client));
            }
        }
        if blocks.is_empty() {
            blocks.push(Block::Paragraph("Nothing was proposed, decided or done.".to_owned()));
        } else {
            let words = "As they stood when this report was made. What was done is held against what would have happened without \
                         it; intervals hold four times out of five.";
            blocks.insert(0, Block::Paragraph(words.to_owned()));
        }
        if !ledger.rates.is_empty() {
            blocks.push(Block::Heading("How often proposals held".to_owned()));
            let rates = ledger.rates.into_iter().map(|rate| format!("{}: {}", rate.title, rate.words)).collect();
            blocks.push(Block::Bullets(rates));
        }
        Ok(blocks)
    }

    async fn sources(&self) -> Result<Vec<Block>> {
        let client_id = self.report.question.client_id;
        let found = dashboard::sources(self.service, &self.actor, client_id).await?;
        if found.sources.is_empty() {
            return Ok(vec![Block::Paragraph("Nothing is connected.".to_owned())]);
        }
        let dash = || "–".to_owned();
        let rows = found.sources.into_iter().map(|source| {
            let days = source.days.map_or_else(dash, |(first, last)| format!("{first} to {last}"));
            let read = source.read_at.map_or_else(dash, |at| format!("{} {}", at.clock, at.zone));
            let stands = source.trouble.unwrap_or_else(|| "Fresh.".to_owned());
            vec![source.name, source.provider, days, read, stands]
        });
        let columns = columns(&["Source", "Provider", "Days", "Last read", "How it stands"]);
        let note = Some("As it stood when this report was made.".to_owned());
        Ok(vec![Block::Table { columns, rows: rows.collect(), note }])
    }

    async fn method(&mut self) -> Result<Vec<Block>> {
        let as_of = self.as_of();
        let state = match self.state {
            Some((id, day)) => format!(
                "What is said about figures is of the brain state {id}, which knew days until {}.",
                in_words(day)
            ),
            None => "The brain had not thought about this agency by then.".to_owned(),
        };
        let counted = self.figures().await?;
        let currency = format!(
            "Amounts are in {}. Where an account counts in another currency they are converted with the rates of exchange of \
             each day that were known by then.",
            counted.currency
        );
        let formulas = counted.formulas();
        let mut blocks = vec![Block::Bullets(vec![
            format!("This report shows what was known at {as_of}. What was corrected later is not in it."),
            "Days are those of each account, in its own time zone.".to_owned(),
            currency,
            "Revenue that platforms claim and revenue in a shop's books are two figures; they are never added up."
                .to_owned(),
            "A figure that is missing is shown as “–”, never as zero and never guessed.".to_owned(),
            state,
        ])];
        if let Some(formulas) = formulas {
            blocks.push(Block::Heading("How figures are made".to_owned()));
            blocks.push(formulas);
        }
        Ok(blocks)
    }
}

fn not_thought() -> Block {
    Block::Paragraph("The brain had not thought about this by then, so there is nothing to say.".to_owned())
}

fn texts(sentences: Vec<Sentence>) -> Vec<String> {
    sentences.into_iter().map(|sentence| sentence.text).collect()
}

fn columns(headings: &[&str]) -> Vec<Column> {
    headings.iter().map(|heading| Column { heading: (*heading).to_owned(), number: false }).collect()
}

fn group_table(group: &Group, with_client: bool) -> Block {
    let row = |card: &Card| {
        let place = [Some(card.client.clone()).filter(|_| with_client), card.about.clone()];
        let place = place.into_iter().flatten().collect::<Vec<_>>().join(" · ");
        let promised = match &card.worth {
            Ok(worth) => format!("{} ({} to {})", worth.value, worth.low, worth.high),
            Err(reason) => format!("– ({reason})"),
        };
        let came = match &card.came {
            Some(Ok(came)) => format!("{}: {} ({} to {})", verdict(came.verdict), came.effect, came.low, came.high),
            Some(Err(reason)) => format!("– ({reason})"),
            None => "–".to_owned(),
        };
        let since = card.done_on.as_ref().unwrap_or(&card.since);
        vec![card.title.clone(), if place.is_empty() { "–".to_owned() } else { place }, since.clone(), promised, came]
    };
    let note = group.more.as_ref().map(|_| "There are more than these.".to_owned());
    let columns = columns(&["What", "Where", "Since", "Expected", "What came of it"]);
    Block::Table { columns, rows: group.cards.iter().map(row).collect(), note }
}

const fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Won => "won",
        Verdict::Lost => "lost",
        Verdict::CannotTell => "cannot be told",
    }
}

/// A forecast as a drawing; none where there is no forecast.
fn expected(body: &Value) -> Option<Chart> {
    let steps = body["forecast"]["steps"].as_array().filter(|steps| !steps.is_empty())?;
    let (metric, currency) = (body["metric"].as_str()?, body["currency"].as_str()?);
    let first = parse_day("from", body["from"].as_str()?).ok()?;
    let last = first.checked_add(Duration::days(i64::try_from(steps.len()).ok()? - 1))?;
    let each = |key: &str| -> Vec<Option<f64>> { steps.iter().map(|step| step[key].as_f64()).collect() };
    let (first, last) = (in_words(first), in_words(last));
    let (values, band) = (each("point"), Band { low: each("lo80"), high: each("hi80") });
    let model = body["forecast"]["model"].as_str().map(|model| format!(" ({model})")).unwrap_or_default();
    Some(Chart {
        words: format!(
            "{} of each day, {first} to {last}, as it is expected{model}, in {currency}; the band holds four times out of five.",
            words::name(metric)
        ),
        first,
        last,
        marks: marks(values.iter().chain(&band.high).flatten(), |value| words::amount(value, currency)),
        lines: vec![Line { name: format!("{}, expected", words::name(metric)), colour: 0, dashed: true, values }],
        bands: vec![band],
    })
}
