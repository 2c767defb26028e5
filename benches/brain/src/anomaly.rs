//! What the anomalies are worth: the Numenta benchmark, a world in which nothing happens, and events put into NN5.
mod nab;
mod world;
use std::path::Path;
use crate::Figure;
use brain::{Series, random};
use rand::Rng;
use world::Event;

pub fn run(data: &Path) -> anyhow::Result<Vec<Figure>> {
    let files = nab::files(&data.join("nab"), "realKnownCause")?;
    let secs = |s: &str| { let n: Vec<i64> = s.split(|c: char| !c.is_ascii_digit()).map(|x| x.parse().unwrap()).collect();
      let (y,m,d)=(n[0],n[1],n[2]); let a=(14-m)/12; let yy=y+4800-a; let mm=m+12*a-3;
      let jd=d+(153*mm+2)/5+365*yy+yy/4-yy/100+yy/400-32045; jd*86400+n[3]*3600+n[4]*60+n[5]};
    let ats: Vec<Vec<i64>> = files.iter().map(|f| f.stamps.iter().map(|s| secs(s)).collect()).collect();
    let start = std::time::Instant::now();
    let sc: Vec<Vec<f64>> = files.iter().zip(&ats).map(|(f,t)| { let mut sc = brain::anomaly::Scorer::new(); t.iter().zip(&f.values).map(|(t,x)| sc.next(*t, Some(*x)).score).collect() }).collect();
    println!("{:?}", start.elapsed());
    let (b,t)=nab::best(&files,&sc);
    println!("{b:.2} at {t:.2} {}", files.iter().zip(&sc).map(|(f,s)| {let (x,n,fp)=nab::at(f,s,t); format!("{}:{x:.2}/{n}/{fp}", &f.name[15..20])}).collect::<Vec<_>>().join(" "));
    // null
    for history in [60, 365] { for rate in [3.0, 10.0, 30.0, 100.0] {
        let n = 400; let start = std::time::Instant::now();
        let all: Vec<Series> = (0..n).map(|i| world::quiet(i as u64 * 7919 + rate as u64, rate, history + 60)).collect();
        let alone: usize = all.iter().map(|s| world::found(std::slice::from_ref(s), history).len()).sum();
        let el = start.elapsed();
        let mut kinds = std::collections::BTreeMap::new();
        for s in &all { for f in world::found(std::slice::from_ref(s), history) { *kinds.entry(f.2.kind.word()).or_insert(0) += 1; } }
        let together = world::found(&all, history).len();
        println!("null history {history} rate {rate}: alone {:.3} together {:.3} {kinds:?} {:?}/series", alone as f64 / n as f64, together as f64 / n as f64, el / n as u32);
    }}
    // injected
    let text = std::fs::read_to_string(data.join("nn5/nn5_daily_long.csv"))?;
    let mut nn5: Vec<(String, Vec<Option<f64>>)> = vec![];
    for line in text.lines().skip(1) { let mut p = line.split(','); let (s, _, v) = (p.next().unwrap(), p.next(), p.next().unwrap());
        if nn5.last().is_none_or(|x| x.0 != s) { nn5.push((s.to_owned(), vec![])); }
        nn5.last_mut().unwrap().1.push(v.trim().parse().ok()); }
    let nn5: Vec<Series> = nn5.into_iter().map(|x| Series::new(x.1).unwrap()).collect();
    let n = 791; let since = n - 60;
    let twins = world::found(&nn5, since);
    let twins_alone: Vec<_> = nn5.iter().enumerate().flat_map(|(i, s)| world::found(std::slice::from_ref(s), since).into_iter().map(move |f| (i, f.1, f.2))).collect();
    let mut kinds = std::collections::BTreeMap::new(); for f in &twins_alone { *kinds.entry(f.2.kind.word()).or_insert(0) += 1; }
    println!("twins {:.3} alone {:.3} {kinds:?}", twins.len() as f64 / 111.0, twins_alone.len() as f64 / 111.0);
    for f in &twins { println!("{} {} {:?} began {} actual {:.1} expected {:.1?} p {:.5} {:?}", f.0, f.1, f.2.kind, (f.2.day - world::first()).whole_days(), f.2.actual, f.2.expected, f.2.p, nn5[f.0].values()[f.1-9..=f.1].iter().map(|v| v.map_or(-1, |v| v as i64)).collect::<Vec<_>>()); }
    let events = [Event::Spike(2.0), Event::Spike(3.0), Event::Spike(4.0), Event::Shift(0.6), Event::Shift(1.6), Event::Shift(0.4), Event::Shift(2.25), Event::Shift(0.25),Event::Shift(3.0), Event::DropOut(0.4), Event::DropOut(0.2), Event::DropOut(0.0), Event::Trend(-0.02), Event::Trend(-0.03), Event::Trend(0.03), Event::Trend(0.05), Event::Trend(-0.04)];
    let (mut hits, mut all, mut wrong) = (0, 0, 0);
    for event in events {
        let mut random = random::stream(1, "injected");
        let starts: Vec<usize> = nn5.iter().map(|_| since + random.random_range(7..=60 - event.days())).collect();
        let put: Vec<Series> = nn5.iter().zip(&starts).map(|(s, at)| event.into(s, *at)).collect();
        for alone in [true] {
        let found = if alone { put.iter().enumerate().flat_map(|(i, s)| world::found(std::slice::from_ref(s), since).into_iter().map(move |f| (i, f.1, f.2))).collect() } else { world::found(&put, since) };
        let (mut h, mut w, mut delays) = (0, 0, vec![]);
        for (i, start) in starts.iter().enumerate() {
            let mine: Vec<_> = found.iter().filter(|f| f.0 == i).collect();
            if let Some(f) = mine.iter().find(|f| (*start..start + event.days()).contains(&f.1)) { h += 1; delays.push(f.1 - start); }
            w += mine.iter().filter(|f| !(*start..start + event.days()+14).contains(&f.1)).count();
        }
        delays.sort();
        let mut kinds = std::collections::BTreeMap::new(); for f in &found { *kinds.entry(f.2.kind.word()).or_insert(0) += 1; }
        println!("{event:?} alone {alone}: recall {:.3} false/series {:.3} median delay {:?} {kinds:?}", h as f64 / 111.0, w as f64 / 111.0, delays.get(delays.len() / 2));
        if alone { hits += h; all += 111; wrong += w; }
        }
    }
    println!("recall {:.3} precision {:.3}", hits as f64 / all as f64, hits as f64 / (hits + wrong) as f64);
    Ok(vec![])
}
