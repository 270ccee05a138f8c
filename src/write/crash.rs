//! Lets every operation of a run go wrong, one after the other, and looks at what is left.

use std::collections::BTreeMap;

use super::fault::{Fault, FaultFs, Limits};
use super::tests::{Place, texts, tree};
use super::*;

type CrashFiles = BTreeMap<String, String>;

/// A change of out/ that must happen whole or not at all.
struct Case {
    old: &'static [(&'static str, &'static str)],
    new: &'static [(&'static str, &'static str)],
    foreign: &'static [(&'static str, &'static str)],
}

const CASES: &[Case] = &[
    // The first build.
    Case {
        old: &[],
        new: &[("a/web/x", "1"), ("b/y", "1")],
        foreign: &[],
    },
    // Several sites: one changes, one goes, one comes, one stays; others' files lie about.
    Case {
        old: &[
            ("a/web/x", "old"),
            ("a/web/y", "stays"),
            ("b/deep/y", "goes"),
            ("c/z", "stays"),
        ],
        new: &[
            ("a/web/x", "new"),
            ("a/web/y", "stays"),
            ("c/z", "stays"),
            ("d/w", "comes"),
        ],
        foreign: &[("notes.txt", "mine"), ("a/web/notes.txt", "mine")],
    },
    // One site changes.
    Case {
        old: &[("a/web/x", "old"), ("b/y", "1")],
        new: &[("a/web/x", "new"), ("b/y", "1")],
        foreign: &[],
    },
    // One site goes.
    Case {
        old: &[("a/x", "1"), ("b/deep/y", "1")],
        new: &[("a/x", "1")],
        foreign: &[],
    },
    // Files become directories and the other way round.
    Case {
        old: &[("a/web", "1"), ("a/db/x/y", "1")],
        new: &[("a/web/x", "1"), ("a/db", "1")],
        foreign: &[],
    },
];

/// The promise of a run that is interrupted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RunPromise {
    /// `out/` is the old tree or the new one.
    Atomic,
    /// The next run finishes what this one began.
    Recoverable,
}

/// Every kind of trouble at the n-th operation.
const FAULTS: [fn(usize) -> Fault; 4] = [Fault::Kill, Fault::Torn, Fault::Fail, Fault::Full];

#[test]
fn whatever_goes_wrong_out_is_the_old_tree_or_the_new_one() {
    for case in CASES {
        case.check_all(&|_| Limits::default(), RunPromise::Atomic);
        case.check_all(
            &|_| Limits {
                no_links: true,
                ..Limits::default()
            },
            RunPromise::Atomic,
        );
    }
}

#[test]
fn whatever_goes_wrong_the_next_run_finishes_the_journal() {
    for case in CASES {
        case.check_all(
            &|_| Limits {
                no_exchange: true,
                ..Limits::default()
            },
            RunPromise::Recoverable,
        );
    }
    for case in CASES.iter().filter(|case| !case.old.is_empty()) {
        case.check_all(
            &|place| Limits {
                read_only: Some(place.root()),
                ..Limits::default()
            },
            RunPromise::Recoverable,
        );
    }
}

#[test]
fn a_recovery_can_be_killed_too() {
    let case = &CASES[1];
    let limits = Limits {
        no_exchange: true,
        ..Limits::default()
    };
    let changes = case.clean_run(&limits).changes;
    for first in (changes / 2)..changes {
        for second in 0..12 {
            let place = case.place();
            let _ = case.run(&place, FaultFs::new(Fault::Kill(first), limits.clone()));
            let _ = Writer::begin_on(
                Box::new(FaultFs::new(Fault::Kill(second), limits.clone())),
                &place.out(),
            );
            case.check_recovery(&place, &format!("killed at {first}, then at {second}"));
        }
    }
}

impl Case {
    fn check_all(&self, limits: &dyn Fn(&Place) -> Limits, promise: RunPromise) {
        let count = self.clean_run(&limits(&self.place()));
        for fault in FAULTS {
            let at = if fault(0) == Fault::Fail(0) {
                count.operations
            } else {
                count.changes
            };
            for at in 0..at {
                let place = self.place();
                self.check(
                    &place,
                    &FaultFs::new(fault(at), limits(&place)),
                    promise,
                    &format!("{:?}", fault(at)),
                );
            }
        }
    }

    /// Returns the number of operations when all goes well.
    fn clean_run(&self, limits: &Limits) -> super::fault::Count {
        let place = self.place();
        let limits = Limits {
            read_only: limits.read_only.as_ref().map(|_| place.root()),
            ..limits.clone()
        };
        let fs = FaultFs::new(Fault::None, limits);
        self.run(&place, fs.clone()).unwrap();
        assert_eq!(place.files(), self.files_after());
        assert!(place.strays().is_empty());
        fs.count()
    }

    fn check(&self, place: &Place, fs: &FaultFs, promise: RunPromise, what: &str) {
        let is_atomic = promise == RunPromise::Atomic;
        let result = self.run(place, fs.clone());
        let (files, dead) = (place.files(), fs.count().dead);
        match &result {
            Ok(_) => assert_eq!(files, self.files_after(), "{what}: said to be done"),
            Err(error) if is_atomic && !dead => {
                assert_eq!(files, self.files_before(), "{what}: {error:#}");
            }
            Err(error) => {
                let whole = files == self.files_before() || files == self.files_after();
                assert!(
                    whole || (!is_atomic && interrupted(&place.out()).unwrap()),
                    "{what}: {error:#}"
                );
                assert!(
                    whole || dead || format!("{error:#}").contains("half written"),
                    "{what}: {error:#}"
                );
            }
        }
        self.check_recovery(place, what);
    }

    /// The next run finds or makes a whole tree, succeeds, and leaves nothing behind.
    fn check_recovery(&self, place: &Place, what: &str) {
        drop(Writer::begin(&place.out()).unwrap_or_else(|error| panic!("{what}: {error:#}")));
        let files = place.files();
        assert!(
            files == self.files_before() || files == self.files_after(),
            "{what}: {files:?}"
        );
        assert!(place.strays().is_empty(), "{what}: {:?}", place.strays());
        write(&place.out(), &tree(self.new), &Scope::All).unwrap();
        assert_eq!(place.files(), self.files_after(), "{what}");
        assert!(place.strays().is_empty(), "{what}: {:?}", place.strays());
    }

    fn run(&self, place: &Place, fs: FaultFs) -> anyhow::Result<Written> {
        let new = tree(self.new);
        let writer = Writer::begin_on(Box::new(fs), &place.out())?;
        for site in new.sites() {
            writer.replace(site, &new.only(site))?;
        }
        writer.finish(&Scope::All)
    }

    fn place(&self) -> Place {
        let place = Place::in_memory();
        let old = texts(&tree(self.old));
        let foreign = self.foreign.iter().map(|(path, text)| (*path, *text));
        for (path, text) in old
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_str()))
            .chain(foreign)
        {
            place.put(path, text);
        }
        place
    }

    fn files_before(&self) -> CrashFiles {
        self.with_foreign(self.old)
    }

    fn files_after(&self) -> CrashFiles {
        self.with_foreign(self.new)
    }

    fn with_foreign(&self, files: &[(&str, &str)]) -> CrashFiles {
        let foreign = self
            .foreign
            .iter()
            .map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        texts(&tree(files)).into_iter().chain(foreign).collect()
    }
}
