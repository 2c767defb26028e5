//! The trades that clients are in: what they sell, for how much, to whom and when. A table; the figures are plausible
//! orders of magnitude for small web shops, not measurements. To add a trade, add an entry.

/// What one trade is like.
#[derive(Debug)]
pub(crate) struct Trade {
    /// What it is called in the truth.
    pub key: &'static str,
    /// Second half of a client's name.
    pub firm: &'static str,
    /// What is sold: names of products.
    pub products: [&'static str; 5],
    /// What an advertisement promises.
    pub promises: [&'static str; 4],
    /// Mean goods of an order in currency units, without taxes and shipping.
    pub order_value: f64,
    /// Standard deviation of the logarithm of an order's goods.
    pub spread: f64,
    /// Day of the year (0 to 364) on which people want it most.
    pub peak: f64,
    /// How much more than the yearly average is sold on that day, as a share.
    pub swing: f64,
    /// How strongly people give it as a present: scales the holidays.
    pub gift: f64,
    /// Share of orders that come from people who bought before.
    pub loyalty: f64,
    /// Mean days until they come back.
    pub pause: f64,
    /// Share of orders that are paid back, whole or in part.
    pub returned: f64,
    /// How much more is sold on Saturday and Sunday than on other days, as a share; negative for less.
    pub weekend: f64,
    /// German value added tax.
    pub vat: f64,
    /// What stays of revenue after goods and delivery, in per cent: what its owner says of it.
    pub margin: u8,
}

/// All of them.
#[rustfmt::skip]
pub(crate) static TRADES: [Trade; 10] = [
    Trade { key: "outdoor", firm: "Trailworks", products: ["Ridge Jacket", "Summit Pack 40", "Storm Tent", "Merino Base", "Trail Boots"],
        promises: ["Built for bad weather", "Light enough to forget", "Repairs for life", "Tested above the tree line"],
        order_value: 96.0, spread: 0.55, peak: 150.0, swing: 0.30, gift: 0.7, loyalty: 0.24, pause: 75.0, returned: 0.13, weekend: 0.18, vat: 0.19, margin: 45 },
    Trade { key: "coffee", firm: "Coffee Roasters", products: ["House Blend", "Single Origin Huila", "Espresso No. 4", "Decaf Sugar Cane", "Tasting Box"],
        promises: ["Roasted on Tuesdays", "Fresh within the week", "Paid fairly, told openly", "Your morning, better"],
        order_value: 34.0, spread: 0.40, peak: 345.0, swing: 0.16, gift: 0.8, loyalty: 0.46, pause: 32.0, returned: 0.02, weekend: -0.08, vat: 0.07, margin: 48 },
    Trade { key: "toys", firm: "Toy Workshop", products: ["Marble Run", "Wooden Train", "Story Blocks", "Balance Board", "Puzzle Atlas"],
        promises: ["Played with for years", "Made of one oak", "No batteries, ever", "Loud laughs, quiet toys"],
        order_value: 48.0, spread: 0.50, peak: 340.0, swing: 0.42, gift: 1.5, loyalty: 0.22, pause: 80.0, returned: 0.05, weekend: 0.10, vat: 0.19, margin: 46 },
    Trade { key: "furniture", firm: "Furniture Makers", products: ["Oak Desk", "Reading Chair", "Shelf Nordlys", "Bed Frame Halden", "Side Table"],
        promises: ["Delivered, built, swept up", "Solid wood, honest price", "Sit first, decide later", "Made to be inherited"],
        order_value: 310.0, spread: 0.60, peak: 25.0, swing: 0.14, gift: 0.2, loyalty: 0.12, pause: 110.0, returned: 0.08, weekend: 0.24, vat: 0.19, margin: 42 },
    Trade { key: "skincare", firm: "Skin Atelier", products: ["Calm Serum", "Day Cream SPF 30", "Clay Mask", "Oil Cleanser", "Repair Balm"],
        promises: ["Seven ingredients, all named", "Skin that feels like yours", "No perfume, no promises", "Made in small batches"],
        order_value: 52.0, spread: 0.42, peak: 335.0, swing: 0.15, gift: 0.9, loyalty: 0.40, pause: 48.0, returned: 0.04, weekend: 0.02, vat: 0.19, margin: 62 },
    Trade { key: "bicycles", firm: "Cycle Works", products: ["City Rack", "Commuter Light", "Gravel Tyre 42", "Rain Cape", "Tool Roll"],
        promises: ["Ride through any season", "Seen from 300 metres", "Fits every frame we know", "From people who ride to work"],
        order_value: 74.0, spread: 0.58, peak: 140.0, swing: 0.38, gift: 0.4, loyalty: 0.26, pause: 60.0, returned: 0.07, weekend: 0.12, vat: 0.19, margin: 40 },
    Trade { key: "pet food", firm: "Pet Pantry", products: ["Salmon Kibble", "Senior Mix", "Chew Sticks", "Puppy Starter", "Cat Ragout"],
        promises: ["The bowl is always empty", "Vets read the label too", "Comes before you run out", "Real meat first"],
        order_value: 44.0, spread: 0.36, peak: 10.0, swing: 0.05, gift: 0.3, loyalty: 0.52, pause: 30.0, returned: 0.02, weekend: -0.04, vat: 0.07, margin: 36 },
    Trade { key: "stationery", firm: "Paper Goods", products: ["Dotted Notebook", "Brass Pen", "Desk Calendar", "Letter Set", "Ink Sampler"],
        promises: ["Paper that takes ink", "Write it, keep it", "Bound by hand", "Plan the year on one page"],
        order_value: 29.0, spread: 0.45, peak: 350.0, swing: 0.26, gift: 1.1, loyalty: 0.30, pause: 70.0, returned: 0.03, weekend: -0.12, vat: 0.19, margin: 55 },
    Trade { key: "garden", firm: "Garden Supply", products: ["Seed Box Spring", "Raised Bed", "Hand Fork", "Watering Can", "Rose Feed"],
        promises: ["Sow it this weekend", "Grows where you live", "Tools with wooden handles", "Advice from gardeners"],
        order_value: 58.0, spread: 0.52, peak: 115.0, swing: 0.48, gift: 0.3, loyalty: 0.28, pause: 50.0, returned: 0.04, weekend: 0.22, vat: 0.19, margin: 44 },
    Trade { key: "yoga", firm: "Yoga Studio Shop", products: ["Cork Mat", "Studio Leggings", "Meditation Cushion", "Strap Set", "Linen Blanket"],
        promises: ["Grip that stays", "Slow mornings start here", "Soft, never see-through", "Cork from Portugal"],
        order_value: 66.0, spread: 0.46, peak: 12.0, swing: 0.24, gift: 0.6, loyalty: 0.30, pause: 62.0, returned: 0.11, weekend: 0.06, vat: 0.19, margin: 52 },
];

/// First halves of clients' names.
pub(crate) static NAMES: [&str; 20] = [
    "Nordhang",
    "Bluebird",
    "Harbour & Pine",
    "Alder Lane",
    "Kestrel",
    "Mariposa",
    "Old Mill",
    "Silverbrook",
    "Juniper",
    "Fieldhouse",
    "Lantern",
    "Tidewater",
    "Ostwind",
    "Copperfield",
    "Larkspur",
    "Granite Hill",
    "Sonnen",
    "Hollow Oak",
    "Saltmarsh",
    "Winterberg",
];
