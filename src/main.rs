//! The `siteplan` command.

#![forbid(unsafe_code)]

/// Values of manifests are many small pieces, made on all cores: the system's allocator takes a good part of a run.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    siteplan::cli::main(std::env::args_os())
}
