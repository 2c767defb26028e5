//! How much memory a process holds, as the kernel counts it (proc(5)).

use anyhow::Context;

/// The most that it held since [`forget_peak`], or ever, in MiB.
pub fn peak_mib(process: u32) -> anyhow::Result<f64> {
    field(process, "VmHWM:")
}

/// What it holds now, in MiB.
pub fn held_mib(process: u32) -> anyhow::Result<f64> {
    field(process, "VmRSS:")
}

/// The most counts from now on. Where a kernel does not forget, what is read later is too much, never too little.
pub fn forget_peak(process: u32) {
    let _ = std::fs::write(format!("/proc/{process}/clear_refs"), "5");
}

fn field(process: u32, name: &str) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).with_context(|| format!("no {name}"))?;
    Ok(line.trim().trim_end_matches(" kB").parse::<f64>()? / 1024.0)
}
