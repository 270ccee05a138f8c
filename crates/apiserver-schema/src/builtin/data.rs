//! The data file: tab-separated lines, compressed with DEFLATE. `recipe/` makes it and describes the lines.

use std::sync::OnceLock;

use super::retired::{RetiredVersion, read_retired};
use kubernetes_vocabulary::ResourceScope;

static COMPRESSED: &[u8] = include_bytes!("../../data/kinds.bin");
static DATA: OnceLock<DataFile> = OnceLock::new();

/// The kinds and definitions of all versions.
#[derive(Debug)]
pub(crate) struct DataFile {
    text: String,
    kinds: OnceLock<Vec<KindRow>>,
    retired: OnceLock<Vec<RetiredVersion>>,
}

/// A kind in the versions of a mask.
#[derive(Debug)]
pub(crate) struct KindRow {
    pub(crate) group: &'static str,
    pub(crate) version: &'static str,
    pub(crate) kind: &'static str,
    pub(crate) plural: &'static str,
    pub(crate) scope: ResourceScope,
    /// The versions whose server has the kind without `--runtime-config`.
    pub(crate) served: u32,
    /// The versions whose server knows the kind.
    pub(crate) mask: u32,
    pub(crate) definition: &'static str,
}

/// A definition in the versions of a mask.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DefinitionRow {
    pub(crate) name: &'static str,
    pub(crate) mask: u32,
    pub(crate) schema: &'static str,
}

impl DataFile {
    /// Returns the file, decompressed once.
    pub(crate) fn get() -> &'static Self {
        DATA.get_or_init(|| {
            let bytes = miniz_oxide::inflate::decompress_to_vec(COMPRESSED)
                .expect("the data file is whole");
            Self {
                text: String::from_utf8(bytes).expect("the data file is text"),
                kinds: OnceLock::new(),
                retired: OnceLock::new(),
            }
        })
    }

    /// Returns the kinds, sorted by group, version and kind.
    pub(crate) fn kinds(&'static self) -> &'static [KindRow] {
        self.kinds
            .get_or_init(|| self.text.lines().map_while(read_kind).collect())
    }

    /// Returns the retired versions, sorted by group, version and kind.
    pub(crate) fn retired(&'static self) -> &'static [RetiredVersion] {
        let lines = || self.text.lines().skip(self.kinds().len());
        self.retired
            .get_or_init(|| lines().map_while(read_retired).collect())
    }

    /// Returns the definitions, sorted by name.
    pub(crate) fn definitions(&'static self) -> impl Iterator<Item = DefinitionRow> {
        self.text.lines().filter_map(read_definition)
    }
}

fn read_mask(text: &str) -> Option<u32> {
    u32::from_str_radix(text, 16).ok()
}

fn read_kind(line: &'static str) -> Option<KindRow> {
    let fields: Vec<&str> = line.strip_prefix("K\t")?.split('\t').collect();
    let [
        group,
        version,
        kind,
        plural,
        scope,
        served,
        mask,
        definition,
    ] = fields.try_into().ok()?;
    let scope = if scope == "N" {
        ResourceScope::Namespaced
    } else {
        ResourceScope::Cluster
    };
    Some(KindRow {
        group,
        version,
        kind,
        plural,
        scope,
        served: read_mask(served)?,
        mask: read_mask(mask)?,
        definition,
    })
}

fn read_definition(line: &'static str) -> Option<DefinitionRow> {
    let (name, rest) = line.strip_prefix("D\t")?.split_once('\t')?;
    let (mask, schema) = rest.split_once('\t')?;
    Some(DefinitionRow {
        name,
        mask: read_mask(mask)?,
        schema,
    })
}
