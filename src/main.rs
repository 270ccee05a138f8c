//! The `siteplan` command.

#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    siteplan::cli::main(std::env::args_os())
}
