//! `pack LINES OUT`: compresses the lines that `recipe/extract.py` writes into the data file of the crate.

#[expect(
    clippy::disallowed_methods,
    reason = "an example works on the files that it is told"
)]
fn main() -> std::io::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [lines, out] = arguments.as_slice() else {
        return Err(std::io::Error::other("usage: pack LINES OUT"));
    };
    std::fs::write(
        out,
        miniz_oxide::deflate::compress_to_vec(&std::fs::read(lines)?, 10),
    )
}
