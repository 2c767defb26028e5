//! The `audienceos` program.

use std::process::ExitCode;

use clap::Parser;

/// Drawing a page allocates and frees thousands of small pieces, on all cores at once; the system's allocator took half
/// of the time that drawing takes.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match server::cli::run(server::cli::Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "what stopped the program, in a sentence for the operator")]
            {
                eprintln!("audienceos stopped: {error:#}");
            }
            ExitCode::FAILURE
        }
    }
}
