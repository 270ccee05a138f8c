//! The threads of a run: as many as were asked for, or as can be started.

use anyhow::anyhow;
use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};

use super::arguments::parse_jobs;

/// Deep documents are read by recursion, within the reader's own bound; this is room for it, in bytes a thread.
const STACK: usize = 64 << 20;
/// rayon's own variable, which is read here so that it has the bounds of `--jobs`.
const VARIABLE: &str = "RAYON_NUM_THREADS";

/// Starts the threads of a run: `jobs`, else what `RAYON_NUM_THREADS` says, else one a CPU. Where the system does not give as many, starts
/// fewer.
///
/// # Errors
///
/// When not even one thread can be started, or the variable holds no number of threads.
pub(super) fn start(jobs: Option<usize>) -> anyhow::Result<ThreadPool> {
    let wanted = match jobs {
        Some(jobs) => jobs,
        None => default_jobs(std::env::var_os(VARIABLE).as_deref())?,
    };
    let mut jobs = wanted;
    loop {
        match start_pool(jobs) {
            Ok(pool) => return Ok(pool),
            Err(_) if jobs > 1 => jobs /= 2,
            Err(why) => return Err(anyhow!("no thread could be started: {why}")),
        }
    }
}

/// Starts a number of threads, or none: where one cannot be started, the others have ended and given their stacks back.
fn start_pool(jobs: usize) -> Result<ThreadPool, ThreadPoolBuildError> {
    let mut started = Vec::with_capacity(jobs);
    let pool = ThreadPoolBuilder::new()
        .num_threads(jobs)
        .spawn_handler(|thread| {
            let builder = std::thread::Builder::new().stack_size(STACK);
            started.push(builder.spawn(|| thread.run())?);
            Ok(())
        })
        .build();
    if pool.is_err() {
        for thread in started {
            // A thread without work has nothing to panic about.
            let _ = thread.join();
        }
    }
    pool
}

/// Returns the number of threads where the command line gives none. `0` and nothing mean one a CPU, as to rayon.
fn default_jobs(variable: Option<&std::ffi::OsStr>) -> anyhow::Result<usize> {
    let asked = variable.map(std::ffi::OsStr::to_string_lossy);
    match asked.as_deref() {
        None | Some("" | "0") => Ok(std::thread::available_parallelism().map_or(1, usize::from)),
        Some(text) => {
            parse_jobs(text).map_err(|expected| anyhow!("`{VARIABLE}` is `{text}`: {expected}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::ffi::OsStr;

    use super::default_jobs;

    #[test]
    fn the_variable_has_the_bounds_of_the_argument() {
        assert_eq!(default_jobs(Some(OsStr::new("3"))).unwrap(), 3);
        for text in ["100000", "-1", "many"] {
            let why = default_jobs(Some(OsStr::new(text))).unwrap_err();
            let expected =
                format!("`RAYON_NUM_THREADS` is `{text}`: expected a number from 1 to 1024");
            assert_eq!(why.to_string(), expected);
        }
    }

    #[test]
    fn an_empty_variable_means_one_thread_a_cpu() {
        let by_cpu = default_jobs(None).unwrap();
        for text in ["", "0"] {
            assert_eq!(default_jobs(Some(OsStr::new(text))).unwrap(), by_cpu);
        }
    }
}
