//! The command line: the only place that knows arguments, the environment, the terminal and exit codes.
//!
//! A command takes its arguments and a `session::Session`, asks the library, and returns an `answer::Answer`. What is printed, and
//! where, is decided once, in `console`.

mod answer;
mod arguments;
mod changes;
mod clock;
mod command_line;
mod commands;
mod console;
mod envelope;
mod placement_report;
mod progress;
mod session;
mod signals;
mod threads;
mod usage;
mod workflow;

use std::ffi::OsString;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use clap::Parser as _;

use answer::{Answer, ExitStatus};
use command_line::{CommandLine, Subcommand};
use console::Console;
use session::Session;

pub use command_line::command;

/// The exit code of a bug in siteplan (EX_SOFTWARE of sysexits.h).
const BUG: u8 = 70;

/// Runs a command line and returns its exit code.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let line = match CommandLine::try_parse_from(&arguments) {
        Ok(line) => line,
        Err(refusal) => return usage::print_refusal(&refusal, &arguments),
    };
    let console = Console::new(&line.global);
    if let Err(why) = signals::turn_limits_into_errors() {
        console.problem(&format!("signals cannot be handled: {why}"));
        return ExitStatus::Errors.into();
    }
    let pool = match threads::start(line.global.jobs) {
        Ok(pool) => pool,
        Err(why) => {
            console.problem(&format!("{why:#}"));
            return ExitStatus::Errors.into();
        }
    };
    let work = AssertUnwindSafe(|| pool.install(|| run(&line, &console)));
    if let Ok(status) = catch_unwind(work) {
        status.into()
    } else {
        console
            .problem("this is a bug in siteplan: please report it with the input that caused it");
        ExitCode::from(BUG)
    }
}

fn run(line: &CommandLine, console: &Console) -> ExitStatus {
    let mut session = Session::new(&line.global, console);
    let answer = line
        .check_forms()
        .and_then(|()| dispatch(&line.command, &mut session));
    console.conclude(line, &session.into_report(), answer)
}

fn dispatch(command: &Subcommand, session: &mut Session<'_>) -> anyhow::Result<Answer> {
    match command {
        Subcommand::Build(args) => commands::build::run(args, session),
        Subcommand::Check(args) => commands::check::run(args, session),
        Subcommand::Diff(args) => commands::diff::run(args, session),
        Subcommand::Render(args) => commands::render::run(args, session),
        Subcommand::Resolve(args) => commands::resolve::run(args, session),
        Subcommand::Apps(args) => commands::apps::run(args, session),
        Subcommand::Place(args) => commands::place::run(args, session),
        Subcommand::Graph(args) => commands::graph::run(args, session),
        Subcommand::Explain(args) => commands::explain::run(args, session),
        Subcommand::Exceptions(args) => commands::exceptions::run(args, session),
        Subcommand::Rules(args) => commands::rules::run(args, session),
        Subcommand::Schema(args) => commands::schema::run(args, session),
        Subcommand::Init(args) => commands::init::run(args, session),
        Subcommand::New(args) => commands::new::run(args, session),
        Subcommand::Nodes(args) => commands::nodes::run(args, session),
        Subcommand::Bootstrap(args) => commands::bootstrap::run(args, session),
        Subcommand::Images(args) => commands::images::run(args, session),
        Subcommand::Completions(args) => {
            Ok(commands::completions::run(args, command_line::command()))
        }
        Subcommand::Man(args) => commands::man::run(args, command_line::command()),
    }
}
