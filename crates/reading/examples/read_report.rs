//! Reads one published report and prints everything that was read.
//!
//! In: a file name. Out: the imported report as JSON on standard output. Never judges.

fn main() -> std::io::Result<()> {
    let file = std::env::args().nth(1).unwrap_or_else(|| "/dev/stdin".to_owned());
    let text = String::from_utf8_lossy(&std::fs::read(file)?).into_owned();
    serde_json::to_writer_pretty(std::io::stdout(), &reading::read_report(&text))?;
    Ok(())
}
