//! x
mod nab;
use std::path::Path;
use crate::Figure;
pub fn run(data: &Path) -> anyhow::Result<Vec<Figure>> {
    let files = nab::files(&data.join("nab"), "realKnownCause")?;
    let secs = |s: &str| { let n: Vec<i64> = s.split(|c: char| !c.is_ascii_digit()).map(|x| x.parse().unwrap()).collect();
      let (y,m,d)=(n[0],n[1],n[2]); let a=(14-m)/12; let yy=y+4800-a; let mm=m+12*a-3;
      let jd=d+(153*mm+2)/5+365*yy+yy/4-yy/100+yy/400-32045; jd*86400+n[3]*3600+n[4]*60+n[5]};
    let ats: Vec<Vec<i64>> = files.iter().map(|f| f.stamps.iter().map(|s| secs(s)).collect()).collect();
    let start = std::time::Instant::now();
    let sc: Vec<Vec<f64>> = files.iter().zip(&ats).map(|(f,t)| brain::anomaly::proto(t, &f.values)).collect();
    println!("{:?}", start.elapsed());
    let (b,t)=nab::best(&files,&sc);
    println!("{b:.2} at {t:.2} {}", files.iter().zip(&sc).map(|(f,s)| {let (x,n,fp)=nab::at(f,s,t); format!("{}:{x:.2}/{n}/{fp}", &f.name[15..20])}).collect::<Vec<_>>().join(" "));
    let t=3.0; println!("at 3: {}", files.iter().zip(&sc).map(|(f,s)| {let (x,n,fp)=nab::at(f,s,t); format!("{}:{x:.2}/{n}/{fp}", &f.name[15..20])}).collect::<Vec<_>>().join(" "));
    Ok(vec![])
}
