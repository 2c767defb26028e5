//! What people write. `{product}`, `{weekday}` (two days before) and `{name}` are filled in. No text names a figure: what
//! the numbers say is to be found in the numbers.

use super::{Mood, Reason};

pub(super) const ROUTINE: [Reason; 12] = [
    Reason {
        mood: Mood::Question,
        subject: "Monthly report",
        text: "Hi Mara, when can we expect the report for last month? Our accountant is asking.",
        answer: "The report goes out with the first week of the month; you will have it by Friday.",
    },
    Reason {
        mood: Mood::Question,
        subject: "New pictures of {product}",
        text: "Hello, the photographer sent the new pictures of {product}. Where should I put them?",
        answer: "Please put them into the shared folder; we will use them in the next round.",
    },
    Reason {
        mood: Mood::Question,
        subject: "Invoice",
        text: "Quick one: the last invoice has our old address on it. Could you send a corrected one?",
        answer: "The corrected invoice is on its way.",
    },
    Reason {
        mood: Mood::Question,
        subject: "Sale on {product}?",
        text: "We are thinking of a small sale on {product} next month. Is that a good idea while the ads are running?",
        answer: "We would test it with one group first. Let us talk about it in our next call.",
    },
    Reason {
        mood: Mood::Question,
        subject: "Access for a colleague",
        text: "Could you give my colleague access to the dashboards? She starts on Monday.",
        answer: "Done. She will get an invitation by mail.",
    },
    Reason {
        mood: Mood::Question,
        subject: "Call on Thursday",
        text: "Can we move our call to Thursday afternoon? I am travelling.",
        answer: "Thursday is fine, three o'clock your time.",
    },
    Reason {
        mood: Mood::Complaint,
        subject: "Wrong price in the ad",
        text: "A customer wrote to us: the ad for {product} still shows the old price. That is embarrassing, please fix it.",
        answer: "You are right, the picture was old. It is replaced now.",
    },
    Reason {
        mood: Mood::Complaint,
        subject: "Comments under our ads",
        text: "There are rude comments under the {product} ad since {weekday} and nobody answers them. I thought you did that?",
        answer: "We have hidden two of them and answered the others. We look every morning from now on.",
    },
    Reason {
        mood: Mood::Complaint,
        subject: "Too many meetings",
        text: "Honestly, these weekly calls could be a mail. I would rather have one good call a month.",
        answer: "Agreed: one call a month, and a short mail in between.",
    },
    Reason {
        mood: Mood::Praise,
        subject: "Lovely ad",
        text: "Just saw the new ad for {product} in the wild. The whole team loves it!",
        answer: "That makes our day. We will tell the designer.",
    },
    Reason {
        mood: Mood::Praise,
        subject: "Thank you",
        text: "Thank you for the quick help on {weekday}. It is good to have you.",
        answer: "Always. Thank you for writing.",
    },
    Reason {
        mood: Mood::Question,
        subject: "Out of stock: {product}",
        text: "{product} will be out of stock for a few days. Should we pause something?",
        answer: "Thank you for the warning. We leave the ad on and link to the range instead.",
    },
];

pub(super) const COLLAPSE: Reason = Reason {
    mood: Mood::Complaint,
    subject: "What happened to our orders?",
    text: "Since {weekday} hardly anything comes in. The shop is quiet, the phone is quiet. Did you change something? Please look at this today.",
    answer: "We changed nothing in the accounts. We are looking at the shop and the checkout now and will write again tonight.",
};
pub(super) const RECOVERED: Reason = Reason {
    mood: Mood::Praise,
    subject: "Orders are back",
    text: "The payment provider found the fault at last. Orders come in as before. Thank you for staying on it.",
    answer: "Good to hear. We keep an eye on it this week.",
};
pub(super) const OUTAGE: Reason = Reason {
    mood: Mood::Question,
    subject: "The ad account shows no purchases",
    text: "I looked into the ad account: no purchases since {weekday}. But the warehouse is packing as always. Is something broken?",
    answer: "It looks as if the pixel stopped sending after the update of your theme. We are on it.",
};
pub(super) const FEWER: Reason = Reason {
    mood: Mood::Complaint,
    subject: "A slow couple of weeks",
    text: "It has been slow for a while now, and a new competitor is everywhere. What do you see on your side?",
    answer: "We see it too. We are putting together what changed and when.",
};
pub(super) const MORE: Reason = Reason {
    mood: Mood::Praise,
    subject: "Busy here",
    text: "Whatever you are doing, keep doing it. Since the magazine wrote about us we can hardly keep up with packing.",
    answer: "Wonderful. We watch the budgets so that you do not run out of stock.",
};
pub(super) const FATIGUE: Reason = Reason {
    mood: Mood::Complaint,
    subject: "The same ad again",
    text: "Two friends told me they see the same ad of ours every single day. Is it time for something new?",
    answer: "Possibly. We look at how often people have seen it and come back with a proposal.",
};

pub(super) const CHASERS: [&str; 3] = [
    "Hi, did you see my mail? I have not heard from you.",
    "Still waiting for an answer on this.",
    "Is anybody there? This is a bit urgent for us.",
];
pub(super) const THANKS: [&str; 3] =
    ["Perfect, thank you!", "Great, thanks for the quick word.", "Super, that helps a lot."];
pub(super) const AWAY: &str =
    "Thank you for your message. I am out of the office until {back} and read my mail only now and then.";

/// Sender, subject, text.
pub(super) const NEWSLETTERS: [(&str, &str, &str); 4] = [
    (
        "Paid Weekly",
        "Five formats to try this quarter",
        "This week: short video, long carousels, and why everybody is testing hooks.\n\nUnsubscribe at any time.",
    ),
    (
        "Shop Insider",
        "Your checkout is leaking",
        "Our readers' favourite checkout experiments, collected.\n\nYou get this mail because you signed up.",
    ),
    (
        "Pixel Post",
        "Privacy changes, explained again",
        "What the latest browser release means for measurement.\n\nManage your subscription here.",
    ),
    (
        "The Brief",
        "Webinar: creative at scale",
        "Join us on Thursday for an hour on making many ads from few pictures.\n\nUnsubscribe.",
    ),
];
