//! The command line: the only place that knows arguments, the environment and exit codes.

mod args;
mod commands;
mod console;
mod placement_report;
mod progress;
mod session;
mod sync;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;

pub use args::command;
use args::{Cli, Command};
use console::Console;

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// All is well, or nothing differs.
    Good,
    /// Something differs, or does not fit.
    Differs,
    /// There are errors.
    Errors,
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Good => Self::from(0),
            Outcome::Differs => Self::from(1),
            Outcome::Errors => Self::from(2),
        }
    }
}

/// The exit code of a bug in siteplan (EX_SOFTWARE of sysexits.h).
const BUG: u8 = 70;
/// Deep documents are read by recursion, within the reader's own bound; this is room for it, in bytes.
const STACK: usize = 64 << 20;

/// Runs a command line and gives its exit code.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(help) => {
            let _ = help.print();
            return ExitCode::from(u8::try_from(help.exit_code()).unwrap_or(2));
        }
    };
    let work = std::thread::Builder::new()
        .stack_size(STACK)
        .spawn(move || run(&cli));
    match work.map(std::thread::JoinHandle::join) {
        Ok(Ok(outcome)) => outcome.into(),
        Ok(Err(_)) => {
            Console::plain().problem(
                "this is a bug in siteplan: please report it with the input that caused it",
            );
            ExitCode::from(BUG)
        }
        Err(why) => {
            Console::plain().problem(&format!("no thread could be started: {why}"));
            Outcome::Errors.into()
        }
    }
}

fn run(cli: &Cli) -> Outcome {
    let console = Console::new(&cli.global);
    if let Some(jobs) = cli.global.jobs {
        // A pool that exists already is the only way in which this fails, and then it is as good.
        let _ = rayon::ThreadPoolBuilder::new()
            .num_threads(jobs)
            .stack_size(STACK)
            .build_global();
    }
    let outcome = dispatch(cli, &console).and_then(|outcome| console.finish().map(|()| outcome));
    match outcome {
        Ok(outcome) => outcome,
        Err(why) if console::is_broken_pipe(&why) => Outcome::Good,
        Err(why) => {
            console.problem(&format!("{why:#}"));
            Outcome::Errors
        }
    }
}

fn dispatch(cli: &Cli, console: &Console) -> anyhow::Result<Outcome> {
    let global = &cli.global;
    match &cli.command {
        Command::Build(args) => commands::build::run(args, global, console),
        Command::Check(args) => commands::check::run(args, global, console),
        Command::Diff(args) => commands::diff::run(args, global, console),
        Command::Render(args) => commands::render::run(args, global, console),
        Command::Resolve(args) => commands::resolve::run(args, global, console),
        Command::Apps(args) => commands::apps::run(args, global, console),
        Command::Place(args) => commands::place::run(args, global, console),
        Command::Graph(args) => commands::graph::run(args, global, console),
        Command::Explain(args) => commands::explain::run(args, global, console),
        Command::Exceptions(args) => commands::exceptions::run(args, global, console),
        Command::Rules => commands::rules::run(console),
        Command::Schema(args) => commands::schema::run(args, console),
        Command::Init(args) => commands::init::run(args, global, console),
        Command::New(args) => commands::new::run(args, global, console),
        Command::Nodes(args) => commands::nodes::run(args, global, console),
        Command::Completions(args) => commands::completions::run(args, console),
        Command::Man(args) => commands::man::run(args, console),
    }
}
